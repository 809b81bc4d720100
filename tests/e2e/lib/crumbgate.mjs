/*
 * crumbgate.mjs - the proxy under test, and curl as its client.
 *
 *	const gate = await startCrumbgate(t, { trust: pki.root, sites: [[':443', origin.https], [':80', origin.http]] });
 *	const r = await gate.curl(['https://site.test/echo']);		// { code, status, headers, body }
 *	const entries = await gate.entries((e) => e.kind === 'set');
 *
 * The program is $CRUMBGATE, else build/crumbgate of this tree.  Each gate has a state folder and a configuration file of its own.
 */
import { readFileSync, writeFileSync, existsSync, chmodSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accepts, freePort } from './scenario.mjs';

export const program = resolve(process.env.CRUMBGATE ?? fileURLToPath(new URL('../../../build/crumbgate', import.meta.url)));

/* The heads at the start of curl's --include output: { status, fields: [name, value] pairs } each. */
function parseHeads(buffer) {
	const heads = [];
	let rest = buffer;
	while (rest.subarray(0, 5).toString() === 'HTTP/') {
		const end = rest.indexOf('\r\n\r\n');
		if (end < 0)
			break;
		const lines = rest.subarray(0, end).toString('latin1').split('\r\n');
		heads.push({ status: Number(lines[0].split(' ')[1]),
			fields: lines.slice(1).map((line) => line.split(/: ?(.*)/s, 2)) });
		rest = rest.subarray(end + 4);
	}
	return heads;
}

export async function startCrumbgate(t, { trust, sites = [], config = '', args = [], label = 'crumbgate', listen,
	allowPrivate = true, workers = 2, state } = {}) {
	if (!existsSync(program))
		throw new Error(`no program at ${program}: set CRUMBGATE`);
	const gate = { port: await freePort(), state: state ?? t.path(`${label}-state`), conf: t.path(`${label}.conf`) };
	gate.ca = `${gate.state}/ca/ca.pem`;
	gate.evidence = `${gate.state}/evidence`;
	writeFileSync(gate.conf, config);
	chmodSync(gate.conf, 0o600);
	const env = { HOME: t.dir, XDG_CONFIG_HOME: t.path('no-config'), XDG_STATE_HOME: t.path('no-state') };
	gate.launch = async () => {
		gate.proc = t.start(label, program, ['run', '-c', gate.conf,
			...(listen ?? ['127.0.0.1']).flatMap((host) => ['--listen', `${host}:${gate.port}`]),
			/* The system's lists are not the same on every machine. */
			'--no-list-defaults', '--state', gate.state, '--workers', String(workers),
			...(trust ? ['--trust', trust] : []), ...(allowPrivate ? ['--allow-private'] : []),
			...sites.flatMap(([from, port]) => ['--connect-to', `${from}:127.0.0.1:${port}`]), ...args],
		/* The processes of `run` let nobody trace them, which is how LeakSanitizer works. */
		{ env: { ...env, ASAN_OPTIONS: 'detect_leaks=0' }, grace: 20000 });
		await t.until(async () => gate.proc.exited !== null || ((await accepts(gate.port)) && existsSync(gate.ca)), 15);
		if (gate.proc.exited !== null || !existsSync(gate.ca))
			throw new Error(`crumbgate did not start: ${gate.proc.output()}`);
	};
	await gate.launch();
	t.defer(async () => {
		await gate.proc.stop();
		t.check(!/Sanitizer|runtime error:/.test(gate.proc.output()), `${label}: no sanitizer has anything to say`);
	});
	/* A subcommand of the program: { code, stdout, stderr }. */
	gate.tool = (...words) => t.run(program, words, { env });

	gate.curl = async (words, { proxy = `http://127.0.0.1:${gate.port}`, ca = gate.ca, seconds = 30, input } = {}) => {
		const r = await t.run('curl', ['-sS', '--include', '--max-time', String(seconds), '--http1.1',
			'--suppress-connect-headers', '--proxy', proxy, ...(ca ? ['--cacert', ca] : []), ...words],
		{ env: { HOME: t.dir }, input, seconds: seconds + 10 });
		const heads = parseHeads(r.stdout);
		const last = heads.at(-1);
		let body = r.stdout;
		for (let i = 0; i < heads.length; i++)
			body = body.subarray(body.indexOf('\r\n\r\n') + 4);
		return { code: r.code, stderr: r.stderr.toString(), heads, status: last?.status, body, text: body.toString(), raw: r.stdout.toString('latin1'),
			all: (name) => (last?.fields ?? []).filter(([n]) => n.toLowerCase() === name).map(([, v]) => v),
			get: (name) => last?.fields.find(([n]) => n.toLowerCase() === name)?.[1] };
	};

	/* Every entry of the log so far, as objects. */
	gate.log = async () => {
		const r = await gate.tool('log', '--json', gate.evidence);
		if (r.code !== 0)
			throw new Error(`crumbgate log: exit ${r.code}: ${r.stderr}`);
		return r.stdout.toString().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
	};
	/* The entries that `wanted` holds for, once there are `n` of them; what there is after 10 s. */
	gate.entries = async (wanted, n = 1) => {
		let found = [];
		await t.until(async () => {
			found = (await gate.log()).filter(wanted);
			return found.length >= n;
		}, 10);
		return found;
	};
	return gate;
}

/* The log verifies and replays to the same verdicts, and no child has died that was not killed. */
export async function checkEvidence(t, gate, { deaths = false } = {}) {
	if (!deaths)
		t.equal((await gate.log()).filter((e) => e.kind === 'restart'), [], 'no child has died');
	for (const verb of ['verify', 'replay']) {
		const r = await gate.tool(verb, gate.evidence);
		t.check(r.code === 0, `crumbgate ${verb} exits 0`, { code: r.code, out: r.stdout.toString(), err: r.stderr.toString() });
	}
}

export const readText = (path) => readFileSync(path, 'utf8');
