import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { isRunning, signalProcess } from '../../../src/cli/target/local/state/process-identity.js';
import type { DownReport } from '../../../src/cli/target/target.js';
import { hwctl } from '../../golden.js';
import { get, LocalPlatform } from '../../target/local-platform.js';

t.setTimeout(900_000);

t.test('the supervisor is killed: its services end, the next up starts anew', async (t) => {
  const platform = new LocalPlatform(t);
  const before = await platform.up('hello');
  const { supervisor } = platform.runtime();
  const hello = platform.processes();
  t.ok(signalProcess(supervisor, 'SIGKILL'));
  await eventually('the services have noticed', () => !hello.some((id) => isRunning(id)));
  t.match(await platform.status(), { services: [{ name: 'hello', state: 'stopped' }, { name: 'gateway' }] });
  const after = await platform.up('hello');
  t.ok(after.actions.some(({ ref }) => ref === 'process/supervisor'));
  t.strictSame(after.endpoints, before.endpoints, 'the ports are kept');
  t.equal((await get(`${after.endpoints[0]?.url}/`)).status, 200);
});

t.test('supervisor killed while a service is stopped (SIGSTOP): down finds and ends it', async (t) => {
  const platform = new LocalPlatform(t);
  await platform.up('hello');
  process.kill(platform.pidOf('hello'), 'SIGSTOP');
  signalProcess(platform.runtime().supervisor, 'SIGKILL');
  const down = await platform.run(['down', '--json']);
  t.equal(down.exitCode, 0);
  t.strictSame((JSON.parse(down.stdout) as DownReport).remaining, []);
  t.strictSame(platform.processes(), []);
  t.strictSame(readdirSync(platform.home), []);
});

t.test('the record is damaged, or lost: down still ends what was started', async (t) => {
  const platform = new LocalPlatform(t);
  for (const harm of ['damage', 'loss'] as const) {
    await platform.up('hello');
    signalProcess(platform.runtime().supervisor, 'SIGSTOP');
    if (harm === 'damage') {
      writeFileSync(join(platform.folder, 'state.json'), '{"version": 1, "sta');
      writeFileSync(join(platform.folder, 'runtime.json'), '');
      t.match(await platform.run(['up', 'hello']), {
        exitCode: 2,
        stderr: /state\.json is damaged.*\ncure: {2}hwctl down/,
      });
    } else rmSync(platform.folder, { recursive: true });
    t.ok(platform.processes().length >= 3);
    t.equal((await platform.run(['down', '--json'])).exitCode, 0);
    t.strictSame(platform.processes(), [], `after ${harm}`);
    t.strictSame(readdirSync(platform.home), []);
  }
});

t.test('the state folder is removed under a running platform: everything ends by itself', async (t) => {
  const platform = new LocalPlatform(t);
  await platform.up('hello');
  rmSync(platform.folder, { recursive: true });
  await eventually('nothing runs', () => platform.processes().length === 0);
});

t.test('a port of ours is taken by somebody else: another is chosen, and callers follow', async (t) => {
  const platform = new LocalPlatform(t);
  const before = await platform.up('idempotency');
  const { ports, supervisor } = platform.runtime();
  signalProcess(supervisor, 'SIGKILL');
  await eventually('nothing runs', () => platform.processes().length === 0);
  const squatters = await Promise.all([ports.gateway, ports.auth].map(listen));
  t.teardown(() => squatters.forEach((server) => void server.close()));
  const after = await platform.up('idempotency');
  t.not(after.endpoints[0]?.url, before.endpoints[0]?.url);
  t.not(platform.runtime().ports.auth, ports.auth);
  const url = after.endpoints[0]?.url ?? '';
  t.equal((await get(`${url}/auth/health`)).status, 200);
  // orders asks auth about the session: 401 says that auth was asked, 503 that nobody answered.
  t.equal((await get(`${url}/orders`, { authorization: 'Bearer nobody' })).status, 401);
});

t.test('a port is taken between two starts of a service', async (t) => {
  const platform = new LocalPlatform(t);
  const { endpoints } = await platform.up('idempotency');
  const { ports } = platform.runtime();
  let squatter: Awaited<ReturnType<typeof listen>> | undefined;
  t.teardown(() => squatter?.close());
  // Kill and take its port before the supervisor has it started again.
  for (let attempt = 0; attempt < 20 && squatter === undefined; attempt++) {
    process.kill(platform.pidOf('auth'), 'SIGKILL');
    for (const end = Date.now() + 80; Date.now() < end && squatter === undefined; ) {
      squatter = await listen(ports.auth).catch(() => undefined);
    }
    if (squatter === undefined) await platform.until('auth is ready', allReady);
  }
  await platform.until('all are ready', allReady);
  t.not(platform.runtime().ports.auth, ports.auth);
  t.equal((await get(`${endpoints[0]?.url}/auth/health`)).status, 200, 'the gateway follows');
  t.equal((await get(`${endpoints[0]?.url}/orders`, { authorization: 'Bearer nobody' })).status, 401, 'orders follows');
});

t.test('two up at once: one waits for the other, both succeed', async (t) => {
  const platform = new LocalPlatform(t);
  const runs = await Promise.all([platform.up('hello'), platform.up('hello'), platform.up('idempotency')]);
  for (const { endpoints } of runs) t.equal((await get(`${endpoints[0]?.url}/`)).status, 200);
  t.strictSame([...(await platform.status()).stacks].sort(), ['hello', 'idempotency']);
  const { processes } = platform.runtime();
  t.strictSame(processes.map(({ name }) => name).sort(), ['auth', 'gateway', 'hello', 'orders']);
  t.equal(platform.processes().length, processes.length + 1, 'one supervisor');
});

t.test('an up that must wait longer than its deadline says so', async (t) => {
  const platform = new LocalPlatform(t);
  await platform.up('hello');
  const lock = `${platform.folder}.lock`;
  const owner = platform.runtime().supervisor;
  writeFileSync(lock, JSON.stringify({ pid: owner.pid, identity: owner.identity, nonce: 'n' }));
  const run = await platform.run(['up', 'hello', '--timeout', '300ms']);
  t.match(run, { exitCode: 2, stderr: /another hwctl \(process \d+\) is still at work here after 300ms/ });
  rmSync(lock);
});

t.test('hwctl up killed at 25 moments: the next up succeeds, down leaves nothing', async (t) => {
  const platform = new LocalPlatform(t);
  for (let round = 0; round < 25; round++) {
    const killAfterMs = 60 + round * 30;
    await platform.run(['up', 'hello'], {
      onSpawn: (pid) => {
        setTimeout(() => {
          try {
            process.kill(pid, 'SIGKILL');
          } catch {
            // It was ready before.
          }
        }, killAfterMs);
      },
    });
    if (round % 2 === 0) await platform.up('hello');
    const down = await platform.run(['down', '--json']);
    t.equal(down.exitCode, 0, `down after a kill at ${killAfterMs} ms: ${down.stderr}`);
    t.strictSame(platform.processes(), [], `no process after a kill at ${killAfterMs} ms`);
    t.strictSame(readdirSync(platform.home, { recursive: true }), [], `no file after a kill at ${killAfterMs} ms`);
  }
});

t.test('Ctrl-C during up: exit code 130, and down cleans up', async (t) => {
  const platform = new LocalPlatform(t);
  const run = await platform.run(['up', 'idempotency'], {
    onSpawn: (pid) => {
      const timer = setInterval(() => {
        if (!existsSync(platform.folder)) return;
        clearInterval(timer);
        process.kill(pid, 'SIGINT');
      }, 5);
    },
  });
  t.equal(run.exitCode, 130, run.stderr);
  t.equal((await platform.run(['down'])).exitCode, 0);
  t.strictSame(readdirSync(platform.home), []);
});

t.test('a state folder that cannot be made or written: exit 2 and the cure', async (t) => {
  const platform = new LocalPlatform(t);
  const file = join(platform.home, 'file');
  writeFileSync(file, '');
  for (const folder of [file, '/proc/hwctl-cannot-write-here']) {
    const run = await hwctl(['up', 'hello', '--target', 'local'], { env: { XDG_STATE_HOME: folder } });
    t.equal(run.exitCode, 2, run.stderr);
    t.match(run.stderr, /error: .* cannot be (made|written): .*\ncure: .*XDG_STATE_HOME/);
  }
  rmSync(file);
});

const mountable = process.platform === 'linux' && process.getuid?.() === 0;
const fullDisk = { skip: mountable ? false : 'needs the right to mount a small file system' };
t.test('a full disk: exit 2, the cure, and nothing runs', fullDisk, async (t) => {
  const platform = new LocalPlatform(t);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'hwctl-test', platform.home]);
  t.teardown(() => execFileSync('umount', ['-l', platform.home]));
  writeFileSync(join(platform.home, 'filler'), Buffer.alloc(3 * 4096));
  const run = await platform.run(['up', 'hello']);
  t.equal(run.exitCode, 2, run.stderr);
  t.match(run.stderr, /the disk is full\ncure: {2}Make room/);
  t.strictSame(platform.processes(), []);
});

t.test('a service that cannot start: up ends early with one cause, and tries anew when asked again', async (t) => {
  const causes = [
    { container: 'args: [serve, nonsense]', message: 'exit code 2', line: 'error: there is no service "nonsense"' },
    {
      container: 'args: [serve, hello]\n          env: [{name: PASSWORD_COST, value: "99"}]',
      message: 'exit code 2',
      line: 'error: PASSWORD_COST must be a whole number from 10 to 18, not "99"',
    },
  ];
  for (const { container, message, line } of causes) {
    const platform = new LocalPlatform(t);
    const manifests = brokenManifests(platform.home, container);
    for (const attempt of ['first', 'second']) {
      // No --timeout: the deadline is minutes away.
      const run = await platform.run(['up', 'broken', '--manifests', manifests]);
      t.equal(run.exitCode, 1, run.stderr);
      t.match(run.stderr, new RegExp(`^error: broken cannot be started: ${message}, 5 times in a row$`, 'm'), attempt);
      t.equal(run.stderr.split(line).length, 2, `said once: ${run.stderr}`);
      t.match(run.stderr, /cure: {2}hwctl logs broken/);
    }
    t.equal((await platform.run(['down'])).exitCode, 0);
    t.strictSame(platform.processes(), []);
  }
});

t.test('a service that never gets ready: up ends at its deadline', async (t) => {
  const platform = new LocalPlatform(t);
  const manifests = brokenManifests(
    platform.home,
    'args: [serve, prices]\n          env: [{name: PRICES_URL, value: "http://127.0.0.1:1/prices.txt"}]',
  );
  const run = await platform.run(['up', 'broken', '--manifests', manifests, '--timeout', '4s']);
  t.equal(run.exitCode, 1, run.stderr);
  t.match(
    run.stderr,
    /not ready within 4\.0s: broken\n {2}process\/broken: it has not answered its readiness probe yet/,
  );
  t.match(run.stderr, /ECONNREFUSED|fetch failed/);
});

t.test('faults: kill, stop, continue and restart do what they say', async (t) => {
  const platform = new LocalPlatform(t);
  const { createLocalTarget } = await import('../../../src/cli/target/local/target.js');
  const { bundledLocal } = await import('../../../src/cli/target/bundled-local.js');
  const { systemClock } = await import('../../../src/cli/kernel/clock.js');
  const { endpoints } = await platform.up('hello');
  const env = { XDG_STATE_HOME: platform.home };
  const environment = { env, cwd: platform.home, root: process.cwd(), clock: systemClock, project: 'hwctl' };
  const target = createLocalTarget(environment, bundledLocal(environment));
  const state = (pid: number) => /State:\s+(\w)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const first = platform.pidOf('hello');
  if (process.platform === 'linux') {
    await target.fault({ service: 'hello', kind: 'stop' });
    await eventually('it is stopped', () => state(first) === 'T');
    await target.fault({ service: 'hello', kind: 'continue' });
    await eventually('it runs on', () => state(first) !== 'T');
  }
  await target.fault({ service: 'hello', kind: 'restart' });
  const second = platform.pidOf('hello');
  t.not(second, first);
  t.equal((await get(`${endpoints[0]?.url}/`)).status, 200, 'ready when restart resolves');
  await target.fault({ service: 'hello', kind: 'kill' });
  const status = await platform.until('it is back', allReady);
  t.not(status.services[0]?.instances[0], String(second));
  await t.rejects(target.fault({ service: 'nobody', kind: 'kill' }), { code: 'unknown-service' });
});

function allReady({ services }: { services: { state: string }[] }): boolean {
  return services.every(({ state }) => state === 'ready');
}

async function eventually(what: string, condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function listen(port: number | undefined): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, () => resolve(server));
  });
}

function brokenManifests(home: string, container: string): string {
  const folder = join(home, 'manifests');
  mkdirSync(join(folder, 'broken'), { recursive: true });
  writeFileSync(join(folder, 'broken', 'kustomization.yaml'), 'resources: [deployment.yaml]\n');
  writeFileSync(
    join(folder, 'broken', 'deployment.yaml'),
    `apiVersion: apps/v1
kind: Deployment
metadata: {name: broken}
spec:
  selector: {matchLabels: {app: broken}}
  template:
    metadata: {labels: {app: broken}}
    spec:
      containers:
        - name: broken
          image: hwctl-server:dev
          ${container}
          readinessProbe: {httpGet: {path: /ready, port: 8080}}
`,
  );
  return folder;
}
