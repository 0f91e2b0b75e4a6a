import { formatDuration } from '../../kernel/duration.js';
import type { LoadSnapshot } from '../../load/measure/metrics.js';
import { fit, formatCount, formatLatency } from '../format.js';
import { errorList, type LoadHeading, phaseWords, rateWords, statusList } from './words.js';

/** The line that precedes the others where there is no terminal. */
export function headingLine(heading: LoadHeading): string {
  return `${heading.name}: ${heading.target} (${heading.model})`;
}

/**
 * How a run stands, on one line, for pipes and CI: time, rate, the last second's percentiles, responses by status, failures,
 * in flight, drops, verdict.
 */
export function snapshotLine(snapshot: LoadSnapshot): string {
  const { progress, recentLatencyMs, verdict, unit } = snapshot;
  const { elapsedMs } = snapshot;
  const time = (elapsedMs < 60_000 ? `${(elapsedMs / 1000).toFixed(1)}s` : formatDuration(elapsedMs)).padStart(6);
  if (progress.phase === 'preparing' || progress.phase === 'waiting') return `${time}  ${phaseWords(progress.phase)}`;
  const latency = recentLatencyMs.response;
  const percentiles =
    latency.count === 0
      ? 'no response in the last second'
      : `p50 ${formatLatency(latency.p50)} p95 ${formatLatency(latency.p95)} p99 ${formatLatency(latency.p99)}`;
  const rate = rateWords({
    unit,
    // Between two rates of a search, and at the end, none is asked for.
    target: snapshot.targetIterationsPerSecond || undefined,
    iterations: snapshot.recentIterationsPerSecond,
    requests: snapshot.recentRequestsPerSecond,
  });
  const parts = [
    // Of less than a second, what was counted is all that can be said.
    verdict === undefined ? `${formatCount(snapshot.sent)} requests sent` : rate,
    verdict === undefined ? '' : percentiles,
    statusWords(snapshot),
    errorWords(snapshot),
    `${formatCount(snapshot.inFlight)} in flight`,
    snapshot.dropped > 0 ? `${formatCount(snapshot.dropped)} dropped` : '',
    progress.phase === 'running' ? '' : phaseWords(progress.phase),
    verdict?.state ?? '',
  ];
  return `${time}  ${parts.filter((part) => part !== '').join(', ')}`;
}

function statusWords(snapshot: LoadSnapshot): string {
  const statuses = statusList(snapshot.statusCodes);
  return statuses.map(({ code, count }) => `${code} ×${formatCount(count)}`).join(' ');
}

function errorWords(snapshot: LoadSnapshot): string {
  const errors = errorList(snapshot.errors);
  if (errors.length === 0) return '';
  const total = errors.reduce((sum, { count }) => sum + count, 0);
  const more = errors.length > 1 ? ` and ${errors.length - 1} more` : '';
  return `${formatCount(total)} errors (${fit(errors[0]!.cause, 40)}${more})`;
}
