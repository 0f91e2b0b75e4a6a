import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import { bundledLocal } from '../../../src/cli/target/bundled-local.js';
import { bundledSource } from '../../../src/cli/target/bundled-source.js';
import type { DownReport, Step } from '../../../src/cli/target/target.js';
import { root } from '../../golden.js';
import { get, LocalPlatform } from '../../target/local-platform.js';

// Whole runs of the program, on a machine that may be busy.
t.setTimeout(300_000);

t.test('up, up again, more, less, down: each does what it says and no more', async (t) => {
  const platform = new LocalPlatform(t);
  const first = await platform.up('hello');
  t.equal(first.target, 'local');
  t.match(
    first.actions.map(({ verb, ref }) => `${verb} ${ref}`),
    [
      'create file/secrets',
      'create file/state',
      'start process/supervisor',
      'start process/hello',
      'start process/gateway',
    ],
  );
  const app = first.endpoints.find(({ name }) => name === 'app');
  t.match(app, { url: /^http:\/\/127\.0\.0\.1:\d+$/, host: 'arch.homework', loadPath: '/' });
  t.strictSame(await get(`${app?.url}/`, { host: 'arch.homework' }), { status: 200, body: 'Hello from hwctl\n' });
  t.equal((await get(`${app?.url}/`, { host: 'other.test' })).status, 404, 'another host has no route');

  const again = await platform.up('hello');
  t.strictSame(again.actions, [], 'unchanged: nothing is done');
  t.strictSame(again.endpoints, first.endpoints);

  const hello = platform.pidOf('hello');
  const more = await platform.up('idempotency');
  t.match(
    more.actions.map(({ verb, ref }) => `${verb} ${ref}`),
    ['create file/secrets', 'update file/state', 'start process/auth', 'start process/orders'],
  );
  t.equal(platform.pidOf('hello'), hello, 'what runs is left alone');
  t.equal(statSync(join(platform.folder, 'secrets.json')).mode & 0o777, 0o600);
  t.equal(statSync(platform.folder).mode & 0o777, 0o700);

  const status = await platform.status();
  t.strictSame([...status.stacks].sort(), ['hello', 'idempotency']);
  t.ok(status.services.every(({ state }) => state === 'ready'));
  t.equal((await get(`${app?.url}/orders/health`)).status, 200);

  const logs = await platform.run(['logs', 'auth', '--json']);
  t.match(JSON.parse(logs.stdout.split('\n')[0] ?? ''), { service: 'auth', text: /listening/ });

  const less = JSON.parse((await platform.run(['down', 'idempotency', '--json'])).stdout) as DownReport;
  t.strictSame(less.deleted, ['process/auth', 'process/orders']);
  t.strictSame(less.remaining, []);
  t.equal(platform.pidOf('hello'), hello);
  t.equal((await get(`${app?.url}/orders/health`)).status, 404, 'its routes are gone');

  const down = await platform.run(['down', '--json']);
  t.equal(down.exitCode, 0);
  const report = JSON.parse(down.stdout) as DownReport;
  t.strictSame(report.remaining, []);
  t.ok(report.deleted.includes('process/hello') && report.deleted.includes('process/supervisor'));
  t.strictSame(platform.processes(), [], 'no process is left');
  t.strictSame(readdirSync(platform.home), [], 'no file is left');
  t.equal((await get(`${app?.url}/`)).status, 0, 'no port is left');
});

t.test('data and secrets outlive down --keep-data, and nothing else does', async (t) => {
  const platform = new LocalPlatform(t);
  await platform.up('idempotency');
  const report = JSON.parse((await platform.run(['down', '--keep-data', '--json'])).stdout) as DownReport;
  t.match(report, { remaining: [], kept: [{ reason: /--keep-data/ }, { reason: /--keep-data/ }] });
  t.strictSame(readdirSync(platform.folder).sort(), ['secrets.json', 'volumes']);
  t.ok(existsSync(join(platform.folder, 'volumes', 'auth', 'data', 'auth.db')));
  const again = await platform.up('idempotency');
  t.notOk(
    again.actions.some(({ ref }) => ref === 'file/secrets'),
    'the secrets are those of before',
  );
});

t.test('down and status with nothing up are no errors; logs, open and a stack of which nothing is are', async (t) => {
  const platform = new LocalPlatform(t);
  t.match(await platform.run(['down']), { exitCode: 0, stdout: /nothing was up/ });
  t.match(await platform.run(['status']), { exitCode: 0, stdout: /nothing is up/ });
  t.match(await platform.run(['logs', 'orders']), { exitCode: 2, stderr: /nothing is up.*\ncure: {2}hwctl up/ });
  t.match(await platform.run(['open']), { exitCode: 2, stderr: /nothing is up.*\ncure: {2}hwctl up/ });
  t.match(await platform.run(['down', 'hello']), { exitCode: 2, stderr: /stack "hello" is not up/ });
  t.match(await platform.run(['up', 'helo']), { exitCode: 2, stderr: /no stack "helo". Did you mean "hello"/ });
});

t.test('--dry-run prints the steps that up takes, and takes none', async (t) => {
  const platform = new LocalPlatform(t);
  const dry = await platform.run(['up', 'hello', '--dry-run', '--json']);
  t.equal(dry.exitCode, 0);
  t.strictSame(readdirSync(platform.home), [], 'nothing is written');
  const { plan } = JSON.parse(dry.stdout) as { plan: { verb: string; ref: string }[] };
  const { actions } = await platform.up('hello');
  t.strictSame(
    plan.filter(({ verb }) => verb !== 'skip'),
    actions,
  );
  t.ok(
    plan.some(({ verb, ref }) => verb === 'skip' && ref === 'NetworkPolicy/hello'),
    'what is left out is told',
  );
});

t.test('in whatever state things are, plan and up have the same steps, and each step its own time', async (t) => {
  const platform = new LocalPlatform(t);
  const env = { ...process.env, XDG_STATE_HOME: platform.home };
  // The built one, which starts the built supervisor: a chunk of the build, told by what it exports.
  const folder = join(root, 'dist/cli');
  const built = readdirSync(folder)
    .map((name) => join(folder, name))
    .find((file) => file.endsWith('.js') && /export\s*\{[^}]*\bcreateLocalTarget\b/.test(readFileSync(file, 'utf8')));
  if (built === undefined) throw new Error('no part of the build exports createLocalTarget');
  const { createLocalTarget }: typeof import('../../../src/cli/target/local/target.js') = await import(built);
  const target = createLocalTarget(
    { env, cwd: root, root, clock: systemClock, project: 'hwctl' },
    bundledLocal({ root }),
  );
  const lastState = new Map<string, string>();
  const planAndUp = async (stacks: string[], values = {}) => {
    const plan = await target.plan({ source: bundledSource(root), stacks, values });
    const begun: Step[] = [];
    const took: number[] = [];
    const { actions } = await target.up(
      { source: bundledSource(root), stacks, values },
      {
        timeoutMs: 60_000,
        signal: new AbortController().signal,
        onEvent: (event) => {
          if (event.type !== 'step') return;
          if (event.state === 'started' || event.state === 'skipped') begun.push(event.step);
          if (event.state === 'done') took.push(event.durationMs);
          lastState.set(event.step.ref, event.state);
        },
      },
    );
    t.strictSame(begun, plan, `the list that was printed: ${plan.map(({ verb, ref }) => `${verb} ${ref}`)}`);
    t.strictSame(
      actions,
      plan.filter(({ verb }) => verb !== 'skip' && verb !== 'wait'),
    );
    return { plan, took };
  };
  const fresh = await planAndUp(['hello']);
  t.ok(new Set(fresh.took).size === fresh.took.length, `each its own: ${fresh.took}`);
  t.notOk(
    (await planAndUp(['hello'])).plan.some(({ verb }) => verb !== 'skip'),
    'nothing is left to do',
  );
  await planAndUp(['hello', 'prices']);
  process.kill(platform.runtime().supervisor.pid, 'SIGKILL');
  for (const until = Date.now() + 20_000; platform.processes().length > 0 && Date.now() < until; )
    await systemClock.sleep(50);
  const after = await planAndUp(['hello']);
  t.ok(after.plan.some(({ verb, ref }) => verb === 'start' && ref === 'process/supervisor'));
  await platform.run(['down', 'prices']);
  await planAndUp([], { replicas: 1 });
  t.notOk(
    [...lastState.values()].some((state) => state === 'started' || state === 'failed'),
    'and all came to their end',
  );
});

t.test('what up refuses, --dry-run and diff refuse in the same words', async (t) => {
  const platform = new LocalPlatform(t);
  const folder = t.testdir({
    pods: {
      'kustomization.yaml': 'resources: [web.yaml]\n',
      'web.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: nginx }] } } }\n',
    },
  });
  const error = (stderr: string) => stderr.slice(stderr.indexOf('error:'));
  const up = await platform.run(['up', 'pods', '--manifests', folder]);
  t.match(up, { exitCode: 2, stderr: /nothing of pods can run on the local target/ });
  for (const other of [['up', '--dry-run'], ['diff']] as const) {
    const run = await platform.run([...other, 'pods', '--manifests', folder]);
    t.equal(run.exitCode, 2, other.join(' '));
    t.equal(error(run.stderr), error(up.stderr), other.join(' '));
  }
});

t.test('a service that is killed comes back, and the gateway too', async (t) => {
  const platform = new LocalPlatform(t);
  const { endpoints } = await platform.up('hello');
  for (const service of ['hello', 'gateway']) {
    const pid = platform.pidOf(service);
    process.kill(pid, 'SIGKILL');
    await platform.until(`${service} is ready again`, ({ services }) =>
      services.some(
        (s) => s.name === service && s.state === 'ready' && s.restarts === 1 && s.instances[0] !== String(pid),
      ),
    );
  }
  t.equal((await get(`${endpoints[0]?.url}/`)).status, 200, 'at the same address');
});
