import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { golden, hwctl, matchGolden, root } from '../../golden.js';
import { echoServer } from '../../scenario/echo-server.js';
import { platform } from '../../scenario/platform.js';
import { withoutFigures } from '../../scenario/run-text.js';

// Real servers and several programs on a busy machine: bounded, but generously.
t.setTimeout(300_000);

interface Json {
  passed: boolean;
  scenarios: {
    name: string;
    requests: { executed: number; failed: number };
    assertions: { executed: number; failed: number };
    failures: unknown[];
  }[];
}

t.test('the built-in scenarios hold on the real server', async (t) => {
  t.setTimeout(240_000);
  const url = await platform(t);
  const names = ['idempotency', 'orders', 'users', 'prices', 'hello'];
  const run = await hwctl(['test', ...names, '--url', url, '--host', 'arch.homework', '--json']);
  t.equal(run.exitCode, 0, run.stderr + run.stdout);
  const { passed, scenarios } = JSON.parse(run.stdout) as Json;
  t.ok(passed);
  t.same(
    scenarios.map(({ name }) => name),
    names,
  );
  t.match(scenarios[0], {
    name: 'idempotency',
    requests: { executed: 9, failed: 0 },
    assertions: { executed: 8, failed: 0, skipped: 0 },
    failures: [],
  });

  t.test('the report of idempotency, line by line', async (t) => {
    const { stdout, exitCode } = await hwctl(['test', 'idempotency', '--url', url, '--host', 'arch.homework']);
    t.equal(exitCode, 0);
    const counts = [...stdout.matchAll(/│ +(\S+) │ +(\d+) │ +(\d+) │/g)].map(([, label, executed, failed]) => [
      label,
      executed,
      failed,
    ]);
    t.same(counts, [
      ['iterations', '1', '0'],
      ['requests', '9', '0'],
      ['test-scripts', '17', '0'],
      ['prerequest-scripts', '9', '0'],
      ['assertions', '8', '0'],
    ]);
    const steady = withoutFigures(stdout).replace(/id: \d+/g, 'id: N');
    matchGolden(t, 'cli/test/idempotency', steady.replace(/user_id: \d+/g, 'user_id: N'));
  });

  t.test('newman runs the exported collection with the same counts', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hwctl-export-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const newman = (await import('newman')).default;
    const wanted = { idempotency: { counts: [9, 17, 9], judged: 8 }, orders: { counts: [12], judged: 9 } };
    for (const [name, { counts, judged }] of Object.entries(wanted)) {
      const file = join(folder, `${name}.json`);
      const exported = await hwctl(['scenario', 'export', name, '--to', 'postman', '--url', url, '-o', file]);
      t.equal(exported.exitCode, 0, exported.stderr);
      const { run } = await new Promise<Parameters<Parameters<typeof newman.run>[1]>[1]>((done, fail) =>
        newman.run(
          { collection: JSON.parse(readFileSync(file, 'utf8')) as unknown, reporters: [] },
          (error, summary) => (error ? fail(error) : done(summary)),
        ),
      );
      const { requests, testScripts, prerequestScripts, assertions } = run.stats;
      if (name === 'idempotency')
        t.same(
          [requests, testScripts, prerequestScripts].map(({ total }) => total),
          counts,
        );
      // What waits (`until`) is asked again where its answer is not there yet.
      else t.ok(requests.total >= counts[0]!, `${requests.total} requests`);
      t.equal(assertions.total, judged, name);
      t.same(run.failures, [], name);
    }
  });
});

t.test('a failed assertion is exit 1, a refused connection too', async (t) => {
  const url = await echoServer(t);
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-cli-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, 'wrong.yaml'),
    'name: wrong\nsteps: [{ request: GET /json, check: [{ name: it is 201, status: 201 }] }]\n',
  );
  const run = await hwctl(['test', 'wrong.yaml', '--url', url], { cwd: folder });
  t.equal(run.exitCode, 1);
  t.match(run.stdout, /wrong\.yaml:2/);
  t.match(run.stdout, new RegExp(`run it alone: hwctl test wrong.yaml --step 'GET /json' --url ${url}`));
  t.equal((await hwctl(['test', 'wrong.yaml', '--url', url, '--suppress-exit-code'], { cwd: folder })).exitCode, 0);
  const refused = await hwctl(['test', 'wrong.yaml', '--url', 'http://127.0.0.1:1'], { cwd: folder });
  t.equal(refused.exitCode, 1);
  t.match(refused.stdout, /\[errored\]\n {5}connection refused/);
});

t.test('reports in files, HAR, debug, variables, jobs', async (t) => {
  const url = await echoServer(t);
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-cli-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string) => writeFileSync(join(folder, name), text);
  file(
    'a.yaml',
    "name: a\nsteps: [{ request: 'GET /echo?x={{x}}&y={{y}}', check: [{ name: set, json: { $.url: /echo?x=1&y=two } }] }]\n",
  );
  file('b.yaml', 'name: b\nsteps: [{ request: GET /json }]\n');
  file('env', '# comment\nexport x=0\ny="two"\n');
  const args = [
    'test',
    './a.yaml',
    './b.yaml',
    '--url',
    url,
    '--env-file',
    'env',
    '--var',
    'x=1',
    '-r',
    'junit=out/r.xml,tap=r.tap,html=r.html,json=r.json',
    '--har',
    'r.har',
    '--debug',
    '--jobs',
    '2',
  ];
  const run = await hwctl(args, { cwd: folder });
  t.equal(run.exitCode, 0, run.stderr + run.stdout);
  t.match(run.stdout, /^hwctl test\n\na\n[\s\S]*\nb\n/);
  t.match(run.stderr, /> GET http:\S+\/echo\?x=1&y=two/);
  for (const [name, content] of Object.entries({
    'out/r.xml': /<testsuite name="a"/,
    'r.tap': /^TAP version 14/,
    'r.html': /^<!doctype html>/,
    'r.json': /"passed": true/,
    'r.har': /"version": "1.2"/,
  }))
    t.match(readFileSync(join(folder, name), 'utf8'), content, name);
  const annotated = await hwctl(['test', './a.yaml', '--url', url, '--var', 'x=2', '--var', 'y=2'], {
    cwd: folder,
    env: { GITHUB_ACTIONS: 'true' },
  });
  t.equal(annotated.exitCode, 1);
  t.match(annotated.stdout, /^::error file=a\.yaml,line=2,title=/m);
});

t.test('what cannot be run is told with its cure', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-cli-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string) => writeFileSync(join(folder, name), text);
  file(
    'broken.yaml',
    'name: x\nsteps:\n  - { request: PSOT /a, chek: [] }\n  - { request: "GET /{{nme}}", wiat: 1s }\n',
  );
  file('not.yaml', 'name: "x\n');
  file('not.json', '{ "info": {\n  "name": }');
  file('sound.yaml', 'name: s\nsteps: [{ name: only, skip: true, request: GET / }]\n');
  file('env', 'x\n');
  const url = ['--url', 'http://127.0.0.1:1'];
  const cases: [string, string[]][] = [
    ['unknown-scenario', ['test', 'idempotancy', ...url]],
    ['missing-file', ['test', './brokn.yaml', ...url]],
    ['broken', ['test', 'broken.yaml', ...url]],
    ['several-files', ['test', 'broken.yaml', 'not.yaml', 'not.json', ...url]],
    ['bad-url', ['test', 'hello', '--url', 'localhost:80']],
    ['no-names', ['test', ...url]],
    ['nothing-up', ['test', 'hello', '--target', 'local']],
    ['reporter', ['test', 'hello', ...url, '-r', 'junti=x']],
    ['reporter-file', ['test', 'hello', ...url, '-r', 'cli,junit']],
    ['env-file', ['test', 'hello', ...url, '--env-file', 'env']],
    ['var', ['test', 'hello', ...url, '--var', 'x']],
    ['iterations', ['test', 'hello', ...url, '-n', '0']],
    ['step', ['test', 'hello', ...url, '--step', 'Helo']],
    ['tag', ['test', 'sound.yaml', ...url, '--tag', 'none']],
    ['nothing-ran', ['test', 'sound.yaml', ...url]],
    ['data', ['test', 'hello', ...url, '-d', 'none.csv']],
    ['validate', ['scenario', 'validate', 'broken.yaml', 'sound.yaml', 'not.json']],
    ['export', ['scenario', 'export', 'hello', '--to', 'soap']],
    ['import', ['scenario', 'import', 'not.json']],
    ['json', ['test', 'idempotancy', ...url, '--json']],
  ];
  for (const [name, args] of cases) {
    const run = await golden(t, `cli/test/${name}`, args, { cwd: folder, values: { root, folder } });
    t.equal(run.exitCode, 2, name);
  }
});
