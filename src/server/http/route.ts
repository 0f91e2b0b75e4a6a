import type { Log } from '../log.js';
import type { Reply } from './problem.js';
import type { Trace } from './trace.js';

/** A JSON Schema (draft 2020-12), as OpenAPI 3.1 embeds it. */
export type Schema = { [keyword: string]: unknown };

export interface Parameter {
  name: string;
  in: 'path' | 'query';
  description: string;
  schema: Schema;
}

export interface ResponseDoc {
  description: string;
  /** JSON by default; a string for plain text. Absent: no body. */
  schema?: Schema;
  type?: string;
  headers?: Record<string, string>;
  /** OpenAPI's links: what may be asked next, with what of this answer. */
  links?: Record<string, { operationId: string; parameters: Record<string, string> }>;
}

/** Who asks, as auth knows them. */
export interface User {
  id: number;
  login: string;
}

/** One request on its way through a route, everything in it checked. */
export interface Call<Body = unknown> {
  method: string;
  /** The route's, with the values of its parameters: one for all spellings of a path that lead to the route. */
  path: string;
  /** The query as sent, without `?`. */
  search: string;
  params: Record<string, string | number>;
  query: Record<string, string | number | undefined>;
  body: Body;
  /** Set on routes with access `user`. */
  user: User;
  /** The session's token where the request carries one. */
  token: string | undefined;
  idempotencyKey: string | undefined;
  /** The client's address, behind the trusted proxies. */
  address: string;
  trace: Trace;
  log: Log;
}

/** One operation: what OpenAPI says of it and what it does, in one place so that they cannot drift apart. */
export interface Route<Body = unknown> {
  method: 'get' | 'post' | 'put' | 'delete';
  /** In OpenAPI's form: `/order/{id}`. */
  path: string;
  summary: string;
  /** `user`: a session; `internal`: the services' credential, never published by the Ingress. */
  access: 'public' | 'user' | 'internal';
  idempotencyKey?: 'required' | 'optional';
  parameters?: Parameter[];
  /** Schema of the JSON body; present: a body is required. */
  body?: Schema;
  responses: Record<number, ResponseDoc>;
  handle(call: Call<Body>): Reply | Promise<Reply>;
}

/** A service: routes, and what it does besides answering. */
export interface Service {
  name: string;
  summary: string;
  routes: Route[];
  /** How its refusals look where that is not problem+json: the users stack's contract. */
  refusal?(status: number, headers: Record<string, string> | undefined): Reply;
  /** Says why the service cannot serve yet; undefined where it can. */
  notReady?(): Promise<string | undefined>;
  /** Background work; called once the process listens. */
  start?(): void;
  /** Reads its data again (SIGHUP). */
  reload?(): Promise<void>;
  /** Ends background work; called when no request is in flight any more. */
  stop?(): Promise<void>;
}

/** Declares a route with a typed body. */
export function route<Body>(definition: Route<Body>): Route {
  return definition as Route;
}
