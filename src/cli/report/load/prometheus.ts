import type { LatencySummary, LoadSnapshot } from '../../load/measure/metrics.js';

/** One sample of one series. */
export interface MetricSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** The labels that tell a run from others: what was run, and which time of it that was. */
export interface RunLabels {
  /** The profile's name. */
  run: string;
  /** Of this run alone. */
  run_id: string;
}

/** A run as it stands, as Prometheus metrics; latencies in seconds, the window's quantiles. */
export function loadSamples(snapshot: LoadSnapshot, run: RunLabels): MetricSample[] {
  const samples: MetricSample[] = [];
  const add = (name: string, value: number | undefined, labels: Record<string, string> = {}) => {
    if (value !== undefined && Number.isFinite(value))
      samples.push({ name: `hwctl_load_${name}`, labels: { job: 'hwctl', ...run, ...labels }, value });
  };
  const { ok, failed, timedOut, dropped } = snapshot;
  for (const [result, count] of Object.entries({ ok, failed, timed_out: timedOut, dropped }))
    add('requests_total', count, { result });
  add('scheduled_total', snapshot.scheduled);
  add('sent_total', snapshot.sent);
  add('in_flight', snapshot.inFlight);
  add('target_iterations_per_second', snapshot.targetIterationsPerSecond);
  add('iterations_per_second', snapshot.recentIterationsPerSecond);
  add('requests_per_second', snapshot.recentRequestsPerSecond);
  for (const [code, count] of Object.entries(snapshot.statusCodes)) add('responses_total', count, { code });
  for (const [cause, count] of Object.entries(snapshot.errors)) add('errors_total', count, { cause });
  const latencies: [string, LatencySummary][] = [
    ['response_seconds', snapshot.recentLatencyMs.response],
    ['service_seconds', snapshot.recentLatencyMs.service],
    ['start_lag_seconds', snapshot.recentLatencyMs.startLag],
  ];
  for (const [name, latency] of latencies) {
    if (latency.count === 0) continue;
    for (const [quantile, ms] of [
      ['0.5', latency.p50],
      ['0.95', latency.p95],
      ['0.99', latency.p99],
      ['1', latency.max],
    ] as const)
      add(name, ms / 1000, { quantile });
  }
  if (snapshot.verdict !== undefined) add('verdict', { VALID: 0, DEGRADED: 1, VOID: 2 }[snapshot.verdict.state]);
  return samples;
}

/** The text exposition format (version 0.0.4), which a Pushgateway and VictoriaMetrics take. */
export function textFormat(samples: readonly MetricSample[]): string {
  const lines: string[] = [];
  for (const [name, group] of grouped(samples)) {
    lines.push(`# TYPE ${name} ${name.endsWith('_total') ? 'counter' : 'gauge'}`);
    for (const { labels, value } of group) {
      const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
      lines.push(`${name}{${pairs.join(',')}} ${value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function grouped(samples: readonly MetricSample[]): Map<string, MetricSample[]> {
  const groups = new Map<string, MetricSample[]>();
  for (const sample of samples) groups.set(sample.name, [...(groups.get(sample.name) ?? []), sample]);
  return groups;
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/**
 * A remote write request, version 1 (prometheus.io/docs/specs/prw/remote_write_spec): protobuf, framed as a Snappy block.
 * The block holds literals alone, which every decoder takes; a push a second is not worth a compressor.
 */
export function remoteWriteBody(samples: readonly MetricSample[], atUnixMs: number): Buffer {
  const series = samples.map(({ name, labels, value }) => {
    // Labels must be sorted by name.
    const pairs = Object.entries({ __name__: name, ...labels }).sort(([a], [b]) => (a < b ? -1 : 1));
    const encodedLabels = pairs.map(([key, text]) => field(1, Buffer.concat([textField(1, key), textField(2, text)])));
    const number = Buffer.alloc(9);
    number[0] = (1 << 3) | 1;
    number.writeDoubleLE(value, 1);
    const sample = Buffer.concat([number, Buffer.from([2 << 3]), varint(atUnixMs)]);
    return field(1, Buffer.concat([...encodedLabels, field(2, sample)]));
  });
  return snappyLiterals(Buffer.concat(series));
}

function textField(number: number, text: string): Buffer {
  return field(number, Buffer.from(text, 'utf8'));
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(Math.round(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}

/** github.com/google/snappy/blob/main/format_description.txt: the length, then literals with a length of up to two bytes. */
function snappyLiterals(data: Buffer): Buffer {
  const parts = [varint(data.length)];
  for (let at = 0; at < data.length; at += 65_536) {
    const chunk = data.subarray(at, at + 65_536);
    const head = Buffer.from([61 << 2, 0, 0]);
    head.writeUInt16LE(chunk.length - 1, 1);
    parts.push(head, chunk);
  }
  return Buffer.concat(parts);
}
