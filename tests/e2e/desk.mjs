/* The desk at crumbgate.internal with curl: who gets it, what it gives, what guards it; the CA by command line. */
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startOrigin } from './lib/origin.mjs';
import { startCrumbgate } from './lib/crumbgate.mjs';

const DESK = 'http://crumbgate.internal';

scenario('desk', async (t) => {
	const pki = await makePki(t);
	const origin = await startOrigin(t, await pki.leaf('sites', ['aus5.mozilla.org', 'site.test']));
	const gate = await startCrumbgate(t, { trust: pki.root, sites: [[':443', origin.https], [':80', origin.http]] });

	let r = await gate.curl([`${DESK}/`]);
	t.equal(r.status, 200, 'the desk opens over http');
	t.check(/default-src 'none'/.test(r.get('content-security-policy') ?? '') && !/<script[^>]*src=.?https?:/.test(r.text), 'with a strict policy and nothing from outside');
	t.equal((await gate.curl(['https://crumbgate.internal/'])).status, 200, 'and over https');
	t.equal((await gate.curl(['-I', `${DESK}/`])).status, 200, 'HEAD works');
	t.equal((await gate.curl([`${DESK}/no-such-page`])).status, 404, 'what is not there is 404');

	/* Where somebody else asks. */
	await gate.curl(['https://site.test/set?c=_ga%3D1;Path=/']);
	for (const host of ['evil.test', 'crumbgate.internal']) {
		r = await gate.curl(['-H', `Host: ${host}`, `http://127.0.0.1:${gate.port}/`], { proxy: '' });
		t.check(!/site\.test/.test(r.text), `${host} rebound to the proxy's port: nothing of the client is shown`, r.text.slice(0, 500));
		t.equal(r.status, 400, 'and it is no page of that name');
	}
	const direct = async (path, host = `127.0.0.1:${gate.port}`) => (await gate.curl(['-H', `Host: ${host}`, `http://127.0.0.1:${gate.port}${path}`], { proxy: '' }));
	r = await direct('/');
	t.equal(r.status, 200, 'opened directly it says how to use the proxy');
	t.check(r.text.includes(`href="http://127.0.0.1:${gate.port}/proxy.pac"`) && !/<nav|href="[^"]*crumbgate\.internal/.test(r.text), 'without a link that works through the proxy only', r.text);
	for (const [, path] of r.text.matchAll(/(?:href|src)="(?:http:\/\/[\d.:]+)?(\/[^"]*)"/g))
		t.equal((await direct(path)).status, 200, `${path} is there`);
	t.equal((await direct('/ca.pem', `evil.test:${gate.port}`)).status, 400, 'a rebound name does not get the CA, by which a person can be known again');
	const foreign = { 'a script of another site': ['-H', 'Sec-Fetch-Site: cross-site', '-H', 'Sec-Fetch-Mode: cors', '-H', 'Sec-Fetch-Dest: empty', `${DESK}/`],
		'another Origin': ['-H', 'Origin: https://evil.test', `${DESK}/`],
		'a POST without a token': ['-d', 'op=accept&site=*', '-H', `Origin: ${DESK}`, `${DESK}/choice`] };
	for (const [what, words] of Object.entries(foreign)) {
		r = await gate.curl(words);
		t.check(r.status >= 400 && r.get('access-control-allow-origin') === undefined, `${what}: refused`, r.status);
	}

	/* The CA, over the wire and by the command. */
	const links = [...(await gate.curl([`${DESK}/`])).text.matchAll(/href="?([^\s">]+)/g)].map((m) => m[1]);
	t.check(links.length > 0, 'the page links to its parts', links);
	const shown = await gate.tool('ca', 'show', '--state', gate.state);
	t.check(shown.code === 0 && /[0-9A-F]{2}(:[0-9A-F]{2}){31}/i.test(shown.stdout), 'crumbgate ca show prints the fingerprint', String(shown.stdout) + shown.stderr);
	const pem = await gate.tool('ca', 'export', '--pem', '--state', gate.state);
	t.match(pem.stdout, /^-----BEGIN CERTIFICATE-----\n[\s\S]*-----END CERTIFICATE-----\n$/, 'crumbgate ca export --pem prints the certificate');
	const x509 = await t.run('openssl', ['x509', '-noout', '-text'], { input: pem.stdout });
	t.check(/CA:TRUE/.test(x509.stdout) && /prime256v1/.test(x509.stdout), 'which is a P-256 CA');
	t.match((await t.run('stat', ['-c', '%a %n', `${gate.state}`, `${gate.state}/ca`])).stdout, /^700 [^\n]*\n700 /, 'the state folder is private');
	t.match((await t.run('find', [`${gate.state}/ca`, '-type', 'f', '-perm', '/077', '-not', '-name', '*.pem'])).stdout, /^$/, 'and so is the key');

	/* Choices by command, through the running proxy. */
	const choice = (...words) => gate.tool('choice', ...words, '--state', gate.state);
	let said = await choice('clear', 'site.test');
	t.equal([said.code, String(said.stdout)], [1, 'site.test: nothing to clear\n'], 'clearing nothing says so');
	t.equal((await choice('set', 'refuse', 'site.test')).code, 0, 'a choice is made');
	said = await choice('list');
	t.match(said.stdout, /^CLIENT +SITE +CHOICE +SEEN +WHEN +UNTIL\nthis machine +site\.test +refused +cli +\d{4}-\d\d-\d\d +\d{4}-\d\d-\d\d\n$/, 'and listed with its device and its end');
	t.match((await choice('list', '--client', '192.0.2.9')).stdout, /^CLIENT[^\n]*\n$/, 'another client has none');
	t.match((await choice('list', '--json', '--client', 'local')).stdout, /^{"client":"[0-9a-f]{32}","device":"this machine","site":"site\.test",[^\n]*"ends":"[^"]*Z"}\n$/, 'this one has one');
	t.equal([(await choice('clear', 'site.test')).code, (await choice('clear', '--all')).code], [0, 1], 'it is cleared, and then there is nothing more');
	t.equal((await gate.entries((e) => e.kind === 'choice', 2)).map((e) => e.choice), ['refused', 'none'], 'the log has what was chosen and cleared, and nothing else');

	/* Choices at the desk: a site's own stands first, for the site whatever host was typed, and for nothing that is none. */
	const see = async (path) => (await gate.curl([`${DESK}${path}`]));
	const submit = async (form) => {
		const [, token] = (await see('/')).text.match(/name="token" value="([0-9a-f]+)"/);
		return gate.curl(['-d', `${form}&token=${token}`, '-H', `Origin: ${DESK}`, `${DESK}/choice`]);
	};
	t.equal([(await submit('op=refuse&site=*')).status, (await submit('op=refuse&site=news.example&from=site')).status], [303, 303], 'all are refused, then one');
	r = await see('/site/news.example');
	t.check(/<p>You refused\. It holds until [\d-]+\. For all other sites you refused\.<\/p>/.test(r.text) && r.text.includes('>Forget my choice<'), 'the one is shown, and can be forgotten', r.text);
	r = await see('/site/shop.example');
	t.check(r.text.includes('You refused for all sites.') && !r.text.includes('>Forget my choice<'), 'another site has that for all', r.text);
	r = await see('/site/www.shop.example');
	t.equal([r.status, r.get('location')], [302, '/site/shop.example'], 'the page of a host is that of its site');
	t.equal((await submit('op=accept&site=www.shop.example&from=site')).get('location'), '/site/shop.example', 'and so is its choice');
	t.match((await choice('list')).stdout, / shop\.example +accepted +desk /, 'as the command lists it');
	t.equal([(await see('/site/com')).status, (await see('/site/a')).status, (await submit('op=accept&site=com')).status, (await submit('op=accept&site=a')).status], [404, 404, 400, 400], 'an ending and a single word are no sites');
	t.equal((await choice('set', 'accept', 'never.example')).code, 0, 'a site that was never seen, by command');
	await t.until(async () => (await see('/')).text.includes('>never.example</a>'), 10);
	r = await see('/');
	t.match(r.text, /site by site: 3 sites, 2 accepted<[\s\S]*never\.example<\/a> <span class="quiet">You accepted by command, until [\s\S]*shop\.example<\/a>[\s\S]*>You accepted at the desk, until [\s\S]*news\.example<\/a>[\s\S]*>You refused at the desk/, 'what was chosen for single sites, newest first');
	t.equal((await submit('op=clear&site=never.example&from=own')).get('location'), '/#own', 'and each can be forgotten there');
	await t.until(async () => !(await see('/')).text.includes('>never.example</a>'), 10);
	t.equal((await choice('set', 'accept', 'com')).code, 2, 'as for the command');
	t.equal((await submit('op=clear&site=*')).status, 303, 'and all can be forgotten');
	await t.until(async () => !(await see('/')).text.includes('Forget all my choices'), 10);

	/* What verify says, and what it says of that. */
	said = await gate.tool('verify', '--explain', '--state', gate.state);
	t.match(said.stdout, /^good: \d+ entries without a gap, every hash is right; /m, 'verify says what it checked');
	t.match(String(said.stderr).replace(/\s+/g, ' '), /The last \d+ hang together.*The key was taken from .*does not prove that the proxy saw everything/, 'and with --explain what that proves and what not');
	said = await gate.tool('verify', '--state', gate.state);
	t.equal(String(said.stderr), '', 'not where nobody reads it');

	/* Not intercepted: the origin's own certificate arrives, the log says pass. */
	const pass = await startCrumbgate(t, { trust: pki.root, label: 'pass', sites: [[':443', origin.https]], args: ['--never-intercept', 'site.test'] });
	r = await pass.curl(['https://site.test/set?c=_ga%3D1;Path=/'], { ca: pki.root });
	t.equal([r.code, r.all('set-cookie')], [0, ['_ga=1;Path=/']], 'never-intercept: TLS goes through unread');
	t.check((await pass.entries((e) => e.kind === 'pass' && e.host === 'site.test')).length > 0, 'and the log says so');
	r = await pass.curl(['https://aus5.mozilla.org/set?c=_ga%3D1;Path=/'], { ca: pki.root });
	t.equal([r.code, r.all('set-cookie')], [0, ['_ga=1;Path=/']], 'a host of the built-in table too');
	t.check((await pass.entries((e) => e.kind === 'pass' && e.host === 'aus5.mozilla.org')).length > 0, 'and that is in the log');
});
