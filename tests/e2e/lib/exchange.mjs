/*
 * exchange.mjs - recorded exchanges, served and fetched byte for byte: no HTTP library in between changes
 * the order, the case or the number of the field lines.
 *
 *	const origin = await startRecorded(t, pki, exchanges);	// each: { scheme, host, port, path, method, status,
 *								//   request, response: [[name, value], ...] }
 *	const client = recordedClient(gate);
 *	const { status, fields } = await client.fetch(i, exchanges[i]);
 *	origin.seen.get(i)					// the request's fields as they arrived
 *
 * The field X-Exchange carries the number of the exchange.
 */
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { connect as tlsConnect, createSecureContext, createServer as createTlsServer } from 'node:tls';

/*
 * A Set-Cookie as it would be today: an Expires that lay ahead when it was recorded still lies as far ahead.
 */
export function today(cookie, recordedAt) {
	return cookie.replace(/(;\s*expires\s*=\s*)([^;]+)/i, (all, before, date) => {
		const ahead = Date.parse(date.replaceAll('-', ' ')) - recordedAt;
		return ahead > 0 ? before + new Date(Date.now() + ahead).toUTCString() : all;
	});
}

/* Whether a Set-Cookie deletes: its time is over already. */
export function deletes(cookie) {
	const age = /;\s*max-age\s*=\s*(-?\d+)/i.exec(cookie);
	if (age !== null)
		return Number(age[1]) <= 0;
	const date = /;\s*expires\s*=\s*([^;]+)/i.exec(cookie);
	return date !== null && Date.parse(date[1].replaceAll('-', ' ')) <= Date.now();
}

const BODY = 'x'.repeat(300);
/* Neither a certificate nor SNI has the dot at the end (RFC 6066 section 3). */
const tlsName = (host) => host.replace(/\.$/, '');
const hasBody = (status) => status >= 200 && status !== 204 && status !== 304;

function parseHead(text) {
	const [first, ...lines] = text.split('\r\n');
	return { first, fields: lines.map((line) => {
		const colon = line.indexOf(':');
		return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
	}) };
}

/* Calls handle(head) for each head in the bytes; a request's body is left out by its Content-Length. */
function headReader(handle) {
	let have = '', skip = 0;
	return (bytes) => {
		have += bytes.toString('latin1');
		for (;;) {
			const drop = Math.min(skip, have.length);
			have = have.slice(drop);
			skip -= drop;
			const end = have.indexOf('\r\n\r\n');
			if (skip > 0 || end < 0)
				return;
			const head = parseHead(have.slice(0, end));
			have = have.slice(end + 4);
			skip = Number(head.fields.find(([n]) => n.toLowerCase() === 'content-length')?.[1] ?? 0);
			handle(head);
		}
	};
}

export async function startRecorded(t, pki, exchanges) {
	const origin = { seen: new Map(), contexts: new Map() };
	const hosts = [...new Set(exchanges.map((e) => tlsName(e.host)))];
	for (let at = 0; at < hosts.length; at += 60) {
		const names = hosts.slice(at, at + 60);
		const leaf = await pki.leaf(`recorded-${at}`, names);
		const context = createSecureContext({ cert: readFileSync(leaf.cert), key: readFileSync(leaf.key) });
		names.forEach((name) => origin.contexts.set(name, context));
	}
	const serve = (socket) => {
		socket.on('error', () => {});
		socket.on('data', headReader(({ fields }) => {
			const i = Number(fields.find(([n]) => n === 'X-Exchange')?.[1]);
			const { status, response } = exchanges[i];
			origin.seen.set(i, fields);
			socket.write(Buffer.from(`HTTP/1.1 ${status} Recorded\r\n${response.map(([n, v]) => `${n}: ${v}\r\n`).join('')}` +
				(hasBody(status) ? `Content-Length: ${BODY.length}\r\n\r\n${BODY}` : '\r\n'), 'latin1'));
		}));
	};
	const servers = { http: createServer(serve), https: createTlsServer({
		SNICallback: (name, done) => done(null, origin.contexts.get(tlsName(name))) }, serve) };
	servers.https.on('tlsClientError', () => {});
	for (const [scheme, server] of Object.entries(servers)) {
		await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
		origin[scheme] = server.address().port;
		t.defer(() => server.close());
	}
	return origin;
}

/* One connection: send(bytes) resolves with the next answer's { status, fields }. */
function lane(stream) {
	let want = null;
	const settle = (value, error) => {
		const waiting = want;
		want = null;
		if (waiting !== null)
			error ? waiting.reject(error) : waiting.resolve(value);
	};
	stream.on('data', headReader(({ first, fields }) => settle({ status: Number(first.split(' ')[1]), fields })));
	stream.on('error', (error) => settle(null, error));
	stream.on('close', () => settle(null, new Error('closed')));
	return { stream, send: (bytes) => new Promise((resolve, reject) => {
		if (stream.destroyed)
			return reject(new Error('closed'));
		want = { resolve, reject };
		stream.setTimeout(15000, () => stream.destroy(new Error('time-out')));
		return stream.write(bytes);
	}) };
}

export function recordedClient(gate, { most = 40 } = {}) {
	const lanes = new Map();
	const ca = readFileSync(gate.ca);
	const open = (e) => new Promise((resolve, reject) => {
		const socket = connect({ port: gate.port, host: '127.0.0.1' });
		socket.on('error', reject);
		socket.on('close', () => reject(new Error('closed')));
		if (e.scheme === 'http')
			return socket.on('connect', () => resolve(lane(socket)));
		socket.on('connect', () => socket.write(`CONNECT ${e.host}:${e.port} HTTP/1.1\r\nHost: ${e.host}:${e.port}\r\n\r\n`));
		return socket.once('data', (bytes) => {
			if (!/^HTTP\/1\.1 200/.test(bytes.toString('latin1')))
				return reject(new Error(bytes.toString('latin1').split('\r\n')[0]));
			const stream = tlsConnect({ socket, servername: tlsName(e.host), ca });
			stream.on('error', reject);
			return stream.on('secureConnect', () => resolve(lane(stream)));
		});
	});
	return {
		async fetch(i, e) {
			const key = e.scheme === 'http' ? 'http' : `${e.host}:${e.port}`;
			const kept = lanes.get(key);
			lanes.delete(key);
			const one = kept !== undefined && !kept.stream.destroyed ? kept : await open(e);
			lanes.set(key, one);
			if (lanes.size > most) {
				const [oldest] = lanes.keys();
				lanes.get(oldest).stream.destroy();
				lanes.delete(oldest);
			}
			const target = e.scheme === 'http' ? `http://${e.authority}${e.path}` : e.path;
			return one.send(Buffer.from(`${e.method} ${target} HTTP/1.1\r\n${e.request.map(([n, v]) => `${n}: ${v}\r\n`).join('')}` +
				`X-Exchange: ${i}\r\n\r\n`, 'latin1'));
		},
		close: () => lanes.forEach(({ stream }) => stream.destroy()),
	};
}
