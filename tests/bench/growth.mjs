/*
 * growth.mjs [--json] [--rounds N] [--seconds S] [--entries N] [--only WORD,...] - does a request cost the same with much of
 * everything?  Processor time of all processes for one request with 600 and 100,000 rows in the cookie table, with 10
 * and 5,000 open connections, with 10^3 and 10^7 (--entries) entries in the log.  Each pair in turn, round by round.
 */
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Scenario } from '../e2e/lib/scenario.mjs';
import { built, freeBytes, machine, makeStand, median, show, table } from './stand.mjs';

const { values: options } = parseArgs({ options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' },
	entries: { type: 'string', default: '10000000' }, only: { type: 'string', default: '' } } });
const wanted = (name) => options.only === '' || options.only.split(',').includes(name);

/* One value of one pair: a fresh proxy, `before` it is measured, two kinds of request. */
async function measure(t, stand, { exe, state, open = 0 }) {
	const gate = await stand.crumbgate({ exe, state, args: ['--idle-timeout', '1h'] });
	let holding = null;
	if (open > 0) {
		holding = stand.load(gate, 'idle', '--connections', String(open), '--hosts', '100', '--seconds', '3600');
		holding.run = stand.running;
		await Promise.race([holding.run.held, holding]);
	}
	const costs = {};
	/* The same cookies again and again, which are counted; and new ones, each of which is an entry. */
	for (const path of ['/1k', '/new']) {
		const r = await stand.load(gate, 'keep', '--path', path, '--expect', '1024', '--connections', '10', '--warmup', '500', '--seconds', options.seconds);
		if (r.code !== 0)
			throw new Error(`${path}: ${r.errors} errors: ${r.first_error}`);
		costs[path] = r.cpu_us;
	}
	if (holding !== null) {
		holding.run.child.kill('SIGTERM');
		await holding;
	}
	await gate.stop();
	return costs;
}

/* A state folder whose log has so many entries. */
async function filled(t, entries) {
	const folder = t.path(`log-${entries}`);
	const rules = fileURLToPath(new URL('../../data/cookies.tsv', import.meta.url));
	/* A hundred octets an entry, and as much again while it is sealed. */
	if (freeBytes(t.dir) < entries * 250)
		throw new Error(`${entries} entries need ${show(entries * 250 / 1e9)} GB in ${t.dir}; --entries N makes fewer`);
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const r = await t.run(`${built}/evidence`, [folder, String(entries), rules], { seconds: 900 });
	if (r.code !== 0)
		throw new Error(`evidence: ${r.stderr}`);
	return folder;
}

async function grow(t) {
	const stand = await makeStand(t);
	const entries = Number(options.entries);
	const pairs = [];
	if (wanted('rows'))
		pairs.push({ what: 'rows in the cookie table', of: [600, 100000].map((n) => [n, async () => ({ exe: `${built}/crumbgate-${n}` })]) });
	if (wanted('connections'))
		pairs.push({ what: 'open connections', of: [[10, async () => ({})], [5000, async () => ({ open: 4990 })]] });
	if (wanted('entries')) {
		const folders = new Map();
		pairs.push({ what: 'entries in the log', of: [1000, entries].map((n) => [n, async () => {
			if (!folders.has(n))
				folders.set(n, await filled(t, n));
			return { state: folders.get(n) };
		}]) });
	}
	const results = [];
	for (const { what, of } of pairs) {
		const costs = of.map(() => ({ '/1k': [], '/new': [] }));
		for (let round = 0; round < Number(options.rounds); round++) {
			for (const [i, [, make]] of of.entries()) {
				const got = await measure(t, stand, await make());
				Object.entries(got).forEach(([path, us]) => costs[i][path].push(us));
			}
		}
		for (const path of ['/1k', '/new']) {
			const [low, high] = costs.map((c) => median(c[path]));
			results.push({ what, request: path === '/1k' ? 'known cookies' : 'a new cookie each', few: of[0][0], many: of[1][0],
				us_few: low, us_many: high, ratio: Number((high / low).toFixed(3)), runs_few: costs[0][path], runs_many: costs[1][path] });
		}
	}
	return results;
}

const t = new Scenario('bench-growth');
process.on('SIGINT', () => t.finish().then(() => process.exit(130)));
process.on('SIGTERM', () => t.finish().then(() => process.exit(143)));
let status = 1;
try {
	const results = await grow(t);
	if (options.json)
		console.log(JSON.stringify({ machine: machine(), results }));
	else
		console.log(table([['', 'requests', 'few', 'us CPU', 'many', 'us CPU', 'ratio'], ...results.map((r) => [r.what, r.request, r.few.toLocaleString('en'),
			`${show(r.us_few)} (${show(Math.min(...r.runs_few))}-${show(Math.max(...r.runs_few))})`, r.many.toLocaleString('en'),
			`${show(r.us_many)} (${show(Math.min(...r.runs_many))}-${show(Math.max(...r.runs_many))})`, r.ratio.toFixed(2)])]));
	status = 0;
} catch (error) {
	status = error.constructor.name === 'Skip' ? 77 : 1;
	console.error(status === 77 ? `SKIP: ${error.message}` : error.stack);
}
t.failures = status === 1 ? 1 : 0;
await t.finish();
process.exit(status);
