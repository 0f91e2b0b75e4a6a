import type { Schema } from '../route.js';

/** Ids count from 1 and stay inside what a double holds exactly. */
export const idSchema: Schema = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER };

/** Who someone is. */
export const userSchema: Schema = {
  type: 'object',
  required: ['id', 'login'],
  properties: { id: idSchema, login: { type: 'string' } },
};
