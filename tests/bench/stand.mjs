/*
 * stand.mjs - what the measurements stand on: nginx as the origin, crumbgate, haproxy as a plain relay, the load
 * generator, and the cores each of them has.
 *
 *	const stand = await makeStand(t);
 *	const gate = await stand.crumbgate({ args: [...] });	// { pid, where: ['--proxy', ...], ca, state, stop() }
 *	const relay = await stand.haproxy();			// the same
 *	const r = await stand.load(gate, 'keep', '--path', '/1k', '--expect', '1024');
 *
 * The proxy under test has the first core; the origin and the load share the second.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { resolve } from 'node:path';
import { accepts, freePort, hasCommand } from '../e2e/lib/scenario.mjs';
import { makePki } from '../e2e/lib/pki.mjs';

export const built = resolve(process.env.BENCH_BUILD ?? 'tests/bench');
export const program = resolve(process.env.CRUMBGATE ?? 'crumbgate');

const COOKIES = [
	'sid=7f3a9c1e5b8d42f6a0e1c2d3b4a59687; Path=/; Secure; HttpOnly; SameSite=Lax',
	'_ga=GA1.1.1234567890.1712345678; Max-Age=63072000; Path=/; SameSite=Lax',
	'_fbp=fb.1.1712345678901.1029384756; Max-Age=7776000; Path=/; Secure; SameSite=None',
];
export const SIZES = { '/1k': 1024, '/64k': 65536, '/big': 64 << 20, '/new': 1024 };

function nginxConfig(dir, tls, ports, files) {
	const cookies = COOKIES.map((c) => `add_header Set-Cookie "${c}";`).join(' ');
	const listen = (port, sessions) => `server {
		listen 127.0.0.1:${port} ssl http2 backlog=4096;
		${sessions}
		root "${dir}/www";
		location = /1k { ${cookies} add_header Cache-Control no-cache; add_header Strict-Transport-Security "max-age=31536000";
			add_header Content-Security-Policy "default-src 'self'"; add_header X-Content-Type-Options nosniff; }
		# A cookie that nobody has seen before, with every answer.
		location = /new { add_header Set-Cookie "n$request_id=1; Path=/; Secure"; }
	}`;
	return `daemon off; worker_processes 1; ${process.getuid() === 0 ? 'user root;' : ''} pid "${dir}/pid"; error_log stderr error; worker_rlimit_nofile ${files};
events { worker_connections ${files - 100}; multi_accept on; }
http {
	access_log off; sendfile on; tcp_nopush on; open_file_cache max=100;
	default_type text/html; keepalive_timeout 2h; keepalive_requests 1000000000; http2_max_concurrent_streams 256;
	${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path "${dir}/${n}";`).join(' ')}
	ssl_certificate "${tls.cert}"; ssl_certificate_key "${tls.key}"; ssl_protocols TLSv1.2 TLSv1.3;
	${listen(ports.origin, 'ssl_session_tickets off; ssl_session_cache off;')}
	${listen(ports.resuming, 'ssl_session_tickets on; ssl_session_cache shared:s:4m;')}
}
`;
}

/* Neither origin connections nor sessions are shared: two plain TLS legs. */
function haproxyConfig(dir, root, ports) {
	const server = (port, more) => `server o 127.0.0.1:${port} ssl verify required ca-file "${root}" sni ssl_fc_sni alpn http/1.1 pool-max-conn 0 ${more}`;
	return `global
	nbthread 1
	maxconn 9000
	ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
	mode http
	timeout connect 10s
	timeout client 30m
	timeout server 30m
	timeout http-keep-alive 30m
	http-reuse never
frontend plain
	bind 127.0.0.1:${ports.plain} ssl crt "${dir}/leaf.pem" alpn h2,http/1.1
	default_backend plain
frontend resuming
	bind 127.0.0.1:${ports.again} ssl crt "${dir}/leaf.pem" alpn h2,http/1.1
	default_backend resuming
backend plain
	${server(ports.origin, 'no-ssl-reuse')}
backend resuming
	${server(ports.resuming, '')}
`;
}

const first = (command, args, pattern = /.*/) => {
	try {
		return pattern.exec(execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' }))?.[0] ?? '';
	} catch {
		return '';
	}
};

export function machine() {
	return {
		cpu: cpus()[0]?.model.trim(), cores: cpus().length, memory_gib: Math.round(totalmem() / (1 << 30)), kernel: `${type()} ${release()}`,
		load: loadavg()[0], compiler: process.env.BENCH_COMPILER ?? '', crumbgate: first(program, ['--version']), openssl: first('openssl', ['version']),
		haproxy: first('haproxy', ['-v']), nginx: first('sh', ['-c', 'nginx -v 2>&1']), node: process.version,
	};
}

export async function makeStand(t, { files = 30000 } = {}) {
	if (!(await hasCommand(t, 'nginx')))
		t.skip('no nginx here (Debian: nginx-light)');
	for (const file of [`${built}/load`, program]) {
		if (!existsSync(file))
			throw new Error(`no program at ${file}: run this by make, or set BENCH_BUILD and CRUMBGATE`);
	}
	const pinned = cpus().length > 1 && (await hasCommand(t, 'taskset'));
	const onCore = (core, command, args) => (pinned ? ['taskset', ['-c', String(core), command, ...args]] : [command, args]);
	const pki = await makePki(t);
	const tls = await pki.leaf('origin', ['*.bench.test', 'bench.test']);
	const dir = t.path('origin');
	const ports = { origin: await freePort(), resuming: await freePort() };
	mkdirSync(`${dir}/www`, { recursive: true });
	for (const [path, size] of Object.entries(SIZES))
		writeFileSync(`${dir}/www${path}`, Buffer.alloc(size, 'x'));
	/* As many as may be: what root can raise, or the limit there is. */
	const hard = Number(/(\d+)/.exec(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }))?.[1] ?? files);
	writeFileSync(`${dir}/conf`, nginxConfig(dir, tls, ports, Math.min(hard, files)));
	const start = async (label, core, command, args, port) => {
		const proc = t.start(label, ...onCore(core, command, args));
		await t.until(async () => proc.exited !== null || (await accepts(port)), 20);
		if (proc.exited !== null || !(await accepts(port)))
			throw new Error(`${label} did not start: ${proc.output()}`);
		return proc;
	};
	const nginx = await start('nginx', 1, 'nginx', ['-p', dir, '-e', 'stderr', '-c', `${dir}/conf`], ports.origin);
	const stand = { pki, ports, pinned, direct: { name: 'direct', pid: nginx.pid, ca: pki.root, where: ['--to', `127.0.0.1:${ports.origin}`],
		again: ['--to', `127.0.0.1:${ports.resuming}`] } };
	let count = 0;

	stand.crumbgate = async ({ args = [], workers = 1, state, exe = program } = {}) => {
		const n = count++, port = await freePort();
		const home = state ?? t.path(`state-${n}`);
		writeFileSync(t.path(`gate-${n}.conf`), '', { mode: 0o600 });
		const proc = await start(`crumbgate-${n}`, 0, exe, ['run', '-c', t.path(`gate-${n}.conf`), '--listen', `127.0.0.1:${port}`, '--state', home,
			'--workers', String(workers), '--allow-private', '--no-trust-system', '--trust', pki.root, '--connections-per-client', '100000',
			'--max-connections', '100000', '--connect-to', `:443:127.0.0.1:${ports.origin}`, '--connect-to', `:8443:127.0.0.1:${ports.resuming}`, ...args], port);
		const ca = `${home}/ca/ca.pem`;
		await t.until(() => existsSync(ca));
		return { name: 'crumbgate', pid: proc.pid, proc, ca, port, state: home, where: ['--proxy', `127.0.0.1:${port}`],
			again: ['--proxy', `127.0.0.1:${port}`, '--port', '8443'], stop: () => proc.stop() };
	};
	stand.haproxy = async () => {
		if (!(await hasCommand(t, 'haproxy')))
			return null;
		const n = count++, where = t.path(`haproxy-${n}`);
		const own = { ...ports, plain: await freePort(), again: await freePort() };
		mkdirSync(where);
		writeFileSync(`${where}/leaf.pem`, readFileSync(tls.cert, 'utf8') + readFileSync(tls.key, 'utf8'), { mode: 0o600 });
		writeFileSync(`${where}/cfg`, haproxyConfig(where, pki.root, own));
		const proc = await start(`haproxy-${n}`, 0, 'haproxy', ['-db', '-f', `${where}/cfg`], own.plain);
		return { name: 'haproxy', pid: proc.pid, ca: pki.root, where: ['--to', `127.0.0.1:${own.plain}`], again: ['--to', `127.0.0.1:${own.again}`],
			stop: () => proc.stop() };
	};
	/* One run of the load generator: its JSON.  onHeld is called when it says so (idle). */
	stand.load = (peer, mode, ...args) => {
		const words = [...(mode === 'resume' ? peer.again : peer.where), '--ca', peer.ca, '--watch', String(peer.pid), ...args, mode];
		return new Promise((done) => {
			const child = spawn(...onCore(1, `${built}/load`, words), { stdio: ['ignore', 'pipe', 'pipe'] });
			let out = '', err = '';
			const run = { child };
			const end = setTimeout(() => child.kill('SIGKILL'), 600000);
			run.held = new Promise((held) => child.stderr.on('data', (d) => /held/.test(err += d) && held()));
			stand.running = run;
			child.stdout.on('data', (d) => (out += d));
			child.on('close', (code) => {
				clearTimeout(end);
				try {
					done({ code, ...JSON.parse(out) });
				} catch {
					done({ code, errors: 1, first_error: err.trim() || 'no answer' });
				}
			});
		});
	};
	return stand;
}

export const median = (list) => (list.length === 0 ? undefined : [...list].sort((a, b) => a - b)[list.length >> 1]);
/* Numbers with three digits that mean something. */
export const show = (x) => (x === undefined || Number.isNaN(x) ? '-' : x >= 1000 ? Math.round(x).toLocaleString('en') : x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));
export function table(rows) {
	const widths = rows[0].map((x, i) => Math.max(...rows.map((row) => row[i].length)));
	return rows.map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')).join('\n');
}
export const freeBytes = (path) => {
	const s = statfsSync(path);
	return s.bavail * s.bsize;
};
