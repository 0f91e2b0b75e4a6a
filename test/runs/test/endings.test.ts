// However a run ends, what it found is told: by an interrupt, by a reader that leaves, by a report that cannot be written.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { hwctl, root } from '../../golden.js';
import { echoServer } from '../../scenario/echo-server.js';

t.setTimeout(300_000);

function folderOf(t: Test, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-endings-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const slow = `
name: slow
steps:
  - { name: one, request: GET /json, check: [{ name: bad, status: 500 }] }
  - { name: two, request: GET /slow/20000 }
teardown:
  - { name: tidy, request: GET /count/tidied }
`;

t.test('Ctrl-C: teardown, the failures so far, every report, exit 130', async (t) => {
  const url = await echoServer(t);
  const folder = folderOf(t, { 'slow.yaml': slow });
  const run = await hwctl(['test', 'slow.yaml', '--url', url, '-r', 'cli,junit=r.xml,json=r.json', '--har', 'r.har'], {
    cwd: folder,
    onStdout: (text, pid) => {
      if (/→ two/.test(text)) process.kill(pid, 'SIGINT');
    },
  });
  t.equal(run.exitCode, 130, run.stderr);
  t.match(run.stdout, /→ tidy/);
  t.match(run.stdout, /status: expected 500, found 200/, 'the details');
  const { scenarios } = JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8')) as {
    scenarios: { failures: { name: string }[] }[];
  };
  t.match(scenarios, [{ failures: [{ name: 'bad' }] }]);
  t.match(readFileSync(join(folder, 'r.xml'), 'utf8'), /<testcase name="bad"/);
  t.match(readFileSync(join(folder, 'r.har'), 'utf8'), /\/json/);
});

t.test('a reader that leaves takes neither the reports nor the exit code along', async (t) => {
  const url = await echoServer(t);
  const steps = Array.from(
    { length: 30 },
    (_, i) => `  - { name: step ${i}, request: GET /json, check: [{ name: bad, status: 500 }] }`,
  );
  const folder = folderOf(t, { 'many.yaml': `name: many\nsteps:\n${steps.join('\n')}\n` });
  const child = spawn(
    process.execPath,
    [join(root, 'bin/hwctl.js'), 'test', 'many.yaml', '--url', url, '-r', 'cli,junit=r.xml'],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 },
  );
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.once('close', resolve));
  t.equal(code, 1);
  t.equal(readFileSync(join(folder, 'r.xml'), 'utf8').match(/<testcase /g)?.length, 30);
});

t.test('a report where none can be: exit 2 and the cure, at once', { skip: !existsSync('/proc/self') }, async (t) => {
  const url = await echoServer(t);
  const folder = folderOf(t, { 'a.yaml': 'name: a\nsteps: [{ request: GET /json }]\n' });
  for (const report of [
    ['-r', 'html=/proc/x/y'],
    ['--har', '/proc/x/y'],
  ]) {
    const run = await hwctl(['test', 'a.yaml', '--url', url, ...report], { cwd: folder, timeoutMs: 20_000 });
    t.equal(run.exitCode, 2, run.stderr);
    t.match(run.stderr, /(--har|--reporters \w+): \/proc\/x\/y cannot be written: .*\ncure: /);
  }
});

t.test('--env-file is ours and not Node’s, as the program is installed', async (t) => {
  const folder = folderOf(t, {
    env: 'NODE_OPTIONS=--bogus\n',
    'a.yaml': 'name: a\nurl: http://127.0.0.1:9\nsteps: [{ request: GET / }]\n',
  });
  const run = (...args: string[]) =>
    spawnSync(join(root, 'bin/hwctl.js'), ['test', 'a.yaml', ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
  const missing = run('--env-file', 'nofile');
  t.equal(missing.status, 2, missing.stderr);
  t.match(missing.stderr, /--env-file: nofile cannot be read/);
  const read = run('--env-file=env');
  t.equal(read.status, 1, read.stderr);
  t.match(read.stdout, /connection refused/);
});

t.test('HAR: the bytes that came, also of what is no text', async (t) => {
  const url = await echoServer(t);
  const folder = folderOf(t, {
    'h.yaml': 'name: h\nsteps:\n  - request: GET /bytes/000102fffe80\n  - request: GET /bytes/61621b5b\n',
  });
  const run = await hwctl(['test', 'h.yaml', '--url', url, '--har', 'r.har', '--debug'], { cwd: folder });
  t.equal(run.exitCode, 0, run.stdout + run.stderr);
  const { log } = JSON.parse(readFileSync(join(folder, 'r.har'), 'utf8')) as {
    log: { entries: { response: { content: { size: number; text: string; encoding?: string } } }[] };
  };
  t.match(log.entries[0]?.response.content, { size: 6, text: 'AAEC//6A', encoding: 'base64' });
  t.match(log.entries[1]?.response.content, { size: 4, text: 'ab\u001b[', encoding: undefined });
  t.match(run.stderr, '< ab␛[', 'a terminal gets pictures');
});
