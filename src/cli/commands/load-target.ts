import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { shownUrl } from '../kernel/secrets.js';
import type { LoadEndpoint } from '../load/plan.js';
import type { Target } from '../target/target.js';
import type { Context } from './context.js';
import { needs } from './load-arrivals.js';
import { parseHost, parseUrl } from './load-flags.js';
import { findEndpoint, type TargetOptions } from './target-options.js';

/** The flags that say where a load goes. */
export interface LoadTargetOptions extends TargetOptions {
  url?: string;
  host?: string;
  path?: string;
  resolve?: string;
  unixSocket?: string;
  insecure?: boolean;
  cacert?: string;
}

/** Where a load goes. */
export interface LoadTarget {
  endpoint: LoadEndpoint;
  /** What to request where `--path` does not say. */
  path: string;
  notes: string[];
  /** Whose workloads can be looked at meanwhile; undefined for a server that `--url` names. */
  target?: Target;
}

/**
 * The server that `--url` names, or what is up. `hasPaths`: the work says what to request, so a URL's own path is the prefix
 * of its paths. `stack`: what must be up for the work to make sense. Throws Failure.
 */
export async function findTarget(
  options: LoadTargetOptions,
  hasPaths: boolean,
  stack: string | undefined,
  context: Context,
): Promise<LoadTarget> {
  const hostHeader = options.host === undefined ? undefined : parseHost(options.host);
  if (options.url !== undefined) return fromUrl(options, parseUrl(options.url), hasPaths, hostHeader, context);
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
  const host = hostHeader ?? endpoint.host ?? url.host;
  return {
    endpoint: {
      url: `${url.protocol}//${host}`,
      connect: { host: unbracket(url.hostname), port: portOf(url) },
      hostHeader: host,
      // The Ingress of a bundled platform signs its own certificate.
      tls: url.protocol === 'https:' ? { insecure: true } : undefined,
    },
    path: endpoint.loadPath ?? '/',
    notes: [`target ${target.name}: ${reason}`],
    target,
  };
}

const urlFlags = [
  ['resolve', '--resolve'],
  ['unixSocket', '--unix-socket'],
  ['insecure', '--insecure'],
  ['cacert', '--cacert'],
] as const;

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
      tls: tlsOptions(options, url, context),
    },
    path: hasPaths ? '/' : url.pathname + url.search,
    notes: [],
  };
}

function tlsOptions(options: LoadTargetOptions, url: URL, context: Context): LoadEndpoint['tls'] {
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

function connectTo(options: LoadTargetOptions, url: URL): LoadEndpoint['connect'] {
  if (options.unixSocket !== undefined) return { socketPath: options.unixSocket };
  if (options.resolve === undefined) return undefined;
  const match = /^(\[[0-9a-f:.]+\]|[^:]+):(\d+):(.+)$/i.exec(options.resolve);
  const expected = `${url.hostname}:${portOf(url)}`;
  if (match === null || `${match[1]}:${Number(match[2])}` !== expected) {
    throw new Failure({
      code: 'bad-resolve',
      message: `--resolve: ${JSON.stringify(shownUrl(options.resolve))} does not name the URL’s host and port`,
      hint: `For example --resolve ${expected}:127.0.0.1`,
    });
  }
  return { host: unbracket(match[3]!), port: portOf(url) };
}

/** The port that a URL means. */
export function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

/** `[::1]` as sockets want it: `::1`. */
export function unbracket(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
