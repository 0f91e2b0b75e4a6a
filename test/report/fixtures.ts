import { runPassed } from '../../src/cli/load/measure/figures.js';
import type {
  LatencyRow,
  LatencySummary,
  LoadResult,
  LoadSnapshot,
  SeriesRow,
} from '../../src/cli/load/measure/metrics.js';
import type { WorkloadRow } from '../../src/cli/report/load/timeline.js';
import type { LoadHeading } from '../../src/cli/report/load/words.js';

/** The runs that every view is shown with. */
export const heading: LoadHeading = {
  name: 'steady',
  target: 'POST http://arch.homework/create_order',
  model: 'open, 100 requests/s for 1m00s',
};

export function latency(scale: number, count = 1200): LatencySummary {
  if (count === 0)
    return { count: 0, min: 0, p50: 0, p75: 0, p90: 0, p95: 0, p99: 0, p999: 0, max: 0, mean: 0, stdev: 0 };
  return {
    count,
    min: 0.4 * scale,
    p50: scale,
    p75: 1.3 * scale,
    p90: 1.8 * scale,
    p95: 2.4 * scale,
    p99: 6.1 * scale,
    p999: 9.5 * scale,
    max: 12 * scale,
    mean: 1.2 * scale,
    stdev: 0.9 * scale,
  };
}

function none(): LatencySummary {
  return latency(1, 0);
}

/** A run's time series: a rate of 100/s with one slow second at 4 s. */
export function series(seconds: number, options: { failing?: boolean } = {}): SeriesRow[] {
  return Array.from({ length: seconds * 10 }, (_, i) => {
    const slow = i >= 40 && i < 50 ? 8 : 1;
    const failed = options.failing && i % 4 === 0 ? 3 : 0;
    const wave = 1 + 0.2 * Math.sin(i / 3);
    return {
      atMs: i * 100,
      scheduled: 10,
      sent: 10,
      dropped: 0,
      ok: 10 - failed,
      failed,
      timedOut: 0,
      inFlight: slow,
      p50: 1.2 * slow * wave,
      p95: 3 * slow * wave,
      p99: 7 * slow * wave,
      max: 9 * slow * wave,
    };
  });
}

/** Before the first arrival: nothing is known yet. */
const empty: LoadSnapshot = {
  scheduled: 0,
  sent: 0,
  dropped: 0,
  ok: 0,
  failed: 0,
  timedOut: 0,
  inFlight: 0,
  elapsedMs: 0,
  unit: 'requests',
  targetIterationsPerSecond: 100,
  recentRequestsPerSecond: 0,
  recentIterationsPerSecond: 0,
  achievedRequestsPerSecond: 0,
  achievedIterationsPerSecond: 0,
  droppedBy: { maxInFlight: 0, userBusy: 0 },
  iterations: { started: 0, ok: 0, failed: 0 },
  checks: { passed: 0, failed: 0 },
  latencyMs: { response: none(), service: none(), startLag: none() },
  recentLatencyMs: { response: none(), service: none(), startLag: none() },
  statusCodes: {},
  errors: {},
  bytes: { sent: 0, received: 0 },
  connections: { open: 10, opened: 10 },
  series: [],
  verdict: undefined,
  thresholds: [],
  progress: {
    phase: 'preparing',
    fraction: 0,
    stage: 0,
    stages: 1,
    stageLabel: 'hold 100 requests/s',
    stageRemainingMs: 60_000,
    remainingMs: 60_000,
  },
};

/** Twelve seconds into a minute, all well. */
export const running: LoadSnapshot = {
  ...empty,
  scheduled: 1200,
  sent: 1200,
  ok: 1198,
  inFlight: 2,
  elapsedMs: 12_000,
  recentRequestsPerSecond: 100,
  recentIterationsPerSecond: 100,
  achievedRequestsPerSecond: 99.98,
  achievedIterationsPerSecond: 99.98,
  iterations: { started: 1200, ok: 1198, failed: 0 },
  latencyMs: { response: latency(1.24), service: latency(1.1), startLag: latency(0.03) },
  recentLatencyMs: { response: latency(1.31, 100), service: latency(1.2, 100), startLag: latency(0.03, 100) },
  statusCodes: { 200: 1198 },
  bytes: { sent: 240_000, received: 300_000 },
  series: series(12),
  thresholds: [
    { text: 'p(95)<200', passed: true, actual: 2.98, message: 'p(95) was 2.98 ms' },
    { text: 'error_rate<1%', passed: true, actual: 0, message: 'error_rate was 0 %' },
  ],
  verdict: { state: 'VALID', reasons: [] },
  progress: {
    phase: 'running',
    fraction: 0.2,
    stage: 1,
    stages: 3,
    stageLabel: 'hold 100 requests/s',
    stageRemainingMs: 18_000,
    remainingMs: 48_000,
  },
};

/** The service fails often, and slowly. */
export const failed: LoadSnapshot = {
  ...running,
  ok: 900,
  failed: 288,
  timedOut: 10,
  latencyMs: { response: latency(430), service: latency(420), startLag: latency(0.05) },
  statusCodes: { 200: 900, 500: 261, 503: 20 },
  errors: {
    'status 500 Internal Server Error': 261,
    'status 503 Service Unavailable': 20,
    'connection reset by the server before the response was complete': 7,
    'no response within 10s': 10,
  },
  series: series(12, { failing: true }),
  thresholds: [
    { text: 'p(95)<200', passed: false, actual: 1032, message: 'p(95) was 1032 ms' },
    { text: 'error_rate<1%', passed: false, actual: 0.248, message: 'error_rate was 24.8 %' },
    { text: 'rps>50', passed: true, actual: 99.98, message: 'rps was 99.98' },
  ],
};

/** The generator could not keep up. */
const voided: LoadSnapshot = {
  ...running,
  scheduled: 60_000,
  sent: 41_200,
  dropped: 18_800,
  ok: 40_100,
  inFlight: 1100,
  targetIterationsPerSecond: 5000,
  recentRequestsPerSecond: 3210,
  recentIterationsPerSecond: 3210,
  achievedRequestsPerSecond: 3433,
  achievedIterationsPerSecond: 3433,
  droppedBy: { maxInFlight: 18_800, userBusy: 0 },
  latencyMs: { response: latency(260), service: latency(40), startLag: latency(220) },
  statusCodes: { 200: 40_100 },
  verdict: {
    state: 'VOID',
    reasons: [
      { code: 'start-lag', severity: 'VOID', message: 'start lag p99 1342 ms: the generator began requests late' },
      { code: 'dropped', severity: 'VOID', message: '31.3 % of the arrivals were dropped: 1,100 were under way' },
      { code: 'cpu', severity: 'DEGRADED', message: 'the process used 100 % of its CPU' },
    ],
  },
};

export const states = { empty, running, failed, void: voided };

/** A result with the figures of a snapshot. */
export function resultOf(snapshot: LoadSnapshot): LoadResult {
  const rows = [...snapshot.series];
  const verdict = snapshot.verdict ?? { state: 'VALID', reasons: [] };
  const histogram = {
    layout: 'log-linear/3/us' as const,
    count: 0,
    min: 0,
    max: 0,
    sum: 0,
    sumOfSquares: 0,
    buckets: [],
  };
  return {
    schema: 'hwctl.dev/load-result/v2',
    name: 'steady',
    url: 'http://arch.homework/create_order',
    startedAtUnixMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    durationMs: snapshot.elapsedMs,
    totalMs: snapshot.elapsedMs + 12,
    scheduled: snapshot.scheduled,
    sent: snapshot.sent,
    dropped: snapshot.dropped,
    ok: snapshot.ok,
    failed: snapshot.failed,
    timedOut: snapshot.timedOut,
    inFlight: snapshot.inFlight,
    arrivals: {
      model: 'open',
      unit: snapshot.unit,
      stages: [{ label: 'hold 100 requests/s', durationMs: 60_000, from: 100, to: 100 }],
    },
    achievedRequestsPerSecond: snapshot.achievedRequestsPerSecond,
    achievedIterationsPerSecond: snapshot.achievedIterationsPerSecond,
    targetIterationsPerSecond: snapshot.targetIterationsPerSecond,
    ended: 'completed',
    passed: runPassed({ verdict, thresholds: snapshot.thresholds, ended: 'completed' }),
    latencyMs: snapshot.latencyMs,
    statusCodes: snapshot.statusCodes,
    errors: snapshot.errors,
    thresholds: snapshot.thresholds,
    verdict,
    droppedBy: snapshot.droppedBy,
    iterations: snapshot.iterations,
    checks: {},
    bytes: snapshot.bytes,
    connections: { opened: 10, preopened: 10, peak: 10 },
    timingsMs: { connect: latency(0.2, 10), tls: none(), firstByte: snapshot.latencyMs.service },
    steps: [
      {
        step: 'POST /create_order',
        count: snapshot.sent,
        ok: snapshot.ok,
        failed: snapshot.failed + snapshot.timedOut,
        response: snapshot.latencyMs.response,
        service: snapshot.latencyMs.service,
      },
    ],
    statuses: Object.entries(snapshot.statusCodes).map(([status, count]) => ({
      status: Number(status),
      response: { ...snapshot.latencyMs.response, count },
    })),
    server: { software: 'hwctl', bodyBytes: 17 },
    workers: 1,
    maxInFlight: 1000,
    peakInFlight: Math.max(0, ...rows.map((row) => row.inFlight)),
    series: { intervalMs: 100, rows },
    latencySeries: { intervalMs: 1000, rows: latencyRows(rows) },
    heat: { intervalMs: 1000, boundsMs: [1, 2, 5, 10, 20, 50, 100], rows: rows.length > 0 ? heatRows(rows) : [] },
    histograms: { response: histogram, service: histogram, startLag: histogram },
  };
}

function latencyRows(rows: SeriesRow[]): LatencyRow[] {
  return rows
    .filter((_, i) => i % 10 === 5)
    .map(({ atMs, p50, p95, p99, max = 0 }) => ({ atMs: atMs - 500, count: 100, p50, p95, p99, max }));
}

function heatRows(rows: SeriesRow[]): number[][] {
  return Array.from({ length: Math.ceil(rows.length / 10) }, (_, second) =>
    second === 4 ? [0, 2, 18, 50, 20, 8, 2] : [20, 50, 20, 8, 2, 0, 0],
  );
}

/** Two services over 12 s, one of them scaled up and held back by its CPU limit. */
export const workloads: WorkloadRow[] = [0, 1, 2].map((i) => ({
  atMs: i * 5000,
  workloads: [
    {
      name: 'orders',
      replicasReady: 1 + Math.min(1, i),
      replicasWanted: 2,
      cpuCores: 0.1 + 0.4 * i,
      memoryBytes: 80e6 + i * 5e6,
      throttledShare: i === 2 ? 0.125 : 0,
    },
    { name: 'auth', replicasReady: 1, replicasWanted: 1, cpuCores: 0.02, memoryBytes: 61e6 },
  ],
}));
