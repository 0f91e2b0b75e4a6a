import t from 'tap';
import { comparisonText } from '../../src/cli/report/compare-text.js';
import { htmlReport } from '../../src/cli/report/html.js';
import { loadSamples, remoteWriteBody, textFormat } from '../../src/cli/report/prometheus.js';
import { recordLine, seriesCsv } from '../../src/cli/report/table-files.js';
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
  matchGolden(t, 'report/push-text', textFormat(loadSamples(failed, 'a "quoted"\\run')));
  t.end();
});

t.test('a remote write request decodes to the same samples', (t) => {
  const samples = loadSamples(failed, 'steady');
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
      state: 'REGRESSION',
      tolerance: 0.1,
      confidence: 0.99,
      changes: [
        { ...change, figure: 'p50', verdict: 'worse' },
        { ...change, figure: 'p99', low: -0.1, verdict: 'same' },
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
