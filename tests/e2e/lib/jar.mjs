/*
 * jar.mjs - a Chromium that takes third parties' cookies, and what is in its jar, asked of the browser itself.
 *
 *	const browser = await startHungryChromium(t, { proxyPort: gate.port, ca: gate.ca, label: 'hungry' });
 *	const jar = await openJar(browser);
 *	const cookies = await jar.all('www.shop.test');		// what it keeps for that host, under any path
 *	const names = await jar.names('www.shop.test');		// each once, sorted
 *
 * Debian's Chromium refuses third parties' cookies as it comes, which would hide whether the proxy does.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { startBrowser } from './browser.mjs';

export function startHungryChromium(t, { proxyPort, ca, label }) {
	const profile = t.path(`${label}-home`, 'profile', 'Default');

	mkdirSync(profile, { recursive: true, mode: 0o700 });
	writeFileSync(`${profile}/Preferences`, JSON.stringify({ profile: { block_third_party_cookies: false, cookie_controls_mode: 0 } }));
	return startBrowser(t, 'chromium', { proxyPort, ca, label });
}

const matches = (cookie, host) => host === cookie.domain || (cookie.domain.startsWith('.') && `.${host}`.endsWith(cookie.domain));

export async function openJar(browser) {
	const session = await browser.target().createCDPSession();
	const all = async (host) => (await session.send('Storage.getCookies')).cookies.filter((c) => matches(c, host));

	return { all, names: async (host) => [...new Set((await all(host)).map((c) => c.name))].sort() };
}
