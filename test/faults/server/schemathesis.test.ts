// schemathesis (https://schemathesis.io, pinned) with all its checks on against every service's OpenAPI document, on both
// stores. SERVICES=auth for one alone, EXAMPLES=N for more than 15 examples. It is installed from PyPI into a virtual
// environment of its own; skipped visibly where that cannot be had.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
 * What the checks expect, beyond their defaults; none is off. Valid data is accepted, or refused for what is there already:
 * never a 5xx (the default lets it pass), but 422 where a key was used with another payload. Nothing answers 5xx but users,
 * whose contract is 500 (and 500 alone) to whatever it cannot process.
 */
const config = `
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "404", "409", "429"]
${['/create_order', '/order', '/billing/change']
  .map(
    (path) => `
[[operations]]
include-path = "${path}"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "409", "422"]`,
  )
  .join('\n')}
${['/user', '/user/{id}']
  .map(
    (path) => `
[[operations]]
include-path = "${path}"
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", "500"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "500"]`,
  )
  .join('\n')}
`;
const folder = mkdtempSync(join(tmpdir(), 'hwctl-schemathesis-run-'));
const configFile = join(folder, 'schemathesis.toml');
writeFileSync(configFile, config);
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

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
    for (const service of services) await checkPublished(t, platform, service);
    // Last: whoever has the services' credential may charge for orders that others are still to pay.
    for (const service of services) await checkInternal(t, platform, service);
  });
}

async function pathsOf({ send }: Platform, service: string): Promise<string[]> {
  const document = (await send('GET', `/${service}/openapi.json`)).json as { paths: Record<string, object> };
  return Object.keys(document.paths);
}

function isInternal(path: string): boolean {
  return path.startsWith('/internal/');
}

async function checkPublished(t: Test, platform: Platform, service: string): Promise<void> {
  const published = (await pathsOf(platform, service)).filter((path) => !isInternal(path));
  // What ends the session gets one of its own.
  const alone = published.filter((path) => ['/logout', '/user/delete'].includes(path));
  const session = async () => (await platform.user()).token;
  const together = published.filter((path) => !alone.includes(path));
  await schemathesis(t, platform, service, together, await session());
  for (const path of alone) await schemathesis(t, platform, service, [path], await session());
}

async function checkInternal(t: Test, platform: Platform, service: string): Promise<void> {
  const paths = (await pathsOf(platform, service)).filter(isInternal);
  if (paths.length > 0) await schemathesis(t, platform, service, paths, internalToken);
}

async function schemathesis(
  t: Test,
  { url }: Platform,
  service: string,
  paths: string[],
  token: string,
): Promise<void> {
  const args = [
    '--config-file',
    configFile,
    'run',
    `${url}/${service}/openapi.json`,
    '--url',
    url,
    '--header',
    `Authorization: Bearer ${token}`,
  ];
  args.push('--checks', 'all', '--max-examples', examples, '--no-color', '--warnings', 'off');
  for (const path of paths) args.push('--include-path', path);
  try {
    const { stdout } = await run(tool!, args, { timeout: 300_000, maxBuffer: 1e8, cwd: folder });
    const [cases] = /\d+ generated.*/.exec(stdout) ?? [];
    t.ok(cases, `${service} ${paths.join(' ')}: ${cases}`);
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
