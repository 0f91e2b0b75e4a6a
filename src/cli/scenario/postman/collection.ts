import type { Collection } from 'postman-collection';
import { jsonSlip, tooDeepAt } from '../../document/json-slip.js';
import { Failure } from '../../kernel/failure.js';
import { type NamedFile, readText } from '../../kernel/files.js';
import { didYouMean, nearest } from '../../kernel/nearest.js';

/** A Postman collection as parsed JSON. */
export type CollectionJson = Record<string, unknown> & { info: { name?: string; schema?: string } };

/** Reads JSON in newman's encodings. Throws Failure naming the file, line and column of what is wrong. `what` it should be. */
export function readJson(path: string, file: NamedFile, what: string): unknown {
  return parsedJson(readJsonText(path, file, what), file.shown, what);
}

function readJsonText(path: string, file: NamedFile, what: string): string {
  return readText(path, { hint: `Give the path of ${what}`, ...file, latin: true });
}

/** postman-collection recurses into each level: newman falls over somewhere between 500 and 1000 folders. */
const maxDepth = 512;

/** Parses JSON. Throws Failure naming the line and column of what is wrong. */
export function parsedJson(text: string, file: string, what: string): unknown {
  const failure = (offset: number, problem: string, hint: string) => {
    const before = text.slice(0, offset).split('\n');
    const place = `${file}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    return new Failure({ code: 'bad-json', message: `${place}: ${problem}`, hint });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const slip = jsonSlip(text);
    const problem = `not JSON: ${slip?.message ?? (error as Error).message}`;
    throw failure(slip?.offset ?? text.length, problem, `${file} should be ${what}`);
  }
  const offset = tooDeepAt(text, maxDepth);
  if (offset === undefined) return value;
  const cure = 'A collection may have about 250 folders within one another. Take some levels out';
  throw failure(offset, `nested deeper than ${maxDepth} levels`, cure);
}

const kind = 'a Postman collection (v2.0 or v2.1)';

/** A collection as its file says it: ready for the runtime, as text, and as JSON without the Postman API's wrapping. */
export interface CollectionFile {
  collection: Collection;
  text: string;
  json: CollectionJson;
}

/** Reads a collection v2.0 or v2.1. Throws Failure with every problem for anything else. */
export async function readCollection(file: string, shown: string): Promise<CollectionFile> {
  const text = readJsonText(file, { shown }, kind);
  const json = unwrapped(parsedJson(text, shown, kind));
  const problems = collectionProblems(json);
  if (problems.length > 0) {
    const { placesIn } = await import('./places.js');
    const placeOf = placesIn(text);
    const details = problems.map(({ path, message }) => {
      const { line, column } = placeOf(path);
      return `${shown}:${line}:${column}: ${path.length === 0 ? '' : `${shownPath(path)}: `}${message}`;
    });
    const message = `${shown} is not a Postman collection that can be run`;
    throw new Failure({ code: 'bad-collection', message, details, hint: 'Export it from Postman as Collection v2.1' });
  }
  const { Collection } = (await import('postman-collection')).default;
  return { collection: new Collection(json), text, json };
}

/** The Postman API wraps a collection in `{ collection: ... }`. */
function unwrapped(json: unknown): CollectionJson {
  const inner = json !== null && typeof json === 'object' && 'collection' in json ? json.collection : json;
  return inner as CollectionJson;
}

/** Keys and indexes from the root of a document. */
export type Path = (string | number)[];

interface CollectionProblem {
  path: Path;
  message: string;
}

/** `item[0].request.url` */
export function shownPath(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

type Members = Record<string, unknown>;

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Members {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function collectionProblems(json: unknown): CollectionProblem[] {
  if (!isObject(json)) return [{ path: [], message: `expected an object, found ${kindOf(json)}` }];
  const { info, item, requests, event, variable, auth } = json;
  if (Array.isArray(requests))
    return [{ path: ['requests'], message: 'this is collection format v1, which Postman itself no longer exports' }];
  const problems: CollectionProblem[] = [];
  if (info === undefined) problems.push({ path: [], message: 'there is no "info"' });
  else if (!isObject(info)) problems.push({ path: ['info'], message: `expected an object, found ${kindOf(info)}` });
  else if (info.schema !== undefined && !/v2\.[01]/.test(String(info.schema)))
    problems.push({ path: ['info', 'schema'], message: `${JSON.stringify(info.schema)} is not v2.0 or v2.1` });
  if (variable !== undefined && variable !== null) listProblems(variable, ['variable'], problems);
  eventProblems(event, ['event'], problems);
  authProblems(auth, ['auth'], problems);
  if (Array.isArray(item)) itemProblems(item, ['item'], problems);
  else if (item === undefined) problems.push({ path: [], message: `there is no list "item"${nearWord('item', json)}` });
  else problems.push({ path: ['item'], message: `expected a list, found ${kindOf(item)}` });
  return problems;
}

function itemProblems(items: unknown[], path: Path, problems: CollectionProblem[]): void {
  for (const [i, item] of items.entries()) {
    const here = [...path, i];
    if (!isObject(item)) {
      problems.push({ path: here, message: `expected an object, found ${kindOf(item)}` });
      continue;
    }
    eventProblems(item.event, [...here, 'event'], problems);
    if ('item' in item) {
      if (Array.isArray(item.item)) itemProblems(item.item, [...here, 'item'], problems);
      else problems.push({ path: [...here, 'item'], message: `expected a list, found ${kindOf(item.item)}` });
    } else if ('request' in item) requestProblems(item.request, [...here, 'request'], problems);
    else {
      const near = nearWord('request', item) || nearWord('item', item);
      problems.push({ path: here, message: `neither a folder ("item") nor a request ("request")${near}` });
    }
  }
}

const bodyModes = ['raw', 'urlencoded', 'formdata', 'file', 'graphql'];

function requestProblems(request: unknown, path: Path, problems: CollectionProblem[]): void {
  if (typeof request === 'string') return;
  if (!isObject(request)) {
    problems.push({ path, message: `expected a URL or an object, found ${kindOf(request)}` });
    return;
  }
  const { url, method, header, body, auth } = request;
  if (method !== undefined && typeof method !== 'string')
    problems.push({ path: [...path, 'method'], message: `expected text, found ${kindOf(method)}` });
  if (url !== undefined && typeof url !== 'string' && !isObject(url))
    problems.push({ path: [...path, 'url'], message: `expected a URL or an object, found ${kindOf(url)}` });
  if (header !== undefined && header !== null && typeof header !== 'string')
    listProblems(header, [...path, 'header'], problems);
  authProblems(auth, [...path, 'auth'], problems);
  if (body === undefined || body === null) return;
  if (!isObject(body)) problems.push({ path: [...path, 'body'], message: `expected an object, found ${kindOf(body)}` });
  else if (
    body.mode !== undefined &&
    body.mode !== null &&
    body.mode !== 'none' &&
    !bodyModes.includes(String(body.mode))
  )
    problems.push({
      path: [...path, 'body', 'mode'],
      message: `unknown mode ${JSON.stringify(body.mode)}${didYouMean(String(body.mode), bodyModes) || `: one of ${bodyModes.join(', ')}`}`,
    });
}

function authProblems(auth: unknown, path: Path, problems: CollectionProblem[]): void {
  if (auth === undefined || auth === null) return;
  if (!isObject(auth)) problems.push({ path, message: `expected an object, found ${kindOf(auth)}` });
  else if (typeof auth.type !== 'string') problems.push({ path, message: 'there is no "type"' });
}

function eventProblems(events: unknown, path: Path, problems: CollectionProblem[]): void {
  if (events === undefined || events === null) return;
  if (!listProblems(events, path, problems)) return;
  for (const [i, { listen, script }] of (events as Members[]).entries()) {
    if (typeof listen !== 'string')
      problems.push({ path: [...path, i], message: 'an event needs "listen": "test" or "prerequest"' });
    const exec = isObject(script) ? script.exec : undefined;
    if (exec !== undefined && typeof exec !== 'string' && !Array.isArray(exec))
      problems.push({
        path: [...path, i, 'script', 'exec'],
        message: `expected text or a list of lines, found ${kindOf(exec)}`,
      });
  }
}

/** True for a list of objects. */
function listProblems(value: unknown, path: Path, problems: CollectionProblem[]): boolean {
  if (!Array.isArray(value)) {
    problems.push({ path, message: `expected a list, found ${kindOf(value)}` });
    return false;
  }
  const wrong = value.findIndex((each) => !isObject(each));
  if (wrong >= 0)
    problems.push({ path: [...path, wrong], message: `expected an object, found ${kindOf(value[wrong])}` });
  return wrong < 0;
}

function nearWord(wanted: string, given: Members): string {
  const near = nearest(wanted, Object.keys(given));
  return near === undefined ? '' : `. Should "${near}" be "${wanted}"?`;
}

/** What a value is, in the words of an error message. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value);
  return `the ${typeof value === 'string' ? 'text' : typeof value} ${text.length > 40 ? `${text.slice(0, 39)}…` : text}`;
}
