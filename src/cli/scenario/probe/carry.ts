import { parseJson } from '../../kernel/json.js';
import type { RequestTemplate } from '../scenario.js';
import type { BuiltRequest } from '../send/request.js';
import { type KeyPlace, keyVariable } from './probe-plan.js';

const reference = `{{${keyVariable}}}`;

/** The request with its key in this place. Throws Error with what is wrong with the body where the key is a field of it. */
export function carrying(request: RequestTemplate, place: KeyPlace): RequestTemplate {
  switch (place.in) {
    case 'template':
      return request;
    case 'header':
      return { ...request, headers: { ...request.headers, [place.name]: reference } };
    case 'if-match':
      return { ...request, headers: { ...request.headers, 'If-Match': reference } };
    case 'field': {
      const { body } = request;
      if (body?.kind !== 'json' || body.value === null || typeof body.value !== 'object')
        throw new Error('the key is a field of the body, and the body is no JSON object');
      return { ...request, body: { kind: 'json', value: withField(body.value, place.path, reference) } };
    }
  }
}

/** The request as built, without its key; undefined where the key is no part that can be left out. */
export function withoutKey(built: BuiltRequest, place: KeyPlace): BuiltRequest | undefined {
  if (place.in === 'template') return undefined;
  if (place.in === 'field') {
    const body = jsonBody(built);
    if (body === undefined) return undefined;
    return { ...built, body: JSON.stringify(withField(body.value, place.path, undefined)) };
  }
  const name = place.in === 'if-match' ? 'if-match' : place.name.toLowerCase();
  return { ...built, headers: built.headers.filter(([key]) => key.toLowerCase() !== name) };
}

/**
 * The request as built, with another body under the same key: its first number is one more, or, where there is none, its
 * first text another. undefined where there is no such body.
 */
export function withOtherBody(
  built: BuiltRequest,
  place: KeyPlace,
): { request: BuiltRequest; what: string } | undefined {
  const body = jsonBody(built);
  if (body === undefined) return undefined;
  const keyAt = place.in === 'field' ? place.path.join('\0') : undefined;
  const leaves = leavesOf(body.value, []).filter(({ path }) => path.join('\0') !== keyAt);
  const leaf =
    leaves.find(({ value }) => typeof value === 'number') ?? leaves.find(({ value }) => typeof value === 'string');
  if (leaf === undefined) return undefined;
  const value = typeof leaf.value === 'number' ? leaf.value + 1 : `${leaf.value as string}2`;
  const other = withField(body.value, leaf.path, value);
  const shown = `${leaf.path.join('.')} ${JSON.stringify(leaf.value)} -> ${JSON.stringify(value)}`;
  return { request: { ...built, body: JSON.stringify(other) }, what: shown };
}

function jsonBody({ body }: BuiltRequest): { value: object } | undefined {
  try {
    const value = parseJson(String(body ?? ''));
    return value !== null && typeof value === 'object' ? { value } : undefined;
  } catch {
    return undefined;
  }
}

function leavesOf(value: unknown, path: readonly string[]): { path: readonly string[]; value: unknown }[] {
  if (value === null || typeof value !== 'object') return [{ path, value }];
  return Object.entries(value).flatMap(([name, member]) => leavesOf(member, [...path, name]));
}

/** A copy with this member set, objects on the way made; undefined takes it away. */
function withField(value: unknown, path: readonly string[], member: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return member;
  if (Array.isArray(value)) return value.map((item, i) => (String(i) === name ? withField(item, rest, member) : item));
  const around = value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  const inner = withField(Object.hasOwn(around, name) ? around[name] : undefined, rest, member);
  // As JSON has it: a member that is undefined is not there.
  return { ...around, [name]: inner };
}
