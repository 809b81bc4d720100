/*
 * WebSockets beside HTTP/2: by Upgrade on a connection whose ALPN is http/1.1, and by extended CONNECT (RFC 8441)
 * where, and only where, the origin offers that.
 */
import { randomBytes } from 'node:crypto';
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { openClient, secure, startDuplex } from './lib/h2.mjs';
import { acceptKey, frame, frameReader, CLOSE, TEXT } from './lib/websocket.mjs';

const WANTED = ['sid=s1; Path=/; Secure; HttpOnly'];
const FETCH = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'websocket', 'sec-fetch-dest': 'empty', 'sec-websocket-version': '13' };

/* Sends each message after the echo of the one before, then closes: what was heard. */
function talk(stream, first = Buffer.alloc(0)) {
	return new Promise((resolve) => {
		const messages = ['one', 'zwei', 'x'.repeat(40000)], heard = [];
		const say = () => stream.write(heard.length < messages.length ? frame(TEXT, Buffer.from(messages[heard.length]), { mask: true })
			: frame(CLOSE, Buffer.from([3, 232]), { mask: true }));
		const timer = setTimeout(() => resolve([...heard, 'time-out']), 15000);
		const reader = frameReader((opcode, payload) => {
			heard.push(opcode === CLOSE ? 'closed' : payload.length > 10 ? payload.length : payload.toString());
			if (opcode !== CLOSE)
				return say();
			clearTimeout(timer);
			return resolve(heard);
		});
		stream.on('data', (bytes) => reader.push(bytes));
		stream.on('error', () => {});
		reader.push(first);
		say();
	});
}

async function upgrade(t, gate, host) {
	const tls = await secure(gate, host, { alpn: ['http/1.1'] });
	const key = randomBytes(16).toString('base64');
	const head = await new Promise((resolve, reject) => {
		let text = '';
		tls.on('close', () => reject(new Error(`closed after ${text}`)));
		tls.on('data', function onHead(d) {
			text += d.toString('latin1');
			if (!text.includes('\r\n\r\n'))
				return;
			tls.off('data', onHead);
			resolve(text);
		});
		tls.write(`GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${key}\r\n` +
			`Cookie: _ga=GA1.1.1.2; sid=s1\r\n${Object.entries(FETCH).map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`);
	});
	t.match(head, /^HTTP\/1\.1 101 /, `${host}: an Upgrade is answered`);
	t.equal(/sec-websocket-accept: *(\S+)/i.exec(head)?.[1], acceptKey(key), `${host}: by the origin`);
	t.equal([...head.matchAll(/^set-cookie: *(.*?)\r$/gim)].map(([, v]) => v).filter((c) => !/Max-Age=0|1970/.test(c)), WANTED, `${host}: its cookies are dealt with`);
	t.equal(await talk(tls, Buffer.from(head.slice(head.indexOf('\r\n\r\n') + 4), 'latin1')), ['one', 'zwei', 40000, 'closed'],
		`${host}: messages go both ways`);
	tls.destroy();
}

async function extended(t, gate, origin, host) {
	const client = await openClient(t, gate, host, 'h2');
	let settings = await client.settings;
	/* It is offered as soon as the origin is known to: with the first answer at the latest. */
	if (origin.offers && settings.enableConnectProtocol !== true) {
		const changed = new Promise((resolve) => client.session.once('remoteSettings', resolve));
		await client.open('/').head;
		settings = await changed;
	}
	t.equal(settings.enableConnectProtocol === true, origin.offers, `${host}: extended CONNECT is ${origin.offers ? '' : 'not '}offered`);
	if (!origin.offers)
		return client.close();
	const x = client.open('/ws', { method: 'CONNECT', read: false, pseudo: { ':protocol': 'websocket', ':scheme': 'https', ':authority': host },
		headers: { ...FETCH, cookie: ['_ga=GA1.1.1.2', 'sid=s1'] } });
	await x.head;
	t.equal([x.status, (x.fields ?? []).filter(([n, v]) => n === 'set-cookie' && !/Max-Age=0|1970/.test(v)).map(([, v]) => v)], [200, WANTED],
		`${host}: an extended CONNECT is answered, its cookies dealt with`);
	t.equal(origin.websockets.at(-1)?.cookies.join('; '), 'sid=s1', `${host}: and those of the request`);
	t.equal(await talk(x.stream), ['one', 'zwei', 40000, 'closed'], `${host}: messages go both ways`);
	/* A second one while another exchange runs, cut by the client. */
	const other = client.open('/ws', { method: 'CONNECT', read: false, pseudo: { ':protocol': 'websocket', ':scheme': 'https', ':authority': host }, headers: FETCH });
	await other.head;
	const stream = origin.websockets.at(-1).req.stream;
	other.cancel();
	t.check((await t.until(() => stream.closed, 10)) === true, `${host}: one that the client gives up ends at the origin`);
	/* HTTP/1.1 has no extended CONNECT: the origin that asks for that gets no GET with a body instead. */
	const old = client.open('/http1', { method: 'CONNECT', pseudo: { ':protocol': 'websocket', ':scheme': 'https', ':authority': host }, headers: FETCH });
	await old.done;
	t.equal([old.status, origin.websockets.filter((w) => w.path === '/http1').map((w) => w.protocol)], [502, ['2.0']],
		`${host}: one that the origin wants over HTTP/1.1 fails`);
	t.equal((await client.ask('/echo', { headers: { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } })).status, 200,
		`${host}: and the connection lives on`);
	return client.close();
}

scenario('h2_websocket', async (t) => {
	const pki = await makePki(t);
	const tls = await pki.leaf('sites', ['both.test', 'offers.test', 'old.test']);
	const origins = { 'both.test': await startDuplex(t, tls), 'offers.test': await startDuplex(t, tls, { webSockets: true }),
		'old.test': await startDuplex(t, tls, { http2: false }) };
	origins['both.test'].offers = origins['old.test'].offers = false;
	origins['offers.test'].offers = true;
	const gate = await startCrumbgate(t, { trust: pki.root, sites: Object.entries(origins).map(([host, o]) => [`${host}:443`, o.port]) });

	for (const host of Object.keys(origins))
		await t.part(`${host}: Upgrade`, () => upgrade(t, gate, host));
	for (const [host, origin] of Object.entries(origins))
		await t.part(`${host}: CONNECT`, () => extended(t, gate, origin, host));
	t.check((await gate.entries((e) => e.kind === 'set' && e.cookie === '_ga' && e.verdict === 'removed')).length > 0, 'the log has what was removed');
	await checkEvidence(t, gate);
	t.equal((await gate.proc.stop()).code, 0, 'TERM ends it with 0');
});
