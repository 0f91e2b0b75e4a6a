import type { CreateService } from '../context.js';
import { text } from '../http/problem.js';
import { route } from '../http/route.js';

const greeting = text(200, 'Hello from hwctl\n');

/** hello: 17 bytes of text, the smallest thing to measure. */
export const create: CreateService = () => ({
  name: 'hello',
  summary: 'a greeting of 17 bytes',
  routes: [
    route({
      method: 'get',
      path: '/',
      summary: 'Greets',
      access: 'public',
      responses: { 200: { description: 'The greeting.', type: 'text/plain', schema: { type: 'string' } } },
      handle: () => greeting,
    }),
  ],
});
