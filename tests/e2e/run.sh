#!/bin/sh
# run.sh SCENARIO.mjs - runs one end-to-end scenario under Node; exits 77 (skipped) where Node is not.
command -v node >/dev/null 2>&1 || {
	echo 'SKIP: no node here'
	exit 77
}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
exec node "$@"
