import { keyPattern } from './idempotency-key.js';
import type { ResponseDoc, Route, Schema, Service } from './route.js';

const problemSchema: Schema = {
  type: 'object',
  description: 'RFC 9457',
  required: ['type', 'title', 'status'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
};

const policy = `Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): 1 to 255 printable ASCII characters, bare or as a
quoted string. A key belongs to one user, method and path and is kept for 24 hours, then swept. The same payload (equal
query string and equal JSON value; the order of keys and white space do not count, of a key written twice the last one
does) has the stored response again, byte for byte, with Idempotent-Replayed: true; another payload is 422; a first
request still in flight is 409 with Retry-After. Stored are all responses of executed requests. Not stored, so that the
key may be used again: 400, 401, 404, 405, 413, 415, 429 and 5xx, which are all decided before the effect or roll it back.`;

/** The OpenAPI 3.1 document of these services, from the same routes that the server runs. */
export function documentOf(services: readonly Service[]): Schema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const service of services)
    for (const route of service.routes) {
      paths[route.path] ??= {};
      paths[route.path]![route.method] = operationOf(service, route);
    }
  return {
    openapi: '3.1.0',
    info: {
      title: services.map(({ name }) => name).join(', '),
      version: '1.0.0',
      description: [...services.map(({ name, summary }) => `${name}: ${summary}`), policy].join('\n\n'),
    },
    paths,
    components: {
      schemas: { Problem: problemSchema },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'session' },
        internal: { type: 'http', scheme: 'bearer', description: 'The credential that services show each other.' },
      },
    },
  };
}

function operationOf(service: Service, route: Route): Record<string, unknown> {
  const responses: Record<string, unknown> = {};
  for (const [status, doc] of Object.entries({ ...refusalsOf(service, route), ...route.responses }))
    responses[status] = responseOf(doc);
  const parameters: unknown[] = (route.parameters ?? []).map((parameter) => ({
    ...parameter,
    required: parameter.in === 'path',
  }));
  if (route.idempotencyKey !== undefined)
    parameters.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: route.idempotencyKey === 'required',
      description: 'See the policy above.',
      schema: { type: 'string', pattern: keyPattern },
    });
  return {
    operationId: operationId(service.name, route),
    summary: route.summary,
    tags: [service.name],
    security: securityOf(route.access),
    parameters,
    ...(route.body && { requestBody: { required: true, content: { 'application/json': { schema: route.body } } } }),
    responses,
  };
}

/** `orders-put-order-id-pay`. */
function operationId(service: string, { method, path }: Pick<Route, 'method' | 'path'>): string {
  return `${service}-${method}-${path.replace(/[^a-z]+/gi, '-').replace(/^-|-$/g, '')}`;
}

function securityOf(access: Route['access']): unknown[] {
  if (access === 'user') return [{ bearer: [] }, { cookie: [] }];
  return access === 'internal' ? [{ internal: [] }] : [];
}

function refusalsOf(service: Service, route: Route): Record<number, ResponseDoc> {
  const problem = (description: string): ResponseDoc =>
    service.refusal
      ? { description, type: 'text/plain', schema: { type: 'string' } }
      : { description, type: 'application/problem+json', schema: { $ref: '#/components/schemas/Problem' } };
  const refusals: Record<number, ResponseDoc> = {};
  const checked = route.body !== undefined || route.parameters !== undefined || route.idempotencyKey === 'required';
  if (checked && !service.refusal) refusals[400] = problem('The request does not match its schema.');
  if (route.access !== 'public') refusals[401] = problem('No session, or it has ended.');
  if (route.body !== undefined) {
    refusals[413] = problem('The body is too large.');
    refusals[415] = problem('The body is not JSON in UTF-8.');
  }
  if (route.idempotencyKey !== undefined) {
    refusals[400] = problem('No Idempotency-Key where one is required, a malformed one, or an invalid body.');
    refusals[409] = problem('The first request with this Idempotency-Key is still in flight; see Retry-After.');
    refusals[422] = problem('The Idempotency-Key was used with another payload.');
  }
  if (service.refusal === undefined && (route.access !== 'public' || route.body !== undefined))
    refusals[503] = problem('The store or another service does not answer; see Retry-After.');
  return refusals;
}

function responseOf({ description, schema, type, headers, links }: ResponseDoc): Record<string, unknown> {
  return {
    description,
    ...(headers && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, about]) => [name, { description: about, schema: { type: 'string' } }]),
      ),
    }),
    ...(links && { links }),
    ...(schema && { content: { [type ?? 'application/json']: { schema } } }),
  };
}
