/*
 * Real traffic through the proxy: recorded exchanges, each served by a local origin and fetched once.  No
 * essential cookie is lost, no known tracking cookie passes, and every other field is unchanged in name, order
 * and value.  The recordings are outside data: $CRUMBGATE_DATA, else skipped.
 */
import { existsSync, readFileSync } from 'node:fs';
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { deletes, recordedClient, startRecorded, today } from './lib/exchange.mjs';

const HOP = /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-length|http2-settings|expect|host|x-exchange)$/i;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const fits = ([name, value]) => TOKEN.test(name) && VALUE.test(value);
const withoutCookies = (fields) => fields.filter(([n]) => !HOP.test(n) && !/^(set-)?cookie$/i.test(n))
	.map(([n, v]) => [n, v.replace(/^[ \t]+|[ \t]+$/g, '')]);
const nameOf = (cookie) => cookie.split(';')[0].split('=')[0].trim();
const cookiesOf = (fields, field) => fields.filter(([n]) => n.toLowerCase() === field).map(([, v]) => v);

function fromHar(line) {
	const har = JSON.parse(line);
	const url = new URL(har.url);
	const scheme = url.protocol.slice(0, -1);
	if (!/^https?$/.test(scheme) || !(har.status >= 200 && har.status <= 599) || !/^[A-Z]+$/.test(har.method ?? '') ||
		/^[0-9.]+$|[[:]/.test(url.hostname))
		return null;
	const cookies = har.req_cookie_names.filter((n) => TOKEN.test(n));
	const setCookie = har.set_cookie.filter((c) => VALUE.test(c) && c !== '').map((c) => today(c, Date.parse(har.date)));
	return { scheme, host: url.hostname, port: Number(url.port) || (scheme === 'https' ? 443 : 80), authority: url.host,
		path: url.pathname + url.search, method: har.method, status: har.status, page: new URL(har.page ?? har.url),
		cookies, request: [['Host', url.host], ...har.req_headers.filter(fits).filter(([n]) => !HOP.test(n) && n.toLowerCase() !== 'cookie'),
			...(cookies.length > 0 ? [['Cookie', cookies.map((n, i) => `${n}=v${i}.1a2B`).join('; ')]] : [])],
		setCookie,
		response: [...har.res_headers.filter(fits).filter(([n]) => !HOP.test(n) && n.toLowerCase() !== 'set-cookie'),
			...setCookie.map((c) => ['Set-Cookie', c])] };
}

/* Where our table knowingly says something else: lidc chooses LinkedIn's data centre (routing) on its own site. */
const DISPUTED = new Set(['lidc']);

/* Well-known names with what they are for, from outside: class E S C must stay on their own site, A M must go. */
function oracle(file) {
	const rows = readFileSync(file, 'utf8').split('\n').filter((l) => l !== '' && !l.startsWith('#')).map((l) => l.split('\t'));
	return (name) => rows.find(([pattern, match]) => (match === 'exact' ? name === pattern
		: match === 'prefix' ? name.startsWith(pattern) : new RegExp(`^(${pattern})$`).test(name)));
}
const sameSite = (a, b) => a.split('.').slice(-2).join('.') === b.split('.').slice(-2).join('.');

scenario('traffic', async (t) => {
	const data = process.env.CRUMBGATE_DATA;
	if (data === undefined || !existsSync(`${data}/traffic/har-replay-dev.jsonl`))
		t.skip('CRUMBGATE_DATA is not set');
	const exchanges = readFileSync(`${data}/traffic/har-replay-dev.jsonl`, 'utf8').split('\n').filter((l) => l !== '')
		.map(fromHar).filter((e) => e !== null);
	const known = oracle(`${data}/cookies/best-known.tsv`);
	const pki = await makePki(t);
	const origin = await startRecorded(t, pki, exchanges);
	const ports = [...new Set(exchanges.map((e) => `${e.scheme} ${e.port}`))].map((s) => s.split(' '));
	const gate = await startCrumbgate(t, { trust: pki.root, sites: ports.map(([scheme, port]) => [`:${port}`, origin[scheme]]) });
	const client = recordedClient(gate);
	const wrong = { answers: [], 'request fields': [], 'answer fields': [], 'changed cookies': [], 'essential cookies lost': [],
		'tracking cookies stored': [], 'essential cookies not sent': [], 'tracking cookies sent': [] };
	const counts = { exchanges: 0, essential: 0, tracking: 0, set: 0, sent: 0 };

	const judge = (e, i, r) => {
		const seen = origin.seen.get(i) ?? [];
		const where = `${i} ${e.scheme}://${e.host}`;
		const differ = (kind, got, want) => {
			if (JSON.stringify(got) !== JSON.stringify(want))
				wrong[kind].push([where, want.filter((f) => !got.some((g) => `${g}` === `${f}`)), got.filter((g) => !want.some((f) => `${f}` === `${g}`))]);
		};
		differ('request fields', withoutCookies(seen), withoutCookies(e.request));
		differ('answer fields', withoutCookies(r.fields), withoutCookies(e.response));
		const own = e.setCookie.map((c) => c.trim());
		const kept = cookiesOf(r.fields, 'set-cookie').filter((c) => own.includes(c) || !deletes(c));
		let at = 0;
		for (const line of kept) {
			at = own.indexOf(line, at) + 1;
			if (at === 0) {
				wrong['changed cookies'].push([where, line]);
				break;
			}
		}
		const sent = cookiesOf(seen, 'cookie').join('; ').split('; ').filter((p) => p !== '').map(nameOf);
		const first = sameSite(e.host, e.page.hostname);
		for (const [list, stays, lost, passed, isDeleted] of [
			[own, (c) => kept.includes(c), 'essential cookies lost', 'tracking cookies stored', deletes],
			[e.cookies, (n) => sent.includes(n), 'essential cookies not sent', 'tracking cookies sent', () => false]]) {
			for (const cookie of list) {
				const row = known(nameOf(cookie));
				counts[list === own ? 'set' : 'sent']++;
				if (row === undefined || isDeleted(cookie) || DISPUTED.has(nameOf(cookie)))
					continue;
				if (/[ESC]/.test(row[2]) && first) {
					counts.essential++;
					if (!stays(cookie))
						wrong[lost].push([where, nameOf(cookie), row[3]]);
				} else if (/[AM]/.test(row[2])) {
					counts.tracking++;
					if (stays(cookie))
						wrong[passed].push([where, nameOf(cookie), row[3]]);
				}
			}
		}
	};

	for (const [i, e] of exchanges.entries()) {
		try {
			const r = await client.fetch(i, e);
			counts.exchanges++;
			if (r.status !== e.status)
				wrong.answers.push([i, e.scheme, e.host, e.status, r.status]);
			else
				judge(e, i, r);
		} catch (error) {
			wrong.answers.push([i, e.scheme, e.host, e.status, error.message]);
		}
	}
	client.close();
	t.note(JSON.stringify(counts));
	t.check(counts.exchanges === exchanges.length && exchanges.length > 1000, 'every exchange has its answer', [counts.exchanges, exchanges.length]);
	for (const [kind, list] of Object.entries(wrong))
		t.check(list.length === 0, `no fault: ${kind}`, { n: list.length, first: list.slice(0, 12) });

	const log = await gate.log();
	const cookies = log.filter((e) => e.kind === 'set' || e.kind === 'sent');
	t.check(cookies.length > 500, 'the log has the cookies', cookies.length);
	t.equal(cookies.filter((e) => /^(essential|choice)$/.test(e.purpose) && e.verdict !== 'kept').slice(0, 5), [], 'none of them essential and not kept');
	t.equal(cookies.filter((e) => /^(analytics|advertising)$/.test(e.purpose) && e.verdict === 'kept' && !/delet/.test(e.why)).slice(0, 5), [],
		'none of them for tracking and kept');
	t.equal(log.filter((e) => e.kind === 'loss'), [], 'no loss');
	await checkEvidence(t, gate);
});
