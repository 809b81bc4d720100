/* Lists by URL: fetched when they expire, taken only when they are lists, never worse than the last good copy. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { scenario } from './lib/scenario.mjs';
import { makePki } from './lib/pki.mjs';
import { startOrigin } from './lib/origin.mjs';
import { checkEvidence, program, startCrumbgate } from './lib/crumbgate.mjs';
import { childrenOf } from './lib/processes.mjs';

const rules = (n, host = 'ads') => Array.from({ length: n }, (_, i) => `||${host}${i}.test^`).join('\n');
const HEAD = '[Adblock Plus 2.0]\n! Title: a list\n! Expires: 2 days (update frequency)\n';
const GOOD = `${HEAD}||ads.test^$third-party\n${rules(50)}\n##.banner\n`;
const DAY = 86400000;

scenario('lists update', async (t) => {
	const pki = await makePki(t);
	const origin = await startOrigin(t, await pki.leaf('sites', ['lists.test', 'other.test', 'site.test', 'ads.test']));
	const serve = (path, answer) => origin.routes.set(path, answer);
	const text = (body, headers = {}) => (req, res) => res.writeHead(200, { 'Content-Type': 'text/plain', ...headers }).end(body);
	const connect = ['--connect-to', `:443:127.0.0.1:${origin.https}`, '--connect-to', `:80:127.0.0.1:${origin.http}`];
	const asked = (path) => origin.asked('lists.test', path).length;
	const state = t.path('state');
	const env = { HOME: t.dir, XDG_CONFIG_HOME: t.path('no-config'), XDG_STATE_HOME: t.path('no-state') };
	const tool = async (verb, urls, { args = [], trust = true, folder = state } = {}) => {
		const r = await t.run(program, ['lists', verb, '--no-list-defaults', '--state', folder, '--no-trust-system', ...(trust ? ['--trust', pki.root] : []),
			...connect, ...urls.flatMap((url) => ['--list-url', url]), ...args], { env });
		return { code: r.code, out: r.stdout.toString(), err: r.stderr.toString() };
	};
	const update = (url, ...args) => tool('update', [url], { args });
	const nameOf = (url) => `${url.split('/').at(-1).replace(/\.[^.]*$/, '')}-${createHash('sha256').update(url).digest('hex').slice(0, 8)}`;
	const file = (url, extension = '.txt') => `${state}/lists/${nameOf(url)}${extension}`;
	const copy = (url) => readFileSync(file(url), 'utf8');
	/* As if its time were over. */
	const expire = (url) => writeFileSync(file(url, '.meta'), readFileSync(file(url, '.meta'), 'utf8').replace(/^expires\t.*$/m, 'expires\t1'));

	const url = 'https://lists.test/easyprivacy.txt';
	let r;
	await t.part('the first fetch', async () => {
		serve('/easyprivacy.txt', (req, res) => {
			if (req.headers['if-none-match'] === '"one"')
				return res.writeHead(304, { ETag: '"one"' }).end();
			return res.writeHead(200, { ETag: '"one"', 'Content-Encoding': 'gzip' }).end(gzipSync(GOOD));
		});
		r = await update(url, '--json');
		t.equal([r.code, r.err], [0, ''], 'a list is fetched');
		const said = JSON.parse(r.out);
		t.equal([said.url, said.name, said.result, said.rules, said.left_out], [url, nameOf(url), 'updated', 51, 1], 'and it is said what came');
		t.equal(Date.parse(said.expires) - Date.parse(said.fetched), 2 * DAY, 'it holds as long as it says itself');
		t.equal([copy(url), said.sha256], [GOOD, createHash('sha256').update(GOOD).digest('hex')], 'the copy is the list, unpacked');
		t.equal([statSync(`${state}/lists`).mode & 0o777, statSync(file(url)).mode & 0o777], [0o700, 0o600], 'nobody else can read it');
		const head = origin.asked('lists.test', '/easyprivacy.txt')[0].headers;
		t.equal([head.cookie, head['user-agent'], head.referer], [undefined, 'crumbgate', undefined], 'the request says nothing about anybody');
	});

	await t.part('not before it expires', async () => {
		r = await update(url);
		t.equal([r.code, asked('/easyprivacy.txt')], [0, 1], 'nothing is asked while it holds');
		t.match(r.out, /: fresh, 51 rules, holds until \d{4}-/, 'and it says so');
		expire(url);
		r = await update(url, '--json');
		t.equal([r.code, JSON.parse(r.out).result, asked('/easyprivacy.txt')], [0, 'unchanged', 2], 'afterwards it is asked for, and has not changed');
		t.equal([copy(url), existsSync(file(url, '.txt.old'))], [GOOD, false], 'so the copy stays');
		r = await update(url);
		t.equal([r.code, asked('/easyprivacy.txt')], [0, 2], 'and holds again');
		writeFileSync(file(url), `${GOOD}||spoilt.test^\n`);
		r = await update(url, '--json');
		t.equal([r.code, JSON.parse(r.out).result, copy(url)], [0, 'updated', GOOD], 'a copy that somebody changed is fetched anew');
	});

	await t.part('what is no list', async () => {
		const refused = async (what, answer, pattern, { from = url, args = [] } = {}) => {
			serve(new URL(from).pathname, answer);
			if (existsSync(file(from, '.meta')))
				expire(from);
			const before = existsSync(file(from)) ? copy(from) : null;
			r = await update(from, ...args);
			t.check(r.code === 1 && pattern.test(r.err) && r.out === '', `refused: ${what}`, r);
			t.equal(existsSync(file(from)) ? copy(from) : null, before, 'and the last good copy stays');
			return r;
		};
		const half = `${HEAD}${rules(10)}\n`;
		r = await refused('a list that shrank', text(half), /shrunk from \d+ to \d+ octets; if that is right, take it with --force; the last good copy stays/);
		r = await update(url, '--force');
		t.equal([r.code, copy(url), readFileSync(file(url, '.txt.old'), 'utf8')], [0, half, GOOD], 'taken with --force, and the copy before is kept');
		await refused('a web page', text('\n<!DOCTYPE html><p>Log in to the hotel</p>\n'.repeat(99)), /is a web page and no filter list/);
		await refused('what makes no sense', text(`${HEAD}${rules(50)}\n${'a sentence of words\n'.repeat(10)}`), /10 of its 60 rules make no sense/);
		await refused('words', text('! nothing\n'.repeat(99) + 'good\n'), /no rule in it that a proxy can use/);
		await refused('bytes', text(Buffer.concat([gzipSync(GOOD.repeat(9)), Buffer.alloc(999)])), /is no text/);
		await refused('nothing', text(''), /is empty/);
		await refused('an error', (req, res) => res.writeHead(404).end(GOOD), /the server answered 404/);
		await refused('304 that was not asked for', (req, res) => res.writeHead(304).end(), /answered 304/, { args: ['--force'] });
		await refused('half a transfer', (req, res) => {
			res.writeHead(200, { 'Content-Length': GOOD.length * 2 });
			res.write(GOOD, () => res.socket.destroy());
		}, /transfer closed|SSL_read/);
		await refused('half of chunks', (req, res) => {
			res.writeHead(200);
			res.write(GOOD, () => res.socket.destroy());
		}, /transfer closed|SSL_read/);
		let sent = 0;
		const more = (res) => {
			while (!res.destroyed && sent < 200 * 1048576) {
				sent += 1048576;
				if (!res.write(GOOD.repeat(Math.ceil(1048576 / GOOD.length))))
					return res.once('drain', () => more(res));
			}
			return res.end();
		};
		await refused('a body without an end', (req, res) => more(res.writeHead(200)), /larger than 64 MiB/);
		t.check(sent < 150 * 1048576, 'which is not read to its end', sent);
		const bomb = gzipSync(Buffer.alloc(80 * 1048576, '! \n'));
		await refused('a packed one', text(bomb, { 'Content-Encoding': 'gzip' }), /larger than 64 MiB/);
		const none = 'https://lists.test/none.txt';
		r = await refused('a first list that is none', text('<html>'), /there is no copy yet/, { from: none });
		t.check(!existsSync(file(none)) && !existsSync(file(none, '.meta')), 'leaves nothing behind');
	});

	await t.part('who fetches', async () => {
		serve('/slow.txt', (req, res) => setTimeout(() => res.end(GOOD), 1500));
		const running = t.start('slow', program, ['lists', 'update', '--state', state, '--trust', pki.root, ...connect, '--list-url', 'https://lists.test/slow.txt'], { env });
		t.check(await t.until(() => asked('/slow.txt') === 1), 'a server takes its time');
		const [pid] = childrenOf(running.pid);
		const status = readFileSync(`/proc/${pid}/status`, 'utf8'), limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
		const first = /^Uid:\t(\d+)/m.exec(status)[1], own = String(process.getuid());
		t.check(/^Name:\tcrumbgate-fetch$/m.test(status) && /^NoNewPrivs:\t1$/m.test(status) && /^Max file size +0 +0 /m.test(limits),
			'a program of its own waits, which can write no file', [status, limits]);
		t.check(own === '0' ? first !== '0' : first === own, 'and is not root', first);
		t.match(readFileSync(`/proc/${running.pid}/maps`, 'utf8'), /^(?!.*libcurl)/s, 'libcurl is in no other process');
		r = await update('https://lists.test/slow.txt');
		t.check(r.code === 2 && /another update is running; wait for it/.test(r.err), 'a second update does not come between', r);
		t.equal((await running.end).code, 0, 'the list arrives');
	});

	await t.part('redirections', async () => {
		const to = (where) => (req, res) => res.writeHead(302, { Location: where }).end();
		serve('/there.txt', text(GOOD));
		serve('/moved.txt', to('/there.txt'));
		t.equal([(await update('https://lists.test/moved.txt')).code, copy('https://lists.test/moved.txt')], [0, GOOD], 'are followed');
		serve('/less.txt', to('http://lists.test/there.txt'));
		const before = origin.requests.length;
		r = await update('https://lists.test/less.txt');
		t.check(r.code === 1 && /from https to something less safe/.test(r.err), 'but not from https to http', r);
		serve('/file.txt', to('file:///etc/passwd'));
		r = await update('https://lists.test/file.txt');
		t.check(r.code === 1 && /less safe/.test(r.err), 'nor to a file', r);
		serve('/private.txt', to('https://other.test/there.txt'));
		r = await update('https://lists.test/private.txt');
		t.check(r.code === 1 && /private address/.test(r.err), 'nor to another host in the own network', r);
		t.equal(origin.requests.slice(before).map((q) => q.url), ['/less.txt', '/file.txt', '/private.txt'], 'and nothing is asked there');
		t.equal((await update('https://lists.test/private.txt', '--allow-private')).code, 0, 'unless that is allowed');
		serve('/round.txt', to('/round.txt'));
		r = await update('https://lists.test/round.txt');
		t.check(r.code === 1 && /again and again/.test(r.err) && asked('/round.txt') === 6, 'nor for ever', r);
	});

	await t.part('trust', async () => {
		r = await tool('update', ['https://lists.test/there.txt'], { trust: false });
		t.check(r.code === 1 && /certificate/i.test(r.err), 'a certificate that nobody vouches for is refused', r);
		r = await update('https://wrong.test/there.txt');
		t.check(r.code === 1 && /certificate subject name/.test(r.err), 'and one of another name', r);
		t.equal((await update('http://lists.test/there.txt')).code, 0, 'http is asked where the URL says http');
	});

	await t.part('what a list includes', async () => {
		const whole = 'https://lists.test/parts/all.txt';
		serve('/parts/all.txt', (req, res) => res.writeHead(200, { ETag: '"all"' }).end(`${HEAD}||a.test^\n!#include sub/b.txt\n!#if adguard\n!#include no.txt\n!#endif\n||e.test^\n`));
		serve('/parts/sub/b.txt', text('||b.test^\n!#include c.txt\n||d.test^'));
		serve('/parts/sub/c.txt', text('||c.test^\n'));
		r = await update(whole);
		t.equal([r.code, [...copy(whole).matchAll(/^\|\|(.)/gm)].map((m) => m[1]).join(''), asked('/parts/no.txt')], [0, 'abcde', 0],
			'stands in the copy, in its place');
		expire(whole);
		serve('/parts/sub/c.txt', text('||C.test^\n'));
		r = await update(whole, '--json');
		t.equal([JSON.parse(r.out).result, copy(whole).includes('||C.test^')], ['updated', true], 'a part that changed is seen');
		const fails = async (what, path, answer, pattern) => {
			serve(path, answer);
			expire(whole);
			const before = copy(whole);
			r = await update(whole);
			t.check(r.code === 1 && pattern.test(r.err) && copy(whole) === before, `refused: ${what}`, r);
		};
		await fails('a part on another host', '/parts/sub/c.txt', (req, res) => res.writeHead(302, { Location: 'https://other.test/there.txt' }).end(), /another host/);
		await fails('a part that is missing', '/parts/sub/c.txt', (req, res) => res.writeHead(404).end(), /404.*c\.txt, which it includes/);
		await fails('a part of itself', '/parts/sub/c.txt', text('!#include c.txt\n'), /one another/);
		await fails('a condition without an end', '/parts/sub/c.txt', text('!#if adguard\n||c.test^\n'), /without its !#endif/);
		await fails('a path out of its folder', '/parts/sub/c.txt', text('!#include ../../easyprivacy.txt\n'), /no path below its own/);
		await fails('a URL', '/parts/sub/c.txt', text('!#include https://other.test/there.txt\n'), /no path below its own/);
	});

	await t.part('files', async () => {
		const path = t.path('mine.txt'), mine = `file://${encodeURI(path)}`;
		writeFileSync(path, GOOD);
		r = await update(`file://${path}`);
		t.check(r.code === 2 && /is no URL of a list/.test(r.err), 'a path with a space is no URL', r);
		t.equal([(await update(mine)).code, copy(mine)], [0, GOOD], 'a file is read');
		writeFileSync(path, Buffer.alloc(65 * 1048576, GOOD));
		r = await update(mine, '--force');
		t.check(r.code === 1 && /larger than 64 MiB/.test(r.err) && copy(mine) === GOOD, 'unless it is too large', r);
		r = await update('file:///nowhere/at-all.txt');
		t.check(r.code === 1 && /No such file/.test(r.err), 'and one that is not there is named', r);
		t.equal((await tool('update', [])).code, 2, 'without any URL there is nothing to do');
	});

	await t.part('several', async () => {
		const good = 'https://lists.test/there.txt', bad = 'https://lists.test/less.txt', own = t.path('own.txt');
		writeFileSync(own, '||own.test^\n||own.test^$popup,nonsense\n##x\n');
		r = await tool('update', [bad, good], { args: ['--json'] });
		t.equal([r.code, r.out.trim().split('\n').map((line) => JSON.parse(line).result)], [1, ['failed', 'updated']], 'one that fails keeps no other back');
		r = await tool('show', [bad, good], { args: ['--json', '--list', own] });
		const shown = JSON.parse(r.out);
		t.equal(shown.lists.map((l) => [l.from, l.name, l.there, l.rules, l.left_out]), [['file', 'own.txt', true, 1, 2],
			['url', nameOf(bad), false, undefined, undefined], ['url', nameOf(good), true, 51, 1]], 'show tells of each list');
		t.equal([r.code, shown.rules, shown.left_out], [1, 52, [{ kind: 'cosmetic: not for a proxy', count: 2 }, { kind: 'unknown option', count: 1 }]],
			'and of all, and says by its status that one is missing');
		t.check(shown.lists[2].sha256.length === 64 && Date.parse(shown.lists[2].expires) > Date.now(), 'with version and expiry', shown.lists[2]);
		r = await tool('show', [good], { args: ['--list', own] });
		t.check(r.code === 0 && /^own\.txt +file +1 +0 +2 +[0-9a-f]{16}  - +-/m.test(r.out) && /^there-[0-9a-f]{8} +url +51 +0 +1 +[0-9a-f]{16}  \d{4}-/m.test(r.out) &&
			/^left out: 1 \(unknown option\)$/m.test(r.out), 'as a table too', r);
		t.check(readdirSync(`${state}/lists`).every((name) => /\.(txt|txt\.old|meta)$/.test(name)), 'nothing half-done lies about', readdirSync(`${state}/lists`));
	});

	await t.part('the running proxy', async () => {
		const live = 'https://lists.test/live.txt';
		serve('/live.txt', text(GOOD));
		const gate = await startCrumbgate(t, { trust: pki.root, sites: [[':443', origin.https]], args: ['--list-url', live] });
		t.match(gate.proc.output(), /list-url https:\/\/lists\.test\/live\.txt was never fetched, so it does nothing; run: crumbgate lists update/, 'says what is not there');
		const ask = () => gate.curl(['-H', 'Sec-Fetch-Site: cross-site', '-H', 'Sec-Fetch-Mode: no-cors', '-H', 'Sec-Fetch-Dest: script',
			'-H', 'Referer: https://site.test/', 'https://ads.test/ad.js']);
		t.equal((await ask()).status, 404, 'and lets the request through');
		r = await tool('update', [live], { folder: gate.state });
		t.check(r.code === 0 && /a proxy runs with .*; it uses the new lists after SIGHUP/.test(r.err), 'update says that a proxy runs', r);
		t.equal((await ask()).status, 404, 'which goes on with what it has');
		gate.proc.child.kill('SIGHUP');
		t.check(await t.until(async () => (await ask()).status === 403), 'after HUP the list decides');
		const [block] = await gate.entries((e) => e.kind === 'block');
		t.equal(block.why, `list:${nameOf(live)}.txt ${createHash('sha256').update(GOOD).digest('hex').slice(0, 16)}; advertising`, 'and the entry names its version');
		await checkEvidence(t, gate);
	});
});
