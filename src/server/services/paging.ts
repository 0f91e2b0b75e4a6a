import type { Call, Parameter } from '../http/route.js';
import { idSchema } from './schemas.js';

const defaultLimit = 100;

/** A page of a list, newest first: at most `limit` entries before the one with this id. */
export const pageParameters: Parameter[] = [
  {
    name: 'limit',
    in: 'query',
    description: `Entries of the page; ${defaultLimit} where absent.`,
    schema: { type: 'integer', minimum: 1, maximum: 100 },
  },
  { name: 'before', in: 'query', description: '`next` of the page before.', schema: idSchema },
];

export function pageOf({ query }: Call): { limit: number; before: number } {
  return { limit: Number(query.limit ?? defaultLimit), before: Number(query.before ?? Number.MAX_SAFE_INTEGER) };
}

/** What `before` must be for the next page; null where this is the last. */
export function nextOf(entries: readonly { id: number }[], limit: number): number | null {
  return entries.length === limit ? entries[limit - 1]!.id : null;
}
