/*
 * bench.mjs [--json] [--rounds N] [--seconds S] [--only WORD,...] - the measurements of `make bench`: what a request, a
 * handshake, a byte and an idle connection cost crumbgate with everything on, beside a plain relay (haproxy with
 * two TLS legs, nothing shared) where that is installed, in the same run, round by round; then the decisions and the log alone.
 *
 * Costs are processor time of all the proxy's processes.  Rates beyond what the one core of the load and
 * the origin gives cannot be seen: look at the costs.
 */
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Scenario } from '../e2e/lib/scenario.mjs';
import { built, machine, makeStand, median, show, SIZES, table } from './stand.mjs';

const { values: options } = parseArgs({ options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '3' },
	seconds: { type: 'string', default: '2' }, only: { type: 'string', default: '' } } });
const rounds = Number(options.rounds);
const wanted = options.only === '' ? null : options.only.split(',');
const object = (path) => ['--path', path, '--expect', String(SIZES[path])];

/* In the order in which a fresh proxy goes through them; `of` says what of the load's report counts. */
const RUNS = [
	{ name: 'cold', what: 'new host, full handshake', unit: 'us CPU', mode: 'cold', args: ['--hosts', '200', '--connections', '4'], of: (r) => r.cpu_us, against: 'full', fresh: true },
	{ name: 'full', what: 'full handshake, 1 request', unit: 'us CPU', mode: 'new', args: ['--connections', '16', '--warmup', '32'], of: (r) => r.cpu_us },
	{ name: 'resumed', what: 'resumed handshake, 1 request', unit: 'us CPU', mode: 'resume', args: ['--connections', '16', '--warmup', '64'], of: (r) => r.cpu_us },
	{ name: '1k', what: 'request of 1 KiB', unit: 'us CPU', mode: 'keep', args: [...object('/1k'), '--connections', '32', '--warmup', '500'], of: (r) => r.cpu_us },
	{ name: 'rate', what: 'requests of 1 KiB', unit: '/s', from: '1k', of: (r) => r.per_s, more: true },
	{ name: '64k', what: 'request of 64 KiB', unit: 'us CPU', mode: 'keep', args: [...object('/64k'), '--connections', '32', '--warmup', '100'], of: (r) => r.cpu_us },
	{ name: 'h2', what: 'request of 1 KiB, HTTP/2', unit: 'us CPU', mode: 'h2', args: [...object('/1k'), '--connections', '8', '--streams', '8', '--warmup', '500'], of: (r) => r.cpu_us },
	{ name: 'h2rate', what: 'requests of 1 KiB, HTTP/2', unit: '/s', from: 'h2', of: (r) => r.per_s, more: true },
	{ name: 'bulk', what: 'GiB in pieces of 64 MiB', unit: 'ms CPU', mode: 'keep', args: [...object('/big'), '--connections', '2', '--warmup', '2'], of: (r) => r.cpu_ms_per_gib },
	{ name: 'p50', what: 'one at a time, median', unit: 'us', mode: 'keep', args: [...object('/1k'), '--connections', '1', '--warmup', '200'], of: (r) => r.p50_us },
	{ name: 'idle', what: 'idle connection', unit: 'KiB', mode: 'idle', args: [...object('/1k'), '--connections', '1000', '--hosts', '100', '--seconds', '1'], of: (r) => r.kib_each, restart: true },
].filter((run) => wanted === null || wanted.includes(run.name) || wanted.includes(run.from));

/* One peer, once through all. */
async function round(t, stand, open, results) {
	let peer = null;
	const restart = async () => {
		await peer?.stop?.();
		peer = await open();
	};
	const reports = {};
	for (const run of RUNS) {
		if (run.from === undefined) {
			if (peer === null || run.restart)
				await restart();
			if (peer === null)
				return;
			/* Nobody mints but crumbgate. */
			if ((run.name === 'cold' && peer.name !== 'crumbgate') || (peer.name === 'direct' && run.name === 'idle'))
				continue;
			const r = await stand.load(peer, run.mode, '--seconds', options.seconds, ...run.args);
			if (r.errors > 0 || r.code !== 0) {
				t.failures++;
				console.error(`${peer.name}, ${run.what}: ${r.errors} errors: ${r.first_error}`);
				continue;
			}
			reports[run.name] = r;
		}
		const report = reports[run.from ?? run.name];
		if (report !== undefined)
			((results[run.name] ??= {})[peer.name] ??= []).push(run.of(report));
	}
	await peer?.stop?.();
}

async function filters(t) {
	const r = await t.run(`${built}/filters`, [], { seconds: 120 });
	return r.stdout.toString().split('\n').map((line) => /^(.*?)\s{2,}([\d.]+) (ns|bytes)$/.exec(line)).filter((m) => m !== null)
		.map(([, what, n, unit]) => ({ what, unit, n: Number(n) }));
}

async function log(t) {
	mkdirSync(t.path('log'));
	const rules = fileURLToPath(new URL('../../data/cookies.tsv', import.meta.url));
	const r = await t.run(`${built}/evidence`, [t.path('log/state'), '300000', rules, 'recorder'], { seconds: 300 });
	return r.code === 0 ? JSON.parse(r.stdout.toString()) : { error: r.stderr.toString() };
}

function print(m, results, decided, logged) {
	const spread = (list) => (list === undefined ? '-' : `${show(median(list))} (${show(Math.min(...list))}-${show(Math.max(...list))})`);
	const rows = [['', 'unit', 'crumbgate', 'haproxy', 'direct', 'to haproxy']];
	for (const run of RUNS) {
		const r = results[run.name] ?? {};
		const other = median(r.haproxy ?? results[run.against]?.haproxy ?? []);
		const ratio = other > 0 && r.crumbgate !== undefined ? (median(r.crumbgate) / other).toFixed(2) : '-';
		rows.push([run.what, run.unit, spread(r.crumbgate), spread(r.haproxy), spread(r.direct), ratio]);
	}
	console.log(Object.entries(m).filter(([, v]) => v !== '').map(([k, v]) => `${k}: ${v}`).join('\n'));
	console.log(`\nMedians of ${rounds} rounds of ${options.seconds} s (least-most).  haproxy shares no origin connection; it is asked for no new host.\n`);
	console.log(table(rows));
	if (decided.length > 0)
		console.log(`\n${table([['deciding', '', ''], ...decided.map(({ what, n, unit }) => [what, show(n), unit])])}`);
	if (logged !== null)
		console.log(`\n${table([['the log', ''], ...Object.entries(logged).filter(([k]) => k !== 'verify' && k !== 'replay').map(([k, v]) => [k.replaceAll('_', ' '), typeof v === 'number' ? show(v) : String(v)])])}`);
}

const t = new Scenario('bench');
process.on('SIGINT', () => t.finish().then(() => process.exit(130)));
process.on('SIGTERM', () => t.finish().then(() => process.exit(143)));
let skipped = false;
try {
	const stand = await makeStand(t);
	const results = {};
	for (let i = 0; i < rounds; i++) {
		for (const open of [() => stand.crumbgate(), () => stand.haproxy(), () => stand.direct])
			await round(t, stand, open, results);
	}
	const decided = wanted === null || wanted.includes('filters') ? await filters(t) : [];
	const logged = wanted === null || wanted.includes('log') ? await log(t) : null;
	if (options.json)
		console.log(JSON.stringify({ machine: machine(), rounds, seconds: Number(options.seconds), results, filters: decided, log: logged }));
	else
		print(machine(), results, decided, logged);
} catch (error) {
	skipped = error.constructor.name === 'Skip';
	t.failures += skipped ? 0 : 1;
	console.error(skipped ? `SKIP: ${error.message}` : error.stack);
}
const failed = t.failures > 0;
await t.finish();
process.exit(failed ? 1 : skipped ? 77 : 0);
