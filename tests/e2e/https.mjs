/* A page over TLS with curl: tracking cookies go in neither direction, the session stays, the log says so. */
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startNginx, startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';

const GA = '_ga=GA1.1.1234567890.1700000000; Path=/; Max-Age=63072000; Secure';
const SESSION = 'PHPSESSID=0123456789abcdef0123456789; Path=/; HttpOnly; Secure';
const SET_KEYS = ['v', 'n', 't', 'kind', 'client', 'site', 'site_by', 'party', 'host', 'cookie', 'purpose', 'why',
	'profile', 'choice', 'verdict', 'value', 'shape', 'count', 'last'];

scenario('https', async (t) => {
	const pki = await makePki(t);
	const tls = await pki.leaf('sites', ['site.test', 'ads.test', 'cdn.ads.test', 'files.test']);
	const origin = await startOrigin(t, tls);
	const web = await startNginx(t, tls);
	const gate = await startCrumbgate(t, { trust: pki.root,
		sites: [['files.test:443', web.https], [':443', origin.https]] });
	const url = (host, ...cookies) => `https://${host}/set?${cookies.map((c) => `c=${encodeURIComponent(c)}`).join('&')}`;
	const asPage = ['-H', 'Sec-Fetch-Site: none', '-H', 'Sec-Fetch-Mode: navigate', '-H', 'Sec-Fetch-Dest: document'];
	const asFrame = ['-H', 'Sec-Fetch-Site: cross-site', '-H', 'Sec-Fetch-Mode: no-cors', '-H', 'Sec-Fetch-Dest: image',
		'-H', 'Referer: https://site.test/'];

	/* Set by the page. */
	let r = await gate.curl([...asPage, url('site.test', GA, SESSION, 'lang=en; Path=/')]);
	t.equal([r.code, r.status, r.text], [0, 200, 'set\n'], 'a page arrives whole');
	t.equal(r.all('set-cookie'), [SESSION, 'lang=en; Path=/'], '_ga is not stored, the rest is as it was');

	/* Sent by the browser, from before the proxy. */
	r = await gate.curl([...asPage, '-H', 'Cookie: _ga=GA1.1.1.2; PHPSESSID=0123456789abcdef0123456789;  odd="x y"; lang=en',
		'https://site.test/echo']);
	t.equal(JSON.parse(r.text).cookie, 'PHPSESSID=0123456789abcdef0123456789;  odd="x y"; lang=en',
		'_ga is not sent, the rest is byte for byte');
	t.check(r.all('set-cookie').some((c) => /^_ga=/.test(c) && /Max-Age=0|Expires=Thu, 01[ -]Jan[ -]1970/i.test(c)),
		'and it is expired in the browser', r.all('set-cookie'));

	/* A third party. */
	r = await gate.curl([...asFrame, url('ads.test', 'IDE=AHWqTUn; Path=/; Max-Age=33696000; Secure; SameSite=None',
		'x93=abc; Path=/; Max-Age=31536000; Secure; SameSite=None')]);
	t.equal(r.all('set-cookie'), [], 'no cookie of a third party is stored');
	r = await gate.curl([...asFrame, '-H', 'Cookie: IDE=AHWqTUn', 'https://cdn.ads.test/echo']);
	t.equal(JSON.parse(r.text).cookie, null, 'none is sent: the field is gone');

	/* Another server, another protocol stack. */
	r = await gate.curl([...asPage, 'https://files.test/cookie']);
	t.equal([r.status, r.text, r.all('set-cookie')], [200, 'from nginx\n', ['PHPSESSID=0123456789abcdef; Path=/; HttpOnly']],
		'the same from nginx');

	/* What the origin saw of us. */
	const seen = origin.asked('site.test', '/echo').at(-1);
	t.check(!('via' in seen.headers) && !('x-forwarded-for' in seen.headers) && !('proxy-connection' in seen.headers),
		'the origin is told nothing of a proxy', seen.headers);

	/* The record. */
	const ga = (await gate.entries((e) => e.kind === 'set' && e.host === 'site.test' && e.cookie === '_ga'))[0];
	t.check(ga !== undefined && SET_KEYS.every((key) => key in ga), 'the set entry has all keys', ga);
	t.equal(ga && [ga.site, ga.party, ga.purpose, ga.verdict, ga.choice, ga.profile, ga.status],
		['site.test', 'first', 'analytics', 'removed', 'none', 'default', 200], 'and says what was done');
	t.equal(ga && Object.keys(ga.attrs).sort(), ['domain', 'httponly', 'lifetime_s', 'partitioned', 'path', 'samesite', 'secure', 'session'],
		'with the attributes');
	t.equal(ga?.attrs.lifetime_s, 34560000, 'and the lifetime, capped at 400 days');
	const sent = (await gate.entries((e) => e.kind === 'sent' && e.cookie === '_ga'))[0];
	t.check(sent !== undefined && SET_KEYS.every((key) => key in sent), 'the sent entry has all keys', sent);
	t.equal(sent?.verdict, 'expired', 'and says that it was expired');
	const third = (await gate.entries((e) => e.kind === 'set' && e.host === 'ads.test' && e.cookie === 'IDE'))[0];
	t.equal(third && [third.site, third.party, third.verdict], ['site.test', 'third', 'removed'], 'the third party is named as one');
	const session = (await gate.entries((e) => e.kind === 'set' && e.host === 'site.test' && e.cookie === 'PHPSESSID'))[0];
	t.equal(session && [session.purpose, session.verdict], ['essential', 'kept'], 'the session cookie is kept as essential');
	const log = JSON.stringify(await gate.log());
	t.check(!/GA1\.1\.|0123456789abcdef|AHWqTUn|127\.0\.0\.1/.test(log), 'no value and no client address stands in the log');
	await checkEvidence(t, gate);
	t.equal((await gate.proc.stop()).code, 0, 'TERM ends it with 0');
	await checkEvidence(t, gate);
});
