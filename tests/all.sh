#!/bin/sh
# all.sh BUILDDIR - every test of a built tree: unit tests, scripts and the end-to-end tests
# (make check), the unit tests and some scenarios again under sanitizers (make check-asan), each
# fuzzer for FUZZ_SECONDS (make check-fuzz), and the tarball, which must build out of tree, install
# and uninstall (make distcheck; its tests have run already).  Goes on after a failure.  The last line it prints is
# "N passed, N failed, N skipped"; the exit status is 0 only if nothing failed and something passed.
set -u
builddir=${1:?usage: tests/all.sh BUILDDIR}
srcdir=$(cd -- "$(dirname -- "$0")/.." && pwd)
jobs=$(nproc 2>/dev/null || echo 2)
broken=0

step() { # NAME COMMAND...
	name=$1
	shift
	printf '== %s\n' "$name"
	"$@"
	rc=$?
	[ $rc -eq 0 ] || printf '== %s: exit status %d\n' "$name" $rc
	return $rc
}

# The browser driver.  Without it the browser tests are skipped, and the summary says so.
driver() {
	cd "$srcdir/tests/e2e" || return 1
	[ -n "$(find node_modules -maxdepth 1 -name .package-lock.json -newer package-lock.json \
		2>/dev/null)" ] && return 0
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null
}

# Results of an earlier run do not count in this one.
find "$builddir" \( -name '*.trs' -o -name test-suite.log -o -name fuzz.log \) -exec rm -f {} +

(step 'browser driver' driver) || broken=$((broken + 1))
step 'make check' make -s -C "$builddir" -k -j"$jobs" check
# A test that failed is in the counts below; a build that failed is not.
[ -f "$builddir/test-suite.log" ] && [ -f "$builddir/tests/unit/base.trs" ] ||
	broken=$((broken + 1))
step 'make check-asan' make -s -C "$builddir" -k -j"$jobs" check-asan
[ -f "$builddir/asan/test-suite.log" ] && [ -f "$builddir/asan/tests/unit/base.trs" ] ||
	broken=$((broken + 1))
step 'make check-fuzz' make -s -C "$builddir" -k -j"$jobs" check-fuzz
[ -f "$builddir/fuzz/fuzz.log" ] || broken=$((broken + 1))

if step 'make distcheck' make -s -C "$builddir" -j"$jobs" distcheck TESTS=tests/includes.sh; then
	echo ':test-result: PASS distcheck' >"$builddir/distcheck.trs"
else
	broken=$((broken + 1))
fi

results=$(find "$builddir" -name '*.trs' -exec sed -n 's/^:test-result: \([A-Z]*\).*/\1/p' {} +)
count() {
	printf '%s\n' "$results" | grep -cxE "$1"
}
passed=$(count 'PASS|XFAIL')
failed=$(($(count 'FAIL|XPASS|ERROR') + broken))
skipped=$(count SKIP)
find "$builddir" -name '*.trs' -exec grep -lE '^:test-result: (FAIL|XPASS|ERROR)' {} + |
	while read -r trs; do
		log=${trs%.trs}.log
		printf '== failed: %s, which ends:\n' "$log"
		grep -hE -A 6 'NOT OK|\[ +(ERROR|FAILED) +\]|FAIL' "$log" | head -n 60
		tail -n 15 "$log"
	done
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped" |
	tee "$builddir/summary"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
