#!/bin/bash
# run.sh badcerts|mint|smuggle|cookies|tamper|h2|h2_front1|h2_flood|h2spec - one quick piece of the outside kit against $CRUMBGATE, with a
# run folder and a port of its own; passes only when every case of the piece does.  Skipped (77) without
# CRUMBGATE_KIT or where with-hosts.sh cannot make its mount namespace.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
piece=$1
skip() {
	echo "SKIP: $*"
	exit 77
}
[ -d "${CRUMBGATE_KIT:-/nonexistent}/badcerts" ] || skip 'CRUMBGATE_KIT is not set'
command -v python3 >/dev/null || skip 'no python3 here'
unshare -m true 2>/dev/null || skip 'no right to make a mount namespace'
# The kit's origins have fixed addresses: a network of its own, where that can be had, keeps runs apart.
if [ -z "${KIT_NETWORK-}" ] && unshare -n ip link set lo up 2>/dev/null; then
	export KIT_NETWORK=own
	exec unshare -n sh -c 'ip link set lo up && exec bash "$@"' sh "$0" "$@"
fi

KIT_RUN=$(mktemp -d "${TMPDIR:-/tmp}/kit-$piece-XXXXXX")
# Below the ports that the kernel gives to outgoing connections.
CRUMBGATE_PORT=$(python3 -c '
import random, socket
while True:
    port = random.randrange(10240, 30240)
    try:
        socket.socket().bind(("127.0.0.1", port))
        break
    except OSError:
        pass
print(port)')
export KIT_RUN CRUMBGATE_PORT
chmod 755 "$KIT_RUN"
finish() {
	status=$?
	if [ $status -ne 0 ] && [ -f "$KIT_RUN/peers/crumbgate/out" ]; then
		echo '== crumbgate said, last:'
		tail -20 "$KIT_RUN/peers/crumbgate/out"
	fi
	"$here/crumbgate.sh" stop || true
	rm -rf "$KIT_RUN"
}
trap finish EXIT
trap 'exit 1' TERM INT

start() { # OPTION...
	line=$(CRUMBGATE_EXTRA="$*" "$here/crumbgate.sh" start)
	ca=$KIT_RUN/peers/crumbgate/state/ca
	proxy=${line#PROXY=}
	proxy=${proxy%% *}
	pid=${line##*PID=}
}
piece_run() { # SCRIPT OPTION...
	script=$1
	shift
	python3 "$CRUMBGATE_KIT/$script" --proxy "$proxy" --ca "$ca/ca.pem" --label crumbgate \
		--json "$KIT_RUN/out.json" "$@"
}
h2_run() { # PARTS OPTION...
	parts=$1
	shift
	# hpack is a package of the system's Python.
	/usr/bin/python3 -c 'import hpack' 2>/dev/null || skip 'no hpack for /usr/bin/python3 (Debian: python3-hpack)'
	start
	/usr/bin/python3 "$CRUMBGATE_KIT/h2/run.py" --proxy "$proxy" --ca "$ca/ca.pem" --label crumbgate --pid "$pid" \
		--part "$parts" --json "$KIT_RUN/out.json" "$@"
}
# Whether the piece's report says that nothing failed.
judge() {
	python3 - "$KIT_RUN/out.json" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
if all(part.get("na") for part in report.get("parts", {"": {}}).values()):
    print("SKIP: the piece does not apply")
    sys.exit(77)
parts = report["parts"].values() if "parts" in report else [report]
for part in parts:
    if part["total"] == 0 or part["score"] != part["total"] or part.get("failed") or part.get("grade", "A") != "A":
        sys.exit("not all cases passed")
PY
}

python3 "$CRUMBGATE_KIT/badcerts/gen.py" >"$KIT_RUN/gen.out" 2>&1 || { cat "$KIT_RUN/gen.out"; exit 1; }
case $piece in
badcerts)
	# A first start makes the CA that one case meets outside.
	start
	python3 "$CRUMBGATE_KIT/badcerts/gen.py" --only proxy-ca --proxy-ca-cert "$ca/ca.pem" \
		--proxy-ca-key "$ca/ca.key" >/dev/null || echo 'no case proxy-ca: the key is not readable'
	start --revocation fetch
	piece_run badcerts/run.py
	;;
mint)
	start
	"$here/crumbgate.sh" stop
	mv "$KIT_RUN/peers/crumbgate" "$KIT_RUN/peers/another-install"
	start
	piece_run badcerts/mint.py --ca2 "$KIT_RUN/peers/another-install/state/ca/ca.pem" \
		--ca-key "$(find "$ca" -type f ! -name '*.pem' | paste -sd, -)"
	;;
smuggle)
	start
	piece_run smuggle/run.py
	;;
cookies)
	# The investigator's profile removes nothing.
	start --profile investigator=127.0.0.0/8
	piece_run cookies/run.py
	;;
tamper)
	start --profile investigator=127.0.0.0/8
	piece_run cookies/run.py >/dev/null
	"$here/crumbgate.sh" stop
	log=$(find "$KIT_RUN/peers/crumbgate/state/evidence" -name '*.jsonl' | LC_ALL=C sort | tail -1)
	[ -n "$log" ] || { echo 'no log was written'; exit 1; }
	cat >"$KIT_RUN/verify" <<'SH'
#!/bin/sh
exec "$CRUMBGATE" verify "$(dirname "$1")"
SH
	chmod +x "$KIT_RUN/verify"
	python3 "$CRUMBGATE_KIT/evidence/attack.py" tamper --log "$log" --copy-dir --bits 100 \
		--verify "$KIT_RUN/verify {log}" --json "$KIT_RUN/out.json"
	;;
h2) h2_run smuggle,origin ;;
h2_front1) h2_run origin --front1 ;;
h2_flood) h2_run flood ;;
h2spec)
	# https://github.com/summerwind/h2spec knows no proxies: the kit's relay opens its tunnels.
	h2spec=${H2SPEC:-$(command -v h2spec || true)}
	[ -x "$h2spec" ] || skip 'no h2spec here (H2SPEC may name it)'
	start
	: >"$KIT_RUN/relay.out"
	python3 "$CRUMBGATE_KIT/h2/relay.py" --proxy "$proxy" --listen "127.0.0.1:$((CRUMBGATE_PORT + 1))" \
		--target s1.kit.test:8443 --origin h1 --seconds 170 >"$KIT_RUN/relay.out" 2>&1 &
	relay=$!
	for _ in $(seq 100); do
		if grep -q ^relay "$KIT_RUN/relay.out"; then break; fi
		sleep 0.05
	done
	"$h2spec" -h 127.0.0.1 -t -k -p $((CRUMBGATE_PORT + 1)) -S >"$KIT_RUN/h2spec.out" 2>&1 || true
	kill $relay || cat "$KIT_RUN/relay.out"
	sed -n '/^Failures:/,$p' "$KIT_RUN/h2spec.out"
	tail -1 "$KIT_RUN/h2spec.out"
	python3 - "$KIT_RUN" <<'PY'
import json, re, sys
text = open(sys.argv[1] + "/h2spec.out").read()
found = re.search(r"(\d+) tests, (\d+) passed", text)
total, passed = map(int, found.groups()) if found else (0, 0)
json.dump({"score": passed, "total": total}, open(sys.argv[1] + "/out.json", "w"))
PY
	;;
*) echo "unknown piece $piece" >&2 && exit 2 ;;
esac
judge
