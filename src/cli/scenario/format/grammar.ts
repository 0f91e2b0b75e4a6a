import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import { anything } from '../../document/any-value.js';
import { type JsonSchema, jsonSchema } from '../../document/json-schema.js';
import { type Fields, field, type Infer, needed, object } from '../../document/object-shape.js';
import {
  boolean,
  choose,
  duration,
  filled,
  integer,
  listOf,
  mapped,
  parsed,
  recursive,
  type Shape,
  text,
} from '../../document/shape.js';
import {
  type FaultSpec,
  type LogItem,
  type ParallelMember,
  type Scenario,
  type Step,
  type Until,
  usualTimeoutMs,
} from '../scenario.js';
import { assignments } from './assignments.js';
import { check, conditionRef, setCheck, source, sourceWhere, times } from './expect-grammar.js';
import { auth, headers, type RequestRead, requestFields, requestLine, toRequest } from './request-grammar.js';
import { Uses } from './uses.js';

const baseFields = {
  name: field(text, 'The line that the report shows'),
  skip: field(
    choose<string | boolean>(
      [(node) => isScalar(node) && typeof node.value === 'boolean', boolean],
      [() => true, text],
    ),
    'true or the reason: reported as skipped, not run',
  ),
  only: field(boolean, 'Run nothing but the steps marked so'),
  tags: field(listOf(text, true), 'Words for --tag'),
} satisfies Fields;

function base(read: Infer<typeof baseFields>, name: string) {
  return {
    name: read.name ?? name,
    at: read.at,
    skip: read.skip ?? false,
    only: read.only ?? false,
    tags: read.tags ?? [],
  };
}

const logItem: Shape<LogItem> = choose<LogItem>(
  [isMap, mapped(source, (found) => ({ kind: 'source' as const, source: found }))],
  [() => true, mapped(text, (value) => ({ kind: 'literal' as const, value }))],
);

const until: Shape<Until> = mapped(
  object('until', {
    within: needed(duration, 'the deadline'),
    every: field(duration, 'Pause between tries; 200ms'),
    is: needed(conditionRef, 'the condition that ends the wait'),
  }),
  (read) => ({ withinMs: read.within, everyMs: read.every ?? 200, condition: read.is }),
);

const requestStep: Shape<Step> = mapped(
  object('a step', {
    ...baseFields,
    request: needed(requestLine, 'method and path, as in POST /create_order'),
    ...requestFields,
    set: field(assignments(anything), 'Variables set before the request'),
    check: field(listOf(check), 'Assertions, each with its name'),
    capture: field(assignments(source), 'Variables taken from the response'),
    log: field(
      choose<LogItem[][]>(
        [(node) => isSeq(node) && node.items.some(isSeq), listOf(listOf(logItem))],
        [() => true, mapped(listOf(logItem, true), (items) => [items])],
      ),
      'What the report shows in a box: texts and values of the response; a list of lists gives several lines',
    ),
    until: field(until, 'Ask again until the condition holds; the last response is checked'),
    retry: field(integer(0, 100), 'Tries beyond the first while a check fails; 0'),
    repeat: field(times, 'How many times the step is done, one after the other; 1'),
  }),
  (read, reader, node) => {
    const request = toRequest(read.request, read as RequestRead, reader, node);
    if (request === undefined) return undefined;
    return {
      ...base(read, `${request.method} ${request.path}`),
      kind: 'request' as const,
      request,
      set: read.set ?? {},
      check: read.check ?? [],
      capture: read.capture ?? {},
      log: read.log ?? [],
      until: read.until,
      retry: read.retry ?? 0,
      repeat: read.repeat ?? 1,
    };
  },
);

const faultKinds = ['kill', 'stop', 'continue', 'restart'] as const;
const fault: Shape<FaultSpec> = mapped(
  object('a fault', {
    kill: field(text, 'Service that is killed (SIGKILL); it comes back by itself'),
    stop: field(text, 'Service that is stopped (SIGSTOP)'),
    continue: field(text, 'Service that goes on (SIGCONT)'),
    restart: field(text, 'Service that is ended and started again; done when it is ready'),
  }),
  (read, reader, node) => {
    const given = faultKinds.filter((kind) => read[kind] !== undefined);
    const [kind] = given;
    if (kind === undefined || given.length > 1)
      return reader.problem(node, `a fault names one of ${faultKinds.join(', ')}, and the service`);
    return { kind, service: read[kind]! };
  },
);

const member: Shape<ParallelMember> = choose<ParallelMember>(
  [
    (node) => isMap(node) && node.has('fault'),
    mapped(
      object('a fault in a parallel set', {
        fault: needed(fault, 'what is done to which service'),
        delay: field(duration, 'After the release; 0'),
      }),
      (read) => ({ kind: 'fault' as const, fault: read.fault, delayMs: read.delay ?? 0, at: read.at }),
    ),
  ],
  [
    () => true,
    mapped(
      object('a request in a parallel set', {
        request: needed(requestLine, 'method and path'),
        times: field(times, 'How many copies; 1'),
        delay: field(duration, 'After the release; 0'),
        ...requestFields,
      }),
      (read, reader, node) => {
        const request = toRequest(read.request, read as RequestRead, reader, node);
        return (
          request && {
            kind: 'request' as const,
            request,
            times: read.times ?? 1,
            delayMs: read.delay ?? 0,
            at: read.at,
          }
        );
      },
    ),
  ],
);

const parallelStep: Shape<Step> = mapped(
  object('a parallel step', {
    ...baseFields,
    parallel: needed(
      filled(listOf(member), 'nothing is released here: give a request'),
      'requests (and faults) that are released together',
    ),
    set: field(assignments(anything), 'Variables set before the requests'),
    check: field(listOf(setCheck), 'Assertions about the set of exchanges'),
    capture: field(assignments(sourceWhere), 'Variables taken from the first response that satisfies `where`'),
  }),
  (read) => ({
    ...base(read, 'parallel requests'),
    kind: 'parallel' as const,
    members: read.parallel,
    set: read.set ?? {},
    check: read.check ?? [],
    capture: read.capture ?? {},
  }),
);

const stepRef: Shape<Step> = recursive('step', () => step);

const folderStep: Shape<Step> = mapped(
  object('a folder', {
    ...baseFields,
    folder: needed(text, 'its name'),
    steps: needed(listOf(stepRef), 'the steps in it'),
  }),
  (read) => ({ ...base(read, read.folder), kind: 'folder' as const, steps: read.steps }),
);

const faultStep: Shape<Step> = mapped(
  object('a fault step', { ...baseFields, fault: needed(fault, 'what is done to which service') }),
  (read) => ({
    ...base(read, `${read.fault.kind} ${read.fault.service}`),
    kind: 'fault' as const,
    fault: read.fault,
  }),
);

const waitStep: Shape<Step> = mapped(
  object('a wait', { ...baseFields, wait: needed(duration, 'how long') }),
  (read) => ({ ...base(read, 'wait'), kind: 'wait' as const, waitMs: read.wait }),
);

const has = (name: string) => (node: unknown) => isMap(node) && node.has(name);

const anyStep: Shape<Step> = choose<Step>(
  [has('folder'), folderStep],
  [has('parallel'), parallelStep],
  [has('fault'), faultStep],
  [has('wait'), waitStep],
  [() => true, requestStep],
);

/** One step: a request, a folder, a parallel set, a fault or a wait, told apart by the field that names it. */
const step: Shape<Step> = {
  schema: anyStep.schema,
  read(given, reader) {
    const read = anyStep.read(given, reader);
    rememberBody(read, reader.resolve(given), reader.notes(Uses));
    return read;
  },
};

/** What `sameBodyAs` of later steps may name. Of a step that cannot be read, any text in it may be the name. */
function rememberBody(read: Step | undefined, node: ParsedNode | null, { bodies }: Uses): void {
  if (['folder', 'fault', 'wait'].some((kind) => has(kind)(node))) return;
  if (read !== undefined) bodies.add(read.name);
  else if (isMap(node)) for (const { value } of node.items) if (isScalar(value)) bodies.add(String(value.value));
}

const row = assignments(anything, { free: true, keep: (uses, defined) => uses.rows.push(defined) });

const dataFile = mapped(text, (path, reader, node) => {
  reader.notes(Uses).dataFile = { path, at: reader.at(node) };
  return path;
});

/** What the file says, before its data file is read. */
export type ScenarioRead = Omit<Scenario, 'file' | 'data' | 'templates'> & {
  data: string | Record<string, unknown>[] | undefined;
};

/** The whole file. */
export const scenario: Shape<ScenarioRead> = mapped(
  object('a scenario', {
    name: needed(text, 'what the report calls it'),
    why: field(text, 'Why it exists, in one line'),
    stack: field(text, 'Folder under manifests/ whose platform it tests'),
    host: field(text, 'Logical host, shown in reports and sent in Host where the platform is reached otherwise'),
    url: field(parsed({ type: 'string', format: 'uri' }, checkedUrl), 'Base URL, for a server that is not ours'),
    tags: field(listOf(text, true), 'Words for --tag'),
    variables: field(
      assignments(anything, {
        keep: (uses, defined) => {
          for (const [name, definition] of defined) uses.variables.set(name, definition);
        },
      }),
      'Variables, evaluated once an iteration',
    ),
    secrets: field(listOf(text, true), 'Variables whose values no report may show'),
    headers: field(headers, 'Headers of every request'),
    auth: field(auth, 'Authentication of every request'),
    cookies: field(boolean, 'false: no cookies'),
    redirects: field(boolean, 'false: a redirect is the response'),
    timeout: field(duration, 'For one exchange; 30s'),
    data: field(
      choose<string | Record<string, unknown>[]>([isSeq, listOf(row)], [() => true, dataFile]),
      'One iteration a row: a CSV or JSON file, or the rows themselves',
    ),
    setup: field(listOf(stepRef), 'Steps before; when one fails, only teardown follows'),
    steps: needed(listOf(stepRef), 'what is done, in order'),
    teardown: field(listOf(stepRef), 'Steps after, always'),
  }),
  (read) => ({
    name: read.name,
    why: read.why,
    stack: read.stack,
    host: read.host,
    url: read.url,
    tags: read.tags ?? [],
    variables: read.variables ?? {},
    secrets: read.secrets ?? [],
    headers: read.headers ?? {},
    auth: read.auth,
    cookies: read.cookies ?? true,
    redirects: read.redirects ?? true,
    timeoutMs: read.timeout ?? usualTimeoutMs,
    data: read.data,
    setup: read.setup ?? [],
    steps: read.steps,
    teardown: read.teardown ?? [],
  }),
);

function checkedUrl(url: string): string {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new Error(`${JSON.stringify(url)} is not an http(s) URL`);
  return url;
}

/** The format as JSON Schema, for editors: schemas/scenario.schema.json is this. */
export function scenarioJsonSchema(): JsonSchema {
  return jsonSchema('hwctl scenario', scenario.schema);
}
