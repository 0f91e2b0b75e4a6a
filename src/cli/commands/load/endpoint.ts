import { request } from 'node:http';
import { Failure } from '../../kernel/failure.js';
import { tlsOptions } from '../../kernel/http/tls.js';
import type { LoadEndpoint } from '../../load/plan/plan.js';
import { addressOf } from '../../scenario/send/host-routes.js';
import type { Endpoint, Target } from '../../target/target.js';
import type { Context } from '../context/context.js';
import { connectionPairs, readTls } from '../options/connection-options.js';
import { findEndpoint, findUp, targetFromOptions } from '../options/target-options.js';
import { readValue } from '../options/value-kind.js';
import { host as hostKind, url as urlKind } from '../options/values.js';
import { routesOf } from '../project/host-routes.js';
import { openProject } from '../project/open-project.js';
import { needs } from './arrivals.js';
import type { LoadTargetOptions } from './flags.js';

/** What the work itself says of where it goes; flags take its place. */
export interface WorkPlace {
  /** The stack that must be up for the work to make sense. */
  stack?: string;
  url?: string;
  host?: string;
  /** Workloads are to be harmed meanwhile. */
  harms?: boolean;
}

/** Where a load goes. */
export interface LoadTarget {
  endpoint: LoadEndpoint;
  /** What to request where `--path` does not say. */
  path: string;
  notes: string[];
  /** Whose workloads can be looked at, and harmed, meanwhile; undefined for a server that `--url` names. */
  target?: Target;
  /** Names of what runs there. */
  workloads?: string[];
}

/**
 * The server that `--url` names, else the work's own, else what is up. `hasPaths`: the work says what to request, so a URL's
 * own path is the prefix of its paths. Throws Failure.
 */
export async function findTarget(
  options: LoadTargetOptions,
  hasPaths: boolean,
  place: WorkPlace,
  context: Context,
): Promise<LoadTarget> {
  const { stack } = place;
  for (const [flag, key, other, otherKey] of connectionPairs)
    if (options[key] !== undefined && options[otherKey] === undefined) throw needs(flag, other);
  const hostHeader = options.host;
  const harmed = (to: LoadTarget) => (place.harms === true ? withTargetOfFaults(to, options, context) : to);
  if (options.url !== undefined) return harmed(fromUrl(options, new URL(options.url), hasPaths, hostHeader, context));
  if (place.url !== undefined) {
    const { host } = place;
    const header = hostHeader ?? (host === undefined ? undefined : readValue(hostKind, 'host', host, context));
    const url = new URL(readValue(urlKind, 'url', place.url, context));
    const named = fromUrl(options, url, hasPaths, header, context);
    const through = named.endpoint.connect === undefined && (await throughProject(named, url, options, context));
    return through || harmed(named);
  }
  for (const [key, flag] of urlFlags) if (options[key] !== undefined) throw needs(flag, '--url');
  const { target, reason, endpoint, status } = await findEndpoint(options, context);
  if (stack !== undefined && !status.stacks.includes(stack)) {
    throw new Failure({
      code: 'stack-not-up',
      message: `this profile loads the stack ${JSON.stringify(stack)}, which is not up (${status.stacks.join(', ')} is)`,
      hint: `hwctl up ${stack}, or name another server with --url`,
    });
  }
  const url = new URL(endpoint.url);
  const host = hostHeader ?? endpoint.host ?? place.host ?? url.host;
  const path = hasPaths ? undefined : (endpoint.loadPath ?? (await firstPath({ ...endpoint, host }, context)));
  return {
    endpoint: {
      url: `${url.protocol}//${host}`,
      connect: { host: unbracket(url.hostname), port: portOf(url) },
      hostHeader: host,
      // The Ingress of a bundled platform signs its own certificate.
      tls: url.protocol === 'https:' ? { insecure: true } : undefined,
    },
    path: path ?? '/',
    notes: [
      `target ${target.name}: ${reason}`,
      ...(path === undefined || path === endpoint.loadPath
        ? []
        : [`${path} is loaded: it answers (--path says another)`]),
    ],
    target,
    workloads: status.services.map(({ name }) => name),
  };
}

/** The way to a host or a Service that the work names and a project routes that is up: no DNS of this machine knows them. */
async function throughProject(
  named: LoadTarget,
  url: URL,
  options: LoadTargetOptions & { inCluster?: boolean },
  context: Context,
): Promise<LoadTarget | undefined> {
  // Pods look it up themselves.
  if (options.inCluster === true) return undefined;
  const { project } = await openProject(options, context);
  if (project === undefined) return undefined;
  const up = await findUp(options, context).catch((error: unknown) => {
    if (error instanceof Failure && error.code === 'nothing-is-up') return undefined;
    throw error;
  });
  const connect = up === undefined ? undefined : addressOf(url, routesOf(up.status.endpoints));
  if (up === undefined || connect === undefined) return undefined;
  const note = `${url.hostname} is reached at ${connect.host}:${connect.port}: target ${up.target.name}, ${up.reason}`;
  const workloads = up.status.services.map(({ name }) => name);
  return {
    ...named,
    endpoint: { ...named.endpoint, connect },
    notes: [...named.notes, note],
    target: up.target,
    workloads,
  };
}

/** A URL says nothing of workloads: where some are to be harmed, `--target` (or `-f`) says whose. */
async function withTargetOfFaults(to: LoadTarget, options: LoadTargetOptions, context: Context): Promise<LoadTarget> {
  const isNamed = options.target !== 'auto' || options.file !== undefined;
  if (!isNamed) return to;
  const { target, reason } = await targetFromOptions(options, context);
  const { services } = await target.status();
  const notes = [...to.notes, `target of the faults ${target.name}: ${reason}`];
  return { ...to, notes, target, workloads: services.map(({ name }) => name) };
}

/** The first path of an endpoint whose answer is no error; undefined where none is known to be so. */
async function firstPath({ url, host, paths }: Endpoint, context: Context): Promise<string | undefined> {
  if (paths === undefined) return undefined;
  for (const path of [
    ...new Set(['/', ...paths, '/health', ...paths.map((one) => `${one.replace(/\/$/, '')}/health`)]),
  ]) {
    const status = await statusOf(new URL(path, url), host, context.signal);
    if (status !== undefined && status < 400) return path;
  }
  return undefined;
}

/** How long one path may take to answer: 2 s. */
const askMs = 2_000;

function statusOf(url: URL, host: string | undefined, signal: AbortSignal): Promise<number | undefined> {
  if (url.protocol !== 'http:') return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const outgoing = request(
      url,
      { headers: host === undefined ? {} : { host }, timeout: askMs, signal },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(undefined));
    outgoing.end();
  });
}

const urlFlags = [
  ['resolve', '--resolve'],
  ['unixSocket', '--unix-socket'],
  ['insecure', '--insecure'],
  ['sslExtraCaCerts', '--cacert'],
  ['sslClientCert', '--cert'],
] as const;

const tlsFlags = urlFlags.filter(([key]) => key !== 'resolve' && key !== 'unixSocket');

function fromUrl(
  options: LoadTargetOptions,
  url: URL,
  hasPaths: boolean,
  hostHeader: string | undefined,
  context: Context,
): LoadTarget {
  const prefix = hasPaths ? url.pathname.replace(/\/$/, '') : '';
  return {
    endpoint: {
      url: `${url.origin}${prefix}`,
      connect: connectTo(options, url),
      hostHeader,
      tls: endpointTls(options, url, context),
    },
    path: hasPaths ? '/' : url.pathname + url.search,
    notes: [],
  };
}

function endpointTls(options: LoadTargetOptions, url: URL, context: Context): LoadEndpoint['tls'] {
  if (url.protocol === 'http:') {
    for (const [key, flag] of tlsFlags) if (options[key] !== undefined) throw needs(flag, 'an https URL');
    return undefined;
  }
  const tls = readTls(options, context);
  // What cannot be used is told here, not by the threads.
  tlsOptions(tls);
  return tls;
}

function connectTo(options: LoadTargetOptions, url: URL): LoadEndpoint['connect'] {
  if (options.unixSocket !== undefined) return { socketPath: options.unixSocket };
  if (options.resolve === undefined) return undefined;
  const { authority, address } = options.resolve;
  const expected = `${url.hostname}:${portOf(url)}`;
  if (authority !== expected) {
    throw new Failure({
      code: 'bad-resolve',
      message: `--resolve: ${authority} is not the URL’s host and port`,
      hint: `For example --resolve ${expected}:127.0.0.1`,
    });
  }
  return { host: address, port: portOf(url) };
}

/** The port that a URL means. */
export function portOf(url: Pick<URL, 'port' | 'protocol'>): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

/** `[::1]` as sockets want it: `::1`. */
export function unbracket(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
