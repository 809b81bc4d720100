/*
 * Chromium and Firefox with the PAC file of the desk, TLS to the proxy: a page of 50 images from two hosts comes over
 * the HTTP/2 connection that is there, where each host would have taken several of its own.
 */
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { scenario, freePort } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { startBrowser } from './lib/browser.mjs';

const IMAGES = 50, HOSTS = ['site.test', 'cdn.test'];
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"></svg>';
const PAGE = `<!doctype html><meta charset=utf-8><title>images</title><link rel=icon href=data:,><body><script>
window.loaded = 0; window.failed = 0;
for (let i = 0; i < ${IMAGES}; i++) {
	const e = new Image();
	e.onload = () => window.loaded++;
	e.onerror = () => window.failed++;
	e.src = 'https://' + ${JSON.stringify(HOSTS)}[i % 2] + '/i.svg?' + i;
	document.body.append(e);
}
</script>`;

/* Counts the connections to a port, and looks at what is said in them. */
async function startCounter(t, port) {
	const counter = { connections: 0, clear: '' };
	const server = createServer((near) => {
		const far = connect(port, '127.0.0.1');
		counter.connections++;
		near.once('data', (first) => (counter.clear += first.toString('latin1')));
		for (const [from, to] of [[near, far], [far, near]]) {
			from.on('error', () => to.destroy());
			from.on('close', () => to.destroy());
			from.pipe(to);
		}
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	counter.port = server.address().port;
	t.defer(() => server.close());
	return counter;
}

async function browse(t, name, gate, tlsPort) {
	const counter = await startCounter(t, tlsPort);
	const pac = (await gate.curl(['--noproxy', '*', `http://127.0.0.1:${gate.port}/proxy.pac`])).text
		.replaceAll(`HTTPS 127.0.0.1:${tlsPort}`, `HTTPS 127.0.0.1:${counter.port}`);
	t.match(pac, /HTTPS 127.0.0.1/, 'the PAC file names the TLS address');
	const browser = await startBrowser(t, name, { ca: gate.ca,
		pac: `data:application/x-ns-proxy-autoconfig;base64,${Buffer.from(pac).toString('base64')}` });
	const page = await browser.newPage();
	/* Before it knows that HTTP/2 is spoken a browser opens some that it does not need. */
	await page.goto('https://site.test/echo', { waitUntil: 'load', timeout: 60000 });
	await page.goto('https://site.test/page?first', { waitUntil: 'load', timeout: 60000 });
	await t.until(() => page.evaluate(() => window.loaded + window.failed === 50), 20);
	const before = counter.connections;
	t.check(before >= 1, `${name}: the proxy is spoken to over TLS`, before);
	await page.goto('https://site.test/page', { waitUntil: 'load', timeout: 60000 });
	await t.until(() => page.evaluate(() => window.loaded + window.failed === 50), 20);
	t.equal(await page.evaluate(() => [window.loaded, window.failed]), [IMAGES, 0], `${name}: all images are there`);
	t.equal(counter.connections - before, 0, `${name}: and no further connection was made for them`);
	t.check(!/site\.test|cdn\.test|CONNECT/.test(counter.clear), `${name}: nobody on the way sees where to`);
	await page.goto('http://crumbgate.internal/trust', { waitUntil: 'load', timeout: 60000 });
	t.match(await page.content(), new RegExp(`with TLS.*127\\.0\\.0\\.1:${tlsPort}`, 's'), `${name}: the desk answers too`);
	await page.close();
}

scenario('secure_browsers', async (t) => {
	const pki = await makePki(t);
	const origin = await startOrigin(t, await pki.leaf('sites', HOSTS));
	const tlsPort = await freePort();
	origin.routes.set('/page', (req, res) => res.setHeader('Content-Type', 'text/html').end(PAGE));
	origin.routes.set('/i.svg', (req, res) => res.setHeader('Content-Type', 'image/svg+xml').end(SVG));
	const gate = await startCrumbgate(t, { trust: pki.root, sites: [[':443', origin.https]],
		args: ['--listen-tls', `127.0.0.1:${tlsPort}`] });
	let browsers = 0;
	for (const name of ['chromium', 'firefox']) {
		if (!(await t.run('sh', ['-c', `command -v ${name} || command -v ${name}-esr`])).stdout.length) {
			t.note(`no ${name} here`);
			continue;
		}
		browsers++;
		await browse(t, name, gate, tlsPort);
	}
	if (browsers === 0)
		t.skip('no browser here');
	await checkEvidence(t, gate);
});
