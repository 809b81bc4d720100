# embed.awk - writes tables of text as a C source.
#
# Use: awk [-v header=HEADER] -f embed.awk NAME=FILE ... with FILE the table, NAME the C name of its
# slice and HEADER the header that declares it (data/tables.h).
# Works with every POSIX awk in the C locale (mawk, gawk, busybox).  A byte that is not ASCII is
# an error: the tables are ASCII, so that no awk needs to know about encodings.
#
# Numbers rather than string literals: C17 promises no literal longer than 4095 bytes.

function die(text)
{
	print "embed.awk: " text | "cat 1>&2"
	failed = 1
	exit 1
}

function emit_line(line, number,    i, c, row)
{
	row = ""
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		if (!(c in code))
			die(FILENAME_NOW ":" number ": a byte that is not ASCII")
		row = row code[c] ","
	}
	print row "10,"
}

function embed(name, file,    line, number, got)
{
	FILENAME_NOW = file
	print "static const char " name "_bytes[] = {"
	number = 0
	while ((got = (getline line < file)) > 0)
		emit_line(line, ++number)
	close(file)
	if (got < 0 || number == 0)
		die(file ": cannot be read, or is empty")
	print "0 };"
	print "const struct slice " name " = { " name "_bytes, sizeof(" name "_bytes) - 1 };"
	print ""
}

BEGIN {
	for (i = 1; i < 127; i++)
		if (i == 9 || i >= 32)
			code[sprintf("%c", i)] = i
	print "/* Made by data/embed.awk: change the tables, not this file. */"
	print "#include \"" (header != "" ? header : "data/tables.h") "\""
	print ""
	for (a = 1; a < ARGC && !failed; a++) {
		at = index(ARGV[a], "=")
		if (at < 2)
			die("use: awk -f embed.awk NAME=FILE ...")
		embed(substr(ARGV[a], 1, at - 1), substr(ARGV[a], at + 1))
	}
	exit failed
}
