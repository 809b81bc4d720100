# check.awk - is the table well formed?
#
# Use: awk -v table=cookies -f check.awk cookies.tsv
#      awk -v table=never-intercept -f check.awk never-intercept.tsv
#      awk -v table=banners -f check.awk banners.tsv
#      awk -v table=tiktok -f check.awk tiktok.tsv
#      awk -v table=trackers -f check.awk trackers.tsv
# Names every bad row with its line and what to do; the exit status is 0 when there is none.
# Works with every POSIX awk in the C locale.  The rules are those of data/README.md.

function bad(text)
{
	print FILENAME ":" FNR ": " text | "cat 1>&2"
	errors++
}

function words(list, into,    n, i, item)
{
	n = split(list, item, " ")
	for (i = 1; i <= n; i++)
		into[item[i]] = 1
}

# A host name in lower case with at least two labels.
function is_host(s)
{
	return length(s) <= 253 && s ~ /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/
}

function is_life(s)
{
	return s == "session" || s ~ /^[1-9][0-9]*[mhd]$/
}

function check_text(s, what, most)
{
	if (s == "" || s ~ /^ / || s ~ / $/ || s ~ /  /)
		bad(what " is empty or has stray spaces")
	if (length(s) > most)
		bad(what " is longer than " most " characters")
}

# A cookie-name (RFC 6265bis, section 4.1.1: token) with at most one '*', not in front.
function check_pattern(s,    literal)
{
	literal = s
	sub(/\*/, "", literal)
	if (literal ~ /\*/)
		bad("pattern '" s "' has more than one *: keep one")
	if (s ~ /^\*/)
		bad("pattern '" s "' begins with *: a name must begin with its own letters")
	if (s ~ /\*/ && length(literal) < 3)
		bad("pattern '" s "' needs at least 3 characters beside the *")
	if (s == "" || s ~ /[^!-~]/ || s ~ /[",;=\\]/)
		bad("pattern '" s "' is no cookie name")
}

function check_domains(s,    n, i, item)
{
	if (s == "*")
		return
	n = split(s, item, ",")
	for (i = 1; i <= n; i++)
		if (!is_host(item[i]))
			bad("domain '" item[i] "' is no lower-case host name")
}

# Two rows that no request can tell apart: the second would never be used.
function check_unique(    n, i, item, key)
{
	n = split($5, item, ",")
	for (i = 1; i <= n; i++) {
		key = $1 "\t" item[i] "\t" $6
		if (key in seen)
			bad("'" $1 "' for " item[i] ", party " $6 " stands already in line " seen[key])
		else
			seen[key] = FNR
	}
}

function check_cookie()
{
	check_pattern($1)
	if (!($2 in purposes))
		bad("purpose '" $2 "': use essential, functional, analytics, advertising or choice")
	if (!($3 in kinds))
		bad("kind '" $3 "' is not in the list of data/README.md")
	check_text($4, "setter", 40)
	check_domains($5)
	if (!($6 in parties))
		bad("party '" $6 "': use any, first or third")
	if ($7 != "*" && !is_life($7))
		bad("max_life '" $7 "': use session, *, or a number with m, h or d")
	if ($8 != "?" && !is_life($8))
		bad("life '" $8 "': use session, ?, or a number with m, h or d")
	check_text($9, "what", 120)
	if ($9 !~ /\.$/)
		bad("what: is no sentence, it must end in a full stop")
	if (!($10 in sources))
		bad("source '" $10 "' is not in the list of data/README.md")
	# Whoever picks a well-known name for a tracker must not pass by the name alone.
	if ($2 == "essential" && $5 == "*" && $7 == "*")
		bad("an essential row for any domain needs a max_life")
	check_objection()
	check_unique()
}

# To remove an objection or the protection of a form is worse than to miss a tracker.  The exact
# name of a sign-in seen inside other sites may be meant: such a row names its domains and third.
function check_objection(    name)
{
	name = tolower($1)
	if ($2 != "analytics" && $2 != "advertising")
		return
	if (name !~ /opt[_-]?out|consent|csrf|xsrf|auth_token/)
		return
	if ($6 == "third" && $5 != "*" && name !~ /\*/)
		return
	bad("'" $1 "' sounds like an objection, a consent or a protected form: use choice or essential, " \
		"or an exact name with domains and the party third")
}

function check_host(    host)
{
	host = $1
	sub(/^\*\./, "", host)
	if (!is_host(host))
		bad("host '" $1 "': use a lower-case host name, or *. and a host name")
	if (!($2 in categories))
		bad("category '" $2 "' is not in the list of data/README.md")
	check_text($3, "reason", 120)
	check_text($4, "source", 40)
	if ($1 in seen)
		bad("'" $1 "' stands already in line " seen[$1])
	seen[$1] = FNR
}

# Items NAME:MEANING with one space between two, or "-".
function check_items(s, what,    n, i, item, meaning)
{
	if (s == "-")
		return
	n = split(s, item, " ")
	for (i = 1; i <= n; i++) {
		meaning = item[i]
		sub(/^.*:/, "", meaning)
		if (item[i] !~ /.:/ || !(meaning in meanings))
			bad(what " '" item[i] "': use name:meaning, the meanings are in data/README.md")
	}
}

function check_banner(    n, i, item)
{
	if (!($1 in wheres))
		bad("where '" $1 "': use cookie, call or storage")
	if ($1 == "call" ? $2 !~ /^[A-Z]+ [^ \/]+\/[^ ]*$/ : $2 !~ /^[!-~][!-~]+$/)
		bad("match '" $2 "': use a name, or METHOD host/path for a call")
	check_domains($3)
	check_text($4, "product", 40)
	if (!($5 in banner_kinds))
		bad("kind '" $5 "' is not in the list of data/README.md")
	n = split($6, item, " ")
	for (i = 1; i <= n; i++)
		if (!(item[i] in codes))
			bad("code '" item[i] "': use plain, percent, items or base64")
	if ($7 == "" || $10 == "")
		bad("an empty column: write - for nothing")
	check_items($8, "fields")
	check_items($9, "when")
	if ($10 != "-" && $1 != "cookie")
		bad("refusal: only a cookie can be written")
	check_text($11, "what", 120)
	if ($11 !~ /\.$/)
		bad("what: is no sentence, it must end in a full stop")
	if (!($12 in sources))
		bad("source '" $12 "' is not in the list of data/README.md")
	if (($2, $3) in seen)
		bad("'" $2 "' stands already in line " seen[$2, $3])
	seen[$2, $3] = FNR
}

function check_tiktok()
{
	if ($1 != "cookie" && $1 != "parameter" && $1 != "host")
		bad("kind '" $1 "': use cookie, parameter or host")
	if ($1 == "cookie")
		check_pattern($2)
	if ($1 == "host" && !is_host($2))
		bad("host '" $2 "' is no lower-case host name")
	if ($3 != "site" && $3 != "embed" && $3 != "pixel")
		bad("where '" $3 "': use site, embed or pixel")
	if (!($4 in purposes))
		bad("purpose '" $4 "': use essential, functional, analytics, advertising or choice")
	if ($5 != "?" && $5 != "-" && !is_life($5))
		bad("life '" $5 "': use session, ?, -, or a number with m, h or d")
	check_text($6, "what", 120)
	if ($6 !~ /\.$/)
		bad("what: is no sentence, it must end in a full stop")
	if (!($7 in sources))
		bad("source '" $7 "' is not in the list of data/README.md")
	if (($1, $2, $3) in seen)
		bad("'" $2 "', " $3 " stands already in line " seen[$1, $2, $3])
	seen[$1, $2, $3] = FNR
}

function check_tracker()
{
	if (!is_host($1))
		bad("domain '" $1 "': use a lower-case host name")
	check_text($2, "company", 40)
	if ($3 != "analytics" && $3 != "advertising")
		bad("purpose '" $3 "': use analytics or advertising")
	if (!($4 in sources))
		bad("source '" $4 "' is not in the list of data/README.md")
	if ($1 in seen)
		bad("'" $1 "' stands already in line " seen[$1])
	seen[$1] = FNR
}

BEGIN {
	FS = "\t"
	words("cookie call storage", wheres)
	words("plain percent items base64", codes)
	words("necessary functional analytics advertising unknown ignore time accept refuse partial " \
		"implied undecided unreadable open", meanings)
	words("word gate mode flag pairs level levels json json-word lists keys objects choice tc " \
		"ac li silent opaque unseen onetrust axeptio commanders consentmanager funding " \
		"real-cookie socs", banner_kinds)
	words("essential functional analytics advertising choice", purposes)
	words("any first third", parties)
	words("ab-test ads affiliate antibot audience basket cdn chat consent crm csrf " \
		"error-monitoring heatmap language load-balancing login payment platform player " \
		"preference retargeting security session social sso", kinds)
	sources["vendor docs"]; sources["vendor policy"]; sources["site policy"]
	sources["source code"]; sources["observed"]; sources["practice"]; sources["OCD"]
	sources["TC"]; sources["third-party-web"]
	words("banking payment health counselling government updates pinned-app", categories)
	if (table == "cookies") {
		columns = 10
		least = 1500
		header = "pattern\tpurpose\tkind\tsetter\tdomains\tparty\tmax_life\tlife\twhat\tsource"
	} else if (table == "never-intercept") {
		columns = 4
		least = 100
		header = "host\tcategory\treason\tsource"
	} else if (table == "banners") {
		columns = 12
		least = 70
		header = "where\tmatch\tdomains\tproduct\tkind\tcode\tpath\tfields\twhen\trefusal\twhat\tsource"
	} else if (table == "tiktok") {
		columns = 7
		least = 40
		header = "kind\tname\twhere\tpurpose\tlife\twhat\tsource"
	} else if (table == "trackers") {
		columns = 4
		least = 1500
		header = "domain\tcompany\tpurpose\tsource"
	} else {
		print "check.awk: say -v table=cookies, never-intercept, banners, tiktok or trackers" | "cat 1>&2"
		exit 2
	}
}

/[^ -~\t]/ {
	bad("a character that is not printable ASCII")
}

/^#/ {
	next
}

!headed {
	headed = 1
	if ($0 != header)
		bad("the first line that is no comment must name the columns")
	next
}

NF != columns {
	bad(NF " columns instead of " columns " (one tab between two columns)")
	next
}

{
	rows++
	if (table == "cookies")
		check_cookie()
	else if (table == "banners")
		check_banner()
	else if (table == "tiktok")
		check_tiktok()
	else if (table == "trackers")
		check_tracker()
	else
		check_host()
}

END {
	if (columns == 0)
		exit 2
	if (rows < least) {
		print FILENAME ": " rows + 0 " rows, at least " least " are promised" | "cat 1>&2"
		errors++
	}
	if (!errors)
		print FILENAME ": " rows " rows, all well formed"
	exit errors > 0
}
