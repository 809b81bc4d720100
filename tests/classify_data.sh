#!/bin/sh
# classify_data.sh - how good crumbgate classify is on labelled cookies: as it ships, and, where scikit-learn is
# installed, where a part of the names is unknown to the score, and to the table too.
# CRUMBGATE_DATA names a folder with cookies/eval-dev.csv and what else data/train_score.py reads.
set -eu
program=${CRUMBGATE-./crumbgate}
: "${srcdir:=.}"
data=${CRUMBGATE_DATA-}
python=$(command -v /usr/bin/python3 || command -v python3 || :)
if [ -z "$data" ] || [ ! -f "$data/cookies/eval-dev.csv" ] || [ -z "$python" ]; then
	echo 'SKIP: CRUMBGATE_DATA is not set, has no cookies/eval-dev.csv, or there is no python3'
	exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$program" classify --json < "$data/cookies/eval-dev.csv" > "$work/answers"
"$python" - "$data/cookies/eval-dev.csv" "$work/answers" << 'END'
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1], newline='')))
answers = [json.loads(line) for line in open(sys.argv[2])]
assert len(rows) == len(answers) and all(r['name'] == a['name'] for r, a in zip(rows, answers))
tracking = ('analytics', 'advertising')
pairs = [(r['consensus'].replace('necessary', 'essential'), a['purpose'].replace('choice', 'essential'))
         for r, a in zip(rows, answers) if r['tier'] == 'A']


def share(some, of):
    return 100 * sum(map(some, of)) / len(of)


right = share(lambda p: p[0] == p[1], pairs)
side = share(lambda p: (p[0] == 'essential') == (p[1] == 'essential'), pairs)
removed = share(lambda p: p[1] in tracking, [p for p in pairs if p[0] in tracking])
broken = share(lambda p: p[1] in tracking, [p for p in pairs if p[0] == 'essential'])
print('as it ships, tier A: %d rows: right %.1f %%, essential/other %.1f %%, tracking removed %.1f %%, '
      'essential removed %.1f %%' % (len(pairs), right, side, removed, broken))
sys.exit(not (right >= 88 and side >= 95 and removed >= 93 and broken <= 0.5))
END

if ! "$python" -c 'import sklearn' 2> /dev/null; then
	echo 'the rest needs scikit-learn (Debian: python3-sklearn)'
	exit 0
fi
cd "$data"
sources=
for file in cookies/eval-dev.csv cookies/open-cookie-database.csv cookies/tarteaucitron-cookies.csv \
	cookies/best-known.tsv traffic/crawl-2026-02-de-preconsent-dev.csv; do
	[ ! -f "$file" ] || sources="$sources $file"
done
cd "$OLDPWD"
case $program in /*) ;; *) program=$PWD/$program ;; esac
script=$(cd "$srcdir/data" && pwd)/train_score.py
cd "$data"
# shellcheck disable=SC2086
OPENBLAS_NUM_THREADS=1 "$python" -B "$script" --crumbgate "$program" $sources
