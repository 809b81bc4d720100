#!/bin/sh
# bounded.sh SECONDS COMMAND... - runs one test with an end: the test's whole process group gets TERM
# at that time and KILL 10 s later.
seconds=$1
shift
if command -v timeout >/dev/null 2>&1; then
	exec timeout -k 10 "$seconds" "$@"
fi
exec "$@"
