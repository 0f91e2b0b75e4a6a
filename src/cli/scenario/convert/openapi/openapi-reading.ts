import type { Given } from '../draft/given.js';

export type Json = Record<string, unknown>;

/** What all operations of one document share. */
export interface Reading {
  root: Given;
  variables: Json;
  /** Names of variables that hold what only the user knows. */
  secrets: string[];
  losses: string[];
}

export function isJson(value: unknown): value is Json {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** What a reference stands for; undefined, and noted, where there is nothing. */
export function resolved(given: Given, { root }: Pick<Reading, 'root'>): Given | undefined {
  let at = given;
  for (let hops = 0; hops < 20; hops++) {
    const reference = at.at('$ref').value;
    if (typeof reference !== 'string') return at;
    if (!reference.startsWith('#/')) return at.note(`the reference ${reference} leads out of the document`);
    let target = root;
    for (const key of reference.slice(2).split('/'))
      target = target.at(decoded(key).replaceAll('~1', '/').replaceAll('~0', '~'));
    if (target.absent && target.value !== false) return at.note(`there is nothing at ${reference}`);
    at = target;
  }
  return given.note('the reference leads back to itself');
}

/** A JSON pointer in a URI fragment (RFC 6901, section 6). */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** `Application/JSON; charset=utf-8` without its parameters and in small letters (RFC 9110 section 8.3.1). */
export function essence(mediaType: string): string {
  return mediaType.split(';')[0]!.trim().toLowerCase();
}

/** Whether content of this type, or of the range that it is, is JSON. */
export function isJsonType(mediaType: string): boolean {
  return /^(application|text)\/json$|\+json$|^\*\/\*$|^application\/\*$/.test(essence(mediaType));
}
