/*
 * What passes unread for a time: hosts whose certificate a client refuses too often, hosts that ask whether a robot is
 * calling.  For that client and that host alone, recorded, listed at the desk and ended there; a reload changes nothing of it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startOrigin } from './lib/origin.mjs';
import { checkEvidence, startCrumbgate } from './lib/crumbgate.mjs';
import { childrenOf } from './lib/processes.mjs';

const DESK = 'http://crumbgate.internal';
const COOKIE = `c=${encodeURIComponent('_ga=GA1.1.1.2; Path=/; Max-Age=63072000')}`;
const CHALLENGE = `/status?code=403&h=${encodeURIComponent('cf-mitigated: challenge')}&h=${encodeURIComponent('Set-Cookie: _ga=1; Path=/')}`;
const UNTRUSTED = 60; // curl: the certificate cannot be verified

scenario('passes', async (t) => {
	const pki = await makePki(t);
	const hosts = ['known', 'pinned', 'www.pinned', 'other', 'wall', 'wall2', 'third', 'soft', 'framed', 'brief', 'after', 'used'].map((h) => `${h}.test`);
	const origin = await startOrigin(t, await pki.leaf('sites', hosts));
	const gate = await startCrumbgate(t, { trust: pki.root, sites: [[':443', origin.https], [':80', origin.http]],
		config: 'profile "minors" {\n\tclients = { "127.0.0.2/32" }\n}\nprofile "investigator" {\n\tclients = { "127.0.0.3/32" }\n}\n' });
	const both = t.path('both.pem');
	writeFileSync(both, readFileSync(gate.ca, 'utf8') + readFileSync(pki.root, 'utf8'));
	const minor = ['--interface', '127.0.0.2'], stranger = ['--interface', '127.0.0.3'];
	/* As an application that accepts only what the site's own certificate hangs on, and as a browser that trusts ours. */
	const pinned = async (host, words = [], from = gate) => (await from.curl([...words, `https://${host}/set?${COOKIE}`], { ca: pki.root })).code;
	const browser = (host, words = [], path = `/set?${COOKIE}`) => gate.curl([...words, `https://${host}${path}`]);
	const passing = async (words = []) => JSON.parse((await gate.curl([...words, `${DESK}/passes.json`])).text).passes.map((p) => [p.host, p.why]);
	/* Presses the button of the desk's page. */
	const stop = async (host, words = []) => {
		const page = await gate.curl([...words, `${DESK}/`]);
		const form = [...page.text.matchAll(/<form[\s\S]*?<\/form>/g)].map((m) => m[0]).find((f) => f.includes(`value="${host}"`) && f.includes('action="/pass"'));
		const fields = [...(form ?? '').matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map((m) => `${m[1]}=${m[2]}`);
		return gate.curl([...words, ...fields.flatMap((f) => ['--data-urlencode', f]), '-H', `Origin: ${DESK}`, `${DESK}/pass`]);
	};
	let r;

	await t.part('refusals', async () => {
		/* Who trusts nothing of ours refuses everything: nothing is passed for that. */
		for (let i = 0; i < 5; i++)
			t.equal(await pinned('pinned.test', stranger), UNTRUSTED, 'who does not trust the CA gets nothing past it');

		t.equal((await browser('known.test', [], '/echo')).status, 200, 'a client that trusts the CA');
		t.equal(await pinned('used.test'), UNTRUSTED, 'refuses the certificate of one host');
		r = await browser('used.test');
		t.equal([r.code, r.all('set-cookie')], [0, []], 'after one error it is still read');
		for (let i = 0; i < 5; i++)
			t.equal(await pinned('used.test'), UNTRUSTED, `refused anew, ${i + 1}`);
		r = await browser('used.test');
		t.equal([r.code, r.all('set-cookie'), await passing()], [0, [], []], 'who does not trust the CA takes no protection from who uses the site through us');
		for (let i = 0; i < 3; i++)
			t.equal(await pinned('pinned.test'), UNTRUSTED, `another host, which nobody uses, refused, ${i + 1}`);
		r = await gate.curl([`https://pinned.test/set?${COOKIE}`], { ca: pki.root });
		t.equal([r.code, r.all('set-cookie').length], [0, 1], 'then the site\'s own certificate arrives, and what it sends is untouched');
		t.equal((await browser('pinned.test')).code, UNTRUSTED, 'for all programs of that client');
		t.equal(await pinned('www.pinned.test'), UNTRUSTED, 'a name below it is still read');
		t.equal((await browser('other.test')).code, 0, 'and so is every other');
		t.equal(await pinned('pinned.test', stranger), UNTRUSTED, 'and for every other client');
		t.equal(await passing(), [['pinned.test', 'refused-by-client']], 'the desk lists it');
		t.equal(await passing(stranger), [], 'for that client alone');
		const began = (await gate.entries((e) => e.kind === 'pass' && e.host === 'pinned.test' && /^refused-by-client/.test(e.why)))[0];
		t.match(began?.why ?? '', /^refused-by-client: 3 times in 600 s; passes until \d{4}-.*Z$/, 'the log says that it began and until when');
		t.check((await gate.entries((e) => e.kind === 'pass' && e.why === 'pass-refusals')).every((e) => e.host === 'pinned.test'), 'and has its tunnels');
		t.match(gate.proc.output(), /pinned\.test passes unread for one client until/, 'the operator is told');
	});

	await t.part('the desk', async () => {
		t.match((await gate.curl([`${DESK}/`])).text, /Sites that pass unread[\s\S]*pinned\.test[\s\S]*Stop passing/, 'the page has it, with a button');
		const open = await tunnel(t, gate.port, 'pinned.test', { ca: readFileSync(pki.root) });
		t.equal((await stop('pinned.test')).status, 303, 'pressed');
		t.check(await open.closed, 'the connection that was open is cut');
		t.equal(await passing(), [], 'it is not listed any more');
		for (let i = 0; i < 5; i++)
			t.equal(await pinned('pinned.test'), UNTRUSTED, 'and is read again');
		t.equal([await passing(), (await browser('pinned.test')).code], [[], 0], 'what a person ended does not begin again by itself');
		t.check((await gate.entries((e) => e.host === 'pinned.test' && e.why === 'ended: at the desk')).length === 1, 'the log has the end, once');
		t.equal((await gate.curl(['-d', 'host=pinned.test', '-H', `Origin: ${DESK}`, `${DESK}/pass`])).status, 403, 'nobody ends one without a token');
	});

	await t.part('leaving without a word', async () => {
		for (let i = 0; i < 3; i++) {
			t.equal((await passing()).length, 0, 'one that leaves after the handshake and before its first byte');
			const open = await tunnel(t, gate.port, 'soft.test', { ca: readFileSync(gate.ca) });
			open.socket.destroy();
			await open.closed;
			/* The proxy has seen it go when it answers what came later. */
			await t.until(async () => (await gate.curl([`${DESK}/status.json`])).status === 200, 5);
		}
		await t.until(async () => (await passing()).length === 1, 5);
		t.equal(await passing(), [['soft.test', 'refused-by-client']], 'counts as a refusal');
		t.equal((await stop('soft.test')).status, 303, 'ended');
	});

	await t.part('challenges', async () => {
		const page = ['-H', 'Sec-Fetch-Site: none', '-H', 'Sec-Fetch-Mode: navigate', '-H', 'Sec-Fetch-Dest: document'];
		const frame = ['-H', 'Sec-Fetch-Site: cross-site', '-H', 'Sec-Fetch-Mode: no-cors', '-H', 'Sec-Fetch-Dest: image', '-H', 'Referer: https://known.test/'];
		await browser('known.test', page, '/echo');
		r = await browser('third.test', frame, CHALLENGE);
		t.equal([r.status, await passing()], [403, []], 'the challenge of a third party changes nothing');
		const inside = ['-A', 'another browser', '-H', 'Sec-Fetch-Site: same-origin', '-H', 'Sec-Fetch-Mode: cors', '-H', 'Sec-Fetch-Dest: empty'];
		r = await browser('framed.test', inside, CHALLENGE);
		t.equal([r.status, await passing()], [403, []], 'nor does one whose page nobody saw: it may be a frame');
		r = await browser('wall.test', page, CHALLENGE);
		t.equal([r.status, r.all('set-cookie'), r.get('connection')], [403, [], 'close'], 'the answer with the challenge is still read, its connection ends');
		r = await gate.curl([`https://wall.test/set?${COOKIE}`], { ca: pki.root });
		t.equal([r.code, r.all('set-cookie').length], [0, 1], 'the next connection is the client\'s own');
		t.equal(await passing(), [['wall.test', 'challenge']], 'the desk lists it');
		t.check((await gate.entries((e) => e.host === 'wall.test' && /^challenge: cloudflare; passes until /.test(e.why))).length === 1 &&
			(await gate.entries((e) => e.host === 'wall.test' && e.why === 'pass-challenge')).length > 0, 'the log has its beginning and its tunnels');
		/* Two requests of one program that could go over one connection, in HTTP/2. */
		r = await gate.curl(['--http2', ...page, `https://wall2.test${CHALLENGE}`, `https://wall2.test/set?${COOKIE}`], { ca: both });
		t.equal([r.code, [...r.raw.matchAll(/^HTTP\/[0-9.]+ (\d+)/gm)].map((m) => m[1])], [0, ['403', '200']], 'over HTTP/2 too');
		t.check(/^set-cookie: _ga=GA1/im.test(r.raw), 'the second request came by a connection of its own', r.raw);
	});

	await t.part('reload', async () => {
		const before = childrenOf(gate.proc.pid);
		gate.proc.child.kill('SIGHUP');
		t.check(await t.until(() => {
			const now = childrenOf(gate.proc.pid);
			return now.length === before.length && now.filter((pid) => !before.includes(pid)).length === 2;
		}, 20), 'HUP: two new workers are in the place of the old ones');
		t.equal(await passing(), [['wall.test', 'challenge'], ['wall2.test', 'challenge']], 'the new workers have the list');
		r = await gate.curl([`https://wall.test/set?${COOKIE}`], { ca: pki.root });
		t.equal([r.code, r.all('set-cookie').length], [0, 1], 'and pass what is in it');
		t.equal((await gate.entries((e) => e.host === 'wall.test' && /; passes until /.test(e.why))).length, 1, 'it has not begun again');
		for (let i = 0; i < 5; i++)
			t.equal([await pinned('soft.test'), await pinned('used.test')], [UNTRUSTED, UNTRUSTED], 'what a person ended stays ended, what he uses stays read');
		t.equal((await passing()).length, 2, 'refusals do not change that');
		for (let i = 0; i < 3; i++)
			t.equal(await pinned('after.test'), UNTRUSTED, 'who trusts the CA is known');
		t.equal((await passing()).at(-1), ['after.test', 'refused-by-client'], 'so his refusals count');
		t.equal((await stop('wall.test')).status, 303, 'ended now');
		t.equal([await pinned('wall.test'), (await gate.entries((e) => e.host === 'wall.test' && e.why === 'ended: at the desk')).length],
			[UNTRUSTED, 1], 'it is, and the log says so once');
	});

	await t.part('minors', async () => {
		t.equal((await browser('known.test', minor, '/echo')).status, 200, 'a minor\'s client trusts the CA');
		for (let i = 0; i < 5; i++)
			t.equal(await pinned('pinned.test', minor), UNTRUSTED, 'and refuses');
		await browser('wall.test', minor, CHALLENGE);
		t.equal([await passing(minor), (await browser('wall.test', minor)).code], [[], 0], 'nothing passes unread for a minor');
	});
	await gate.proc.stop();
	const until = (await gate.log()).filter((e) => e.kind === 'pass' && /; passes until /.test(e.why)).map((e) => e.host).sort();
	const ended = (await gate.log()).filter((e) => e.kind === 'pass' && /^ended: /.test(e.why));
	t.equal(ended.map((e) => e.host).sort(), until, 'TERM: whatever began has an end in the log, and one');
	t.equal(ended.filter((e) => e.why === 'ended: the proxy ends').map((e) => e.host).sort(), ['after.test', 'wall2.test'], 'which says why');
	await checkEvidence(t, gate);

	await t.part('time', async () => {
		const brief = await startCrumbgate(t, { trust: pki.root, label: 'brief', sites: [[':443', origin.https], [':80', origin.http]],
			args: ['--pass-time', '3s', '--pass-after-refusals', '2'] });
		await brief.curl(['https://known.test/echo']);
		t.equal([await pinned('brief.test', [], brief), await pinned('brief.test', [], brief), await pinned('brief.test', [], brief)],
			[UNTRUSTED, UNTRUSTED, 0], 'passes after as many as were asked for');
		const open = await tunnel(t, brief.port, 'brief.test', { ca: readFileSync(pki.root) });
		t.check(await open.closed, 'when its time is over the connection that was open is cut');
		t.equal([await pinned('brief.test', [], brief), (await brief.curl(['https://brief.test/echo'])).code], [UNTRUSTED, 0], 'and the host is read again');
		t.check((await brief.entries((e) => e.host === 'brief.test' && e.why === 'ended: its time is over')).length === 1, 'the log has the end');
		await checkEvidence(t, brief);

		const never = await startCrumbgate(t, { trust: pki.root, label: 'never', sites: [[':443', origin.https]],
			args: ['--pass-after-refusals', '0', '--no-pass-on-challenge'] });
		await never.curl(['https://known.test/echo']);
		await never.curl([`https://brief.test${CHALLENGE}`]);
		for (let i = 0; i < 5; i++)
			t.equal(await pinned('brief.test', [], never), UNTRUSTED, 'switched off, nothing passes');
	});
});

/* TLS through the proxy: { socket, closed }, once the handshake is done. */
function tunnel(t, port, host, options) {
	return new Promise((resolve, reject) => {
		const plain = connectTcp({ port, host: '127.0.0.1' });
		let gone;
		const closed = new Promise((done) => (gone = done));

		t.defer(() => plain.destroy());
		plain.on('error', reject);
		plain.setTimeout(20000, () => {
			gone(false);
			plain.destroy();
		});
		plain.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
		plain.once('data', (head) => {
			if (!/^HTTP\/1.1 200/.test(head.toString()))
				return reject(new Error(head.toString()));
			const socket = connectTls({ ...options, socket: plain, servername: host });
			socket.on('error', reject);
			plain.on('close', () => gone(true));
			return socket.on('secureConnect', () => resolve({ socket, closed }));
		});
	});
}
