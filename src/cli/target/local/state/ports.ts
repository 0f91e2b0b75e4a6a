import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** The only address that anything of the local target listens on. */
export const loopback = '127.0.0.1';

/**
 * Ports are taken from below the range that the system hands out for outgoing connections: there a port that is free
 * between two starts of a service stays free, also while a load opens connections by the thousand.
 */
const first = 20_000;
const last = 29_999;

/** Whether this port of the loopback address can be listened on now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: loopback, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A free port that is not in `taken`; the same `seed` leads to the same ports as long as they are free. */
export async function choosePort(seed: string, taken: ReadonlySet<number>): Promise<number> {
  if (lowestEphemeralPort() > last) {
    const start = createHash('sha256').update(seed).digest().readUInt32BE(0) % (last - first + 1);
    for (let step = 0; step < 500; step++) {
      const port = first + ((start + step) % (last - first + 1));
      if (!taken.has(port) && (await isFree(port))) return port;
    }
  }
  return anyPort();
}

function lowestEphemeralPort(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1'), 10);
  } catch {
    // macOS and the BSDs start at 49152, as IANA has it.
    return 49_152;
  }
}

function anyPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host: loopback }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
