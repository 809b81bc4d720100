/*
 * load.mjs - a bounded load of requests through the proxy: `lanes` clients at a time, each with new
 * connections, until stop(); every answer is counted, and onGood(i) is told of each whole one.
 *
 *	const load = startLoad(gate, (i) => `https://site.test/echo?i=${i}`, { lanes: 4, most: 5000 });
 *	...
 *	const { good, bad } = await load.stop();
 */
import { connect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { readFileSync } from 'node:fs';

/* One GET over CONNECT and TLS: resolves with the status, rejects when it is not whole. */
export function get(gate, url, { headers = {}, seconds = 10 } = {}) {
	return new Promise((resolve, reject) => {
		const { host, hostname, pathname, search } = new URL(url);
		const socket = connect({ port: gate.port, host: '127.0.0.1' });
		let head = '';
		const timer = setTimeout(() => socket.destroy(new Error('time-out')), seconds * 1000);
		const fail = (error) => {
			clearTimeout(timer);
			socket.destroy();
			reject(error);
		};
		socket.on('error', fail);
		socket.on('connect', () => socket.write(`CONNECT ${hostname}:443 HTTP/1.1\r\nHost: ${hostname}:443\r\n\r\n`));
		socket.on('close', () => fail(new Error('closed')));
		socket.on('data', function onHead(bytes) {
			head += bytes.toString('latin1');
			if (!head.includes('\r\n\r\n'))
				return;
			socket.off('data', onHead);
			if (!/^HTTP\/1\.1 200/.test(head))
				return fail(new Error(head.split('\r\n')[0]));
			gate.caText ??= readFileSync(gate.ca);
			const tls = tlsConnect({ socket, servername: hostname, ca: gate.caText });
			let text = '';
			tls.on('error', fail);
			tls.on('secureConnect', () => tls.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n` +
				`${Object.entries(headers).map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`));
			tls.on('data', (d) => (text += d.toString('latin1')));
			tls.on('end', () => {
				clearTimeout(timer);
				socket.destroy();
				const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
				return status ? resolve(status) : reject(new Error('no answer'));
			});
		});
	});
}

export function startLoad(gate, urlOf, { lanes = 4, most = 100000, headers, onGood } = {}) {
	let n = 0, good = 0, bad = 0, stopping = false;
	const lane = async () => {
		while (!stopping && n < most) {
			const i = n++;
			try {
				if ((await get(gate, urlOf(i), { headers: headers?.(i) })) === 200) {
					good++;
					onGood?.(i);
				} else {
					bad++;
				}
			} catch {
				bad++;
				/* A refused connection fails at once: yield, so that the lane does not spin. */
				await new Promise((resolve) => setTimeout(resolve, 10));
			}
		}
	};
	const running = Promise.all(Array.from({ length: lanes }, lane));
	return { counts: () => ({ good, bad }),
		stop: async () => {
			stopping = true;
			await running;
			return { good, bad };
		} };
}
