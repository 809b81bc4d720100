/* The desk works without this: it says whether the CA is trusted, and keeps the table fresh. */
'use strict';

const probe = document.getElementById('probe');

if (probe) {
	const image = new Image();
	image.onload = () => { probe.textContent = 'trusted by this browser'; };
	image.onerror = () => {
		if (location.pathname === '/trust') {
			probe.textContent = 'not trusted yet: the steps for your system are below';
			return;
		}
		const link = document.createElement('a');
		link.href = '/trust';
		link.textContent = 'not trusted yet: set it up';
		probe.replaceChildren(link);
	};
	image.src = probe.dataset.probe;
}

const INTERVAL = 3000;
let timer = 0;

/* What only looks keeps the focus on the fresh page: where it is in that one. */
function twin(fresh, active) {
	const kind = active.matches('summary') ? 'summary' : '.scroll';
	const details = active.closest('details[id]');
	return (details ? document.getElementById(details.id) : fresh)?.querySelector(kind);
}

/* Takes a part of the fresh page over, unless somebody is using a control in it just now. */
function take(page, id) {
	const fresh = page.getElementById(id);
	const live = document.getElementById(id);
	const news = document.getElementById('news');
	const active = live && live.contains(document.activeElement) ? document.activeElement : null;
	if (!fresh || !live || (active && !active.matches('.scroll, summary')))
		return;
	for (const details of fresh.querySelectorAll('details[id]'))
		details.open = document.getElementById(details.id)?.open === true;
	if (fresh.innerHTML === live.innerHTML)
		return;
	if (fresh.dataset.news !== live.dataset.news) {
		news.textContent = fresh.dataset.news;
		document.getElementById('lead').textContent = fresh.dataset.news;
	}
	const left = active?.scrollLeft ?? 0;
	live.replaceWith(fresh);
	const now = active && twin(fresh, active);
	if (now) {
		now.scrollLeft = left;
		now.focus({ preventScroll: true });
	}
}

async function refresh() {
	timer = 0;
	try {
		const answer = await fetch(location.href, { cache: 'no-store', credentials: 'omit' });
		if (answer.ok) {
			const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
			take(page, 'passing');
			take(page, 'live');
		}
	} catch {
		document.getElementById('news').textContent = 'The proxy does not answer.';
	}
	plan();
}

function plan() {
	if (timer === 0 && document.visibilityState === 'visible')
		timer = setTimeout(refresh, INTERVAL);
}

if (document.getElementById('live')) {
	document.addEventListener('visibilitychange', () => {
		if (document.visibilityState === 'visible') {
			plan();
		} else {
			clearTimeout(timer);
			timer = 0;
		}
	});
	plan();
}
