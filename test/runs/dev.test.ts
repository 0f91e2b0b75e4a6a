// `hwctl dev` on the local target, in a copy of the package: every save is built and served, a broken one is survived.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { hwctl, root } from '../golden.js';

t.setTimeout(300_000);

t.test('dev: saves are served, a broken one is survived, the newest wins', async (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'hwctl-dev-'));
  const state = join(copy, 'state');
  for (const name of ['bin', 'src', 'scripts', 'dist', 'manifests', 'scenarios', 'schemas', 'package.json'])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const program = join(copy, 'bin/hwctl.js');
  const env = { ...process.env, XDG_STATE_HOME: state, NO_COLOR: '1' };
  const child = spawn(process.execPath, [program, 'dev', 'hello', '--target', 'local', '--json'], { env });
  const events: Record<string, unknown>[] = [];
  let rest = '';
  child.stdout.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) events.push(JSON.parse(line));
  });
  let trouble = '';
  child.stderr.on('data', (chunk) => {
    trouble += chunk;
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await hwctl(['down', '--target', 'local'], { program, env: { XDG_STATE_HOME: state } });
    rmSync(copy, { recursive: true, force: true });
  });
  const until = async (what: string, isSo: () => boolean) => {
    for (let i = 0; i < 600 && !isSo(); i++) await sleep(100);
    if (!isSo())
      throw new Error(`not within 60 s: ${what}; ${JSON.stringify(events.slice(-5))} ${trouble.slice(-1000)}`);
  };
  const count = (type: string) => events.filter((event) => event.type === type).length;
  await until('it watches', () => count('watching') === 1);
  const { url } = (events.find(({ type }) => type === 'ready') as { endpoints: { url: string }[] }).endpoints[0]!;
  const file = join(copy, 'src/server/services/hello.ts');
  const source = readFileSync(file, 'utf8');
  const saying = (text: string) => source.replace('Hello from hwctl', text);
  const served = async () => (await fetch(url)).text();

  for (let round = 1; round <= 3; round++) {
    const ready = count('ready');
    writeFileSync(`${file}.tmp`, saying(`greeting ${round}`));
    renameSync(`${file}.tmp`, file);
    await until(`change ${round} is ready`, () => count('ready') > ready);
    t.equal(await served(), `greeting ${round}\n`, `an atomic save, ${round}`);
  }
  const built = events.findLast(({ type }) => type === 'built');
  t.comment(`the last build took ${Math.round(Number(built?.durationMs))} ms`);

  writeFileSync(file, 'export const create = (');
  await until('the build fails', () => count('build-failed') === 1);
  t.match(JSON.stringify(events.find(({ type }) => type === 'build-failed')), 'hello.ts:1:');
  t.equal(await served(), 'greeting 3\n', 'what ran before runs on');

  // The watcher is quiet for 150 ms before it tells: the second save comes while the first is being built, or right after.
  const ready = count('ready');
  writeFileSync(file, saying('older'));
  await until('the change is seen', () => count('changed') === 5);
  writeFileSync(file, saying('newest'));
  await until('the newest is ready', () => count('ready') > ready && count('changed') === 6);
  for (let i = 0; i < 200 && (await served().catch(() => '')) !== 'newest\n'; i++) await sleep(100);
  t.equal(await served(), 'newest\n');
  child.kill('SIGINT');
  const code = await new Promise((resolve) => child.once('close', resolve));
  t.equal(code, 130);
});
