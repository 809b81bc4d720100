/*
 * processes.mjs - the processes below one that the test started.
 */
import { readFileSync, readdirSync } from 'node:fs';

/* The children of a process, by /proc: pids. */
export function childrenOf(pid) {
	return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((p) => {
		try {
			return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${p}/status`, 'utf8'))[1]) === pid;
		} catch {
			return false;
		}
	});
}

export function alive(pid) {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

/* The name a process has given itself. */
export function nameOf(pid) {
	try {
		return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
	} catch {
		return 'gone';
	}
}
