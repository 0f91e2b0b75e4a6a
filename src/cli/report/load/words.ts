import { formatDuration } from '../../kernel/duration.js';
import { withoutUrlSecrets } from '../../kernel/secrets.js';
import type { ArrivalTraits } from '../../load/arrivals/model.js';
import type { Stage } from '../../load/arrivals/schedule.js';
import type { LoadResult, LoadSnapshot } from '../../load/measure/metrics.js';
import type { Verdict } from '../../load/measure/verdict.js';
import type { ArrivalUnit, LoadPlan } from '../../load/plan/plan.js';
import { formatCount, formatRate } from '../format.js';

/** What a run is about, for the head of every report. */
export interface LoadHeading {
  /** Profile or `load`. */
  name: string;
  /** `GET http://arch.homework/` or the flow's name and the URL. */
  target: string;
  /** The arrivals in words: `100 requests/s for 10s`. */
  model: string;
}

/** The head of a plan's reports; `traits` are those of its arrivals. */
export function headingOf(plan: LoadPlan, traits: ArrivalTraits): LoadHeading {
  return { name: plan.name, target: withoutUrlSecrets(describeWork(plan)), model: describeArrivals(plan, traits) };
}

function describeWork(plan: LoadPlan): string {
  const base = plan.endpoint.url.replace(/\/$/, '');
  const [first] = plan.work;
  if (plan.work.length === 1 && first?.kind === 'requests' && first.requests.length === 1) {
    const request = first.requests[0]!;
    return `${request.method} ${base}${request.path}`;
  }
  const names = plan.work.map((work) => work.name).join(', ');
  return `${names} on ${base}`;
}

/** The arrivals in words: `open, 100 requests/s for 10s`, `closed, 10 at a time, 100 requests`. */
function describeArrivals(
  { arrivals, unit, search }: Pick<LoadPlan, 'arrivals' | 'unit' | 'search'>,
  { level, limit, manner }: ArrivalTraits,
): string {
  if (search !== undefined) {
    const [from, to] = [formatRate(search.startPerSecond), formatRate(search.topPerSecond)];
    return `search for the highest rate, from ${from} up to ${to} ${unit}/s, at most ${formatDuration(search.budgetMs)}`;
  }
  const parts = [arrivals.model, describeStages(arrivals.stages, level.unit(unit))];
  if (manner !== '') parts.push(manner);
  if (limit !== undefined) parts.push(`${formatCount(limit)} ${unit}`);
  return parts.join(', ');
}

function describeStages(stages: Stage[], unit: string): string {
  const parts = stages.map((stage) => {
    const level =
      stage.from === stage.to ? formatRate(stage.from) : `${formatRate(stage.from)} to ${formatRate(stage.to)}`;
    return `${level} ${unit}${Number.isFinite(stage.durationMs) ? ` for ${formatDuration(stage.durationMs)}` : ''}`;
  });
  return parts.length <= 3 ? parts.join(', then ') : `${parts.length} stages, ${parts[0]} first`;
}

/**
 * A rate beside what was asked for, both in the arrivals' unit: `99.8 of 100 requests/s`, `5 of 5 iterations/s
 * (10.1 requests/s)`. Per second; `target` is left out for the closed model.
 */
export function rateWords(
  rate: { unit: ArrivalUnit; target?: number | undefined; iterations: number; requests: number },
  decimals = 1,
): string {
  const single = rate.unit === 'requests';
  const target = rate.target === undefined ? '' : ` of ${formatRate(rate.target)}`;
  const own = `${formatRate(single ? rate.requests : rate.iterations, decimals)}${target} ${rate.unit}/s`;
  return single ? own : `${own} (${formatRate(rate.requests, decimals)} requests/s)`;
}

/** How a run ended, in a word or two. */
export function endedWords(ended: LoadResult['ended']): string {
  return {
    completed: 'as planned',
    finished: 'finished early',
    interrupted: 'interrupted',
    aborted: 'broken off',
    threshold: 'a threshold failed',
  }[ended];
}

/** What a verdict means, in one sentence. */
export function verdictMeaning(verdict: Verdict): string {
  switch (verdict.state) {
    case 'VALID':
      return 'the generator kept up, so the numbers are the service’s own';
    case 'DEGRADED':
      return isOfDrops(verdict)
        ? 'a part of the load asked for was never sent; the latencies are of the rest'
        : 'the generator was under strain; read the latencies as upper bounds';
    case 'VOID':
      return isOfDrops(verdict)
        ? 'much of the load asked for was never sent; these numbers say nothing about the service under it'
        : 'the generator was the bottleneck; these numbers say nothing about the service';
  }
}

/** Of all that weighs most: it was the server that did not take the load, not the generator that did not make it. */
function isOfDrops({ state, reasons }: Verdict): boolean {
  return reasons.filter(({ severity }) => severity === state).every(({ code }) => code === 'dropped');
}

/** The same while the run is under way. */
export function verdictInBrief(verdict: Verdict): string {
  if (verdict.state === 'VALID') return 'the generator keeps up';
  if (isOfDrops(verdict)) return `${verdict.state === 'VOID' ? 'much' : 'a part'} of the load is not sent`;
  return verdict.state === 'VOID' ? 'the generator is the bottleneck' : 'the generator is under strain';
}

/** The phase in a word or two. */
export function phaseWords(phase: LoadSnapshot['progress']['phase']): string {
  switch (phase) {
    case 'preparing':
      return 'opening connections';
    case 'waiting':
      return 'waiting for the start';
    case 'running':
      return 'running';
    case 'paused':
      return 'PAUSED';
    case 'draining':
      return 'awaiting the last responses';
    case 'done':
      return 'done';
  }
}

/** Status codes with their counts, most frequent class first as codes ascend: `200 ×1,190`. */
export function statusList(statusCodes: Record<string, number>): { code: string; count: number; good: boolean }[] {
  return Object.entries(statusCodes)
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([code, count]) => ({ code, count, good: Number(code) < 400 && Number(code) >= 100 }));
}

/** Errors by cause, the most frequent first. */
export function errorList(errors: Record<string, number>): { cause: string; count: number }[] {
  return Object.entries(errors)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))
    .map(([cause, count]) => ({ cause, count }));
}
