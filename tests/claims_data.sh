#!/bin/sh
# claims_data.sh - the TC strings, GPP strings and consent signals of an outside data folder ($CRUMBGATE_DATA,
# else skipped) through the built command: every field of every string, value for value, and every malformed
# string refused.
set -eu
program=${CRUMBGATE-./crumbgate}
[ -d "${CRUMBGATE_DATA:-/nonexistent}/tcf" ] || {
	echo 'SKIP: CRUMBGATE_DATA is not set'
	exit 77
}
command -v python3 >/dev/null || {
	echo 'SKIP: no python3 here'
	exit 77
}
exec python3 - "$program" "$CRUMBGATE_DATA/tcf" <<'PY'
import glob, json, subprocess, sys

program, folder = sys.argv[1:]
failed = compared = 0


def run(command, text):
    done = subprocess.run([program, command, "--json", "--", text], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def wrong(name, what):
    global failed
    failed += 1
    print(f"{name}: {what}", file=sys.stderr)


def equal(name, command, text, wanted, pick=lambda got: got):
    global compared
    compared += 1
    status, out, err = run(command, text)
    if status != 0:
        return wrong(name, f"exit {status}: {err.strip()}")
    got = pick(json.loads(out))
    # As text, so that 1 is not true and 1.0 is not 1.
    if json.dumps(got, sort_keys=True) == json.dumps(wanted, sort_keys=True):
        return
    for key in sorted(set(got) | set(wanted)):
        if json.dumps(got.get(key), sort_keys=True) != json.dumps(wanted.get(key), sort_keys=True):
            wrong(name, f"{key}: {got.get(key)!r} instead of {wanted.get(key)!r}")


def refused(name, command, text):
    global compared
    compared += 1
    status, out, err = run(command, text)
    if status != 1 or out or err.count("\n") != 1:
        wrong(name, f"not refused with one line: exit {status}, {out!r}, {err!r}")


def in_order(command, texts, singles):
    """The same strings on standard input: the same objects, one a line."""
    done = subprocess.run([program, command, "--json", "-"], input="\n".join(texts) + "\n", capture_output=True,
                          text=True, timeout=60)
    lines = done.stdout.split("\n")[:-1]
    if [json.loads(line) for line in lines] != singles:
        wrong(command, "standard input gives other objects than the arguments")


for path in glob.glob(folder + "/tcf-vectors*.json"):
    data = json.load(open(path))
    for v in data["vectors"]:
        equal(v["id"], "tcf", v["tcString"], v["decoded"])
    for v in data.get("negative", []):
        refused(v["id"], "tcf", v["tcString"])
    in_order("tcf", [v["tcString"] for v in data["vectors"]], [v["decoded"] for v in data["vectors"]])
for path in glob.glob(folder + "/gpp-vectors*.json"):
    data = json.load(open(path))
    for v in data["vectors"]:
        equal(v["id"], "gpp", v["gpp"], {"sectionIds": v["sectionIds"], "sections": v["sections"]})
    for v in data.get("negative", []):
        refused(v["id"], "gpp", v["gpp"])
    in_order("gpp", [v["gpp"] for v in data["vectors"]],
             [{"sectionIds": v["sectionIds"], "sections": v["sections"]} for v in data["vectors"]])

facts = json.load(open(folder + "/consent-facts.json"))
for v in facts["google_additional_consent"]["vectors"]:
    equal("ac " + v["s"], "tcf", v["s"], {k: v[k] for k in v if k != "s"})
mode = facts["google_consent_mode"]
for text, wanted in mode["gcs"].items():
    equal("gcs " + text, "tcf", text, wanted)
for letter, meaning in mode["gcd_letters"].items():
    equal("gcd " + letter, "tcf", f"11{letter}1{letter}1{letter}1{letter}5", {"ad_storage": meaning},
          lambda got: {"ad_storage": got["ad_storage"]})
for v in mode["gcd_vectors"]:
    equal("gcd " + v["s"], "tcf", v["s"], {"granted": v["granted"]}, lambda got: {"granted": got["granted"]})
for text in facts["usprivacy"]["examples"]:
    wanted = {"Version": 1, "Notice": text[1], "OptOutSale": text[2], "LspaCovered": text[3]}
    equal("us_privacy " + text, "tcf", text, wanted)

print(f"{compared} strings compared, {failed} differences")
sys.exit(1 if failed or compared < 100 else 0)
PY
