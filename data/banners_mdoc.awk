# banners_mdoc.awk - writes the list of formats of crumbgate-banners(7) from banners.tsv.
#
# Use: awk -f banners_mdoc.awk banners.tsv
# Works with every POSIX awk in the C locale.  Products stand in the order of their first row.

function item(row,    c, where)
{
	split(row, c, "\t")
	where = c[1] == "call" ? "Report" : c[1] == "storage" ? "Storage" : "Cookie"
	print ".It"
	print where
	gsub(/,/, " , ", c[3])
	print ".Ql " c[2] (c[3] == "*" ? "" : " on " c[3]) " :"
	gsub(/\. /, ".\n", c[11])
	print c[11]
}

BEGIN {
	FS = "\t"
}

/^#/ || $0 == "" {
	next
}

!headed {
	headed = 1
	next
}

{
	if (!($4 in count))
		order[++products] = $4
	rows[$4, ++count[$4]] = $0
	if ($10 != "-")
		written[$4] = 1
}

END {
	print ".Bl -tag -width Ds"
	for (p = 1; p <= products; p++) {
		name = order[p]
		print ".It Sy " name (name in written ? " (its refusal can be written)" : "")
		print ".Bl -item -compact"
		for (i = 1; i <= count[name]; i++)
			item(rows[name, i])
		print ".El"
	}
	print ".El"
}
