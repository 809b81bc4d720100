/*
 * browser.mjs - Debian's Chromium and Firefox ESR, headless, driven by puppeteer-core (Firefox over WebDriver
 * BiDi), each with a home of its own that trusts one CA and uses one proxy.
 *
 *	const browser = await startBrowser(t, 'firefox', { proxyPort: gate.port, ca: gate.ca });
 *	const page = await browser.newPage();
 *
 * Without a proxyPort it uses none, and the names in `direct` are 127.0.0.1; with `pac`, a URL, what that file says.
 */
import { createRequire } from 'node:module';
import { existsSync, mkdirSync } from 'node:fs';
import { hasCommand } from './scenario.mjs';

function driver(t) {
	try {
		return createRequire(import.meta.url)('puppeteer-core');
	} catch {
		return t.skip('no puppeteer-core: run `npm ci --ignore-scripts` in tests/e2e');
	}
}

/* A certificate store of NSS in `dir` with this CA in it. */
async function trustStore(t, dir, ca) {
	mkdirSync(dir, { recursive: true });
	for (const args of [['-N', '--empty-password'], ['-A', '-n', 'test CA', '-t', 'C,,', '-i', ca]]) {
		const r = await t.run('certutil', ['-d', `sql:${dir}`, ...args]);
		if (r.code !== 0)
			throw new Error(`certutil ${args[0]}: ${r.stderr}`);
	}
}

const BROWSERS = {
	chromium: {
		commands: ['chromium', 'chromium-browser', 'google-chrome'],
		async options(t, home, { proxyPort, ca, direct = [], pac }) {
			await trustStore(t, `${home}/.pki/nssdb`, ca);
			return {
				browser: 'chrome',
				userDataDir: `${home}/profile`,
				args: ['--headless=new', '--disable-quic', '--no-first-run', '--disable-background-networking',
					'--disable-component-update', '--disable-sync', '--disable-gpu', '--disable-dev-shm-usage',
					'--disable-features=HttpsUpgrades,OptimizationHints,MediaRouter,Translate',
					...(pac ? [`--proxy-pac-url=${pac}`] : proxyPort ? [`--proxy-server=http://127.0.0.1:${proxyPort}`, '--proxy-bypass-list=<-loopback>']
						: ['--no-proxy-server', `--host-resolver-rules=${direct.map((name) => `MAP ${name} 127.0.0.1`).join(',')}`]),
					...(process.getuid() === 0 ? ['--no-sandbox'] : [])],
			};
		},
	},
	firefox: {
		commands: ['firefox-esr', 'firefox'],
		async options(t, home, { proxyPort, ca, direct = [], pac }) {
			await trustStore(t, `${home}/profile`, ca);
			return {
				browser: 'firefox',
				userDataDir: `${home}/profile`,
				extraPrefsFirefox: {
					...(pac ? { 'network.proxy.type': 2, 'network.proxy.autoconfig_url': pac } : proxyPort ? {
						'network.proxy.type': 1,
						'network.proxy.http': '127.0.0.1',
						'network.proxy.http_port': proxyPort,
						'network.proxy.ssl': '127.0.0.1',
						'network.proxy.ssl_port': proxyPort,
					} : { 'network.proxy.type': 0, 'network.dns.localDomains': direct.join(',') }),
					'network.proxy.no_proxies_on': '',
					'network.proxy.allow_hijacking_localhost': true,
					/* The browser's own cookie rules would hide ours. */
					'network.cookie.cookieBehavior': 0,
					'privacy.trackingprotection.enabled': false,
					'dom.security.https_first': false,
					'security.OCSP.enabled': 0,
					'network.captive-portal-service.enabled': false,
					'network.connectivity-service.enabled': false,
					'app.normandy.enabled': false,
					'services.settings.server': 'data:,',
				},
			};
		},
	},
};

export async function startBrowser(t, name, { proxyPort, ca, direct, pac, label = name }) {
	const puppeteer = driver(t);
	const kind = BROWSERS[name];
	let executablePath;
	for (const command of kind.commands) {
		const r = await t.run('sh', ['-c', 'command -v "$1"', 'sh', command]);
		if (r.code === 0) {
			executablePath = r.stdout.toString().trim();
			break;
		}
	}
	if (executablePath === undefined)
		t.skip(`no ${name} here`);
	if (!(await hasCommand(t, 'certutil')))
		t.skip('no certutil here (Debian: libnss3-tools)');
	const home = t.path(`${label}-home`);
	if (!existsSync(home))
		mkdirSync(home, { mode: 0o700 });
	const browser = await puppeteer.launch({
		executablePath,
		headless: true,
		timeout: 60000,
		dumpio: process.env.E2E_DUMP === '1',
		handleSIGTERM: false,
		handleSIGINT: false,
		env: { ...process.env, HOME: home, XDG_DATA_HOME: `${home}/.local/share`, XDG_CONFIG_HOME: `${home}/.config`,
			XDG_CACHE_HOME: `${home}/.cache`, MOZ_HEADLESS: '1', LANG: 'C.UTF-8' },
		...(await kind.options(t, home, { proxyPort, ca, direct, pac })),
	});
	const child = browser.process();
	t.defer(async () => {
		const hard = setTimeout(() => child?.kill('SIGKILL'), 10000);
		await browser.close().catch(() => child?.kill('SIGKILL'));
		clearTimeout(hard);
	});
	return browser;
}
