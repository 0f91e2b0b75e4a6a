import type { IncomingMessage } from 'node:http';
import t from 'tap';
import { clientAddressReader, networkOf, parseNetwork } from '../../../src/server/http/client-address.js';

const from = (peer: string, forwarded?: string, token?: string) =>
  ({
    socket: { remoteAddress: peer },
    headers: { 'x-forwarded-for': forwarded, 'x-proxy-token': token },
  }) as unknown as IncomingMessage;

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
const cluster = { trustedProxyNetworks: ['10.0.0.0/8', 'fd00::/8'], trustedProxyToken: undefined };
for (const [name, peer, forwarded, trustedProxies, address] of addresses)
  t.equal(clientAddressReader({ ...cluster, trustedProxies })(from(peer, forwarded)), address, name);

// Who is no proxy is believed nothing: another address, or no token.
const inCluster = clientAddressReader({ ...cluster, trustedProxies: 1 });
t.equal(inCluster(from('::ffff:10.1.2.3', '1.1.1.1')), '1.1.1.1', 'the controller, on a dual-stack socket');
t.equal(inCluster(from('fd12::9', '1.1.1.1')), '1.1.1.1');
for (const peer of ['127.0.0.1', '::1', '11.0.0.1', '::ffff:127.0.0.1', 'fe00::1'])
  t.equal(inCluster(from(peer, '1.1.1.1')), peer.replace('::ffff:', ''), `${peer} is not the controller`);
const local = clientAddressReader({
  trustedProxies: 1,
  trustedProxyNetworks: [],
  trustedProxyToken: 'what-the-gateway-shows',
});
t.equal(local(from('127.0.0.1', '1.1.1.1', 'what-the-gateway-shows')), '1.1.1.1');
for (const token of [undefined, '', 'what-the-gateway-show', 'what-the-gateway-shows '])
  t.equal(local(from('127.0.0.1', '1.1.1.1', token)), '127.0.0.1', `shown: ${token}`);
const nobody = clientAddressReader({ trustedProxies: 1, trustedProxyNetworks: [], trustedProxyToken: undefined });
t.equal(nobody(from('10.0.0.1', '1.1.1.1')), '10.0.0.1');

for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/x', '/8', '::/129', 'a/8', '10.0.0.0/8/8', ''])
  t.equal(parseNetwork(text), undefined, text);
t.strictSame(parseNetwork('::/0'), { address: '::', bits: 0, family: 'ipv6' });

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
