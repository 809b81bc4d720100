/*
 * soak.mjs [--json] [--seconds S] [--clients N] [--samples FILE] [--only PATTERN] - N clients (200) do everything that browsers do, at a
 * pace, for S seconds (60): small and large objects, uploads, HTTP/1.1 and HTTP/2, kept and new connections, WebSockets, cookies,
 * slow reading, giving up in the middle; the origin breaks off too.
 *
 * At the end: no error that neither the origin nor the client made, no descriptor left open,
 * the log verifies and replays; printed for judging: memory, and its slope after the warm-up (the first fifth).  A row of FILE (TSV) for each process every ten seconds.
 * PATTERN chooses among the actions below, to find one that fails.
 */
import { appendFileSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Scenario } from '../e2e/lib/scenario.mjs';
import { makePki } from '../e2e/lib/pki.mjs';
import { pattern, patternSum, sha256, startNginx } from '../e2e/lib/origin.mjs';
import { startCrumbgate } from '../e2e/lib/crumbgate.mjs';
import { openClient, secure, startDuplex } from '../e2e/lib/h2.mjs';
import { childrenOf, nameOf } from '../e2e/lib/processes.mjs';
import { frame, frameReader, TEXT } from '../e2e/lib/websocket.mjs';

const { values: options } = parseArgs({ options: { json: { type: 'boolean' }, seconds: { type: 'string', default: '60' },
	clients: { type: 'string', default: '200' }, pause: { type: 'string', default: '1400' }, samples: { type: 'string' },
	only: { type: 'string', default: '' } } });
const SECONDS = Number(options.seconds), CLIENTS = Number(options.clients), PAUSE = Number(options.pause);
const LARGE = 1 << 20, SMALL = 2048, UP = 256 * 1024;
const SUMS = { large: patternSum(LARGE), up: patternSum(UP) };
const HOSTS = ['news.test', 'shop.test', 'mail.test', 'ads.test'];
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* Numerical Recipes' generator: the same order of things in each run. */
let seed = 20261122;
const random = (n) => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % n;
const counts = {}, faults = [];
let running = true, requests = 0, failures = 0;

class Fault extends Error {}
const must = (holds, what) => {
	if (!holds)
		throw new Fault(what);
};

function fieldsFor(host) {
	const n = random(1000);
	const page = host === 'ads.test' ? { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', referer: `https://${HOSTS[n % 3]}/` }
		: { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
	return { ...page, cookie: [`sid=${n}`, `_ga=GA1.1.${n}.1`, 'theme=dark'] };
}

/* What one client keeps: a connection of each protocol, opened when it is needed. */
class Client {
	constructor(gate) {
		this.gate = gate;
		this.kept = {};
	}
	async open(alpn, host) {
		requests++;
		return openClient({ defer() {} }, this.gate, host, alpn, { ca: this.gate.caBytes });
	}
	async have(alpn) {
		const kept = this.kept[alpn];
		if (kept !== undefined && !kept.tls.destroyed && !kept.session?.closed && !kept.session?.destroyed && kept.goaway === undefined)
			return kept;
		kept?.close();
		return (this.kept[alpn] = await this.open(alpn, HOSTS[random(HOSTS.length)]));
	}
	close() {
		Object.values(this.kept).forEach((c) => c.close());
	}
}

async function small(client) {
	const r = await client.ask(`/set?c=${encodeURIComponent(`sid=${random(1000)}; Path=/; Secure`)}&c=${encodeURIComponent(`_ga=GA1.1.${random(1000)}; Path=/; Max-Age=63072000`)}`,
		{ headers: fieldsFor(client.host) });
	must(r.ok && r.status === 200 && r.text === 'set\n', `${client.host}, ${client.protocol}: ${r.status} ${r.error ?? ''}`);
	must(!r.cookies.some((c) => /^_ga=GA/.test(c)), 'a tracking cookie passed');
}

const ALPN = ['h2', 'http/1.1'];
const once = async (c, alpn, body) => {
	const client = await c.open(alpn, HOSTS[random(HOSTS.length)]);
	try {
		await body(client);
	} finally {
		client.close();
	}
};

const ACTIONS = {
	'small, h2': { of: 30, run: async (c) => small(await c.have('h2')) },
	'small, h1': { of: 20, run: async (c) => small(await c.have('http/1.1')) },
	'five at a time, h2': { of: 5, async run(c) {
		const client = await c.have('h2');
		requests += 4;
		await Promise.all(Array.from({ length: 5 }, () => small(client)));
	} },
	'new connection': { of: 10, run: (c) => once(c, ALPN[random(2)], small) },
	'large': { of: 5, async run(c) {
		const client = await c.have(ALPN[random(2)]);
		const r = await client.ask(`/bytes?n=${LARGE}`, { headers: fieldsFor('news.test') });
		must(r.ok && sha256(r.body) === SUMS.large, `${client.host}, ${client.protocol}: ${r.status} ${r.body?.length} ${r.error ?? ''}`);
	} },
	'upload': { of: 5, async run(c) {
		const client = await c.have(ALPN[random(2)]);
		const r = await client.ask('/upload', { body: pattern(UP), headers: fieldsFor('news.test') });
		must(r.ok && r.status === 200 && JSON.parse(r.text).sha256 === SUMS.up,
			`${client.host}, ${client.protocol}: ${r.status} ${r.error ?? r.text.replace(/<style.*<\/style>|<[^>]*>|\s+/gs, ' ').slice(0, 300)}`);
	} },
	'given up in the middle': { of: 6, run: (c) => once(c, ALPN[random(2)], async (client) => {
		const x = client.open(`/bytes?n=${8 * LARGE}`, { headers: fieldsFor(client.host), read: false });
		await x.head;
		x.cancel();
	}) },
	'given up before the answer': { of: 3, run: (c) => once(c, ALPN[random(2)], async (client) => {
		client.open('/hang', { headers: fieldsFor(client.host) });
		await wait(50);
	}) },
	'connection cut in an upload': { of: 3, run: (c) => once(c, ALPN[random(2)], async (client) => {
		const x = client.open('/upload', { method: 'POST', headers: fieldsFor(client.host) });
		x.write(Buffer.alloc(100000));
		await wait(20);
	}) },
	'the origin breaks off': { of: 3, run: (c) => once(c, ALPN[random(2)], async (client) => {
		const r = await client.ask('/broken', { headers: fieldsFor(client.host) });
		must(!r.ok, 'an answer that broke off looks whole');
	}) },
	'slow reader': { of: 3, run: (c) => once(c, ALPN[random(2)], async (client) => {
		const x = client.open(`/bytes?n=${2 * LARGE}`, { headers: fieldsFor(client.host), read: false });
		must((await x.head) !== undefined, 'slow reader: no answer');
		const source = x.source ?? x.stream;
		let got = 0;
		for (let i = 0; i < 10 && got < 2 * LARGE; i++) {
			await wait(100);
			for (let d = source.read(); d !== null; d = source.read())
				got += d.length;
		}
		x.read();
		const r = await x.done;
		must(r.ok && got + x.got === 2 * LARGE, `slow reader: ${got + x.got} ${r.error ?? ''}`);
	}) },
	'WebSocket': { of: 3, run: (c) => webSocket(c.gate) },
	/* As a program does that accepts only its own certificate: the host is then passed through for a while. */
	'TLS and no more': { of: 2, async run(c) {
		const tls = await secure(c.gate, 'pinned.test', { ca: c.gate.caBytes }).catch(() => null);
		tls?.destroy();
	} },
	'nginx': { of: 5, async run(c) {
		const client = await c.open(ALPN[random(2)], 'nginx.test');
		const r = await client.ask('/cookie', { headers: fieldsFor('nginx.test') });
		client.close();
		must(r.ok && r.text === 'from nginx\n', `nginx: ${r.status} ${r.error ?? ''}`);
	} },
};

async function webSocket(gate) {
	requests++;
	const tls = await secure(gate, HOSTS[0], { alpn: ['http/1.1'], ca: gate.caBytes });
	try {
		await new Promise((resolve, reject) => {
			let head = '', heard = 0;
			const timer = setTimeout(() => reject(new Fault('WebSocket: time-out')), 20000);
			const say = () => tls.write(frame(TEXT, Buffer.from(`message ${heard}`), { mask: true }));
			const reader = frameReader(() => (++heard < 5 ? say() : (clearTimeout(timer), resolve())));
			tls.on('close', () => {
				clearTimeout(timer);
				reject(new Fault('WebSocket: closed'));
			});
			tls.on('data', (d) => {
				if (head.includes('\r\n\r\n'))
					return reader.push(d);
				head += d.toString('latin1');
				if (/^HTTP\/1\.1 101 /.test(head) && head.includes('\r\n\r\n'))
					say();
				return undefined;
			});
			tls.write(`GET /ws HTTP/1.1\r\nHost: ${HOSTS[0]}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
				`Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`);
		});
	} finally {
		tls.destroy();
	}
}

const DICE = Object.entries(ACTIONS).filter(([name]) => new RegExp(options.only).test(name)).flatMap(([name, { of }]) => Array(of).fill(name));
async function browse(gate) {
	const c = new Client(gate);
	await wait(random(PAUSE));
	while (running) {
		const name = DICE[random(DICE.length)];
		requests++;
		counts[name] = (counts[name] ?? 0) + 1;
		try {
			await ACTIONS[name].run(c);
		} catch (error) {
			failures++;
			const what = `${name}: ${error.message.replace(/^[0-9A-F]+:/, '').trim()}`;
			const known = faults.find((f) => f.what === what);
			if (known !== undefined)
				known.times++;
			else if (faults.length < 50)
				faults.push({ first: new Date().toISOString(), times: 1, what });
		}
		await wait(PAUSE / 2 + random(PAUSE));
	}
	c.close();
}

/* --- readings */

const read = (path, pattern) => {
	try {
		return Number(pattern.exec(readFileSync(path, 'utf8'))?.[1] ?? 0);
	} catch {
		return 0;
	}
};
function reading(pid) {
	let fds = 0, ticks = 0;
	try {
		fds = readdirSync(`/proc/${pid}/fd`).length;
		const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
		ticks = Number(stat[11]) + Number(stat[12]);
	} catch {
		/* It is gone; the log will say so. */
	}
	return { pid, name: nameOf(pid), rss: read(`/proc/${pid}/status`, /^VmRSS:\s+(\d+)/m), pss: read(`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+)/m), fds, cpu: ticks / 100 };
}
/* What a process has open, without the numbers that tell one socket from another. */
function open(pid) {
	return readdirSync(`/proc/${pid}/fd`).map((fd) => {
		try {
			return readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/\[\d+\]/, '');
		} catch {
			return 'gone';
		}
	});
}
function added(before, after) {
	const left = [...before];
	return after.filter((link) => {
		const at = left.indexOf(link);
		if (at >= 0)
			left.splice(at, 1);
		return at < 0;
	});
}
const sum = (rows, key) => rows.reduce((n, row) => n + row[key], 0);

/* KiB for each hour, by least squares over what came after the warm-up. */
function slope(samples) {
	const later = samples.filter((s) => s.at >= SECONDS / 5);
	const mean = (f) => later.reduce((n, s) => n + f(s), 0) / later.length;
	const x = mean((s) => s.at), y = mean((s) => s.pss);
	return (3600 * later.reduce((n, s) => n + (s.at - x) * (s.pss - y), 0)) / later.reduce((n, s) => n + (s.at - x) ** 2, 0);
}

async function soak(t) {
	const pki = await makePki(t);
	const tls = await pki.leaf('sites', [...HOSTS, 'nginx.test', 'pinned.test']);
	const origins = [await startDuplex(t, tls, { remember: false }), await startDuplex(t, tls, { http2: false, remember: false })];
	const web = await startNginx(t, tls, { http2: true });
	for (const origin of origins) {
		origin.routes.set('/hang', () => {});
		origin.routes.set('/broken', (req, res) => {
			res.writeHead(200, { 'content-length': 1000 });
			res.write('x'.repeat(500), () => (req.stream ? req.stream.close(2) : res.destroy()));
		});
	}
	const gate = await startCrumbgate(t, { trust: pki.root, workers: 2, args: ['--origin-idle-timeout', '5s'],
		sites: [['nginx.test:443', web.https], ['mail.test:443', origins[1].port], [':443', origins[0].port]] });
	gate.caBytes = readFileSync(gate.ca);
	/* What is opened once, at the first request, is no leak. */
	const first = new Client(gate);
	await (await first.have('http/1.1')).ask('/echo');
	const pids = [gate.proc.pid, ...childrenOf(gate.proc.pid)];
	const all = () => pids.map(reading);
	const kept = sum(all(), 'fds');
	first.close();
	await t.until(() => sum(all(), 'fds') <= kept - 2, 20);
	const links = pids.map(open);
	const before = all(), began = Date.now(), samples = [];
	const own = process.cpuUsage();
	const sample = () => {
		const rows = all(), at = (Date.now() - began) / 1000;
		samples.push({ at, pss: sum(rows, 'pss') || sum(rows, 'rss'), rss: sum(rows, 'rss'), fds: sum(rows, 'fds') });
		if (options.samples)
			appendFileSync(options.samples, rows.map((r) => `${at.toFixed(0)}\t${r.name}\t${r.pid}\t${r.rss}\t${r.pss}\t${r.fds}\t${r.cpu}\n`).join(''));
	};
	if (options.samples)
		writeFileSync(options.samples, 'seconds\tprocess\tpid\trss_kib\tpss_kib\tfds\tcpu_s\n');
	sample();
	const every = setInterval(sample, Math.min(10, SECONDS / 20) * 1000);
	const clients = Promise.all(Array.from({ length: CLIENTS }, () => browse(gate)));
	await wait(SECONDS * 1000);
	sample();
	clearInterval(every);
	running = false;
	const used = process.cpuUsage(own), busy = all();
	await clients;
	/* Origins' connections are closed 5 s after their last use. */
	const fds = sum(before, 'fds');
	/* A log that grows has one more file for each 256-fold: a level of its tree. */
	const left = () => pids.flatMap((pid, i) => added(links[i], open(pid)).map((link) => `${nameOf(pid)}: ${link}`)).filter((link) => !/evidence\/tree\/\d$/.test(link));
	await t.until(() => left().length === 0, 40);
	const after = all(), leaked = left();
	const alive = childrenOf(gate.proc.pid).filter((pid) => pids.includes(pid)).length === pids.length - 1;
	const stopped = (await gate.proc.stop()).code;
	const verified = (await t.run(gate.proc.child.spawnfile, ['verify', gate.evidence], { seconds: 600 })).code;
	const replayed = (await t.run(gate.proc.child.spawnfile, ['replay', gate.evidence], { seconds: 600 })).code;
	return {
		seconds: SECONDS, clients: CLIENTS, requests, errors: failures, per_s: Number((requests / SECONDS).toFixed(1)),
		cpu_of_proxy: Number(((sum(busy, 'cpu') - sum(before, 'cpu')) / SECONDS).toFixed(3)), cpu_of_load: Number(((used.user + used.system) / 1e6 / SECONDS).toFixed(3)),
		pss_kib: { start: sum(before, 'pss'), fifth: samples.find((s) => s.at >= SECONDS / 5)?.pss, end: samples.at(-1).pss, after: sum(after, 'pss') },
		rss_kib: { start: sum(before, 'rss'), end: samples.at(-1).rss, after: sum(after, 'rss') },
		slope_kib_per_hour: Math.round(slope(samples)), fds: { start: fds, most: Math.max(...samples.map((s) => s.fds)), end: sum(after, 'fds'), leaked },
		no_child_died: alive, exit: stopped, verify: verified, replay: replayed, actions: counts, faults,
	};
}

const t = new Scenario('soak');
process.on('SIGINT', () => t.finish().then(() => process.exit(130)));
process.on('SIGTERM', () => t.finish().then(() => process.exit(143)));
let good = false;
try {
	const r = await soak(t);
	good = r.errors === 0 && r.fds.leaked.length === 0 && r.no_child_died && r.exit === 0 && r.verify === 0 && r.replay === 0;
	console.log(JSON.stringify(r, null, options.json ? 0 : 2));
} catch (error) {
	console.error(error.stack);
}
t.failures = good ? 0 : 1;
await t.finish();
process.exit(good ? 0 : 1);
