import http from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { Pusher } from '../../src/cli/commands/load/push.js';
import { systemClock } from '../../src/cli/kernel/clock.js';
import type { MaxFound } from '../../src/cli/load/search/max-found.js';
import { comparisonText } from '../../src/cli/report/load/compare-text.js';
import { htmlReport } from '../../src/cli/report/load/html.js';
import { loadSamples, remoteWriteBody, textFormat } from '../../src/cli/report/load/prometheus.js';
import { recordLine, seriesCsv } from '../../src/cli/report/load/table-files.js';
import type { LoadReport } from '../../src/cli/report/load/timeline.js';
import { matchGolden } from '../golden.js';
import { failed, heading, resultOf, running, states } from './fixtures.js';

for (const [name, snapshot] of Object.entries(states)) {
  t.test(`the HTML report, ${name}, is one file that needs nothing else`, (t) => {
    const html = htmlReport(resultOf(snapshot), heading);
    t.notMatch(html, /<script|<link|<img|<iframe|@import|url\(/i, 'no script, nothing loaded');
    t.notMatch(html, /(src|href)=/i, 'no reference to anything outside');
    t.notMatch(html, /NaN|undefined|Infinity/, 'every figure is one');
    t.match(html, resultOf(snapshot).verdict.state);
    const opened = html.match(/<(figure|svg|table|section|div)\b/g)?.length;
    const closed = html.match(/<\/(figure|svg|table|section|div)>/g)?.length;
    t.equal(opened, closed, 'tags are balanced');
    t.equal(html.match(/<figure/g)?.length ?? 0, snapshot.series.length === 0 ? 0 : 5);
    t.end();
  });
}

/** What stands in the bar at the top, as text. */
function outcome(report: LoadReport): string {
  const html = htmlReport(report, heading);
  const bar = /<div class="outcome (good|bad)">(.*?)<\/div>/s.exec(html)!;
  t.ok(html.indexOf('class="outcome') < html.indexOf('class="verdict'), 'before the verdict');
  const text = bar[2]!
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&#60;', '<')
    .replaceAll('&#62;', '>');
  return `${bar[1]}: ${text.replace(/\s+/g, ' ').trim()}`;
}

t.test('the HTML report opens with what came of the run', (t) => {
  const good = { ...resultOf(running), passed: true, exitCode: 0 };
  const bad = { ...resultOf(failed), passed: false, exitCode: 1 };
  t.equal(outcome(good), 'good: PASSED All 2 thresholds hold. exit code 0');
  t.equal(
    outcome(bad),
    'bad: FAILED 2 of 3 thresholds failed: p(95)<200 (p(95) was 1032 ms); error_rate<1% (error_rate was 24.8 %). exit code 1',
  );
  t.match(outcome({ ...resultOf(states.void), passed: false, exitCode: 3 }), /^bad: VOID /);
  t.match(
    outcome({ ...good, passed: false, ended: 'interrupted', exitCode: 130 }),
    /^bad: INTERRUPTED .*exit code 130$/,
  );
  t.match(outcome({ ...good, thresholds: [] }), /^good: PASSED No threshold was set/);
  t.match(htmlReport(bad, heading), /<title>FAILED: /);
  t.end();
});

t.test('the HTML report of a search holds its answer, what had to hold, and every rate that was tried', (t) => {
  const probe = {
    atMs: 0,
    durationMs: 2000,
    kind: 'probe',
    scheduled: 160,
    dropped: 0,
    ok: 160,
    failed: 0,
    timedOut: 0,
    inFlightAtEnd: 1,
  } as const;
  const findMax: MaxFound = {
    state: 'found',
    unit: 'requests',
    heldPerSecond: 80,
    brokePerSecond: 88,
    why: ['the backlog grew'],
    limits: ['p(95)<500', 'nothing dropped'],
    probes: [
      { ...probe, ratePerSecond: 80, outcome: 'held', why: [], p95Ms: 12.3 },
      { ...probe, atMs: 3000, ratePerSecond: 88, outcome: 'broke', why: ['the backlog grew'] },
    ],
    sentence: 'Highest rate that held: 80 requests/s.',
  };
  const html = htmlReport({ ...resultOf(running), thresholds: [], passed: true, findMax }, heading);
  t.equal(html.split('Highest rate that held: 80 requests/s.').length, 3, 'on top, and in its section');
  for (const part of ['p(95)&#60;500', 'nothing dropped', '✓ 80<', '✗ 88<', 'the backlog grew', '12.3 ms'])
    t.ok(html.includes(part), part);
  t.end();
});

t.test('the HTML report says how it came to be: command, version, stages', (t) => {
  const html = htmlReport(
    {
      ...resultOf(running),
      hwctl: { version: '9.8.7' },
      command: ['hwctl', 'load', '--header', 'Accept: a/b'],
      arrivals: {
        model: 'open',
        unit: 'requests',
        stages: [
          { label: 'ramp 1 -> 50 rps', durationMs: 4000, from: 1, to: 50 },
          { label: 'hold 50 rps', durationMs: 8000, from: 50, to: 50 },
        ],
      },
    },
    heading,
  );
  for (const part of [
    'hwctl 9.8.7',
    'hwctl load --header &#39;Accept: a/b&#39;',
    'ramp 1 -&#62; 50 rps',
    'stage 2: hold 50 rps',
  ])
    t.ok(html.includes(part), part);
  t.equal(html.match(/class="level"/g)?.length, 2, 'the threshold on latency is a line in its chart, on both widths');
  t.end();
});

t.test('the busiest services are drawn, and those left out are named', (t) => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'users', 'gateway'];
  const rows = [0, 1000, 2000].map((atMs) => ({
    atMs,
    workloads: names.map((name) => ({
      name,
      replicasReady: 1,
      replicasWanted: 1,
      cpuCores: name === 'users' ? 0.8 : name === 'gateway' ? 0.4 : 0.01,
      memoryBytes: 1e6,
    })),
  }));
  const timeline = { statuses: { intervalMs: 1000, rows: [] }, workloads: { rows, missing: [] } };
  const html = htmlReport({ ...resultOf(running), timeline }, heading);
  const [, cpu = ''] = /CPU cores in use.*?<figcaption>(.*?)<\/figcaption>/s.exec(html)!;
  const text = cpu
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  t.equal(text, 'users gateway a b c d the 6 busiest of 9; not drawn: e, f, g');
  t.end();
});

t.test('no part of the HTML report is out of sight on a narrow screen', (t) => {
  const html = htmlReport(resultOf(failed), heading);
  t.notMatch(html, /overflow-x|min-width: \d{3}px;/, 'nothing scrolls sideways');
  t.equal(html.match(/<svg class="wide"/g)?.length, html.match(/<svg class="narrow"/g)?.length);
  const cells = html.match(/<td/g)!.length;
  t.equal(html.match(/<td data-name=/g)!.length, cells, 'a cell knows its column');
  t.end();
});

t.test('what the user wrote cannot break out of the HTML', (t) => {
  const result = { ...resultOf(failed), errors: { '<script>alert(1)</script>': 3 } };
  const html = htmlReport(result, { ...heading, target: 'GET http://h/"><img src=x>' });
  t.notMatch(html, /<script|<img/);
  t.match(html, '&#60;script&#62;');
  t.end();
});

t.test('the time series as CSV', (t) => {
  const lines = seriesCsv(resultOf(running)).trimEnd().split('\n');
  t.equal(lines.length, 1 + running.series.length);
  t.ok(lines.every((line) => line.split(',').length === 12));
  t.match(lines[1], /^0,10,10,0,10,0,0,1,1\.2,3,7,9$/);
  t.end();
});

t.test('a request as a line of NDJSON', (t) => {
  const times = { dueUs: 1000, sentUs: 1250, firstByteUs: 2000, doneUs: 2500 };
  const line = recordLine({ ...times, step: 0, status: 200, bytes: 120 }, ['GET /']);
  t.same(JSON.parse(line), {
    step: 'GET /',
    dueMs: 1,
    sentMs: 1.25,
    firstByteMs: 2,
    doneMs: 2.5,
    responseMs: 1.5,
    serviceMs: 1.25,
    status: 200,
    bytes: 120,
  });
  t.ok(line.endsWith('\n'));
  t.end();
});

t.test('metrics in the text exposition format', (t) => {
  matchGolden(t, 'report/push-text', textFormat(loadSamples(failed, { run: 'a "quoted"\\run', run_id: '1' })));
  t.end();
});

t.test('two runs of one profile can be told apart where they are pushed to', async (t) => {
  const bodies: string[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      bodies.push(body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  for (let i = 0; i < 2; i++) {
    const context = { clock: systemClock, note: () => undefined };
    await new Pusher(`http://127.0.0.1:${port}/metrics/job/x`, 'steady', context).close(running);
  }
  const labels = bodies.map(
    (body) => new Set([...body.matchAll(/run="steady",run_id="([^"]+)"/g)].map(([, id]) => id)),
  );
  t.same(
    labels.map((ids) => ids.size),
    [1, 1],
    'one id in all series of a run',
  );
  t.not([...labels[0]!][0], [...labels[1]!][0]);
});

t.test('a remote write request decodes to the same samples', (t) => {
  const samples = loadSamples(failed, { run: 'steady', run_id: '2030-01-31T12:00:00Z-3f2a' });
  const atUnixMs = Date.UTC(2026, 0, 2);
  const decoded = decodeWriteRequest(unframe(remoteWriteBody(samples, atUnixMs)));
  t.equal(decoded.length, samples.length);
  decoded.forEach((series, i) => {
    const { name, labels, value } = samples[i]!;
    t.same(Object.fromEntries(series.labels), { __name__: name, ...labels });
    t.same(
      series.labels.map(([key]) => key),
      series.labels.map(([key]) => key).toSorted(),
      'labels are sorted',
    );
    t.equal(series.value, value);
    t.equal(series.atUnixMs, atUnixMs);
  });
  t.end();
});

t.test('a comparison as text', (t) => {
  const change = { unit: 'ms', before: 3, after: 4, change: 0.33, low: 0.2, high: 0.5 } as const;
  const text = comparisonText(
    {
      schema: 'hwctl.dev/load-comparison/v1',
      state: 'REGRESSION',
      passed: false,
      tolerance: 0.1,
      confidence: 0.99,
      changes: [
        { ...change, figure: 'p50', verdict: 'worse' },
        { ...change, figure: 'p95', change: 0.85, low: -0.29, high: 3.83, verdict: 'unclear', looksWorse: true },
        { ...change, figure: 'p99', change: 0.01, low: -0.05, high: 0.06, verdict: 'same' },
        {
          figure: 'error rate',
          unit: 'share',
          before: 0,
          after: 0.02,
          change: 0.02,
          low: 0.01,
          high: 0.03,
          verdict: 'worse',
        },
      ],
      rankTest: { name: 'Mann-Whitney U', slowerShare: 0.7, p: 0 },
      notes: ['the URL changed: http://a before, http://b after'],
    },
    { color: false, columns: 80 },
  );
  matchGolden(t, 'report/comparison', text);
  t.ok(text.split('\n').every((line) => line.length <= 80));
  t.end();
});

/** Undoes a Snappy block of literals. */
function unframe(block: Buffer): Buffer {
  let { value: length, next: at } = readVarint(block, 0);
  const parts: Buffer[] = [];
  while (at < block.length) {
    if (block[at] !== 61 << 2) throw new Error('not a literal');
    const size = block.readUInt16LE(at + 1) + 1;
    parts.push(block.subarray(at + 3, at + 3 + size));
    at += 3 + size;
    length -= size;
  }
  if (length !== 0) throw new Error('the length is wrong');
  return Buffer.concat(parts);
}

function readVarint(bytes: Buffer, from: number): { value: number; next: number } {
  let value = 0;
  let next = from;
  for (let power = 1; ; power *= 128) {
    const byte = bytes[next++]!;
    value += (byte & 0x7f) * power;
    if (byte < 0x80) return { value, next };
  }
}

/** Length-delimited fields of a protobuf message. */
function fields(bytes: Buffer): { number: number; bytes: Buffer }[] {
  const found: { number: number; bytes: Buffer }[] = [];
  let at = 0;
  while (at < bytes.length) {
    const number = bytes[at]! >> 3;
    const { value: size, next } = readVarint(bytes, at + 1);
    found.push({ number, bytes: bytes.subarray(next, next + size) });
    at = next + size;
  }
  return found;
}

function decodeWriteRequest(message: Buffer) {
  return fields(message).map(({ bytes: series }) => {
    const parts = fields(series);
    const labels = parts
      .filter(({ number }) => number === 1)
      .map(({ bytes }) => fields(bytes).map((field) => field.bytes.toString('utf8')) as [string, string]);
    const sample = parts.find(({ number }) => number === 2)!.bytes;
    return { labels, value: sample.readDoubleLE(1), atUnixMs: readVarint(sample, 10).value };
  });
}
