// A project with a Postgres on the local target: a real one where this machine has its programs, made as its image would.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { isRunning } from '../../../src/cli/target/local/state/process-identity.js';
import { stateFolderAt } from '../../../src/cli/target/local/state/state-folder.js';
import { get } from '../../target/local-platform.js';
import { ForeignPlatform } from './built-local.js';
import { programs, project, skip } from './postgres-shop.js';

t.setTimeout(300_000);

t.test('made, migrated, asked, kept and removed', { skip }, async (t) => {
  const platform = await ForeignPlatform.make(t, project(t.testdir(programs), 'pg'));
  const report = await platform.up();
  t.match(
    report.actions.map(({ verb, ref }) => `${verb} ${ref}`),
    [
      'create file/state',
      'start process/supervisor',
      'start process/postgres',
      'start process/migrate',
      'start process/shop',
    ],
  );
  const told = platform.events.flatMap((event) => (event.type === 'progress' ? event.message : []));
  t.match(told, [/Deployment\/shop env: it names redis, and nothing here answers/]);
  t.match(report.pending, [{ ref: 'Deployment/redis', reason: /redis:7, which needs a container/ }]);
  const url = report.endpoints.find(({ name }) => name === 'shop')?.url;
  t.notOk(report.endpoints.some(({ name }) => name === 'postgres'));
  t.match(await get(`${url}/items`), { status: 200, body: /"from a script".*"migrated"/ });
  t.match(await get(`${url}/settings`), { status: 200, body: /"42"/ });
  t.strictSame((await platform.up()).actions, []);

  await platform.target.fault({ service: 'postgres', kind: 'kill' });
  await platform.up();
  t.match(await get(`${url}/items`), { status: 200 }, 'killed, and its data is there');

  const { supervisor } = JSON.parse(readFileSync(join(platform.folder, 'runtime.json'), 'utf8'));
  process.kill(supervisor.pid, 'SIGKILL');
  while (isRunning(supervisor)) await setTimeout(20);
  const again = await platform.up();
  t.ok(again.actions.some(({ ref }) => ref === 'process/supervisor'));
  const log = readFileSync(join(platform.folder, 'logs', 'migrate.log'), 'utf8');
  t.equal(log.match(/migrated/g)?.length, 1, 'what has run to its end is not run again');

  const lent = stateFolderAt(platform.folder).lent;
  t.match(await platform.down(true), { remaining: [] });
  t.ok(existsSync(join(platform.folder, 'volumes')));
  t.match(await platform.down(), { remaining: [] });
  t.strictSame(readdirSync(platform.home), []);
  t.notOk(existsSync(lent));
  t.strictSame(platform.processes(), []);
});

t.test('a migration that fails is told with its last words, and what needs it is not started', { skip }, async (t) => {
  const folder = t.testdir({ ...programs, 'migrate.js': "console.error('no such column'); process.exit(3);" });
  const platform = await ForeignPlatform.make(t, project(folder, 'broken', 'bitnami/postgresql:16'));
  const failure = await platform.up().then(
    () => undefined,
    (error: unknown) => error as { message: string; details: string[]; exitCode: number },
  );
  t.match(failure, { message: /the job migrate has failed: exit code 3/, details: [/no such column/], exitCode: 1 });
  const { services } = await platform.target.status();
  t.match(
    services.find(({ name }) => name === 'shop'),
    { instances: [], reason: 'it waits for migrate' },
  );
  t.match(await platform.down(), { remaining: [] });
});
