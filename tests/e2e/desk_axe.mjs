/*
 * Every page of the desk, and the error page, checked with axe-core in Chromium: light and dark, narrow and wide, for
 * each profile.  $CRUMBGATE_AXE names the file axe.min.js of the npm package axe-core; without it, skipped.
 */
import { existsSync, readFileSync } from 'node:fs';
import { scenario } from './lib/scenario.mjs';
import { startBrowser } from './lib/browser.mjs';
import { DESK, chooseForSite, furnish } from './lib/furnished.mjs';

/* What it is, where, and how its heading begins. */
const PAGES = [
	['the start', `${DESK}/`, 'What sites wanted'],
	['a site with cookies', `${DESK}/site/shop.test`, 'shop.test'],
	['a site that was not seen', `${DESK}/site/never.test`, 'never.test'],
	['a site that passes unread', `${DESK}/site/wall.test`, 'wall.test'],
	['TikTok', `${DESK}/tiktok`, 'TikTok'],
	['Set-up', `${DESK}/trust`, 'Set-up'],
	['trusted, over http', `${DESK}/trusted`, 'Not over https'],
	['trusted, over https', 'https://crumbgate.internal/trusted', 'It works'],
	['no such page', `${DESK}/nowhere`, 'Not found'],
	['an ending that many sites have', `${DESK}/site/com`, 'No such site'],
	['a page for forms only', `${DESK}/choice`, 'Not in this way'],
	['an error', 'https://wrong.test/', 'This site.s certificate'],
];

const LOOKS = [
	{ what: 'light, wide', scheme: 'light', width: 1280 },
	{ what: 'dark, wide', scheme: 'dark', width: 1280 },
	{ what: 'light, narrow', scheme: 'light', width: 360 },
	{ what: 'dark, narrow', scheme: 'dark', width: 360 },
];

/* What axe says of the page as it stands: [rule, where, what is wrong]. */
function violations(page) {
	return page.evaluate(async () => {
		const result = await window.axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } });
		return result.violations.flatMap((v) => v.nodes.map((n) => [v.id, n.target.join(' '), n.failureSummary]));
	});
}

async function check(t, page, axe, what, [, url, heading]) {
	await page.goto(url, { waitUntil: 'load' });
	t.match(await page.$eval('h1', (e) => e.textContent), new RegExp(`^${heading}`), `${what}: it is that page`);
	await page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
	await page.evaluate(axe);
	for (const look of LOOKS) {
		await page.setViewport({ width: look.width, height: 800 });
		await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: look.scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
		t.equal(await violations(page), [], `${what}: ${look.what}`);
		const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
		t.check(over <= 0, `${what}: ${look.what}: nothing hangs over the edge`, over);
	}
}

scenario('desk_axe', async (t) => {
	const file = process.env.CRUMBGATE_AXE;
	if (file === undefined || !existsSync(file))
		t.skip('CRUMBGATE_AXE is not set: npm install axe-core, then name its axe.min.js');
	const axe = readFileSync(file, 'utf8');

	for (const profile of ['default', 'minors', 'investigator']) {
		const { gate, page } = await furnish(t, { profile });
		const examine = (what, which, by = page) => t.part(`${profile}: ${what}`, () => check(t, by, axe, `${profile}: ${what}`, which));
		for (const one of PAGES)
			await examine(one[0], one);
		if (profile !== 'investigator')
			await examine('a page that a list names', ['', 'https://www.listed.test/', 'A filter list keeps']);
		if (profile !== 'default')
			continue;
		for (const op of ['refuse', 'accept', 'some']) {
			await chooseForSite(page, 'shop.test', op);
			await examine(`a site after ${op}`, PAGES[1]);
		}
		await examine('the start with a choice', PAGES[0]);
		const outside = await startBrowser(t, 'chromium', { ca: gate.ca, direct: [], label: 'direct' });
		await examine('the proxy\'s own address', ['', `http://127.0.0.1:${gate.port}/`, 'This is a proxy'], await outside.newPage());
	}
});
