/* The real chain of answers of tiktok.com ($CRUMBGATE_DATA, else skipped): CSRF token kept, ttwid by the table's policy. */
import { existsSync, readFileSync } from 'node:fs';
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { recordedClient, startRecorded, today } from './lib/exchange.mjs';

const RECORDED = Date.parse('2023-10-16T05:34:09Z');
const DROP = /^(connection|content-length|transfer-encoding)$/i;

/* The chain's urls follow from its Location fields. */
function chain(text) {
	const exchanges = [];
	let url = new URL('http://tiktok.com/');
	for (const head of text.split('\n').filter((l) => !l.startsWith('#')).join('\n').trim().split(/\n\n+/)) {
		const [first, ...lines] = head.split('\n');
		const response = lines.map((l) => l.trim().split(/: ?(.*)/s, 2)).filter(([n]) => !DROP.test(n))
			.map(([n, v]) => [n, /^set-cookie$/i.test(n) ? today(v, RECORDED) : v]);
		const scheme = url.protocol.slice(0, -1);
		exchanges.push({ scheme, host: url.hostname, port: scheme === 'https' ? 443 : 80, authority: url.host, path: url.pathname,
			method: 'GET', status: Number(first.split(' ')[1]), response, request: [['Host', url.host], ['Sec-Fetch-Site', 'none'],
				['Sec-Fetch-Mode', 'navigate'], ['Sec-Fetch-Dest', 'document']] });
		const location = response.find(([n]) => n.toLowerCase() === 'location')?.[1];
		if (location !== undefined)
			url = new URL(location, url);
	}
	return exchanges;
}

scenario('tiktok', async (t) => {
	const file = `${process.env.CRUMBGATE_DATA}/tiktok/tiktok-2023-10-16.headers.txt`;
	if (!existsSync(file))
		t.skip('CRUMBGATE_DATA is not set');
	const exchanges = chain(readFileSync(file, 'utf8'));
	const pki = await makePki(t);
	const origin = await startRecorded(t, pki, exchanges);
	const gate = await startCrumbgate(t, { trust: pki.root, sites: [[':443', origin.https], [':80', origin.http]] });
	const client = recordedClient(gate);
	for (const [i, e] of exchanges.entries()) {
		const r = await client.fetch(i, e);
		const split = (fields) => [fields.filter(([n]) => !/^(set-cookie|content-length)$/i.test(n)),
			fields.filter(([n]) => /^set-cookie$/i.test(n)).map(([, v]) => v)];
		const [want, own] = split(e.response), [got, kept] = split(r.fields);
		t.equal([r.status, got], [e.status, want], `answer ${i + 1}: unchanged beside the cookies`);
		t.check(kept.every((c) => own.includes(c)), `answer ${i + 1}: what is kept is byte-identical`, kept);
		t.equal(own.filter((c) => c.startsWith('tt_csrf_token=')), kept.filter((c) => c.startsWith('tt_csrf_token=')), `answer ${i + 1}: tt_csrf_token is kept`);
	}
	client.close();
	const ttwid = (await gate.entries((e) => e.kind === 'set' && e.cookie === 'ttwid'))[0];
	t.check(ttwid !== undefined && /^table/.test(ttwid.why), 'ttwid is decided by a row of the table', ttwid);
	t.note(`ttwid: ${ttwid?.purpose}, ${ttwid?.verdict}, ${ttwid?.why}`);
	await checkEvidence(t, gate);
});
