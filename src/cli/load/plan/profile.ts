import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseDurationMs } from '../../kernel/duration.js';
import { Failure } from '../../kernel/failure.js';
import { didYouMean } from '../../kernel/nearest.js';
import type { ProfileFields } from '../arrivals/model.js';
import { type Arrivals, arrivalModels } from '../arrivals/models.js';
import { lastingMs, type Stage } from '../arrivals/schedule.js';
import type { HeaderFields, PreparedRequest, RequestsWork } from './plan.js';
import { type ProfileProblem, shapeProfile } from './profile-shape.js';
import { parseThreshold, type Threshold } from './thresholds.js';

/** A load profile as its file says it: all of a plan but where to send it, and journeys by name only. */
export interface Profile {
  name: string;
  why?: string;
  stack?: string;
  /** The server that it is for, where that is not what is up. */
  url?: string;
  host?: string;
  arrivals: Arrivals;
  work: ProfileWork[];
  thresholds: Threshold[];
  findMax: boolean;
  /** The load is about scaling: it begins once every autoscaler of what is up has figures. */
  waitForScaling: boolean;
  maxInFlight?: number;
  connections?: number;
  timeoutMs?: number;
  workers?: number;
  seed?: number;
}

/** Requests, or a scenario to be used as a journey: its built-in name or an absolute path. */
export type ProfileWork = RequestsWork | { kind: 'scenario'; name: string; weight: number; scenario: string };

interface RawProfile {
  name?: string;
  why?: string;
  stack?: string;
  url?: string;
  host?: string;
  arrivals: RawArrivals;
  work: { name?: string; weight?: number; request?: RawRequest; requests?: RawRequest[]; scenario?: string }[];
  thresholds?: (string | { threshold: string; abortOnFail?: boolean })[];
  findMax?: boolean;
  waitForScaling?: boolean;
  maxInFlight?: number;
  connections?: number;
  timeout?: string;
  workers?: number;
  seed?: number;
}

/** Beside these, the level of a constant load under the name of its model's level. */
interface RawArrivals extends ProfileFields {
  duration?: string;
  from?: number;
  stages?: { duration: string; to: number }[];
  of?: string;
}

type RawRequest =
  | string
  | {
      request: string;
      name?: string;
      headers?: HeaderFields;
      json?: unknown;
      body?: string;
      status?: number[];
    };

/** The built-in profiles, by name, with the line that says why each exists. */
export function listProfiles(root: string): { name: string; file: string; why: string }[] {
  const folder = join(root, 'scenarios', 'profiles');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => {
      const file = join(folder, name);
      return { name: basename(name).replace(/\.ya?ml$/, ''), file, why: readProfile(file).why ?? '' };
    });
}

/** Reads a built-in profile by name, or a file by its path. Throws Failure `unknown-profile`, `no-such-file` or `bad-profile`. */
export function findProfile(nameOrPath: string, places: { root: string; cwd: string }): Profile {
  if (/[\\/]|\.ya?ml$/.test(nameOrPath)) return readProfile(resolve(places.cwd, nameOrPath));
  const names = listNames(places.root);
  if (names.includes(nameOrPath)) return readProfile(join(places.root, 'scenarios', 'profiles', `${nameOrPath}.yaml`));
  throw new Failure({
    code: 'unknown-profile',
    message: `unknown profile ${JSON.stringify(nameOrPath)}${didYouMean(nameOrPath, names)}`,
    hint: `There are ${names.join(', ')}; a file is given by its path: ./${nameOrPath}.yaml`,
  });
}

function listNames(root: string): string[] {
  const folder = join(root, 'scenarios', 'profiles');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'))
    .sort();
}

/** Reads a profile's file. Throws Failure `no-such-file`, or `bad-profile` with every problem, its line and column. */
export function readProfile(file: string): Profile {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure({
      code: 'no-such-file',
      message: `cannot read the profile ${file} (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
      hint: 'Give the path of a readable YAML file, or the name of a built-in profile',
      cause: error,
    });
  }
  const { profile, problems } = parseProfile(text, file);
  if (profile !== undefined) return profile;
  throw new Failure({
    code: 'bad-profile',
    message: `${file} is not a load profile: ${problems.length} problem${problems.length === 1 ? '' : 's'}`,
    details: problems.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`),
    hint: 'schemas/profile.schema.json describes every field; editors complete and check it',
  });
}

/** Parses a profile's text; either the profile or all that is wrong with it. `file` is what journeys' paths are relative to. */
export function parseProfile(text: string, file = '.'): { profile?: Profile; problems: ProfileProblem[] } {
  const shaped = shapeProfile(text);
  if (shaped.problems.length > 0) return { problems: shaped.problems };
  const raw = shaped.data as RawProfile;
  const problems: ProfileProblem[] = [];
  const report = (path: (string | number)[], message: string) => problems.push(shaped.problemAt(path, message));
  const arrivals = readArrivals(raw.arrivals, report);
  const work = readWork(raw.work, file, report);
  const thresholds = readThresholds(raw, report);
  if (raw.findMax === true && thresholds.length === 0)
    report(['findMax'], 'findMax needs thresholds to tell what holds');
  if (problems.length > 0) return { problems: byPlace(problems) };
  const profile: Profile = {
    name: raw.name ?? basename(file).replace(/\.ya?ml$/, ''),
    why: raw.why,
    stack: raw.stack,
    url: raw.url,
    host: raw.host,
    arrivals: arrivals!,
    work,
    thresholds,
    waitForScaling: raw.waitForScaling === true,
    findMax: raw.findMax === true,
    maxInFlight: raw.maxInFlight,
    connections: raw.connections,
    timeoutMs: raw.timeout === undefined ? undefined : parseDurationMs(raw.timeout, 'timeout'),
    workers: raw.workers,
    seed: raw.seed,
  };
  return { profile, problems };
}

type Report = (path: (string | number)[], message: string) => void;

function readArrivals(raw: RawArrivals, report: Report): Arrivals | undefined {
  const models = Object.values(arrivalModels).map(({ profile }) => profile);
  const levels = models.map(({ level }) => level);
  const levelOf = (name: string) => (raw as Record<string, number | undefined>)[name];
  const given = levels.filter((name) => levelOf(name) !== undefined);
  if (given.length > 1) report(['arrivals', given[1]!], `${given.join(' and ')} exclude each other`);
  const what = given[0] ?? raw.of;
  if (what === undefined)
    report(['arrivals'], `arrivals needs ${orList(levels)}; with stages, say \`of: ${levels[0]}\``);
  for (const { level, own } of models)
    for (const name of own)
      if (raw[name] !== undefined && what !== undefined && what !== level)
        report(['arrivals', name], `${name} belongs to ${level}`);
  const constant = given[0] === undefined ? undefined : levelOf(given[0]);
  const stages: Stage[] = [];
  if (raw.stages === undefined) {
    if (raw.duration === undefined && raw.requests === undefined)
      report(['arrivals'], 'arrivals needs duration or stages');
    const durationMs =
      raw.duration === undefined ? Number.POSITIVE_INFINITY : parseDurationMs(raw.duration, 'duration');
    stages.push({ durationMs, from: constant ?? 0, to: constant ?? 0 });
  } else {
    if (raw.duration !== undefined) report(['arrivals', 'duration'], 'stages have their own durations');
    let from = raw.from ?? constant ?? raw.stages[0]!.to;
    for (const stage of raw.stages) {
      stages.push({ durationMs: parseDurationMs(stage.duration, 'duration'), from, to: stage.to });
      from = stage.to;
    }
  }
  return models.find(({ level }) => level === what)?.arrivals(stages, raw);
}

function orList(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function readWork(raw: RawProfile['work'], file: string, report: Report): ProfileWork[] {
  return raw.flatMap((work, i): ProfileWork[] => {
    const given = (['request', 'requests', 'scenario'] as const).filter((name) => work[name] !== undefined);
    if (given.length !== 1) {
      report(['work', i], 'work needs exactly one of request, requests and scenario');
      return [];
    }
    const weight = work.weight ?? 1;
    if (work.scenario !== undefined) {
      const scenario = work.scenario.startsWith('.') ? resolve(dirname(file), work.scenario) : work.scenario;
      const name = work.name ?? basename(work.scenario).replace(/\.ya?ml$/, '');
      return [{ kind: 'scenario', name, weight, scenario }];
    }
    const requests = (work.requests ?? [work.request!]).map(readRequest);
    return [{ kind: 'requests', name: work.name ?? requests[0]!.step, weight, requests }];
  });
}

function readRequest(raw: RawRequest): PreparedRequest {
  const request = typeof raw === 'string' ? { request: raw } : raw;
  const [method = '', path = ''] = request.request.split(' ');
  const headers = { ...request.headers };
  const isJson = request.json !== undefined;
  if (isJson && !Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) {
    headers['Content-Type'] = 'application/json';
  }
  return {
    step: request.name ?? request.request,
    method,
    path,
    headers: Object.keys(headers).length > 0 ? headers : undefined,
    body: isJson ? JSON.stringify(request.json) : request.body,
    expectStatus: request.status,
  };
}

function readThresholds(raw: RawProfile, report: Report): Threshold[] {
  return (raw.thresholds ?? []).flatMap((threshold, i) => {
    const { threshold: text, abortOnFail } =
      typeof threshold === 'string' ? { threshold, abortOnFail: false } : threshold;
    try {
      return [parseThreshold(text, abortOnFail === true)];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      report(['thresholds', i], error.message);
      return [];
    }
  });
}

function byPlace(problems: ProfileProblem[]): ProfileProblem[] {
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** What `--quick` makes of stages: the whole scaled to `totalMs` in the same proportions, where it is longer. */
export function scaleStages(stages: readonly Stage[], totalMs = 20_000): Stage[] {
  const sum = lastingMs(stages);
  if (!(sum > totalMs) || sum === Number.POSITIVE_INFINITY) return [...stages];
  return stages.map((stage) => ({ ...stage, durationMs: (stage.durationMs * totalMs) / sum }));
}
