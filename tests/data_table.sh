#!/bin/sh
# The tables keep their own rules, the checker notices a broken one, and the program carries
# them byte for byte.
LC_ALL=C
export LC_ALL
: "${srcdir:=.}" "${AWK:=awk}"
failures=0

fail() {
	echo "FAIL: $1" >&2
	failures=$((failures + 1))
}

check() {
	"$AWK" -v table="$1" -f "$srcdir/data/check.awk" "$2"
}

work=$(mktemp -d "${TMPDIR:-/tmp}/data_table.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 99' HUP INT TERM

check cookies "$srcdir/data/cookies.tsv" || fail "data/cookies.tsv breaks its rules"
check never-intercept "$srcdir/data/never-intercept.tsv" ||
	fail "data/never-intercept.tsv breaks its rules"
check banners "$srcdir/data/banners.tsv" || fail "data/banners.tsv breaks its rules"
check tiktok "$srcdir/data/tiktok.tsv" || fail "data/tiktok.tsv breaks its rules"

check trackers "$srcdir/data/trackers.tsv" || fail "data/trackers.tsv breaks its rules"

# Each row below breaks one rule; added to the good table it must be refused, by line.
broken() {
	{ cat "$srcdir/data/cookies.tsv"; printf "$2\n"; } > "$work/cookies.tsv"
	line=$(wc -l < "$work/cookies.tsv")
	if check cookies "$work/cookies.tsv" > "$work/out" 2>&1; then
		fail "not noticed: $1"
	elif ! grep -q ":$((line)): " "$work/out"; then
		fail "no line named: $1"
	fi
}
tail='any\t*\t?\tKeeps a test.\tpractice'
broken 'too few columns' "zz_test\tessential"
broken 'a word that is no purpose' "zz_test\tneeded\tlogin\tTest\t*\t$tail"
broken 'an unknown kind' "zz_test\tanalytics\tthings\tTest\t*\t$tail"
broken 'a leading wildcard' "*zz_test\tanalytics\taudience\tTest\t*\t$tail"
broken 'two wildcards' "zz_*test*\tanalytics\taudience\tTest\t*\t$tail"
broken 'a wildcard with two letters' "zz*\tanalytics\taudience\tTest\t*\t$tail"
broken 'a semicolon in a name' "zz;test\tanalytics\taudience\tTest\t*\t$tail"
broken 'a domain in capitals' "zz_test\tanalytics\taudience\tTest\tExample.com\t$tail"
broken 'a domain of one label' "zz_test\tanalytics\taudience\tTest\tcom\t$tail"
broken 'an unknown party' "zz_test\tanalytics\taudience\tTest\t*\tboth\t*\t?\tA test.\tpractice"
broken 'a life without unit' "zz_test\tanalytics\taudience\tTest\t*\tany\t90\t?\tA test.\tpractice"
broken 'a sentence without end' "zz_test\tanalytics\taudience\tTest\t*\tany\t*\t?\tA test\tpractice"
broken 'an unknown source' "zz_test\tanalytics\taudience\tTest\t*\tany\t*\t?\tA test.\thearsay"
broken 'an essential row without bounds' "zz_test\tessential\tlogin\tTest\t*\t$tail"
broken 'a row twice' "_ga\tanalytics\taudience\tTest\t*\t$tail"
broken 'an objection taken for tracking' "zz_opt_out\tadvertising\tads\tTest\t*\t$tail"
broken 'a wildcard over consent' "zz_consent_*\tanalytics\taudience\tTest\texample.com\t$tail"
broken 'a token of forms for any party' "zz-CSRF\tanalytics\taudience\tTest\texample.com\t$tail"
broken 'a letter outside ASCII' "zz_test\tanalytics\taudience\tT\303\251st\t*\t$tail"

# The same of the table of banners and of the one about TikTok.
broken_in() {
	{ cat "$srcdir/data/$1.tsv"; printf "$3\n"; } > "$work/$1.tsv"
	if check "$1" "$work/$1.tsv" > "$work/out" 2>&1; then
		fail "not noticed: $2"
	fi
}
end='-\tA test.\tobserved'
broken_in banners 'an unknown kind' "cookie\tzz_test\t*\tTest\tmagic\tplain\t-\ta:accept\t-\t$end"
broken_in banners 'an unknown code' "cookie\tzz_test\t*\tTest\tword\tzip\t-\ta:accept\t-\t$end"
broken_in banners 'an unknown meaning' "cookie\tzz_test\t*\tTest\tword\tplain\t-\ta:yes\t-\t$end"
broken_in banners 'a call without path' "call\tPOST a.example\t*\tTest\tword\tplain\t-\ta:accept\t-\t$end"
broken_in banners 'a refusal of a call' \
	"call\tGET a.example/b\t*\tTest\tword\tplain\t-\ta:accept\t-\tx=y\tA test.\tobserved"
broken_in banners 'a row twice' "cookie\tklaro\t*\tTest\tword\tplain\t-\ta:accept\t-\t$end"
broken_in tiktok 'an unknown place' "cookie\tzz_test\tmoon\tanalytics\t1d\tA test.\tobserved"
broken_in tiktok 'an unknown purpose' "cookie\tzz_test\tsite\tfun\t1d\tA test.\tobserved"
broken_in tiktok 'a row twice' "cookie\tttwid\tsite\tanalytics\t1d\tA test.\tobserved"

# tables.c turned back into bytes: the lines between "x_bytes[] = {" and "0 };".
bytes_of() {
	"$AWK" -v name="$1" '
		$0 == "0 };" { on = 0 }
		on { n = split($0, b, ","); for (i = 1; i < n; i++) printf "%c", b[i] + 0 }
		$0 == "static const char " name "_bytes[] = {" { on = 1 }' data/tables.c
}
if [ -f data/tables.c ]; then
	{
		cat "$srcdir/data/cookies.tsv"
		echo '#section trackers.tsv'
		cat "$srcdir/data/trackers.tsv"
		echo '#section score.tsv'
		cat "$srcdir/data/score.tsv"
	} > "$work/rules"
	bytes_of table_rules | cmp -s - "$work/rules" ||
		fail "data/tables.c does not carry cookies.tsv, trackers.tsv and score.tsv byte for byte"
	bytes_of table_never_intercept | cmp -s - "$srcdir/data/never-intercept.tsv" ||
		fail "data/tables.c does not carry data/never-intercept.tsv byte for byte"
	for name in banners tiktok; do
		bytes_of "table_$name" | cmp -s - "$srcdir/data/$name.tsv" ||
			fail "data/tables.c does not carry data/$name.tsv byte for byte"
	done
else
	fail "data/tables.c has not been made"
fi
printf 'caf\303\251\n' > "$work/latin"
if "$AWK" -f "$srcdir/data/embed.awk" "x=$work/latin" > /dev/null 2>&1; then
	fail "embed.awk took a byte that is not ASCII"
fi
if "$AWK" -f "$srcdir/data/embed.awk" "x=$work/none" > /dev/null 2>&1; then
	fail "embed.awk took a file that is not there"
fi

[ "$failures" -eq 0 ]
