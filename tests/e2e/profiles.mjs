/*
 * Two clients of one proxy, side by side: a minor's consent does not count, another's does.  And what an investigator
 * hands over of it verifies elsewhere, without what must not be handed over.
 */
import { existsSync } from 'node:fs';
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';

const SET = ['_ga=GA1.1.1.2; Path=/; Max-Age=63072000', 'sessionid=abcdef0123456789; Path=/; HttpOnly', 'IDE=AHWq; Path=/; Max-Age=33696000'];

/* A choice for all sites by the desk, as this client: follows the form that the page offers. */
async function choose(gate, as, what, ticked = []) {
	const page = await gate.curl([...as, 'http://crumbgate.internal/']);
	const form = [...page.text.matchAll(/<form[\s\S]*?<\/form>/g)].map((m) => m[0]).find((f) => f.includes(what));
	const fields = form === undefined ? [] : [...form.matchAll(/<input[^>]*>/g), ...form.matchAll(/<button[^>]*>/g)].map((m) => m[0])
		.filter((tag) => !tag.includes('checkbox') || ticked.some((name) => tag.includes(`name="${name}"`)))
		.map((tag) => [/name="?([^\s">]+)/.exec(tag)?.[1], /value="?([^\s">]*)/.exec(tag)?.[1] ?? ''])
		.filter(([name, value]) => name !== undefined && (name !== 'op' || value === what));
	const action = /action="?([^\s">]+)/.exec(form ?? '')?.[1] ?? '/';
	return gate.curl([...as, ...fields.flatMap(([n, v]) => ['--data-urlencode', `${n}=${v.replaceAll('&amp;', '&')}`]),
		'-H', 'Origin: http://crumbgate.internal', new URL(action, 'http://crumbgate.internal/').href]);
}

scenario('profiles', async (t) => {
	const pki = await makePki(t);
	const origin = await startOrigin(t, await pki.leaf('sites', ['site.test']));
	const gate = await startCrumbgate(t, { trust: pki.root, sites: [[':443', origin.https]],
		config: 'log-values = keep\nprofile "minors" {\n\tclients = { "127.0.0.2/32" }\n}\nprofile "investigator" {\n\tclients = { "127.0.0.3/32" }\n}\n' });
	const url = `https://site.test/set?${SET.map((c) => `c=${encodeURIComponent(c)}`).join('&')}`;
	const clients = { adult: ['--interface', '127.0.0.1'], minor: ['--interface', '127.0.0.2'], investigator: ['--interface', '127.0.0.3'] };
	const names = (r) => r.all('set-cookie').filter((c) => !/Max-Age=0|1970/i.test(c)).map((c) => c.split('=')[0]);
	const visit = async (who) => {
		const r = await gate.curl([...clients[who], '-H', 'Sec-Fetch-Site: none', '-H', 'Sec-Fetch-Mode: navigate',
			'-H', 'Sec-Fetch-Dest: document', '-H', 'Cookie: _ga=GA1.1.1.2; sessionid=abcdef0123456789', url]);
		return [names(r), origin.requests.at(-1).cookie];
	};
	const gpc = () => origin.requests.at(-1).headers['sec-gpc'];
	const ALL = 'sessionid=abcdef0123456789';

	t.equal(await visit('adult'), [['sessionid'], ALL], 'no choice counts as refused');
	t.equal(gpc(), undefined, 'and nothing is said of who chose nothing');
	t.equal(await visit('minor'), [['sessionid'], ALL], 'for a minor too');
	t.equal(gpc(), '1', 'whose requests object');
	t.equal(await visit('investigator'), [['_ga', 'sessionid', 'IDE'], `_ga=GA1.1.1.2; ${ALL}`], 'an investigator sees everything');
	t.equal(gpc(), undefined, 'and changes nothing');

	let r = await choose(gate, clients.adult, 'accept');
	t.check([200, 303].includes(r.status), 'an adult accepts at the desk', [r.status, r.text.slice(0, 800)]);
	r = await gate.curl([...clients.minor, 'http://crumbgate.internal/']);
	t.check(r.status === 200 && !r.text.includes('<form') && r.text.includes('removed, always'), 'the desk offers a minor nothing to choose', r.text);
	r = await gate.tool('choice', 'set', 'accept', '--all', '--client', '127.0.0.2', '--state', gate.state);
	t.equal(r.code, 0, 'one was noted by command all the same', r.stderr);
	await t.until(async () => (await visit('adult'))[0].includes('_ga'), 5);
	t.equal(await visit('adult'), [['_ga', 'sessionid', 'IDE'], `_ga=GA1.1.1.2; ${ALL}`], 'who accepted gets all');
	t.equal(await visit('minor'), [['sessionid'], ALL], 'a minor\'s consent does not count');
	r = await choose(gate, clients.adult, 'refuse');
	t.check([200, 303].includes(r.status), 'refusing is as easy', [r.status, r.text.slice(0, 800)]);
	await t.until(async () => !(await visit('adult'))[0].includes('_ga'), 5);
	t.equal(await visit('adult'), [['sessionid'], ALL], 'and counts from the next exchange');
	t.equal(gpc(), '1', 'who refused objects');
	r = await choose(gate, clients.adult, 'some', ['analytics']);
	t.check([200, 303].includes(r.status), 'one purpose is accepted', [r.status, r.text.slice(0, 800)]);
	await t.until(async () => (await visit('adult'))[0].includes('_ga'), 5);
	t.equal(await visit('adult'), [['_ga', 'sessionid'], `_ga=GA1.1.1.2; ${ALL}`], 'and what advertises stays out');
	t.equal(gpc(), '1', 'who refused advertising objects');

	const seen = await gate.entries((e) => e.kind === 'set' && e.cookie === '_ga', 4);
	const by = (profile, choice) => seen.find((e) => e.profile === profile && e.choice === choice)?.verdict;
	t.equal([by('default', 'none'), by('default', 'accepted'), by('minors', 'accepted') ?? by('minors', 'none'), by('investigator', 'none')],
		['removed', 'kept', 'removed', 'kept'], 'the log has profile, choice and verdict of each');
	t.equal(new Set(seen.map((e) => e.client)).size, 3, 'three clients, each by its own digest');
	await checkEvidence(t, gate);

	/* As README and crumbgate-evidence(5) say it. */
	await gate.proc.stop();
	const secret = ['key', 'keys', 'values'];
	t.equal(secret.filter((name) => !existsSync(`${gate.evidence}/${name}`)), [], 'these are there: what is left out is named right');
	r = await t.run('tar', ['-C', gate.state, ...secret.map((name) => `--exclude=evidence/${name}`), '-czf', t.path('evidence.tar.gz'), 'evidence']);
	t.equal(r.code, 0, 'it is packed', r.stderr.toString());
	r = await t.run('sh', ['-c', 'mkdir handed && tar -C handed -xzf evidence.tar.gz']);
	t.equal(secret.filter((name) => existsSync(t.path(`handed/evidence/${name}`))), [], 'without keys and values');
	for (const [verb, said] of [['verify', /good/], ['replay', /^identical/m]]) {
		r = await gate.tool(verb, t.path('handed/evidence'));
		t.check(r.code === 0 && said.test(r.stdout.toString()), `crumbgate ${verb} needs none of them`, { code: r.code, out: r.stdout.toString(), err: r.stderr.toString() });
	}
});
