// `hwctl test --watch FILE`: runs again on every save, however the editor saves; Ctrl-C ends it.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type CliRun, hwctl } from '../../golden.js';
import { echoServer } from '../../scenario/echo-server.js';

t.setTimeout(300_000);

const scenario = (status: number | string) =>
  `name: watched\nsteps: [{ request: 'GET /json?{{x}}', check: [{ name: status ${status}, status: ${status} }] }]\n`;

/**
 * Watches with `args`; each time the program says that it watches, the next of `acts` is done, and after the last one
 * Ctrl-C is pressed.
 */
async function watching(t: Test, cwd: string, args: string[], acts: (() => void)[]): Promise<CliRun> {
  const left = [...acts];
  let stderr = '';
  const run = await hwctl(['test', ...args, '--watch'], {
    cwd,
    timeoutMs: 120_000,
    onStderr: (text, pid) => {
      stderr += text;
      while (stderr.includes('Ctrl-C ends.')) {
        stderr = stderr.slice(stderr.indexOf('Ctrl-C ends.') + 12);
        const act = left.shift();
        if (act === undefined) process.kill(pid, 'SIGINT');
        else act();
      }
    },
  });
  t.equal(left.length, 0, 'everything was done');
  return run;
}

const verdicts = (stdout: string) =>
  [...stdout.matchAll(/(✓|\d+\.) +(status \S+)$/gm)].map(([, sign, name]) => `${sign} ${name}`);

t.test('a scenario that is saved, broken, mended and replaced', async (t) => {
  const url = await echoServer(t);
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-watch-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'watched.yaml');
  writeFileSync(file, scenario(200));
  const run = await watching(
    t,
    folder,
    ['watched.yaml', '--url', url, '--var', 'x=1'],
    [
      () => writeFileSync(file, scenario(201)),
      () => writeFileSync(file, scenario('OK')),
      () => {
        // As vim and others save: a new file in the place of the old one.
        writeFileSync(`${file}~`, scenario('2xx'));
        renameSync(`${file}~`, file);
      },
      () => writeFileSync(file, scenario(202)),
    ],
  );
  t.equal(run.exitCode, 130, run.stderr);
  t.same(verdicts(run.stdout), ['✓ status 200', '1. status 201', '✓ status 2xx', '1. status 202']);
  t.match(run.stderr, /watched\.yaml:2:\d+: "OK" is not an HTTP status/, 'what is wrong with a file is told');
});

t.test('its variables and a collection', async (t) => {
  const url = await echoServer(t);
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-watch-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'watched.yaml'), scenario(200));
  writeFileSync(join(folder, 'env'), 'x=one\n');
  const variables = await watching(
    t,
    folder,
    ['watched.yaml', '--url', url, '--env-file', 'env'],
    [() => writeFileSync(join(folder, 'env'), 'x=two\n')],
  );
  t.same(
    [...variables.stdout.matchAll(/json\?(\w+) \[200/g)].map(([, x]) => x),
    ['one', 'two'],
  );

  const collection = (status: number) => {
    const exec = [`pm.test('status ${status}', () => pm.response.to.have.status(${status}));`];
    const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
    const item = [{ name: 'a', request: `${url}/json`, event: [{ listen: 'test', script: { exec } }] }];
    writeFileSync(join(folder, 'c.json'), JSON.stringify({ info: { name: 'c', schema }, item }));
  };
  collection(200);
  const run = await watching(t, folder, ['c.json'], [() => collection(500)]);
  t.same(verdicts(run.stdout), ['✓ status 200', '1. status 500']);
  t.equal(run.exitCode, 130);
});

t.test('what cannot be run and cannot be watched ends', async (t) => {
  const run = await hwctl(['test', 'nonsense', '--watch', '--url', 'http://127.0.0.1:1']);
  t.equal(run.exitCode, 2);
});
