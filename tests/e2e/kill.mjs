/*
 * kill -9 of any process at any moment, KILLS times (default 20) under load: the service is back within 2 s, every
 * cookie of an answer that a client got is in the log, and the log verifies and replays.  That holds for the supervisor
 * too: the recorder outlives it until its letter box is empty.
 */
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { get, startLoad } from './lib/load.mjs';
import { childrenOf, nameOf } from './lib/processes.mjs';

const KILLS = Number(process.env.KILLS ?? 20);

/* Numerical Recipes' generator: the same moments in each run. */
let seed = 1;
const random = (n) => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % n;

scenario('kill', async (t) => {
	const pki = await makePki(t);
	const origin = await startOrigin(t, await pki.leaf('sites', ['site.test', 'other.test']));
	const gate = await startCrumbgate(t, { trust: pki.root, sites: [[':443', origin.https], [':80', origin.http]] });
	const answered = [];
	const load = startLoad(gate, (i) => `https://${i & 1 ? 'site' : 'other'}.test/set?c=k${i}%3D${i};Path=/`,
		{ lanes: 4, onGood: (i) => answered.push({ i, at: Date.now() }) });
	await t.until(() => load.counts().good > 20);
	const children = childrenOf(gate.proc.pid).length;
	const back = [], killed = {};

	for (let round = 0; round < KILLS; round++) {
		const had = load.counts().good;
		await t.until(() => load.counts().good >= had + random(30), 5);
		const pids = childrenOf(gate.proc.pid);
		const supervisor = round % 10 === 9;
		const pid = supervisor ? gate.proc.pid : pids[random(pids.length)];
		const name = supervisor ? 'supervisor' : nameOf(pid);
		killed[name] = (killed[name] ?? 0) + 1;
		process.kill(pid, 'SIGKILL');
		const start = Date.now();
		if (supervisor) {
			await gate.proc.end;
			await gate.launch();
		}
		const ok = await t.until(() => get(gate, 'https://site.test/echo', { seconds: 2 }).then((s) => s === 200, () => false), 5);
		back.push(Date.now() - start);
		if (!ok || back.at(-1) > 2000)
			t.check(false, `round ${round}, ${name}: back within 2 s`, back.at(-1));
		await t.until(() => childrenOf(gate.proc.pid).length === children, 5);
	}
	const { good, bad } = await load.stop();
	t.note(`killed ${JSON.stringify(killed)}; ${good} answers, ${bad} cut; back after ${Math.max(...back)} ms at most, ` +
		`${back.sort((a, b) => a - b)[back.length >> 1]} ms in the middle`);
	t.check(back.every((ms) => ms <= 2000), 'the service was always back within 2 s');

	const missing = async () => {
		const names = new Set((await gate.log()).filter((e) => e.kind === 'set').map((e) => e.cookie));
		return answered.filter(({ i }) => !names.has(`k${i}`));
	};
	await t.until(async () => (await missing()).length === 0, 10);
	const lost = await missing();
	t.check(lost.length === 0, 'every cookie that a client was answered with is in the log', lost.slice(0, 10));
	t.equal((await gate.log()).every((e, at) => e.n === at), true, 'the log has no gap');
	await checkEvidence(t, gate, { deaths: true });
	t.equal((await gate.proc.stop()).code, 0, 'and TERM still ends it with 0');
	await checkEvidence(t, gate, { deaths: true });
}, { seconds: Math.max(170, KILLS * 6) });
