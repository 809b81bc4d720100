/*
 * scenario.mjs - one end-to-end scenario: a folder of its own, the processes it started, its checks.
 *
 *	scenario('cookies over https', async (t) => {
 *		const origin = await startOrigin(t, ...);
 *		t.equal(answer.status, 200, 'the page arrives');
 *	});
 *
 * Everything that is started is stopped at the end, by pid and in reverse order, also after a failed check,
 * a time-out or SIGTERM.  The process exits 0 (all checks held), 1 (one did not) or 77 (skipped).
 * Nothing waits by sleeping: until() asks for the thing itself, with an end.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, openSync, closeSync, readFileSync, existsSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, inspect } from 'node:util';

class Skip extends Error {}

export class Scenario {
	constructor(name) {
		this.name = name;
		this.dir = mkdtempSync(join(tmpdir(), 'crumbgate e2e ')); // the space is on purpose
		this.failures = 0;
		this.checks = 0;
		this.cleanups = [];
		this.logs = [];
	}

	path(...parts) {
		return join(this.dir, ...parts);
	}

	defer(fn) {
		this.cleanups.push(fn);
	}

	skip(why) {
		throw new Skip(why);
	}

	note(text) {
		console.log(`  ${text}`);
	}

	check(holds, what, detail) {
		this.checks++;
		if (holds) {
			console.log(`ok: ${what}`);
			return true;
		}
		this.failures++;
		console.log(`NOT OK: ${what}${detail === undefined ? '' : `\n\t${inspect(detail, { depth: 6, breakLength: 110, maxArrayLength: 80 })}`}`);
		return false;
	}

	equal(got, want, what) {
		return this.check(isDeepStrictEqual(got, want), what, { got, want });
	}

	match(text, pattern, what) {
		return this.check(pattern.test(text), what, { text: String(text).slice(0, 2000), pattern });
	}

	/* A part of a scenario: where it breaks off it has failed, and what follows still runs. */
	async part(what, body) {
		try {
			await body();
		} catch (error) {
			this.check(false, what, error.message);
		}
	}

	/*
	 * A process with its output in a log file.  `end` is a promise of its { code, signal }; stop() sends
	 * TERM, and KILL when it is still there after `grace` ms.
	 */
	start(label, command, args, { env = {}, cwd = this.dir, grace = 5000, stdin = 'ignore' } = {}) {
		const log = this.path(`${label}.log`);
		const fd = openSync(log, 'a');
		const child = spawn(command, args, {
			cwd,
			env: { ...process.env, ...env },
			stdio: [stdin, fd, fd],
		});
		closeSync(fd);
		const proc = { label, child, pid: child.pid, log, exited: null };
		proc.end = new Promise((resolve) => {
			child.on('error', (error) => resolve((proc.exited = { code: null, signal: null, error })));
			child.on('exit', (code, signal) => resolve((proc.exited = { code, signal })));
		});
		proc.output = () => (existsSync(log) ? readFileSync(log, 'utf8') : '');
		proc.stop = async (signal = 'SIGTERM') => {
			if (proc.exited === null)
				child.kill(signal);
			const timer = setTimeout(() => child.kill('SIGKILL'), grace);
			const end = await proc.end;
			clearTimeout(timer);
			return end;
		};
		this.logs.push(proc);
		this.defer(() => proc.stop());
		return proc;
	}

	/* Runs a command to its end: { code, signal, stdout, stderr } with Buffers; bounded by `seconds`. */
	run(command, args, { env = {}, input, seconds = 60, cwd = this.dir } = {}) {
		return new Promise((resolve) => {
			const child = spawn(command, args, {
				cwd,
				env: { ...process.env, ...env },
				stdio: ['pipe', 'pipe', 'pipe'],
			});
			const out = [], err = [];
			const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
			child.stdout.on('data', (d) => out.push(d));
			child.stderr.on('data', (d) => err.push(d));
			child.stdin.on('error', () => {});
			child.stdin.end(input);
			child.on('error', (error) => {
				clearTimeout(timer);
				resolve({ code: null, error, stdout: Buffer.alloc(0), stderr: Buffer.from(String(error)) });
			});
			child.on('close', (code, signal) => {
				clearTimeout(timer);
				resolve({ code, signal, stdout: Buffer.concat(out), stderr: Buffer.concat(err) });
			});
		});
	}

	/* The first true value of probe(), asked again every 50 ms; undefined after `seconds`. */
	async until(probe, seconds = 10) {
		const end = Date.now() + seconds * 1000;
		for (;;) {
			const value = await probe();
			if (value || Date.now() > end)
				return value || undefined;
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}

	async finish() {
		for (const cleanup of this.cleanups.reverse()) {
			try {
				await cleanup();
			} catch (error) {
				console.log(`cleanup: ${error.stack}`);
			}
		}
		this.cleanups = [];
		if (this.failures > 0) {
			/* One that was started again writes on in the same file. */
			for (const proc of new Map(this.logs.map((p) => [p.log, p])).values()) {
				console.log(`== ${proc.label} (pid ${proc.pid}) ended ${inspect(proc.exited)}; its last output:`);
				console.log(proc.output().split('\n').slice(-40).join('\n'));
			}
		}
		if (process.env.E2E_KEEP)
			console.log(`kept: ${this.dir}`);
		else
			rmSync(this.dir, { recursive: true, force: true });
	}
}

/*
 * A port of 127.0.0.1 that was free a moment ago, below those that the kernel gives to outgoing connections: what the
 * test starts again finds it free again.
 */
export async function freePort(host = '127.0.0.1') {
	for (;;) {
		const port = 10240 + Math.floor(Math.random() * 20000);
		const server = createServer();
		const free = await new Promise((resolve) => {
			server.on('error', () => resolve(false));
			server.listen(port, host, () => server.close(() => resolve(true)));
		});
		if (free)
			return port;
	}
}

export function accepts(port, host = '127.0.0.1') {
	return new Promise((resolve) => {
		const socket = connect({ port, host });
		socket.setTimeout(1000, () => socket.destroy());
		socket.on('connect', () => {
			socket.destroy();
			resolve(true);
		});
		socket.on('error', () => resolve(false));
		socket.on('close', () => resolve(false));
	});
}

/* Whether a command is on PATH. */
export async function hasCommand(t, name) {
	return (await t.run('sh', ['-c', 'command -v "$1"', 'sh', name])).code === 0;
}

export async function scenario(name, body, { seconds = 170 } = {}) {
	const t = new Scenario(name);
	let ending = false;
	const end = async (skipped) => {
		if (ending)
			return;
		ending = true;
		await t.finish();
		console.log(`${name}: ${t.checks} checks, ${t.failures} failed`);
		process.exit(t.failures > 0 ? 1 : skipped ? 77 : t.checks > 0 ? 0 : 1);
	};
	const interrupted = (why) => {
		t.failures++;
		console.log(`NOT OK: ${name}: ${why}`);
		end(false);
	};
	process.on('SIGTERM', () => interrupted('SIGTERM'));
	process.on('SIGINT', () => interrupted('SIGINT'));
	setTimeout(() => interrupted(`not through after ${seconds} s`), seconds * 1000).unref();
	try {
		await body(t);
	} catch (error) {
		if (error instanceof Skip) {
			console.log(`SKIP: ${error.message}`);
			await end(true);
		}
		t.failures++;
		console.log(`NOT OK: ${error.stack}`);
	}
	await end(false);
}
