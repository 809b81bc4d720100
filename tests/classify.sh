#!/bin/sh
# classify.sh - crumbgate classify: CSV in, a purpose with its reason out, a line for each cookie, in order.
set -eu
program=${CRUMBGATE-./crumbgate}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
	echo "FAIL: $1" >&2
	sed 's/^/    /' "$work/out" "$work/err" >&2
	failed=1
}

# run STATUS CSV WORD...: the exit status; what is said goes to out and err.
run() {
	status=$1 csv=$2
	shift 2
	got=0
	printf '%b' "$csv" | "$program" classify "$@" > "$work/out" 2> "$work/err" || got=$?
	[ $got -eq "$status" ] || fail "classify $*: exit $got, wanted $status"
}

# line NUMBER PATTERN
line() {
	sed -n "$1p" "$work/out" | grep -q -e "$2" || fail "line $1 lacks $2"
}

run 0 'name,domain,site\n_ga,.shop.example,https://www.shop.example/\nPHPSESSID,shop.example,shop.example\nuid,x.doubleclick.net,shop.example\nmy_csrf,,\n' --json
line 1 '^{"name":"_ga","purpose":"analytics","score":1.000,"layer":"table","why":"table:[0-9]* _ga"}$'
line 2 '"purpose":"essential"'
line 3 '"purpose":"advertising","score":1.000,"layer":"setter","why":"setter:doubleclick.net '
line 4 '"purpose":"essential","score":1.000,"layer":"guard","why":"guard:csrf"'
[ "$(wc -l < "$work/out")" -eq 4 ] || fail 'not a line for each cookie'

run 0 'name\r\nzzadclick_uid\r\n' --json
line 1 '"purpose":"a[a-z]*","score":0\.[0-9]*,"layer":"score","why":"score:[0-9]* [a-z].*","probabilities":{"essential":0\.'
cp "$work/out" "$work/first"
run 0 'name\nzzadclick_uid' --json
cmp -s "$work/out" "$work/first" || fail 'the same cookie got another score'
run 0 'name\nzzadclick_uid\n' --json --weights - --trackers - --cookies -
line 1 '"purpose":"unknown","score":0.000,"layer":"none","why":"no row"}'

run 0 'name\n_ga\n'
line 1 '^PURPOSE'
line 2 '^analytics *100%  table   _ga   table:'
run 0 'name,expiry_s\nuid,31536000\n' --features
line 1 '^{"name":"uid","features":\["g:^ui",.*"t:uid",.*"l:year"\]}$'

# A table has columns, as wide as the names are.
run 0 'name\n_ga\nOptanonAlertBoxClosed\n'
[ "$(sed -n 's/  \(WHY\|table:.*\)$/|/p' "$work/out" | sed 's/|.*//' | awk '{ print length }' | sort -u | wc -l)" -eq 1 ] ||
	fail 'the last column is not one'

# What spreadsheets write: semicolons, tabs, a byte-order mark.
run 0 'name;domain;value\n_ga;.shop.example;a,b\n"u;id";x.doubleclick.net;\n' --json
line 1 '"name":"_ga","purpose":"analytics"'
line 2 '"name":"u;id","purpose":"advertising","score":1.000,"layer":"setter"'
run 0 'name\tdomain\nuid\tx.doubleclick.net\n' --json
line 1 '"name":"uid","purpose":"advertising","score":1.000,"layer":"setter"'
run 0 '\0357\0273\0277"name";"domain"\r\n"_ga";"a.example"\r\n' --json
line 1 '"name":"_ga","purpose":"analytics"'
run 0 'name,value\n_ga,a;b\n' --json
line 1 '"name":"_ga"'

# Hostile input: a line on standard error that names the line of the input and what to do.
bad() {
	run 2 "$1" --json
	grep -q -e "^crumbgate classify: .*$2" "$work/err" || fail "said otherwise: $2"
	[ "$(wc -l < "$work/err")" -eq 1 ] || fail 'more than one line said'
}
bad '' 'line 1: the first line must name the columns'
bad 'value\nx\n' 'line 1: the first line must name the columns'
bad 'name\n"x\n' 'line 2: a quoted field does not end'
bad 'name\nx,y\n' 'line 2: more fields than the header has'
bad '\0377\0376n\0000a\0000' 'standard input is UTF-16; save it as CSV in UTF-8'
bad 'cookie name;purpose\nx;y\n' 'line 1: .*with commas, semicolons or tabs between'
bad 'name;b\nx;y;z\n' 'line 2: more fields than the header has'
bad 'name\nx"y\n' 'line 2: a quote inside'
bad 'name,name\n' 'line 1: two columns of the header mean the same'
run 2 'name\n' --weights "$work/none"
printf 'feature\n' > "$work/weights"
run 2 'name\n' --weights "$work/weights"
grep -q 'score.tsv:1: ' "$work/err" || fail 'a broken table of weights is not named'
run 2 'name\n' extra
run 2 'name\n' --no-such-option

# Names are bytes: none of them can break the lines.
run 0 'name\n"a\nb"\n\0351\001\n' --json
line 1 '"name":"a\\u000ab"'
line 2 '"name":"\\u00e9\\u0001"'

# A cookie without a name: nothing to guess by, but its setter may be known.  And no reason contradicts its purpose.
run 0 'name,domain\n,x.example\n,x.doubleclick.net\n' --json
line 1 '^{"name":"","purpose":"unknown","score":0.000,"layer":"none","why":"it has no name to go by"}$'
line 2 '"purpose":"advertising","score":1.000,"layer":"setter"'
run 0 'name\nfoo\nxyzzy\nq\nabcdef\nzz9\n_zq\n'
! grep -e '^a[a-z]* .*nothing that speaks for tracking' "$work/out" || fail 'a reason contradicts its purpose'
exit $failed
