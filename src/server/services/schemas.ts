import type { ResponseDoc, Schema } from '../http/route.js';

/** Ids count from 1 and stay inside what a double holds exactly. */
export const idSchema: Schema = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER };

/** Who someone is. */
export const userSchema: Schema = {
  type: 'object',
  required: ['id', 'login'],
  properties: { id: idSchema, login: { type: 'string' } },
};

/** A refusal of the service's own, for the document. */
export function problemDoc(description: string): ResponseDoc {
  return { description, type: 'application/problem+json', schema: { $ref: '#/components/schemas/Problem' } };
}

/** Text without NUL, which Postgres cannot keep. */
export const storable = '^[^\\u0000]*$';
