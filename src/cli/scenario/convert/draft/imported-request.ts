import { parseJson } from '../../../kernel/json.js';
import { type Draft, type DraftStep, grouped, type Imported } from './draft.js';
import type { Wrong } from './given.js';

/** Text here is a template of the format: what was read is already in the format's own words. */
export type ImportedAuth =
  | { kind: 'none' }
  | { kind: 'basic'; username: string; password: string }
  | { kind: 'bearer'; token: string };

export type ImportedPart = string | { file: string; type?: string };

export type ImportedBody =
  | { kind: 'json'; value: unknown }
  | { kind: 'text'; text: string }
  | { kind: 'form'; pairs: [string, string][] }
  | { kind: 'multipart'; parts: [string, ImportedPart][] }
  | { kind: 'graphql'; query: string; variables: unknown }
  | { kind: 'file'; path: string };

/** One request as a reader of another tool's format understood it: what that tool would send, and what it checks. */
export interface ImportedRequest {
  name: string;
  method: string;
  /** A path or a URL. */
  address: string;
  headers: [string, string][];
  auth: ImportedAuth;
  body: ImportedBody | undefined;
  redirects: boolean;
  cookies: boolean;
  /** Variables set before it. */
  set: Record<string, unknown>;
  checks: Record<string, unknown>[];
  captures: Record<string, unknown>;
  /** Words that it is known by. */
  tags?: string[];
}

interface ImportedFolder {
  folder: string;
  steps: ImportedStep[];
}

export type ImportedStep = ImportedRequest | ImportedFolder;

/** What a reader made of a document: the one model that all of them fill and `toImported` writes. */
export interface ImportedDocument {
  name: string;
  why: string;
  url?: string;
  variables: Record<string, unknown>;
  /** Variables that no report may show. */
  secrets?: string[];
  steps: ImportedStep[];
  /** What has no counterpart, each with its place. */
  losses: string[];
  wrong: Wrong[];
}

/** All requests of the steps, in order. */
export function requestsIn(steps: readonly ImportedStep[]): ImportedRequest[] {
  return steps.flatMap((step) => ('folder' in step ? requestsIn(step.steps) : [step]));
}

/** The document in the format's fields. The sign-in that most requests share stands at the head, others say their own. */
export function toImported(document: ImportedDocument): Imported {
  const { name, why, url, variables, secrets = [], steps, losses, wrong } = document;
  const shared = sharedAuth(requestsIn(steps));
  const told = [...losses];
  const draft: Draft = {
    name,
    why,
    ...(url === undefined ? {} : { url }),
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    ...(secrets.length > 0 ? { secrets } : {}),
    ...(shared.kind === 'none' ? {} : { auth: authField(shared) }),
    steps: steps.map((step) => stepField(step, shared, told)),
  };
  return { draft, losses: told, wrong };
}

/** Only what every second request or more needs is the scenario's own. */
function sharedAuth(requests: readonly ImportedRequest[]): ImportedAuth {
  const counts = new Map<string, number>();
  for (const { auth } of requests) {
    const key = JSON.stringify(auth);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  const often = most !== undefined && most[1] > 1 && most[1] * 2 >= requests.length;
  return often ? (JSON.parse(most[0]) as ImportedAuth) : { kind: 'none' };
}

function authField(auth: ImportedAuth): unknown {
  if (auth.kind === 'none') return 'none';
  if (auth.kind === 'bearer') return { bearer: auth.token };
  return { basic: { username: auth.username, password: auth.password } };
}

function stepField(step: ImportedStep, shared: ImportedAuth, losses: string[]): DraftStep {
  if ('folder' in step)
    return { folder: step.folder, steps: step.steps.map((each) => stepField(each, shared, losses)) };
  const { name, method, address, headers, auth, body, redirects, cookies, set, checks, captures, tags } = step;
  return {
    name,
    request: `${method} ${address}`,
    ...(tags === undefined ? {} : { tags }),
    ...(Object.keys(set).length > 0 ? { set } : {}),
    ...(headers.length > 0 ? { headers: grouped(headers) } : {}),
    ...bodyField(body, name, losses),
    ...(JSON.stringify(auth) === JSON.stringify(shared) ? {} : { auth: authField(auth) }),
    ...(redirects ? {} : { redirects: false }),
    ...(cookies ? {} : { cookies: false }),
    ...(checks.length > 0 ? { check: checks } : {}),
    ...(Object.keys(captures).length > 0 ? { capture: captures } : {}),
  };
}

function bodyField(body: ImportedBody | undefined, step: string, losses: string[]): Record<string, unknown> {
  switch (body?.kind) {
    case undefined:
      return {};
    case 'json':
      return { json: body.value };
    case 'text':
      return { text: body.text };
    case 'form':
      return { form: grouped(body.pairs) };
    case 'graphql':
      return { graphql: { query: body.query, variables: body.variables } };
    case 'file':
      return { file: body.path };
    case 'multipart': {
      const parts = new Map(body.parts);
      for (const name of new Set(body.parts.map(([each]) => each)))
        if (body.parts.filter(([each]) => each === name).length > 1)
          losses.push(`"${step}": its parts ${name} but the last`);
      return { multipart: Object.fromEntries(parts) };
    }
  }
}

/** A JSON text as a body: as a value where that gives the very same bytes, else as it is, with its type. */
export function jsonBody(text: string, headers: [string, string][], type = 'application/json'): ImportedBody {
  if (type === 'application/json' && !text.includes('{{') && isCompact(text) && !hasHeader(headers, 'content-type'))
    return { kind: 'json', value: parseJson(text) };
  if (!hasHeader(headers, 'content-type')) headers.push(['Content-Type', type]);
  return { kind: 'text', text };
}

/** Whether writing the value again gives this text, every digit of its numbers included. */
function isCompact(text: string): boolean {
  try {
    return JSON.stringify(parseJson(text)) === text;
  } catch {
    return false;
  }
}

/** Whether a header of this name (in lower case) is among them. */
export function hasHeader(headers: readonly (readonly [string, string])[], name: string): boolean {
  return headers.some(([key]) => key.toLowerCase() === name);
}

/** Headers that belong to the connection or are counted anew (RFC 9110 section 7.6.1): none is sent as it was written. */
const ofConnection =
  /^(?:connection|keep-alive|proxy-connection|transfer-encoding|te|trailer|upgrade|expect|content-length)$/i;
const tokenName = /^[!#$%&'*+.^_`|~\w-]+$/;

/** The headers that can be sent; the others are told. */
export function sendable(headers: readonly [string, string][], losses: string[]): [string, string][] {
  return headers.filter(([name, value]) => {
    if (ofConnection.test(name)) losses.push(`the header ${name}, which belongs to the connection`);
    else if (!tokenName.test(name) && !name.includes('{{'))
      losses.push(`headers: ${JSON.stringify(name)} is not a header name`);
    else if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value))
      losses.push(`the header ${name}, whose value is not one line`);
    else return true;
    return false;
  });
}
