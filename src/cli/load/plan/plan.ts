import type { TlsOptions } from '../../kernel/http/tls.js';
import { withoutUrlSecrets } from '../../kernel/secrets.js';
import type { Arrivals } from '../arrivals/models.js';
import { lastingMs } from '../arrivals/schedule.js';
import type { LoadFault, Objective } from './faults.js';
import type { Threshold } from './thresholds.js';

/**
 * Everything a load run needs, as one serialisable value: it is printed by --dry-run, sent to the worker threads and to the
 * pods of a distributed run unchanged. Made by `definePlan` (plan-define.ts), which fills the defaults and refuses nonsense.
 */
export interface LoadPlan {
  /** The profile's name, or `load`. */
  name: string;
  endpoint: LoadEndpoint;
  /** At least one; an arrival picks one by weight. */
  work: Work[];
  arrivals: Arrivals;
  /** What arrives: `requests` where every iteration is one request, else `iterations`. Rates of the arrivals count these. */
  unit: ArrivalUnit;
  /** `--find-max`: its rates are tried one after another (find-max.ts), beginning with that of `arrivals`. */
  search?: SearchBounds;
  thresholds: Threshold[];
  /** What is broken on purpose meanwhile, by whoever started the run; where there is any, the run is judged second by second too. */
  faults?: LoadFault[];
  /** What must come of each of them. */
  objectives?: Objective[];
  /** Metrics that a flow measures beside the engine's own. */
  measures?: Measure[];
  /** Requests (journeys: iterations) under way at once over all workers; arrivals past it are dropped and counted. */
  maxInFlight: number;
  /** Connections opened and warmed up before the first arrival, over all workers. */
  connections: number;
  /** Milliseconds from the write (or the begin of connecting) until a request counts as timed out. */
  timeoutMs: number;
  /** Milliseconds to wait for outstanding responses after the last arrival; what is open then is counted as `inFlight`. */
  drainMs: number;
  /** I/O threads, 1 .. 64. */
  workers: number;
  /** Seeds the choice by weight and Poisson arrivals, so that two runs choose alike. */
  seed: number;
  /** This process's share of a distributed run: it takes the arrivals whose global index is `index` modulo `count`. */
  shard: { index: number; count: number };
  /** Unix milliseconds of the first arrival; at once where undefined. All pods of a distributed run share one. */
  startAtUnixMs?: number;
  /** Ask for gzip/br; off by default, so that bytes and CPU are the service's own. */
  compression: boolean;
}

export interface LoadEndpoint {
  /** Base URL as people read it: `http://arch.homework`. Scheme decides TLS; a path is the prefix of every request's. */
  url: string;
  /** Where to connect; undefined: the URL's own host and port. A host name is resolved once, every address is used in turn. */
  connect?: { host: string; port: number } | { socketPath: string };
  /** Value of the Host header; undefined: the URL's host (with its port where it is not the scheme's own). */
  hostHeader?: string;
  tls?: EndpointTls;
}

export interface EndpointTls extends TlsOptions {
  /** Server name for SNI and verification; undefined: the URL's host. */
  serverName?: string;
}

/** What an arrival does: a fixed sequence of requests, or a journey whose next request depends on the last response. */
export type Work = RequestsWork | FlowWork;

export interface RequestsWork {
  kind: 'requests';
  name: string;
  /** Relative to the other works'; > 0. */
  weight: number;
  /** Sent one after another; one request is the plain case. */
  requests: PreparedRequest[];
}

/** Header fields by name; a list is sent as so many lines. */
export type HeaderFields = Record<string, string | string[]>;

/** `given` on top of `base`: a name of `given`, whatever its case, takes the place of that of `base`. */
export function mergeHeaders(base: HeaderFields | undefined, given: HeaderFields | undefined): HeaderFields {
  const names = new Set(Object.keys(given ?? {}).map((name) => name.toLowerCase()));
  const kept = Object.entries(base ?? {}).filter(([name]) => !names.has(name.toLowerCase()));
  return { ...Object.fromEntries(kept), ...given };
}

export interface PreparedRequest {
  /** Name of the step in per-step figures: `GET /price/1`. */
  step: string;
  method: string;
  /** Path and query, beginning with `/`. */
  path: string;
  headers?: HeaderFields;
  body?: string;
  /** Status codes that count as ok; undefined: 200 .. 399. */
  expectStatus?: number[];
}

/** A journey: functions do not cross threads, so each worker imports `module` and calls its `createFlow` (see flow.ts). */
export interface FlowWork {
  kind: 'flow';
  name: string;
  weight: number;
  /** URL (`file:`) of a module that satisfies FlowModule. */
  module: string;
  /** Anything structured-cloneable; handed to createFlow. */
  data: unknown;
  /** Names of the steps, in the order of the indices that the flow uses. */
  steps: string[];
}

/** A metric of a flow's own: a distribution, a share, a sum, or the last value. */
export interface Measure {
  name: string;
  kind: 'trend' | 'rate' | 'counter' | 'gauge';
}

/** What a search may try, in arrivals per second, and how long it may take. */
export interface SearchBounds {
  startPerSecond: number;
  topPerSecond: number;
  lowestPerSecond: number;
  budgetMs: number;
}

/** What a rate of arrivals counts. */
export type ArrivalUnit = 'requests' | 'iterations';

/** Sum of the stages' durations in milliseconds; Infinity where a closed run has no time limit. */
export function planDurationMs(plan: LoadPlan): number {
  return lastingMs(plan.arrivals.stages);
}

/**
 * Names of all steps of a plan in the order of their indices in per-step figures, as every report shows them: without the
 * secrets of a query, and each one only once. What two works share is told apart by the work, what one work has twice by its
 * number.
 */
export function planSteps(plan: Pick<LoadPlan, 'work'>): string[] {
  const named = plan.work.flatMap((work) => {
    const names = work.kind === 'requests' ? work.requests.map((request) => request.step) : work.steps;
    return names.map((name) => ({ name: withoutUrlSecrets(name), work: work.name }));
  });
  const works = new Map<string, Set<string>>();
  for (const { name, work } of named) works.set(name, (works.get(name) ?? new Set()).add(work));
  const taken = new Set<string>();
  return named.map(({ name, work }) => {
    const whole = works.get(name)!.size > 1 ? `${name} (${withoutUrlSecrets(work)})` : name;
    let label = whole;
    for (let number = 2; taken.has(label); number++) label = `${whole} (${number})`;
    taken.add(label);
    return label;
  });
}
