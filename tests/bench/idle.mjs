/*
 * idle.mjs [--json] [--connections N] [--hosts N] - so many idle intercepted connections (10,000) held by two workers, and then one
 * new request on each: all are to be answered.  Prints memory for each connection.  With
 * more hosts (100) more connections to origins are held too; the keeper signs for new ones at a bounded rate, though.
 */
import { parseArgs } from 'node:util';
import { Scenario } from '../e2e/lib/scenario.mjs';
import { machine, makeStand, show } from './stand.mjs';

const { values: options } = parseArgs({ options: { json: { type: 'boolean' }, connections: { type: 'string', default: '10000' },
	hosts: { type: 'string', default: '100' },
	seconds: { type: 'string', default: '10' } } });
const t = new Scenario('bench-idle');
let failed = true;
try {
	const stand = await makeStand(t);
	const gate = await stand.crumbgate({ workers: 2, args: ['--idle-timeout', '1h', '--origin-idle-timeout', '1h'] });
	/* The parts of a connection that are made once are not its own. */
	await stand.load(gate, 'idle', '--connections', '100', '--hosts', '100', '--seconds', '0');
	const r = await stand.load(gate, 'idle', '--connections', options.connections, '--hosts', options.hosts, '--seconds', options.seconds);
	failed = r.code !== 0 || r.usable !== Number(options.connections);
	if (options.json)
		console.log(JSON.stringify({ machine: machine(), ...r }));
	else
		console.log(`${r.kept} connections held for ${options.seconds} s, a new request answered on ${r.usable}, ${r.errors} errors ${r.first_error ?? ''}
${show(r.kib_each)} KiB each (all processes: ${show(r.pss_before_kib / 1024)} MiB before, ${show(r.pss_held_kib / 1024)} MiB held), ${r.fds_held} descriptors, ${r.seconds} s`);
} catch (error) {
	failed = error.constructor.name !== 'Skip';
	console.error(failed ? error.stack : `SKIP: ${error.message}`);
}
t.failures = failed ? 1 : 0;
await t.finish();
process.exit(failed ? 1 : 0);
