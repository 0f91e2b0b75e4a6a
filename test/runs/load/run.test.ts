import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { LoadResult } from '../../../src/cli/load/measure/metrics.js';
import { golden, hwctl } from '../../golden.js';

t.setTimeout(300_000);

/** A real server: `/` answers 17 bytes, `/fail` 500 to every fourth request. */
async function server(t: Test): Promise<string> {
  let count = 0;
  const listening = http.createServer((request, response) => {
    if (request.url === '/fail' && count++ % 4 === 0) response.statusCode = 500;
    response.end('Hello from hwctl!');
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  t.teardown(() => {
    listening.closeAllConnections();
    listening.close();
  });
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'hwctl-load-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** On a busy machine a run may be VOID: exit 3 whatever the thresholds say. */
function expectedExit(result: LoadResult, otherwise: number): number {
  return result.verdict.state === 'VOID' ? 3 : otherwise;
}

t.test('--json ends with one document on stdout, and its accounts balance', async (t) => {
  const url = await server(t);
  const run = await hwctl(['load', '--rps', '50', '--duration', '1s', '--url', url, '--json']);
  const result = JSON.parse(run.stdout) as LoadResult;
  t.equal(run.exitCode, expectedExit(result, 0));
  t.equal(result.scheduled, 50);
  t.equal(result.scheduled, result.sent + result.dropped);
  t.equal(result.sent, result.ok + result.failed + result.timedOut + result.inFlight);
  t.equal(result.statusCodes['200'], result.ok);
  for (const latency of ['response', 'service', 'startLag'] as const)
    for (const figure of ['min', 'p50', 'p90', 'p95', 'p99', 'max', 'mean', 'stdev'] as const)
      t.type(result.latencyMs[latency][figure], 'number');
  t.equal(result.thresholds[0]?.text, 'error_rate<1%', 'errors are judged though nobody asked');
  t.match(run.stderr, /requests sent/, 'progress goes to stderr');
});

t.test('a failed threshold exits 1, and the summary says why', async (t) => {
  const url = await server(t);
  const run = await hwctl(['load', '--requests', '40', '--concurrency', '2', '--quiet', '--url', `${url}/fail`]);
  t.equal(run.exitCode, 1);
  t.match(run.stdout, /✗ error_rate<1% {2}error_rate was 25%/);
  t.match(run.stdout, /sent 40 = ok 30 \+ failed 10 \+ timed out 0 \+ in flight at stop 0/);
  t.match(run.stdout, /FAILED: 1 of 1 thresholds failed\. Exit code 1\./);
});

t.test('without a terminal a run prints a line a second and a summary of 80 columns', async (t) => {
  const url = await server(t);
  const run = await hwctl(['load', '--rps', '20', '--duration', '2s', '--url', url], { env: { COLUMNS: '80' } });
  const lines = run.stdout.split('\n');
  t.match(lines[0], `load: GET ${url}/ (open, 20 requests/s for 2.0s)`);
  t.ok(lines.some((line) => /^ +\d+\.\ds {2}.*\d+ requests sent/.test(line)));
  t.notMatch(run.stdout, /\u001b/, 'no control sequences');
  const summary = lines.slice(lines.indexOf(''));
  t.ok(
    summary.every((line) => line.length <= 80),
    'the summary fits',
  );
});

t.test('Ctrl-C ends a run with its report and 130', async (t) => {
  const url = await server(t);
  let interrupted = false;
  const run = await hwctl(['load', '--rps', '20', '--duration', '60s', '--url', url], {
    onStdout: (text, pid) => {
      // Once, when the run is under way: a second signal would end it at once.
      if (interrupted || !text.includes('in flight')) return;
      interrupted = true;
      process.kill(pid, 'SIGINT');
    },
  });
  t.equal(run.exitCode, 130);
  t.match(run.stdout, /Exit\s+code\s+130\./);
  t.match(run.stdout, /scheduled \d+ = sent/);
});

t.test('--out writes every kind of file, --baseline and compare read them', async (t) => {
  const url = await server(t);
  const cwd = folder(t);
  const files = ['run.json', 'run.csv', 'run.ndjson', 'run.html'];
  const args = ['load', '--requests', '300', '--concurrency', '4', '--quiet', '--url', url];
  const run = await hwctl([...args, ...files.flatMap((file) => ['--out', file])], { cwd });
  t.equal(run.exitCode, 0);
  t.same(readdirSync(cwd).sort(), files.toSorted(), 'and nothing else is left');
  const read = (file: string) => readFileSync(join(cwd, file), 'utf8');
  const result = JSON.parse(read('run.json')) as LoadResult;
  t.equal(result.ok, 300);
  const records = read('run.ndjson').trimEnd().split('\n');
  t.equal(records.length, 300);
  t.ok(records.every((line) => JSON.parse(line).status === 200));
  const sent = read('run.csv')
    .trimEnd()
    .split('\n')
    .slice(1)
    .reduce((sum, line) => sum + Number(line.split(',')[2]), 0);
  t.equal(sent, 300, 'the series adds up to the whole');
  t.match(read('run.html'), /^<!doctype html>/);

  const compared = await hwctl(['load', 'compare', 'run.json', 'run.json', '--json'], { cwd });
  t.equal(compared.exitCode, 0);
  // So few responses do not show that nothing changed; that anything did they show even less.
  t.match(JSON.parse(compared.stdout), {
    state: /^(SAME|UNCLEAR)$/,
    passed: true,
    schema: 'hwctl.dev/load-comparison/v1',
  });
  const again = await hwctl([...args, '--baseline', 'run.json', '--tolerance', '1000%'], { cwd });
  t.equal(again.exitCode, 0);
  t.match(again.stdout, /SAME: no figure changed by more than|UNCLEAR: no change by more than/);
});

/** Runs the program where files can have at most so many KiB. */
async function limited(kib: number, args: string, cwd: string) {
  const program = join(process.cwd(), 'bin/hwctl.js');
  const script = `ulimit -f ${kib}; exec "${process.execPath}" "${program}" ${args}`;
  const child = spawn('bash', ['-c', script], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk) => (text[name] += chunk));
  const [exitCode] = await once(child, 'close');
  return { exitCode, ...text };
}

t.test('--out where nothing can be written: the result is told all the same, and the exit code is 2', async (t) => {
  const url = await server(t);
  for (const kind of ['json', 'csv', 'ndjson', 'html']) {
    const cwd = folder(t);
    const run = await limited(0, `load --requests 20 --concurrency 2 --quiet --url ${url} --out run.${kind}`, cwd);
    t.equal(run.exitCode, 2, kind);
    t.match(run.stdout, /sent 20 = ok 20/);
    t.notMatch(run.stdout, /Exit code/);
    t.match(
      run.stderr,
      /error: --out: .* cannot be written: the file is as large as it may be\ncure: .*\nExit code 2\.\n$/,
    );
    t.same(readdirSync(cwd), []);
  }
});

t.test('--out beyond the limit on the size of files', async (t) => {
  const url = await server(t);
  const cwd = folder(t);
  const run = await limited(
    4,
    `load --requests 500 --concurrency 2 --quiet --url ${url} --out run.ndjson --out run.csv --json`,
    cwd,
  );
  t.equal(run.exitCode, 2);
  t.equal((JSON.parse(run.stdout) as LoadResult).sent, 500, 'one document');
  t.match(run.stderr, /run\.ndjson cannot be written: the file is as large as it may be\ncure: .*ulimit -f/);
  t.same(readdirSync(cwd), ['run.csv']);
});

t.test('secrets of the query are in nothing that a run prints and writes', async (t) => {
  const url = await server(t);
  const cwd = folder(t);
  const files = ['run.json', 'run.csv', 'run.ndjson', 'run.html'];
  for (const more of [
    [],
    ['--json'],
    ['--summary', 'ab'],
    ['--summary', 'k6'],
    ['--summary', 'locust'],
    ['--summary', 'wrk'],
    ['--dry-run'],
  ]) {
    const args = [
      '--requests',
      '20',
      '--concurrency',
      '2',
      '--header',
      'Authorization: Bearer S3CRETH',
      '--body',
      '{"password":"S3CRETB"}',
    ];
    const run = await hwctl(
      ['load', ...args, '--url', `${url}/?api_key=S3CRETQ&a=1`, ...more, ...files.flatMap((file) => ['--out', file])],
      { cwd },
    );
    const written = readdirSync(cwd).map((name) => readFileSync(join(cwd, name), 'utf8'));
    t.equal(run.exitCode, 0, run.stderr);
    t.notMatch([run.stdout, run.stderr, ...written].join('\n'), /S3CRET/, more.join(' '));
  }
});

t.test("--summary prints a peer's layout alone on stdout", async (t) => {
  const url = await server(t);
  const args = ['load', '--requests', '20', '--concurrency', '2', '--url', url, '--summary'];
  const ab = await hwctl([...args, 'ab']);
  t.match(ab.stdout, /^This is hwctl[\s\S]+Complete requests: {6}20\nFailed requests: {8}0\n/);
  t.match(ab.stdout, /Document Length: {8}17 bytes/);
  t.match(ab.stderr, /verdict (VALID|DEGRADED|VOID), exit code \d/);
  const k6 = await hwctl([...args, 'k6']);
  t.match(k6.stdout, /http_reqs\.+: 20 /);
});

t.test('a scenario runs as a journey, its checks counted', async (t) => {
  const url = await server(t);
  const cwd = folder(t);
  writeFileSync(
    join(cwd, 'journey.yaml'),
    [
      'name: journey',
      'why: A test of journeys.',
      'steps:',
      '  - name: first',
      '    request: GET /',
      '    check:',
      '      - { name: is there, status: 200, bytes: 17 }',
      '  - name: second',
      '    request: GET /fail',
      '    check:',
      '      - { name: works, status: 200 }',
    ].join('\n'),
  );
  const args = [
    'load',
    '--scenario',
    './journey.yaml',
    '--requests',
    '8',
    '--concurrency',
    '1',
    '--url',
    url,
    '--json',
  ];
  const run = await hwctl(args, { cwd });
  const result = JSON.parse(run.stdout) as LoadResult;
  t.same(Object.keys(result.checks).sort(), ['is there', 'works']);
  t.equal(result.checks['is there']?.failed, 0);
  t.equal(result.checks.works?.failed, 2, 'every fourth of eight');
  t.same(
    result.steps.map(({ step }) => step),
    ['first', 'second'],
  );
  t.equal(run.exitCode, 1);
});

t.test('a broken profile is refused with line and column, an unknown field with the nearest name', async (t) => {
  const cwd = folder(t);
  writeFileSync(join(cwd, 'syntax.yaml'), 'name: x\nwhy: y\narrivals: { rate: 5\nwork: [\n');
  writeFileSync(
    join(cwd, 'field.yaml'),
    'name: x\nwhy: y\narrivals: { rate: 5, duratoin: 1s }\nwork:\n  - request: GET /\nthresholds: [eror_rate<1%]\n',
  );
  const values = { cwd };
  const syntax = await golden(t, 'load/profile-syntax', ['load', './syntax.yaml'], { cwd, values });
  t.equal(syntax.exitCode, 2);
  const field = await golden(t, 'load/profile-field', ['load', './field.yaml'], { cwd, values });
  t.equal(field.exitCode, 2);
  const unknown = await golden(t, 'load/profile-unknown', ['load', 'stedy'], { cwd, values });
  t.equal(unknown.exitCode, 2);
  const missing = await golden(t, 'load/profile-missing', ['load', './missing.yaml'], { cwd, values });
  t.equal(missing.exitCode, 2);
});

t.test('what cannot be written or read is refused before anything is sent', async (t) => {
  const cwd = folder(t);
  const values = { cwd };
  writeFileSync(join(cwd, 'other.json'), '{"schema":"else"}');
  const cases: Record<string, string[]> = {
    'out-extension': ['load', '--url', 'http://127.0.0.1:1', '--out', 'run.txt'],
    'out-folder': ['load', '--url', 'http://127.0.0.1:1', '--out', 'missing/run.json'],
    'baseline-missing': ['load', '--baseline', 'missing.json'],
    'baseline-other': ['load', '--baseline', 'other.json'],
    'summary-unknown': ['load', '--summary', 'k7'],
    'tolerance-word': ['load', 'compare', 'a.json', 'b.json', '--tolerance', 'some'],
    'compare-missing': ['load', 'compare', 'a.json', 'b.json'],
    'push-url': ['load', '--url', 'http://127.0.0.1:1', '--push', 'localhost:9090'],
    'find-max-users': ['load', '--find-max', '--users', '5', '--url', 'http://127.0.0.1:1'],
    'scenario-unknown': ['load', '--scenario', 'idempotancy', '--url', 'http://127.0.0.1:1'],
    'scenario-parallel': ['load', '--scenario', 'orders-strict', '--url', 'http://127.0.0.1:1'],
  };
  for (const [name, args] of Object.entries(cases)) {
    const run = await golden(t, `load/${name}`, args, { cwd, values });
    t.equal(run.exitCode, 2, name);
  }
});

t.test('--push sends the metrics while the run goes on', async (t) => {
  const url = await server(t);
  const bodies: string[] = [];
  const gateway = http.createServer((request, response) => {
    request.setEncoding('utf8');
    let body = '';
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      bodies.push(body);
      response.end();
    });
  });
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  t.teardown(() => gateway.close());
  const push = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/metrics/job/hwctl`;
  await hwctl(['load', '--rps', '20', '--duration', '2s', '--quiet', '--url', url, '--push', push]);
  t.ok(bodies.length >= 2, `${bodies.length} pushes`);
  t.match(
    bodies.at(-1),
    /hwctl_load_sent_total\{job="hwctl",run="load",run_id="[^"]+"\} 40\n/,
    'the last one is of the end',
  );
});
