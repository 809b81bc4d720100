#!/bin/sh
# includes.sh [SRCDIR] - checks every #include of the tree against tests/includes.tsv, which is the
# table of doc/architecture.md in a form a program reads.  Prints each line that breaks it.
# shellcheck disable=SC2154 # srcdir comes from make check
top=${1:-${srcdir:-.}}
cd -- "$top" || exit 99
find base certs cmd data evidence filters proxy tests \
	-name node_modules -prune -o -name '*.[ch]' -print | LC_ALL=C sort | LC_ALL=C awk '
BEGIN {
	split("assert ctype dirent endian errno fcntl fnmatch getopt glob grp ifaddrs inttypes " \
	      "langinfo libgen limits locale malloc math netdb poll pthread pwd sched setjmp signal " \
	      "stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib string strings syslog " \
	      "termios threads time unistd wchar", names, " ")
	for (i in names)
		libc[names[i] ".h"] = 1
	while ((getline line < "tests/includes.tsv") > 0) {
		if (line ~ /^#/ || line ~ /^[ \t]*$/)
			continue
		n = split(line, col, /\t+/)
		if (n != 3) {
			print "tests/includes.tsv: not three columns: " line
			bad = 1
			continue
		}
		paths[col[1]] = col[2]
		outside[col[1]] = col[3]
	}
}
# The longest row that begins like the file.
function row(file,    r, best) {
	best = ""
	for (r in paths)
		if (index(file, r) == 1 && length(r) > length(best))
			best = r
	return best
}
function folder(path) {
	sub(/\/[^\/]*$/, "", path)
	return path
}
function may_use(header, list,    n, i, w, stem) {
	n = split(list, w, " ")
	for (i = 1; i <= n; i++) {
		if (w[i] == header || w[i] == "*")
			return 1
		stem = w[i]
		if (sub(/\*$/, "", stem) && index(header, stem) == 1)
			return 1
	}
	return 0
}
function may_include(file, header, list,    n, i, w, from) {
	from = folder(header)
	if (from == folder(file))
		return 1
	n = split(list, w, " ")
	for (i = 1; i <= n; i++)
		if (w[i] == from)
			return 1
	return 0
}
function complain(file, line, why) {
	print file ":" line ": " why
	bad = 1
}
function check(file,    line, nr, header, r, stem) {
	r = row(file)
	if (r == "") {
		complain(file, 1, "no row of tests/includes.tsv covers this file")
		return
	}
	nr = 0
	while ((getline line < file) > 0) {
		nr++
		if (line !~ /^[ \t]*#[ \t]*include[ \t]*["<]/)
			continue
		header = line
		sub(/^[^"<]*["<]/, "", header)
		sub(/[">].*$/, "", header)
		if (line ~ /include[ \t]*"/) {
			if (header !~ /\//)
				complain(file, nr, "\"" header "\" needs its folder: \"FOLDER/" header "\"")
			else if (!may_include(file, header, paths[r]))
				complain(file, nr, r " may not include " folder(header) " (\"" header "\")")
		} else if (!(header in libc) && header !~ /^(sys|netinet|arpa|net|linux)\// &&
			   !may_use(header, outside[r])) {
			complain(file, nr, r " may not include <" header ">")
		}
	}
	close(file)
	files++
}
{ check($0) }
END {
	if (files == 0) {
		print "no source file found"
		bad = 1
	}
	printf "%d files checked\n", files
	exit bad
}'
