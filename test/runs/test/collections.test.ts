// What a failure of a collection tells: the line of its test, the whole exchange, the command for it alone; --debug and HAR;
// nothing of it with a secret. And newman's options, by the real program.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type CliRun, hwctl } from '../../golden.js';
import { echoServer } from '../../scenario/echo-server.js';
import { harProblems } from './har.js';

t.setTimeout(300_000);

const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

function folderOf(t: Test, files: Record<string, unknown>): string {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-collections-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content, null, '\t'));
  return folder;
}

const lineOf = (text: string, part: string) => text.split('\n').findIndex((line) => line.includes(part)) + 1;

t.test('a failure tells its line, its exchange and its command; no secret is shown', async (t) => {
  const url = await echoServer(t);
  const folder = folderOf(t, {
    'shop.json': {
      info: { name: 'shop', schema },
      item: [
        {
          name: 'Folder',
          item: [
            {
              name: "it's mine",
              event: [
                {
                  listen: 'test',
                  script: {
                    exec: [
                      "pm.test('fine', () => {});",
                      '// a comment',
                      "pm.test('the pin is sent', () => pm.expect(pm.response.json().body).to.equal('{{pin}}'));",
                      "pm.test('nothing is kept', () => pm.expect(pm.response.json().headers.authorization[0]).to.equal('none'));",
                      "console.log('the password is', pm.environment.get('password'));",
                    ],
                  },
                },
              ],
              request: {
                method: 'POST',
                url: '{{base}}/echo?pin={{pin}}',
                header: [{ key: 'Content-Type', value: 'application/json' }],
                body: { mode: 'raw', raw: '{"pin":"{{pin}}","password":"{{password}}"}' },
                auth: {
                  type: 'basic',
                  basic: [
                    { key: 'username', value: 'u' },
                    { key: 'password', value: '{{password}}' },
                  ],
                },
              },
            },
            {
              name: 'script fails',
              event: [{ listen: 'test', script: { exec: ["throw new Error(pm.environment.get('pin'));"] } }],
              request: '{{base}}/json',
            },
            { name: 'no answer', request: '{{base}}/reset?pin={{pin}}' },
          ],
        },
      ],
    },
    'env.json': {
      values: [
        { key: 'base', value: url },
        { key: 'pin', value: '4711-0815', type: 'secret' },
        { key: 'password', value: 'correct horse' },
      ],
    },
  });
  const args = ['test', 'shop.json', '-e', 'env.json', '--env-var', 'x=1 2', '--debug', '--har', 'run.har'];
  const run = await hwctl([...args, '-r', 'cli,json=r.json,html=r.html,junit=r.xml,tap=r.tap'], { cwd: folder });
  t.equal(run.exitCode, 1, run.stderr);
  const text = readFileSync(join(folder, 'shop.json'), 'utf8');
  t.match(run.stdout, `at shop.json:${lineOf(text, 'the pin is sent')}\n`, 'the line of the test');
  t.match(run.stdout, `at shop.json:${lineOf(text, 'nothing is kept')}\n`);
  t.match(run.stdout, /> POST \S+\/echo\?pin=••••••\n(.*\n)*? *> Content-Type: application\/json\n/, 'the request');
  t.match(run.stdout, / *> \{"pin":"••••••","password":"••••••"\}\n *< 200 OK\n/, 'its body and the response');
  const command = "run it alone: hwctl test shop.json --folder 'it'\\''s mine' -e env.json --env-var 'x=1 2'";
  t.ok(run.stdout.includes(command), run.stdout);

  const report = JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8')) as {
    scenarios: { failures: { name: string; where: string; exchange: string }[] }[];
  };
  const { failures } = report.scenarios[0]!;
  t.same(
    failures.map(({ name }) => name),
    ['the pin is sent', 'nothing is kept', 'test-script', 'no answer'],
  );
  for (const { where } of failures) t.match(where, /^shop\.json:\d+$/);

  const har = readFileSync(join(folder, 'run.har'), 'utf8');
  t.same(harProblems(har), []);
  t.match(run.stderr, /^> POST \S+\/echo\?pin=••••••$/m, '--debug prints every exchange');
  t.match(run.stderr, /^> GET \S+\/json$/m);
  const shown = {
    ...run,
    har,
    ...Object.fromEntries(
      ['r.json', 'r.html', 'r.xml', 'r.tap'].map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    ),
  };
  for (const [where, content] of Object.entries(shown))
    t.notMatch(String(content), /4711-0815|correct.horse|dTpjb3JyZWN0/, `no secret in ${where}`);

  const alone = await hwctl(['test', 'shop.json', '--folder', "it's mine", '-e', 'env.json'], { cwd: folder });
  t.equal(alone.exitCode, 1);
  t.match(alone.stdout, /│ +requests │ +1 │/, 'that request alone');
});

t.test('newman’s options', async (t) => {
  const url = await echoServer(t);
  const test = (...exec: string[]) => [{ listen: 'test', script: { exec } }];
  const folder = folderOf(t, {
    'c.json': {
      info: { name: 'c', schema },
      item: [
        {
          name: 'A',
          item: [
            {
              name: 'vars',
              request: '{{base}}/echo?e={{e}}&g={{g}}&d={{d}}',
              event: test('pm.test(pm.response.json().url, () => {});'),
            },
          ],
        },
        {
          name: 'B',
          item: [
            {
              name: 'redirect',
              request: '{{base}}/redirect',
              event: test("pm.test('status ' + pm.response.code, () => {});"),
            },
          ],
        },
        { name: 'C', item: [{ name: 'slow', request: '{{base}}/slow/60000' }] },
        {
          name: 'D',
          item: [
            {
              name: 'wrong',
              request: '{{base}}/json',
              event: test("pm.test('wrong', () => pm.expect(1).to.equal(2));"),
            },
            { name: 'after', request: '{{base}}/json' },
          ],
        },
        { name: 'E', item: [{ name: 'endless', request: '{{base}}/json', event: test('while (true) {}') }] },
      ],
    },
    'env.json': {
      values: [
        { key: 'base', value: url },
        { key: 'e', value: 'file' },
      ],
    },
    'globals.json': { values: [{ key: 'g', value: 'file' }] },
    'data.csv': 'd\none\ntwo\n',
  });
  const run = (...args: string[]): Promise<CliRun> =>
    hwctl(['test', 'c.json', '-e', 'env.json', ...args], { cwd: folder });
  const urls = ({ stdout }: CliRun) => [...stdout.matchAll(/✓ {2}(\/echo\S*)/g)].map(([, path]) => path);

  t.same(urls(await run('--folder', 'A', '-g', 'globals.json', '-d', 'data.csv')), [
    '/echo?e=file&g=file&d=one',
    '/echo?e=file&g=file&d=two',
  ]);
  const given = ['--env-var', 'e=given', '--global-var', 'g=given', '-n', '3', '-d', 'data.csv'];
  t.same(
    urls(await run('--folder', 'A', ...given)),
    ['one', 'two', 'two'].map((d) => `/echo?e=given&g=given&d=${d}`),
  );
  t.match((await run('--folder', 'B')).stdout, /status 200/);
  t.match((await run('--folder', 'B', '--ignore-redirects')).stdout, /status 302/);
  const slow = await run('--folder', 'C', '--timeout-request', '50');
  t.equal(slow.exitCode, 1);
  t.match(slow.stdout, /ESOCKETTIMEDOUT|ETIMEDOUT|timed? ?out/i);
  t.match((await run('--folder', 'D')).stdout, /│ +requests │ +2 │/);
  t.match((await run('--folder', 'D', '--bail')).stdout, /│ +requests │ +1 │/);
  t.equal((await run('--folder', 'D', '--suppress-exit-code')).exitCode, 0);
  const endless = await run('--folder', 'E', '--timeout-script', '300');
  t.equal(endless.exitCode, 1);
  t.match(endless.stdout, /timed? ?out/i);
  const started = performance.now();
  t.equal((await run('--folder', 'A', '-n', '3', '--delay-request', '400')).exitCode, 0);
  t.ok(performance.now() - started > 800, 'three requests, two pauses');
  const late = await run('--folder', 'C', '--timeout', '2s');
  t.equal(late.exitCode, 1, 'as newman, and not that the collection cannot be run');
  t.match(late.stdout, /1\. Error +callback timed out.*\n +at c\.json:\d+\n +inside "C \/ slow"/);
  for (const option of ['--step', '--tag']) {
    const refused = await run(option, 'vars');
    t.equal(refused.exitCode, 2);
    t.match(refused.stderr, new RegExp(`${option} .*Postman collection\\ncure: .*--folder NAME`));
  }
  const unknown = await run('--folder', 'redirct');
  t.equal(unknown.exitCode, 2);
  t.match(unknown.stderr, /c\.json has no folder or request "redirct"\. Did you mean "redirect"/);
});

t.test('--url reaches the host that --host names, and says so where it changes nothing', async (t) => {
  const url = await echoServer(t);
  const exec = ["pm.test('host', () => pm.expect(pm.response.json().headers.host[0]).to.equal('shop.test'));"];
  const item = [{ name: 'a', request: 'http://shop.test/echo', event: [{ listen: 'test', script: { exec } }] }];
  const folder = folderOf(t, { 'c.json': { info: { name: 'c', schema }, item } });
  const routed = await hwctl(['test', 'c.json', '--url', url, '--host', 'shop.test'], { cwd: folder });
  t.equal(routed.exitCode, 0, routed.stdout + routed.stderr);
  const only = await hwctl(['test', 'c.json', '--url', url], { cwd: folder });
  t.equal(only.exitCode, 0, `the only host that no name server knows: ${only.stdout}${only.stderr}`);
  const two = { info: { name: 'c', schema }, item: [...item, { name: 'b', request: 'http://other.test/echo' }] };
  const idle = await hwctl(['test', 'two.json', '--url', url], { cwd: folderOf(t, { 'two.json': two }) });
  t.match(idle.stderr, /--url changes nothing/);
});

t.test('Ctrl-C ends a request that is never answered; the reports are written', async (t) => {
  const url = await echoServer(t);
  const item = [{ name: 'slow', request: `${url}/slow/60000` }];
  const folder = folderOf(t, { 'c.json': { info: { name: 'c', schema }, item } });
  let interruptedMs = 0;
  const run = await hwctl(['test', 'c.json', '-r', 'cli,json=r.json'], {
    cwd: folder,
    onStdout: (text, pid) => {
      if (!text.includes('slow') || interruptedMs > 0) return;
      interruptedMs = performance.now();
      setTimeout(() => process.kill(pid, 'SIGINT'), 300);
    },
  });
  t.equal(run.exitCode, 130, run.stderr);
  t.ok(performance.now() - interruptedMs < 5000);
  t.match(run.stdout, /interrupted by SIGINT/);
  const report = JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8')) as { passed: boolean };
  t.equal(report.passed, false);
});
