import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { Arrivals, LoadEndpoint, LoadPlan, PreparedRequest } from '../load/plan.js';
import { definePlan } from '../load/plan-define.js';
import { parseThreshold, type Threshold } from '../load/thresholds.js';
import type { Context } from './context.js';
import {
  parseCount,
  parseHeaders,
  parseHost,
  parseLength,
  parseMethod,
  parseNumber,
  parsePath,
  parseRate,
  parseUrl,
  readBody,
  refuseTogether,
} from './load-flags.js';
import { findEndpoint, type TargetOptions } from './target-options.js';

/** What commander gives for `hwctl load`: texts, not yet checked. */
export interface LoadOptions extends TargetOptions {
  json?: boolean;
  rps?: string;
  users?: string;
  pace?: string;
  requests?: string;
  concurrency?: string;
  duration?: string;
  poisson?: boolean;
  path?: string;
  scenario?: string;
  method?: string;
  header: string[];
  body?: string;
  url?: string;
  host?: string;
  resolve?: string;
  unixSocket?: string;
  insecure?: boolean;
  cacert?: string;
  threshold: string[];
  maxInFlight?: string;
  connections?: string;
  timeout?: string;
  workers?: string;
  seed?: string;
  compression?: boolean;
  dryRun?: boolean;
  quiet?: boolean;
}

/** A plan, and what the user should know about how it came to be. */
export interface PlannedLoad {
  plan: LoadPlan;
  notes: string[];
}

const exclusive = [
  ['rps', 'users', 'concurrency'],
  ['rps', 'users', 'requests'],
  ['scenario', 'path'],
  ['scenario', 'method'],
  ['scenario', 'body'],
  ['resolve', 'unixSocket'],
  ['insecure', 'cacert'],
] as const;

/** Turns the profile and flags of `hwctl load` into a plan. Every flag is checked before anything is reached. Throws Failure. */
export async function makeLoadPlan(
  profile: string | undefined,
  options: LoadOptions,
  context: Context,
): Promise<PlannedLoad> {
  refuseTogether(options as unknown as Record<string, unknown>, exclusive);
  const arrivals = parseArrivals(options);
  const tuning = parseTuning(options);
  const request = parseRequest(options, context);
  const givenPath = options.path === undefined ? undefined : parsePath(options.path);
  const { endpoint, path, notes } = await findTarget(options, context);
  const prepared: PreparedRequest = { ...request, path: givenPath ?? path };
  prepared.step = `${prepared.method} ${prepared.path}`;
  const plan = definePlan({
    name: profile ?? 'load',
    endpoint,
    arrivals,
    work: [{ kind: 'requests', name: prepared.step, weight: 1, requests: [prepared] }],
    ...tuning,
  });
  return { plan, notes };
}

const defaultDurationMs = 10_000;
/** A run in which everything failed must not exit 0: where nothing is said about errors, they stay below 1 %. */
function withErrorThreshold(thresholds: Threshold[]): Threshold[] {
  const judgesErrors = thresholds.some(({ metric }) => metric === 'error_rate' || metric === 'checks');
  return judgesErrors ? thresholds : [...thresholds, parseThreshold('error_rate<1%')];
}

function parseArrivals(options: LoadOptions): Arrivals {
  const durationMs = options.duration === undefined ? undefined : parseLength(options.duration, '--duration');
  const constant = (level: number, ms: number) => [{ durationMs: ms, from: level, to: level }];
  if (options.pace !== undefined && options.users === undefined) throw needs('--pace', '--users');
  if (options.requests !== undefined || options.concurrency !== undefined) {
    if (options.poisson) throw needs('--poisson', '--rps');
    const concurrency = parseCount(options.concurrency ?? '1', '--concurrency', '10');
    const requests =
      options.requests === undefined ? undefined : parseCount(options.requests, '--requests', '1000', 1e12);
    const fallbackMs = requests === undefined ? defaultDurationMs : Number.POSITIVE_INFINITY;
    return { model: 'closed', stages: constant(concurrency, durationMs ?? fallbackMs), requests };
  }
  if (options.users !== undefined) {
    if (options.poisson) throw needs('--poisson', '--rps');
    const users = parseCount(options.users, '--users', '100');
    const paceMs = parseLength(options.pace ?? '1s', '--pace');
    return { model: 'paced', stages: constant(users, durationMs ?? defaultDurationMs), paceMs };
  }
  const rate = parseRate(options.rps ?? '100');
  return {
    model: 'open',
    stages: constant(rate, durationMs ?? defaultDurationMs),
    poisson: options.poisson === true,
  };
}

function needs(flag: string, other: string): Failure {
  return new Failure({
    code: 'conflict',
    message: `${flag} means nothing without ${other}`,
    hint: `Add ${other}, or leave ${flag} out`,
  });
}

function parseTuning(options: LoadOptions) {
  const optional = <T>(text: string | undefined, parse: (text: string) => T): T | undefined =>
    text === undefined ? undefined : parse(text);
  return {
    thresholds: withErrorThreshold(options.threshold.map((text) => parseThreshold(text))),
    maxInFlight: optional(options.maxInFlight, (text) => parseCount(text, '--max-in-flight', '1000')),
    connections: optional(options.connections, (text) => parseCount(text, '--connections', '50')),
    timeoutMs: optional(options.timeout, (text) => parseLength(text, '--timeout')),
    workers: optional(options.workers, (text) => parseCount(text, '--workers', '2', 64)),
    seed: optional(options.seed, (text) =>
      parseNumber(text, '--seed', { least: 0, most: 0xffff_ffff, whole: true, example: '42' }),
    ),
    compression: options.compression === true,
  };
}

function parseRequest(options: LoadOptions, context: Context): PreparedRequest {
  const body = options.body === undefined ? undefined : readBody(options.body, context);
  const method = parseMethod(options.method ?? (body === undefined ? 'GET' : 'POST'));
  const headers = parseHeaders(options.header);
  if (body !== undefined && !Object.keys(headers).some((name) => name.toLowerCase() === 'content-type'))
    headers['Content-Type'] = looksLikeJson(body) ? 'application/json' : 'text/plain; charset=utf-8';
  return { step: '', method, path: '/', headers, body };
}

function looksLikeJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

interface FoundTarget {
  endpoint: LoadEndpoint;
  /** What to request where `--path` does not say. */
  path: string;
  notes: string[];
}

async function findTarget(options: LoadOptions, context: Context): Promise<FoundTarget> {
  const hostHeader = options.host === undefined ? undefined : parseHost(options.host);
  if (options.url !== undefined) return fromUrl(options, parseUrl(options.url), hostHeader, context);
  for (const flag of ['resolve', 'unixSocket', 'insecure', 'cacert'] as const)
    if (options[flag] !== undefined) throw needs(flag === 'unixSocket' ? '--unix-socket' : `--${flag}`, '--url');
  const { target, reason, endpoint } = await findEndpoint(options, context);
  const url = new URL(endpoint.url);
  const host = hostHeader ?? endpoint.host ?? url.host;
  const secure = url.protocol === 'https:';
  return {
    endpoint: {
      url: `${url.protocol}//${host}`,
      connect: { host: unbracket(url.hostname), port: portOf(url) },
      hostHeader: host,
      tls: secure ? { insecure: true } : undefined,
    },
    path: endpoint.loadPath ?? '/',
    notes: [`target ${target.name}: ${reason}`],
  };
}

function fromUrl(options: LoadOptions, url: URL, hostHeader: string | undefined, context: Context): FoundTarget {
  const hasPath = options.path !== undefined || options.scenario !== undefined;
  const prefix = hasPath ? url.pathname.replace(/\/$/, '') : '';
  return {
    endpoint: {
      url: `${url.origin}${prefix}`,
      connect: connectTo(options, url),
      hostHeader,
      tls: tlsOptions(options, url, context),
    },
    path: hasPath ? '/' : url.pathname + url.search,
    notes: [],
  };
}

function tlsOptions(options: LoadOptions, url: URL, context: Context): LoadEndpoint['tls'] {
  if (url.protocol === 'http:') {
    if (options.insecure) throw needs('--insecure', 'an https URL');
    if (options.cacert !== undefined) throw needs('--cacert', 'an https URL');
    return undefined;
  }
  if (options.cacert === undefined) return { insecure: options.insecure === true };
  const path = resolve(context.cwd, options.cacert);
  try {
    return { ca: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new Failure({
      code: 'bad-cacert',
      message: `--cacert: cannot read ${path} (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
      hint: 'Name a readable PEM file',
      cause: error,
    });
  }
}

function connectTo(options: LoadOptions, url: URL): LoadEndpoint['connect'] {
  if (options.unixSocket !== undefined) return { socketPath: options.unixSocket };
  if (options.resolve === undefined) return undefined;
  const match = /^(\[[0-9a-f:.]+\]|[^:]+):(\d+):(.+)$/i.exec(options.resolve);
  const expected = `${url.hostname}:${portOf(url)}`;
  if (match === null || `${match[1]}:${Number(match[2])}` !== expected) {
    throw new Failure({
      code: 'bad-resolve',
      message: `--resolve: ${JSON.stringify(options.resolve)} does not name the URL’s host and port`,
      hint: `For example --resolve ${expected}:127.0.0.1`,
    });
  }
  return { host: unbracket(match[3]!), port: portOf(url) };
}

function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

function unbracket(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
