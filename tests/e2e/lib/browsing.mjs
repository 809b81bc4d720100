/*
 * browsing.mjs - what both browsers do through the proxy: cookies by header, by script and in a third party's
 * frame, a form login, a WebSocket, a large download and upload, the desk.
 */
import { scenario } from './scenario.mjs';
import { makePki } from './pki.mjs';
import { patternSum, startOrigin } from './origin.mjs';
import { checkEvidence, startCrumbgate } from './crumbgate.mjs';
import { startBrowser } from './browser.mjs';

const LARGE = 16 << 20;

function pages(origin) {
	const html = (text, cookies = []) => (req, res) => {
		res.setHeader('Content-Type', 'text/html; charset=utf-8');
		res.setHeader('Set-Cookie', cookies);
		res.end(`<!doctype html><html lang=en><meta charset=utf-8><title>a page</title>${text}`);
	};
	origin.routes.set('/plain.html', html('<p>plain'));
	origin.routes.set('/page.html', html(`<h1>A page</h1>
<script>document.cookie = "_ga=GA1.1.55.66; path=/; max-age=63072000; secure";
document.cookie = "theme=dark; path=/; secure";
window.jar = document.cookie;</script>
<iframe id=ad src="https://ads.test/frame.html"></iframe>
<img id=pixel src="https://cdn.ads.test/pixel.gif" alt="">`,
	['_gid=GA1.1.77.88; Path=/; Max-Age=86400; Secure', 'sid=s3cr3ts3ssi0n; Path=/; HttpOnly; Secure']));
	origin.routes.set('/frame.html', html(`<p>an advertisement
<script>document.cookie = "uid=frame-uid; path=/; max-age=9999999; secure; samesite=none";</script>`,
	['IDE=AHWqTUnFrame; Path=/; Max-Age=33696000; Secure; SameSite=None']));
	origin.routes.set('/pixel.gif', (req, res) => {
		res.setHeader('Content-Type', 'image/gif');
		res.setHeader('Set-Cookie', 'uuid=pixel-uuid; Path=/; Max-Age=33696000; Secure; SameSite=None');
		res.end(Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'));
	});
}

async function cookies(t, page, origin) {
	await page.goto('https://site.test/page.html', { waitUntil: 'load' });
	await t.until(() => origin.asked('ads.test', '/frame.html').length > 0 && origin.asked('cdn.ads.test', '/pixel.gif').length > 0);
	t.check(/_ga=/.test(await page.evaluate(() => window.jar)), 'the script has set its cookie, as scripts can');
	/* The next request carries it to the proxy, which expires it. */
	await page.goto('https://site.test/plain.html');
	const asked = origin.asked('site.test', '/plain.html').at(-1);
	t.equal((asked.cookie ?? '').split('; ').sort(), ['sid=s3cr3ts3ssi0n', 'theme=dark'], 'the site gets its own cookies and no tracking cookie');
	const jar = await page.evaluate(() => document.cookie);
	t.equal(jar, 'theme=dark', 'the script-set _ga is gone from the jar');

	/* The frame and the pixel again: nothing came back to them. */
	await page.goto('https://site.test/page.html', { waitUntil: 'load' });
	await t.until(() => origin.asked('ads.test', '/frame.html').length > 1 && origin.asked('cdn.ads.test', '/pixel.gif').length > 0);
	t.equal(origin.requests.filter((r) => /ads\.test$/.test(r.host) && r.cookie !== null).map((r) => r.cookie), [],
		'a third party never gets a cookie');
	t.check(origin.requests.every((r) => !/_ga=|_gid=|IDE=|uuid=/.test(r.cookie ?? '')), 'no origin ever saw a tracking cookie');
}

async function login(t, page) {
	await page.goto('https://site.test/login');
	await page.type('input[name=user]', 'anna');
	await page.type('input[name=password]', 'secret');
	await Promise.all([page.waitForNavigation(), page.click('button')]);
	t.equal(await page.$eval('#user', (e) => e.textContent), 'hello anna', 'a form login works');
	for (let i = 0; i < 3; i++)
		await page.goto('https://site.test/account');
	t.equal(await page.$eval('#user', (e) => e.textContent), 'hello anna', 'and lasts');
}

async function websocket(t, page, origin) {
	await page.goto('https://site.test/plain.html');
	const said = await page.evaluate(() => new Promise((resolve) => {
		const socket = new WebSocket('wss://site.test/ws?c=' + encodeURIComponent('_fbp=fb.1.1.1; Path=/; Secure; Max-Age=7776000'));
		const heard = [];
		socket.onopen = () => ['one', 'zwei', 'x'.repeat(40000)].forEach((text) => socket.send(text));
		socket.onmessage = (event) => {
			heard.push(event.data.length > 10 ? event.data.length : event.data);
			if (heard.length === 3)
				socket.close(1000);
		};
		socket.onclose = (event) => resolve([...heard, event.wasClean]);
		socket.onerror = () => resolve(['error']);
	}));
	t.equal(said, ['one', 'zwei', 40000, true], 'a WebSocket carries messages both ways and closes cleanly');
	t.equal(origin.websockets, 1, 'it reached the origin');
	t.check(!/_fbp/.test(await page.evaluate(() => document.cookie)), 'a tracking cookie on the 101 is not stored');
}

async function large(t, page) {
	const got = await page.evaluate(async (n) => {
		const hex = async (bytes) => Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)),
			(b) => b.toString(16).padStart(2, '0')).join('');
		const down = await (await fetch(`/bytes?n=${n}`)).arrayBuffer();
		const up = await (await fetch('/upload', { method: 'POST', body: down })).json();
		return { n: down.byteLength, sum: await hex(down), up: [up.n, up.sha256] };
	}, LARGE);
	t.equal(got, { n: LARGE, sum: patternSum(LARGE), up: [LARGE, patternSum(LARGE)] }, 'a large download and upload arrive whole and unchanged');
}

async function desk(t, page) {
	const outside = [];
	page.on('request', (r) => {
		if (!/^(https?:\/\/crumbgate\.internal[/:]|data:|about:)/.test(`${r.url()}/`))
			outside.push(r.url());
	});
	const answer = await page.goto('http://crumbgate.internal/');
	t.equal(answer.status(), 200, 'the desk opens');
	t.match(answer.headers()['content-security-policy'] ?? '', /default-src 'none'/, 'with a strict policy');
	t.check((await page.evaluate(() => document.body.innerText)).length > 100, 'and has something to say');
	const secure = await page.goto('https://crumbgate.internal/');
	t.equal(secure.status(), 200, 'over https too');
	t.equal(outside, [], 'and loads nothing from outside');
}

/* The desk keeps itself fresh, and leaves open what somebody opened. */
async function fresh(t, page, gate) {
	await page.goto('http://crumbgate.internal/', { waitUntil: 'load' });
	await page.click('[id="c-site.test"] > summary');
	await gate.curl(['-H', 'Sec-Fetch-Site: none', '-H', 'Sec-Fetch-Mode: navigate', '-H', 'Sec-Fetch-Dest: document', 'https://ads.test/frame.html']);
	await page.waitForFunction(() => document.getElementById('c-ads.test') !== null, { timeout: 20000 });
	const now = await page.evaluate(() => ['c-site.test', 'c-ads.test'].map((id) => document.getElementById(id).open).concat(document.activeElement.closest('details')?.id));
	t.equal(now, [true, false, 'c-site.test'], 'a new site comes to the desk by itself; what was opened stays open, and keeps the focus');
}

export function browsing(name) {
	return scenario(name, async (t) => {
		const pki = await makePki(t);
		const tls = await pki.leaf('sites', ['site.test', 'ads.test', 'cdn.ads.test']);
		const origin = await startOrigin(t, tls);
		pages(origin);
		const gate = await startCrumbgate(t, { trust: pki.root, sites: [[':443', origin.https], [':80', origin.http]] });
		const browser = await startBrowser(t, name, { proxyPort: gate.port, ca: gate.ca });
		const page = await browser.newPage();

		await cookies(t, page, origin);
		await login(t, page);
		await websocket(t, page, origin);
		await large(t, page);
		await desk(t, page);
		await fresh(t, page, gate);

		const removed = await gate.entries((e) => e.kind === 'set' && e.verdict === 'removed');
		const at = (cookie) => removed.find((e) => e.cookie === cookie);
		t.equal([at('_gid'), at('IDE'), at('uuid'), at('_fbp')].map((e) => e && [e.site, e.party]),
			[['site.test', 'first'], ['site.test', 'third'], ['site.test', 'third'], ['site.test', 'first']],
			'the log has what was removed, with site and party');
		t.check((await gate.entries((e) => e.kind === 'sent' && e.cookie === '_ga' && e.verdict === 'expired')).length > 0,
			'and the script-set cookie, expired');
		await checkEvidence(t, gate);
	});
}
