import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import type { LookUpSession } from './auth/sessions.js';
import { clientAddressReader, type ProxyTrust } from './http/client-address.js';
import { drain } from './http/drain.js';
import { parseIdempotencyKey } from './http/idempotency-key.js';
import { readJsonBody } from './http/json-body.js';
import { documentOf } from './http/openapi.js';
import { json, Problem, type Reply, unavailable } from './http/problem.js';
import type { Call, Route, Service } from './http/route.js';
import { secretCheck } from './http/secret-check.js';
import { type Trace, traceOf } from './http/trace.js';
import { createValidator } from './http/validate.js';
import type { Log } from './log.js';
import type { Metrics, ObserveRequest } from './metrics.js';
import { Contended, StoreUnavailable } from './store/store.js';

export interface AppOptions {
  services: Service[];
  metrics: Metrics;
  log: Log;
  lookUpSession: LookUpSession;
  internalToken: string;
  trust: ProxyTrust;
  /** True once the process has been asked to end: not ready, and connections are closed after their response. */
  draining(): boolean;
}

const operational = ['/health', '/ready', '/metrics', '/openapi.json'];

/** The HTTP side of these services: routing, checks, refusals, logging and metrics. */
export function createApp(options: AppOptions): Express {
  const { services } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);

  const routed = [
    ...services.flatMap((service) => service.routes.map((route) => ({ service, route }))),
    ...operationalRoutes(options),
  ];
  const byPath = new Map<string, typeof routed>();
  for (const one of routed) byPath.set(one.route.path, [...(byPath.get(one.route.path) ?? []), one]);
  // Exact paths before templates: /user/delete is auth's although /user/{id} would take it too.
  const paths = [...byPath].sort(([a], [b]) => Number(a.includes('{')) - Number(b.includes('{')));
  for (const [path, methods] of paths) {
    const expressRoute = app.route(path.replace(/\{(\w+)\}/g, ':$1'));
    for (const { service, route } of methods) expressRoute[route.method](handlerOf(service, route, options));
    const allowed = methods.flatMap(({ route }) =>
      route.method === 'get' ? ['GET', 'HEAD'] : [route.method.toUpperCase()],
    );
    const { service } = methods[0]!;
    const refuse = refusalOf(
      service,
      path,
      { status: 405, title: 'Method not allowed', headers: { Allow: allowed.join(', ') } },
      options,
    );
    expressRoute.all(refuse);
  }
  const fallback = services.length === 1 ? services[0]! : undefined;
  app.use(refusalOf(fallback, 'unmatched', { status: 404, title: 'There is no such resource' }, options));
  const broken: ErrorRequestHandler = (error, request, response, _next) =>
    respond(
      toReply(error, fallback, options.log, request),
      options,
      begin(request, response, unmatched(options, request)),
    );
  app.use(broken);
  return app;
}

interface Handling {
  request: Request;
  response: Response;
  trace: Trace;
  startedAt: number;
  observe: ObserveRequest;
}

function begin(request: Request, response: Response, observe: ObserveRequest): Handling {
  return { request, response, observe, trace: traceOf(request.headers), startedAt: performance.now() };
}

function handlerOf(service: Service, route: Route, options: AppOptions) {
  const observe = options.metrics.route(service.name, route.method.toUpperCase(), route.path);
  const prepare = preparationOf(route, options);
  return async (request: Request, response: Response): Promise<void> => {
    const exchange = begin(request, response, observe);
    let reply: Reply;
    try {
      reply = await route.handle(await prepare(exchange));
    } catch (error) {
      reply = toReply(error, service, options.log, request);
    }
    respond(reply, options, exchange);
  };
}

/** From a raw request to a checked one; throws Problem. The order matters: who asks, the key, the input. */
function preparationOf(route: Route, { lookUpSession, internalToken, trust, log }: AppOptions) {
  const validator = createValidator(route);
  const isInternal = secretCheck(`Bearer ${internalToken}`);
  const addressOf = clientAddressReader(trust);
  return async ({ request, trace }: Handling): Promise<Call> => {
    const token = tokenOf(request);
    let user: Call['user'] | undefined;
    if (route.access === 'internal' && !isInternal(request.headers.authorization ?? '')) throw unauthorised();
    if (route.access === 'user') {
      user = token === undefined ? undefined : await lookUpSession(token, trace);
      if (user === undefined) throw unauthorised();
    }
    const idempotencyKey =
      route.idempotencyKey === undefined
        ? undefined
        : parseIdempotencyKey(request.headersDistinct['idempotency-key'], route.idempotencyKey === 'required');
    const { params, query } = validator.parameters({ path: request.params, query: request.query });
    const body = route.body === undefined ? undefined : await readJsonBody(request);
    validator.body(body);
    const mark = request.url.indexOf('?');
    return {
      method: request.method,
      path: route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? '')),
      search: mark < 0 || mark === request.url.length - 1 ? '' : request.url.slice(mark),
      params,
      query,
      body,
      // Only routes with access `user` read it, and those have refused above where there is none.
      user: user as Call['user'],
      token,
      idempotencyKey,
      address: addressOf(request),
      trace,
      log,
    };
  };
}

function tokenOf(request: Request): string | undefined {
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) return /^Bearer +([\w.~+/=-]{1,128}) *$/i.exec(authorization)?.[1];
  return cookie === undefined ? undefined : /(?:^|;)\s*session=([\w-]{1,128})\s*(?:;|$)/.exec(cookie)?.[1];
}

function unauthorised(): Problem {
  return new Problem({ status: 401, title: 'Log in first', headers: { 'WWW-Authenticate': 'Bearer' } });
}

interface HttpError {
  status?: number;
}

function toReply(error: unknown, service: Service | undefined, log: Log, request?: Request): Reply {
  const problem = toProblem(error);
  if (problem.status >= 500) log.error({ err: error, path: request?.path }, 'request failed');
  return service?.refusal?.(problem.status, problem.reply.headers) ?? problem.reply;
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // The router marks what the client did wrong (a path that cannot be decoded) with a 4xx.
  const { status } = error as HttpError;
  if (status !== undefined && status >= 400 && status < 500)
    return new Problem({ status: 400, title: 'The request is malformed' });
  return isPassing(error)
    ? unavailable('The store does not answer')
    : new Problem({ status: 500, title: 'Internal error' });
}

function isPassing(error: unknown): boolean {
  if (error instanceof Contended || error instanceof StoreUnavailable) return true;
  const { code } = error as { code?: unknown };
  return code === 'SQLITE_BUSY' || code === 'SQLITE_FULL';
}

function refusalOf(
  service: Service | undefined,
  path: string,
  problem: ConstructorParameters<typeof Problem>[0],
  options: AppOptions,
) {
  const reply = service?.refusal?.(problem.status, problem.headers) ?? new Problem(problem).reply;
  return (request: Request, response: Response): void =>
    respond(reply, options, begin(request, response, unmatched(options, request, service?.name, path)));
}

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']);

function unmatched({ metrics }: AppOptions, request: Request, service = 'none', path = 'unmatched'): ObserveRequest {
  return metrics.route(service, knownMethods.has(request.method) ? request.method : 'OTHER', path);
}

function respond(reply: Reply, options: AppOptions, { request, response, trace, startedAt, observe }: Handling): void {
  const { requestId } = trace;
  response.statusCode = reply.status;
  response.setHeader('X-Request-Id', requestId);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-store');
  if (options.draining()) response.setHeader('Connection', 'close');
  for (const name in reply.headers) response.setHeader(name, reply.headers[name]!);
  if (reply.type !== undefined) response.setHeader('Content-Type', reply.type);
  if (reply.body !== undefined) response.setHeader('Content-Length', Buffer.byteLength(reply.body));
  drain(request, response);
  response.end(request.method === 'HEAD' ? undefined : reply.body);
  const durationMs = performance.now() - startedAt;
  observe(reply.status, durationMs);
  const line = { requestId, method: request.method, path: request.path, status: reply.status, durationMs };
  if (operational.some((path) => request.path.endsWith(path))) options.log.debug(line, 'request');
  else options.log.info(line, 'request');
}

/** Health, readiness, metrics and the document: at the root, and below each service's name so that one host reaches all. */
function operationalRoutes({ services, metrics, draining }: AppOptions): { service: Service; route: Route }[] {
  const at = (path: string, summary: string, handle: Route['handle']) =>
    ['', ...services.map(({ name }) => `/${name}`)].map((prefix) => ({
      service: { name: 'operational', summary: '', routes: [] },
      route: {
        method: 'get' as const,
        path: `${prefix}${path}`,
        summary,
        access: 'public' as const,
        responses: {},
        handle,
      },
    }));
  return [
    ...at('/health', 'Liveness', () => json(200, { status: 'OK' })),
    ...at('/ready', 'Readiness', async () => {
      if (draining()) return json(503, { status: 'STOPPING' });
      const reasons = await Promise.all(
        services.map(async ({ name, notReady }) => ({ name, reason: await notReady?.() })),
      );
      const missing = reasons.filter(({ reason }) => reason !== undefined);
      return missing.length === 0 ? json(200, { status: 'OK' }) : json(503, { status: 'NOT READY', missing });
    }),
    ...at('/metrics', 'Prometheus metrics', async () => ({
      status: 200,
      type: metrics.registry.contentType,
      body: await metrics.registry.metrics(),
    })),
    ...['', ...services.map(({ name }) => `/${name}`)].map((prefix) => ({
      service: { name: 'operational', summary: '', routes: [] },
      route: {
        method: 'get' as const,
        path: `${prefix}/openapi.json`,
        summary: 'This document',
        access: 'public' as const,
        responses: {},
        handle: () =>
          json(200, documentOf(prefix === '' ? services : services.filter(({ name }) => `/${name}` === prefix))),
      },
    })),
  ];
}
