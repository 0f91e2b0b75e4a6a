import { carrying } from '../../../src/cli/scenario/probe/carry.js';
import type { KeyPlace, ProbePlan } from '../../../src/cli/scenario/probe/probe-plan.js';
import type { RequestTemplate } from '../../../src/cli/scenario/scenario.js';

function template(method: string, path: string, body?: RequestTemplate['body']): RequestTemplate {
  const given = { at: { line: 1, column: 1 }, method, path, query: {}, headers: {}, body };
  const rest = { auth: undefined, cookies: undefined, redirects: undefined, timeoutMs: undefined, lose: undefined };
  return { ...given, ...rest, as: '' };
}

/** POST /orders judged by GET /orders, with small figures, as everything is near. */
export function planOf(given: Partial<ProbePlan> = {}): ProbePlan {
  const place: KeyPlace = given.key ?? { in: 'header', name: 'Idempotency-Key' };
  const key: KeyPlace = place.in === 'if-match' ? { ...place, resource: template('GET', '/orders') } : place;
  return {
    request: carrying(template('POST', '/orders', { kind: 'json', value: { price: 10 } }), key),
    keyTemplate: '{{$uuid}}',
    otherBody: undefined,
    effects: template('GET', '/orders'),
    countPath: undefined,
    duplicates: 8,
    rounds: 3,
    kill: 'shop',
    noKill: 'no --kill was given',
    settleMs: 50,
    withinMs: 1000,
    backWithinMs: 3000,
    ...given,
    key,
  };
}
