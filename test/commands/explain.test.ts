// `hwctl explain`: the last failure is told again, bounded, without secrets, and with what its code means.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { keepFailure, keptFailure } from '../../src/cli/commands/last-failure.js';
import { systemClock } from '../../src/cli/kernel/clock.js';
import { Failure } from '../../src/cli/kernel/failure.js';
import { hwctlInside } from '../golden.js';

function place(t: Test) {
  const home = mkdtempSync(join(tmpdir(), 'hwctl-explain-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  const env = { XDG_STATE_HOME: home };
  const file = join(home, 'hwctl', 'last-failure.json');
  return { home, env, file, run: (...words: string[]) => hwctlInside(words, { env }) };
}

t.test('the last failure again, with its row of the page', async (t) => {
  const { run, file, home } = place(t);
  t.match(await run('explain'), { exitCode: 0, stdout: /No failure is kept/ });
  t.notOk(existsSync(file), 'asking writes nothing');
  const failed = await run('test', 'nosuch', '--url', 'http://127.0.0.1:1');
  const told = await run('explain');
  t.equal(told.exitCode, 0);
  for (const line of failed.stderr.trim().split('\n')) t.ok(told.stdout.includes(line), line);
  t.match(told.stdout, /^hwctl test nosuch --url http:\/\/127\.0\.0\.1:1, \d+m?s ago, exit code 2\n/);
  t.match(told.stdout, /unknown-scenario \(Scenarios.*\n {2}means {3}No scenario.*\n {2}do/);
  t.match(JSON.parse((await run('explain', '--json')).stdout), {
    failure: {
      code: 'unknown-scenario',
      exitCode: 2,
      command: ['hwctl', 'test', 'nosuch', '--url', 'http://127.0.0.1:1'],
    },
    page: { code: 'unknown-scenario', room: /Scenarios/ },
  });
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.match(await run('explain', 'not-redy'), { exitCode: 2, stderr: /Did you mean "not-ready"/ });
  t.match(
    JSON.parse((await run('explain', '--json')).stdout),
    { failure: { code: 'unknown-scenario' } },
    'its own are not kept',
  );
  t.match(await run('explain', 'not-ready'), { exitCode: 0, stdout: /^not-ready \(Clusters/ });
  await run('lod');
  t.match(await run('explain'), { stdout: /unknown command "lod"/ }, 'the newest takes the place');
  t.match(await run('down', '--target', 'local'), { exitCode: 0 });
  t.same(readdirSync(home), [], 'after down nothing is left');
});

t.test('no secret is kept', async (t) => {
  const { run, file } = place(t);
  const secrets = ['hunter2222', 'tok-123456', 'pass-9999', 'body-secret-1', 'url-secret-7', 'var-secret-3'];
  await run(
    'load',
    '-H',
    'Authorization: Bearer tok-123456',
    '--passphrase',
    'pass-9999',
    '-d',
    '{"password":"body-secret-1"}',
    '--url',
    'http://u:hunter2222@h/?token=url-secret-7',
  );
  await run(
    'load',
    '--url',
    'http://u:hunter2222@h/?token=url-secret-7',
    '-H',
    'Authorization: Bearer tok-123456',
    '--passphrase',
    'pass-9999',
    '-d',
    '{"password":"body-secret-1"}',
  );
  const first = readFileSync(file, 'utf8');
  await run('test', 'nosuch', '--var', 'password=var-secret-3', '--var=token=var-secret-3');
  await run(
    'probe',
    'idempotency',
    'POST /a',
    '--add-header',
    'Authorization: Bearer tok-123456',
    '--other-body',
    '{"password":"body-secret-1"}',
    '--effects',
    'POST /x',
  );
  const texts = [first, readFileSync(file, 'utf8'), (await run('explain')).stdout];
  for (const text of texts) for (const secret of secrets) t.notOk(text.includes(secret), `${secret} in ${text}`);
  t.match(texts[2], /hwctl probe idempotency/);
});

t.test('what is kept is bounded', (t) => {
  const { env, file } = place(t);
  const failure = new Failure({
    code: 'chart',
    message: 'x'.repeat(1e6),
    details: Array.from({ length: 5_000 }, () => 'y'.repeat(1e4)),
  });
  keepFailure(failure, { argv: Array.from({ length: 1e4 }, () => 'z'.repeat(1e4)), env, clock: systemClock });
  t.ok(statSync(file).size < 1024 * 1024, `${statSync(file).size} bytes`);
  t.match(keptFailure({ env }), { code: 'chart', details: { length: 101, 100: 'and 4900 more' } });
  t.end();
});

t.test('what cannot be kept or read harms nothing', async (t) => {
  const { run, file, home } = place(t);
  mkdirSync(join(home, 'hwctl'));
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '"x"',
    '{"code":5}',
    '{"at":"x","code":"y","message":"z"}',
    '{"at":"never","code":"y","message":"z","command":[],"details":[]}',
    '{"at":"x","code":"y","message":"z","command":[1],"details":[]}',
    `"${'x'.repeat(2e6)}"`,
  ]) {
    writeFileSync(file, text);
    t.match(await run('explain'), { exitCode: 0, stdout: /No failure is kept/ }, text.slice(0, 40));
  }
  const strange = {
    at: '2026-11-28T00:00:00Z',
    command: ['hwctl', '\u001b[2Jx'],
    code: 'mine',
    message: '\u001b[31mred\nerror: two',
    details: ['\u0007'],
    exitCode: 2,
  };
  writeFileSync(file, JSON.stringify(strange));
  const shown = await run('explain');
  t.equal(shown.exitCode, 0);
  t.notMatch(shown.stdout, /[\u0007\u001b]|\nerror: two/, 'it acts on no terminal');
  rmSync(file);
  mkdirSync(file);
  t.match(await run('lod'), { exitCode: 2, stderr: /unknown command "lod"/ }, 'a folder in its place');
  t.match(await run('explain'), { exitCode: 0 });
  rmSync(file, { recursive: true });
  if (process.getuid?.() !== 0) chmodSync(join(home, 'hwctl'), 0o500);
  t.match(
    await hwctlInside(['lod'], { env: { XDG_STATE_HOME: undefined, HOME: '' } }),
    { exitCode: 2, stderr: /unknown command/ },
    'no home',
  );
  chmodSync(join(home, 'hwctl'), 0o700);
});
