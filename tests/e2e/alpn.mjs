/*
 * The protocol that a browser gets is the one that the origin chose, and the origin sees a hello like the browser's.
 *
 * The origins: `both` speaks HTTP/2 and HTTP/1.1, `h2` and `h1` one of them and refuse others, `none` knows nothing of ALPN.
 */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { refusesHttp1 } from './lib/h2.mjs';

const PORTS = { both: 4431, h2: 4432, h1: 4433, none: 4434, bad: 4435 };
/* What may be offered to an origin (certs/shape.c). */
const SUITES = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030];
const GROUPS = [29, 23, 24, 25, 30, 256, 257];
const SIGALGS = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0603, 0x0807];

/* A ClientHello in records: null as long as it is not whole. */
function parseHello(bytes) {
	let message = Buffer.alloc(0);
	for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3))
		message = Buffer.concat([message, bytes.subarray(at + 5, at + 5 + bytes.readUInt16BE(at + 3))]);
	if (message.length < 4 || message.length < 4 + message.readUIntBE(1, 3))
		return null;
	let at = 4 + 34;
	const vector = (width) => {
		const n = message.readUIntBE(at, width);
		at += width + n;
		return message.subarray(at - n, at);
	};
	const ids = (b) => Array.from({ length: b.length >> 1 }, (_, i) => b.readUInt16BE(2 * i));
	vector(1);
	const hello = { suites: ids(vector(2)), alpn: [], extensions: [] };
	vector(1);
	const end = at + 2 + message.readUInt16BE(at);
	for (at += 2; at < end;) {
		const type = message.readUInt16BE(at);
		at += 2;
		const body = vector(2);
		hello.extensions.push(type);
		if (type === 10)
			hello.groups = ids(body.subarray(2));
		else if (type === 13)
			hello.sigalgs = ids(body.subarray(2));
		for (let i = 2; type === 16 && i < body.length; i += 1 + body[i])
			hello.alpn.push(body.toString('latin1', i + 1, i + 1 + body[i]));
	}
	return hello;
}

/* A TLS server behind a look at its clients' first bytes: { port, hellos, become(server) }. */
async function startOrigin(t, server) {
	const origin = { hellos: [], protocols: [] };
	const sockets = new Set();
	const listener = net.createServer((socket) => {
		let seen = Buffer.alloc(0);
		const look = (bytes) => {
			seen = Buffer.concat([seen, bytes]);
			const hello = parseHello(seen);
			if (hello === null)
				return;
			origin.hellos.push(hello);
			socket.off('data', look);
			socket.pause();
			socket.unshift(seen);
			server.emit('connection', socket);
		};
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		socket.on('error', () => {});
		socket.on('data', look);
	});
	const use = (next) => {
		server = next;
		server.on('secureConnection', (s) => {
			s.on('error', () => {});
			origin.protocols.push(s.alpnProtocol || 'none');
		});
		server.on('tlsClientError', () => {});
	};
	origin.become = (next) => {
		use(next);
		for (const socket of sockets)
			socket.destroy();
	};
	use(server);
	await new Promise((done) => listener.listen(0, '127.0.0.1', done));
	origin.port = listener.address().port;
	t.defer(() => {
		listener.close();
		for (const socket of sockets)
			socket.destroy();
	});
	return origin;
}

/* TLS inside CONNECT, as an application makes it. */
function connectTls(gate, host, port, options) {
	return new Promise((resolve, reject) => {
		const request = http.request({ port: gate.port, method: 'CONNECT', path: `${host}:${port}` });
		request.on('error', reject);
		request.on('connect', (response, socket) => {
			const s = tls.connect({ socket, servername: host, ca: readFileSync(gate.ca), ...options });
			s.on('error', reject);
			s.on('secureConnect', () => resolve(s));
		});
		request.end();
	});
}

scenario('alpn', async (t) => {
	const pki = await makePki(t);
	const kinds = Object.keys(PORTS);
	const leaf = await pki.leaf('sites', kinds.flatMap((k) => [`${k}.test`, `*.${k}.test`]).filter((n) => !n.endsWith('bad.test')));
	const key = { cert: readFileSync(leaf.cert), key: readFileSync(leaf.key) };
	const say = (req, res) => res.end(`${req.httpVersion}\n`);
	const plain = http.createServer(say);
	const make = {
		both: () => http2.createSecureServer({ ...key, allowHTTP1: true }, say),
		h2: () => http2.createSecureServer(key, say),
		h1: () => https.createServer(key, say),
		none: () => tls.createServer(key, (s) => plain.emit('connection', s)),
		bad: () => https.createServer(key, say),
	};
	const origins = {};
	for (const kind of kinds)
		origins[kind] = await startOrigin(t, make[kind]());
	const gate = await startCrumbgate(t, { trust: pki.root, workers: 1,
		sites: kinds.map((kind) => [`:${PORTS[kind]}`, origins[kind].port]) });

	/* One request: "what curl spoke / what the origin spoke", and the status. */
	const ask = async (host, kind, ...words) => {
		const r = await gate.curl([...words, '--write-out', '%{stderr}%{http_version}', `https://${host}:${PORTS[kind]}/`]);
		return { legs: `${r.stderr.trim()} / ${r.text.trim()}`, status: r.status, code: r.code, stderr: r.stderr, text: r.text };
	};
	const pair = async (host, kind, words, want, what) => {
		const r = await ask(host, kind, ...words);
		t.equal([r.code, r.status, r.legs], [0, 200, want], what);
	};
	const offered = (kind) => origins[kind].hellos.at(-1)?.alpn;

	/* Who offers both gets what the origin chose: the first time, and when it is remembered. */
	for (const again of ['', ', again']) {
		await pair('a.both.test', 'both', ['--http2'], '2 / 2.0', `h2 where the origin takes it${again}`);
		await pair('a.h2.test', 'h2', ['--http2'], '2 / 2.0', `h2 where it takes nothing else${again}`);
		await pair('a.h1.test', 'h1', ['--http2'], '1.1 / 1.1', `http/1.1 where it takes nothing else${again}`);
		await pair('a.none.test', 'none', ['--http2'], '1.1 / 1.1', `http/1.1 where it knows no ALPN${again}`);
	}
	t.equal(kinds.slice(0, 4).map(offered), Array(4).fill(['h2', 'http/1.1']), 'and each was offered both');

	/* Who offers one gets it, and so does the origin: a WebSocket's connection must not become HTTP/2. */
	await pair('b.both.test', 'both', ['--http1.1'], '1.1 / 1.1', 'http/1.1 alone');
	t.equal(offered('both'), ['http/1.1'], 'is what the origin is offered');
	await pair('c.both.test', 'both', ['--http1.1', '--no-alpn'], '1.1 / 1.1', 'a client without ALPN');
	t.equal(offered('both'), ['http/1.1'], 'speaks HTTP/1.1');
	const both = await ask('b.both.test', 'both', '--http2');
	t.check(both.status === 200 && both.legs.startsWith('2 /'), 'and nothing is learnt of the origin by that', both);
	t.equal(offered('both'), ['h2', 'http/1.1'], 'which is asked');
	if (refusesHttp1) {
		await pair('b.h2.test', 'h2', ['--http1.1'], '1.1 / 2.0', 'where the origin takes nothing but h2 it is asked again');
		t.equal(origins.h2.hellos.slice(-2).map((h) => h.alpn), [['http/1.1'], ['http/1.1', 'h2']], 'with both');
	}

	/* HTTP/2 alone, where the origin has none: translated. */
	for (const kind of ['h1', 'none']) {
		const s = await connectTls(gate, `c.${kind}.test`, PORTS[kind], { ALPNProtocols: ['h2'] });
		t.equal(s.alpnProtocol, 'h2', `h2 alone towards "${kind}"`);
		const client = http2.connect(`https://c.${kind}.test:${PORTS[kind]}`, { createConnection: () => s });
		const text = await new Promise((done) => {
			const r = client.request({ ':path': '/' });
			let got = '';
			r.on('data', (d) => (got += d));
			r.on('error', (e) => done(String(e)));
			r.on('end', () => done(got));
		});
		t.equal(text, '1.1\n', 'is answered by the origin over HTTP/1.1');
		client.destroy();
	}
	const old = await connectTls(gate, 'd.h1.test', PORTS.h1, { ALPNProtocols: ['http/1.0'] });
	t.equal(old.alpnProtocol, false, 'a client of HTTP/1.0 is not turned away');
	old.destroy();

	/* The origin changes its mind: served all the same, and known from then on. */
	origins.h1.become(make.both());
	await pair('a.h1.test', 'h1', ['--http2'], '1.1 / 2.0', 'remembered wrongly, served anyway');
	await pair('a.h1.test', 'h1', ['--http2'], '2 / 2.0', 'and remembered rightly the next time');
	origins.h1.become(make.h1());
	await pair('a.h1.test', 'h1', ['--http2'], '2 / 1.1', 'and back');
	await pair('a.h1.test', 'h1', ['--http2'], '1.1 / 1.1', 'again');

	/* Nobody to ask. */
	for (const words of [['--http2'], ['--http1.1']]) {
		const page = await ask('x.bad.test', 'bad', ...words);
		t.equal([page.code, page.status], [0, 502], `a certificate for another name: a page inside TLS with ${words}`);
	}
	const silent = net.createServer((socket) => {
		socket.on('error', () => {});
		t.defer(() => socket.destroy());
	});
	await new Promise((done) => silent.listen(0, '127.0.0.1', done));
	t.defer(() => silent.close());
	const hasty = await startCrumbgate(t, { trust: pki.root, label: 'hasty', args: ['--handshake-timeout', '1s'],
		sites: [[':443', silent.address().port]] });
	for (const words of [['--http2'], ['--http1.1']]) {
		const page = await hasty.curl([...words, 'https://silent.test/']);
		t.check(page.code === 0 && page.status >= 500, `an origin that answers nothing: a page inside TLS with ${words}`, page.stderr);
	}
	for (const [words, version] of [[['--http2'], '2'], [['--http1.1'], '1.1']]) {
		const r = await gate.curl([...words, '--write-out', '%{stderr}%{http_version}', 'https://crumbgate.internal/']);
		t.equal([r.code, r.status, r.stderr.trim()], [0, 200, version], `the desk with ${words}`);
	}

	/* The shape: each client's own order, as it is without the proxy, of what is safe. */
	const direct = async (run) => {
		const before = origins.both.hellos.length;
		await run();
		await t.until(async () => origins.both.hellos.length > before, 10);
		return origins.both.hellos.at(-1);
	};
	const odd = { ALPNProtocols: ['http/1.1', 'h2'], ecdhCurve: 'P-384:X25519',
		sigalgs: 'RSA-PSS+SHA512:ECDSA+SHA384:ECDSA+SHA256:RSA+SHA1',
		ciphers: 'TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256' };
	const clients = {
		curl: [() => t.run('curl', ['-sk', '--http2', '--resolve', `z.both.test:${origins.both.port}:127.0.0.1`,
			`https://z.both.test:${origins.both.port}/`]), () => ask('z.both.test', 'both', '--http2')],
		node: [async () => (await new Promise((done, fail) => {
			const s = tls.connect({ port: origins.both.port, host: '127.0.0.1', servername: 'y.both.test', rejectUnauthorized: false, ...odd },
				() => done(s));
			s.on('error', fail);
		})).destroy(), async () => (await connectTls(gate, 'y.both.test', PORTS.both, odd)).destroy()],
	};
	const seen = {};
	for (const [name, [without, through]] of Object.entries(clients)) {
		const own = await direct(without), ours = await direct(through);
		const only = (list, known) => list.filter((id) => known.includes(id));
		t.equal(ours.suites.filter((id) => id !== 0x00ff), only(own.suites, SUITES), `${name}: its suites in its order`);
		t.equal(ours.groups, only(own.groups, GROUPS), `${name}: its groups`);
		t.equal(ours.sigalgs, only(own.sigalgs, SIGALGS), `${name}: its signature algorithms`);
		t.equal(ours.alpn, own.alpn, `${name}: its protocols`);
		t.check(ours.extensions.includes(5) && !ours.extensions.includes(22), `${name}: OCSP is asked for, Encrypt-then-MAC is not`);
		seen[name] = ours;
	}
	t.check(JSON.stringify(seen.curl) !== JSON.stringify(seen.node), 'which are not the same');
	await checkEvidence(t, gate);
});
