import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { secretCheck } from './secret-check.js';

/** Whose X-Forwarded-For is believed. */
export interface ProxyTrust {
  /** How many proxies in a row write X-Forwarded-For; 0: the socket's address is the client's. */
  trustedProxies: number;
  /** The last of them is known by its address, as CIDR: where the cluster's network decides who that is. */
  trustedProxyNetworks: readonly string[];
  /** Or by what it shows in X-Proxy-Token: where everybody comes from one address, as on one machine. */
  trustedProxyToken: string | undefined;
}

/**
 * Gives the client's address of a request. Each of the `trustedProxies` in front appends the address that it was called
 * from to X-Forwarded-For, so the client's is that many entries from the end; whatever stands before it was written by the
 * client and is never looked at. Nothing is believed of a caller that is not the proxy. An entry that is no address counts
 * as none.
 */
export function clientAddressReader(trust: ProxyTrust): (request: IncomingMessage) => string {
  const isProxy = proxyCheck(trust);
  return (request) => {
    const peer = plain(request.socket.remoteAddress ?? 'unknown');
    const forwarded = request.headers['x-forwarded-for'];
    if (trust.trustedProxies === 0 || typeof forwarded !== 'string' || !isProxy(request, peer)) return peer;
    const hops = forwarded.split(',');
    const hop = hops[Math.max(0, hops.length - trust.trustedProxies)]!.trim();
    return isIP(hop) > 0 ? plain(hop) : peer;
  };
}

function proxyCheck({ trustedProxyNetworks, trustedProxyToken }: ProxyTrust) {
  const networks = new BlockList();
  for (const network of trustedProxyNetworks) {
    const { address, bits, family } = parseNetwork(network)!;
    networks.addSubnet(address, bits, family);
  }
  const showsToken = trustedProxyToken === undefined ? () => false : secretCheck(trustedProxyToken);
  return ({ headers }: IncomingMessage, peer: string): boolean => {
    const family = isIP(peer);
    if (family !== 0 && networks.check(peer, family === 4 ? 'ipv4' : 'ipv6')) return true;
    const shown = headers['x-proxy-token'];
    return typeof shown === 'string' && showsToken(shown);
  };
}

/** A network in CIDR notation (RFC 4632), or undefined where it is none. */
export function parseNetwork(text: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', length = '', ...more] = text.split('/');
  const family = isIP(address);
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (family === 0 || more.length > 0 || !(bits <= (family === 4 ? 32 : 128))) return undefined;
  return { address, bits, family: family === 4 ? 'ipv4' : 'ipv6' };
}

/** IPv4 mapped into IPv6 (what a dual-stack socket says) is the IPv4 address. */
function plain(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}

/** Who is counted as one: an IPv4 address, or the /64 that an IPv6 customer is given whole (RFC 6177). */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.toLowerCase().replace(/%.*$/, '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  // An IPv4 tail (::1.2.3.4) stands for two groups.
  const written = before.length + after.length + (address.includes('.') ? 1 : 0);
  const groups = tail === undefined ? before : [...before, ...Array<string>(8 - written).fill('0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
