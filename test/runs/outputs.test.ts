/** Every command with a reader that leaves, and with a full device: the work ends and the exit code is the true one. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { commandEntries } from '../../src/cli/commands/registry.js';
import { root } from '../golden.js';
import { get, LocalPlatform } from '../target/local-platform.js';

t.setTimeout(600_000);

const url = ['--rps', '20', '--duration', '1s'];
/** argv and the exit code of the work (3 where the machine is too busy for a load's figures); `endless`: what ends by Ctrl-C or with its reader, and has no code of its own. */
const table: { argv: string[]; code: number | number[]; endless?: true }[] = [
  { argv: ['--version'], code: 0 },
  { argv: ['--help'], code: 0 },
  { argv: ['nosuch', '--json'], code: 2 },
  { argv: ['up', 'hello'], code: 0 },
  { argv: ['up', 'hello', '--json'], code: 0 },
  { argv: ['status'], code: 0 },
  { argv: ['status', '--watch'], code: 0, endless: true },
  { argv: ['init', join(root, 'manifests'), '--dry-run'], code: 0 },
  { argv: ['init', join(root, 'scenarios'), '--dry-run', '--json'], code: 2 },
  { argv: ['render', 'hello'], code: 0 },
  { argv: ['diff', 'hello', '--target', 'local'], code: 0 },
  { argv: ['diff', 'orders', '--target', 'local'], code: 1 },
  { argv: ['logs'], code: 0 },
  { argv: ['logs', '-f'], code: 0, endless: true },
  { argv: ['open', 'app'], code: 0 },
  { argv: ['open', 'nosuch', '--json'], code: 2 },
  { argv: ['forward'], code: 0 },
  { argv: ['debug', '--json'], code: 2 },
  { argv: ['scenario', 'list'], code: 0 },
  { argv: ['scenario', 'show', 'hello'], code: 0 },
  { argv: ['scenario', 'export', 'hello', '--to', 'postman'], code: 0 },
  { argv: ['completion', 'bash'], code: 0 },
  { argv: ['test', 'hello'], code: 0 },
  { argv: ['test', 'FAILING'], code: 1 },
  { argv: ['test', 'hello', '-r', 'json'], code: 0 },
  { argv: ['load', ...url, '--threshold', 'p(95)<0.0001'], code: [1, 3] },
  { argv: ['load', ...url, '--threshold', 'p(95)<0.0001', '--json'], code: [1, 3] },
  { argv: ['serve', 'hello', '--port', 'PORT'], code: 0, endless: true },
  { argv: ['dev', 'hello'], code: 0, endless: true },
  { argv: ['down'], code: 0 },
  { argv: ['verify', 'hello', ...url], code: [0, 3] },
  { argv: ['verify', 'orders', ...url, '--set', 'nosuch=1', '--json'], code: 2 },
  {
    argv: [
      'probe',
      'idempotency',
      'POST /a',
      '--effects',
      'GET /b',
      '--within',
      '100ms',
      '--url',
      'http://127.0.0.1:1',
    ],
    code: 2,
  },
  { argv: ['explain'], code: 0 },
  // Without minikube here, doctor has nothing that stops it.
  { argv: ['doctor'], code: 0 },
];

t.strictSame(
  commandEntries.map(({ name }) => name).filter((name) => !table.some(({ argv }) => argv[0] === name)),
  [],
  'every command is in the table',
);

const scenario = `name: failing
steps:
  - name: A page that is not there
    request: GET /nosuch
    check:
      - { name: it is there, status: 200 }
`;

/** Commands that would go to a cluster of this machine by themselves, which is not the test's to touch. */
const targeted = ['up', 'down', 'status', 'diff', 'logs', 'open', 'forward', 'debug', 'test', 'load', 'dev', 'verify'];

function pinned([command = '', ...rest]: string[]): string[] {
  if (!targeted.includes(command) || rest.includes('--target')) return [command, ...rest];
  return [command, '--target', 'local', ...rest];
}

type Medium = 'reader that leaves' | 'full device';

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen({ port: 0, host: '127.0.0.1' }, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Exit code and stderr of one run whose stdout goes to this medium. */
function runInto(medium: Medium, argv: string[], home: string): Promise<{ code: number | null; stderr: string }> {
  const command = [process.execPath, join(root, 'bin/hwctl.js'), ...argv];
  const full = medium === 'full device' ? openSync('/dev/full', 'w') : undefined;
  const child = spawn(
    'bash',
    ['-c', full === undefined ? `"$@" | head -c 1; exit \${PIPESTATUS[0]}` : 'exec "$@"', '', ...command],
    {
      cwd: home,
      env: { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: home, KUBECONFIG: join(home, 'none'), TERM: 'dumb' },
      stdio: ['ignore', full ?? 'ignore', 'pipe'],
      detached: true,
    },
  );
  // The whole pipeline goes, not its shell alone.
  const deadline = setTimeout(() => process.kill(-(child.pid ?? Number.NaN), 'SIGKILL'), 30_000);
  if (full !== undefined) closeSync(full);
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) =>
    child.on('close', (code) => {
      clearTimeout(deadline);
      resolve({ code, stderr });
    }),
  );
}

for (const medium of ['reader that leaves', 'full device'] as const) {
  const skip = medium === 'full device' && !existsSync('/dev/full') && 'there is no /dev/full here';
  t.test(`stdout is a ${medium}`, { skip }, async (t) => {
    const platform = new LocalPlatform(t);
    const failing = join(t.testdir({ 'failing.yaml': scenario }), 'failing.yaml');
    const port = await freePort();
    let gateway = '';
    for (const { argv, code, endless } of table) {
      // What is logged while one follows is what makes the reader's absence known.
      const urls = endless ? [gateway, `http://127.0.0.1:${port}/`].filter((each) => URL.canParse(each)) : [];
      const caller = setInterval(() => urls.forEach((each) => void get(each)), 100);
      const words = argv.map((word) => ({ PORT: String(port), FAILING: failing })[word] ?? word);
      const { code: ended, stderr } = await runInto(medium, pinned(words), platform.home);
      clearInterval(caller);
      if (argv[0] === 'up') gateway = (await platform.status()).endpoints[0]?.url ?? '';
      const name = argv.join(' ');
      t.notMatch(stderr, /\n {4}at |a bug in hwctl/, `${name}: no stack trace`);
      if (medium === 'full device') {
        t.equal(ended, 2, name);
        t.match(stderr, /stdout cannot be written: the disk is full\ncure:/, name);
      } else t.ok([code].flat().includes(ended ?? -1), `${name}${endless ? ' ends with its reader' : ''}: ${ended}`);
    }
    // minikube makes its own folder where doctor asks for its version.
    const left = readdirSync(platform.home, { recursive: true }).filter(
      (name) => !String(name).startsWith('.minikube'),
    );
    const kept = ['hwctl', 'hwctl/last-failure.json'];
    t.strictSame(left.sort(), kept, 'down and verify took everything down all the same; what failed since is kept');
    t.strictSame(platform.processes(), []);
  });
}
