/* HTTP/1.1 through the proxy with curl and raw sockets: framing, ranges, trailers, 100-continue, large bodies. */
import { createConnection } from 'node:net';
import { writeFileSync, statSync, readFileSync, openSync, writeSync, closeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { pattern, patternSum, sha256, startNginx, startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';

const LARGE = 48 << 20;

/* Sends bytes to the proxy, answers what came until `enough(text)` or the end; bounded. */
function raw(port, bytes, enough, seconds = 10) {
	return new Promise((resolve) => {
		const socket = createConnection({ port, host: '127.0.0.1' }, () => socket.write(bytes));
		let text = '';
		const timer = setTimeout(() => socket.destroy(), seconds * 1000);
		const done = () => {
			clearTimeout(timer);
			socket.destroy();
			resolve(text);
		};
		socket.on('data', (d) => {
			text += d.toString('latin1');
			if (enough(text))
				done();
		});
		socket.on('error', done);
		socket.on('close', done);
	});
}

async function bodies(t, gate, base) {
	let r = await gate.curl(['-I', `${base}/bytes?n=4242`]);
	t.equal([r.status, r.get('content-length'), r.body.length], [200, '4242', 0], `${base}: HEAD has the length and no body`);
	for (const code of [204, 304]) {
		r = await gate.curl([`${base}/status?code=${code}`, `${base}/echo`]);
		t.equal([r.code, r.heads.map((h) => h.status)], [0, [code, 200]], `${base}: ${code} ends with its head`);
	}
	r = await gate.curl([`${base}/bytes?n=100000&chunked=1`]);
	t.equal([r.code, r.get('transfer-encoding'), sha256(r.body)], [0, 'chunked', patternSum(100000)], `${base}: chunked`);
	r = await gate.curl(['--raw', `${base}/trailers`]);
	t.match(r.text, new RegExp(`\r\n0\r\nX-Sum: ${sha256('one two')}\r\n\r\n$`, 'i'), `${base}: a trailer arrives`);
	r = await gate.curl(['-H', 'Expect: 100-continue', '--expect100-timeout', '20', '--data-binary', 'x'.repeat(5000), `${base}/upload`]);
	t.equal([r.heads[0]?.status, JSON.parse(r.text || '{}').continued, JSON.parse(r.text || '{}').n], [100, true, 5000], `${base}: 100-continue`);
	r = await gate.curl([`${base}/cut?n=100000`]);
	t.check(r.code === 18 || r.code === 56, `${base}: a cut body does not look whole`, r.code);
	r = await gate.curl([`${base}/early`]);
	t.equal([r.status, r.text], [200, 'after the hint\n'], `${base}: an interim answer is not the final one`);
	r = await gate.curl([`${base}/redirect?to=${encodeURIComponent('/echo?x=1')}`]);
	t.equal([r.status, r.get('location')], [302, '/echo?x=1'], `${base}: a redirect is the browser's to follow`);
	r = await gate.curl(['-X', 'PURGE', '-H', 'X-Odd:  two  words', `${base}/echo?a=%20b&c='d'`]);
	const echo = JSON.parse(r.text);
	t.equal([echo.method, echo.url], ['PURGE', "/echo?a=%20b&c='d'"], `${base}: method and target arrive as they were sent`);
}

async function large(t, gate, base) {
	const file = t.path('upload.bin');
	const fd = openSync(file, 'w');
	for (let at = 0; at < LARGE; at += 65536)
		writeSync(fd, pattern(65536, at));
	closeSync(fd);
	let r = await gate.curl(['-o', t.path('download.bin'), '--no-include', `${base}/bytes?n=${LARGE}`], { seconds: 60 });
	t.equal([r.code, statSync(t.path('download.bin')).size], [0, LARGE], `${base}: a large download arrives whole`);
	t.equal(createHash('sha256').update(readFileSync(t.path('download.bin'))).digest('hex'), patternSum(LARGE), `${base}: and unchanged`);
	for (const how of [['-T', file, '-X', 'POST'], ['-T', file, '-X', 'POST', '-H', 'Transfer-Encoding: chunked']]) {
		r = await gate.curl([...how, `${base}/upload`], { seconds: 60 });
		t.equal(JSON.parse(r.text || '{}'), { n: LARGE, sha256: patternSum(LARGE), continued: r.heads[0]?.status === 100 },
			`${base}: a large upload${how.length > 4 ? ', chunked,' : ''} arrives whole and unchanged`);
	}
}

scenario('http', async (t) => {
	const pki = await makePki(t);
	const tls = await pki.leaf('sites', ['site.test', 'files.test']);
	const origin = await startOrigin(t, tls);
	const web = await startNginx(t, tls);
	writeFileSync(`${web.www}/data.bin`, pattern(1 << 20));
	const gate = await startCrumbgate(t, { trust: pki.root, sites: [['files.test:443', web.https],
		['files.test:80', web.http], [':443', origin.https], [':80', origin.http]] });

	for (const base of ['http://site.test', 'https://site.test']) {
		await bodies(t, gate, base);
		await large(t, gate, base);
	}
	for (const base of ['http://files.test', 'https://files.test']) {
		let r = await gate.curl(['-r', '1000-1999', `${base}/data.bin`]);
		t.equal([r.status, r.get('content-range'), sha256(r.body)], [206, 'bytes 1000-1999/1048576', sha256(pattern(1 << 20).subarray(1000, 2000))],
			`${base}: a range`);
		r = await gate.curl(['-r', '0-9,100-109', `${base}/data.bin`]);
		t.match(r.get('content-type') ?? '', /^multipart\/byteranges/, `${base}: several ranges`);
		const etag = (await gate.curl(['-I', `${base}/data.bin`])).get('etag');
		r = await gate.curl(['-H', `If-None-Match: ${etag}`, `${base}/data.bin`]);
		t.equal([r.code, r.status, r.body.length], [0, 304, 0], `${base}: not modified`);
	}

	/* Keep-alive on both sides, and pipelining. */
	const before = origin.connections;
	let r = await gate.curl(Array.from({ length: 20 }, (_, i) => `http://site.test/echo?keep=${i}`));
	t.equal(/"url":"\/echo\?keep=19"/.test(r.raw), true, 'twenty requests in a row');
	t.check(origin.connections - before <= 1, 'use one connection to the origin', origin.connections - before);
	const pipelined = await raw(gate.port, Array.from({ length: 5 },
		(_, i) => `GET http://site.test/echo?pipe=${i} HTTP/1.1\r\nHost: site.test\r\n\r\n`).join(''), (s) => s.includes('pipe=4"'));
	t.equal(pipelined.match(/\/echo\?pipe=\d/g), [0, 1, 2, 3, 4].map((i) => `/echo?pipe=${i}`), 'pipelined requests are answered in order');

	/* Hop-by-hop fields end here. */
	const hop = await raw(gate.port, 'GET http://site.test/echo HTTP/1.1\r\nHost: site.test\r\nConnection: X-Hop, close\r\nX-Hop: 1\r\n' +
		'Keep-Alive: timeout=5\r\nProxy-Authorization: Basic eDp5\r\nProxy-Connection: keep-alive\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nX-End: 1\r\n\r\n',
	(s) => s.includes('rawHeaders') && s.endsWith('}'));
	t.check(!/x-hop|keep-alive"|proxy-|h2c|http2-settings/i.test(hop.slice(hop.indexOf('{'))) && /X-End/.test(hop),
		'hop-by-hop fields and h2c stay behind', hop);

	/* HTTP/1.0, and a head in small pieces. */
	const old = await raw(gate.port, 'GET http://site.test/bytes?n=10 HTTP/1.0\r\n\r\n', () => false, 5);
	t.match(old, /^HTTP\/1\.[01] (200|400) /, 'HTTP/1.0 gets an answer and the connection is closed');
	await checkEvidence(t, gate);
});
