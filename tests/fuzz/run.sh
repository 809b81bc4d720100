#!/bin/sh
# run.sh SRCDIR - runs every fuzzer of this (--enable-fuzzing) build folder for FUZZ_SECONDS each
# (default 20), starting from its corpus tests/fuzz/corpus/NAME where there is one, and with its
# dictionary tests/fuzz/NAME.dict.  The same seed each time (FUZZ_SEED, default 1), so that a failure
# is one of the change that is tested; FUZZ_SEED=0 looks elsewhere.  What it finds stays beside it in
# tests/fuzz/NAME.found/.
# Writes NAME.log and NAME.trs as Automake's test driver does, and fuzz.log when it is through.
set -u
srcdir=${1:?usage: run.sh SRCDIR}
seconds=${FUZZ_SECONDS:-20}
seed=${FUZZ_SEED:-1}

one() {
	name=$1
	fuzzer=tests/fuzz/$name
	found=$fuzzer.found
	mkdir -p "$found/corpus"
	set -- "$found/corpus"
	[ ! -d "$srcdir/$fuzzer.corpus" ] || set -- "$@" "$srcdir/$fuzzer.corpus"
	[ ! -d "$srcdir/tests/fuzz/corpus/$name" ] || set -- "$@" "$srcdir/tests/fuzz/corpus/$name"
	[ ! -f "$srcdir/$fuzzer.dict" ] || set -- -dict="$srcdir/$fuzzer.dict" "$@"
	if timeout -k 10 $((seconds + 60)) "$fuzzer" -max_total_time="$seconds" -seed="$seed" -timeout=10 \
		-rss_limit_mb=2048 -artifact_prefix="$found/" -print_final_stats=1 "$@" \
		>"$fuzzer.log" 2>&1; then
		result=PASS
	else
		result=FAIL
	fi
	printf ':test-result: %s %s\n' $result "$fuzzer" >"$fuzzer.trs"
	echo "$result: $fuzzer ($(sed -n 's/^stat::number_of_executed_units: *//p' "$fuzzer.log") runs)"
	[ $result = PASS ] || tail -n 30 "$fuzzer.log"
}

if [ "${2-}" = --one ]; then
	one "$3"
	exit 0
fi
for source in "$srcdir"/tests/fuzz/*.c; do
	[ -f "$source" ] || continue
	basename "$source" .c
done | xargs -r -n 1 -P "$(nproc 2>/dev/null || echo 1)" sh "$0" "$srcdir" --one | tee fuzz.log.part
mv fuzz.log.part fuzz.log
! grep -q '^FAIL' fuzz.log
