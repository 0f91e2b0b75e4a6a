import { readFileSync } from 'node:fs';
import type { Collection } from 'postman-collection';
import { Failure } from '../../kernel/failure.js';

/** A Postman collection as parsed JSON. */
export type CollectionJson = Record<string, unknown> & { info: { name?: string; schema?: string } };

/** True where a JSON document is a Postman collection of any version. */
export function isCollection(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  const { info, item, collection, requests } = value as Record<string, unknown>;
  return (
    (typeof info === 'object' && info !== null) ||
    Array.isArray(item) ||
    isCollection(collection) ||
    Array.isArray(requests)
  );
}

/** Reads JSON. Throws Failure naming the file, line and column of what is wrong. */
export function readJson(file: string, what: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    const hint = `Give the path of ${what}`;
    throw new Failure({ code: 'unreadable', message: `${file} cannot be read: ${(error as Error).message}`, hint });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure({
      code: 'bad-json',
      message: `${file}${positionOf(error as Error, text)}: not JSON: ${(error as Error).message.split(/ (in JSON )?at position/)[0]}`,
      hint: `${file} should be ${what}`,
    });
  }
}

function positionOf(error: Error, text: string): string {
  const offset = /position (\d+)/.exec(error.message)?.[1];
  const at = offset === undefined ? text.length : Number(offset);
  const before = text.slice(0, at).split('\n');
  return `:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

/** A collection v2.0 or v2.1, ready for the runtime. Throws Failure with every problem for anything else. */
export async function readCollection(file: string, shown: string): Promise<Collection> {
  const json = unwrapped(readJson(file, 'a Postman collection (v2.0 or v2.1)'));
  const problems = collectionProblems(json);
  if (problems.length > 0) {
    throw new Failure({
      code: 'bad-collection',
      message: `${shown} is not a Postman collection that can be run`,
      details: problems.map((problem) => `${shown}: ${problem}`),
      hint: 'Export it from Postman as Collection v2.1',
    });
  }
  const { Collection } = (await import('postman-collection')).default;
  return new Collection(json);
}

/** The Postman API wraps a collection in `{ collection: ... }`. */
function unwrapped(json: unknown): CollectionJson {
  const inner = json !== null && typeof json === 'object' && 'collection' in json ? json.collection : json;
  return inner as CollectionJson;
}

function collectionProblems(json: unknown): string[] {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return ['expected an object'];
  const { info, item, requests } = json as Record<string, unknown>;
  if (Array.isArray(requests)) return ['this is collection format v1, which Postman itself no longer exports'];
  const problems: string[] = [];
  if (info === null || typeof info !== 'object') problems.push('there is no "info"');
  else {
    const schema = (info as { schema?: unknown }).schema;
    if (schema !== undefined && !/v2\.[01]/.test(String(schema)))
      problems.push(`info.schema: ${String(schema)} is not v2.0 or v2.1`);
  }
  if (!Array.isArray(item)) problems.push('there is no list "item"');
  else itemProblems(item, 'item', problems);
  return problems;
}

function itemProblems(items: unknown[], path: string, problems: string[]): void {
  for (const [i, item] of items.entries()) {
    const here = `${path}[${i}]`;
    if (item === null || typeof item !== 'object') problems.push(`${here}: expected an object`);
    else if ('item' in item) {
      if (Array.isArray(item.item)) itemProblems(item.item, `${here}.item`, problems);
      else problems.push(`${here}.item: expected a list`);
    } else if (!('request' in item)) problems.push(`${here}: neither a folder ("item") nor a request ("request")`);
  }
}
