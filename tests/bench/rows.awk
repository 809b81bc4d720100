# rows.awk -v rows=N cookies.tsv - a table of N rows: the given one's first, then made-up ones of every kind
# that a row can have (exact names, prefixes, suffixes, one name on very many domains).
/^#/ || /^$/ { next }
!head { head = 1; print; next }
n < rows { print; n++ }
END {
	for (; n < rows; n++) {
		if (n % 4 == 0)
			row = "made_up_" n "\tessential\tsession\tSetter\t*\tfirst\t60d"
		else if (n % 4 == 1)
			row = "mu" n * 7919 "_*\tanalytics\tid\tSetter\t*\tany\t*"
		else if (n % 4 == 2)
			row = "*_mu" n "\tfunctional\tsetting\tSetter\t*\tany\t*"
		else
			row = "made_up\tadvertising\tid\tSetter\ttracker" n ".example\tthird\t*"
		print row "\t1 year\tOne sentence that says what it is for.\tvendor docs"
	}
}
