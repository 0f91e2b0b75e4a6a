import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** Where a host is: this machine, a network that is nobody else's to see, the internet, or nowhere that a name server knows. */
export type HostPlace = 'here' | 'private' | 'public' | 'nowhere';

/** A name server may take so long: 3 s; after that the name counts as unknown. */
const lookupMs = 3_000;

/** RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291. */
const privateNetworks = networks(
  '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 fc00::/7 fe80::/10',
);

function networks(list: string): BlockList {
  const networks = new BlockList();
  for (const network of list.split(' ')) {
    const [address = '', bits] = network.split('/');
    networks.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return networks;
}

/** Where each host is; names are looked up, all at once. Never throws. */
export async function placesOf(hosts: Iterable<string>): Promise<Map<string, HostPlace>> {
  const entries = [...new Set(hosts)].map(async (host) => [host, await placeOf(host)] as const);
  return new Map(await Promise.all(entries));
}

async function placeOf(host: string): Promise<HostPlace> {
  if (isThisMachine(host)) return 'here';
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0) return placeOfAddress(bare);
  const address = await Promise.race([
    lookup(host)
      .then(({ address }) => address)
      .catch(() => undefined),
    new Promise<undefined>((resolve) => setTimeout(resolve, lookupMs, undefined).unref()),
  ]);
  return address === undefined ? 'nowhere' : placeOfAddress(address);
}

/** Whether a host of a URL is a name of the machine that asks. */
export function isThisMachine(host: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1?\]|0\.0\.0\.0|host\.(docker|minikube)\.internal)$/i.test(host);
}

/** Where an IP address is. Pure. */
export function placeOfAddress(address: string): HostPlace {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (isThisMachine(plain) || isThisMachine(`[${plain}]`)) return 'here';
  return privateNetworks.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4') ? 'private' : 'public';
}
