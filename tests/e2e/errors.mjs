/* What goes wrong, and what the client is told: bad requests, dead and forbidden origins, bad certificates. */
import { createConnection } from 'node:net';
import https from 'node:https';
import { readFileSync } from 'node:fs';
import { freePort, scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';

/* All that the proxy says to these bytes until it closes: { text, closed }. */
function say(port, bytes, seconds = 10) {
	return new Promise((resolve) => {
		const socket = createConnection({ port, host: '127.0.0.1' }, () => socket.write(bytes));
		let text = '';
		const timer = setTimeout(() => {
			resolve({ text, closed: false });
			socket.destroy();
		}, seconds * 1000);
		socket.on('data', (d) => (text += d.toString('latin1')));
		socket.on('error', () => {});
		socket.on('close', () => {
			clearTimeout(timer);
			resolve({ text, closed: true });
		});
	});
}

const BAD_REQUESTS = {
	'no method': ' / HTTP/1.1\r\nHost: site.test\r\n\r\n',
	'no Host': 'GET http://site.test/ HTTP/1.1\r\n\r\n',
	'two Hosts': 'GET http://site.test/ HTTP/1.1\r\nHost: site.test\r\nHost: other.test\r\n\r\n',
	'length and chunked': 'POST http://site.test/ HTTP/1.1\r\nHost: site.test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
	'two lengths': 'POST http://site.test/ HTTP/1.1\r\nHost: site.test\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
	'a folded field': 'GET http://site.test/ HTTP/1.1\r\nHost: site.test\r\nX: a\r\n b\r\n\r\n',
	'space before the colon': 'GET http://site.test/ HTTP/1.1\r\nHost : site.test\r\n\r\n',
	'a NUL': 'GET http://site.test/ HTTP/1.1\r\nHost: site.test\r\nX: a\0b\r\n\r\n',
	'not HTTP': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03hello\r\n\r\n',
};

/* An https server that shows `tls` for any name. */
async function tlsServer(t, tls) {
	const server = https.createServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) },
		(req, res) => res.end('you should not see this\n'));
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	t.defer(() => {
		server.closeAllConnections?.();
		server.close();
	});
	return server.address().port;
}

scenario('errors', async (t) => {
	const pki = await makePki(t);
	const other = await makePki(t, 'other-pki');
	const good = await pki.leaf('good', ['site.test']);
	const origin = await startOrigin(t, good);
	const dead = await freePort();
	const bad = {
		'expired.test': [await pki.leaf('expired', ['expired.test'], { from: -20 * pki.DAY, to: -pki.DAY }), /expired/i],
		'early.test': [await pki.leaf('early', ['early.test'], { from: pki.DAY }), /not yet valid|not valid yet|not valid before/i],
		'wrong.test': [await pki.leaf('wrong', ['another.test']), /name|host/i],
		'self.test': [await pki.leaf('self', ['self.test'], { selfSigned: true }), /self.signed|issuer|trust/i],
		'unknown.test': [await other.leaf('unknown', ['unknown.test']), /issuer|trust|unknown/i],
	};
	const sites = [];
	for (const [host, [tls]] of Object.entries(bad))
		sites.push([`${host}:443`, await tlsServer(t, tls)]);
	const gate = await startCrumbgate(t, { trust: pki.root, sites: [...sites, ['dead.test:', dead],
		[':443', origin.https], [':80', origin.http]] });

	for (const [what, bytes] of Object.entries(BAD_REQUESTS)) {
		const r = await say(gate.port, bytes);
		t.check(r.closed && (r.text === '' || /^HTTP\/1\.1 4\d\d /.test(r.text)), `${what}: refused and closed`, r);
	}
	t.match((await say(gate.port, BAD_REQUESTS['two lengths'])).text, /^HTTP\/1\.1 400 /, 'with 400');
	t.match((await say(gate.port, `GET http://site.test/ HTTP/1.1\r\nHost: site.test\r\nX: ${'a'.repeat(300000)}\r\n\r\n`)).text,
		/^HTTP\/1\.1 431 |^$/, 'a head without end is refused');
	t.equal(origin.requests.length, 0, 'none of it reached an origin');

	let r = await gate.curl(['http://dead.test/']);
	t.check([502, 503, 504].includes(r.status), 'a dead origin, http: a gateway error', r.status);
	r = await gate.curl(['https://dead.test/']);
	t.check(r.code !== 0 && r.status === undefined, 'a dead origin, https: CONNECT fails as without a proxy', r);

	for (const [host, [, reason]] of Object.entries(bad)) {
		r = await gate.curl([`https://${host}/`]);
		t.check(r.code === 0 && r.status >= 500 && r.text.includes(host) && reason.test(r.text) && !/should not see/.test(r.text),
			`${host}: a page inside TLS names the host and the reason`, [r.code, r.status, r.stderr, r.text.slice(0, 1500)]);
		t.equal(/option trust/.test(r.text), ['self.test', 'unknown.test'].includes(host), `${host}: a root certificate is asked for only where one is missing`);
		t.equal(/date and time/.test(r.text), ['expired.test', 'early.test'].includes(host), `${host}: a clock is blamed only where one can be wrong`);
		t.check(/no-store/.test(r.get('cache-control') ?? '') && r.get('content-security-policy') !== undefined,
			`${host}: the page is not kept and runs nothing`, r.heads);
	}
	r = await gate.curl(['https://site.test/echo']);
	t.equal(r.status, 200, 'a good one beside them works');
	t.check((await gate.entries((e) => e.kind === 'refuse', 5)).length >= 5, 'what was refused is in the log');
	await checkEvidence(t, gate);

	/* Private addresses without --allow-private. */
	const strict = await startCrumbgate(t, { trust: pki.root, label: 'strict', allowPrivate: false });
	for (const url of [`http://127.0.0.1:${origin.http}/echo`, `http://localhost:${origin.http}/echo`,
		`http://[::1]:${origin.http}/echo`, `http://0:${origin.http}/echo`, `http://2130706433:${origin.http}/echo`]) {
		r = await strict.curl([url]);
		t.check(r.status === 403 || r.status === 400 || r.status === 502, `${url}: refused without --allow-private`, [r.status, r.text.slice(0, 400)]);
	}
	r = await strict.curl([`http://127.0.0.1:${origin.http}/echo`]);
	t.match(r.text, /private|loopback/i, 'and the page says why');
	r = await strict.curl([`https://127.0.0.1:${origin.https}/echo`]);
	t.check(r.code !== 0 || r.status === 403, 'CONNECT likewise', [r.code, r.status]);
	t.match(strict.proc.output(), /127\.0\.0\.1 is on an address that is refused \(loopback address.*\): see allow-private/, 'and the operator is told why');
	r = await strict.curl([`http://127.0.0.1:${strict.port}/`], { proxy: `http://127.0.0.1:${strict.port}` });
	t.check(r.status !== 200 || !/set\n/.test(r.text), 'the proxy does not loop into itself', r.status);
});
