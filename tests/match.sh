#!/bin/sh
# match.sh - crumbgate match: its lines and their order, options, cache, includes, exit statuses.
set -eu
program=${CRUMBGATE-./crumbgate}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
tab=$(printf '\t')

# want NAME EXPECTED GOT
want() {
	if [ "$2" != "$3" ]; then
		printf '%s:\nwanted: %s\ngot:    %s\n' "$1" "$2" "$3" >&2
		failed=1
	fi
}
# status WANTED WORD...
status() {
	wanted=$1
	shift
	got=0
	"$program" match "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
	want "exit status of match $*" "$wanted" "$got"
}

mkdir "$dir/sub"
printf '! Title: one\n||ads.example^\n/pixel?$image\n@@||ads.example/ok\n##.ad\n||x^$app=y\n!#include sub/more.txt\n!#include ../out.txt\n' >"$dir/one.txt"
printf '||more.example^\n' >"$dir/sub/more.txt"
printf '0.0.0.0 hosts.example\n||ads.example^\n||r.example^$script,redirect=noopjs\n' >"$dir/two.txt"
one=$dir/one.txt two=$dir/two.txt

ask() {
	printf 'https://ads.example/x\thttps://news.example/\tscript\n'
	printf 'https://good.example/\thttps://news.example/\tscript\n'
	printf 'a line that is none\n'
	printf 'https://ads.example/ok\thttps://news.example/\tscript\n'
	printf 'https://x.org/pixel?1\t\timage\r\n'
	printf 'https://www.hosts.example/\tnews.example\tsub_frame\n'
	printf 'https://ads.example/\thttps://news.example/\tno-type\n'
	printf 'data:text/html,x\thttps://news.example/\tframe\n'
	printf 'https://more.example/\thttps://news.example/\txhr'
}
expected="block$tab||ads.example^$tab$one
allow$tab$tab
allow$tab$tab
allow$tab@@||ads.example/ok$tab$one
block$tab/pixel?\$image$tab$one
block${tab}0.0.0.0 hosts.example$tab$two
allow$tab$tab
allow$tab$tab
block$tab||more.example^$tab$one"

got=0
said=$(ask | "$program" match --list "$one" "$two" 2>"$dir/err") || got=$?
want 'exit status with bad lines' 1 "$got"
want 'answers' "$expected" "$said"
want 'bad lines' 'line 3: line 7: line 8:' "$(grep -o 'line [0-9]*:' "$dir/err" | tr '\n' ' ' | sed 's/ $//')"
said=$(ask | "$program" match --list "$one" --list="$two" 2>/dev/null) || :
want 'answers with --list twice' "$expected" "$said"

json=$(printf 'https://r.example/\tn.example\tscript\nhttps://ads.example/ok\tn.example\txhr\nx\n' |
	"$program" match --json --list "$one" "$two" 2>/dev/null) || :
want 'json' "{\"verdict\":\"block\",\"rule\":\"||r.example^\$script,redirect=noopjs\",\"list\":\"$two\",\"answer\":\"noop.js\",\"answer_rule\":\"||r.example^\$script,redirect=noopjs\",\"answer_list\":\"$two\"}
{\"verdict\":\"allow\",\"rule\":\"@@||ads.example/ok\",\"list\":\"$one\",\"against\":\"||ads.example^\",\"against_list\":\"$one\"}
{\"verdict\":\"allow\",\"error\":\"not three columns, URL, source URL and type\"}" "$json"

# The cache: written, used, made anew for other texts or damage.
source_of() {
	ask | "$program" match --list "$one" "$two" --cache "$dir/cache" --stats 2>&1 >"$dir/out" |
		sed -n 's/^load: .* from //p'
}
want 'first time' text "$(source_of)"
want 'second time' 'the cache' "$(source_of)"
want 'answers from the cache' "$expected" "$(cat "$dir/out")"
sed -i 's/more.example/less.example/' "$dir/sub/more.txt"
want 'after a change of what is included' text "$(source_of)"
want 'and again' 'the cache' "$(source_of)"
printf 'XXXX' | dd of="$dir/cache" bs=1 seek=200 conv=notrunc 2>/dev/null
want 'a damaged cache' text "$(source_of)"
: >"$dir/cache"
want 'an empty cache' text "$(source_of)"
want 'mended' 'the cache' "$(source_of)"
chmod o+w "$dir/cache"
want 'a cache that others can write' text "$(source_of)"
want 'replaced' 'the cache' "$(source_of)"
chmod g+w "$dir/cache"
want 'a cache that a group can write' text "$(source_of)"
if [ "$(id -u)" = 0 ]; then
	want 'before it is given away' 'the cache' "$(source_of)"
	chown 65534 "$dir/cache"
	want 'a cache of somebody else' text "$(source_of)"
fi

stats=$(ask | "$program" match --list "$one" --stats 2>&1 >/dev/null) || :
for line in "^list: $one: 4 rules$" '^left out: 1 (cosmetic: not for a proxy)$' \
	'^left out: 1 (option about a program or device)$' "^  $one:6: ||x^\$app=y$" \
	'^left out: 1 (included file that is not there)$' '^rules: 4$' '^image: [0-9]* octets$' \
	'^requests: 6, blocked 2, excepted 1, unreadable 3$' '^mean: [0-9.]* us a match$'; do
	printf '%s\n' "$stats" | grep -q -e "$line" || {
		printf -- '--stats lacks %s:\n%s\n' "$line" "$stats" >&2
		failed=1
	}
done

status 0 --list "$one"
status 0 "--list=$one" "$two"
status 2
status 2 "$one"
status 2 --list
status 2 --list "$dir/none.txt"
status 2 --foo --list "$one"
status 2 --list "$one" --cache "$dir/no/such/folder/cache"
exit $failed
