import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * The client's address. Each of the `trustedProxies` in front appends the address that it was called from to
 * X-Forwarded-For, so the client's is that many entries from the end; whatever stands before it was written by the client
 * and is never looked at. With 0 the header is ignored. An entry that is no address counts as none.
 */
export function clientAddress(request: IncomingMessage, trustedProxies: number): string {
  const peer = request.socket.remoteAddress ?? 'unknown';
  const forwarded = request.headers['x-forwarded-for'];
  if (trustedProxies === 0 || typeof forwarded !== 'string') return plain(peer);
  const hops = forwarded.split(',');
  const hop = hops[Math.max(0, hops.length - trustedProxies)]!.trim();
  return isIP(hop) > 0 ? plain(hop) : plain(peer);
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
