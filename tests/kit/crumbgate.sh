#!/bin/bash
# crumbgate.sh start|stop - starts $CRUMBGATE for an outside black-box kit for intercepting proxies, in
# the form its peers have.  Prints one line "PROXY=host:port CA=file PID=pid".
#
#	CRUMBGATE_KIT	the kit's folder (with-hosts.sh, mkhosts.py)
#	KIT_RUN		the kit's run folder; the state is in $KIT_RUN/peers/crumbgate and lasts over a restart
#	KIT_ROOTS	the only roots to trust; default $KIT_RUN/pki/roots.pem
#	CRUMBGATE	the program; default build/crumbgate of this tree
#	CRUMBGATE_PORT	where to listen; default 8118
#	CRUMBGATE_EXTRA	further options, separated by spaces
#
# Needs root: with-hosts.sh gives the proxy an /etc/hosts of its own in a mount namespace.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
kit=${CRUMBGATE_KIT:?set CRUMBGATE_KIT to the folder of the kit}
run=${KIT_RUN:-/tmp/kit-run}
program=${CRUMBGATE:-$top/build/crumbgate}
port=${CRUMBGATE_PORT:-8118}
d=$run/peers/crumbgate
export KIT_RUN=$run

stop() {
	[ -f "$d/pid" ] || return 0
	pid=$(cat "$d/pid")
	kill "$pid" 2>/dev/null || true
	for _ in $(seq 40); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -9 "$pid" 2>/dev/null || true
	rm -f "$d/pid"
}
# Ready: the port accepts and the CA is written.
ready() {
	for _ in $(seq 200); do
		if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && [ -s "$d/state/ca/ca.pem" ]; then
			return 0
		fi
		kill -0 "$1" 2>/dev/null || break
		sleep 0.05
	done
	echo "crumbgate did not start on port $port:" >&2
	tail -5 "$d/out" >&2
	return 1
}

case ${1-} in
start) stop ;;
stop) stop && exit 0 ;;
*) echo 'usage: crumbgate.sh start|stop' >&2 && exit 2 ;;
esac
mkdir -p "$d"
python3 "$kit/mkhosts.py" "$run/hosts" >/dev/null
: >"$d/crumbgate.conf"
chmod 600 "$d/crumbgate.conf"
# shellcheck disable=SC2086 # options are words
setsid "$kit/with-hosts.sh" "$program" run -c "$d/crumbgate.conf" --listen "127.0.0.1:$port" \
	--state "$d/state" --allow-private --no-trust-system --trust "${KIT_ROOTS:-$run/pki/roots.pem}" \
	${CRUMBGATE_EXTRA-} >"$d/out" 2>&1 </dev/null &
pid=$!
echo $pid >"$d/pid"
ready $pid
echo "PROXY=127.0.0.1:$port CA=$d/state/ca/ca.pem PID=$pid"
