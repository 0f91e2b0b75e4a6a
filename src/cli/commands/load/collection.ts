import { relative, resolve } from 'node:path';
import type { CollectionData, CollectionItem } from '../../journey/collection/collection-journey.js';
import { PmScripts } from '../../journey/collection/pm-scripts.js';
import { PostmanVariables } from '../../journey/collection/pm-variables.js';
import { entryModule } from '../../kernel/entry-module.js';
import { Failure } from '../../kernel/failure.js';
import type { LoadEndpoint, LoadPlan } from '../../load/plan/plan.js';
import { definePlan } from '../../load/plan/plan-define.js';
import { searchPlan } from '../../load/search/search-plan.js';
import { type CollectionRequests, collectionRequests } from '../../scenario/convert/collection-requests.js';
import { readIterationData } from '../../scenario/postman/iteration-data.js';
import { scopeJson } from '../../scenario/postman/scope-file.js';
import type { Context } from '../context/context.js';
import { readArrivals } from './arrivals.js';
import { findTarget } from './endpoint.js';
import { readFaults, refuseFaults } from './faults.js';
import { readSearch } from './find-max.js';
import { type CollectionOptions, refuseTogether } from './flags.js';
import { type PlannedLoad, readTuning } from './plan.js';
import { headersOf } from './values.js';

/** Flags that say what is requested, which a collection says itself. */
const sayWhat = ['path', 'method', 'body', 'data', 'scenario'] as const;

/** The host of the bundled platform, wherever that is up. */
const ownHost = 'arch.homework';

/**
 * Turns a Postman collection into a plan: each arrival goes through it once, with the requests and checks of `hwctl test`.
 * Throws Failure; nothing is sent before all of its scripts are read.
 */
export async function makeCollectionPlan(
  word: string,
  options: CollectionOptions,
  context: Context,
): Promise<PlannedLoad> {
  refuseWhat(options);
  refuseTogether({ ...options }, [['resolve', 'unixSocket']]);
  const { data, read } = await readData(word, options, context);
  const places = originsOf(data);
  const place = serverOf(places, data, options, word);
  const target = await targetOf(place, options, context);
  refuseStrangers(places, target.endpoint, word);
  const steps = data.items.map(({ name }) => name);
  for (const item of data.items) {
    if (!sends(item, data)) continue;
    item.sends = steps.length;
    steps.push(`${item.name}: pm.sendRequest`);
  }
  const work: LoadPlan['work'] = [
    {
      kind: 'flow',
      name: read.name,
      weight: 1,
      module: entryModule('journey/collection/collection.main').href,
      data,
      steps,
    },
  ];
  const arrivals = readArrivals(options, undefined);
  const search = options.findMax === true ? readSearch(options, undefined, arrivals) : undefined;
  const broken = readFaults(options, { arrivals, search: search !== undefined });
  refuseFaults(broken, target);
  const request = {
    name: read.name,
    endpoint: target.endpoint,
    arrivals,
    work,
    ...readTuning(options, undefined, broken),
    ...broken,
  };
  return {
    plan: search === undefined ? definePlan(request) : searchPlan(request, search),
    waitForScaling: false,
    notes: [...target.notes, ...read.losses.map((loss) => `${word}: not as in a test: ${loss}`)],
    target: target.target,
  };
}

function refuseWhat(options: CollectionOptions): void {
  const given = sayWhat.find((flag) => options[flag] !== undefined);
  if (given === undefined) return;
  throw new Failure({
    code: 'conflict',
    message: `--${given} means nothing to a collection, which says itself what it requests`,
    hint: `Leave --${given} out; --folder NAME loads a part of a collection`,
  });
}

async function readData(
  word: string,
  options: CollectionOptions,
  { cwd }: Context,
): Promise<{ data: CollectionData; read: CollectionRequests }> {
  const { VariableScope } = (await import('postman-collection')).default;
  const scope = (by: string, file: string | undefined, given: Record<string, string>) => {
    const made = new VariableScope(scopeJson(by, file, cwd));
    for (const [name, value] of Object.entries(given)) made.set(name, value, 'string');
    return made;
  };
  const file = resolve(cwd, word);
  const shown = relative(cwd, file).startsWith('..') ? file : relative(cwd, file);
  const read = await collectionRequests(file, shown, {
    folders: options.folder,
    environment: scope('--env', options.environment, { ...options.envVar, ...options.var }),
    globals: scope('--globals', options.globals, options.globalVar),
  });
  if (read.unsendable.length > 0) throw refused(word, 'requests that cannot be sent as they are', read.unsendable);
  const data = dataOf(read, file, options, cwd);
  refuseUnread(word, data);
  return { data, read };
}

/** The rows as newman reads them; an entry that is no object stands for one without data. */
function rowsOf(file: string | undefined, cwd: string): Record<string, unknown>[] {
  if (file === undefined) return [];
  const rows = readIterationData(resolve(cwd, file), { shown: file, by: '--iteration-data' });
  return rows.map((row) => (row !== null && typeof row === 'object' ? (row as Record<string, unknown>) : {}));
}

/** Words by which a test looks at the status of a response. */
const aboutStatus =
  /\bcode\b|\bstatus(Code|Reason|CodeClass)?\b|\.(ok|success|info|redirection|clientError|serverError|error|accepted|notFound|badRequest|unauthori[sz]ed|forbidden|rateLimited|withoutContent|notAcceptable)\b/i;

function dataOf(read: CollectionRequests, file: string, options: CollectionOptions, cwd: string): CollectionData {
  const scripts: CollectionData['scripts'] = [];
  const places = new Map<string, number>();
  const placeOf = ({ source, shown }: { source: string; shown: string }) => {
    const key = `${shown}\n${source}`;
    const known = places.get(key) ?? scripts.push({ source, shown }) - 1;
    places.set(key, known);
    return known;
  };
  const items = read.requests.map(({ id, step, scripts: own }): CollectionItem => {
    const of = (listen: string) => own.filter((script) => script.listen === listen);
    return {
      name: step.name,
      id,
      step,
      prerequest: of('prerequest').map(placeOf),
      test: of('test').map(placeOf),
      judgesStatus: of('test').some(({ source }) => aboutStatus.test(source)),
      sends: undefined,
    };
  });
  const given = headersOf(options.header);
  // A file that a request sends lies beside the collection.
  const scenario = { ...read.scenario, file, headers: { ...read.scenario.headers, ...given } };
  const { scopes, words } = read;
  return { scenario, items, scripts, scopes: { ...scopes, rows: rowsOf(options.iterationData, cwd) }, words };
}

function sends({ prerequest, test }: CollectionItem, { scripts }: CollectionData): boolean {
  return [...prerequest, ...test].some((script) => /\bsendRequest\b/.test(scripts[script]!.source));
}

/** Every part of a script that is not read, before anything is sent. */
function refuseUnread(word: string, { scripts }: CollectionData): void {
  const { unread } = new PmScripts(scripts);
  const lines = unread.map(({ script, line, message }) => `${scripts[script]!.shown}, line ${line}: ${message}`);
  if (lines.length > 0) throw refused(word, 'scripts that are not read', [...new Set(lines)]);
}

function refused(word: string, what: string, details: string[]): Failure {
  return new Failure({
    code: 'unread-script',
    message: `${word} has ${what}: nothing was sent`,
    details: details.slice(0, 100),
    hint: 'hwctl test runs it as it is; docs/LOAD.md says what a load reads of a collection. --folder NAME loads a part of it',
  });
}

interface Place {
  name: string;
  /** undefined where it comes out under way. */
  origin: string | undefined;
  /** The variable at its beginning that nothing gives a value. */
  unset: string | undefined;
  isPath: boolean;
}

/** Where the requests go, as far as that is known before anything runs. */
function originsOf({ items, scopes, words }: CollectionData): Place[] {
  const variables = new PostmanVariables(scopes, words, { clock: { now: () => 0 }, iteration: 1 });
  return items.map(({ name, step }) => {
    const text = variables.text(step.request.path);
    const unset = /^(?:https?:\/\/)?\{\{([^{}]+)\}\}/.exec(text)?.[1];
    const isPath = text.startsWith('/');
    const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
    const isKnown = unset === undefined && !isPath && URL.canParse(url);
    return { name, origin: isKnown ? new URL(url).origin : undefined, unset, isPath };
  });
}

/** The one server of a collection; undefined where it is the one of --url, or what is up. Throws Failure. */
function serverOf(
  places: readonly Place[],
  { scripts }: CollectionData,
  { url }: CollectionOptions,
  word: string,
): string | undefined {
  const origins = [...new Set(places.flatMap(({ origin }) => origin ?? []))];
  if (origins.length > 1) {
    throw new Failure({
      code: 'two-servers',
      message: `${word} sends to ${origins.length} servers, and a load goes to one`,
      details: places.flatMap(({ name, origin }) => (origin === undefined ? [] : `${JSON.stringify(name)}: ${origin}`)),
      hint: 'Load a part of it with --folder NAME, or give its variables with --env-var NAME=VALUE',
    });
  }
  const isSet = (name: string) => scripts.some(({ source }) => source.includes(name));
  const unset = [
    ...new Set(places.flatMap((place) => (place.unset === undefined || isSet(place.unset) ? [] : place.unset))),
  ];
  if (unset.length > 0 || (origins.length === 0 && url === undefined && !places.some(({ isPath }) => isPath))) {
    throw new Failure({
      code: 'unknown-server',
      message: `where ${word} sends its requests is not known before it runs`,
      details: unset.map((name) => `nothing gives {{${name}}} a value`),
      hint:
        unset.length > 0
          ? `Give ${unset.map((name) => `--env-var ${name}=http://HOST:PORT`).join(' ')}, or an environment with -e FILE`
          : 'Give it with --url http://HOST:PORT',
    });
  }
  return origins[0];
}

/** Where the load goes: what is up for a collection of the platform, what `--url` says, else the collection's own server. */
async function targetOf(server: string | undefined, options: CollectionOptions, context: Context) {
  const harms = options.fault.length > 0;
  if (server === undefined) return findTarget(options, true, { harms }, context);
  const { host, hostname } = new URL(server);
  if (options.url !== undefined)
    return findTarget({ ...options, host: options.host ?? host }, true, { harms }, context);
  const named = await findTarget(options, true, { url: server, harms }, context);
  if (hostname !== ownHost || named.endpoint.connect !== undefined) return named;
  try {
    return await findTarget(options, true, { host }, context);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'nothing-is-up') throw error;
    return named;
  }
}

/** What does not go to the server of the load. */
function refuseStrangers(places: readonly Place[], { url, hostHeader }: LoadEndpoint, word: string): void {
  const { protocol, origin } = new URL(url);
  const own = hostHeader === undefined ? origin : new URL(`${protocol}//${hostHeader}`).origin;
  const strangers = places.filter(({ origin: to }) => to !== undefined && to !== own);
  if (strangers.length === 0) return;
  throw new Failure({
    code: 'two-servers',
    message: `${word} sends to another server than ${own}, and a load goes to one`,
    details: strangers.map(({ name, origin: to }) => `${JSON.stringify(name)}: ${to}`),
    hint: 'Give the host that it names with --host, or its variables with --env-var NAME=VALUE',
  });
}
