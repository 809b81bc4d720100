/*
 * HTTP/2 on either side: every pairing of h2 and HTTP/1.1 carries the same exchanges, cookies are dealt with
 * in both directions, and the log says so.
 */
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { pattern, patternSum, sha256 } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { openClient, startDuplex, refusesHttp1 } from './lib/h2.mjs';

const GA = '_ga=GA1.1.1234567890.1700000000; Path=/; Max-Age=63072000; Secure';
const SESSION = 'PHPSESSID=0123456789abcdef0123456789; Path=/; HttpOnly; Secure';
const LANG = 'lang=en; Path=/';
const PAGE = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const UP = 3 * 1024 * 1024 + 17, DOWN = 5 * 1024 * 1024 + 3;

/* Which protocols meet: what the client offers, the host, what both sides then speak. */
const MEETINGS = [
	['h2', 'two.test', 'h2', '2.0'], ['h2', 'one.test', 'h2', '1.1'], ['h2', 'both.test', 'h2', '2.0'],
	['http/1.1', 'two.test', 'http/1.1', '2.0'], ['http/1.1', 'one.test', 'http/1.1', '1.1'], ['http/1.1', 'both.test', 'http/1.1', null],
	[['h2', 'http/1.1'], 'two.test', 'h2', '2.0'], [['h2', 'http/1.1'], 'one.test', 'http/1.1', '1.1'],
	[['h2', 'http/1.1'], 'both.test', 'h2', '2.0'],
].filter(([alpn, host]) => refusesHttp1 || alpn !== 'http/1.1' || host !== 'two.test');

async function meetings(t, gate) {
	for (const [alpn, host, ours, theirs] of MEETINGS) {
		await t.part(`offered ${alpn} for ${host}`, async () => {
			const client = await openClient(t, gate, host, alpn);
			const r = await client.ask('/echo', { headers: PAGE });
			const spoken = r.status === 200 ? JSON.parse(r.text).protocol : undefined;
			t.equal([client.protocol, r.status, theirs === null ? 'any' : spoken], [ours, 200, theirs ?? 'any'],
				`offered ${alpn}, ${host}: ${ours} to the client, HTTP/${theirs ?? spoken} to the origin`);
			client.close();
		});
	}
}

async function cookies(t, client, what) {
	let r = await client.ask(`/set?${[GA, SESSION, LANG].map((c) => `c=${encodeURIComponent(c)}`).join('&')}`, { headers: PAGE });
	t.equal([r.status, r.cookies], [200, [SESSION, LANG]], `${what}: _ga is not stored, the rest is apart and as it was`);

	/* A browser sends crumbs over h2. */
	r = await client.ask('/echo', { headers: { ...PAGE, cookie: ['_ga=GA1.1.1.2', 'PHPSESSID=0123456789abcdef0123456789', 'odd="x y"', 'lang=en'] } });
	const seen = JSON.parse(r.text);
	t.equal(seen.cookies.join('; '), 'PHPSESSID=0123456789abcdef0123456789; odd="x y"; lang=en', `${what}: _ga is not sent, the rest is in order`);
	if (seen.protocol === '1.1')
		t.equal(seen.cookies.length, 1, `${what}: one line towards an HTTP/1.1 origin`);
	t.check(r.cookies.some((c) => /^_ga=/.test(c) && /Max-Age=0|Expires=Thu, 01[ -]Jan[ -]1970/i.test(c)), `${what}: and it is expired in the browser`, r.cookies);
	t.equal(seen.fields.filter(([n]) => /^(via|x-forwarded-.*|proxy-.*|http2-settings|keep-alive)$/.test(n)), [], `${what}: the origin is told nothing of a proxy`);

	r = await client.ask('/echo', { headers: { ...PAGE, cookie: ['_ga=GA1.1.1.2'] } });
	t.equal(JSON.parse(r.text).cookies, [], `${what}: no cookie left, no field left`);
}

async function bodies(t, client, what) {
	let r = await client.ask(`/bytes?n=${DOWN}`, { headers: PAGE });
	t.equal([r.ok, r.status, r.body.length, sha256(r.body)], [true, 200, DOWN, patternSum(DOWN)], `${what}: a download of 5 MiB is whole`);
	const body = pattern(UP);
	for (const headers of [{ 'content-length': String(UP) }, {}]) {
		r = await client.ask('/upload', { body, headers: { ...PAGE, ...headers } });
		t.equal(r.status === 200 && [JSON.parse(r.text).n, JSON.parse(r.text).sha256], [UP, patternSum(UP)],
			`${what}: an upload of 3 MiB is whole, ${headers['content-length'] ? 'its length said before' : 'its length unknown'}`);
	}
	r = await client.ask('/upload', { body: Buffer.from('x'), headers: { ...PAGE, trailer: 'x-check' }, trailers: { 'x-check': 'crc=1' } });
	t.equal(r.status === 200 && JSON.parse(r.text).trailers, { 'x-check': 'crc=1' }, `${what}: a request's trailers arrive`);
	r = await client.ask('/trailers', { headers: { ...PAGE, te: 'trailers' } });
	t.equal([r.ok, r.text, r.trailers['x-sum']], [true, 'one two', sha256('one two')], `${what}: an answer's trailers arrive`);
	r = await client.ask('/bytes?n=1000', { method: 'HEAD', headers: PAGE });
	t.equal([r.ok, r.status, r.all('content-length'), r.body.length], [true, 200, ['1000'], 0], `${what}: HEAD has the length and no body`);
	r = await client.ask('/nothing', { headers: PAGE });
	t.equal([r.ok, r.status, r.body.length], [true, 204, 0], `${what}: 204`);
	r = await client.ask('/echo', { headers: { ...PAGE, 'x-long': 'y'.repeat(12000) } });
	t.check(r.status === 200 && JSON.parse(r.text).fields.some(([n, v]) => n === 'x-long' && v.length === 12000), `${what}: a field of 12,000 octets passes`);
}

async function early(t, client, what) {
	const r = await client.ask('/early', { headers: PAGE });
	t.equal([r.status, r.text], [200, 'after the hint\n'], `${what}: the answer after a 103`);
	const links = r.interims.filter((i) => i.status === 103).flatMap((i) => i.fields).filter(([n]) => n === 'link').map(([, v]) => v).join(', ');
	if (client.protocol === 'h2')
		t.equal(links, '</a.css>; rel=preload; as=style, </b.js>; rel=preload; as=script', `${what}: 103 comes with its links`);
}

scenario('h2', async (t) => {
	const pki = await makePki(t);
	const tls = await pki.leaf('sites', ['two.test', 'one.test', 'both.test', 'ads.test']);
	const origins = { 'two.test': await startDuplex(t, tls, { http1: false }), 'one.test': await startDuplex(t, tls, { http2: false }),
		'both.test': await startDuplex(t, tls) };
	for (const origin of Object.values(origins)) {
		origin.routes.set('/nothing', (req, res) => {
			res.statusCode = 204;
			res.end();
		});
	}
	/* An origin that does not refuse HTTP/1.1 is spoken to in h2 only where its connection is already there. */
	const gate = await startCrumbgate(t, { trust: pki.root, args: refusesHttp1 ? [] : ['--workers', '1'], sites: [...Object.entries(origins).map(([host, o]) => [`${host}:443`, o.port]),
		[':443', origins['two.test'].port]] });

	await meetings(t, gate);
	for (const alpn of ['h2', 'http/1.1']) {
		for (const host of ['two.test', 'one.test']) {
			const what = `${alpn === 'h2' ? 'h2' : 'h1'} to ${host === 'two.test' ? 'h2' : 'h1'}`;
			await t.part(what, async () => {
				const client = await openClient(t, gate, host, alpn);
				for (const exchanges of [cookies, bodies, early])
					await t.part(what, () => exchanges(t, client, what));
				client.close();
			});
		}
	}

	/* A third party. */
	const client = await openClient(t, gate, 'ads.test', 'h2');
	const r = await client.ask(`/set?c=${encodeURIComponent('IDE=AHWqTUn; Path=/; Max-Age=33696000; Secure; SameSite=None')}`,
		{ headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', referer: 'https://two.test/', cookie: 'IDE=AHWqTUn' } });
	t.equal([r.status, r.cookies.filter((c) => !/Max-Age=0|1970/i.test(c)), origins['two.test'].asked('/set').at(-1).cookies], [200, [], []],
		'no cookie of a third party is stored or sent');

	/* The record is the same whichever protocol it was. */
	for (const host of ['two.test', 'one.test']) {
		const set = await gate.entries((e) => e.kind === 'set' && e.host === host && e.cookie === '_ga');
		t.equal(set.length > 0 && [set[0].site, set[0].party, set[0].purpose, set[0].verdict, set[0].status], [host, 'first', 'analytics', 'removed', 200],
			`the log has what ${host} set`);
		const sent = await gate.entries((e) => e.kind === 'sent' && e.host === host && e.cookie === '_ga');
		t.equal(sent[0]?.verdict, 'expired', `and what was sent to ${host}`);
		const kept = await gate.entries((e) => e.kind === 'set' && e.host === host && e.cookie === 'PHPSESSID');
		t.equal([kept[0]?.purpose, kept[0]?.verdict], ['essential', 'kept'], 'and the session, kept');
	}
	const third = (await gate.entries((e) => e.kind === 'set' && e.host === 'ads.test' && e.cookie === 'IDE'))[0];
	t.equal(third && [third.site, third.party, third.verdict], ['two.test', 'third', 'removed'], 'the third party is named as one');
	t.check(!/GA1\.1\.|0123456789abcdef|AHWqTUn|127\.0\.0\.1/.test(JSON.stringify(await gate.log())), 'no value and no client address stands in the log');
	await checkEvidence(t, gate);
	t.equal((await gate.proc.stop()).code, 0, 'TERM ends it with 0');
	await checkEvidence(t, gate);
});
