import t from 'tap';
import type { LoadResult } from '../../src/cli/load/measure/metrics.js';
import { Histogram } from '../../src/cli/load/memory/histogram.js';
import { definePlan } from '../../src/cli/load/plan/plan-define.js';
import { abLayout } from '../../src/cli/report/load/layouts/ab.js';
import { k6Layout } from '../../src/cli/report/load/layouts/k6.js';
import type { Layout, LayoutInput } from '../../src/cli/report/load/layouts/layout.js';
import { locustLayout } from '../../src/cli/report/load/layouts/locust.js';
import { wrkLayout } from '../../src/cli/report/load/layouts/wrk.js';
import { matchGolden } from '../golden.js';
import { failed, latency, resultOf, running } from './fixtures.js';

const layouts: Record<string, Layout> = { k6: k6Layout, ab: abLayout, locust: locustLayout, wrk: wrkLayout };

/** Latencies 1 .. 1000 ms, once each. */
function distribution(): LayoutInput['response'] {
  const histogram = new Histogram();
  for (let ms = 1; ms <= 1000; ms++) histogram.record(ms * 1000);
  return {
    percentileMs: (percentile) => histogram.percentileUs(percentile) / 1000,
    countUpTo: (ms) => histogram.countUpTo(ms * 1000),
  };
}

function input(result: LoadResult): LayoutInput {
  const plan = definePlan({
    endpoint: { url: 'http://arch.homework' },
    work: [
      {
        kind: 'requests',
        name: 'order',
        weight: 1,
        requests: [{ step: 'POST /create_order', method: 'POST', path: '/create_order' }],
      },
    ],
    arrivals: { model: 'closed', stages: [{ durationMs: 12_000, from: 10, to: 10 }] },
  });
  return { result, plan, response: distribution(), atOnce: 10 };
}

for (const [name, layout] of Object.entries(layouts)) {
  t.test(`${name}'s layout`, (t) => {
    matchGolden(t, `report/layout-${name}-running`, layout(input(resultOf(running))));
    matchGolden(t, `report/layout-${name}-failed`, layout(input(resultOf(failed))));
    t.end();
  });
}

// What k6 itself printed for a run with these figures.
const k6Summary = `    checks_total.......................: 53607   104.524564/s
    checks_succeeded...................: 100.00% 53607 out of 53607
    checks_failed......................: 0.00%   0 out of 53607

    ✓ status was 200

    HTTP
    http_req_duration.......................................................: avg=6.19ms min=335.11µs med=2ms max=3.29s p(90)=3.25ms p(95)=4.16ms
      { expected_response:true }............................................: avg=6.19ms min=335.11µs med=2ms max=3.29s p(90)=3.25ms p(95)=4.16ms
    http_req_failed.........................................................: 0.00%  0 out of 53607
    http_reqs...............................................................: 53607  104.524564/s

    EXECUTION
    iteration_duration......................................................: avg=6.19ms min=335.11µs med=2ms max=3.29s p(90)=3.25ms p(95)=4.16ms
    iterations..............................................................: 53607  104.524564/s
    vus.....................................................................: 1      min=0          max=100
    vus_max.................................................................: 100    min=100        max=100

    NETWORK
    data_received...........................................................: 8.4 MB 16 kB/s
    data_sent...............................................................: 7.1 MB 14 kB/s
`;

t.test('the lines of a real k6 summary, given its figures', (t) => {
  const summary = { ...latency(1, 53_607), mean: 6.19, min: 0.33511, p50: 2, max: 3290, p90: 3.25, p95: 4.16 };
  const base = resultOf(running);
  const rows = base.series.rows.map((row, i) => ({ ...row, inFlight: i === 0 ? 0 : 1 }));
  const result: LoadResult = {
    ...base,
    durationMs: (53_607 / 104.524564) * 1000,
    ok: 53_607,
    failed: 0,
    timedOut: 0,
    checks: { 'status was 200': { passed: 53_607, failed: 0 } },
    thresholds: [],
    latencyMs: { response: summary, service: summary, startLag: summary },
    iterations: { started: 53_607, ok: 53_607, failed: 0 },
    bytes: { received: 8_400_000, sent: 7_100_000 },
    peakInFlight: 100,
    series: { intervalMs: 100, rows },
  };
  const text = k6Layout({ ...input(result), atOnce: 100 });
  t.equal(text.slice(text.indexOf('    checks_total')).trimEnd(), k6Summary.trimEnd());
  t.end();
});

// What ab itself printed for a run with these figures; it had opened a connection for each request.
const abReport = `Server Software:        Werkzeug/2.2.0
Server Hostname:        127.0.0.1
Server Port:            5000

Document Path:          /
Document Length:        17 bytes

Concurrency Level:      10
Time taken for tests:   5.703 seconds
Complete requests:      100
Failed requests:        0
Total transferred:      19100 bytes
HTML transferred:       1700 bytes
Requests per second:    17.53 [#/sec] (mean)
Time per request:       570.335 [ms] (mean)
Time per request:       57.033 [ms] (mean, across all concurrent requests)
Transfer rate:          3.27 [Kbytes/sec] received

Connection Times (ms)
              min  mean[+/-sd] median   max
Connect:       11   12   0.8     12      15
Processing:   519  555  31.5    550     603
Waiting:       18   26   5.6     25      41
Total:        530  567  31.7    562     615

Percentage of the requests served within a certain time (ms)
  50%    562
  66%    574
  75%    601
  80%    614
  90%    615
  95%    615
  98%    615
  99%    615
 100%    615 (longest request)
`;

t.test('the lines of a real ab report, given its figures', (t) => {
  const row = (min: number, mean: number, stdev: number, p50: number, max: number) => ({
    ...latency(1, 100),
    min,
    mean,
    stdev,
    p50,
    max,
  });
  const total = row(530, 567, 31.7, 562, 615);
  const base = resultOf(running);
  const result: LoadResult = {
    ...base,
    totalMs: 5703.349,
    ok: 100,
    failed: 0,
    timedOut: 0,
    statusCodes: { 200: 100 },
    bytes: { received: 19_100, sent: 8000 },
    server: { software: 'Werkzeug/2.2.0', bodyBytes: 17 },
    connections: { opened: 100, preopened: 0, peak: 10 },
    latencyMs: { response: total, service: row(519, 555, 31.5, 550, 603), startLag: total },
    timingsMs: { ...base.timingsMs, connect: row(11, 12, 0.8, 12, 15), firstByte: row(18, 26, 5.6, 25, 41) },
  };
  const plan = definePlan({
    endpoint: { url: 'http://127.0.0.1:5000' },
    work: [{ kind: 'requests', name: 'hello', weight: 1, requests: [{ step: 'GET /', method: 'GET', path: '/' }] }],
    arrivals: { model: 'closed', stages: [{ durationMs: 60_000, from: 10, to: 10 }], requests: 100 },
  });
  const known: Record<number, number> = { 50: 562, 66: 574, 75: 601, 80: 614 };
  const response = { percentileMs: (percent: number) => known[percent] ?? 615, countUpTo: () => 0 };
  const text = abLayout({ result, plan, response, atOnce: 10 });
  const lines = text.slice(text.indexOf('Server Software')).split('\n');
  t.equal(lines.filter((line) => !line.startsWith('Keep-Alive requests:')).join('\n'), abReport);
  t.end();
});
