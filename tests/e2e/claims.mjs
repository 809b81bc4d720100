/* What sites claim about consent, read at the desk with curl: a contradiction on a site's page, TikTok's pixel on its own. */
import { writeFileSync } from 'node:fs';
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { tcString } from './lib/consent.mjs';

const DESK = 'http://crumbgate.internal';

scenario('claims', async (t) => {
	const pki = await makePki(t);
	const origin = await startOrigin(t, await pki.leaf('sites', ['site.test', 'shop.test', 'collect.test', 'www.tiktok.com', 'analytics.tiktok.com', 'business-api.tiktok.com']));
	const list = t.path('ads.txt');
	writeFileSync(list, '||business-api.tiktok.com^$third-party\n');
	const gate = await startCrumbgate(t, { trust: pki.root, sites: [[':443', origin.https]], args: ['--list', list] });
	const cookies = (list) => list.map((c) => `c=${encodeURIComponent(c)}`).join('&');
	const page = (url, words = []) => gate.curl([...words, '-H', 'Sec-Fetch-Site: none', '-H', 'Sec-Fetch-Mode: navigate', '-H', 'Sec-Fetch-Dest: document', url]);
	const load = (from, url, words = []) => gate.curl([...words, '-H', 'Sec-Fetch-Site: cross-site', '-H', 'Sec-Fetch-Mode: no-cors', '-H', 'Sec-Fetch-Dest: script',
		'-H', `Referer: https://${from}/`, url]);
	const desk = async (path, wanted) => {
		let r;
		await t.until(async () => wanted.test((r = await gate.curl([`${DESK}${path}`])).text), 10);
		return r;
	};
	const part = (text, site) => text.split(/<h2 /).find((s) => s.includes(`href="/site/${site}"`)) ?? '';

	let r = await gate.curl([`${DESK}/tiktok`]);
	t.check(r.status === 200 && r.text.includes('Nothing of TikTok\'s was seen yet'), 'nothing was seen of TikTok yet, and its page says so', r.text);

	/* A refusal, and Google is told something else. */
	t.equal((await gate.tool('choice', 'set', 'refuse', 'site.test', '--state', gate.state)).code, 0, 'everything is refused on a site');
	await t.until(async () => {
		await page(`https://site.test/set?${cookies(['_ga=GA1.1.1.2'])}`);
		return (await gate.log()).some((e) => e.name === 'set-after-refusal');
	}, 5);
	await load('site.test', 'https://collect.test/g?v=2&gcs=G111');
	r = await desk('/site/site.test', /It told Google/);
	t.check(r.text.includes('It told Google that you allow cookies for advertising and analytics, though you refused.'), 'the site\'s page says what contradicts the choice', r.text);
	t.check(r.text.includes('The cookie _ga (Analytics) was set, though you refused.'), 'and what was set all the same', r.text);
	t.check(r.text.includes('It told Google: advertising allowed, analytics allowed.'), 'and what was claimed', r.text);
	t.check(/<code>contradiction mode-grants<\/code>/.test(r.text) && r.text.includes('At collect.test, 1 time'), 'with the record\'s word, the host and how often', r.text);

	/* The pixel on a shop, before any choice. */
	await page(`https://shop.test/set?ttclid=E.C.P.abc&${cookies(['_ttp=2abc', '_tt_enable_cookie=1', 'sid=5'])}`, ['--location']);
	await page('https://shop.test/echo', ['-H', 'Cookie: _ttp=2abc; ttcsid_C1ABC=17']);
	await load('shop.test', `https://analytics.tiktok.com/set?${cookies(['_ttp=3def; Domain=tiktok.com'])}&gdpr=1&gdpr_consent=${tcString({ consent: [1], legitimate: [2, 7] })}`);
	t.equal((await load('shop.test', 'https://business-api.tiktok.com/x')).status, 403, 'a list names one of its hosts');
	r = await desk('/tiktok', /business-api/);
	const shop = part(r.text, 'shop.test');
	for (const [name, done] of [['_ttp', 'Removed'], ['_tt_enable_cookie', 'Removed'], ['ttcsid_C1ABC', 'Deleted'], ['ttclid', 'Taken out of the address 1 time'],
		['business-api.tiktok.com', '1 request not sent']]) {
		const row = shop.split('<tr ').find((s) => s.includes(`<code>${name}</code>`)) ?? '';
		t.check(/class="before">Yes/.test(row) && row.includes(done), `${name}: asked for before any choice, and ${done}`, row || shop);
	}
	t.check(!shop.includes('<code>sid</code>'), 'what is not TikTok\'s is not there', shop);
	t.check(shop.includes('It claimed your consent for keeping things in your browser; and a legitimate interest, which asks nobody, for choosing ads by a few facts, measuring ads.'),
		'the basis that was claimed', shop);
	t.check(!shop.includes('No basis was claimed'), 'so there was one', shop);
	t.equal(part(r.text, 'site.test'), '', 'a site without the pixel is not there');

	/* And TikTok's own pages. */
	await page(`https://www.tiktok.com/set?${cookies(['ttwid=1%7Cabc; Domain=tiktok.com', 'tt_csrf_token=x'])}`);
	r = await desk('/tiktok', /<code>tt_csrf_token<\/code> <span class="quiet">www/);
	const own = part(r.text, 'tiktok.com');
	t.check(own.includes('No basis was claimed') && own.includes('<code>ttwid</code>'), 'tiktok.com claimed no basis', own);
	t.check(r.text.indexOf('/site/tiktok.com') < r.text.indexOf('/site/shop.test'), 'and stands first', r.text.length);

	const json = JSON.parse((await gate.curl([`${DESK}/sites.json`])).text);
	t.check(json.claims.some((c) => c.kind === 'contradiction' && c.name === 'mode-grants' && c.choice === 'refused'), 'the same as JSON', json.claims);
	t.equal(json.rows.find((c) => c.cookie === '_tt_enable_cookie')?.unasked, 1, 'with what was before any choice');
	await checkEvidence(t, gate);
});
