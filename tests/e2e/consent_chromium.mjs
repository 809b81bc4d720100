/*
 * Consent in Chromium: a site with a banner like OneTrust's and one with a TCF banner, before any choice, refused, in
 * part, accepted and withdrawn; the same at the desk.  At each stage: which cookies the browser has, asked of itself, and
 * which the origin got.
 */
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { openJar, startHungryChromium } from './lib/jar.mjs';
import { PAGE, PLAIN, allowed, oneTrustSite, serveSites, silentSite, tcfSite } from './lib/consent.mjs';

const EVERYTHING = ['functional', 'analytics', 'advertising'];
const DESK = 'http://crumbgate.internal';

/* The names of the cookies that the origin got for a site and its pixel since its request number `mark`. */
function wireOf(origin, s, mark) {
	const names = (host) => [...new Set(origin.requests.slice(mark).filter((r) => r.host === host && r.cookie !== null)
		.flatMap((r) => r.cookie.split('; ').map((pair) => pair.split('=')[0])))].sort();
	return { page: names(s.host), pixel: names(s.pixel) };
}

/* Everything that the parts share. */
class Visitor {
	constructor(t, origin, page, jar) {
		Object.assign(this, { t, origin, page, jar });
	}

	async has(s) {
		return { page: await this.jar.names(s.host), pixel: await this.jar.names(s.pixel) };
	}

	/* The site's page; "asks" or "silent", once its banner has made up its mind. */
	async visit(s) {
		await this.page.goto(`https://${s.host}${PAGE}`, { waitUntil: 'load' });
		return (await this.page.waitForFunction(() => document.body.dataset.banner)).jsonValue();
	}

	async press(selector) {
		await (await this.page.waitForSelector(selector, { visible: true })).click();
	}

	/* A button of the site's banner, which is opened where it does not ask. */
	async answer(s, button) {
		if ((await this.visit(s)) === 'silent')
			await this.press('#settings');
		await this.press(`#${button}`);
		const answered = await this.page.waitForFunction(() => document.body.dataset.answered);
		this.t.equal(await answered.jsonValue(), `${button} by hand`, `${s.site}: the banner's ${button} is pressed`);
	}

	/* A button of the form at this page of the desk, with these purposes ticked first. */
	async choose(path, op, ticked) {
		await this.page.goto(`${DESK}${path}`, { waitUntil: 'load' });
		if (ticked !== undefined) {
			await this.press('form.choice summary');
			for (const box of await this.page.$$('form.choice input[type=checkbox]')) {
				const { name, checked } = await box.evaluate((e) => ({ name: e.name, checked: e.checked }));
				if (checked !== ticked.includes(name))
					await box.click();
			}
		}
		const button = await this.page.waitForSelector(`form.choice button[value=${op}]`, { visible: true });
		await Promise.all([this.page.waitForNavigation({ waitUntil: 'load' }), button.click()]);
	}

	/* Two visits, since what the first one sets the second one sends, and a page without scripts. */
	async stage(s, what, granted, kept) {
		const mark = this.origin.requests.length, want = allowed(granted, kept);
		for (let i = 0; i < 2; i++)
			await this.page.goto(`https://${s.host}${PAGE}`, { waitUntil: 'load' });
		const has = await this.has(s);
		this.t.check(has.page.includes('_ga') && has.page.includes('_fbp'), `${s.site}, ${what}: the page's script has set its cookies`, has);
		await this.page.goto(`https://${s.host}${PLAIN}`, { waitUntil: 'load' });
		this.t.equal(wireOf(this.origin, s, mark), want, `${s.site}, ${what}: on the wire`);
		this.t.equal(await this.has(s), want, `${s.site}, ${what}: in the browser after the next page`);
		const asked = this.origin.requests.slice(mark).filter((r) => r.host === s.host || r.host === s.pixel);
		return asked.map((r) => r.headers['sec-gpc'] ?? 'nothing').reduce((all, gpc) => (all.includes(gpc) ? all : [...all, gpc]), []);
	}
}

/* Through the site's own banner. */
async function banner(t, gate, v, s) {
	t.equal(await v.visit(s), 'asks', `${s.site}: its banner asks`);
	t.equal(await v.stage(s, 'before any choice', [], s.asking), ['nothing'], `${s.site}: who chose nothing does not object`);
	for (const [button, what, granted, gpc] of [
		['refuse', 'refused', [], '1'],
		['accept', 'accepted', EVERYTHING, 'nothing'],
		['refuse', 'withdrawn', [], '1'],
		['measure', 'statistics accepted', ['analytics'], '1'],
		['accept', 'accepted again', EVERYTHING, 'nothing'],
		['measure', 'withdrawn in part', ['analytics'], '1'],
		['refuse', 'withdrawn altogether', [], '1']]) {
		await v.answer(s, button);
		t.equal(await v.stage(s, what, granted, s.own), [gpc], `${s.site}, ${what}: Sec-GPC says so`);
	}
	t.equal(await v.visit(s), 'silent', `${s.site}: its banner has its answer`);
	await v.page.goto(`${DESK}/site/${s.site}`, { waitUntil: 'load' });
	t.match(await v.page.$eval('main', (e) => e.innerText), /You refused in the site's banner\. It holds until /, `${s.site}: the desk says where that was said`);
	const choices = await gate.entries((e) => e.kind === 'choice' && e.site === s.site, 7);
	t.equal(choices.map((e) => [e.choice, e.seen]), ['refused', 'accepted', 'refused', 'analytics', 'accepted', 'analytics', 'refused'].map((c) => [c, 'banner']),
		`${s.site}: the log has each choice`);
	const claims = await gate.entries((e) => e.kind === 'claim' && e.site === s.site && / act:/.test(e.why), 3);
	t.equal(claims.map((e) => `${e.name} ${e.why.split(',')[0]}`).sort(), ['accept', 'partial', 'refuse'].map((word) => `${s.product} ${word}`),
		`${s.site}: and each kind of answer`);
}

/* At the desk: on the site's own page there. */
async function desk(t, gate, v, s) {
	const path = `/site/${s.site}`;
	t.equal(await v.stage(s, 'before any choice', [], []), ['nothing'], `${s.site}: who chose nothing does not object`);
	for (const [op, ticked, what, granted, gpc] of [
		['refuse', undefined, 'refused', [], '1'],
		['accept', undefined, 'accepted', EVERYTHING, 'nothing'],
		['refuse', undefined, 'withdrawn by refusing', [], '1'],
		['some', ['analytics'], 'measuring accepted', ['analytics'], '1'],
		['some', ['functional', 'advertising'], 'comfort and advertising accepted', ['functional', 'advertising'], 'nothing'],
		['accept', undefined, 'accepted again', EVERYTHING, 'nothing'],
		['clear', undefined, 'withdrawn by forgetting', [], 'nothing']]) {
		await v.choose(path, op, ticked);
		t.equal(new URL(v.page.url()).pathname, path, `${s.site}, ${what}: the desk shows the site again`);
		t.equal(await v.stage(s, `${what} at the desk`, granted, []), [gpc], `${s.site}, ${what}: Sec-GPC says so`);
	}
	await v.choose('/', 'accept');
	await v.stage(s, 'accepted for all sites', EVERYTHING, []);
	await v.choose(path, 'refuse');
	await v.stage(s, 'refused where all sites are accepted', [], []);
	await v.choose('/', 'clear');
	await v.stage(s, 'all choices forgotten', [], []);
	const choices = await gate.entries((e) => e.kind === 'choice' && e.seen === 'desk', 10);
	t.equal(choices.map((e) => [e.site === '*' ? 'all' : 'it', e.choice]), [['it', 'refused'], ['it', 'accepted'], ['it', 'refused'], ['it', 'analytics'],
		['it', 'functional+advertising'], ['it', 'accepted'], ['it', 'none'], ['all', 'accepted'], ['it', 'refused'], ['all', 'none']],
	'the log has each choice');
}

/* What was said at the desk is stronger than the banner. */
async function stronger(t, v, s) {
	const overruled = async () => {
		await v.page.goto(`${DESK}/site/${s.site}`, { waitUntil: 'load' });
		return /accepted everything .* That does not count: your own choice is stronger\./.test(await v.page.$eval('main', (e) => e.innerText));
	};
	await v.choose(`/site/${s.site}`, 'refuse');
	t.check(!(await overruled()), 'before the banner is answered the desk says nothing of it');
	await v.answer(s, 'accept');
	await v.stage(s, 'refused at the desk, accepted in the banner', [], s.own);
	t.check(await overruled(), 'the desk says why the answer does not count');
}

/*
 * With consent-write the banner finds its own record of the refusal given at the desk.  Its default, which nobody
 * answered, was to take all as accepted: with the banner closed, what is left of that would pass for an answer.
 */
async function written(t, gate, v, s) {
	t.equal(await v.visit(s), 'asks', `${s.site}: its banner asks`);
	await v.choose(`/site/${s.site}`, 'refuse');
	t.equal(await v.visit(s), 'silent', `${s.site}: after a refusal at the desk it asks no more`);
	await v.stage(s, 'refused, and written', [], s.own);
	const records = (await v.jar.all(s.host)).filter((c) => c.name === 'OptanonConsent').map((c) => /groups=([^&]*)/.exec(decodeURIComponent(c.value))?.[1]);
	t.check(records.length > 0 && records.every((groups) => /^C0001:1(,C000\d:0)+$/.test(groups)), `${s.site}: no record in the browser says anything else`, records);
	t.equal((await gate.entries((e) => e.kind === 'write')).map((e) => [e.site, e.name, e.choice]), [[s.site, 'OneTrust', 'refused']], 'the log says so');
}

scenario('consent_chromium', async (t) => {
	const shop = oneTrustSite('www.shop.test', 'ads.shop-ads.test'), news = tcfSite('www.news.test', 'ads.news-ads.test');
	const plain = silentSite('www.plain.test', 'ads.plain-ads.test'), club = tcfSite('www.club.test', 'ads.club-ads.test');
	const asked = oneTrustSite('www.asked.test', 'ads.asked-ads.test', { byDefault: '1111' });
	const sites = [shop, news, plain, club, asked];
	const pki = await makePki(t);
	const origin = await startOrigin(t, await pki.leaf('sites', sites.flatMap((s) => [s.host, s.pixel])));
	serveSites(origin, sites);
	const visitor = async (label, args) => {
		const gate = await startCrumbgate(t, { trust: pki.root, label, sites: [[':443', origin.https]], args });
		const browser = await startHungryChromium(t, { proxyPort: gate.port, ca: gate.ca, label: `${label}-chromium` });
		return { gate, v: new Visitor(t, origin, await browser.newPage(), await openJar(browser)) };
	};

	const { gate, v } = await visitor('crumbgate', []);
	await t.part('a banner like OneTrust\'s', () => banner(t, gate, v, shop));
	await t.part('a TCF banner', () => banner(t, gate, v, news));
	await t.part('the desk', () => desk(t, gate, v, plain));
	await t.part('the desk and a banner', () => stronger(t, v, club));
	await checkEvidence(t, gate);

	const writing = await visitor('writing', ['--consent-write']);
	await t.part('consent-write', () => written(t, writing.gate, writing.v, asked));
	await checkEvidence(t, writing.gate);
});
