/*
 * Makes the pictures of the desk in doc/: run by hand, after its pages have changed.
 *
 *	CRUMBGATE=build/crumbgate node tests/e2e/desk_pictures.mjs
 *
 * They are made smaller by pngquant where it is installed; one of more than 60 KiB is an error.
 */
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hasCommand, scenario } from './lib/scenario.mjs';
import { DESK, chooseForSite, furnish } from './lib/furnished.mjs';

const MOST = 60 * 1024;
const PICTURES = [
	['start', '/', 1200],
	['site', '/site/shop.test', 1100],
	['tiktok', '/tiktok', 1150],
	['trust', '/trust', 900],
];

async function take(t, page, [name, path, height]) {
	const file = fileURLToPath(new URL(`../../doc/desk-${name}.png`, import.meta.url));

	await page.setViewport({ width: 900, height });
	await page.goto(`${DESK}${path}`, { waitUntil: 'load' });
	await page.waitForFunction(() => document.getElementById('probe')?.textContent.startsWith('not checked') !== true);
	if (name === 'site')
		await page.click('details.purposes summary');
	await page.mouse.move(0, 0);
	await page.screenshot({ path: file, optimizeForSpeed: false });
	if (await hasCommand(t, 'pngquant'))
		await t.run('pngquant', ['--force', '--strip', '--speed', '1', '--output', file, '64', file]);
	const { size } = statSync(file);
	t.check(size <= MOST, `${name}: ${size} octets`, file);
}

scenario('desk_pictures', async (t) => {
	const { page } = await furnish(t);

	await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
	await chooseForSite(page, 'shop.test', 'some');
	for (const picture of PICTURES)
		await take(t, page, picture);
});
