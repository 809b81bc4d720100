/*
 * TLS to the proxy itself (listen-tls): whose certificate it shows, HTTP/1.1 and HTTP/2 inside, tunnels with TLS in TLS.
 */
import http2 from 'node:http2';
import https from 'node:https';
import { connect as tcp, createServer } from 'node:net';
import { once } from 'node:events';
import { connect as tls } from 'node:tls';
import { readFileSync, readdirSync } from 'node:fs';
import { scenario, freePort } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { patternSum, pattern, sha256, startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { childrenOf } from './lib/processes.mjs';

const GA = '_ga=GA1.1.1234567890.1700000000; Path=/; Max-Age=63072000; Secure';

/* The names in the certificate that is shown for this SNI ('' for none), or the error. */
function shown(port, ca, servername, ALPNProtocols) {
	return new Promise((resolve) => {
		const socket = tls({ port, host: '127.0.0.1', servername, ca, ALPNProtocols,
			checkServerIdentity: () => undefined });
		socket.setTimeout(10000, () => socket.destroy(new Error('timeout')));
		socket.on('secureConnect', () => {
			resolve({ names: socket.getPeerCertificate().subjectaltname, alpn: socket.alpnProtocol,
				trusted: socket.authorized });
			socket.destroy();
		});
		socket.on('error', (error) => resolve({ error: error.code ?? error.message }));
	});
}

/* All that a server says to these bytes until it closes. */
function said(port, bytes) {
	return new Promise((resolve) => {
		const socket = tcp({ port, host: '127.0.0.1' }, () => socket.write(bytes));
		const got = [];
		socket.setTimeout(10000, () => socket.destroy());
		socket.on('data', (d) => got.push(d));
		socket.on('error', () => {});
		socket.on('close', () => resolve(Buffer.concat(got)));
	});
}

async function names(t, port, ca) {
	t.equal(await shown(port, ca, 'localhost'), { names: 'DNS:localhost', alpn: false, trusted: true },
		'localhost is a name of the proxy');
	t.equal((await shown(port, ca, 'crumbgate.internal')).names, 'DNS:crumbgate.internal', 'so is crumbgate.internal');
	t.equal((await shown(port, ca, '')).names, 'IP Address:127.0.0.1', 'without a name it is the address');
	t.equal((await shown(port, ca, 'gate.school.test')).names, 'DNS:gate.school.test', 'tls-name adds a name');
	t.equal((await shown(port, ca, 'a.gates.test')).names, 'DNS:a.gates.test', 'and all names below one');
	for (const foreign of ['site.test', 'gates.test', 'www.localhost'])
		t.equal((await shown(port, ca, foreign)).error, 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME', `${foreign} is refused`);
	t.match((await said(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toString(), /^HTTP\/1\.1 400 .*speaks TLS/s,
		'who speaks HTTP in clear is told so');
	t.equal((await said(port, '\x05\x01\x00\r\n\r\n')).length, 0, 'and anything else nothing');
}

async function http1(t, gate, port) {
	const proxy = { proxy: `https://localhost:${port}` };
	const own = ['--proxy-cacert', gate.ca];
	const curl = (words) => gate.curl([...own, ...words], proxy);

	t.equal((await shown(port, readFileSync(gate.ca), 'localhost', ['http/1.1'])).alpn, 'http/1.1', 'ALPN http/1.1');
	let r = await curl([`https://site.test/set?c=${encodeURIComponent(GA)}&c=a%3Db`]);
	t.equal([r.code, r.status, r.text, r.all('set-cookie')], [0, 200, 'set\n', ['a=b']], 'https inside, filtered');
	r = await curl(['http://site.test/echo', 'http://site.test/bytes?n=3000']);
	t.equal([r.code, r.raw.match(/HTTP\/1\.1 200 /g).length], [0, 2], 'http inside, two on one connection');
	r = await curl([`https://site.test/bytes?n=20000000`]);
	t.equal(sha256(r.body), patternSum(20000000), 'a large answer');
	r = await gate.curl([...own, '--data-binary', '@-', 'https://site.test/upload'], { ...proxy, input: pattern(8000000) });
	t.equal(JSON.parse(r.text).sha256, patternSum(8000000), 'a large upload');
	r = await curl(['http://crumbgate.internal/status.json']);
	t.equal(JSON.parse(r.text).client, 'local', 'the desk knows the browser by its own address');
	t.equal([JSON.parse(r.text).proxy, JSON.parse(r.text).tls_proxy], [`127.0.0.1:${gate.port}`, `127.0.0.1:${port}`],
		'and where the proxy is');
	r = await gate.curl([...own, '--noproxy', '*', `https://localhost:${port}/proxy.pac`], proxy);
	t.check(r.text.includes(`return "HTTPS 127.0.0.1:${port}; PROXY 127.0.0.1:${gate.port}";`), 'the PAC file names both', r.text);
	r = await curl(['http://self.test/']);
	t.equal(r.status, 403, 'the proxy does not go round in circles');
	r = await curl(['https://nowhere.test/']);
	t.check(r.code !== 0, 'a host that is not there fails', r);
	r = await curl(['http://site.test/cut?n=100000']);
	t.check(r.code !== 0 && r.code !== null, 'an answer that breaks off is not taken for whole', [r.code, r.stderr]);
	r = await curl(['--http1.0', 'http://site.test/bytes?n=5000&chunked=1']);
	t.equal([r.code, r.body.length], [0, 5000], 'HTTP/1.0 ends with the connection');
}

/* ---- HTTP/2 to the proxy ---- */

function openSession(t, port, ca) {
	const session = http2.connect(`https://localhost:${port}`, { ca, maxSessionMemory: 1000 });

	session.on('error', () => {});
	t.defer(() => session.destroy());
	return session;
}

/* A stream's answer: { status, stream }; status 0 when it was reset before. */
function answered(stream) {
	return new Promise((resolve) => {
		stream.on('response', (head) => resolve({ status: head[':status'], stream, head }));
		stream.on('error', () => {});
		stream.on('close', () => resolve({ status: 0, stream, code: stream.rstCode }));
	});
}

const connectTo = (session, authority) => answered(session.request({ ':method': 'CONNECT', ':authority': authority },
	{ endStream: false }));

async function bytesOf(stream) {
	const all = [];
	for await (const piece of stream)
		all.push(piece);
	return Buffer.concat(all);
}

/* One HTTPS connection through a tunnel: ask(path, body) → { status, body }. */
async function site(t, session, host, ca) {
	const { status, stream } = await connectTo(session, `${host}:443`);

	t.equal(status, 200, `a tunnel to ${host}`);
	const socket = tls({ socket: stream, servername: host, ca });
	await once(socket, 'secureConnect');
	const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
	agent.createConnection = () => socket;
	const ask = (path, body) => new Promise((resolve, reject) => {
		const req = https.request({ agent, host, path, method: body ? 'POST' : 'GET',
			headers: body ? { 'content-length': body.length } : {} });
		req.on('response', (res) => bytesOf(res).then((bytes) =>
			resolve({ status: res.statusCode, headers: res.headers, body: bytes }), reject));
		req.on('error', reject);
		req.end(body);
	});
	return { ask, stream, socket };
}

async function tunnels(t, session, ca) {
	const [one, two] = await Promise.all([site(t, session, 'site.test', ca), site(t, session, 'other.test', ca)]);
	const r = await one.ask(`/set?c=${encodeURIComponent(GA)}&c=a%3Db`);
	t.equal([r.status, r.headers['set-cookie']], [200, ['a=b']], 'https inside, filtered');
	const [down, up, small] = await Promise.all([one.ask('/bytes?n=20000000'), two.ask('/upload', pattern(8000000)),
		site(t, session, 'site.test', ca).then((s) => s.ask('/echo'))]);
	t.equal(sha256(down.body), patternSum(20000000), 'a large answer');
	t.equal(JSON.parse(up.body).sha256, patternSum(8000000), 'a large upload at the same time');
	t.equal(small.status, 200, 'and a small one between them');
	one.socket.destroy();
	two.socket.destroy();
}

async function plainHttp(t, session) {
	const get = (authority, path) => answered(session.request({ ':method': 'GET', ':scheme': 'http', ':authority': authority, ':path': path }));
	let r = await get('site.test', '/bytes?n=300000');
	t.equal([r.status, sha256(await bytesOf(r.stream))], [200, patternSum(300000)], 'http:// is an ordinary request');
	r = await get('crumbgate.internal', '/status.json');
	t.equal([r.status, JSON.parse(await bytesOf(r.stream)).client], [200, 'local'], 'so is the desk');
	r = await connectTo(session, 'nowhere.test:443');
	t.equal([r.status, /<html/i.test((await bytesOf(r.stream)).toString())], [502, true],
		'a host that is not there is answered by a page');
	r = await connectTo(session, 'site.test:25');
	t.equal(r.status, 403, 'and a port of another protocol by another');
	r.stream.close();
}

/* A browser has one connection to the proxy for all that it shows: a page in one tab says nothing of another. */
async function apart(t, gate, session) {
	const get = (authority, more) => answered(session.request({ ':method': 'GET', ':scheme': 'http', ':authority': authority, ':path': '/echo', ...more }));
	let r = await get('site.test', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' });
	await bytesOf(r.stream);
	r = await get('other.test', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', 'user-agent': 'another tab',
		cookie: '_ga=GA1.1.1.2' });
	await bytesOf(r.stream);
	const seen = await gate.entries((e) => e.kind === 'sent' && e.host === 'other.test' && e.cookie === '_ga', 1);
	t.check(seen.length > 0 && seen.every((e) => e.site !== 'site.test'), 'two pages of one connection to the proxy are kept apart', seen);
}

/* A server that echoes, one that never stops, and what became of their connections. */
async function startRaw(t) {
	const raw = { sockets: [], bytes: 64 * 1024 * 1024 };
	const server = createServer({ allowHalfOpen: true }, (socket) => {
		raw.sockets.push(socket);
		socket.on('error', (error) => (socket.why = error.code));
		socket.once('data', (first) => {
			if (first.toString().startsWith('stall')) {
				socket.pause();
				return;
			}
			if (first.toString().startsWith('flood')) {
				let at = 0;
				const more = () => {
					while (at < raw.bytes && socket.write(pattern(65536, at)))
						at += 65536;
					at += 65536;
					if (at >= raw.bytes)
						socket.end();
				};
				socket.on('drain', more);
				more();
				return;
			}
			socket.write(first);
			socket.on('data', (d) => socket.write(d));
			socket.on('end', () => socket.end('bye'));
		});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	raw.port = server.address().port;
	t.defer(() => server.close());
	return raw;
}

async function halves(t, session, raw, trusted) {
	let { stream } = await connectTo(session, 'raw.test:9999');
	stream.write('\x01echo');
	t.equal((await once(stream, 'data'))[0].toString(), '\x01echo', 'octets that are no HTTP go both ways');
	stream.end('last');
	t.equal((await bytesOf(stream)).toString(), 'lastbye', 'what follows the end of one half comes all the same');

	({ stream } = await connectTo(session, 'raw.test:9999'));
	stream.on('error', () => {});
	stream.write('\x01echo');
	await once(stream, 'data');
	let server = raw.sockets.at(-1);
	stream.close(http2.constants.NGHTTP2_CANCEL);
	t.check(await t.until(() => server.destroyed || server.readableEnded, 10), 'a stream that is reset ends at the origin');

	({ stream } = await connectTo(session, 'raw.test:9999'));
	stream.on('error', () => {});
	stream.write('\x01echo');
	await once(stream, 'data');
	server = raw.sockets.at(-1);
	server.resetAndDestroy();
	t.check(await t.until(() => stream.closed || stream.readableEnded, 10), 'an origin that resets ends the stream');

	const cut = await site(t, session, 'site.test', trusted);
	cut.stream.on('error', () => {});
	cut.socket.on('error', () => {});
	const r = await cut.ask('/cut?n=100000').catch((error) => error);
	t.check(r instanceof Error, 'an answer that breaks off is not taken for whole', r);
	await t.until(() => cut.stream.closed, 10);
	t.equal(cut.stream.rstCode, http2.constants.NGHTTP2_CONNECT_ERROR, 'and ends with CONNECT_ERROR');
}

/* Who does not read holds the origin back, and nobody else. */
async function backPressure(t, session, raw, trusted) {
	const { stream } = await connectTo(session, 'raw.test:9999');
	stream.pause();
	stream.write('flood');
	await t.until(() => raw.sockets.at(-1).bytesWritten > 0, 10);
	const server = raw.sockets.at(-1);
	let seen = -1, still = 0;
	await t.until(() => {
		const now = server.bytesWritten - server.writableLength;
		still = now === seen ? still + 1 : 0;
		seen = now;
		return still === 10;
	}, 20);
	t.check(still === 10 && seen < raw.bytes / 2, 'an origin is held back while nobody reads', { seen, still });
	const other = await site(t, session, 'site.test', trusted);
	t.equal((await other.ask('/bytes?n=1000000')).body.length, 1000000, 'and nobody else');
	t.equal(sha256(await bytesOf(stream)), patternSum(raw.bytes), 'then everything comes');
	other.socket.destroy();
}

/* Origins that take nothing, many at once, hold up who sends to them, and nobody else. */
async function stalled(t, session, raw, trusted) {
	const streams = await Promise.all(Array.from({ length: 16 }, async () => {
		const { stream } = await connectTo(session, 'raw.test:9999');
		stream.on('error', () => {});
		stream.write('stall');
		stream.write(Buffer.alloc(16 * 1024 * 1024));
		return stream;
	}));
	let seen = -1, still = 0;
	await t.until(() => {
		const now = session.socket.bytesWritten;
		still = now === seen ? still + 1 : 0;
		seen = now;
		return still === 10;
	}, 20);
	let status;
	site(t, session, 'site.test', trusted).then((other) => other.ask('/upload', pattern(1000000)))
		.then((r) => (status = r.status), () => {});
	await t.until(() => status !== undefined, 10);
	t.equal(status, 200, 'tunnels that stand still hold up no other');
	for (const stream of streams)
		stream.close(http2.constants.NGHTTP2_CANCEL);
	for (const socket of raw.sockets)
		socket.destroy();
}

async function http2Inside(t, gate, port, ca, raw) {
	t.equal((await shown(port, ca, 'localhost', ['h2', 'http/1.1'])).alpn, 'h2', 'ALPN h2');
	t.equal((await shown(port, ca, 'localhost', ['http/1.1', 'h2'])).alpn, 'http/1.1', 'in the order of the browser');
	const session = openSession(t, port, ca);
	await once(session, 'remoteSettings');
	t.equal(session.remoteSettings.maxConcurrentStreams, 256, '256 tunnels at the same time');
	const trusted = [ca];
	await tunnels(t, session, trusted);
	await plainHttp(t, session);
	await apart(t, gate, session);
	await halves(t, session, raw, trusted);
	await backPressure(t, session, raw, trusted);
	await stalled(t, session, raw, trusted);
	session.close();
}

/* Open descriptors of all processes of the proxy. */
const descriptorsOf = (gate) => childrenOf(gate.proc.pid).reduce((n, pid) => n + readdirSync(`/proc/${pid}/fd`).length, 0);

/* Tunnels that come and go, in order and broken off, leave nothing behind. */
async function descriptors(t, gate, port, ca) {
	const round = async (session, n) => {
		await Promise.all(Array.from({ length: n }, async (_, i) => {
			const { stream } = await connectTo(session, i % 2 ? 'site.test:443' : 'raw.test:9999');
			stream.on('error', () => {});
			if (i % 3 === 0)
				stream.close(http2.constants.NGHTTP2_CANCEL);
			else
				stream.end(i % 3 === 1 ? '\x01x' : undefined);
			stream.resume();
			if (!stream.closed)
				await new Promise((resolve) => stream.on('close', resolve));
		}));
	};
	/* What is kept for reuse goes after a second or two. */
	const settled = async () => {
		let n = -1, same = 0;
		await t.until(() => {
			const now = descriptorsOf(gate);
			same = now === n ? same + 1 : 0;
			n = now;
			return same === 50;
		}, 20);
		return n;
	};
	const before = await settled();
	for (let i = 0; i < 4; i++) {
		const session = openSession(t, port, ca);
		await round(session, 100);
		session.destroy();
	}
	const after = await settled();
	t.equal(after, before, '400 tunnels leave no descriptor behind');
}

/* What a browser is allowed of connections holds for tunnels too, and an idle session ends. */
async function limits(t, pki, origin) {
	const port = await freePort();
	const gate = await startCrumbgate(t, { label: 'limits', trust: pki.root, sites: [[':443', origin.https]],
		args: ['--listen-tls', `127.0.0.1:${port}`, '--connections-per-client', '4', '--idle-timeout', '1s', '--workers', '1'] });
	const session = openSession(t, port, readFileSync(gate.ca));
	const opened = await Promise.all([1, 2, 3].map(() => connectTo(session, 'site.test:443')));
	t.equal(opened.map((o) => o.status), [200, 200, 200], 'three tunnels and their connection are four');
	t.equal((await connectTo(session, 'site.test:443')).status, 503, 'a fifth is refused');
	for (const { stream } of opened)
		stream.close();
	t.check(await t.until(() => session.destroyed, 10), 'a session without streams ends after idle-timeout');
}

scenario('secure_proxy', async (t) => {
	const pki = await makePki(t);
	const leaf = await pki.leaf('sites', ['site.test', 'other.test']);
	const origin = await startOrigin(t, leaf);
	const raw = await startRaw(t);
	const port = await freePort();
	const gate = await startCrumbgate(t, { trust: pki.root,
		sites: [['nowhere.test:443', 1], ['self.test:80', port], [':9999', raw.port], [':443', origin.https], [':80', origin.http]],
		args: ['--origin-idle-timeout', '1s', '--listen-tls', `127.0.0.1:${port}`, '--tls-name', 'gate.school.test', '--tls-name', '*.gates.test'] });
	const ca = readFileSync(gate.ca);

	t.check(await t.until(() => gate.proc.output().includes(`with TLS to the proxy:   127.0.0.1:${port}`), 10),
		'the start says where');
	await names(t, port, ca);
	await http1(t, gate, port);
	await http2Inside(t, gate, port, ca, raw);
	const minted = (await gate.entries((e) => e.kind === 'mint', 5)).map((e) => e.host);
	t.check(minted.includes('localhost') && !minted.includes('www.localhost') && !minted.includes('gates.test'),
		'no certificate was made for a foreign name', minted);

	gate.proc.child.kill('SIGHUP');
	await t.until(() => gate.proc.output().includes('the configuration was reloaded'), 10);
	t.equal((await shown(port, ca, 'gate.school.test')).names, 'DNS:gate.school.test', 'a reload keeps the listener');
	await limits(t, pki, origin);
	await descriptors(t, gate, port, ca);

	/* Who keeps idle connections of every kind open does not hold the end up. */
	const idle = openSession(t, port, ca);
	await once(idle, 'remoteSettings');
	const kept = await site(t, idle, 'site.test', [ca]);
	t.equal((await kept.ask('/echo')).status, 200, 'a tunnel stays');
	const lazy = tls({ port, host: '127.0.0.1', servername: 'localhost', ca, allowHalfOpen: true });
	lazy.on('error', () => {});
	await once(lazy, 'secureConnect');
	await checkEvidence(t, gate);
	t.equal((await gate.proc.stop()).code, 0, 'TERM ends it with 0');
});
