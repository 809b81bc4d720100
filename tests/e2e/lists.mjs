/* Filter lists: what they name is refused until its purpose is accepted, and links lose what follows the click. */
import { writeFileSync } from 'node:fs';
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';

const ADS = '||ads.test^$third-party\n@@||ads.test/needed.js\n||pixel.test/gif$image,redirect=1x1.gif\n||site.test^$removeparam=utm_source\n'
	+ '||site.test^$removeheader=x-origin-mark\n||site.test^$removeheader=request:x-browser-mark\n||site.test/framed$csp=frame-src \'none\'\n'
	+ '||out.test/go$doc,urlskip=?url\n||landing.test^$document\n';
const PAGE = '<!DOCTYPE html>\n<title>Please log in</title>\n';
const PRIVACY = '||count.test^$third-party\n||site.test/api$header=x-adnet:/^7/\n';
/* The tables know none of these but the session. */
const COOKIES = '||site.test^$cookie=visitmark\n||site.test^$cookie=PHPSESSID\n$cookie=/^lastly/;maxAge=60\n||site.test^$cookie=spared\n'
	+ '@@||site.test/free^$cookie=spared\n';

scenario('lists', async (t) => {
	const pki = await makePki(t);
	const hosts = ['site.test', 'ads.test', 'count.test', 'pixel.test', 'out.test', 'landing.test'];
	const origin = await startOrigin(t, await pki.leaf('sites', hosts));
	/* The origin knows none of the paths asked for here, so what reaches it is answered with 404. */
	const lists = { ads: t.path('ads.txt'), privacy: t.path('privacy.txt'), tracking: t.path('tracking.txt'), page: t.path('page.txt') };
	writeFileSync(lists.ads, ADS);
	writeFileSync(lists.privacy, PRIVACY);
	writeFileSync(lists.tracking, COOKIES);
	writeFileSync(lists.page, PAGE);
	const gate = await startCrumbgate(t, { trust: pki.root, sites: [[':443', origin.https]], args: ['--list', lists.ads, '--list', lists.privacy,
		'--list', lists.tracking, '--list', lists.page],
		config: 'profile "minors" {\n\tclients = { "127.0.0.2/32" }\n}\nprofile "investigator" {\n\tclients = { "127.0.0.3/32" }\n}\n' });
	const as = (n) => ['--interface', `127.0.0.${n}`];
	const page = (path, n = 1) => gate.curl([...as(n), '-H', 'Sec-Fetch-Site: none', '-H', 'Sec-Fetch-Mode: navigate', '-H', 'Sec-Fetch-Dest: document',
		`https://site.test${path}`]);
	const load = (url, dest, n = 1) => gate.curl([...as(n), '-H', 'Sec-Fetch-Site: cross-site', '-H', 'Sec-Fetch-Mode: no-cors', '-H', `Sec-Fetch-Dest: ${dest}`,
		'-H', 'Referer: https://site.test/', url]);
	const reached = (host) => origin.requests.filter((r) => r.host === host).length;

	const NO_LIST = /page\.txt: a web page and no filter list: it protects nothing/g;
	t.equal(gate.proc.output().match(NO_LIST)?.length, 1, 'a web page in the place of a list is named at the start');
	t.check(!/ads\.txt: |privacy\.txt: |tracking\.txt: /.test(gate.proc.output()), 'and no other', gate.proc.output());
	await page('/');
	t.equal((await gate.entries((e) => e.kind === 'rules' && /\.txt$/.test(e.name) && e.name !== 'page.txt', 3)).map((e) => [e.name, e.count]), [['ads.txt', 9], ['privacy.txt', 2],
		['tracking.txt', 5]],
		'the log names the lists, their versions and how many rules they have');
	let r = await load('https://ads.test/ad.js', 'script');
	t.equal([r.status, reached('ads.test')], [403, 0], 'a request that a list names is refused, and the origin hears nothing');
	t.check(r.text.includes('crumbgate.internal'), 'the refusal says where the choice is', r.text);
	r = await gate.curl([...as(1), '-H', 'Sec-Fetch-Site: cross-site', '-H', 'Sec-Fetch-Mode: navigate', '-H', 'Sec-Fetch-Dest: document', 'https://landing.test/x']);
	t.check(r.status === 403 && reached('landing.test') === 0 && /<h1[^>]*>A filter list keeps this page out/.test(r.text)
		&& r.text.includes('http://crumbgate.internal/site/landing.test'), 'a page that a list names gives way to one that says so', r.text);
	r = await load('https://ads.test/needed.js', 'script');
	t.equal([r.status, reached('ads.test')], [404, 1], 'an exception of the list lets through');
	r = await load('https://pixel.test/gif', 'image');
	t.equal([r.status, r.get('content-type'), reached('pixel.test')], [200, 'image/gif', 0], 'a pixel is answered by an empty one');
	r = await load('https://count.test/c', 'empty');
	t.equal([r.status, reached('count.test')], [403, 0], 'a list about privacy refuses too');
	const block = (await gate.entries((e) => e.kind === 'block' && e.host !== 'landing.test', 3));
	t.equal(block.map((e) => [e.host, e.name, e.site, e.choice]), [['ads.test', '||ads.test^$third-party', 'site.test', 'none'],
		['pixel.test', '||pixel.test/gif$image,redirect=1x1.gif', 'site.test', 'none'], ['count.test', '||count.test^$third-party', 'site.test', 'none']],
	'each refusal is an entry with its rule');
	t.check(/^list:ads\.txt [0-9a-f]{16}; advertising$/.test(block[0].why) && /^list:privacy\.txt [0-9a-f]{16}; analytics$/.test(block[2].why),
		'which says the list, its version and the purpose', block.map((e) => e.why));

	r = await page('/a?x=1&gclid=abc&y=2&utm_source=z&fbclid=q');
	t.equal([r.status, r.get('location')], [302, '/a?x=1&y=2'], 'the browser is sent on, so that no script of the page reads them either');
	/* Each worker sends a browser on once; whose script puts it back gets the page. */
	for (let i = 0; i < 3 && r.status === 302; i++)
		r = await page('/a?x=1&gclid=abc&y=2&utm_source=z&fbclid=q');
	t.equal([r.status, origin.requests.at(-1).url], [404, '/a?x=1&y=2'], 'a page\'s URL loses what follows the click');
	t.equal([...new Set((await gate.entries((e) => e.kind === 'strip', 2)).map((e) => e.name))].sort(), ['gclid', '||site.test^$removeparam=utm_source'], 'and the log says so');

	r = await gate.curl([...as(1), '-H', 'Sec-Fetch-Site: none', '-H', 'Sec-Fetch-Mode: navigate', '-H', 'Sec-Fetch-Dest: document',
		'-H', 'X-Browser-Mark: 1', 'https://site.test/framed']);
	t.equal([origin.requests.at(-1).headers['x-browser-mark'], r.all('content-security-policy')], [undefined, ["frame-src 'none'"]],
		'rules take fields out of a request, and add a policy to an answer');
	r = await gate.curl([...as(1), '-H', 'Sec-Fetch-Site: none', '-H', 'Sec-Fetch-Mode: navigate', '-H', 'Sec-Fetch-Dest: document',
		'https://out.test/go?id=7&url=https%3A%2F%2Fsite.test%2Fthere']);
	t.equal([r.status, r.get('location'), reached('out.test')], [302, 'https://site.test/there', 0], 'a redirector is led past');

	/* Header fields of the answer, in every version of HTTP. */
	origin.routes.set('/api', (req, res, url) => {
		res.setHeader('X-Adnet', url.searchParams.get('net'));
		res.setHeader('Set-Cookie', 'hidden=1; Path=/');
		res.end('the answer');
	});
	for (const http of ['--http1.1', '--http2']) {
		const api = (net, ...more) => gate.curl([http, '-H', 'Sec-Fetch-Site: same-origin', '-H', 'Sec-Fetch-Dest: empty', '-H', 'Referer: https://site.test/',
			...more, `https://site.test/api?net=${net}`]);
		r = await api('7');
		t.equal([r.status, r.all('set-cookie'), r.text.includes('the answer')], [403, [], false], `${http}: an answer with such a field is kept back`);
		r = await api('7', '--data-binary', 'x'.repeat(100000));
		t.equal(r.status, 403, `${http}: whatever was sent before`);
		t.equal((await api('8')).text, 'the answer', `${http}: and one without it is not`);
	}
	t.check(/; analytics; by its answer, with 1 cookies$/.test((await gate.entries((e) => e.kind === 'block' && e.host === 'site.test', 1))[0].why),
		'the log says that it was the answer');

	/* Cookies: both ways, and what a rule says is a fact of the entry. */
	const visit = (path, cookie) => gate.curl([...as(1), '-H', 'Sec-Fetch-Site: none', '-H', 'Sec-Fetch-Mode: navigate', '-H', 'Sec-Fetch-Dest: document',
		...(cookie ? ['-H', `Cookie: ${cookie}`] : []), `https://site.test${path}`]);
	const set = (...cookies) => '/set?' + cookies.map((c) => `c=${encodeURIComponent(c)}`).join('&');
	r = await visit(set('visitmark=1; Path=/', 'PHPSESSID=ab; Path=/', 'lastlyseen=1; Max-Age=7200', 'spared=1'));
	t.equal(r.all('set-cookie'), ['PHPSESSID=ab; Path=/', 'lastlyseen=1; Max-Age=7200; Max-Age=60'],
		'a rule takes out a cookie, another shortens a life; what a site needs stays');
	await visit('/free', 'visitmark=1; PHPSESSID=ab; spared=1');
	t.equal(origin.requests.at(-1).cookie, 'PHPSESSID=ab; spared=1', 'so it is with what the browser sends, and an exception lets through');
	const named = (await gate.entries((e) => e.kind === 'set' && e.list, 4)).map((e) => [e.cookie, e.verdict, e.purpose, e.list.says, e.list.purpose, e.list.name, e.list.rule]);
	t.equal(named.find((e) => e[0] === 'visitmark'), ['visitmark', 'removed', 'analytics', 'remove', 'analytics', 'tracking.txt', '||site.test^$cookie=visitmark'],
		'the entry says which rule of which list');
	t.equal(named.find((e) => e[0] === 'PHPSESSID').slice(1, 4), ['kept', 'essential', 'remove'], 'also where it is not followed');

	t.equal((await gate.tool('choice', 'set', 'analytics', 'site.test', '--state', gate.state)).code, 0, 'measuring is accepted');
	await t.until(async () => (await load('https://count.test/c', 'empty')).status === 404, 5);
	t.equal([(await load('https://count.test/c', 'empty')).status, (await load('https://ads.test/ad.js', 'script')).status], [404, 403],
		'so what measures is let through, and what advertises is not');
	t.equal((await visit(set('visitmark=1; Path=/'))).all('set-cookie'), ['visitmark=1; Path=/'], 'so is its cookie');
	t.equal((await gate.tool('choice', 'set', 'accept', 'site.test', '--state', gate.state)).code, 0, 'everything is accepted');
	await t.until(async () => (await load('https://ads.test/ad.js', 'script')).status === 404, 5);
	await page('/a?gclid=abc');
	t.equal(origin.requests.at(-1).url, '/a?gclid=abc', 'and the link stays as it was');

	await page('/', 2);
	await gate.tool('choice', 'set', 'accept', '--all', '--client', '127.0.0.2', '--state', gate.state);
	t.equal((await load('https://ads.test/ad.js', 'script', 2)).status, 403, 'for a minor no choice counts');
	await page('/', 3);
	t.equal((await load('https://ads.test/ad.js', 'script', 3)).status, 404, 'and for an investigator nothing is refused');
	/* A list that comes with a reload is named too; one that would take seconds for a request is not let. */
	writeFileSync(lists.privacy, PRIVACY + '||more.test^\n');
	writeFileSync(lists.tracking, Array.from({ length: 3000 }, (_, i) => `/site\\.test\\/(x+x+)+y${i}/`).join('\n'));
	gate.proc.child.kill('SIGHUP');
	t.equal((await gate.entries((e) => e.kind === 'rules' && e.name === 'privacy.txt', 2)).at(-1)?.count, 3, 'after a reload the log names the lists that are in force');
	t.equal(gate.proc.output().match(NO_LIST)?.length, 2, 'and the page is named again');
	let longest = 0;
	await t.until(async () => {
		const began = Date.now();
		await load(`https://site.test/${'x'.repeat(6000)}`, 'script');
		longest = Math.max(longest, Date.now() - began);
		return /filter list tracking.txt takes too long/.test(gate.proc.output());
	}, 10);
	t.check(longest < 1500, 'no list holds a request up', longest);
	t.check(/filter list tracking.txt takes too long/.test(gate.proc.output()), 'and it is said which one would');
	await checkEvidence(t, gate);
});
