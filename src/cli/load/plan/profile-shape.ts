import { basename } from 'node:path';
import { isMap, isSeq, type Node } from 'yaml';
import { anything } from '../../document/any-value.js';
import { type JsonSchema, jsonSchema } from '../../document/json-schema.js';
import { type Field, field, type Infer, keyOf, needed, object } from '../../document/object-shape.js';
import type { Reader } from '../../document/reader.js';
import {
  boolean,
  choose,
  duration,
  filled,
  integer,
  listOf,
  mapped,
  matching,
  number,
  orList,
  parsed,
  record,
  type Shape,
  someText,
  text,
  word,
} from '../../document/shape.js';
import type { OwnField } from '../arrivals/model.js';
import { type Arrivals, arrivalModels, type ModelName, modelOf } from '../arrivals/models.js';
import type { Stage } from '../arrivals/schedule.js';
import { type LoadFault, type Objective, parseFault, parseObjective } from './faults.js';
import type { HeaderFields, PreparedRequest, RequestsWork } from './plan.js';
import { parseThreshold, type Threshold } from './thresholds.js';

/** What a profile's file says: journeys by name only, its own name where it has one. */
export interface ProfileRead {
  name?: string;
  why?: string;
  stack?: string;
  /** The server that it is for, where that is not what is up. */
  url?: string;
  host?: string;
  arrivals: Arrivals;
  work: ProfileWork[];
  thresholds: Threshold[];
  faults: LoadFault[];
  objectives: Objective[];
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

const models = Object.keys(arrivalModels).map((name) => modelOf(name as ModelName));
const levels = models.map(({ profile }) => profile.level);

/** The level of a constant load, by its model's word for it. */
const levelFields = Object.fromEntries(
  models.map(({ profile: { level, about, arrivals }, traits }) => {
    const { most } = traits(arrivals([{ durationMs: 1, from: 1, to: 1 }], {})).level;
    return [level, field(number({ above: 0, max: most }), about)];
  }),
);

const own: Record<string, OwnField> = Object.assign({}, ...models.map(({ profile }) => profile.own));
const held = { duration, count: integer(1, Number.MAX_SAFE_INTEGER), switch: boolean };
const ownFields: Record<string, Field<unknown>> = Object.fromEntries(
  Object.entries(own).map(([name, { holds, about }]) => [name, field<unknown>(held[holds], about)]),
);

const commonFields = {
  duration: field(duration, 'Of a constant load; stages have their own'),
  from: field(number({ min: 0 }), 'Where the first stage begins; its own `to` where left out'),
  stages: field(
    filled(
      listOf(
        object('a stage', {
          duration: needed(duration, 'how long it takes'),
          to: needed(number({ min: 0, max: 1_000_000 }), 'what it ends at'),
        }),
      ),
    ),
    `Each goes linearly from where the last ended to \`to\`, a multiple of nothing but itself: ${orList(levels)}`,
  ),
  of: field(word(...levels), `What the stages are of, where none of ${levels.join(', ')} is given`),
};
type ArrivalsRead = Infer<typeof commonFields>;

const arrivals: Shape<Arrivals> = mapped(
  object('arrivals', { ...levelFields, ...ownFields, ...commonFields }),
  (read: ArrivalsRead, reader, node) => {
    const before = reader.problems.length;
    // What the models bring along has no types of its own here.
    const ofModels = read as unknown as Record<string, unknown>;
    const levelOf = (name: string) => ofModels[name] as number | undefined;
    const given = levels.filter((name) => levelOf(name) !== undefined);
    if (given.length > 1) reader.problem(keyOf(node, given[1]!, reader), `${given.join(' and ')} exclude each other`);
    const what = given[0] ?? read.of;
    if (what === undefined)
      return reader.problem(node, `arrivals needs ${orList(levels)}; with stages, say \`of: ${levels[0]}\``);
    for (const { profile } of models)
      for (const name of Object.keys(profile.own))
        if (ofModels[name] !== undefined && what !== profile.level)
          reader.problem(keyOf(node, name, reader), `${name} belongs to ${profile.level}`);
    const stages = stagesOf(read, given[0] === undefined ? undefined : levelOf(given[0]), reader, node);
    if (reader.problems.length > before) return undefined;
    return models.find(({ profile }) => profile.level === what)?.profile.arrivals(stages, ofModels);
  },
);

function stagesOf(read: ArrivalsRead, constant: number | undefined, reader: Reader, node: Node): Stage[] {
  if (read.stages === undefined) {
    const ends = Object.entries(own).some(
      ([name, field]) => field.ends && (read as unknown as Record<string, unknown>)[name] !== undefined,
    );
    if (read.duration === undefined && !ends) reader.problem(node, 'arrivals needs duration or stages');
    return [{ durationMs: read.duration ?? Number.POSITIVE_INFINITY, from: constant ?? 0, to: constant ?? 0 }];
  }
  if (read.duration !== undefined) reader.problem(keyOf(node, 'duration', reader), 'stages have their own durations');
  let from = read.from ?? constant ?? read.stages[0]!.to;
  return read.stages.map(({ duration: durationMs, to }) => {
    const stage = { durationMs, from, to };
    from = to;
    return stage;
  });
}

const requestLine = matching(/^[A-Z]+ \/\S*$/, 'a method and a path, as in GET /orders');

const requestFields = {
  request: needed(requestLine, 'METHOD /path'),
  name: field(someText, 'What figures call it; METHOD /path'),
  headers: field(
    record(choose<string | string[]>([isSeq, filled(listOf(text))], [() => true, text])),
    'Header fields; a list is sent as so many lines',
  ),
  json: field(anything, 'Body, sent as application/json'),
  body: field(text, 'Body, sent as it is'),
  status: field(filled(listOf(integer(100, 599))), 'Status codes that count as ok; 200 .. 399'),
};

const request: Shape<PreparedRequest> = mapped(
  choose<Partial<Infer<typeof requestFields>> & { request: string }>(
    [isMap, object('a request', requestFields)],
    [() => true, mapped(requestLine, (line) => ({ request: line }))],
  ),
  ({ request: line, name, headers: given, json, body, status }) => {
    const [method = '', path = ''] = line.split(' ');
    const headers: HeaderFields = { ...given };
    const typed = Object.keys(headers).some((header) => header.toLowerCase() === 'content-type');
    if (json !== undefined && !typed) headers['Content-Type'] = 'application/json';
    return {
      step: name ?? line,
      method,
      path,
      headers: Object.keys(headers).length > 0 ? headers : undefined,
      body: json === undefined ? body : JSON.stringify(json),
      expectStatus: status,
    };
  },
);

const work: Shape<ProfileWork> = mapped(
  object('a work', {
    name: field(someText, 'What figures call it'),
    weight: field(number({ above: 0 }), "Relative to the others'", 1),
    request: field(request, 'One request'),
    requests: field(filled(listOf(request)), 'Requests, one after another'),
    scenario: field(someText, 'A scenario as a journey: its name, or a path relative to this file beginning with ./'),
  }),
  ({ name, weight, request: one, requests: several, scenario }, reader, node) => {
    if ([one, several, scenario].filter((given) => given !== undefined).length !== 1)
      return reader.problem(node, 'work needs exactly one of request, requests and scenario');
    const requests = several ?? (one && [one]);
    if (requests !== undefined) return { kind: 'requests', name: name ?? requests[0]!.step, weight, requests };
    const called = name ?? basename(scenario!).replace(/\.ya?ml$/, '');
    const path = scenario!.startsWith('.') ? reader.fromFolder(scenario!) : scenario!;
    return { kind: 'scenario', name: called, weight, scenario: path };
  },
);

const threshold: Shape<Threshold> = choose<Threshold>(
  [
    isMap,
    mapped(
      object('a threshold', {
        threshold: needed(
          parsed({ type: 'string', minLength: 1 }, (told) => parseThreshold(told)),
          'what must hold',
        ),
        abortOnFail: field(boolean, 'End the run as soon as it fails', false),
      }),
      ({ threshold: read, abortOnFail }) => ({ ...read, abortOnFail }),
    ),
  ],
  [() => true, parsed({ type: 'string', minLength: 1 }, (told) => parseThreshold(told))],
);

/** A load profile. */
export const profileShape: Shape<ProfileRead> = mapped(
  object('a profile', {
    name: field(
      matching(/^[a-z0-9][a-z0-9-]*$/, 'a name of small letters, digits and -'),
      "What reports call it; the file's name without .yaml",
    ),
    why: field(someText, 'One line: why this profile exists'),
    stack: field(text, 'The stack that has to be up'),
    url: field(
      matching(/^https?:\/\/[^\s/@]+(\/\S*)?$/, 'http(s)://host, with or without a path'),
      'http(s)://host, a path before it: the server that it is for, where that is not what is up. --url takes its place',
    ),
    host: field(text, 'Value of the Host header'),
    arrivals: needed(
      arrivals,
      'when work begins: by rate (arrivals a second, whatever the responses do), users with pace, or concurrency',
    ),
    work: needed(filled(listOf(work)), 'what is done: an arrival does one of these, chosen by weight'),
    thresholds: field(listOf(threshold), "In k6's grammar: p(95)<200, error_rate<1%, service:p(99)<300", []),
    faults: field(
      listOf(parsed({ type: 'string', minLength: 1, examples: ['kill orders at 30s'] }, (told) => parseFault(told))),
      'What is done to workloads meanwhile: kill orders at 30s, stop orders for 5s at 30s, restart orders at 30s, scale orders to 3 at 20s, delete pod orders at 30s',
      [],
    ),
    objectives: field(
      listOf(parsed({ type: 'string', minLength: 1, examples: ['recovers<10s'] }, (told) => parseObjective(told))),
      'What must come of every fault: recovers<10s',
      [],
    ),
    findMax: field(
      boolean,
      'Looks for the highest rate at which the thresholds hold: from the first rate of the stages to their highest, in their time at most',
      false,
    ),
    waitForScaling: field(
      boolean,
      'On a cluster, begin once every autoscaler of what is up has figures; elsewhere nothing scales and nothing is waited for',
      false,
    ),
    maxInFlight: field(integer(1, 1_000_000), 'Arrivals in flight beyond which one is dropped, and counted so'),
    connections: field(integer(0, 1_000_000), 'Connections that are opened before the load begins'),
    timeout: field(duration, 'For one exchange'),
    workers: field(integer(1, 64), 'Threads that send'),
    seed: field(integer(0, 4_294_967_295), 'Of the random choices: the same seed makes the same'),
  }),
  ({ timeout: timeoutMs, at: _, ...read }, reader, node) => {
    if (read.findMax && read.thresholds.length === 0)
      return reader.problem(keyOf(node, 'findMax', reader), 'findMax needs thresholds to tell what holds');
    return { ...read, timeoutMs };
  },
);

/** The format as JSON Schema, for editors: schemas/profile.schema.json is this. */
export function profileJsonSchema(): JsonSchema {
  return jsonSchema('hwctl load profile', profileShape.schema, {
    $id: 'https://hwctl.dev/schemas/profile.schema.json',
    description:
      'What hwctl load PROFILE runs: when work begins (arrivals), what it does (work) and what must hold (thresholds).',
  });
}
