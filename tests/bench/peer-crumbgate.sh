# shellcheck shell=bash disable=SC2034,SC2154 # sourced by an outside bench, which has $D, $PCA, $OCA, on_proxy, wait_port
# peer-crumbgate.sh - crumbgate as a peer of an outside bench of intercepting proxies: copy or link it
# to the bench's peers/crumbgate.sh and set CRUMBGATE to the program.
PEER_KIND=connect
PEER_PORT=13118
PEER_CA=$PCA/ec.crt
: "${CRUMBGATE:=build/crumbgate}"
: "${CRUMBGATE_WORKERS:=1}" # the bench gives the proxy one core
peer_start() {
	: >"$D/crumbgate.conf"
	chmod 600 "$D/crumbgate.conf"
	# The bench's CA, so that the load generator trusts what is minted.
	"$CRUMBGATE" ca import --state "$D/state" "$PCA/ec.crt" "$PCA/ec.key" >"$D/import" 2>&1 || {
		cat "$D/import" >&2
		return 1
	}
	# shellcheck disable=SC2086 # CRUMBGATE_EXTRA is words
	on_proxy "$CRUMBGATE" run -c "$D/crumbgate.conf" --listen "127.0.0.1:$PEER_PORT" --state "$D/state" \
		--workers "$CRUMBGATE_WORKERS" --allow-private --trust "$OCA/root.crt" \
		--connections-per-client 100000 --max-connections 100000 ${CRUMBGATE_EXTRA-} >"$D/out" 2>&1 &
	PEER_PIDS=$!
	wait_port "$PEER_PORT" 10
}
peer_version() { "$CRUMBGATE" --version | head -1; }
