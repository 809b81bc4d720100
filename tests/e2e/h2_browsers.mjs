/*
 * A page of 200 objects over HTTP/2 in Chromium and Firefox, through the proxy and without one: everything
 * loads, over h2.  The times are printed, not judged.
 */
import { writeFileSync } from 'node:fs';
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startNginx } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { startBrowser } from './lib/browser.mjs';

const OBJECTS = 200, LOADS = 6;

/* 100 images, 50 scripts and 50 style sheets of 200 octets to 60 KiB, a quarter of them from another site. */
function write(web) {
	writeFileSync(`${web.www}/page.html`, `<!doctype html><meta charset=utf-8><title>${OBJECTS} objects</title><link rel=icon href=data:,><body><script>
window.loaded = 0; window.failed = 0;
for (let i = 0; i < ${OBJECTS}; i++) {
	const kind = ['img', 'script', 'img', 'link'][i % 4], e = document.createElement(kind);
	const host = i % 8 < 6 ? '' : location.origin.replace('site.test', 'cdn.test');
	const url = host + '/o' + i + { img: '.svg', script: '.js', link: '.css' }[kind] + location.search;
	e.onload = () => window.loaded++;
	e.onerror = () => window.failed++;
	if (kind === 'link')
		e.rel = 'stylesheet';
	e[kind === 'link' ? 'href' : 'src'] = url;
	document.body.append(e);
}
</script>`);
	for (let i = 0; i < OBJECTS; i++) {
		const filler = 'x'.repeat(200 + (i * 2654435761 >>> 0) % (i % 10 === 0 ? 60000 : 6000));
		const [name, text] = [[`o${i}.svg`, `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><!-- ${filler} --></svg>`],
			[`o${i}.js`, `/* ${filler} */`], [`o${i}.svg`, `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><!-- ${filler} --></svg>`],
			[`o${i}.css`, `/* ${filler} */`]][i % 4];
		writeFileSync(`${web.www}/${name}`, text);
	}
}

/* The times of LOADS loads in ms; each asks for everything anew. */
async function load(t, browser, port, what) {
	const page = await browser.newPage();
	const times = [], wrong = [];
	for (let i = 0; i < LOADS; i++) {
		await page.goto(`https://site.test:${port}/page.html?${i}`, { waitUntil: 'load', timeout: 30000 });
		await t.until(() => page.evaluate(() => performance.getEntriesByType('navigation')[0].loadEventEnd > 0));
		const r = await page.evaluate(() => ({ loaded: window.loaded, failed: window.failed,
			ms: performance.getEntriesByType('navigation')[0].loadEventEnd,
			protocols: [...new Set(performance.getEntriesByType('resource').filter((e) => !e.name.includes('cdn.test')).map((e) => e.nextHopProtocol))] }));
		times.push(r.ms);
		if (r.loaded !== OBJECTS || r.failed !== 0 || `${r.protocols}` !== 'h2')
			wrong.push(r);
	}
	t.equal(wrong, [], `${what}: ${OBJECTS} objects loaded over h2, ${LOADS} times`);
	await page.close();
	return times;
}

scenario('h2_browsers', async (t) => {
	const pki = await makePki(t);
	const tls = await pki.leaf('sites', ['site.test', 'cdn.test']);
	const web = await startNginx(t, tls, { http2: true });
	write(web);
	const gate = await startCrumbgate(t, { trust: pki.root, sites: [[`:${web.https}`, web.https]] });
	let browsers = 0;
	for (const name of ['chromium', 'firefox']) {
		if (!(await t.run('sh', ['-c', `command -v ${name} || command -v ${name}-esr`])).stdout.length) {
			t.note(`no ${name} here`);
			continue;
		}
		browsers++;
		await t.part(name, async () => {
			const proxied = await load(t, await startBrowser(t, name, { proxyPort: gate.port, ca: gate.ca }), web.https, `${name} through the proxy`);
			const direct = await load(t, await startBrowser(t, name, { direct: ['site.test', 'cdn.test'], ca: pki.root, label: `${name}-direct` }), web.https,
				`${name} without a proxy`);
			const show = (times) => `first ${times[0].toFixed(0)} ms, then ${times.slice(1).sort((a, b) => a - b)[(LOADS - 1) >> 1].toFixed(0)} ms`;
			t.note(`${name}: ${OBJECTS} objects through the proxy: ${show(proxied)}; without: ${show(direct)}`);
		});
	}
	if (browsers === 0)
		t.skip('no browser here');
	await checkEvidence(t, gate);
});
