// Inputs that failed at 0.1.0, reduced from files of others. Each folder of cases/: README (what is right, and why), the input,
// check.sh (prints what hwctl does) and expected.txt (what is right: newman's way for collections, the RFC or the document
// itself elsewhere). `CASES='import-* load-*'` runs some.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { root } from '../golden.js';

t.setTimeout(900_000);

const folder = join(root, 'test/runs/cases');
const wanted = (process.env.CASES ?? '*').split(' ').map((word) => new RegExp(`^${word.replaceAll('*', '.*')}$`));
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
  .map(({ name }) => name)
  .filter((name) => wanted.some((word) => word.test(name)));

function whyNot(): string | false {
  for (const program of ['openssl', 'curl', 'python3', 'bash']) {
    try {
      execFileSync(program, ['--version'], { stdio: 'ignore' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return `${program} is not installed`;
    }
  }
  // The cases name their servers' addresses: elsewhere than on Linux 127.7.7.7 is no address of this machine.
  return process.platform === 'linux' ? false : 'the servers listen on 127.7.7.7';
}

/** An authority, and certificates of it: good.test, other.test, and one that has expired. */
function makeCertificates(place: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: place, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test');
  writeFileSync(join(place, 'index.txt'), '');
  writeFileSync(
    join(place, 'ca.cnf'),
    '[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=any\nunique_subject=no\n[any]\ncommonName=supplied\n',
  );
  const day = (offset: number) =>
    `${new Date(Date.now() + offset * 86_400_000).toISOString().slice(2, 10).replaceAll('-', '')}000000Z`;
  const certificates: [string, string, string, number, number][] = [
    ['good', 'good.test', 'DNS:good.test,IP:127.7.7.7', -2, 2],
    ['other', 'other.test', 'DNS:other.test', -2, 2],
    ['expired', 'good.test', 'DNS:good.test,IP:127.7.7.7', -9, -2],
  ];
  for (const [name, subject, alternatives, from, to] of certificates) {
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${subject}`);
    writeFileSync(join(place, `${name}.ext`), `subjectAltName=${alternatives}\n`);
    const dates = ['-startdate', day(from), '-enddate', day(to)];
    const signed = ['ca', '-batch', '-notext', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key'];
    openssl(...signed, '-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`, ...dates);
  }
}

t.test('inputs that failed', { skip: whyNot() }, async (t) => {
  const place = mkdtempSync(join(tmpdir(), 'hwctl-cases-'));
  makeCertificates(place);
  const servers = [['echo', '41877'], ['odd'], ['enc'], ['tls', place]].map(([name, ...args]) =>
    spawn(process.execPath, [join(folder, '_tools', `${name}.mjs`), ...args], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  t.teardown(() => {
    for (const server of servers) server.kill('SIGKILL');
    rmSync(place, { recursive: true, force: true });
  });
  await Promise.all(servers.map((server) => Promise.race([once(server.stdout, 'data'), once(server, 'exit')])));
  t.same(
    servers.map(({ exitCode }) => exitCode),
    [null, null, null, null],
    'the servers run; their ports are fixed, so nothing else may listen there',
  );
  t.ok(names.length > 0, 'cases');
  for (const name of names) {
    const { stdout } = await execa('bash', [join(folder, name, 'check.sh')], {
      env: {
        HWCTL: `${process.execPath} ${join(root, 'bin/hwctl.js')}`,
        NEWMAN: join(root, 'node_modules/.bin/newman'),
        XDG_STATE_HOME: join(place, 'state'),
        CERTIFICATES: place,
      },
      reject: false,
      timeout: 120_000,
      stderr: 'ignore',
    });
    const readme = readFileSync(join(folder, name, 'README'), 'utf8').trim();
    t.equal(stdout, readFileSync(join(folder, name, 'expected.txt'), 'utf8').trimEnd(), `${name}: ${readme}`);
  }
});
