/*
 * websocket.mjs - as much of RFC 6455 as an echo needs: accept keys and unfragmented frames up to 64 KiB.
 */
import { createHash, randomBytes } from 'node:crypto';

export const TEXT = 1, CLOSE = 8, PING = 9, PONG = 10;

export function acceptKey(key) {
	return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

export function frame(opcode, payload, { mask = false } = {}) {
	const n = payload.length;
	const head = n < 126 ? Buffer.from([0x80 | opcode, n]) : Buffer.from([0x80 | opcode, 126, n >> 8, n & 255]);
	if (!mask)
		return Buffer.concat([head, payload]);
	const key = randomBytes(4);
	head[1] |= 0x80;
	return Buffer.concat([head, key, payload.map((byte, i) => byte ^ key[i & 3])]);
}

/* Calls handle(opcode, payload) for each frame in the bytes that push() is fed. */
export function frameReader(handle) {
	let have = Buffer.alloc(0);
	return {
		push(bytes) {
			have = Buffer.concat([have, bytes]);
			for (;;) {
				if (have.length < 2)
					return;
				const masked = (have[1] & 0x80) !== 0;
				let n = have[1] & 0x7f, at = 2;
				if (n === 126) {
					if (have.length < 4)
						return;
					n = have.readUInt16BE(2);
					at = 4;
				}
				const end = at + (masked ? 4 : 0) + n;
				if (have.length < end)
					return;
				const key = masked ? have.subarray(at, at + 4) : null;
				const payload = Buffer.from(have.subarray(end - n, end));
				if (key !== null)
					payload.forEach((byte, i) => (payload[i] = byte ^ key[i & 3]));
				const opcode = have[0] & 0x0f;
				have = have.subarray(end);
				handle(opcode, payload);
			}
		},
	};
}
