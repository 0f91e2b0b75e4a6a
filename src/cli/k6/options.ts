import { parseDurationMs } from '../kernel/duration.js';
import { didYouMean } from '../kernel/nearest.js';
import { isPlain, textOf } from './language/coerce.js';
import { type K6Scenario, readScenario, type ScenarioFields } from './scenarios.js';

/** What an option says that is wrong or not read: where (the way to it), and why. */
export interface OptionProblem {
  path: string[];
  message: string;
  /** It hinders no request: without it less is judged. */
  judges: boolean;
}

/** Options of a k6 script (https://grafana.com/docs/k6/latest/using-k6/k6-options/reference/), as far as they shape a load. */
export interface K6Options {
  scenarios: K6Scenario[];
  thresholds: { metric: string; text: string; abortOnFail: boolean; delayMs: number; path: string[] }[];
  userAgent: string | undefined;
  discardResponseBodies: boolean;
  insecureSkipTlsVerify: boolean;
  maxRedirects: number;
  noCookiesReset: boolean;
  throws: boolean;
  /** Requests per second of all VUs at most. */
  rps: number | undefined;
  /** The server that a script means, where it says it by address: `hosts`. */
  hosts: Record<string, string>;
  setupTimeoutMs: number;
  teardownTimeoutMs: number;
  notes: string[];
}

/** Options that change nothing here, with why where that is not plain. */
const without: Record<string, string | undefined> = {
  batch: 'a VU’s requests are sent one after another',
  batchPerHost: 'a VU’s requests are sent one after another',
  cloud: undefined,
  ext: undefined,
  summaryTrendStats: undefined,
  summaryTimeUnit: undefined,
  summaryMode: undefined,
  systemTags: undefined,
  tags: undefined,
  dns: undefined,
  minIterationDuration: undefined,
  noVUConnectionReuse: undefined,
  noConnectionReuse: undefined,
  console: undefined,
  httpDebug: undefined,
  linger: undefined,
  noUsageReport: undefined,
  paused: undefined,
  setupTimeout: undefined,
  teardownTimeout: undefined,
  tlsAuth: undefined,
  tlsCipherSuites: undefined,
  tlsVersion: undefined,
  blacklistIPs: undefined,
  blockHostnames: undefined,
  executionSegment: undefined,
  executionSegmentSequence: undefined,
  localIPs: undefined,
};

/** Of those, what would change the requests or when they are sent. */
const refused: Record<string, string> = {
  minIterationDuration: 'a least duration of an iteration is not kept: write the pause as sleep()',
  noConnectionReuse: 'connections are always kept',
  noVUConnectionReuse: 'connections are always kept',
  tlsAuth: 'give the client’s certificate with --cert and --key',
  tlsCipherSuites: 'the cipher suites are those of Node.js',
  tlsVersion: 'the versions of TLS are those of Node.js',
  executionSegment: 'parts of a load are --pods of one load here',
  executionSegmentSequence: 'parts of a load are --pods of one load here',
  localIPs: 'the address that requests come from is the system’s choice',
};

const own = [
  ...['scenarios', 'thresholds', 'vus', 'duration', 'iterations', 'stages', 'userAgent', 'discardResponseBodies'],
  ...['insecureSkipTLSVerify', 'maxRedirects', 'noCookiesReset', 'throw', 'rps', 'hosts', 'vusMax'],
];

/** What the command line, or a TestRun's arguments, say in place of a script's options. */
export interface OptionOverrides {
  vus?: number;
  duration?: string;
  iterations?: number;
  stages?: { duration: string; target: number }[];
  rps?: number;
}

/** Reads the value of `export const options`. `exports`: names of functions that may be an `exec`. */
export function readOptions(
  given: unknown,
  overrides: OptionOverrides,
  exports: (name: string) => boolean,
): { options: K6Options; problems: OptionProblem[] } {
  const problems: OptionProblem[] = [];
  const problem = (path: string[], message: string, judges = false): void => {
    problems.push({ path, message, judges });
  };
  const raw = isPlain(given) ? given : {};
  if (given !== undefined && !isPlain(given)) problem([], 'options is not an object');
  const notes: string[] = [];
  for (const name of Object.keys(raw)) {
    if (own.includes(name)) continue;
    if (!(name in without))
      problem([name], `there is no option ${name}${didYouMean(name, [...own, ...Object.keys(without)])}`);
    else if (refused[name] !== undefined && raw[name] !== false && raw[name] !== undefined)
      problem([name], refused[name]);
    else if (without[name] !== undefined) notes.push(`${name}: ${without[name]}`);
  }
  const fields: ScenarioFields = {
    exports,
    problem,
    durationMs: (value, path) => durationMs(value, path, problem),
    count: (value, path) => whole(value, path, problem),
  };
  const options: K6Options = {
    scenarios: scenariosOf(raw, overrides, fields),
    thresholds: thresholdsOf(raw.thresholds, fields),
    userAgent: raw.userAgent === undefined ? undefined : textOf(raw.userAgent),
    discardResponseBodies: raw.discardResponseBodies === true,
    insecureSkipTlsVerify: raw.insecureSkipTLSVerify === true,
    maxRedirects: raw.maxRedirects === undefined ? 10 : (fields.count(raw.maxRedirects, ['maxRedirects']) ?? 10),
    noCookiesReset: raw.noCookiesReset === true,
    throws: raw.throw === true,
    rps: overrides.rps ?? (raw.rps === undefined || raw.rps === null ? undefined : fields.count(raw.rps, ['rps'])),
    hosts: isPlain(raw.hosts)
      ? Object.fromEntries(Object.entries(raw.hosts).map(([host, to]) => [host, textOf(to)]))
      : {},
    setupTimeoutMs:
      raw.setupTimeout === undefined ? 60_000 : (fields.durationMs(raw.setupTimeout, ['setupTimeout']) ?? 60_000),
    teardownTimeoutMs:
      raw.teardownTimeout === undefined
        ? 60_000
        : (fields.durationMs(raw.teardownTimeout, ['teardownTimeout']) ?? 60_000),
    notes,
  };
  return { options, problems };
}

function scenariosOf(raw: Record<string, unknown>, overrides: OptionOverrides, fields: ScenarioFields): K6Scenario[] {
  const executes =
    overrides.duration !== undefined || overrides.iterations !== undefined || overrides.stages !== undefined;
  if (isPlain(raw.scenarios) && !executes) {
    const entries = Object.entries(raw.scenarios);
    if (overrides.vus !== undefined && entries.length > 0)
      fields.problem(
        ['scenarios'],
        'the number of VUs alone does not say what becomes of the scenarios: give a duration, stages or iterations too',
      );
    return entries.flatMap(([name, scenario]) => readScenario(name, scenario, ['scenarios', name], fields) ?? []);
  }
  // As k6: what the command line says of when takes the place of all that the script says of it.
  const when = executes
    ? { duration: overrides.duration, iterations: overrides.iterations, stages: overrides.stages }
    : { duration: raw.duration, iterations: raw.iterations, stages: raw.stages };
  const vus = overrides.vus ?? raw.vus;
  const shortcut =
    when.iterations !== undefined && when.iterations !== null
      ? { executor: 'shared-iterations', vus: vus ?? 1, iterations: when.iterations, maxDuration: when.duration }
      : Array.isArray(when.stages) && when.stages.length > 0
        ? { executor: 'ramping-vus', startVUs: vus ?? 1, stages: when.stages }
        : when.duration !== undefined && when.duration !== null
          ? { executor: 'constant-vus', vus: vus ?? 1, duration: when.duration }
          : { executor: 'shared-iterations', vus: vus ?? 1, iterations: vus ?? 1 };
  return readScenario('default', shortcut, [], fields) ?? [];
}

function thresholdsOf(given: unknown, fields: ScenarioFields): K6Options['thresholds'] {
  if (given === undefined || given === null) return [];
  if (!isPlain(given)) {
    fields.problem(['thresholds'], 'thresholds is not an object', true);
    return [];
  }
  return Object.entries(given).flatMap(([metric, list]) =>
    (Array.isArray(list) ? list : [list]).map((each, i) => {
      const path = ['thresholds', metric, ...(Array.isArray(list) ? [String(i)] : [])];
      const own: Record<string, unknown> = isPlain(each) ? each : { threshold: each };
      return {
        metric,
        text: textOf(own.threshold),
        abortOnFail: own.abortOnFail === true,
        delayMs:
          own.delayAbortEval === undefined
            ? 0
            : (fields.durationMs(own.delayAbortEval, [...path, 'delayAbortEval']) ?? 0),
        path,
      };
    }),
  );
}

type Tell = (path: string[], message: string, judges?: boolean) => void;

/** A duration as k6 takes it: `30s`, or milliseconds as a number. */
function durationMs(value: unknown, path: string[], problem: Tell): number | undefined {
  if (typeof value === 'number' && value >= 0) return value;
  try {
    return parseDurationMs(textOf(value), path.join('.'));
  } catch {
    problem(path, `${JSON.stringify(value)} is not a duration`);
    return undefined;
  }
}

function whole(value: unknown, path: string[], problem: Tell): number | undefined {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0 && typeof value !== 'boolean' && value !== null) return number;
  problem(path, `${JSON.stringify(value)} is not a whole number`);
  return undefined;
}
