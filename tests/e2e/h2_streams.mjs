/*
 * Streams over HTTP/2, in every pairing: what is sent arrives before more is sent (events, messages both ways),
 * who does not read stops who sends, and an end in the middle on one side reaches the other.
 */
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { openClient, startDuplex, refusesHttp1 } from './lib/h2.mjs';

const PAGE = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const MIB = 1 << 20;
/* What lies in socket buffers and windows between the two ends; the whole would be much more. */
const FLOOD = 256 * MIB, MOST = 64 * MIB;
const PAIRS = [['h2', 'two.test'], ['h2', 'one.test'], ['http/1.1', 'two.test'], ['http/1.1', 'one.test']]
	.filter(([alpn, host]) => refusesHttp1 || alpn === 'h2' || host !== 'two.test');

function routes(origin) {
	origin.live = new Map();	// path -> the last answer there, under way
	origin.ended = [];		// paths whose exchange the proxy ended
	for (const path of ['/events', '/hang', '/part', '/flood', '/sink']) {
		origin.routes.set(path, (req, res, url) => {
			origin.live.set(path, { req, res });
			/* An HTTP/1.1 connection that went away, or a stream that was reset. */
			const gone = () => origin.ended.push(url.pathname + url.search);
			if (req.stream !== undefined)
				req.stream.on('close', () => req.stream.rstCode !== 0 && gone());
			else
				req.socket.once('close', gone);
			if (path === '/hang' || path === '/sink')
				return;
			res.writeHead(200, { 'content-type': path === '/events' ? 'text/event-stream' : 'application/octet-stream',
				...(path === '/part' ? { 'content-length': '1000' } : {}) });
			res.flushHeaders?.();
			if (path === '/part')
				res.write('x'.repeat(500));
			if (path === '/flood')
				flood(origin, res);
		});
	}
}

/* Writes as much as is taken, and counts it. */
function flood(origin, res) {
	const piece = Buffer.alloc(65536, 'f');
	origin.sent = 0;
	const more = () => {
		while (origin.sent < FLOOD && !res.destroyed) {
			origin.sent += piece.length;
			if (!res.write(piece))
				return void res.once('drain', more);
		}
		res.end();
	};
	more();
}

/* The value of count() once it has not changed for ten looks. */
async function settled(t, count, seconds = 20) {
	let last = -1, same = 0;
	await t.until(() => {
		same = count() === last ? same + 1 : 0;
		last = count();
		return same >= 10 && last > 0;
	}, seconds);
	return same >= 10 ? last : undefined;
}

const within = (promise, seconds) => Promise.race([promise, new Promise((resolve) => setTimeout(resolve, seconds * 1000, 'nothing in time').unref())]);

async function events(t, { client, origin, what }) {
	const x = client.open('/events', { headers: { ...PAGE, accept: 'text/event-stream' } });
	t.check((await within(x.head, 10)) === x, `${what}: the head of an event stream comes before any event`);
	let heard = 0;
	/* The next event is not sent before this one has arrived. */
	for (let i = 0; i < 20; i++) {
		origin.live.get('/events').res.write(`data: event ${i}.\n\n`);
		if ((await within(x.heard(`event ${i}.`), 10)) !== true)
			break;
		heard++;
	}
	t.equal(heard, 20, `${what}: each event arrives at once`);
	origin.live.get('/events').res.end();
	t.equal((await within(x.done, 10)).ok, true, `${what}: and the stream ends`);
}

async function chat(t, { client, what }) {
	const x = client.open('/chat', { method: 'POST', headers: { ...PAGE, 'content-type': 'application/grpc', te: 'trailers' } });
	let heard = 0;
	for (let i = 0; i < 20; i++) {
		x.write(`message ${i}.`);
		if ((await within(x.heard(`message ${i}.`), 10)) !== true)
			break;
		heard++;
	}
	t.equal(heard, 20, `${what}: messages go both ways in turn on one stream`);
	x.end();
	const r = await within(x.done, 10);
	t.equal([r.ok, r.trailers?.['grpc-status']], [true, '0'], `${what}: and its status comes as a trailer`);
}

async function pressure(t, gate, { alpn, host, origin, what }) {
	let client = await openClient(t, gate, host, alpn);
	let x = client.open('/flood', { headers: PAGE, read: false });
	await within(x.head, 10);
	const stopped = await settled(t, () => origin.sent ?? 0);
	t.check(stopped !== undefined && stopped < MOST, `${what}: an origin is stopped while the client does not read`, stopped);
	t.note(`stopped after ${((stopped ?? 0) / MIB).toFixed(1)} MiB`);
	x.read();
	t.check((await t.until(() => x.got >= stopped + 8 * MIB, 20)) === true, `${what}: and goes on when it reads`, x.got);
	x.cancel();
	t.check((await t.until(() => origin.ended.includes('/flood'), 10)) === true, `${what}: a client that goes away ends it at the origin`);
	client.close();

	client = await openClient(t, gate, host, alpn);
	x = client.open('/sink', { method: 'POST', headers: PAGE });
	await t.until(() => origin.live.has('/sink'), 10);
	const piece = Buffer.alloc(65536, 's');
	let sent = 0;
	const more = () => {
		while (sent < FLOOD && !x.stream.destroyed) {
			sent += piece.length;
			if (!x.write(piece))
				return void x.stream.once('drain', more);
		}
	};
	more();
	const held = await settled(t, () => sent);
	t.check(held !== undefined && held < MOST, `${what}: a client is stopped while the origin does not read`, held);
	t.note(`stopped after ${((held ?? 0) / MIB).toFixed(1)} MiB`);
	const { req, res } = origin.live.get('/sink');
	let came = 0;
	req.on('data', (d) => (came += d.length));
	t.check((await t.until(() => came >= held, 20)) === true, `${what}: and goes on when it reads`, came);
	res.on('error', () => {});
	x.cancel();
	t.check((await t.until(() => origin.ended.includes('/sink'), 10)) === true, `${what}: an upload that breaks off ends at the origin`);
	client.close();
}

async function aborts(t, gate, { alpn, host, origin, what }) {
	let client = await openClient(t, gate, host, alpn);
	let x = client.open(`/hang?reset=${alpn}`, { headers: PAGE });
	await t.until(() => origin.asked('/hang').some((r) => r.path === `/hang?reset=${alpn}`), 10);
	x.cancel();
	t.check((await t.until(() => origin.ended.includes(`/hang?reset=${alpn}`), 10)) === true, `${what}: a request that is given up ends at the origin`);
	if (client.protocol === 'h2') {
		/* The connection and its other streams live on. */
		const before = client.open('/events', { headers: PAGE });
		await within(before.head, 10);
		x = client.open(`/hang?two=${alpn}`, { headers: PAGE });
		await t.until(() => origin.asked('/hang').some((r) => r.path === `/hang?two=${alpn}`), 10);
		x.cancel();
		await t.until(() => origin.ended.includes(`/hang?two=${alpn}`), 10);
		origin.live.get('/events').res.end('data: still here\n\n');
		t.equal((await within(before.done, 10)).ok, true, `${what}: the other streams do not notice`);
		t.equal((await client.ask('/echo', { headers: PAGE })).status, 200, `${what}: nor does the next one`);
	}
	client.close();

	client = await openClient(t, gate, host, alpn);
	x = client.open(`/hang?closed=${alpn}`, { headers: PAGE });
	await t.until(() => origin.asked('/hang').some((r) => r.path === `/hang?closed=${alpn}`), 10);
	client.close();
	t.check((await t.until(() => origin.ended.includes(`/hang?closed=${alpn}`), 10)) === true, `${what}: so does one whose connection is closed`);

	/* The origin breaks off in the middle of an answer of known length. */
	client = await openClient(t, gate, host, alpn);
	x = client.open('/part', { headers: PAGE });
	await within(x.heard('x'.repeat(500)), 10);
	const { req, res } = origin.live.get('/part');
	if (req.stream !== undefined)
		req.stream.close(2);
	else
		res.destroy();
	const r = await within(x.done, 10);
	t.equal([r.ok, r.status], [false, 200], `${what}: an answer that breaks off does not look whole`);
	if (client.protocol === 'h2')
		t.equal((await client.ask('/echo', { headers: PAGE })).status, 200, `${what}: and the connection lives on`);
	client.close();
}

/* Who takes nothing of his answer for stall-timeout does not hold the origin for ever. */
async function given_up(t, gate, { alpn, host, origin, what }) {
	const client = await openClient(t, gate, host, alpn);
	origin.ended.length = 0;
	const x = client.open('/flood', { headers: PAGE, read: false });
	x.stream.on('error', () => {});
	await within(x.head, 10);
	t.check((await t.until(() => origin.ended.includes('/flood'), 20)) === true, `${what}: who reads nothing is given up`);
	client.close();
}

/* GOAWAY and refused streams: what an origin that speaks HTTP/2 may say at any time. */
async function farewells(t, gate, { alpn, host, origin, what }) {
	const client = await openClient(t, gate, host, alpn);
	let refusals = 1;
	origin.routes.set('/bye', (req, res) => {
		req.stream.session.goaway(0);
		res.end('bye');
	});
	origin.routes.set('/refused', (req, res) => (refusals-- > 0 ? req.stream.close(7) : res.end('second time')));
	let r = await client.ask('/echo', { headers: PAGE });
	const before = JSON.parse(r.text).connection;
	r = await client.ask('/bye', { headers: PAGE });
	t.equal([r.ok, r.text], [true, 'bye'], `${what}: an answer with GOAWAY arrives`);
	r = await client.ask('/echo', { headers: PAGE });
	t.check(r.status === 200 && JSON.parse(r.text).connection !== before, `${what}: and the next request takes a new connection`, r.text);
	r = await client.ask('/refused', { headers: PAGE });
	t.equal([r.status, r.text], [200, 'second time'], `${what}: a request that the origin refused unread is sent again`);
	client.close();
}

scenario('h2_streams', async (t) => {
	const pki = await makePki(t);
	const tls = await pki.leaf('sites', ['two.test', 'one.test']);
	const origins = { 'two.test': await startDuplex(t, tls, { http1: false }), 'one.test': await startDuplex(t, tls, { http2: false }) };
	const sites = Object.entries(origins).map(([host, o]) => [`${host}:443`, o.port]);
	const gate = await startCrumbgate(t, { trust: pki.root, sites });
	const hasty = await startCrumbgate(t, { label: 'hasty', trust: pki.root, sites, args: ['--stall-timeout', '2s'] });

	for (const [alpn, host] of PAIRS) {
		const origin = origins[host];
		const what = `${alpn === 'h2' ? 'h2' : 'h1'} to ${host === 'two.test' ? 'h2' : 'h1'}`;
		const pair = { alpn, host, origin, what };
		routes(origin);
		for (const one of [events, chat]) {
			await t.part(what, async () => {
				pair.client = await openClient(t, gate, host, alpn);
				await one(t, pair);
				pair.client.close();
			});
		}
		await t.part(what, () => pressure(t, gate, pair));
		await t.part(what, () => aborts(t, gate, pair));
		await t.part(what, () => given_up(t, hasty, pair));
		if (host === 'two.test')
			await t.part(what, () => farewells(t, gate, pair));
	}
	await checkEvidence(t, gate);
	t.equal((await gate.proc.stop()).code, 0, 'TERM ends it with 0');
});
