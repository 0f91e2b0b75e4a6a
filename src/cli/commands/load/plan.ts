import type { JourneyData } from '../../journey/plan-journey.js';
import { Failure } from '../../kernel/failure.js';
import { shownUrl } from '../../kernel/secrets.js';
import {
  type HeaderFields,
  type LoadEndpoint,
  type LoadPlan,
  mergeHeaders,
  type PreparedRequest,
  type Work,
} from '../../load/plan/plan.js';
import { definePlan } from '../../load/plan/plan-define.js';
import { findProfile, type Profile } from '../../load/plan/profile.js';
import type { ProfileWork } from '../../load/plan/profile-shape.js';
import { searchPlan } from '../../load/search/search-plan.js';
import type { Target } from '../../target/target.js';
import type { Context } from '../context/context.js';
import { modelExclusive, needs, readArrivals } from './arrivals.js';
import { findTarget, type WorkPlace } from './endpoint.js';
import { type PlannedFaults, readFaults, refuseFaults, thresholdsBeside } from './faults.js';
import { readSearch } from './find-max.js';
import { type PlanOptions, refuseTogether } from './flags.js';
import { headersOf } from './values.js';

/** A plan, and what the user should know about how it came to be. */
export interface PlannedLoad {
  plan: LoadPlan;
  /** Autoscalers must have figures before the load begins. */
  waitForScaling: boolean;
  /** Pods that the work asks for where it is sent from a cluster. */
  pods?: number | undefined;
  notes: string[];
  /** Whose workloads can be looked at meanwhile. */
  target?: Target;
  /** Done before the first arrival; gives the plan with what came of it. */
  prepare?(plan: LoadPlan): Promise<LoadPlan>;
  /** Done once the load is over. */
  finish?(plan: LoadPlan): Promise<void>;
}

const exclusive = [
  ...modelExclusive,
  ['scenario', 'path'],
  ['scenario', 'method'],
  ['scenario', 'body'],
  ['scenario', 'data'],
  ['body', 'data'],
  ['resolve', 'unixSocket'],
];

/**
 * Turns the profile and flags of `hwctl load` into a plan; flags override the profile. Everything given is checked before
 * anything is reached. Throws Failure.
 */
export async function makeLoadPlan(
  profileName: string | undefined,
  options: PlanOptions,
  context: Context,
): Promise<PlannedLoad> {
  refuseTogether({ ...options }, exclusive);
  const { root, cwd } = context;
  const profile = profileName === undefined ? undefined : findProfile(profileName, { root, cwd });
  const findMax = options.findMax === true || profile?.findMax === true;
  const arrivals = readArrivals(options, profile?.arrivals);
  const search = findMax ? readSearch(options, profile?.arrivals, arrivals) : undefined;
  const broken = readFaults(options, { profile, arrivals, search: search !== undefined });
  const tuning = readTuning(options, profile, broken);
  const prepared = readRequest(options);
  const givenPath = options.path;
  const given = { headers: prepared.headers, variables: options.var };
  const ownWork = profile !== undefined && !replacesWork(options) ? profile.work : undefined;
  const ready =
    ownWork !== undefined
      ? await profileWork(ownWork, given, context)
      : options.scenario !== undefined
        ? [await scenarioWork({ name: options.scenario, weight: 1, scenario: options.scenario }, given, context)]
        : undefined;
  if (Object.keys(given.variables).length > 0 && ready?.some(({ work }) => work.kind === 'flow') !== true)
    throw needs('--var', '--scenario');
  const hasPaths = givenPath !== undefined || ready !== undefined;
  const target = await findTarget(
    options,
    hasPaths,
    { ...placeOf(options, profile, ready), harms: broken.faults !== undefined },
    context,
  );
  refuseFaults(broken, target);
  const work = ready?.map((one) => one.work) ?? [requestWork({ ...prepared, path: givenPath ?? target.path })];
  await refuseStrangers(work, target.endpoint);
  const request = { name: profile?.name ?? 'load', endpoint: target.endpoint, arrivals, work, ...tuning, ...broken };
  const plan = search === undefined ? definePlan(request) : searchPlan(request, search);
  const waitForScaling = profile?.waitForScaling === true;
  const notes = [...target.notes, ...(ready ?? []).flatMap((one) => one.notes ?? [])];
  return { plan, waitForScaling, notes, target: target.target };
}

function replacesWork({ path, scenario, method, body, data }: PlanOptions): boolean {
  return [path, scenario, method, body, data].some((flag) => flag !== undefined);
}

/** Work, and the server that its scenario names. */
interface ReadyWork {
  work: Work;
  url?: string;
  /** What it does not do of what it says. */
  notes?: string[];
}

/** Where the profile and its scenarios, or the scenario, say that they go. Throws Failure where they name several servers. */
function placeOf(options: PlanOptions, profile: Profile | undefined, ready: ReadyWork[] | undefined): WorkPlace {
  const own = profile === undefined ? {} : { stack: profile.stack, url: profile.url, host: profile.host };
  if (ready === undefined || options.url !== undefined || own.url !== undefined) return own;
  const urls = [...new Set(ready.map(({ url }) => url))];
  if (urls.length > 1) {
    throw new Failure({
      code: 'two-servers',
      message: `the works of ${JSON.stringify(profile?.name)} go to different servers, and a load goes to one`,
      details: ready.map(({ work, url }) => `${work.name}: ${url === undefined ? 'what is up' : shownUrl(url)}`),
      hint: 'Say which with url: in the profile, or with --url',
    });
  }
  return urls[0] === undefined ? own : { url: urls[0] };
}

function requestWork(request: PreparedRequest): Work {
  const step = `${request.method} ${request.path}`;
  return { kind: 'requests', name: step, weight: 1, requests: [{ ...request, step }] };
}

/** What flags say of requests and scenarios, whoever names these. */
interface GivenToWork {
  headers: HeaderFields | undefined;
  variables: Record<string, string>;
}

/** The profile's own work; headers given as flags go on each of its requests. */
function profileWork(work: readonly ProfileWork[], given: GivenToWork, context: Context): Promise<ReadyWork[]> {
  return Promise.all(
    work.map(async (item) =>
      item.kind === 'scenario'
        ? scenarioWork(item, given, context)
        : { work: { ...item, requests: item.requests.map((request) => withHeaders(request, given.headers)) } },
    ),
  );
}

function withHeaders(request: PreparedRequest, headers: HeaderFields | undefined): PreparedRequest {
  return { ...request, headers: mergeHeaders(request.headers, headers) };
}

/** A scenario as each arrival's journey; checked here, so that what cannot be one is refused before the run. */
async function scenarioWork(
  item: { name: string; weight: number; scenario: string },
  { headers, variables }: GivenToWork,
  { root, cwd }: Context,
): Promise<ReadyWork> {
  const [{ journeyWork, planJourney }, { loadScenario }] = await Promise.all([
    import('../../journey/plan-journey.js'),
    import('../../scenario/format/find.js'),
  ]);
  const read = await loadScenario(item.scenario, { root, cwd, variables: Object.keys(variables) });
  const scenario = { ...read, headers: mergeHeaders(read.headers, headers) };
  const journey = planJourney(scenario);
  if (journey.problems.length > 0) throw noJourney(item.name, journey.problems);
  return { work: journeyWork(journey, { scenario, variables }, item), url: scenario.url, notes: journey.notes };
}

function noJourney(name: string, details: string[]): Failure {
  return new Failure({
    code: 'no-journey',
    message: `the scenario ${JSON.stringify(name)} cannot be a journey of a load`,
    details,
    hint: 'Load a scenario of plain requests to one server, or one path with --path',
  });
}

/** What of a journey goes to another server than the load. Throws Failure. */
async function refuseStrangers(works: readonly Work[], endpoint: LoadEndpoint): Promise<void> {
  for (const work of works) {
    if (work.kind !== 'flow') continue;
    const { strangersTo } = await import('../../journey/plan-journey.js');
    const { origin, protocol } = new URL(endpoint.url);
    const url = endpoint.hostHeader === undefined ? origin : `${protocol}//${endpoint.hostHeader}`;
    const strangers = strangersTo({ url }, work.data as JourneyData);
    if (strangers.length > 0) throw noJourney(work.name, strangers);
  }
}

/** What a run is judged by and the room it has: of the flags, else of the profile. */
export function readTuning(options: PlanOptions, profile: Profile | undefined, broken: PlannedFaults) {
  const { threshold, abortOnFail = false } = options;
  const given = threshold.length > 0 ? threshold.map((one) => ({ ...one, abortOnFail })) : (profile?.thresholds ?? []);
  return {
    thresholds: thresholdsBeside(broken, given),
    maxInFlight: options.maxInFlight ?? profile?.maxInFlight,
    connections: options.connections ?? profile?.connections,
    timeoutMs: options.timeout ?? profile?.timeoutMs,
    workers: options.workers ?? profile?.workers,
    seed: options.seed ?? profile?.seed,
    startAtUnixMs: options.startAt,
    compression: options.compression === true,
  };
}

function readRequest(options: PlanOptions): PreparedRequest {
  const body = options.body ?? options.data;
  const method = options.method ?? (body === undefined ? 'GET' : 'POST');
  const headers = headersOf(options.header);
  if (body !== undefined && !Object.keys(headers).some((name) => name.toLowerCase() === 'content-type'))
    headers['Content-Type'] = looksLikeJson(body) ? 'application/json' : 'text/plain; charset=utf-8';
  return { step: '', method, path: '/', headers, body };
}

function looksLikeJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
