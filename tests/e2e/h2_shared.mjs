/*
 * Who shares a connection to an origin: requests of one client's one top-level site do, many at a time, and
 * those of two sites never.  What the browser announces of itself is what the origin hears.
 */
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { openClient, secure, startDuplex } from './lib/h2.mjs';
import { headers, HEADERS, PREFACE, priorityUpdate, rawClient, settings, startRaw, windowUpdate } from './lib/frames.mjs';

const PAGE = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const partOf = (site) => ({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', referer: `https://${site}/` });
const AT_ONCE = 40;

/* Answers nobody before `n` are there: that they all are under way at one time is then proven. */
function gather(origin, path, n) {
	let waiting = [];
	origin.routes.set(path, (req, res) => {
		waiting.push(res);
		if (waiting.length < n)
			return;
		for (const one of waiting)
			one.end('together');
		waiting = [];
	});
}

async function multiplexed(t, gate, origins) {
	const client = await openClient(t, gate, 'a.test', 'h2');
	await client.ask('/echo', { headers: PAGE });
	gather(origins['a.test'], '/gather', AT_ONCE);
	const all = await Promise.all(Array.from({ length: AT_ONCE }, () => client.ask('/gather', { headers: { ...PAGE, 'sec-fetch-site': 'same-origin' } })));
	t.equal(all.filter((r) => r.text === 'together').length, AT_ONCE, `${AT_ONCE} requests are under way at a time`);
	t.equal(new Set(origins['a.test'].requests.map((r) => r.connection)).size, 1, 'over one connection to the origin');
	/* A second connection of the same client to the same site. */
	const second = await openClient(t, gate, 'a.test', 'h2');
	await second.ask('/echo', { headers: PAGE });
	t.equal(new Set(origins['a.test'].requests.map((r) => r.connection)).size, 1, "which the client's next connection shares");
	client.close();
	second.close();
}

/* One connection at the origin carries requests of one site. */
function sitesOf(origin, path) {
	const sites = new Map();
	for (const r of origin.asked(path)) {
		const site = new URL(r.fields.find(([n]) => n === 'referer')[1]).hostname;
		sites.set(r.connection, new Set([...(sites.get(r.connection) ?? []), site]));
	}
	return sites;
}

async function apart(t, gate, origins) {
	for (const site of ['a.test', 'b.test']) {
		const page = await openClient(t, gate, site, 'h2');
		await page.ask('/echo', { headers: PAGE });
		page.close();
	}
	/* As browsers do it: a connection for each site. */
	const origin = origins['cdn.test'];
	const clients = {};
	for (const site of ['a.test', 'b.test']) {
		clients[site] = await openClient(t, gate, 'cdn.test', 'h2');
		for (let i = 0; i < 4; i++)
			await clients[site].ask('/echo', { headers: partOf(site) });
	}
	let sites = sitesOf(origin, '/echo');
	t.equal([sites.size, [...sites.values()].every((s) => s.size === 1)], [2, true], 'two sites have two connections to a third party, each one');

	/* And where one connection brings requests of both. */
	gather(origin, '/gather', 8);
	const both = await Promise.all(Array.from({ length: 8 }, (x, i) =>
		clients['a.test'].ask('/gather', { headers: partOf(i % 2 === 0 ? 'a.test' : 'b.test') })));
	t.equal(both.filter((r) => r.text === 'together').length, 8, 'requests of both sites over one connection are answered');
	sites = sitesOf(origin, '/gather');
	t.check(sites.size >= 2 && [...sites.values()].every((s) => s.size === 1), 'and stay apart towards the origin', [...sites].map(([c, s]) => [c, ...s]));

	/* An HTTP/1.1 client of the same site shares what there is. */
	const old = await openClient(t, gate, 'cdn.test', 'http/1.1');
	const had = new Set(origin.requests.map((r) => r.connection));
	const r = await old.ask('/echo', { headers: partOf('a.test') });
	t.note(`an HTTP/1.1 client ${had.has(JSON.parse(r.text).connection) ? 'shares a connection' : 'gets a connection of its own'}`);
	t.equal(sitesOf(origin, '/echo').get(JSON.parse(r.text).connection)?.size, 1, 'also with an HTTP/1.1 client');
	[...Object.values(clients), old].forEach((c) => c.close());
}

/* Chromium's and Firefox's, as they are on the wire: what each id is stands in RFC 9113 section 6.5.2. */
const SHAPES = {
	chromium: { settings: [[1, 65536], [2, 0], [4, 6291456], [6, 262144]], window: 15663105 },
	firefox: { settings: [[1, 65536], [2, 0], [4, 131072], [5, 16384]], window: 12517377 },
};

async function shape(t, gate, raw) {
	for (const [name, like] of Object.entries(SHAPES)) {
		const host = `${name}.test`;
		const tls = await secure(gate, host, { alpn: ['h2'] });
		const client = rawClient(tls);
		t.defer(() => tls.destroy());
		const request = [[':method', 'GET'], [':authority', host], [':scheme', 'https'], [':path', '/'], ['priority', 'u=2, i']];
		raw.held = false;
		client.send(PREFACE, settings(like.settings), windowUpdate(0, like.window), headers(1, request));
		t.check((await t.until(() => client.answered(1), 10)) === true, `${name}: an answer comes`);
		const hello = raw.hellos.at(-1);
		t.equal(hello?.settings?.map(([id]) => id), like.settings.map(([id]) => id), `${name}: the origin gets the SETTINGS that the browser sent, in its order`);
		t.check(hello?.settings?.every(([id, value]) => value === like.settings.find(([i]) => i === id)?.[1] || id === 4),
			`${name}: with its values, the window's but for a cap`, { got: hello?.settings, browser: like.settings });
		t.check((hello?.window ?? 0) > 0, `${name}: and the connection's window is raised as the browser does`, hello?.window);
		raw.held = true;
		client.send(headers(3, request));
		await t.until(() => hello.frames.filter((type) => type === HEADERS).length === 2);
		client.send(priorityUpdate(3, 'u=5'));
		t.check((await t.until(() => client.answered(3), 10)) === true && hello.updates.includes('u=5'), `${name}: PRIORITY_UPDATE passes`, hello);
		tls.destroy();
	}
}

/* One connection could lead to as many origins as it has streams, or to one in as many names. */
async function many(t, pki, origin) {
	const gate = await startCrumbgate(t, { label: 'many', trust: pki.root, sites: [['cdn.test:443', origin.port]],
		args: ['--workers', '1', '--connections-per-client', '4'] });
	const client = await openClient(t, gate, 'cdn.test', 'h2');
	const before = new Set(origin.requests.map((r) => r.connection)).size;
	const all = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => client.ask('/echo', { headers: partOf(`site${i}.test`) })));
	t.equal([all.filter((r) => r.status === 200).length, all.filter((r) => r.status === 503).length], [32, AT_ONCE - 32],
		'connections to origins are limited for each client too');
	t.equal(new Set(origin.requests.map((r) => r.connection)).size - before, 32, 'as many as answers');
	t.equal((await client.ask('/echo', { headers: partOf('site0.test') })).status, 200, 'those that are there go on');
	client.close();
	t.equal((await gate.proc.stop()).code, 0, 'TERM ends it with 0');
}

scenario('h2_shared', async (t) => {
	const pki = await makePki(t);
	const tls = await pki.leaf('sites', ['a.test', 'b.test', 'cdn.test', 'chromium.test', 'firefox.test']);
	const origins = {};
	for (const host of ['a.test', 'b.test', 'cdn.test'])
		origins[host] = await startDuplex(t, tls);
	const raw = await startRaw(t, tls);
	const gate = await startCrumbgate(t, { trust: pki.root, workers: 1,
		sites: [...Object.entries(origins).map(([host, o]) => [`${host}:443`, o.port]), [':443', raw.port]] });

	await t.part('multiplexed', () => multiplexed(t, gate, origins));
	await t.part('apart', () => apart(t, gate, origins));
	await t.part('priority', async () => {
		const client = await openClient(t, gate, 'a.test', 'h2');
		const r = await client.ask('/echo', { headers: { ...PAGE, priority: 'u=1, i' } });
		t.equal(JSON.parse(r.text).fields.filter(([n]) => n === 'priority'), [['priority', 'u=1, i']], 'the field Priority passes');
		client.close();
	});
	await t.part('many', () => many(t, pki, origins['cdn.test']));
	await t.part('shape', () => shape(t, gate, raw));
	await checkEvidence(t, gate);
	t.equal((await gate.proc.stop()).code, 0, 'TERM ends it with 0');
});
