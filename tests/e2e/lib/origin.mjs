/*
 * origin.mjs - the sites of the tests: a server for what is dynamic, in the scenario's own process, and
 * nginx for files.
 *
 * startOrigin() answers on one http and one https port for every host name:
 *
 *	/set?c=COOKIE&c=...	each c is one Set-Cookie
 *	/echo			the request as JSON: method, url, rawHeaders, cookie
 *	/status?code=N&...	that status; `h=Name: value` adds header fields
 *	/bytes?n=N		N bytes of pattern(); &chunked=1 without Content-Length
 *	/trailers		chunked, with a trailer X-Sum
 *	/upload			{ n, sha256 } of the body, { continued } if it came after a 100
 *	/redirect?to=URL	302
 *	/hang			never answers
 *	/cut?n=N		says N bytes, sends half, closes
 *	/early			103 with a Link, then 200
 *	/login /account		a form login with a session cookie and a CSRF token
 *	/ws			WebSocket echo; sets the cookies in c as /set does
 *	/page.html etc.		what pages.mjs adds
 *
 * origin.requests has every request in order: { host, secure, method, url, headers, rawHeaders, cookie }.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { acceptKey, frame, frameReader, CLOSE, PING, PONG } from './websocket.mjs';
import { accepts, freePort } from './scenario.mjs';

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/* Bytes that differ from place to place, so that a lost or doubled piece changes the sum. */
export function pattern(n, at = 0) {
	const words = Buffer.alloc(Math.ceil(n / 4) * 4);
	for (let i = 0; i < words.length; i += 4)
		words.writeUInt32LE(Math.imul((at + i) / 4, 2654435761) >>> 0, i);
	return words.subarray(0, n);
}

function* pieces(n) {
	for (let at = 0; at < n; at += 65536)
		yield pattern(Math.min(65536, n - at), at);
}

export function patternSum(n) {
	const hash = createHash('sha256');
	for (const piece of pieces(n))
		hash.update(piece);
	return hash.digest('hex');
}

const sendPattern = (res, n) => Readable.from(pieces(n)).pipe(res);

function login(req, res, origin, body) {
	const cookies = new Map((req.headers.cookie ?? '').split('; ').map((pair) => pair.split('=')));
	const user = origin.sessions.get(cookies.get('sessionid'));
	const html = (text) => {
		res.setHeader('Content-Type', 'text/html; charset=utf-8');
		res.end(`<!doctype html><title>login</title>${text}`);
	};
	if (req.url === '/account')
		return html(user ? `<p id=user>hello ${user}</p>` : '<p id=user>nobody</p>');
	if (req.method === 'GET') {
		const token = randomBytes(8).toString('hex');
		res.setHeader('Set-Cookie', `csrftoken=${token}; Path=/; Secure; SameSite=Lax; Max-Age=31449600`);
		return html(`<form method=post action=/login><input name=user><input name=password type=password>
<input type=hidden name=csrf value=${token}><button>Log in</button></form>`);
	}
	const form = new URLSearchParams(body.toString());
	if (form.get('csrf') !== cookies.get('csrftoken') || form.get('password') !== 'secret') {
		res.statusCode = 403;
		return html('<p id=user>refused</p>');
	}
	const session = randomBytes(16).toString('hex');
	origin.sessions.set(session, form.get('user'));
	res.setHeader('Set-Cookie', `sessionid=${session}; Path=/; HttpOnly; Secure; SameSite=Lax`);
	res.statusCode = 303;
	res.setHeader('Location', '/account');
	return res.end();
}

function answer(req, res, origin, body, url) {
	const many = (name) => url.searchParams.getAll(name);
	const number = (name) => Number(url.searchParams.get(name));
	const route = origin.routes.get(url.pathname);

	if (route !== undefined)
		return route(req, res, url, body);
	switch (url.pathname) {
	case '/set':
		res.setHeader('Set-Cookie', many('c'));
		return res.end('set\n');
	case '/echo':
		res.setHeader('Content-Type', 'application/json');
		return res.end(JSON.stringify({ method: req.method, url: req.url, rawHeaders: req.rawHeaders,
			cookie: req.headers.cookie ?? null }));
	case '/status':
		for (const line of many('h'))
			res.appendHeader(...line.split(/: (.*)/s, 2));
		res.statusCode = number('code');
		return res.end(number('code') === 204 || number('code') === 304 ? undefined : 'body\n');
	case '/bytes':
		if (!url.searchParams.has('chunked'))
			res.setHeader('Content-Length', number('n'));
		return req.method === 'HEAD' ? res.end() : sendPattern(res, number('n'));
	case '/trailers':
		res.setHeader('Trailer', 'X-Sum');
		res.write('one ');
		res.write('two');
		res.addTrailers({ 'X-Sum': sha256('one two') });
		return res.end();
	case '/upload':
		res.setHeader('Content-Type', 'application/json');
		return res.end(JSON.stringify({ n: body.length, sha256: sha256(body), continued: req.continued === true }));
	case '/redirect':
		res.writeHead(302, { Location: url.searchParams.get('to') });
		return res.end();
	case '/hang':
		return undefined;
	case '/cut':
		res.writeHead(200, { 'Content-Length': number('n') });
		return res.write(pattern(number('n') >> 1), () => res.socket.destroy());
	case '/early':
		res.writeEarlyHints({ link: '</style.css>; rel=preload' });
		return res.end('after the hint\n');
	case '/login':
	case '/account':
		return login(req, res, origin, body);
	default:
		res.statusCode = 404;
		return res.end('no such page\n');
	}
}

function upgrade(req, socket, origin) {
	const url = new URL(req.url, 'http://x');
	const cookies = url.searchParams.getAll('c').map((c) => `Set-Cookie: ${c}\r\n`).join('');
	socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${cookies}` +
		`Sec-WebSocket-Accept: ${acceptKey(req.headers['sec-websocket-key'])}\r\n\r\n`);
	const reader = frameReader((opcode, payload) => {
		if (opcode === PING)
			socket.write(frame(PONG, payload));
		else if (opcode === CLOSE)
			socket.end(frame(CLOSE, payload));
		else if (opcode !== PONG)
			socket.write(frame(opcode, payload));
	});
	socket.on('data', (bytes) => reader.push(bytes));
	socket.on('error', () => {});
	origin.websockets++;
}

/* tls: { cert, key } paths.  Returns { http, https (ports), requests, routes, connections, close() }. */
export async function startOrigin(t, tls) {
	const origin = { requests: [], routes: new Map(), sessions: new Map(), websockets: 0, connections: 0 };
	const sockets = new Set();
	const record = (req) => origin.requests.push({ host: req.headers.host, secure: req.socket.encrypted === true,
		method: req.method, url: req.url, headers: req.headers, rawHeaders: req.rawHeaders,
		cookie: req.headers.cookie ?? null, port: req.socket.remotePort });
	const handle = (req, res) => {
		const chunks = [];
		record(req);
		req.on('error', () => {});
		req.on('data', (d) => chunks.push(d));
		req.on('end', () => {
			try {
				answer(req, res, origin, Buffer.concat(chunks), new URL(req.url, 'http://x'));
			} catch (error) {
				res.statusCode = 500;
				res.end(String(error.stack));
			}
		});
	};
	const servers = [http.createServer(), https.createServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) })];
	for (const server of servers) {
		server.keepAliveTimeout = 30000;
		server.on('request', handle);
		server.on('checkContinue', (req, res) => {
			req.continued = true;
			res.writeContinue();
			handle(req, res);
		});
		server.on('upgrade', (req, socket) => {
			record(req);
			upgrade(req, socket, origin);
		});
		server.on('connection', (socket) => {
			origin.connections++;
			sockets.add(socket);
			socket.on('error', () => {});
			socket.on('close', () => sockets.delete(socket));
		});
		await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	}
	origin.http = servers[0].address().port;
	origin.https = servers[1].address().port;
	/* What has been asked for at `path`, newest last. */
	origin.asked = (host, path) => origin.requests.filter((r) => r.host === host && r.url.split('?')[0] === path);
	origin.close = () => {
		for (const server of servers)
			server.close();
		for (const socket of sockets)
			socket.destroy();
	};
	t.defer(origin.close);
	return origin;
}

/* nginx with files under `www`: { http, https, www }. */
export async function startNginx(t, tls, { label = 'nginx', http2 = false } = {}) {
	const dir = t.path(label);
	const web = { http: await freePort(), https: await freePort(), www: t.path(label, 'www') };
	for (const d of ['', 'www', 'tmp'])
		mkdirSync(t.path(label, d), { recursive: true });
	writeFileSync(t.path(label, 'nginx.conf'), `
daemon off;
worker_processes 1;
${process.getuid() === 0 ? 'user root;' : ''}
pid "${dir}/nginx.pid";
error_log stderr warn;
events { worker_connections 512; }
http {
	access_log off;
	default_type application/octet-stream;
	types { text/html html; text/plain txt; text/css css; application/javascript js; image/svg+xml svg; }
	client_body_temp_path "${dir}/tmp/body";
	proxy_temp_path "${dir}/tmp/proxy";
	fastcgi_temp_path "${dir}/tmp/fastcgi";
	uwsgi_temp_path "${dir}/tmp/uwsgi";
	scgi_temp_path "${dir}/tmp/scgi";
	ssl_certificate "${tls.cert}";
	ssl_certificate_key "${tls.key}";
	server {
		listen 127.0.0.1:${web.http};
		listen 127.0.0.1:${web.https} ssl${http2 ? ' http2' : ''};
		root "${web.www}";
		etag on;
		location = /cookie {
			add_header Set-Cookie "_ga=GA1.1.111.222; Path=/; Max-Age=63072000";
			add_header Set-Cookie "PHPSESSID=0123456789abcdef; Path=/; HttpOnly";
			return 200 "from nginx\\n";
		}
	}
}
`);
	const proc = t.start(label, 'nginx', ['-p', dir, '-e', 'stderr', '-c', t.path(label, 'nginx.conf')]);
	if (!(await t.until(async () => proc.exited !== null || (await accepts(web.https)), 10)) || proc.exited !== null)
		throw new Error(`nginx did not start: ${proc.output()}`);
	web.proc = proc;
	return web;
}
