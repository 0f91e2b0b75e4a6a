import t from 'tap';
import { judgeThresholds, parseThreshold, type ThresholdFigures } from '../../../src/cli/load/plan/thresholds.js';

const figures: ThresholdFigures = {
  latencyMs: (metric, aggregation) =>
    ({ response: 213, service: 100, start_lag: 0.2 })[metric] + (aggregation === 'max' ? 1 : 0),
  sent: 1000,
  failures: 10,
  iterations: 500,
  dropped: 3,
  checks: { passed: 99, failed: 1 },
  seconds: 10,
};
const nothing: ThresholdFigures = {
  latencyMs: () => undefined,
  sent: 0,
  failures: 0,
  iterations: 0,
  dropped: 0,
  checks: { passed: 0, failed: 0 },
  seconds: 0,
};

t.test('reads and judges k6 grammar', async (t) => {
  const table: [string, string, string, number, boolean, string][] = [
    ['p(95)<200', 'response', 'p(95)', 200, false, 'response p(95) was 213 ms'],
    ['p(95) <= 213', 'response', 'p(95)', 213, true, 'response p(95) was 213 ms'],
    ['p95<200', 'response', 'p(95)', 200, false, 'response p(95) was 213 ms'],
    ['max<0.3s', 'response', 'max', 300, true, 'response max was 214 ms'],
    ['http_req_duration:p(99.9)<300', 'response', 'p(99.9)', 300, true, 'response p(99.9) was 213 ms'],
    ['service:avg<90', 'service', 'avg', 90, false, 'service avg was 100 ms'],
    ['start_lag:p(99)<500us', 'start_lag', 'p(99)', 0.5, true, 'start_lag p(99) was 0.2 ms'],
    ['error_rate<1%', 'error_rate', 'rate', 0.01, false, 'error_rate was 1%'],
    ['error_rate<=0.01', 'error_rate', 'rate', 0.01, true, 'error_rate was 1%'],
    ['http_req_failed:rate<0.02', 'error_rate', 'rate', 0.02, true, 'error_rate was 1%'],
    ['checks>98%', 'checks', 'rate', 0.98, true, 'checks was 99%'],
    ['http_reqs:rate>=100', 'http_reqs', 'rate', 100, true, 'http_reqs rate was 100/s'],
    ['http_reqs:count==1000', 'http_reqs', 'count', 1000, true, 'http_reqs was 1000'],
    ['iterations != 3', 'iterations', 'count', 3, true, 'iterations was 500'],
    ['dropped==0', 'dropped_iterations', 'count', 0, false, 'dropped_iterations was 3'],
  ];
  for (const [text, metric, aggregation, bound, passed, message] of table) {
    const threshold = parseThreshold(text);
    t.match(threshold, { metric, aggregation, bound }, text);
    t.match(judgeThresholds([threshold], figures), [{ text, passed, message }], text);
  }
});

t.test('one without samples fails', async (t) => {
  for (const text of ['p(95)<200', 'error_rate<1%', 'checks>1%', 'http_reqs:count>=0', 'iterations>=0', 'avg>=0']) {
    t.match(judgeThresholds([parseThreshold(text)], nothing), [{ passed: false, message: 'no samples' }], text);
  }
});

t.test('refuses what it cannot judge, and says why', async (t) => {
  for (const [text, why] of [
    ['', /form/],
    ['q95<200', /form|no metric/],
    ['p(101)<200', /0 \.\. 100/],
    ['p(95)<20%', /not per cent/],
    ['error_rate<5', /write 5%/],
    ['error_rate:p(95)<1', /no aggregation/],
    ['respones:p(95)<1', /Did you mean "response"/],
    ['service<100', /needs an aggregation/],
    ['http_reqs<5ms', /no unit ms/],
    ['p(95)=200', /form/],
    ['p(95)<-1', /form/],
  ] as const) {
    t.throws(() => parseThreshold(text), { code: 'bad-threshold', message: why }, text);
  }
});
