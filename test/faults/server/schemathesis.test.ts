// schemathesis (https://schemathesis.io, pinned) with its checks on against every service's OpenAPI document, on both
// stores. SERVICES=auth for one alone, EXAMPLES=N for more than 15 examples. It is installed from PyPI into a virtual environment of its own; skipped visibly where that cannot be had.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { internalToken, type Platform, startPlatform } from '../../server/platform.js';
import { startPostgres } from '../../server/postgres-cluster.js';

const version = '4.32.5';
const services = (process.env.SERVICES ?? 'auth,billing,notifications,orders,users,prices,hello').split(',');
const examples = process.env.EXAMPLES ?? '15';
const run = promisify(execFile);

/**
 * A key makes a request depend on those before it: sent again with another body it is refused (422) although the body is
 * valid. And a header is text, so that schemathesis' "wrong type" `0` is a key like any other.
 */
const keyed = ['/create_order', '/order', '/billing/change'];
const notForKeyed = ['positive_data_acceptance', 'negative_data_rejection'];

t.setTimeout(1_500_000);
const tool = await install();
const cluster = await startPostgres();
if (typeof cluster !== 'string') t.teardown(() => cluster.stop());

for (const store of ['sqlite', 'postgres']) {
  const missing =
    tool === undefined ? `schemathesis ${version} could not be installed with python3 -m venv and pip` : false;
  const skip = missing || (store === 'postgres' && typeof cluster === 'string' && cluster);
  await t.test(store, { timeout: 700_000, skip }, async (t) => {
    const url = store === 'postgres' && typeof cluster !== 'string' ? await cluster.createDatabase() : '';
    const platform = await startPlatform(store === 'postgres' ? { STORE: store, POSTGRES_URL: url } : {});
    t.teardown(() => platform.stop());
    for (const service of services) await check(t, platform, service);
  });
}

async function check(t: Test, platform: Platform, service: string): Promise<void> {
  const document = (await platform.send('GET', `/${service}/openapi.json`)).json as { paths: Record<string, object> };
  const paths = Object.keys(document.paths);
  // What ends the session gets one of its own, and internal routes the services' credential.
  const alone = paths.filter((path) => path === '/logout' || path === '/user/delete');
  const internal = paths.filter((path) => path.startsWith('/internal/'));
  const own = paths.filter((path) => keyed.includes(path));
  const rest = paths.filter((path) => ![...alone, ...internal, ...own].includes(path));
  // users answers 500 to whatever it cannot process: that is its contract.
  const without = service === 'users' ? ['not_a_server_error'] : [];
  const session = async () => (await platform.user()).token;
  if (rest.length > 0) await schemathesis(t, platform, service, rest, await session(), without);
  if (own.length > 0) await schemathesis(t, platform, service, own, await session(), notForKeyed);
  if (internal.length > 0) await schemathesis(t, platform, service, internal, internalToken, without);
  for (const path of alone) await schemathesis(t, platform, service, [path], await session(), without);
}

async function schemathesis(
  t: Test,
  { url }: Platform,
  service: string,
  paths: string[],
  token: string,
  excluded: string[],
): Promise<void> {
  const args = ['run', `${url}/${service}/openapi.json`, '--url', url, '--header', `Authorization: Bearer ${token}`];
  args.push('--checks', 'all', '--max-examples', examples, '--no-color', '--warnings', 'off');
  for (const path of paths) args.push('--include-path', path);
  if (excluded.length > 0) args.push('--exclude-checks', excluded.join(','));
  try {
    const { stdout } = await run(tool!, args, { timeout: 300_000, maxBuffer: 1e8, cwd: tmpdir() });
    t.pass(`${service} ${paths.join(' ')}: ${/\d+ generated.*/.exec(stdout)?.[0] ?? 'passed'}`);
  } catch (error) {
    t.comment((error as { stdout?: string }).stdout ?? String(error));
    t.fail(`${service} ${paths.join(' ')}`);
  }
}

async function install(): Promise<string | undefined> {
  const folder = join(tmpdir(), `hwctl-schemathesis-${version}`);
  const program = join(folder, 'bin', 'schemathesis');
  if (existsSync(program)) return program;
  try {
    await run('python3', ['-m', 'venv', folder], { timeout: 120_000 });
    await run(join(folder, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${version}`], { timeout: 300_000 });
    return program;
  } catch {
    return undefined;
  }
}
