#!/bin/sh
# command_line.sh - the program's words: help, suggestions, exit statuses, check, choices without a
# running proxy.
set -eu
program=${CRUMBGATE-./crumbgate}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
HOME=$dir
export HOME
unset XDG_CONFIG_HOME XDG_STATE_HOME || :
failed=0

# expect STATUS PATTERN WORD...: the exit status, and a line of what is said on either output.
expect() {
	status=$1 pattern=$2
	shift 2
	got=0
	said=$("$program" "$@" 2>&1) || got=$?
	if [ $got -ne "$status" ] || ! printf '%s\n' "$said" | grep -q -e "$pattern"; then
		printf 'crumbgate %s: exit %s, wanted %s and "%s":\n%s\n' \
			"$*" $got "$status" "$pattern" "$said" >&2
		failed=1
	fi
}

expect 2 '^usage: crumbgate COMMAND'
expect 0 '^usage: crumbgate COMMAND' help
expect 0 '^crumbgate [0-9]' --version
expect 0 '^usage: crumbgate choice set' choice --help
expect 0 '^  --max-head SIZE' check -h
expect 0 '^The longest head' help max-head
expect 2 "did you mean 'check'" chekc
expect 0 '^From 8K to 1M. Default: 64K.$' help max-head
expect 0 '^0, or from 2 to 16. Default: 3.$' help pass-after-refusals
expect 0 '^--via, --no-via$' help via
for key in $("$program" help run | sed -n 's/^  --\([a-z-]*\).*/\1/p'); do
	expect 0 "^$key " help "$key"
	printf '%s\n' "$said" | grep '.\{79\}' >&2 && failed=1
done
expect 2 'no command or option' help nothing-like-it
expect 2 'the commands are run, check, .*, replay, .*help' help foo
expect 2 "did you mean 'max-head'" help max-hed
expect 2 'the commands are run, check, .*, replay, .*help$' foo

printf 'workers = 2\nlisen = a\n' >"$dir/wrong.conf"
printf 'workers = 2\n' >"$dir/good.conf"
expect 0 'defaults are in force' check
expect 0 'good.conf: good' check -c "$dir/good.conf"
expect 0 '"workers":2' check --json -c "$dir/good.conf"
expect 1 'wrong.conf:2:1: unknown key .lisen.; did you mean .listen.' check -c "$dir/wrong.conf"
expect 2 'No such file' check -c "$dir/none.conf"
expect 2 'did you mean --listen' check --lisen=x
expect 2 'listen-tls: 127.0.0.1:1 is an address of listen too' check --listen 127.0.0.1:1 --listen-tls 127.0.0.1:1
expect 2 'listen-tls: 127.0.0.1:1 is an address of listen too' run --listen 127.0.0.1:1 --listen-tls 127.0.0.1:1

# A profile without clients is nobody's: not wrong, but hardly meant.
printf 'workers = 2\nprofile "minors" {\n}\nprofile investigator { clients = {10.0.0.0/8} }\n' >"$dir/nobody.conf"
expect 0 'nobody.conf:2:10: no clients: nobody has this profile; add clients' check -c "$dir/nobody.conf"
expect 0 'nobody.conf: good' check -c "$dir/nobody.conf"
[ "$(printf '%s\n' "$said" | wc -l)" -eq 2 ] || { echo "check: $said" >&2 && failed=1; }
expect 2 'no clients: nobody has this profile' run -c "$dir/nobody.conf" --listen 192.0.2.1:1 --state "$dir/nobody"
printf 'profile minors { }\nprofile minors { clients = {10.0.0.0/8} }\n' >"$dir/twice.conf"
expect 0 'twice.conf: good' check -c "$dir/twice.conf"
[ "$(printf '%s\n' "$said" | wc -l)" -eq 1 ] || { echo "check: $said" >&2 && failed=1; }

state=$dir/state
expect 2 'no proxy ever ran here' choice list --state "$state"
mkdir -m 700 "$state"
expect 0 '^example.co.uk: accepted$' choice set accept 'https://user@www.news.example.co.uk:8443/a?b#c' --state "$state"
expect 0 '^192.0.2.7: all sites: refused$' choice set refuse --all --client ::ffff:192.0.2.7 --state="$state"
expect 0 "no proxy runs with $state; kept for its next start, no entry in the log" choice set accept a.test --state "$state"
expect 0 "no proxy runs with $state; kept for its next start" choice clear a.test --state "$state"
expect 1 '^a.test: nothing to clear$' choice clear a.test --state "$state"
expect 1 '^192.0.2.8: all sites: nothing to clear$' choice clear --all --client 192.0.2.8 --state "$state"
printf '%s\n' "$said" | grep 'no proxy runs' >&2 && failed=1
expect 0 '^b.test: accepted functional and analytics only$' choice set analytics,functional b.test --state "$state"
ends=$(date -u -d '183 days' +%Y-%m-%d)
expect 0 "^this machine  *b.test  *accepted functional and analytics only  *cli  *$(date -u +%Y-%m-%d)  *$ends\$" choice list --state "$state"
expect 0 '^[0-9a-f]\{8\}  *all sites  *refused  *cli ' choice list --state "$state"
expect 0 "\"device\":\"this machine\",\"site\":\"b.test\",.*\"ends\":\"${ends}T" choice list --json --state "$state"
expect 0 '^192.0.2.7  *all sites  *refused ' choice list --client 192.0.2.7 --state "$state"
printf '%s\n' "$said" | grep 'b.test' >&2 && failed=1
expect 0 '^b.test: no choice yet$' choice clear b.test --state "$state"
expect 0 '"site":"example.co.uk","choice":"accepted","seen":"cli"' choice list --json --state "$state"
expect 0 ' all sites  *refused ' choice list --state "$state"
expect 0 'every choice is cleared' choice clear --all --client 192.0.2.7 --state "$state"
expect 0 '^example.co.uk: no choice yet$' choice clear example.co.uk --state "$state"
expect 0 '' choice list --state "$state"
[ "$(printf '%s\n' "$said" | wc -l)" -eq 1 ] || { echo "a cleared choice is still there: $said" >&2 && failed=1; }
expect 2 'say refuse, accept, or' choice set burn a.test --state "$state"
expect 2 'one site, or say --all' choice set accept --state "$state"
expect 2 'one site, or say --all' choice set accept a.test --all --state "$state"
expect 2 'no IP address' choice list --client 999.1.1.1 --state "$state"
expect 2 "no site's name" choice set accept 'a b' --state "$state"
expect 2 'named with -c c.conf' check c.conf
expect 2 "^crumbgate log: --foo: an option that does not exist" log --foo
expect 2 "^crumbgate verify: --key: .*lacks its value" verify --key
expect 2 "^crumbgate replay: --foo: an option" replay --foo
expect 2 'say update or show' lists
expect 2 'say update or show' lists fetch
expect 2 'there is nothing to fetch; name lists with list-url' lists update --state "$state"
expect 2 '^--force: unknown option' lists show --force --state "$state"
expect 2 "^--list-url: 'ftp://a.test/' is no URL of a list" lists update --list-url ftp://a.test/
expect 1 'not fetched yet; run: crumbgate lists update' lists show --state "$state" --no-list-defaults --list-url https://a.test/a.txt
expect 0 '^{"lists":\[\],"rules":0,"left_out":\[\]}$' lists show --json --state "$state" --no-list-defaults
# A list that is none is said, though it can be read.
printf '<!DOCTYPE html>\n<title>Log in</title>\n' >"$dir/page.txt"
printf '! nothing yet\n' >"$dir/remarks.txt"
: >"$dir/empty.txt"
printf 'list = {"%s", "%s"}\nlist-defaults = no\n' "$dir/page.txt" "$dir/remarks.txt" >"$dir/page.conf"
expect 1 '^[^:]*/page.txt: a web page and no filter list: it protects nothing$' check -c "$dir/page.conf"
[ "$(printf '%s\n' "$said" | wc -l)" -eq 1 ] || { echo "check: $said" >&2 && failed=1; }
expect 1 "$(basename "$program"): no text and no filter list" check --no-list-defaults --list "$program"
expect 0 'defaults are in force' check --no-list-defaults --list "$dir/remarks.txt" --list "$dir/empty.txt"
expect 1 '^    a web page and no filter list: it protects nothing$' lists show -c "$dir/page.conf" --state "$state"
expect 1 '"wrong":"a web page and no filter list: it protects nothing"' lists show --json -c "$dir/page.conf" --state "$state"
expect 0 '^2 lists, 0 rules$' lists show --no-list-defaults --list "$dir/remarks.txt" --list "$dir/empty.txt" --state "$state"
printf '||a.test^\n||b.test^\n##.ad\n' >"$dir/one.txt"
printf '||a.test^\n||c.test^\n||d.test^\n##.ad\n' >"$dir/two.txt"
lists="--no-list-defaults --list $dir/one.txt --list $dir/two.txt --state $state"
# shellcheck disable=SC2086 # words
{
	expect 0 '^one.txt  *file  *2  *0  *1  ' lists show $lists
	expect 0 '^two.txt  *file  *2  *1  *1  ' lists show $lists
	expect 0 '^2 lists, 4 rules$' lists show $lists
	expect 0 '"rules":2,"repeated":1,"left_out":1,.*"rules":4,"left_out":\[{"kind":"cosmetic: not for a proxy","count":2}\]' lists show --json $lists
}
expect 2 'with -o FILE' ca export --pem x.pem --state "$state"
for suffix in com co.uk; do
	expect 2 'name one of these' choice set accept $suffix --state "$state"
done
for word in all '*' printer 'a b' ''; do
	expect 2 "'$word': this is no site's name; for all sites use --all" choice set accept "$word" --state "$state"
done
expect 2 "'all': this is no site's name; for all sites use --all" choice clear all --state "$state"
expect 2 "'münchen.example': .*write its form that begins with xn--" choice set accept münchen.example --state "$state"
expect 0 '^xn--mnchen-3ya.example: accepted' choice set accept xn--mnchen-3ya.example --state "$state"
expect 0 '^localhost: accepted' choice set accept localhost --state "$state"
expect 0 '^printer: accepted' choice set accept http://printer/ --state "$state"
expect 0 '^192.0.2.1: accepted' choice set accept 192.0.2.1 --state "$state"
expect 2 "'burn': say refuse, accept, or" choice set burn a.test --state "$state"
expect 0 '^plus.test: accepted functional and analytics only$' choice set functional+analytics plus.test --state "$state"

# Where a choice for all sites holds, forgetting one site's falls back to it.
expect 0 '^all sites: accepted$' choice set accept --all --state "$state"
expect 0 '^plus.test: cleared; for all sites: accepted$' choice clear plus.test --state "$state"
expect 0 'every choice is cleared' choice clear --all --state "$state"

# What does not count is noted, and said so.
printf 'state = "%s"\nprofile "minors" { clients = { "192.0.2.0/24", 127.0.0.5 } }\nprofile "investigator" { clients = { "198.51.100.0/24" } }\n' "$state" >"$dir/minors.conf"
expect 0 '^192.0.2.9: a.test: accepted (noted; it does not count: profile minors)$' choice set accept a.test --client 192.0.2.9 -c "$dir/minors.conf"
expect 0 '^198.51.100.1: a.test: refused (noted; it does not count: profile investigator)$' choice set refuse a.test --client 198.51.100.1 -c "$dir/minors.conf"
expect 0 '^203.0.113.1: a.test: accepted$' choice set accept a.test --client 203.0.113.1 -c "$dir/minors.conf"
expect 0 '^a.test: accepted$' choice set accept a.test -c "$dir/minors.conf"
expect 0 '^a.test: refused$' choice set refuse a.test --client 127.0.0.6 -c "$dir/minors.conf"
expect 0 '^127.0.0.5: a.test: accepted (noted; it does not count: profile minors)$' choice set accept a.test --client 127.0.0.5 -c "$dir/minors.conf"
expect 0 '^this machine  *a.test  *refused ' choice list -c "$dir/minors.conf"
expect 0 '^127.0.0.5  *a.test  *accepted ' choice list --client 127.0.0.5 -c "$dir/minors.conf"

# Looking makes no ledger.
mkdir -m 700 "$dir/bare" "$dir/logged" "$dir/logged/evidence"
expect 2 "$dir/bare: no proxy ever ran here" choice list --state "$dir/bare"
expect 2 "$dir/bare: no proxy ever ran here" choice clear a.test --state "$dir/bare"
expect 0 '^CLIENT' choice list --state "$dir/logged"
expect 1 'nothing to clear' choice clear a.test --state "$dir/logged"
[ -z "$(find "$dir/bare" "$dir/logged" -type f)" ] || { echo "a ledger was made by looking" >&2 && failed=1; }

# The state folder is the same for all: --state, else the configuration's, else the default one.
mine=$dir/mine
mkdir -m 700 "$mine" "$mine/evidence" "$dir/.config" "$dir/.config/crumbgate"
: >"$mine/evidence/log.jsonl"
printf 'state = "%s"\n' "$mine" >"$dir/mine.conf"
printf 'state = "%s"\n' "$dir/usual" >"$dir/.config/crumbgate/crumbgate.conf"
for words in log 'log key' verify replay; do
	# shellcheck disable=SC2086 # words
	{
		expect 2 "$dir/usual: no evidence log there .*--state" $words
		expect 2 "$dir/nowhere: no evidence log there .*--state" $words --state "$dir/nowhere"
		expect 2 "$dir/nowhere: no evidence log" $words --state "$dir/nowhere" -c "$dir/mine.conf"
		expect 2 "$dir/nowhere: no evidence log" $words -c "$dir/mine.conf" "$dir/nowhere"
	}
done
expect 0 '^$' log -c "$dir/mine.conf"
expect 0 '^$' log --state "$mine"
expect 0 '^ *N TIME (UTC)  *KIND  *VERDICT  *PURPOSE .* CHOICE  *PROFILE  *WHY$' log --table --state "$mine"
expect 0 '^ *N TIME (UTC)  *KIND  *FACTS' log --json --table --kind pass --state "$mine"
expect 2 'the kinds are start, stop, .*, heartbeat, restart, .*, heal$' log --kind foo --state "$mine"
expect 0 '^$' log "$mine/evidence"
expect 1 "the file vkey" log key --config="$dir/mine.conf"
expect 1 "^log: $mine/evidence\$" verify -c "$dir/mine.conf"
expect 1 '^Something in the folder is not as it was written' verify --explain -c "$dir/mine.conf"
expect 1 "\"log\":\"$mine/evidence\"" verify --json "$mine/evidence/log.jsonl"
expect 2 '"result":"error"' verify --json "$dir/nowhere"
expect 0 "^log: $mine/evidence\$" replay --config "$dir/mine.conf"
expect 1 "$dir/usual" ca show
expect 1 "$mine" ca show -c "$dir/mine.conf"
expect 2 "$dir/usual: no proxy ever ran" choice list
expect 0 '^CLIENT' choice list -c "$dir/mine.conf"
expect 0 '^CLIENT' choice list -c "$dir/mine.conf" --state "$state"
expect 2 'an option that does not exist' choice list --workers=2
printf 'state = 1 2\n' >"$dir/.config/crumbgate/crumbgate.conf"
for words in log verify replay 'ca show' 'choice list'; do
	# shellcheck disable=SC2086 # words
	expect 2 'name the folder with --state' $words
done
expect 0 '^$' log --state "$mine"
expect 2 'crumbgate.conf:1:11: ' choice list
rm "$dir/.config/crumbgate/crumbgate.conf"

expect 0 '^vendorConsents  *2,5-6,12$' tcf CQeEcwAQeEcwAEsAHBFRD6FoAJAAAEIAAAYgAGEwQAAAAA
expect 1 '^crumbgate tcf: malformed, .*: it is empty$' tcf ''
expect 0 '"granted":\["ad_storage"\]' tcf --json 11t1p1p1p5
expect 0 '^{"version":1,"consented":\[7\],"disclosed":\[\]}$' tcf '1~7' --json
expect 0 '"sectionIds":\[6\]' gpp --json 'DBABTA~1YNN'
expect 1 '^crumbgate gpp: malformed, .*: its header names more' gpp DBABTA
expect 2 'give it a string, or - to read one' gpp
expect 2 '^crumbgate tcf: --jason: an option' tcf --jason
lines=$(printf 'G1x1\n2~1~dv\r\n1YNN' | "$program" tcf --json - 2>/dev/null) && failed=1
[ "$(printf '%s\n' "$lines" | cut -c 1-10 | tr '\n' ' ')" = '{"error":" {"version" {"Version" ' ] ||
	{ echo "tcf -: $lines" >&2 && failed=1; }

said=$(printf '1YNN\n\nDBABTA\n' | "$program" tcf - 2>&1 >/dev/null) && failed=1
printf '%s\n' "$said" | cut -d: -f1-3 | tr '\n' ';' | grep -q '^crumbgate tcf: line 2: malformed, so it gives no consent;crumbgate tcf: line 3: malformed, so it gives no consent;$' ||
	{ echo "tcf -: $said" >&2 && failed=1; }
# Padding is not looked at, as in the reference library; what is longer than any padding is.
tc=CQeEcwAQeEcwAEsAHBFRD6FoAJAAAEIAAAYgAGEwQAAAAA
expect 0 '^vendorConsents  *2,5-6,12$' tcf "${tc}B"
expect 1 'goes on behind its last field' tcf "${tc}xxxxxx"

# Entries without a site belong to that of their host.
entry() {
	printf '{"v":1,"n":%s,"t":"2026-11-22T03:36:50.123Z","kind":"%s","client":"%s","host":"%s","why":"%s","count":1,"last":"2026-11-22T03:36:50.123Z"}\n' \
		"$1" "$2" 00112233445566778899aabbccddeeff "$3" "$4"
}
{
	entry 0 pass login.www.example.co.uk protocol
	entry 1 refuse example.co.uk expired
	entry 2 pass other.co.uk protocol
	entry 3 pass 192.0.2.1 protocol
} >"$mine/evidence/log.jsonl"
site() { # SITE LINES
	expect 0 '"kind"' log --site "$1" --state "$mine"
	[ "$(printf '%s\n' "$said" | wc -l)" -eq "$2" ] || { echo "log --site $1: $said" >&2 && failed=1; }
}
site example.co.uk 2
site OTHER.co.uk 1
site 192.0.2.1 1
site www.example.co.uk 2
site 'https://user@www.Example.co.uk:8443/cart?x#y' 2
expect 0 '^$' log --site elsewhere.example --state "$mine"
expect 0 '^$' log --site '*' --state "$mine"
expect 2 "^crumbgate log: --site takes a site's name" log --site 'a b' --state "$mine"
expect 0 '^       1 2026-11-22T03:36:50 refuse  *example.co.uk expired x1$' log --table --state "$mine"

# The table of replay has the words that people read, JSON those of the log.
mkdir "$dir/decided"
printf '{"v":1,"n":0,"t":"2026-11-22T03:36:50.123Z","kind":"sent","client":"%s","site":"shop.example","site_by":"referer","confidence":"high","party":"first","host":"shop.example","cookie":"_ga","purpose":"analytics","why":"table:2 _ga; accepted","profile":"default","choice":"accepted","seen":"desk","verdict":"kept","value":"%s","shape":"num:10","count":1,"last":"2026-11-22T03:36:50.123Z","scheme":"https","rules":"0000000000000000","tries":0}\n' \
	00112233445566778899aabbccddeeff 00112233445566778899aabbccddeeff >"$dir/decided/log.jsonl"
printf 'pattern\tpurpose\tkind\tsetter\tdomains\tparty\tmax_life\tlife\twhat\tsource\n_ga\tanalytics\taudience\tGoogle\t*\tany\t*\t1d\tCounts.\ttest\n' >"$dir/cookies.tsv"
expect 1 '^shop.example  *_ga  *analytics  *let through *-> analytics  *deleted  *1  *1$' replay --profile minors --rules "$dir/cookies.tsv" "$dir/decided"
printf '%s\n' "$said" | grep -w -e kept -e expired >&2 && failed=1
expect 1 '"from":{"purpose":"analytics","verdict":"kept",.*"to":{"purpose":"analytics","verdict":"expired"' replay --json --profile minors --rules "$dir/cookies.tsv" "$dir/decided"
exit $failed
