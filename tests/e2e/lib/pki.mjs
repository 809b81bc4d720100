/*
 * pki.mjs - certificates for the test servers, made afresh by the openssl command (P-256).
 *
 *	const pki = await makePki(t);
 *	const leaf = await pki.leaf('site', ['site.test', '*.site.test']);	// { cert, key } as paths
 *	pki.root						// path of the root to trust
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const stamp = (ms) => new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14) + 'Z';
const DAY = 86400 * 1000;

export async function makePki(t, label = 'pki') {
	const dir = t.path(label);
	const openssl = async (...args) => {
		const r = await t.run('openssl', args, { cwd: dir });
		if (r.code !== 0)
			throw new Error(`openssl ${args.join(' ')}: ${r.stderr}`);
	};
	mkdirSync(dir);
	writeFileSync(join(dir, 'index.txt'), '');
	writeFileSync(join(dir, 'ca.cnf'), `[ca]
default_ca = test
[test]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
`);
	const newKey = (file) => openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', file);
	await newKey('root.key');
	await openssl('req', '-x509', '-new', '-key', 'root.key', '-days', '30', '-subj', '/CN=Test Root',
		'-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign',
		'-out', 'root.pem');

	/* from and to are milliseconds from now; selfSigned leaves the root out of it. */
	const leaf = async (name, names, { from = -DAY, to = 20 * DAY, selfSigned = false } = {}) => {
		const san = names.map((n) => (/^[0-9.]+$|:/.test(n) ? `IP:${n}` : `DNS:${n}`)).join(',');
		const now = Date.now();
		writeFileSync(join(dir, `${name}.ext`), `basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=${san}
subjectKeyIdentifier=hash
${selfSigned ? '' : 'authorityKeyIdentifier=keyid'}
`);
		await newKey(`${name}.key`);
		await openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${names[0].slice(0, 60)}`, '-out', `${name}.csr`);
		await openssl('ca', '-config', 'ca.cnf', '-batch', '-notext', '-in', `${name}.csr`, '-out', `${name}.pem`,
			'-extfile', `${name}.ext`, '-startdate', stamp(now + from), '-enddate', stamp(now + to),
			...(selfSigned ? ['-selfsign', '-keyfile', `${name}.key`] : ['-cert', 'root.pem', '-keyfile', 'root.key']));
		return { cert: join(dir, `${name}.pem`), key: join(dir, `${name}.key`) };
	};
	return { dir, root: join(dir, 'root.pem'), leaf, DAY };
}
