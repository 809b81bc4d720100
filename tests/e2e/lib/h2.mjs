/*
 * h2.mjs - origins and clients that speak HTTP/1.1, HTTP/2 or both, with one face.
 *
 *	const origin = await startDuplex(t, tls, { http2: true, http1: false });
 *	const client = await openClient(t, gate, 'h2.test', 'h2');		// or 'http/1.1', or a list: see client.protocol
 *	const r = await client.ask('/echo', { headers: { cookie: ['a=1', 'b=2'] } });
 *	const x = client.open('/chat', { method: 'POST' });
 *	x.write('one'); await x.heard('one'); x.end(); await x.done;
 *
 * An origin answers
 *
 *	/echo			the request as JSON: { protocol, method, authority, fields, cookies, connection }
 *	/set?c=COOKIE&c=...	each c is one Set-Cookie
 *	/bytes?n=N		N bytes of pattern()
 *	/upload			{ n, sha256, trailers } of the body
 *	/trailers		a body and the trailer x-sum
 *	/early			103 with two Links, then 200
 *	/chat			what comes is sent back as it comes
 *	/page.html etc.		origin.routes, path -> (req, res, url)
 *
 * and keeps a list of requests: { protocol, authority, path, fields, cookies (one for each line), connection (a number), req, res }.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { pattern, sha256 } from './origin.mjs';
import { acceptKey, frame, frameReader, CLOSE } from './websocket.mjs';

const fieldsOf = (raw) => {
	const fields = [];
	for (let i = 0; i < raw.length; i += 2)
		fields.push([raw[i].toLowerCase(), raw[i + 1]]);
	return fields;
};

function* pieces(n) {
	for (let at = 0; at < n; at += 65536)
		yield pattern(Math.min(65536, n - at), at);
}

/*
 * The end comes with the last piece.  Node's HTTP/1 server breaks off a connection whose client has all of an answer, and so
 * sends the next request, before the answer's end() was called (HPE_PAUSED).
 */
function sendPieces(res, n) {
	let at = 0;
	const more = () => {
		for (;;) {
			const piece = pattern(Math.min(65536, n - at), at);
			at += piece.length;
			if (at >= n)
				return void res.end(piece);
			if (!res.write(piece))
				return void res.once('drain', more);
		}
	};
	more();
}

function upload(req, res) {
	const hash = createHash('sha256');
	let n = 0;
	req.on('data', (d) => {
		n += d.length;
		hash.update(d);
	});
	req.on('end', () => res.end(JSON.stringify({ n, sha256: hash.digest('hex'), trailers: req.trailers })));
}

/* Sends a field in an interim answer of either protocol. */
function early(res) {
	res.writeEarlyHints({ link: ['</a.css>; rel=preload; as=style', '</b.js>; rel=preload; as=script'] });
	res.end('after the hint\n');
}

function answer(origin, seen, req, res) {
	const url = new URL(seen.path, 'https://x');
	const route = origin.routes.get(url.pathname);
	if (route !== undefined)
		return route(req, res, url);
	switch (url.pathname) {
	case '/echo':
		res.setHeader('content-type', 'application/json');
		return res.end(JSON.stringify({ ...seen, req: undefined, res: undefined }));
	case '/set':
		res.setHeader('set-cookie', url.searchParams.getAll('c'));
		return res.end('set\n');
	case '/bytes':
		res.setHeader('content-length', url.searchParams.get('n'));
		return res.stream ? Readable.from(pieces(Number(url.searchParams.get('n')))).pipe(res) : sendPieces(res, Number(url.searchParams.get('n')));
	case '/upload':
		return upload(req, res);
	case '/trailers':
		res.setHeader('trailer', 'x-sum');
		res.write('one ');
		res.addTrailers({ 'x-sum': sha256('one two') });
		return res.end('two');
	case '/early':
		return early(res);
	case '/chat':
		res.writeHead(200, { 'content-type': 'application/grpc', trailer: 'grpc-status' });
		(res.stream ?? res).on('error', () => {});
		res.flushHeaders?.();
		req.on('data', (d) => res.write(d));
		return req.on('end', () => {
			res.addTrailers({ 'grpc-status': '0' });
			res.end();
		});
	default:
		res.statusCode = 404;
		return res.end('no such page\n');
	}
}

function echoFrames(stream) {
	const reader = frameReader((opcode, payload) => (opcode === CLOSE ? stream.end(frame(CLOSE, payload)) : stream.write(frame(opcode, payload))));
	stream.on('data', (bytes) => reader.push(bytes));
	stream.on('error', () => {});
}

/* A WebSocket that echoes, over an Upgrade or over an extended CONNECT (RFC 8441). */
const COOKIES = ['_ga=GA1.1.9.9; Path=/; Max-Age=63072000; Secure', 'sid=s1; Path=/; Secure; HttpOnly'];
function upgraded(req, socket) {
	socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${COOKIES.map((c) => `Set-Cookie: ${c}\r\n`).join('')}` +
		`Sec-WebSocket-Accept: ${acceptKey(req.headers['sec-websocket-key'])}\r\n\r\n`);
	echoFrames(socket);
}
function connected(req) {
	if (req.url === '/http1')
		return req.stream.close(http2.constants.NGHTTP2_HTTP_1_1_REQUIRED);
	req.stream.respond({ ':status': 200, 'set-cookie': COOKIES });
	return echoFrames(req.stream);
}

/* Before version 20 a Node server of HTTP/2 alone takes a client that offers HTTP/1.1 alone, and answers it 403. */
export const refusesHttp1 = Number(process.versions.node.split('.')[0]) >= 20;

/* tls: { cert, key } paths.  Returns { port, requests, routes, asked(path), websockets }. */
export async function startDuplex(t, tls, { http2: two = true, http1 = true, webSockets = false, settings = {}, remember = true } = {}) {
	const origin = { requests: [], routes: new Map(), sockets: new Set(), websockets: [] };
	const files = { cert: readFileSync(tls.cert), key: readFileSync(tls.key) };
	const server = two ? http2.createSecureServer({ ...files, allowHTTP1: http1,
		settings: { ...settings, ...(webSockets ? { enableConnectProtocol: true } : {}) } }) : https.createServer(files);
	/* Connections in the order in which they brought a first request. */
	const connections = new WeakMap();
	let count = 0;
	const numberOf = (req) => {
		const one = req.stream?.session ?? req.socket;
		if (!connections.has(one))
			connections.set(one, count++);
		return connections.get(one);
	};
	const record = (req, res) => {
		const fields = fieldsOf(req.rawHeaders);
		const seen = { protocol: req.httpVersion, method: req.method, authority: req.headers[':authority'] ?? req.headers.host, path: req.url,
			fields, cookies: fields.filter(([n]) => n === 'cookie').map(([, v]) => v), connection: numberOf(req), req, res };
		if (remember)
			origin.requests.push(seen);
		return seen;
	};
	server.on('secureConnection', (socket) => {
		origin.sockets.add(socket);
		socket.on('error', () => {});
		socket.on('close', () => origin.sockets.delete(socket));
	});
	server.on('session', (session) => session.on('error', () => {}));
	server.on('tlsClientError', () => {});
	server.on('sessionError', () => {});
	server.on('request', (req, res) => {
		req.on('error', () => {});
		res.on('error', () => {});
		req.stream?.on('error', () => {});
		answer(origin, record(req, res), req, res);
	});
	server.on('upgrade', (req, socket) => {
		const seen = record(req);
		if (remember)
			origin.websockets.push(seen);
		upgraded(req, socket);
	});
	server.on('connect', (req) => {
		req.stream.on('error', () => {});
		const seen = record(req);
		if (remember)
			origin.websockets.push(seen);
		connected(req);
	});
	server.keepAliveTimeout = 30000;
	/* No connection is ended because it is old. */
	server.requestTimeout = 0;
	server.headersTimeout = 0;
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	origin.port = server.address().port;
	origin.asked = (path) => origin.requests.filter((r) => r.path.split('?')[0] === path);
	t.defer(() => {
		server.close();
		for (const socket of origin.sockets)
			socket.destroy();
	});
	return origin;
}

/* A TLS connection to `host` through the proxy (gate null: straight to `port`). */
export function secure(gate, host, { alpn = ['h2'], port = 443, ca, direct } = {}) {
	return new Promise((resolve, reject) => {
		const socket = connect({ port: direct ?? gate.port, host: '127.0.0.1' });
		let head = '';
		socket.setNoDelay(true);
		socket.setTimeout(20000, () => socket.destroy(new Error('no answer to CONNECT')));
		const shake = () => {
			const tls = tlsConnect({ socket, servername: host, ca: ca ?? readFileSync(gate.ca), ALPNProtocols: alpn });
			tls.on('error', reject);
			tls.on('secureConnect', () => {
				socket.setTimeout(0);
				tls.off('error', reject);
				tls.on('error', () => {});
				resolve(tls);
			});
		};
		socket.on('error', reject);
		socket.on('close', () => reject(new Error('closed')));
		if (direct !== undefined)
			return socket.on('connect', shake);
		socket.on('connect', () => socket.write(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`));
		return socket.on('data', function onHead(bytes) {
			head += bytes.toString('latin1');
			if (!head.includes('\r\n\r\n'))
				return;
			socket.off('data', onHead);
			if (!/^HTTP\/1\.1 200/.test(head))
				return reject(new Error(head.split('\r\n')[0]));
			shake();
		});
	});
}

/* What both kinds of exchange have: the answer as it comes. */
class Exchange {
	constructor(stream) {
		this.stream = stream;
		this.interims = [];
		this.chunks = [];
		this.got = 0;
		this.waiting = [];
		this.trailers = {};
		this.head = new Promise((resolve) => (this.onHead = resolve));
		this.done = new Promise((resolve) => (this.onDone = resolve));
	}
	finish(ok, error) {
		this.ended = true;
		this.onHead(undefined);
		this.onDone({ ok, error, status: this.status, fields: this.fields, body: this.body(), trailers: this.trailers, interims: this.interims });
		this.look();
	}
	body() {
		return Buffer.concat(this.chunks);
	}
	look() {
		this.waiting = this.waiting.filter(({ text, resolve }) => {
			const found = this.body().includes(text);
			if (found || this.ended)
				resolve(found);
			return !found && !this.ended;
		});
	}
	/* True when `text` has come; false when the answer ended without it. */
	heard(text) {
		return new Promise((resolve) => {
			this.waiting.push({ text, resolve });
			this.look();
		});
	}
	take(d) {
		this.got += d.length;
		this.chunks.push(d);
		this.look();
	}
	write(bytes) {
		return this.stream.write(bytes);
	}
	/* Reads the answer's body; open() with read: false leaves that to the caller. */
	read() {
		(this.source ?? this.stream).on('data', (d) => this.take(d)).resume();
	}
}

class Exchange2 extends Exchange {
	constructor(stream, read) {
		super(stream);
		stream.on('headers', (h, flags, raw) => this.interims.push({ status: h[':status'], fields: fieldsOf(raw) }));
		stream.on('response', (h, flags, raw) => {
			this.status = h[':status'];
			this.fields = fieldsOf(raw).filter(([n]) => !n.startsWith(':'));
			this.onHead(this);
		});
		stream.on('trailers', (h) => (this.trailers = { ...h }));
		stream.on('error', (error) => (this.error = error));
		stream.on('end', () => (this.whole = true));
		stream.on('close', () => this.finish(this.whole === true && stream.rstCode === 0, this.error ?? stream.rstCode));
		if (read)
			this.read();
	}
	end(trailers) {
		if (trailers !== undefined)
			this.stream.once('wantTrailers', () => this.stream.sendTrailers(trailers));
		this.stream.end();
	}
	cancel() {
		this.stream.close(http2.constants.NGHTTP2_CANCEL);
	}
}

class Exchange1 extends Exchange {
	constructor(stream, read) {
		super(stream);
		stream.on('information', (info) => this.interims.push({ status: info.statusCode, fields: fieldsOf(info.rawHeaders) }));
		stream.on('response', (res) => {
			this.source = res;
			this.status = res.statusCode;
			this.fields = fieldsOf(res.rawHeaders);
			res.on('end', () => {
				this.trailers = res.trailers;
				this.finish(res.complete, undefined);
			});
			res.on('error', (error) => this.finish(false, error));
			this.onHead(this);
			if (read)
				this.read();
			else
				res.pause();
		});
		stream.on('error', (error) => this.finish(false, error));
		stream.on('close', () => this.finish(false, 'closed'));
	}
	end(trailers) {
		if (trailers !== undefined)
			this.stream.addTrailers(trailers);
		this.stream.end();
	}
	cancel() {
		this.stream.destroy();
	}
}

/* A client connection with one of the protocols in `alpn`; over HTTP/1.1 one exchange at a time. */
export async function openClient(t, gate, host, alpn = 'h2', options = {}) {
	const tls = await secure(gate, host, { alpn: [alpn].flat(), ...options });
	const client = { protocol: tls.alpnProtocol || 'http/1.1', tls, host };
	const authority = options.port && options.port !== 443 ? `${host}:${options.port}` : host;
	t.defer(() => tls.destroy());
	if (client.protocol === 'h2') {
		client.session = http2.connect(`https://${authority}`, { createConnection: () => tls, settings: options.settings ?? {} });
		client.session.on('error', () => {});
		client.session.on('goaway', (code) => (client.goaway = code));
		client.settings = new Promise((resolve) => client.session.once('remoteSettings', resolve));
		client.open = (path, { method = 'GET', headers = {}, read = true, pseudo = {}, trailers = false } = {}) =>
			new Exchange2(client.session.request({ ':method': method, ':path': path, ...pseudo, ...headers },
				{ endStream: method === 'GET' || method === 'HEAD', waitForTrailers: trailers }), read);
	} else {
		const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
		agent.createConnection = () => tls;
		t.defer(() => agent.destroy());
		client.open = (path, { method = 'GET', headers = {}, read = true } = {}) => {
			const given = method === 'POST' && !('content-length' in headers) ? { 'transfer-encoding': 'chunked', ...headers } : headers;
			const stream = http.request({ agent, method, path, headers: { host: authority, ...given } });
			/* As a browser sends them: one line. */
			if (Array.isArray(headers.cookie))
				stream.setHeader('cookie', headers.cookie.join('; '));
			if (method === 'GET' || method === 'HEAD')
				stream.end();
			else
				stream.flushHeaders();
			return new Exchange1(stream, read);
		};
	}
	/* A whole exchange: { ok, status, fields, cookies, body, text, trailers, interims }. */
	client.ask = async (path, { method, headers, body, trailers, seconds = 10, pseudo } = {}) => {
		const x = client.open(path, { method: method ?? (body === undefined ? 'GET' : 'POST'), headers, pseudo,
			trailers: trailers !== undefined });
		const timer = setTimeout(() => {
			x.stream.destroy();
			x.finish(false, new Error('time-out'));
		}, seconds * 1000);
		if (body !== undefined) {
			for (let at = 0; at < body.length; at += 65536)
				x.write(body.subarray(at, at + 65536));
			x.end(trailers);
		}
		const r = await x.done;
		clearTimeout(timer);
		const all = (name) => (r.fields ?? []).filter(([n]) => n === name).map(([, v]) => v);
		return { ...r, all, text: r.body.toString(), cookies: all('set-cookie') };
	};
	client.close = () => (client.session ?? tls).destroy();
	return client;
}
