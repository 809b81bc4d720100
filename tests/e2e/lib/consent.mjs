/*
 * consent.mjs - sites that ask for consent and do not wait for it: a page each, with trackers and a banner.
 *
 *	const shop = oneTrustSite('www.shop.test', 'ads.shop-ads.test');
 *	serveSites(origin, [shop]);
 *
 * Each page sets _ga and _fbp by script for the whole site and _gid and sid by header, and loads a third party's
 * pixel, which sets IDE and intercom-id-x1, on every visit, whatever was answered.  The banner shows itself by the
 * page's own clock, later than a hand could answer a page (body.dataset.banner: "asks", else "silent"), and keeps the answer as
 * the product it copies does.  body.dataset.answered says which button was pressed, and whether by a real hand.
 *
 * A site: { host, site, pixel (host), own: names of the cookies in which its banner keeps an answer, asking: of those
 * that are there before one, page: HTML }.
 */

/* Longer than the 500 ms within which crumbgate takes no answer for a person's (filters/banners/change.h). */
const BANNER_SHOWS_MS = 800;

const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

/*
 * An IAB TC string of version 2, core segment alone (IAB Tech Lab, "Consent string and vendor list formats v2"):
 * purposes consented to and claimed as legitimate interest, consent for vendors 1 to `vendors`.
 */
export function tcString({ consent = [], legitimate = [], vendors = 0, when = Date.now() }) {
	const bits = [];
	const put = (n, value) => bits.push(BigInt(value).toString(2).padStart(n, '0'));
	const flags = (n, set) => bits.push(Array.from({ length: n }, (_, i) => (set.includes(i + 1) ? '1' : '0')).join(''));
	const letters = (text) => [...text].forEach((c) => put(6, c.charCodeAt(0) - 65));
	const day = Math.floor(when / 86400000) * 864000; // tenths of a second; whole days, as TCF 2.2 wants

	put(6, 2);
	put(36, day);
	put(36, day);
	put(12, 300); // CMP
	put(12, 1);
	put(6, 1); // screen
	letters('EN');
	put(12, 150); // vendor list
	put(6, 5); // policy of TCF 2.3
	put(1, 1); // for this site
	put(1, 0);
	flags(12, []); // special features
	flags(24, consent);
	flags(24, legitimate);
	put(1, 0);
	letters('DE');
	put(16, vendors);
	put(1, 0);
	flags(vendors, Array.from({ length: vendors }, (_, i) => i + 1));
	put(16, 0); // legitimate interest of vendors
	put(1, 0);
	put(12, 0); // publisher restrictions
	const all = bits.join('');
	const octets = (all.padEnd(Math.ceil(all.length / 8) * 8, '0').match(/.{8}/g)).map((octet) => Number.parseInt(octet, 2));
	return Buffer.from(octets).toString('base64url');
}

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/* `script` defines asks() and keep(answer), and may call put(name, value). */
function pageWith({ site, pixel }, script) {
	return `<!doctype html><html lang=en><meta charset=utf-8><title>A page that asks</title><link rel=icon href=data:,>
<body>
<h1>A page that asks</h1>
<img src="https://${pixel}/pixel.gif" alt="">
<div id=banner hidden>
<p>We value your privacy.</p>
<button id=refuse>Reject all</button> <button id=measure>Statistics only</button> <button id=accept>Accept all</button>
</div>
<button id=settings>Cookie settings</button>
<script>
'use strict';
const put = (name, value) => { document.cookie = name + '=' + value + '; Domain=${site}; Path=/; Max-Age=31536000; Secure; SameSite=Lax'; };
const has = (name) => document.cookie.split('; ').some((pair) => pair.startsWith(name + '='));
put('_ga', 'GA1.2.1122334455.1750000000');
put('_fbp', 'fb.1.1750000000000.1234567890');
${script}
const banner = document.getElementById('banner');
for (const button of banner.querySelectorAll('button'))
	button.onclick = (event) => {
		keep(button.id);
		banner.hidden = true;
		document.body.dataset.answered = button.id + (event.isTrusted ? ' by hand' : ' by script');
	};
document.getElementById('settings').onclick = () => { banner.hidden = false; };
setTimeout(() => {
	banner.hidden = !asks();
	document.body.dataset.banner = banner.hidden ? 'silent' : 'asks';
}, ${BANNER_SHOWS_MS});
</script>`;
}

const siteOf = (host) => host.split('.').slice(-2).join('.');

/*
 * Keeps OptanonConsent from the first visit on, with the site's default (groups 1 to 4, each 1 or 0), and
 * OptanonAlertBoxClosed once it is answered.
 */
export function oneTrustSite(host, pixel, { byDefault = '1000' } = {}) {
	const s = { host, site: siteOf(host), pixel, product: 'OneTrust', asking: ['OptanonConsent'], own: ['OptanonAlertBoxClosed', 'OptanonConsent'] };
	s.page = () => pageWith(s, `
const groups = { none: '${byDefault}', refuse: '1000', measure: '1100', accept: '1111' };
const record = (answer) => put('OptanonConsent', 'isGpcEnabled=0&datestamp=' + encodeURIComponent(new Date().toString()) +
	'&version=202501.1.0&browserGpcFlag=0&isIABGlobal=false&hosts=&landingPath=NotLandingPage&interactionCount=1&groups=' +
	encodeURIComponent([...groups[answer]].map((on, i) => 'C000' + (i + 1) + ':' + on).join(',')));
const asks = () => !has('OptanonAlertBoxClosed');
const keep = (answer) => {
	record(answer);
	put('OptanonAlertBoxClosed', new Date().toISOString());
};
if (!has('OptanonConsent'))
	record('none');`);
	return s;
}

/* Keeps a TC string, which claims a legitimate interest also where all was rejected, as most do. */
export function tcfSite(host, pixel) {
	const s = { host, site: siteOf(host), pixel, product: 'IAB TCF', asking: [], own: ['euconsent-v2'] };
	s.page = () => pageWith(s, `
const strings = ${JSON.stringify({
		refuse: tcString({ legitimate: [2, 7, 8, 9, 10, 11] }),
		measure: tcString({ consent: [1, 7, 8, 9], legitimate: [2, 7, 8, 9, 10, 11], vendors: 40 }),
		accept: tcString({ consent: ALL, legitimate: [2, 7, 8, 9, 10, 11], vendors: 800 }),
	})};
const asks = () => !has('euconsent-v2');
const keep = (answer) => put('euconsent-v2', strings[answer]);`);
	return s;
}

/* Asks nothing at all. */
export function silentSite(host, pixel) {
	const s = { host, site: siteOf(host), pixel, asking: [], own: [] };
	s.page = () => pageWith(s, 'const asks = () => false, keep = () => {};');
	return s;
}

export const PAGE = '/consent.html', PLAIN = '/nothing.html';

/* PAGE as said above, PLAIN without any script. */
export function serveSites(origin, sites) {
	const html = (res, text) => {
		res.setHeader('Content-Type', 'text/html; charset=utf-8');
		res.setHeader('Cache-Control', 'no-store');
		res.end(text);
	};
	origin.routes.set(PAGE, (req, res) => {
		res.setHeader('Set-Cookie', ['_gid=GA1.2.5566778899.1750000000; Path=/; Max-Age=86400; Secure', 'sid=s3cr3ts3ssi0n; Path=/; HttpOnly; Secure']);
		html(res, sites.find((s) => s.host === req.headers.host).page());
	});
	origin.routes.set(PLAIN, (req, res) => html(res, '<!doctype html><html lang=en><meta charset=utf-8><title>nothing</title><link rel=icon href=data:,><p>Nothing here.'));
	origin.routes.set('/pixel.gif', (req, res) => {
		res.setHeader('Content-Type', 'image/gif');
		res.setHeader('Cache-Control', 'no-store');
		res.setHeader('Set-Cookie', ['IDE=AHWqTUnPixel; Path=/; Max-Age=33696000; Secure; SameSite=None',
			'intercom-id-x1=0f9d8c7b; Path=/; Max-Age=23328000; Secure; SameSite=None']);
		res.end(GIF);
	});
}

/* What crumbgate lets a site's own page and its pixel have where this much is granted; `kept` is the banner's own. */
export function allowed(granted, kept) {
	const names = (all) => Object.keys(all).filter((name) => all[name] === true || granted.includes(all[name]));

	return {
		page: [...names({ sid: true, _ga: 'analytics', _gid: 'analytics', _fbp: 'advertising' }), ...kept].sort(),
		pixel: names({ IDE: 'advertising', 'intercom-id-x1': 'functional' }).sort(),
	};
}
