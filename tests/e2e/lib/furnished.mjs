/*
 * furnished.mjs - a proxy whose desk has something on each of its pages, and a Chromium that looks at it.
 *
 *	const { gate, page } = await furnish(t, { profile: 'minors' });
 *	await page.goto(`${DESK}/site/shop.test`);
 *
 * shop.test has cookies of every purpose, its own and third parties', TikTok's pixel, and claims; blog.test a few cookies;
 * wall.test asked for proof of no robot and passes unread (not for minors); wrong.test has a certificate of another name; a list names listed.test.
 */
import { writeFileSync } from 'node:fs';
import { tcString } from './consent.mjs';
import { makePki } from './pki.mjs';
import { startOrigin } from './origin.mjs';
import { startCrumbgate } from './crumbgate.mjs';
import { startHungryChromium } from './jar.mjs';

export const DESK = 'http://crumbgate.internal';

const YEAR = 31536000;
const SITES = {
	'www.shop.test': ['_ga=GA1.2.1122334455.1750000000', '_gid=GA1.2.5566778899.1750000000', '_fbp=fb.1.1750000000000.1234567890', '_gcl_au=1.1.987654321.1750000000',
		'_ttp=2cUvXqYkP9zLmN0bR4sT6wJ8', 'PHPSESSID=0123456789abcdef0123456789abcdef', 'CookieConsent={stamp:%27-1%27}', '__zlcmid=1Aqz7B', 'a_name_nobody_knows=1'],
	'www.blog.test': ['_pk_id.1.1fff=0123456789abcdef.1750000000.', 'sessionid=abcdef0123456789'],
};
const TIKTOK = `https://analytics.tiktok.com/pixel.gif?gdpr=1&gdpr_consent=${tcString({ consent: [1], legitimate: [2, 3, 7] })}&ttclid=E.C.P.abc`;
const GOOGLE = 'https://ads.test/pixel.gif?v=2&gcs=G111';
const PIXELS = {
	'ads.test': ['IDE=AHWqTUnPixel', 'intercom-id-x1=0f9d8c7b'],
	'analytics.tiktok.com': ['_ttp=2cUvXqYkP9zLmN0bR4sT6wJ8; Domain=tiktok.com'],
};

function serve(origin) {
	const html = (res, text) => {
		res.setHeader('Content-Type', 'text/html; charset=utf-8');
		res.end(`<!doctype html><html lang=en><meta charset=utf-8><title>a page</title><link rel=icon href=data:,>${text}`);
	};
	origin.routes.set('/', (req, res) => {
		res.setHeader('Set-Cookie', (SITES[req.headers.host] ?? []).map((c) => `${c}; Path=/; Max-Age=${YEAR}; Secure`));
		html(res, '<img src="https://ads.test/pixel.gif" alt="">' + (req.headers.host === 'www.shop.test' ? `<img src="${TIKTOK}" alt=""><img src="${GOOGLE}" alt="">` : ''));
	});
	origin.routes.set('/pixel.gif', (req, res) => {
		res.setHeader('Content-Type', 'image/gif');
		res.setHeader('Set-Cookie', PIXELS[req.headers.host].map((c) => `${c}; Path=/; Max-Age=${YEAR}; Secure; SameSite=None`));
		res.end(Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'));
	});
	origin.routes.set('/robot', (req, res) => {
		res.statusCode = 403;
		res.setHeader('cf-mitigated', 'challenge');
		html(res, '<p>Are you a robot?');
	});
}

/* A button of the form at the desk's page of a site. */
export async function chooseForSite(page, site, op) {
	await page.goto(`${DESK}/site/${site}`, { waitUntil: 'load' });
	if (op === 'some') {
		await page.click('form.choice summary');
		await page.click('form.choice input[name=analytics]');
	}
	await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), page.click(`form.choice button[value=${op}]`)]);
}

export async function furnish(t, { profile = 'default' } = {}) {
	const pki = await makePki(t, `${profile}-pki`);
	const tls = await pki.leaf('sites', [...Object.keys(SITES), 'ads.test', 'analytics.tiktok.com', 'www.wall.test', 'www.listed.test']);
	const origin = await startOrigin(t, tls);
	serve(origin);
	const config = profile === 'default' ? '' : `profile "${profile}" {\n\tclients = { "127.0.0.0/8" }\n}\n`;
	const list = t.path(`${profile}-list.txt`);
	writeFileSync(list, '||listed.test^$document\n');
	const gate = await startCrumbgate(t, { trust: pki.root, label: profile, config, sites: [[':443', origin.https], [':80', origin.http]],
		args: ['--list', list] });
	const browser = await startHungryChromium(t, { proxyPort: gate.port, ca: gate.ca, label: `${profile}-chromium` });
	const page = await browser.newPage();
	const visit = (url) => page.goto(url, { waitUntil: 'load' });

	await visit('https://www.wall.test/robot');
	await visit('https://www.blog.test/');
	for (let i = 0; i < 3; i++)
		await visit('https://www.shop.test/');
	await gate.entries((e) => e.kind === 'set' && e.site === 'shop.test' && e.cookie === 'IDE');
	await gate.entries((e) => e.kind === 'claim' && e.host === 'analytics.tiktok.com');
	return { gate, browser, page };
}
