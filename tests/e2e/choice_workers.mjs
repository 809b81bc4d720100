/*
 * What a banner was told is in force at every worker at once, also while the recorder, which writes it down, stands
 * still: consent that was taken back lets nothing through in the meantime.
 */
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { childrenOf, nameOf } from './lib/processes.mjs';

const ROUNDS = 24; // connections, each to any worker

const record = (groups) => `OptanonAlertBoxClosed=2026-01-20T10:11:12.345Z; ` +
	`OptanonConsent=isGpcEnabled=0&datestamp=Tue+Jan+20+2026&version=202501.1.0&interactionCount=1&groups=${groups}`;
const ACCEPTED = record('C0001:1,C0002:1,C0003:1,C0004:1'), REFUSED = record('C0001:1,C0002:0,C0003:0,C0004:0');

scenario('choice_workers', async (t) => {
	const pki = await makePki(t);
	const origin = await startOrigin(t, await pki.leaf('sites', ['www.shop.test', 'ads.shop-ads.test']));
	const gate = await startCrumbgate(t, { trust: pki.root, sites: [[':443', origin.https]], workers: 4 });
	const visit = (host, dest, site, cookie) => gate.curl(['-H', `Sec-Fetch-Site: ${site}`, '-H', `Sec-Fetch-Dest: ${dest}`,
		'-H', `Sec-Fetch-Mode: ${dest === 'document' ? 'navigate' : 'no-cors'}`, ...(dest === 'document' ? [] : ['-H', 'Referer: https://www.shop.test/']),
		'-H', `Cookie: ${cookie}`, `https://${host}/echo`]);
	/* How many of the pixel's requests brought its cookie along. */
	const tracked = async () => {
		const mark = origin.requests.length;
		for (let i = 0; i < ROUNDS; i++)
			await visit('ads.shop-ads.test', 'image', 'cross-site', '_fbp=fb.1.1700000000000.123456789');
		return origin.requests.slice(mark).filter((r) => /_fbp/.test(r.cookie ?? '')).length;
	};
	const chosen = async (choice) => (await gate.entries((e) => e.kind === 'choice' && e.choice === choice)).map((e) => [e.site, e.seen]);

	t.equal(await tracked(), 0, 'before any choice the tracker gets no cookie');
	await visit('www.shop.test', 'document', 'none', 'a=1');
	/* A script has changed the record: an answer, once a hand has had the time for it. */
	await t.until(async () => {
		await visit('www.shop.test', 'empty', 'same-origin', `a=1; ${REFUSED}`);
		await visit('www.shop.test', 'empty', 'same-origin', `a=1; ${ACCEPTED}`);
		return (await gate.log()).some((e) => e.kind === 'choice' && e.choice === 'accepted');
	}, 10);
	t.equal(await chosen('accepted'), [['shop.test', 'banner']], 'the banner\'s acceptance counts');
	t.equal(await tracked(), ROUNDS, 'and each worker lets the tracker have its cookie');

	const recorder = childrenOf(gate.proc.pid).find((pid) => /recorder/.test(nameOf(pid)));
	t.check(recorder !== undefined, 'there is a recorder', childrenOf(gate.proc.pid).map(nameOf));
	const refusals = (await gate.log()).filter((e) => e.kind === 'choice' && e.choice === 'refused').length;
	process.kill(recorder, 'SIGSTOP');
	t.defer(() => process.kill(recorder, 'SIGCONT'));
	await visit('www.shop.test', 'empty', 'same-origin', `a=1; ${REFUSED}`);
	t.equal(await tracked(), 0, 'with the recorder stopped a withdrawal is in force at each worker');
	process.kill(recorder, 'SIGCONT');
	await gate.entries((e) => e.kind === 'choice' && e.choice === 'refused', refusals + 1);
	t.equal((await gate.log()).filter((e) => e.kind === 'choice' && e.choice === 'refused').length, refusals + 1, 'and it is in the log once it goes on');
	await checkEvidence(t, gate);
});
