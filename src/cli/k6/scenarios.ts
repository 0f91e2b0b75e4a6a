import { didYouMean } from '../kernel/nearest.js';
import type { Stage } from '../load/arrivals/schedule.js';
import type { OwnScenario } from './api/vu.js';
import { isPlain, textOf } from './language/coerce.js';

/** One scenario of a script's options: what it does, and when iterations of it begin. */
export interface K6Scenario extends OwnScenario {
  startMs: number;
  gracefulStopMs: number;
  /** VUs in a loop, or arrivals at a rate (a second). */
  model: 'closed' | 'open';
  stages: Stage[];
  /** Iterations of all VUs together after which none begins. */
  limit: number | undefined;
  /** Of arrivals: VUs at most. */
  mostVus: number | undefined;
  notes: string[];
}

/** How the fields of scenarios are read, and what is wrong told. */
export interface ScenarioFields {
  exports(name: string): boolean;
  problem(path: string[], message: string, judges?: boolean): void;
  durationMs(value: unknown, path: string[]): number | undefined;
  count(value: unknown, path: string[]): number | undefined;
}

type Raw = Record<string, unknown>;
type Load = Pick<K6Scenario, 'model' | 'stages' | 'limit' | 'mostVus'> & { notes?: string[] };

interface Executor {
  fields: string[];
  read(raw: Raw, path: string[], fields: ScenarioFields): Load | undefined;
}

const usualMaxDurationMs = 600_000;
const closedLoad = (stages: Stage[], limit?: number): Load => ({ model: 'closed', stages, limit, mostVus: undefined });

/** The executors of k6 that are read; `externally-controlled` is not (k6 2 has none either). */
const executors: Record<string, Executor> = {
  'shared-iterations': {
    fields: ['vus', 'iterations', 'maxDuration'],
    read: (raw, path, fields) => iterations(raw, path, fields, (_, count) => count),
  },
  'per-vu-iterations': {
    fields: ['vus', 'iterations', 'maxDuration'],
    read(raw, path, fields) {
      const load = iterations(raw, path, fields, (vus, count) => vus * count);
      const note = 'per-vu-iterations: the iterations of all VUs together are done, whichever VU is free does the next';
      return load && { ...load, notes: Number(raw.vus ?? 1) > 1 ? [note] : [] };
    },
  },
  'constant-vus': {
    fields: ['vus', 'duration'],
    read(raw, path, fields) {
      const vus = fields.count(raw.vus ?? 1, [...path, 'vus']);
      const durationMs = needed(raw, 'duration', path, fields);
      return vus === undefined || durationMs === undefined
        ? undefined
        : closedLoad([{ durationMs, from: vus, to: vus }]);
    },
  },
  'ramping-vus': {
    fields: ['startVUs', 'stages', 'gracefulRampDown'],
    read(raw, path, fields) {
      const from = fields.count(raw.startVUs ?? 1, [...path, 'startVUs']);
      const stages = from === undefined ? undefined : stagesOf(raw.stages, from, 1, path, fields);
      return stages && closedLoad(stages);
    },
  },
  'constant-arrival-rate': {
    fields: ['rate', 'timeUnit', 'duration', 'preAllocatedVUs', 'maxVUs'],
    read(raw, path, fields) {
      const unit = timeUnit(raw, path, fields);
      const rate = Number(raw.rate);
      if (!(rate > 0))
        return fields.problem([...path, 'rate'], `${JSON.stringify(raw.rate)} is not a rate`) as undefined;
      const durationMs = needed(raw, 'duration', path, fields);
      if (durationMs === undefined || unit === undefined) return undefined;
      return openLoad([{ durationMs, from: rate * unit, to: rate * unit }], raw, path, fields);
    },
  },
  'ramping-arrival-rate': {
    fields: ['startRate', 'timeUnit', 'stages', 'preAllocatedVUs', 'maxVUs'],
    read(raw, path, fields) {
      const unit = timeUnit(raw, path, fields);
      const from = Number(raw.startRate ?? 0);
      if (!(from >= 0))
        return fields.problem([...path, 'startRate'], `${JSON.stringify(raw.startRate)} is not a rate`) as undefined;
      const stages = unit === undefined ? undefined : stagesOf(raw.stages, from * unit, unit, path, fields);
      return stages && openLoad(stages, raw, path, fields);
    },
  },
};

const executorNames = Object.keys(executors);

const common = ['executor', 'startTime', 'gracefulStop', 'env', 'tags', 'exec', 'options'];

/** Reads one scenario. */
export function readScenario(
  name: string,
  given: unknown,
  path: string[],
  fields: ScenarioFields,
): K6Scenario[] | undefined {
  if (!isPlain(given)) return fields.problem(path, 'a scenario is an object') as undefined;
  const executor = textOf(given.executor ?? '');
  const known = Object.hasOwn(executors, executor) ? executors[executor] : undefined;
  if (known === undefined) {
    const why =
      executor === 'externally-controlled'
        ? 'the executor externally-controlled is not read: what controls it is outside of the script'
        : `there is no executor ${JSON.stringify(executor)}${didYouMean(executor, executorNames)}`;
    return fields.problem([...path, 'executor'], why) as undefined;
  }
  for (const key of Object.keys(given))
    if (![...common, ...known.fields].includes(key) && given[key] !== undefined)
      fields.problem([...path, key], `${executor} has no ${key}${didYouMean(key, [...common, ...known.fields])}`);
  if (isPlain(given.options) && 'browser' in given.options)
    fields.problem([...path, 'options'], 'a browser is not driven: hwctl sends requests');
  const exec = textOf(given.exec ?? 'default');
  if (!fields.exports(exec))
    fields.problem([...path, ...(given.exec === undefined ? [] : ['exec'])], `the script exports no function ${exec}`);
  const load = known.read(given, path, fields);
  const startMs = given.startTime === undefined ? 0 : fields.durationMs(given.startTime, [...path, 'startTime']);
  const gracefulStopMs =
    given.gracefulStop === undefined ? 30_000 : fields.durationMs(given.gracefulStop, [...path, 'gracefulStop']);
  if (load === undefined || startMs === undefined || gracefulStopMs === undefined) return undefined;
  const texts = (value: unknown) =>
    isPlain(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, textOf(each)])) : {};
  return [
    {
      name,
      executor,
      exec,
      env: texts(given.env),
      tags: texts(given.tags),
      startMs,
      gracefulStopMs,
      ...load,
      notes: load.notes ?? [],
    },
  ];
}

function iterations(
  raw: Raw,
  path: string[],
  fields: ScenarioFields,
  limitOf: (vus: number, count: number) => number,
): Load | undefined {
  const vus = fields.count(raw.vus ?? 1, [...path, 'vus']);
  const count = fields.count(raw.iterations ?? 1, [...path, 'iterations']);
  const durationMs =
    raw.maxDuration === undefined || raw.maxDuration === null
      ? usualMaxDurationMs
      : fields.durationMs(raw.maxDuration, [...path, 'maxDuration']);
  if (vus === undefined || count === undefined || durationMs === undefined) return undefined;
  return closedLoad([{ durationMs, from: vus, to: vus }], limitOf(vus, count));
}

function openLoad(stages: Stage[], raw: Raw, path: string[], fields: ScenarioFields): Load | undefined {
  const most = raw.maxVUs ?? raw.preAllocatedVUs;
  if (most === undefined) return fields.problem(path, 'a scenario at a rate needs preAllocatedVUs') as undefined;
  const mostVus = fields.count(most, [...path, raw.maxVUs === undefined ? 'preAllocatedVUs' : 'maxVUs']);
  return mostVus === undefined ? undefined : { model: 'open', stages, limit: undefined, mostVus };
}

function needed(raw: Raw, key: string, path: string[], fields: ScenarioFields): number | undefined {
  if (raw[key] === undefined) return fields.problem(path, `it needs ${key}`) as undefined;
  const ms = fields.durationMs(raw[key], [...path, key]);
  if (ms !== undefined && ms <= 0) return fields.problem([...path, key], `${key} must be above 0`) as undefined;
  return ms;
}

/** Factor from a rate as written to one a second. */
function timeUnit(raw: Raw, path: string[], fields: ScenarioFields): number | undefined {
  if (raw.timeUnit === undefined) return 1;
  const ms = fields.durationMs(raw.timeUnit, [...path, 'timeUnit']);
  if (ms !== undefined && ms <= 0)
    return fields.problem([...path, 'timeUnit'], 'timeUnit must be above 0') as undefined;
  return ms === undefined ? undefined : 1000 / ms;
}

/** Stages of `{ duration, target }`; one without a duration is a jump. */
function stagesOf(
  given: unknown,
  first: number,
  unit: number,
  path: string[],
  fields: ScenarioFields,
): Stage[] | undefined {
  if (!Array.isArray(given) || given.length === 0)
    return fields.problem([...path, 'stages'], 'stages is not a list of { duration, target }') as undefined;
  let from = first;
  const stages: Stage[] = [];
  for (const [i, each] of given.entries()) {
    const at = [...path, 'stages', String(i)];
    const target = isPlain(each) ? Number(each.target) : Number.NaN;
    const durationMs = isPlain(each) ? fields.durationMs(each.duration ?? 0, [...at, 'duration']) : undefined;
    if (!(target >= 0)) return fields.problem(at, 'a stage is { duration, target }') as undefined;
    if (durationMs === undefined) return undefined;
    const to = target * unit;
    if (durationMs > 0) stages.push({ durationMs, from, to });
    from = to;
  }
  if (stages.length === 0) return fields.problem([...path, 'stages'], 'the stages take no time') as undefined;
  return stages;
}
