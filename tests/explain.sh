#!/bin/sh
# explain.sh - crumbgate explain: why a cookie, a URL or an entry of the log is decided as it is, and what would
# change that; no value is printed.
set -eu
program=${CRUMBGATE-./crumbgate}
srcdir=${srcdir-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
	echo "FAIL: $1" >&2
	sed 's/^/    /' "$work/out" "$work/err" >&2
	failed=1
}

# run STATUS WORD...: the exit status; what is said goes to out and err.
run() {
	status=$1
	shift
	got=0
	"$program" explain "$@" > "$work/out" 2> "$work/err" || got=$?
	[ $got -eq "$status" ] || fail "explain $*: exit $got, wanted $status"
	! grep -q 'SECRET' "$work/out" "$work/err" || fail "explain $*: a value was printed"
}

has() {
	for pattern; do
		grep -q -e "$pattern" "$work/out" || fail "lacks $pattern"
	done
}

lacks() {
	! grep -q -e "$1" "$work/out" || fail "has $1"
}

# The lists of the system not every machine has.
mkdir -p "$work/config/crumbgate"
XDG_CONFIG_HOME=$work/config
export XDG_CONFIG_HOME
usual=$work/config/crumbgate/crumbgate.conf
printf 'list-defaults = no\nstate = "%s/state"\n' "$work" > "$usual"

# ---- a cookie ----

# The table's row, by its line, and the reason as the log has it.
row=$(grep -n '^_ga	' "$srcdir/data/cookies.tsv" | sed 's/:.*//;q')
run 0 cookie _ga --host www.shop.example --json
has '"purpose":"analytics","known_by":"table"' "\"row\":{\"file\":\"data/cookies.tsv\",\"line\":$row,\"pattern\":\"_ga\"" \
	"\"set\":{\"verdict\":\"removed\",\"means\":\"the line is taken out[^\"]*\",\"why\":\"table:$row _ga\"}" \
	"\"sent\":{\"verdict\":\"expired\",\"means\":\"[^\"]*forget it\",\"why\":\"table:$row _ga\"}" \
	'"what_would_change_it":\[{"choice":"analytics","set":"kept","sent":"kept"},{"profile":"investigator","set":"kept","sent":"kept"}\]'
run 0 cookie _ga --choice analytics --json
has "\"why\":\"table:$row _ga; accepted\"" '{"choice":"refused","set":"not kept","sent":"not kept"}' '{"profile":"minors",'
lacks '"choice":"accepted","set"'
run 0 cookie _ga --choice analytics,functional --json
has '"choice":"functional+analytics"' '"set":{"verdict":"kept"'
run 0 cookie _ga --choice analytics+functional --json
has '"choice":"functional+analytics"'
run 0 cookie _ga --choice accepted --profile minors --json
has "\"why\":\"table:$row _ga; minors: no choice counts\"" '{"profile":"default","set":"kept","sent":"kept"}'
run 0 cookie _ga --profile minors --json
has '{"choice":"analytics","profile":"default","set":"kept","sent":"kept"}'
run 0 cookie _ga
has '^purpose  *analytics$' "^  line  *$row\$" '^  choice analytics: set let through, sent let through$' '^  choice  *no choice yet$' '^  verdict  *deleted$'

# The guard's word; nothing changes what is kept for everybody.
run 0 cookie my_csrf --json
has '"known_by":"guard","guard":{"word":"csrf"' '"why":"guard:csrf"' '"what_would_change_it":\[\]'

# The setter's row; its own pages are a site like any other.
line=$(grep -n '^doubleclick.net	' "$srcdir/data/trackers.tsv" | sed 's/:.*//')
run 0 cookie uid --host x.DoubleClick.net --site shop.example --value SECRETid --json
has '"party":"third"' "\"setter\":{\"file\":\"data/trackers.tsv\",\"line\":$line,\"domain\":\"doubleclick.net\"" \
	'"why":"setter:doubleclick.net ' '{"party":"first",'
run 0 cookie uid --host www.example.co.uk --site example.co.uk --json
has '"party":"first"'

# The score: its features, strongest first, and the probabilities; JSON has all features, text some.
run 0 cookie zzadclick_uid --set-cookie 'zzadclick_uid=SECRETabc123; Max-Age=31536000; HttpOnly; Path=/SECRET' --third --json
has '"known_by":"score","score":{"purpose":"a[a-z]*","probability":0\.[0-9]*' '"probabilities":{"essential":0\.' \
	'"features":\[{"feature":"[a-z]:' '"httponly":true' '"lifetime":"365 days"'
tr '{' '\n' < "$work/out" | sed -n 's/.*"weight":-*\([0-9]*\),.*/\1/p' > "$work/weights"
[ -s "$work/weights" ] || fail 'no weights'
sort -rnsc "$work/weights" 2> "$work/err" || fail 'the strongest feature is not the first'
run 0 cookie zzadclick_uid --value-shape hex:32:e4 --third
has '^  value shape  *hex:32:e4$' '^    and [0-9]* weaker ones'

# The same reason as classify gives, which asks the same layers.
printf 'name,domain,party,shape\nzzadclick_uid,t.example,third,hex:32:e4\n' |
	"$program" classify > "$work/err"
why=$(sed -n '2s/.*\(score:[0-9]*\).*/\1/p' "$work/err")
run 0 cookie zzadclick_uid --value-shape hex:32:e4 --third --host t.example --json
has "\"sent\":{\"verdict\":\"expired\",\"means\":\"[^\"]*\",\"why\":\"$why "

# Wrong usage says one line, and nothing that was given as a value.
wrong() {
	pattern=$1
	shift
	run 2 "$@"
	grep -q -e "^crumbgate explain: .*$pattern" "$work/err" || fail "explain $*: said otherwise: $pattern"
	[ "$(wc -l < "$work/err")" -eq 1 ] || fail "explain $*: more than one line said"
	[ ! -s "$work/out" ] || fail "explain $*: something was printed"
}
wrong 'a cookie, a url or an entry'
wrong 'a cookie, a url or an entry' crumb
wrong 'one cookie-name' cookie
wrong 'no = and no ;' cookie uid=SECRET
wrong '1 to 4096 octets' cookie ''
wrong '1 to 4096 octets' cookie "$(printf '%05000d' 0)"
wrong '\-\-value-shape takes' cookie uid --value-shape SECRET
wrong 'exclude each other' cookie uid --value SECRET --value-shape uuid:36
wrong 'exclude each other' cookie uid --first --third
wrong 'a cookie of another name' cookie uid --set-cookie 'other=SECRET'
wrong 'a browser ignores' cookie uid --set-cookie "$(printf 'uid=SECRET\001')"
wrong '\-\-profile takes' cookie uid --profile boss
wrong '\-\-choice takes' cookie uid --choice maybe
wrong '\-\-host takes a host name' cookie uid --host 'a b'
wrong '\-\-site needs --host' cookie uid --site shop.example
wrong 'party is known' cookie uid --host a.example --site b.example --third
wrong 'an option that does not exist' cookie uid --no-such-option

# What filter lists say of it: those of the configuration and of the command line, as for a URL.
cat > "$work/my.txt" <<'LIST'
! a list for this test
||shop.example^$cookie=listed
@@||fine.shop.example^$cookie=listed
$cookie=brief;maxAge=3600;sameSite=lax
||t.example^$third-party,cookie=widget
||f.example^$removeheader=request:cookie
LIST
my=$work/my.txt
version=$(sha256sum "$my" | cut -c1-16)
run 0 cookie listed --host www.shop.example
has '^note  *no filter list is loaded, so none removes a cookie; a list is named' '^  verdict  *let through$'
run 0 cookie listed --host www.shop.example --list "$my"
has '^lists that are asked:$' '^lists say  *remove$' '^  text  *||shop.example^$cookie=listed$' '^  line  *2$' '^  verdict  *deleted$'
lacks 'no filter list is loaded'
run 0 cookie listed --host www.shop.example --list "$my" --json
has '"lists_say":"remove","rule":{"text":"||shop.example^$cookie=listed","list":"my.txt","file":"[^"]*/my.txt","line":2}' \
	'"known_by":"list"' "\"set\":{\"verdict\":\"removed\",[^}]*\"why\":\"list:my.txt $version\"}" \
	'"sent":{"verdict":"expired"' '{"choice":"advertising","set":"kept","sent":"kept"}'
run 0 cookie listed --host fine.shop.example --list "$my" --json
has '"lists_say":"may pass","rule":{"text":"@@' '"set":{"verdict":"kept"'
run 0 cookie other --host www.shop.example --list "$my" --json
has '"lists_say":"nothing"'
run 0 cookie brief --host a.example --set-cookie 'brief=SECRET; Max-Age=86400' --list "$my" --json
has '"lists_say":"limit"' '"limit":{"max_age":3600,"samesite":"Lax"}' '"set":{"verdict":"kept",[^}]*limited by list:my.txt'
run 0 cookie brief --host a.example --set-cookie 'brief=SECRET; Max-Age=60; SameSite=Lax' --list "$my" --json
has '"note":"the line keeps to it by itself'
lacks 'limited by'
run 0 cookie widget --host x.t.example --site shop.example --list "$my" --json
has '"lists_say":"remove"'
run 0 cookie widget --host x.t.example --list "$my" --json
has '"lists_say":"nothing"'
run 0 cookie zz1 --host f.example --list "$my" --json
has '"lists_say":"nothing","lists_say_when_sent":"remove","rule_when_sent":{"text":"||f.example^$removeheader=request:cookie"' '"set":{"verdict":"kept"' '"sent":{"verdict":"expired"'
run 0 cookie listed --list "$my"
has '^note  *the filter lists are not asked: that takes --host HOST$'
printf 'list-defaults = no\nlist = "%s"\n' "$my" > "$work/my.conf"
run 0 cookie listed --host www.shop.example -c "$work/my.conf"
has '^lists say  *remove$'

# Names are bytes: none of them can break a line.
run 0 cookie "$(printf 'a\nb\033')"
has '^cookie  *a\\x0ab\\x1b$'

# ---- a URL ----

cat > "$work/privacy.txt" <<'LIST'
! a list for this test
||ads.example^$third-party
@@||ads.example/fine^
||t.example^$script,redirect=noopjs
$removeparam=ref
LIST
list=$work/privacy.txt
run 0 url 'https://ads.example/x?q=SECRET' --source https://shop.example/SECRET --list "$list" --json
has '"lists_say":"block","purpose_of_list":"analytics"' '"rule":{"text":"||ads.example^$third-party","list":"privacy.txt",' \
	'"line":2}' '"request":"refused"' '"answered_with":"403' \
	'"what_would_change_it":\[{"choice":"analytics","request":"sent"},{"profile":"investigator","request":"sent"}\]' \
	'"not_blocked_as_type":\[{"type":"document"}'
run 0 url https://ads.example/x --source shop.example --list "$list" --choice analytics
has '^request  *sent$' 'its purpose was accepted: analytics' '^  choice refused: request refused$'
run 0 url https://ads.example/fine --source shop.example --list "$list" --json
has '"lists_say":"may pass"' '"rule":{"text":"@@||ads.example/fine^"' '"line":3}' '"against":{"text":"||ads.example^$third-party"'
run 0 url https://t.example/a.js --type script --source shop.example --list "$list"
has '^answered with  *200 and a harmless body: noop.js$'
run 0 url 'https://shop.example/?a=SECRET&gclid=SECRET&ref=SECRET&ref=SECRET#SECRET' --list "$list" --json
has '"request":"sent"' '"parameters":"are taken out' '{"name":"gclid","by":"click identifier"}' \
	'{"name":"ref","rule":{"text":"$removeparam=ref"' '{"choice":"advertising","request":"sent","parameters":"all stay"}'
lacks '"name":"a"'
run 0 url 'https://shop.example/?gclid=SECRET' --list "$list" --choice advertising
has '^parameters  *stay,'
run 0 url 'https://t.example/?gdpr_consent=SECRET&us_privacy=1YNN&gcs=G100&npa=1' --source a.example --list "$list"
has '^  gdpr_consent (tc): malformed, so it gives no consent' '^  us_privacy (us-privacy): .*opted out of the sale: N' \
	'^  gcs (gcs): ad_storage denied, analytics_storage denied$' '^  npa (npa): no personalised ads: yes$'
# The lists of the configuration, in its usual place and elsewhere, and which of them decided.
run 0 url https://ads.example/x --source shop.example
has '^lists say  *nothing$' '^note  *no filter list is loaded, so no request is refused; a list is named by list or list-url' '^request  *sent$'
printf 'list-defaults = no\nlist = "%s"\nlist-url = https://lists.example/more.txt\nstate = "%s/state"\n' "$list" "$work" > "$usual"
run 0 url https://ads.example/x --source shop.example
has '^lists that are asked:$' "^  $list\$" '^  https://lists.example/more.txt: never fetched, so it does nothing; run: crumbgate lists update$' \
	'^decided by  *privacy.txt$' '^request  *refused$'
lacks 'no filter list is loaded'
printf '||more.example^\n' > "$work/more.txt"
run 0 url https://more.example/x --source shop.example --list="$work/more.txt" --json
has '"lists":2' '"decided_by":"more.txt"' '{"file":"[^"]*/more.txt","there":true}' '"there":false}' '"request":"refused"'
mv "$usual" "$work/mine.conf"
run 0 url https://ads.example/x --source shop.example -c "$work/mine.conf"
has '^decided by  *privacy.txt$'
printf 'list-default = no\n' > "$usual"
run 2 url https://ads.example/x
grep -q "^$usual:1:1: unknown key" "$work/err" || fail 'the mistake in the configuration is not said'
grep -q 'crumbgate explain: so its lists are not known; mend this, or leave it out with -c /dev/null' "$work/err" ||
	fail 'it is not said that the lists are not known'
mv "$work/mine.conf" "$usual"
wrong 'a URL begins with' url SECRET
wrong 'a URL begins with' url ftp://example.com/
wrong 'one URL' url
wrong '\-\-type takes' url https://a.example/ --type nothing
run 2 url https://a.example/ --list "$work/none"
grep -q "^--list: $work/none cannot be read: No such file" "$work/err" || fail 'a list that is not there is not named'
run 0 url "https://a.example/$(printf '%030000d' 0)?a=SECRET" --list "$list"

# ---- an entry ----

mkdir -p "$work/evidence/rules"
printf 'pattern\tpurpose\tkind\tsetter\tdomains\tparty\tmax_life\tlife\twhat\tsource\nold\tanalytics\taudience\tOld\t*\tany\t*\t1d\tCounts.\ttest\n' > "$work/old.tsv"
digest=$(sha256sum "$work/old.tsv" | cut -c1-64)
cp "$work/old.tsv" "$work/evidence/rules/$digest.tsv"
rules=$(printf %.16s "$digest")
hex=0123456789abcdef0123456789abcdef
# entry KIND FACTS: a line of the log.
n=0
entry() {
	printf '{"v":1,"n":%d,"t":"2026-11-22T03:36:50.123Z","kind":"%s"%s}\n' $n "$1" "$2" >> "$work/evidence/log.jsonl"
	n=$((n + 1))
}
seen=',"count":1,"last":"2026-11-22T03:36:50.123Z"'
# about NAME REASON CHOICE: a fact of a request.
about() {
	printf '%s' ",\"client\":\"$hex\",\"site\":\"shop.example\",\"site_by\":\"referer\",\"confidence\":\"high\",\"party\":\"third\",\"host\":\"t.example\",$1,\"why\":\"$2\",\"profile\":\"default\",\"choice\":\"$3\",\"seen\":\"nowhere\""
}
# cookie NAME PURPOSE REASON VERDICT RULES
cookie() {
	about "\"cookie\":\"$1\",\"purpose\":\"$2\"" "$3" none
	printf '%s' ",\"verdict\":\"$4\",\"value\":\"$hex\",\"shape\":\"num:10\"$seen,\"scheme\":\"https\",\"rules\":\"$5\""
}
attributes=',"attrs":{"domain":"","path":"/","lifetime_s":3600,"session":false,"secure":true,"httponly":false,"samesite":"lax","partitioned":false},"status":200'
entry start ',"version":"1","origin":"test"'
entry set "$(cookie old analytics 'table:2 old' removed "$rules")$attributes"
entry sent "$(cookie old analytics 'table:2 old' kept "$rules"),\"tries\":0"
entry sent "$(cookie _ga analytics 'table:1 _ga' expired ffffffffffffffff),\"tries\":0"
entry block "$(about '"name":"||t.example^"' 'list:my list.txt 0123456789abcdef; advertising; alias of x.example' refused)$seen"
entry contradiction "$(about '"name":"li-storage"' 'legitimate interest for 1' none)$seen"
entry claim "$(about '"name":"gcs"' G100 none)$seen"
entry heal "$(about '"name":"sid"' loop none)$seen"
entry write "$(about '"name":"OptanonConsent"' 'the refusal that was chosen' refused)$seen"
entry strip "$(about '"name":"gclid"' 'click identifier' none)$seen"
entry choice ",\"client\":\"$hex\",\"site\":\"*\",\"profile\":\"default\",\"choice\":\"accepted\",\"seen\":\"desk\""
entry heartbeat ''

run 0 entry 0 "$work/evidence" --json
has '"entry":0,' '"kind":"start","means":"The recorder began'
# Explained by the rules of that day, of which this program has none.
run 0 entry 1 --state "$work" --json
has '"cookie":"old","purpose":"analytics","verdict":"removed","verdict_means":"the line is taken out[^"]*","why":"table:2 old"' \
	"\"decided_again_from_the_log\":{\"the_same\":true,\"rules\":\"$rules\"" '"decided_today":{"the_same":false' \
	'"row":{"file":"data/cookies.tsv","line":2,"pattern":"old"' '{"choice":"analytics","set":"kept"}' '"lifetime_s":3600'
lacks '"sent":"kept"'
run 0 entry 2 "$work/evidence" --json
has '"decided_again_from_the_log":{"the_same":false' '"verdict":"expired"' '{"choice":"analytics","sent":"kept"}'
run 0 entry 3 "$work/evidence"
has '^note  *no copy of its rules is kept' '^  site known by  *the request names its page$' '^decided today:$'
lacks 'from the log'
run 0 entry 4 "$work/evidence" --json
has '"means":"A request was not sent' '"rule":{"text":"||t.example^","list":"my list.txt","version":"0123456789abcdef","purpose_of_list":"advertising","alias":"x.example"}' \
	'"what_would_change_it":\[{"choice":"advertising","request":"sent"}'
run 0 entry 5 "$work/evidence"
has '^contradiction  *Legitimate interest is claimed for purpose 1' '^weight  *proof: '
for kind in claim:6 heal:7 write:8 strip:9 choice:10 heartbeat:11; do
	run 0 entry "${kind#*:}" "$work/evidence" --json
	has "\"kind\":\"${kind%:*}\",\"means\":\"[A-Z][^\"]*\\.\""
done

# no STATUS PATTERN WORD...
no() {
	status=$1 pattern=$2
	shift 2
	run "$status" entry "$@"
	grep -q -e "$pattern" "$work/err" || fail "explain entry $*: said otherwise: $pattern"
}
no 1 'there is no entry 12: the log has 12 so far' 12 "$work/evidence"
no 1 'there is no entry 18446744073709551614' 18446744073709551614 "$work/evidence"
no 2 'an entry has a number' 99999999999999999999 "$work/evidence"
no 2 'an entry has a number' -- -1 "$work/evidence"
no 2 'an entry has a number' 1x "$work/evidence"
no 2 'the number of one entry'
no 2 'no evidence log there' 1 "$work/none"

# A copy of rules that was changed explains nothing; nor does a line that is no entry.
printf '# changed\n' >> "$work/evidence/rules/$digest.tsv"
no 2 'this copy of rules was changed' 1 "$work/evidence"
[ ! -s "$work/out" ] || fail 'something was explained by changed rules'
printf '{"v":1,"n":12, }\n' >> "$work/evidence/log.jsonl"
no 1 "is not what was written there; run 'crumbgate verify'" 12 "$work/evidence"
exit $failed
