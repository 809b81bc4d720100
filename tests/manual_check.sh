#!/bin/sh
# manual_check.sh [--update] - the manual against the program: the options of crumbgate(1) and the keys of
# crumbgate.conf(5) are what the table of options prints, every command has its place, README
# names no option that is not there.  --update writes the lists into the pages.
set -eu
srcdir=${srcdir-.}
program=${CRUMBGATE-./crumbgate}
failed=0
work=$(mktemp)
trap 'rm -f "$work"' EXIT

wrong() {
	printf 'manual_check: %s\n' "$*" >&2
	failed=1
}

# between FILE NAME: the lines between NAME's two marks.
between() {
	sed -n "/^\\.\\\\\" $2: begin\$/,/^\\.\\\\\" $2: end\$/p" "$1" | sed '1d;$d'
}

options() {
	"$program" help check | sed -n '/^Options, also as keys/,$p'
}

# The short list of crumbgate(1), from the help: ".It Fl -name Ar VALUE" and the line that explains it.
options_mdoc() {
	echo '.Bl -tag -width Ds'
	options | sed -n \
		-e 's/^  --\([a-z-]*\), --no-[a-z-]*$/.It Fl -\1/p' \
		-e 's/^  --\([a-z-]*\) \(.*\)$/.It Fl -\1 Ar \2/p' \
		-e 's/^        \(.*\)$/\1/p' | sed -n '/^\.It/,$p'
	echo '.El'
}

# replace FILE NAME: what is on stdin comes between NAME's marks.
replace() {
	cat >"$1.part"
	awk -v name="$2" -v part="$1.part" '
		$0 == ".\\\" " name ": end" { skip = 0 }
		!skip { print }
		$0 == ".\\\" " name ": begin" { skip = 1; while ((getline line < part) > 0) print line }
	' "$1" >"$1.new"
	mv "$1.new" "$1"
	rm -f "$1.part"
}

# The formats of crumbgate-banners(7), from the table.
banners_mdoc() {
	LC_ALL=C ${AWK-awk} -f "$srcdir/data/banners_mdoc.awk" "$srcdir/data/banners.tsv"
}

if [ "${1-}" = --update ]; then
	banners_mdoc | replace "$srcdir/man/crumbgate-banners.7" banners
	options_mdoc | replace "$srcdir/man/crumbgate.1" options
	"$program" help --mdoc | replace "$srcdir/man/crumbgate.conf.5" keys
	exit 0
fi

[ "$(between "$srcdir/man/crumbgate.1" options)" = "$(options_mdoc)" ] ||
	wrong 'the options of man/crumbgate.1 are not those of the program; run tests/manual_check.sh --update'
[ "$(between "$srcdir/man/crumbgate.conf.5" keys)" = "$("$program" help --mdoc)" ] ||
	wrong 'the keys of man/crumbgate.conf.5 are not those of the program; run tests/manual_check.sh --update'

[ "$(between "$srcdir/man/crumbgate-banners.7" banners)" = "$(banners_mdoc)" ] ||
	wrong 'the formats of man/crumbgate-banners.7 are not those of data/banners.tsv; run tests/manual_check.sh --update'

# Every command stands in crumbgate(1), and every command there is one.
commands=$("$program" help | sed -n 's/^  \([a-z]*\)  *.*/\1/p')
for name in $commands; do
	grep -q "^\\.It Cm $name\$" "$srcdir/man/crumbgate.1" ||
		wrong "man/crumbgate.1 does not explain the command $name"
done
sed -n '/^The commands are/,/^\.Sh/s/^\.It Cm \([a-z]*\)$/\1/p' "$srcdir/man/crumbgate.1" >"$work"
while read -r name; do
	"$program" help "$name" >/dev/null 2>&1 || [ "$name" = help ] ||
		wrong "man/crumbgate.1 explains a command that is not there: $name"
done <"$work"

# Every option that README names is one of the program's, a command's, configure's or the bench's.
known=$(for name in $commands; do "$program" help "$name"; done; cat "$srcdir/man/crumbgate.1")
grep -o -e '--[a-z][a-z-]*' "$srcdir/README.md" | sort -u >"$work"
while read -r name; do
	case $name in
	--help | --enable-asan | --enable-fuzzing | --enable-werror | --rounds) continue ;;
	esac
	printf '%s\n' "$known" | grep -q -e "$name\\b" -e "Fl -${name#--}\\b" ||
		wrong "README.md names an option that is not there: $name"
done <"$work"
sed -n 's/^\([a-z-]*\) = .*/\1/p' "$srcdir/README.md" | sort -u >"$work"
while read -r name; do
	"$program" help "$name" >/dev/null 2>&1 ||
		wrong "README.md names a key that is not there: $name"
done <"$work"

# Well-formed, where mandoc can say so.
if command -v mandoc >/dev/null 2>&1; then
	for page in "$srcdir"/man/*.[1-9]; do
		said=$(mandoc -T lint -W warning "$page" 2>&1 || :)
		[ -z "$said" ] || wrong "$said"
	done
fi
exit $failed
