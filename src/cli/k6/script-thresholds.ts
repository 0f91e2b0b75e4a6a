import type { Measure } from '../load/plan/plan.js';
import { BadThreshold, parseThreshold, type Threshold } from '../load/plan/thresholds.js';
import type { K6Options } from './options.js';

/** A place of a script that sends, as thresholds on a part of the requests tell it from others. */
export interface TaggedStep {
  step: string;
  tags: Readonly<Record<string, string>>;
}

/** k6's metrics that hwctl measures too, and by which name. */
const known: Record<string, string> = {
  http_req_duration: 'http_req_duration',
  http_req_waiting: 'http_req_waiting',
  http_req_failed: 'http_req_failed',
  http_reqs: 'http_reqs',
  checks: 'checks',
  iterations: 'iterations',
  iteration_duration: 'iteration_duration',
  dropped_iterations: 'dropped_iterations',
};

type Told = { threshold: Threshold } | { why: string };

/**
 * The thresholds of a script as hwctl judges them; what cannot be judged is told with its place in the options.
 * `delayAbortEval` is kept; a part of the requests (`{name:...}`) is that of the steps that carry these tags.
 */
export function readThresholds(
  { thresholds }: Pick<K6Options, 'thresholds'>,
  steps: readonly TaggedStep[],
  metrics: readonly Measure[],
): { thresholds: Threshold[]; problems: { path: string[]; message: string }[] } {
  const read: Threshold[] = [];
  const problems: { path: string[]; message: string }[] = [];
  for (const { metric, text, abortOnFail, delayMs, path } of thresholds) {
    const told = thresholdOf(metric, text, steps, metrics);
    if ('why' in told) problems.push({ path, message: told.why });
    else read.push({ ...told.threshold, abortOnFail, ...(delayMs > 0 ? { delayMs } : {}) });
  }
  return { thresholds: read, problems };
}

function thresholdOf(metric: string, text: string, steps: readonly TaggedStep[], metrics: readonly Measure[]): Told {
  const [, name = metric, part] = /^([^{]+?)\s*(?:\{(.*)\})?$/.exec(metric.trim()) ?? [];
  const own = metrics.find((each) => each.name === name);
  const ours = Object.hasOwn(known, name) ? known[name] : undefined;
  if (own === undefined && ours === undefined) return { why: `hwctl does not measure ${name}` };
  const cleaned = text.trim();
  try {
    if (own !== undefined) {
      if (part !== undefined) return { why: `of ${name} the whole is judged, not a part of it` };
      const threshold = parseThreshold(cleaned, false, { name, kind: own.kind });
      return { threshold: { ...threshold, text: `${name}:${cleaned}` } };
    }
    const threshold = parseThreshold(`${ours}:${cleaned}`);
    return part === undefined ? { threshold } : ofPart(threshold, metric, name, part, steps);
  } catch (error) {
    if (error instanceof BadThreshold) return { why: `${text}: ${error.why}` };
    throw error;
  }
}

/** A threshold on the requests that carry some tags. */
function ofPart(threshold: Threshold, metric: string, name: string, part: string, steps: readonly TaggedStep[]): Told {
  const text = `${metric}:${threshold.text.slice(threshold.text.indexOf(':') + 1)}`;
  const tags = part.split(',').map((pair) => {
    const cut = pair.indexOf(':');
    const [key, value] = [pair.slice(0, cut).trim(), pair.slice(cut + 1).trim()];
    return [key, value.replace(/^["']|["']$/g, '')] as const;
  });
  if (!['response', 'error_rate', 'http_reqs'].includes(threshold.metric))
    return { why: `of ${name} the whole is judged, not a part of it` };
  const expected = tags.find(([key]) => key === 'expected_response');
  if (expected !== undefined) {
    if (tags.length > 1 || expected[1] !== 'true' || threshold.metric === 'error_rate')
      return { why: `{${part}} is not judged apart` };
    return { threshold: { ...threshold, text, only: { expected: true } } };
  }
  const fitting = steps.filter((step) => tags.every(([key, value]) => step.tags[key] === value));
  if (fitting.length === 0) return { why: `no request is seen to carry {${part}}: it would have nothing to judge` };
  return { threshold: { ...threshold, text, only: { steps: fitting.map(({ step }) => step) } } };
}
