/*
 * Others' HTTP/2 through the proxy: curl, nghttp and h2load as clients, nginx as an origin.  nghttp and h2load
 * know no proxies: a relay opens their tunnels.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { hasCommand, scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { pattern, startNginx, startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { startDuplex } from './lib/h2.mjs';

const PAGE = ['-H', 'Sec-Fetch-Site: none', '-H', 'Sec-Fetch-Mode: navigate', '-H', 'Sec-Fetch-Dest: document'];
const FILE = pattern(300001);

/* Each connection to it goes on through a CONNECT tunnel to host:443.  Returns its port. */
async function startRelay(t, gate, host) {
	const server = createServer((near) => {
		const far = connect({ port: gate.port, host: '127.0.0.1' });
		let head = '';
		near.pause();
		near.setNoDelay(true);
		far.setNoDelay(true);
		for (const [one, other] of [[near, far], [far, near]]) {
			one.on('error', () => {});
			one.on('close', () => other.destroy());
		}
		far.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
		far.on('data', function onHead(d) {
			head += d.toString('latin1');
			if (!head.includes('\r\n\r\n'))
				return;
			far.off('data', onHead);
			near.pipe(far);
			far.pipe(near);
		});
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	t.defer(() => server.close());
	return server.address().port;
}

async function curl(t, gate) {
	for (const [words, host, version] of [[['--http2'], 'nginx.test', 2], [['--http1.1'], 'nginx.test', 1], [['--http2'], 'h1.test', 1],
		[['--http2'], 'node.test', 2]]) {
		const r = await gate.curl([...PAGE, ...words, `https://${host}/${host === 'h1.test' ? 'echo' : 'cookie'}`]);
		const spoken = Number(/^HTTP\/(\d)/.exec(r.raw)?.[1]);
		t.equal([r.code, r.status, spoken], [0, 200, version], `curl ${words}, ${host}: HTTP/${version}`);
		if (host === 'nginx.test')
			t.equal(r.all('set-cookie'), ['PHPSESSID=0123456789abcdef; Path=/; HttpOnly'], 'and the cookies are dealt with');
	}
	const r = await gate.curl([...PAGE, '--http2', 'https://nginx.test/file.bin']);
	t.check(r.body.equals(FILE), 'curl --http2: a file from nginx is whole', r.body.length);
	/* Eight at a time over one connection. */
	const many = await t.run('curl', ['-sS', '--parallel', '--parallel-max', '8', '--http2', '--max-time', '60', '--proxy', `http://127.0.0.1:${gate.port}`, '--cacert', gate.ca,
		'-w', '%{http_version} %{response_code} %{size_download}\\n', ...Array.from({ length: 40 }, (x, i) => ['-o', '/dev/null', `https://nginx.test/file.bin?i=${i}`]).flat()]);
	t.equal(many.stdout.toString().split('\n').filter((line) => line === `2 200 ${FILE.length}`).length, 40, 'curl --parallel: 40 files');
}

async function nghttp(t, relay) {
	if (!(await hasCommand(t, 'nghttp')))
		return t.note('no nghttp here (Debian: nghttp2-client)');
	const r = await t.run('nghttp', ['--no-verify-peer', '-v', `https://127.0.0.1:${relay}/file.bin`, '-H:authority: nginx.test', '-H', 'te: trailers'], { seconds: 30 });
	const out = r.stdout.toString('latin1');
	t.check(r.code === 0 && /:status: 200/.test(out) && !/GOAWAY.*error_code=(?!NO_ERROR)/.test(out), 'nghttp fetches a file', out.slice(-1500));
	const body = await t.run('nghttp', ['--no-verify-peer', `https://127.0.0.1:${relay}/file.bin`, '-H:authority: nginx.test'], { seconds: 30 });
	t.equal(createHash('sha256').update(body.stdout).digest('hex'), createHash('sha256').update(FILE).digest('hex'), 'which is whole');
	return undefined;
}

async function h2load(t, relay) {
	if (!(await hasCommand(t, 'h2load')))
		return t.note('no h2load here (Debian: nghttp2-client)');
	for (const [what, words] of [['4 connections of 32 streams', ['-n', '4000', '-c', '4', '-m', '32']], ['one stream at a time', ['-n', '500', '-c', '2', '-m', '1']]]) {
		const r = await t.run('h2load', [...words, `https://127.0.0.1:${relay}/small.html`, '-H', ':authority: nginx.test'], { seconds: 60 });
		const out = r.stdout.toString();
		const n = words[1];
		t.match(out, /^Application protocol: h2$/m, `h2load, ${what}: HTTP/2`);
		t.check(new RegExp(`requests: ${n} total, ${n} started, ${n} done, ${n} succeeded, 0 failed, 0 errored`).test(out) && /status codes: \d+ 2xx, 0 3xx/.test(out),
			`${n} requests succeed`, out);
		t.note(/finished in.*/.exec(out)?.[0] ?? '');
	}
	return undefined;
}

scenario('h2_tools', async (t) => {
	const pki = await makePki(t);
	const tls = await pki.leaf('sites', ['nginx.test', 'h1.test', 'node.test', '127.0.0.1']);
	const web = await startNginx(t, tls, { http2: true });
	const origin = await startOrigin(t, tls);
	const node = await startDuplex(t, tls);
	node.routes.set('/cookie', (req, res) => res.end('from node\n'));
	writeFileSync(`${web.www}/file.bin`, FILE);
	writeFileSync(`${web.www}/small.html`, 'x'.repeat(1024));
	const gate = await startCrumbgate(t, { trust: pki.root,
		sites: [['nginx.test:443', web.https], ['h1.test:443', origin.https], ['node.test:443', node.port]] });
	await t.part('curl', () => curl(t, gate));
	const relay = await startRelay(t, gate, 'nginx.test');
	await t.part('nghttp', () => nghttp(t, relay));
	await t.part('h2load', () => h2load(t, relay));
	await checkEvidence(t, gate);
	t.equal((await gate.proc.stop()).code, 0, 'TERM ends it with 0');
});
