/** Fields of an object that anybody may have written. */
export type Fields = Record<string, unknown>;

/** A Service as a route names it. */
export interface BackendService {
  name: string;
  port: { name?: string; number?: number };
}

/** A record; empty where it is none. */
export function fields(given: unknown): Fields {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as Fields) : {};
}

/** A list; empty where it is none. */
export function list(given: unknown): unknown[] {
  return Array.isArray(given) ? given : [];
}

/** A text; an empty one says nothing. */
export function text(given: unknown): string | undefined {
  return typeof given === 'string' && given !== '' ? given : undefined;
}
