/* HUP keeps connections, TERM drains, and kill -9 of any child under load loses neither service nor record. */
import { writeFileSync } from 'node:fs';
import { accepts, scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { get, startLoad } from './lib/load.mjs';
import { alive, childrenOf, nameOf } from './lib/processes.mjs';

scenario('signals', async (t) => {
	const pki = await makePki(t);
	const origin = await startOrigin(t, await pki.leaf('sites', ['site.test', 'other.test']));
	const gate = await startCrumbgate(t, { trust: pki.root, sites: [[':443', origin.https], [':80', origin.http]] });

	/* An answer that ends when the test says so. */
	const finish = new Map();
	origin.routes.set('/slow', (req, res, url) => {
		res.writeHead(200, { 'Content-Length': '10' });
		res.write('12345');
		finish.set(url.searchParams.get('n'), () => res.end('67890'));
	});
	const slowly = async (n) => {
		const answer = gate.curl([`https://site.test/slow?n=${n}`]);
		t.check(await t.until(() => finish.has(n)), `answer ${n} is on its way`);
		return async () => {
			finish.get(n)();
			const r = await answer;
			return [r.code, r.text];
		};
	};

	/* HUP: a good configuration comes into force, a bad one is refused, and what runs goes on. */
	const first = await slowly('first');
	writeFileSync(gate.conf, 'profile "minors" {\n\tclients = { "127.0.0.1/32" }\n}\n');
	gate.proc.child.kill('SIGHUP');
	t.check((await gate.entries((e) => e.kind === 'config', 2)).length >= 2, 'HUP: the new configuration is in the log');
	const newProfile = await t.until(async () => {
		await gate.curl(['https://site.test/set?c=_gid%3D1;%20Path=/;%20Max-Age=99999']);
		return (await gate.log()).some((e) => e.kind === 'set' && e.profile === 'minors');
	});
	t.check(newProfile, 'and the new profile is in force');
	writeFileSync(gate.conf, 'profile "minors" {\n\tno-such-key = 1\n');
	const second = await slowly('second');
	gate.proc.child.kill('SIGHUP');
	t.check(await t.until(() => /crumbgate\.conf:\d+:\d+: /.test(gate.proc.output())), 'HUP with a bad file: line and column are named', gate.proc.output());
	t.equal(await first(), [0, '1234567890'], 'the answer that ran during the good one ends whole');
	t.equal(await second(), [0, '1234567890'], 'and that during the bad one');
	t.equal((await gate.curl(['https://site.test/echo'])).status, 200, 'and all goes on');
	writeFileSync(gate.conf, '');

	/* kill -9 of each child in turn, under load. */
	let i = 0;
	const load = startLoad(gate, (n) => `https://${n & 1 ? 'site' : 'other'}.test/set?c=k${n % 50}%3D${n};Path=/`, { lanes: 4,
		headers: (n) => ({ Cookie: `a=${n % 7}; _ga=GA1.1.${n % 9}` }) });
	await t.until(() => load.counts().good > 20);
	/* The workers of before the HUP end when they have nothing left to do. */
	await t.until(() => childrenOf(gate.proc.pid).length === 4);
	const pids = childrenOf(gate.proc.pid);
	t.equal(pids.length, 4, 'the supervisor has a keeper, a recorder and two workers');
	for (const pid of pids) {
		const had = load.counts().good, name = nameOf(pid);
		process.kill(pid, 'SIGKILL');
		const start = Date.now();
		const back = await t.until(async () => {
			try {
				/* A name nobody asked for before: the keeper has to mint. */
				return (await get(gate, `https://site.test/echo?after=${i++}`, { seconds: 2 })) === 200;
			} catch {
				return false;
			}
		}, 5);
		t.check(back && Date.now() - start < 2000, `${name} killed: the service is back within 2 s`, Date.now() - start);
		t.check(await t.until(() => load.counts().good > had + 20), 'and the load goes on');
	}
	t.check(await t.until(() => childrenOf(gate.proc.pid).length === pids.length), 'all children are there again',
		childrenOf(gate.proc.pid));
	const { good, bad } = await load.stop();
	t.note(`${good} good answers, ${bad} cut by the kills`);
	t.check((await gate.entries((e) => e.kind === 'restart', pids.length)).length >= pids.length, 'each death is in the log');
	await checkEvidence(t, gate, { deaths: true });

	/* kill -9 of the supervisor: its children end too, and the next start goes on with the same log. */
	const before = (await gate.log()).length;
	const orphans = childrenOf(gate.proc.pid);
	gate.proc.child.kill('SIGKILL');
	await gate.proc.end;
	t.check(await t.until(() => !orphans.some(alive)), 'without its supervisor no child stays', orphans.filter(alive));
	await gate.launch();
	t.equal((await gate.curl(['https://site.test/echo'])).status, 200, 'a new start works');
	const after = await gate.log();
	t.check(after.length > before && after.every((e, at) => e.n === at), 'and continues the log without a gap', [before, after.length]);
	await checkEvidence(t, gate, { deaths: true });

	/* TERM: no new connection, what runs may end. */
	const last = await slowly('last');
	gate.proc.child.kill('SIGTERM');
	t.check(await t.until(async () => !(await accepts(gate.port))), 'TERM: nothing new is accepted');
	t.equal(await last(), [0, '1234567890'], 'the running answer ends whole');
	t.equal((await gate.proc.stop()).code, 0, 'and the proxy exits with 0');
	await checkEvidence(t, gate, { deaths: true });
});
