import { Failure } from '../../kernel/failure.js';
import { didYouMean } from '../../kernel/nearest.js';

/** A condition on the result in k6's grammar: `p(95)<200`, `error_rate<1%`, `http_req_duration:p(99)<300`. */
export interface Threshold {
  /** The threshold as the user wrote it. */
  text: string;
  metric: ThresholdMetric;
  /** `p(95)`, `avg`, `min`, `med`, `max`, `rate`, `count`. */
  aggregation: string;
  operator: '<' | '<=' | '>' | '>=' | '==' | '!=';
  /** Milliseconds, a share 0 .. 1, or a plain number, as the metric has it. */
  bound: number;
  /** End the run as soon as this fails. */
  abortOnFail: boolean;
  /** Milliseconds of the run before a failed threshold may end it. */
  delayMs?: number;
  /** Judges a part of the requests: those of some steps, or the responses of 200 .. 399. */
  only?: { steps?: string[]; expected?: true };
  /** Of the metric `own`: its name, as `LoadPlan.measures` has it. */
  own?: string;
}

/** A metric of a flow's own, whose thresholds are named without hwctl's. */
interface OwnMetric {
  name: string;
  kind: 'trend' | 'rate' | 'counter' | 'gauge';
}

export interface ThresholdOutcome {
  text: string;
  passed: boolean;
  /** Undefined where there were no samples: the threshold has then failed. */
  actual: number | undefined;
  /** `p(95) was 213 ms`, `no samples`. */
  message: string;
}

/** What thresholds can be about. */
type ThresholdMetric = (typeof metrics)[number];
const metrics = [
  'response',
  'service',
  'start_lag',
  'error_rate',
  'checks',
  'http_reqs',
  'iterations',
  'iteration_duration',
  'dropped_iterations',
  'own',
] as const;

/** k6's names and other habits, each the same metric as ours. */
const aliases: Record<string, ThresholdMetric> = {
  http_req_duration: 'response',
  latency: 'response',
  http_req_waiting: 'service',
  http_req_failed: 'error_rate',
  errors: 'error_rate',
  dropped: 'dropped_iterations',
};

/** Where the aggregation is left out. */
const usualAggregation: Partial<Record<ThresholdMetric, string>> = {
  error_rate: 'rate',
  checks: 'rate',
  http_reqs: 'count',
  iterations: 'count',
  dropped_iterations: 'count',
};
const allowed: Record<ThresholdMetric, RegExp> = {
  response: /^(p\(\d+(\.\d+)?\)|avg|mean|min|med|max)$/,
  service: /^(p\(\d+(\.\d+)?\)|avg|mean|min|med|max)$/,
  start_lag: /^(p\(\d+(\.\d+)?\)|avg|mean|min|med|max)$/,
  error_rate: /^rate$/,
  checks: /^rate$/,
  http_reqs: /^(count|rate)$/,
  iterations: /^(count|rate)$/,
  iteration_duration: /^(p\(\d+(\.\d+)?\)|avg|mean|min|med|max)$/,
  dropped_iterations: /^(count|rate)$/,
  own: /^$/,
};

/** And of a flow's own. */
const allowedOwn: Record<OwnMetric['kind'], RegExp> = {
  trend: allowed.response,
  rate: /^rate$/,
  counter: /^(count|rate)$/,
  gauge: /^value$/,
};

const grammar =
  /^(?:([a-z_]+)\s*:\s*)?([a-z_]+(?:\(\s*[\d.]+\s*\)|\d+)?)\s*(<=|>=|==|!=|===|!==|<|>)\s*(\d+(?:\.\d+)?)\s*(%|us|ms|s)?$/i;

/** Reads one threshold; `own`: of this metric of a flow's own. Throws BadThreshold. */
export function parseThreshold(text: string, abortOnFail = false, own?: OwnMetric): Threshold {
  const match = grammar.exec(text.trim());
  if (match === null) throw bad(text, 'it is not of the form METRIC:AGGREGATION < VALUE');
  const [, metricName, subject = '', operator = '', number = '', unit] = match;
  const word = subject
    .replaceAll(/\s/g, '')
    .toLowerCase()
    .replace(/^p(\d+)$/, 'p($1)');
  const sign = operator.slice(0, 2).replace(/^=$/, '==') as Threshold['operator'];
  if (own !== undefined) return ownThreshold(text, own, word, sign, Number(number), abortOnFail);
  const named = metricName?.toLowerCase() ?? (/^(p\(|avg$|mean$|min$|med$|max$)/.test(word) ? 'response' : word);
  const metric = metrics.find((known) => known === named && known !== 'own') ?? aliases[named];
  if (metric === undefined) {
    throw bad(
      text,
      `there is no metric ${JSON.stringify(named)}${didYouMean(named, [...metrics.filter((each) => each !== 'own'), ...Object.keys(aliases)])}`,
    );
  }
  const aggregation = metricName === undefined && named === word ? (usualAggregation[metric] ?? '') : word;
  if (!allowed[metric].test(aggregation)) {
    throw bad(
      text,
      aggregation === ''
        ? `${named} needs an aggregation`
        : `${named} has no aggregation ${JSON.stringify(aggregation)}`,
    );
  }
  const percentile = /^p\((.*)\)$/.exec(aggregation);
  if (percentile !== null && !(Number(percentile[1]) <= 100)) throw bad(text, 'a percentile is 0 .. 100');
  return {
    text: text.trim(),
    metric,
    aggregation,
    operator: sign,
    bound: boundIn(text, metric, aggregation, Number(number), unit?.toLowerCase()),
    abortOnFail,
  };
}

function ownThreshold(
  text: string,
  { name, kind }: OwnMetric,
  aggregation: string,
  operator: Threshold['operator'],
  bound: number,
  abortOnFail: boolean,
): Threshold {
  if (!allowedOwn[kind].test(aggregation)) throw bad(text, `${name} has no aggregation ${JSON.stringify(aggregation)}`);
  return { text: text.trim(), metric: 'own', own: name, aggregation, operator, bound, abortOnFail };
}

function boundIn(text: string, metric: ThresholdMetric, aggregation: string, value: number, unit: string | undefined) {
  const isLatency = usualAggregation[metric] === undefined;
  if (isLatency) {
    if (unit === '%') throw bad(text, `${metric} is in milliseconds, not per cent`);
    return value * ({ us: 0.001, ms: 1, s: 1000 }[unit ?? 'ms'] ?? 1);
  }
  if (unit === undefined) {
    if (metric === 'error_rate' || metric === 'checks') {
      if (value > 1) throw bad(text, `${metric} is a share 0 .. 1; write ${value}% for per cent`);
    }
    return value;
  }
  if (unit !== '%' || (metric !== 'error_rate' && metric !== 'checks')) {
    throw bad(text, `${metric}${aggregation === 'rate' ? '' : ` ${aggregation}`} takes no unit ${unit}`);
  }
  return value / 100;
}

/** The threshold on errors that every run has which says nothing of its own about them. */
export const usualErrors = 'error_rate<1%';

/** Whether any of them is about errors. */
export function judgesErrors(thresholds: readonly Threshold[]): boolean {
  return thresholds.some(({ metric }) => metric === 'error_rate' || metric === 'checks');
}

/** A run in which everything failed must not exit 0: where nothing is said about errors, they stay below 1 %. */
export function withErrorThreshold(thresholds: Threshold[]): Threshold[] {
  return judgesErrors(thresholds) ? thresholds : [...thresholds, parseThreshold(usualErrors)];
}

/** A text that is no threshold. */
export class BadThreshold extends Failure {
  constructor(
    text: string,
    readonly why: string,
  ) {
    super({
      code: 'bad-threshold',
      message: `threshold ${JSON.stringify(text)}: ${why}`,
      hint: 'Write for example p(95)<200, error_rate<1%, service:p(99)<300 or http_reqs:rate>100',
    });
  }
}

function bad(text: string, why: string): Failure {
  return new BadThreshold(text, why);
}

/** The figures thresholds are judged by. Latencies in milliseconds; undefined where there were no samples. */
export interface ThresholdFigures {
  latencyMs(metric: 'response' | 'service' | 'start_lag', aggregation: string): number | undefined;
  /** Of iterations of a flow. */
  iterationMs?(aggregation: string): number | undefined;
  /** An aggregation of a flow's own metric; undefined where it has no such. */
  own?(name: string, aggregation: string): number | undefined;
  /** The figures of a part of the requests. */
  part?(only: NonNullable<Threshold['only']>): Pick<ThresholdFigures, 'latencyMs' | 'sent' | 'failures'>;
  sent: number;
  failures: number;
  iterations: number;
  dropped: number;
  checks: { passed: number; failed: number };
  seconds: number;
}

/** Judges thresholds by a run's figures; one without samples fails. */
export function judgeThresholds(thresholds: readonly Threshold[], figures: ThresholdFigures): ThresholdOutcome[] {
  return thresholds.map((threshold) => {
    const { text, metric, aggregation } = threshold;
    const actual = actualOf(threshold, figures);
    if (actual === undefined) return { text, passed: false, actual, message: 'no samples' };
    const called = threshold.own ?? metric;
    const subject = usualAggregation[metric] === aggregation ? called : `${called} ${aggregation}`;
    return { text, passed: holds(actual, threshold), actual, message: `${subject} was ${written(actual, threshold)}` };
  });
}

function actualOf({ metric, aggregation, only, own }: Threshold, whole: ThresholdFigures): number | undefined {
  const figures = only === undefined || whole.part === undefined ? whole : { ...whole, ...whole.part(only) };
  const perSecond = (count: number) => (figures.seconds > 0 ? count / figures.seconds : undefined);
  const counted = (count: number) => (aggregation === 'rate' ? perSecond(count) : count);
  switch (metric) {
    case 'response':
    case 'service':
    case 'start_lag':
      return figures.latencyMs(metric, aggregation);
    case 'iteration_duration':
      return figures.iterationMs?.(aggregation);
    case 'own':
      return figures.own?.(own!, aggregation);
    case 'error_rate':
      return figures.sent === 0 ? undefined : figures.failures / figures.sent;
    case 'checks': {
      const all = figures.checks.passed + figures.checks.failed;
      return all === 0 ? undefined : figures.checks.passed / all;
    }
    case 'http_reqs':
      return figures.sent === 0 ? undefined : counted(figures.sent);
    case 'iterations':
      return figures.iterations === 0 ? undefined : counted(figures.iterations);
    case 'dropped_iterations':
      return counted(figures.dropped);
  }
}

function holds(actual: number, { operator, bound }: Threshold): boolean {
  switch (operator) {
    case '<':
      return actual < bound;
    case '<=':
      return actual <= bound;
    case '>':
      return actual > bound;
    case '>=':
      return actual >= bound;
    case '==':
      return actual === bound;
    case '!=':
      return actual !== bound;
  }
}

function written(actual: number, { metric, aggregation }: Threshold): string {
  if (metric === 'own')
    return aggregation === 'rate' ? `${Number((actual * 100).toFixed(2))}%` : String(Number(actual.toFixed(2)));
  if (metric === 'error_rate' || metric === 'checks') return `${Number((actual * 100).toFixed(2))}%`;
  if (usualAggregation[metric] === undefined) return `${Number(actual.toFixed(actual < 10 ? 2 : 1))} ms`;
  return aggregation === 'rate' ? `${Number(actual.toFixed(1))}/s` : String(actual);
}
