/*
 * frames.mjs - HTTP/2 frames by hand (RFC 9113 section 4), for what Node's http2 neither sends nor shows:
 * the order of SETTINGS, PRIORITY_UPDATE, a WINDOW_UPDATE behind the preface.
 */
import { createServer as createTlsServer } from 'node:tls';
import { readFileSync } from 'node:fs';

export const DATA = 0, HEADERS = 1, SETTINGS = 4, GOAWAY = 7, WINDOW_UPDATE = 8, PRIORITY_UPDATE = 0x10;
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const END_STREAM = 1, ACK = 1, END_HEADERS = 4;

export function frame(type, flags, stream, payload = Buffer.alloc(0)) {
	const head = Buffer.alloc(9);
	head.writeUIntBE(payload.length, 0, 3);
	head[3] = type;
	head[4] = flags;
	head.writeUInt32BE(stream, 5);
	return Buffer.concat([head, payload]);
}

export function settings(pairs) {
	const payload = Buffer.alloc(pairs.length * 6);
	pairs.forEach(([id, value], i) => {
		payload.writeUInt16BE(id, i * 6);
		payload.writeUInt32BE(value, i * 6 + 2);
	});
	return frame(SETTINGS, 0, 0, payload);
}

export function windowUpdate(stream, by) {
	const payload = Buffer.alloc(4);
	payload.writeUInt32BE(by);
	return frame(WINDOW_UPDATE, 0, stream, payload);
}

/* RFC 9218 section 7.1 */
export function priorityUpdate(stream, value) {
	const payload = Buffer.alloc(4);
	payload.writeUInt32BE(stream);
	return frame(PRIORITY_UPDATE, 0, 0, Buffer.concat([payload, Buffer.from(value)]));
}

/* HPACK without index or Huffman code (RFC 7541 section 6.2.2); strings below 127 octets. */
export function headers(stream, fields) {
	const text = (s) => [Buffer.from([s.length]), Buffer.from(s, 'latin1')];
	return frame(HEADERS, END_STREAM | END_HEADERS, stream,
		Buffer.concat(fields.flatMap(([n, v]) => [Buffer.from([0]), ...text(n), ...text(v)])));
}

/* Calls handle({ type, flags, stream, payload }) for each frame in the bytes. */
export function frameReader(handle) {
	let have = Buffer.alloc(0);
	return (bytes) => {
		have = Buffer.concat([have, bytes]);
		while (have.length >= 9 && have.length >= 9 + have.readUIntBE(0, 3)) {
			const end = 9 + have.readUIntBE(0, 3);
			const one = { type: have[3], flags: have[4], stream: have.readUInt32BE(5) & 0x7fffffff, payload: Buffer.from(have.subarray(9, end)) };
			have = have.subarray(end);
			handle(one);
		}
	};
}

/*
 * An origin that answers every request by `200` and the body "ok", and keeps what each connection began with:
 * origin.hellos: { settings: [[id, value]], window, frames (types in order), updates (of priority) }.  With `held` it answers
 * when the priority was changed, not before.
 */
export async function startRaw(t, tls) {
	const origin = { hellos: [], held: false };
	/* 0x88 is :status 200. */
	const ok = (stream) => Buffer.concat([frame(HEADERS, END_HEADERS, stream, Buffer.from([0x88])), frame(DATA, END_STREAM, stream, Buffer.from('ok'))]);
	const sockets = new Set();
	const server = createTlsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key), ALPNProtocols: ['h2'] }, (socket) => {
		const hello = { settings: null, window: 0, frames: [], updates: [] };
		let skip = PREFACE.length;
		sockets.add(socket);
		origin.hellos.push(hello);
		socket.on('error', () => {});
		/* Without RFC 7540's priorities: whoever has them is sent no PRIORITY_UPDATE (RFC 9218 section 2.1). */
		socket.write(settings([[9, 1]]));
		const read = frameReader(({ type, flags, stream, payload }) => {
			hello.frames.push(type);
			if (type === SETTINGS && !(flags & ACK)) {
				hello.settings ??= Array.from({ length: payload.length / 6 }, (x, i) => [payload.readUInt16BE(i * 6), payload.readUInt32BE(i * 6 + 2)]);
				socket.write(frame(SETTINGS, ACK, 0));
			} else if (type === WINDOW_UPDATE && stream === 0) {
				hello.window += payload.readUInt32BE(0);
			} else if (type === PRIORITY_UPDATE) {
				hello.updates.push(payload.subarray(4).toString());
				if (origin.held)
					socket.write(ok(payload.readUInt32BE(0)));
			} else if ((type === HEADERS || type === DATA) && flags & END_STREAM && !origin.held) {
				socket.write(ok(stream));
			}
		});
		socket.on('data', (bytes) => {
			const drop = Math.min(skip, bytes.length);
			skip -= drop;
			read(bytes.subarray(drop));
		});
	});
	server.on('tlsClientError', () => {});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	origin.port = server.address().port;
	t.defer(() => {
		server.close();
		sockets.forEach((socket) => socket.destroy());
	});
	return origin;
}

/* Speaks over a TLS connection: { send(...buffers), frames (as they came), answered(stream) }. */
export function rawClient(tls) {
	const client = { frames: [], send: (...buffers) => tls.write(Buffer.concat(buffers)) };
	tls.on('data', frameReader((f) => {
		client.frames.push(f);
		if (f.type === SETTINGS && !(f.flags & ACK))
			tls.write(frame(SETTINGS, ACK, 0));
	}));
	client.answered = (stream) => client.frames.some((f) => f.type === DATA && f.stream === stream && f.flags & END_STREAM);
	return client;
}
