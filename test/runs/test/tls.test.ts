// Scenarios and collections against a real HTTPS server with an authority of its own, which asks for a client's certificate.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { hwctl } from '../../golden.js';
import { makeCertificates, secureEchoServer } from './certificates.js';

t.setTimeout(300_000);
const certificates = makeCertificates();
const skip = certificates === undefined ? 'openssl is not installed' : false;
t.teardown(() => certificates && rmSync(certificates.folder, { recursive: true, force: true }));

const scenario = `
name: secure
steps:
  - { request: GET /client, check: [{ name: 'the client is {{client}}', json: { $.client: '{{client}}' } }] }
  - { request: GET /name, check: [{ name: the name asked for, json: { $.name: arch.homework } }] }
`;
const anonymous = scenario.replaceAll("'{{client}}'", 'null').replace("'the client is {{client}}'", 'no client');

function collection(port: number, client: string | null) {
  const exec = [
    `pm.test('the client is known', () => pm.expect(pm.response.json().client).to.equal(${JSON.stringify(client)}));`,
  ];
  return JSON.stringify({
    info: { name: 'secure', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
    item: [{ name: 'who', request: `https://localhost:${port}/client`, event: [{ listen: 'test', script: { exec } }] }],
  });
}

t.test('scenarios', { skip }, async (t) => {
  const { folder, ca, clientCert, clientKey } = certificates!;
  writeFileSync(join(folder, 'known.yaml'), scenario);
  writeFileSync(join(folder, 'anonymous.yaml'), anonymous);
  const port = await secureEchoServer(t, certificates!);
  const at = ['--url', `https://127.0.0.1:${port}`, '--host', 'arch.homework'];
  const run = (...args: string[]) => hwctl(['test', ...args], { cwd: folder });

  const trusting = await run('anonymous.yaml', ...at, '--cacert', ca);
  t.equal(trusting.exitCode, 0, `an authority of one’s own is trusted: ${trusting.stdout}`);
  const newmansName = await run('anonymous.yaml', ...at, '--ssl-extra-ca-certs', ca);
  t.equal(newmansName.exitCode, 0, 'by newman’s name of the option too');
  t.equal((await run('anonymous.yaml', ...at, '-k')).exitCode, 0, '--insecure takes any certificate');

  const distrusting = await run('anonymous.yaml', ...at);
  t.equal(distrusting.exitCode, 1);
  t.match(distrusting.stdout, /certificate .*: pass --cacert FILE, or --insecure/, 'the cause and the cure');
  const other = await run('anonymous.yaml', '--url', `https://127.0.0.1:${port}`, '--cacert', ca);
  t.match(other.stdout, /the certificate is for another host name/);

  const identity = ['--cert', clientCert, '--key', clientKey, '--passphrase', 'opensesame'];
  const known = await run('known.yaml', ...at, '--cacert', ca, ...identity, '--var', 'client=ada');
  t.equal(known.exitCode, 0, `the client’s certificate is sent: ${known.stdout}`);
  const wrong = await run('known.yaml', ...at, '--cacert', ca, ...identity, '--var', 'client=bob', '--debug');
  t.equal(wrong.exitCode, 1);
  t.notMatch(wrong.stdout + wrong.stderr, /opensesame|PRIVATE KEY/, 'neither passphrase nor key is shown');

  const closed = await run(
    'known.yaml',
    ...at,
    '--cert',
    clientCert,
    '--key',
    clientKey,
    '--passphrase',
    'wrong',
    '--var',
    'client=ada',
  );
  t.equal(closed.exitCode, 2, 'a key that stays closed is told before anything runs');
  t.match(closed.stderr, /the certificates given cannot be used: .*\n.*the passphrase of that key/);

  const none = await run('known.yaml', ...at, '--cacert', join(folder, 'none.pem'), '--var', 'client=ada');
  t.equal(none.exitCode, 2);
  t.match(none.stderr, /--cacert: \S*none\.pem cannot be read/);
});

t.test('a server that refuses who has no certificate', { skip }, async (t) => {
  const { folder, ca, clientCert, clientKey } = certificates!;
  writeFileSync(join(folder, 'known.yaml'), scenario);
  const port = await secureEchoServer(t, certificates!, true);
  const args = ['test', 'known.yaml', '--url', `https://localhost:${port}`, '--host', 'arch.homework', '--cacert', ca];
  const refused = await hwctl([...args, '--var', 'client=ada'], { cwd: folder });
  t.equal(refused.exitCode, 1);
  const identity = ['--cert', clientCert, '--key', clientKey, '--passphrase', 'opensesame'];
  const welcome = await hwctl([...args, ...identity, '--var', 'client=ada'], { cwd: folder });
  t.equal(welcome.exitCode, 0, welcome.stdout);
});

t.test('collections', { skip }, async (t) => {
  const { folder, ca, clientCert, clientKey } = certificates!;
  const port = await secureEchoServer(t, certificates!);
  writeFileSync(join(folder, 'known.json'), collection(port, 'ada'));
  writeFileSync(join(folder, 'anonymous.json'), collection(port, null));
  const run = (...args: string[]) => hwctl(['test', ...args, '--target', 'local'], { cwd: folder });
  const identity = ['--ssl-client-cert', clientCert, '--ssl-client-key', clientKey];

  const trusting = await run('anonymous.json', '--ssl-extra-ca-certs', ca);
  t.equal(trusting.exitCode, 0, trusting.stdout + trusting.stderr);
  t.equal((await run('anonymous.json', '--insecure')).exitCode, 0);
  const distrusting = await run('anonymous.json');
  t.equal(distrusting.exitCode, 1);
  t.match(distrusting.stdout, /certificate/);
  const known = await run('known.json', '-k', ...identity, '--ssl-client-passphrase', 'opensesame');
  t.equal(known.exitCode, 0, known.stdout + known.stderr);
  const both = await run('known.json', '--cacert', ca, ...identity, '--passphrase', 'opensesame');
  t.equal(both.exitCode, 0, both.stdout + both.stderr);
});
