import { request } from 'node:http';
import { loopback } from '../state/ports.js';

/** One HTTP probe, as the kubelet does it: 200 to 399 is healthy. Gives the reason where it is not; never throws. */
export function probeHttp(port: number, path: string, timeoutMs: number): Promise<string | undefined> {
  // Of a path that no request can have, Node says so by throwing.
  return new Promise<string | undefined>((resolve) => {
    const outgoing = request(
      { host: loopback, port, path, agent: false, headers: { 'user-agent': 'hwctl-probe', connection: 'close' } },
      (response) => {
        const status = response.statusCode ?? 0;
        response.resume();
        resolve(status >= 200 && status < 400 ? undefined : `GET ${path} answered ${status}`);
      },
    );
    const timer = setTimeout(() => {
      resolve(`GET ${path} was not answered within ${timeoutMs} ms`);
      outgoing.destroy();
    }, timeoutMs);
    outgoing.on('error', (error: NodeJS.ErrnoException) => resolve(`GET ${path}: ${error.code ?? error.message}`));
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.end();
  }).catch((error: Error) => `GET ${path}: ${error.message}`);
}
