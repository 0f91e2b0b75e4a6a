import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { Failure } from '../../../kernel/failure.js';
import { readText } from '../../../kernel/files.js';
import { didYouMean } from '../../../kernel/nearest.js';
import { kubeConfigFiles } from '../../kubeconfig.js';

/** Where a context of the kubeconfig leads, as far as the guard must know. */
export interface ContextServer {
  context: string;
  server: string;
  /** The proxy that requests go through, which hides where they end. */
  proxyUrl?: string;
  /** The name the certificate is checked against, where it differs from the server's. */
  tlsServerName?: string;
}

/** Names under which local clusters are reached (Docker Desktop, Rancher Desktop, containers on this machine). */
const localHosts = new Set([
  'localhost',
  'kubernetes.docker.internal',
  'host.docker.internal',
  'gateway.docker.internal',
  'host.containers.internal',
  'control-plane.minikube.internal',
]);

/**
 * Why a context must not be touched without `--allow-context`, or undefined where its server is loopback, private or a
 * known local cluster. Fails closed: a name that has to be resolved, a proxy or a certificate for another host are reasons.
 */
export function whyGuarded({ server, proxyUrl, tlsServerName }: ContextServer): string | undefined {
  let host: string;
  try {
    host = new URL(server).hostname.replace(/^\[|\]$/g, '').toLowerCase();
  } catch {
    return `its server ${JSON.stringify(server)} is not a URL`;
  }
  if (proxyUrl !== undefined && proxyUrl !== '') return `it is reached through the proxy ${proxyUrl}`;
  if (tlsServerName !== undefined && !isLocalHost(tlsServerName.toLowerCase())) {
    return `its certificate is for ${tlsServerName}, so ${host} is a tunnel to somewhere else`;
  }
  if (isLocalHost(host)) return undefined;
  if (isIP(host) !== 0) return `its server ${host} is neither loopback nor a private address`;
  return `its server ${host} is not a known local cluster`;
}

function isLocalHost(host: string): boolean {
  return localHosts.has(host) || host.endsWith('.localhost') || isLocalAddress(host);
}

/** Loopback, private (RFC 1918), unspecified, link-local or unique local (RFC 4193) addresses. */
export function isLocalAddress(host: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(host)?.[1];
  if (mapped !== undefined) return isLocalAddress(mapped);
  if (isIP(host) === 4) {
    const [a, b] = host.split('.').map(Number) as [number, number];
    if (a === 127 || a === 10 || (a === 192 && b === 168) || (a === 172 && b >= 16 && b <= 31)) return true;
    return (a === 169 && b === 254) || host === '0.0.0.0';
  }
  return isIP(host) === 6 && (host === '::1' || host === '::' || /^f[cd]/.test(host) || /^fe[89ab]/.test(host));
}

/** Reads the kubeconfig as kubectl does: the first file to name something wins. Throws Failure `bad-kubeconfig`. */
export function loadKubeConfig(env: Readonly<Record<string, string | undefined>>): KubeConfig {
  const merged = new KubeConfig();
  merged.loadFromOptions({ clusters: [], users: [], contexts: [], currentContext: '' });
  for (const file of kubeConfigFiles(env)) {
    if (!existsSync(file)) continue;
    const one = new KubeConfig();
    const text = readText(file, { shown: file, by: 'kubeconfig' });
    try {
      one.loadFromString(text);
      // As its own reader of files does: paths in it are relative to it.
      one.makePathsAbsolute(dirname(file));
    } catch (error) {
      throw new Failure({
        code: 'bad-kubeconfig',
        message: `the kubeconfig ${file} cannot be read: ${(error as Error).message.split('\n')[0]}`,
        hint: `kubectl config view --kubeconfig ${file} shows what is wrong`,
        cause: error,
      });
    }
    const fresh = <T extends { name: string }>(known: T[], more: T[]) =>
      more.filter((item) => !known.some((other) => other.name === item.name));
    merged.loadFromOptions({
      clusters: [...merged.clusters, ...fresh(merged.clusters, one.clusters ?? [])],
      users: [...merged.users, ...fresh(merged.users, one.users ?? [])],
      contexts: [...merged.contexts, ...fresh(merged.contexts, one.contexts ?? [])],
      currentContext: merged.currentContext || one.currentContext || '',
    });
  }
  return merged;
}

/**
 * The kubeconfig pinned to one context: what runs elsewhere (`kubectl config use-context`) changes nothing any more.
 * Throws Failure `no-context` or `context-guarded`.
 */
export function pinContext(config: KubeConfig, name: string, allowContext: string | undefined): KubeConfig {
  const context = config.getContextObject(name);
  const cluster = context === null ? null : config.getCluster(context.cluster);
  if (context === null || cluster === null) {
    const names = config.getContexts().map((other) => other.name);
    throw new Failure({
      code: 'no-context',
      message:
        context === null
          ? `the kubeconfig has no context ${JSON.stringify(name)}${didYouMean(name, names)}`
          : `the context ${JSON.stringify(name)} names a cluster that the kubeconfig does not have: ${context.cluster}`,
      hint: names.length === 0 ? 'There is no context at all: is KUBECONFIG right?' : `There is: ${names.join(', ')}`,
    });
  }
  const why = whyGuarded({
    context: name,
    server: cluster.server,
    proxyUrl: cluster.proxyUrl,
    tlsServerName: cluster.tlsServerName,
  });
  if (why !== undefined && allowContext !== name) {
    throw new Failure({
      code: 'context-guarded',
      message: `the context ${JSON.stringify(name)} may be somebody's real cluster: ${why}`,
      hint: `If it is the one you mean, add --allow-context ${name}`,
    });
  }
  const user = config.getUser(context.user);
  const pinned = new KubeConfig();
  pinned.loadFromOptions({
    clusters: [cluster],
    users: user === null ? [] : [user],
    contexts: [context],
    currentContext: name,
  });
  return pinned;
}
