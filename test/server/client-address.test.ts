import type { IncomingMessage } from 'node:http';
import t from 'tap';
import { clientAddress, networkOf } from '../../src/server/client-address.js';

const from = (peer: string, forwarded?: string) =>
  ({ socket: { remoteAddress: peer }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

const addresses: [name: string, peer: string, forwarded: string | undefined, proxies: number, address: string][] = [
  ['no proxy: the header is not looked at', '10.0.0.1', '1.1.1.1', 0, '10.0.0.1'],
  ['one proxy: what it wrote', '10.0.0.1', '1.1.1.1', 1, '1.1.1.1'],
  ['one proxy that appends: the client wrote the rest', '10.0.0.1', '6.6.6.6, 7.7.7.7, 1.1.1.1', 1, '1.1.1.1'],
  ['two proxies', '10.0.0.1', '6.6.6.6, 1.1.1.1, 10.0.0.2', 2, '1.1.1.1'],
  ['fewer than were expected', '10.0.0.1', '1.1.1.1', 2, '1.1.1.1'],
  ['called without the proxy', '10.0.0.1', undefined, 1, '10.0.0.1'],
  ['not an address', '10.0.0.1', '1.1.1.1, nonsense', 1, '10.0.0.1'],
  ['empty', '10.0.0.1', ',,,', 1, '10.0.0.1'],
  ['IPv4 on a dual-stack socket', '::ffff:10.0.0.1', undefined, 0, '10.0.0.1'],
  ['IPv6', '10.0.0.1', '2001:db8::1', 1, '2001:db8::1'],
];
for (const [name, peer, forwarded, proxies, address] of addresses)
  t.equal(clientAddress(from(peer, forwarded), proxies), address, name);

const networks: [address: string, network: string][] = [
  ['10.0.0.1', '10.0.0.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['2001:db8:0001:0002::', '2001:db8:1:2::/64'],
  ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4::/64'],
  ['64:ff9b::1.2.3.4', '64:ff9b:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['unknown', 'unknown'],
];
for (const [address, network] of networks) t.equal(networkOf(address), network, address);
