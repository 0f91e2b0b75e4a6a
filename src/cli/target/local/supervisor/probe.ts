import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { loopback } from '../state/ports.js';

/** One HTTP probe, as the kubelet does it: 200 to 399 is healthy. Gives the reason where it is not; never throws. */
export function probeHttp(
  port: number,
  path: string,
  timeoutMs: number,
  headers: Record<string, string> = {},
): Promise<string | undefined> {
  // Of a path or a header that no request can have, Node says so by throwing.
  return new Promise<string | undefined>((resolve) => {
    const outgoing = request(
      {
        host: loopback,
        port,
        path,
        agent: false,
        headers: { 'user-agent': 'hwctl-probe', ...headers, connection: 'close' },
      },
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

/** One TCP probe: somebody listens. Gives the reason where nobody does; never throws. */
export function probeTcp(port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: loopback, port });
    const end = (wrong: string | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(wrong);
    };
    const timer = setTimeout(() => end(`port ${port} did not accept a connection within ${timeoutMs} ms`), timeoutMs);
    socket.once('connect', () => end(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => end(`port ${port}: ${error.code ?? error.message}`));
  });
}

/** What a command is run with. */
export interface CommandPlace {
  cwd: string;
  env: Record<string, string>;
  uid?: number;
  gid?: number;
}

/**
 * One exec probe: exit code 0 is healthy. Gives the reason where it is not. A program that is in the image and not on this machine
 * says nothing of the process: undefined comes back, and the reason goes to `untold`.
 */
export function probeCommand(
  [program = '', ...args]: readonly string[],
  place: CommandPlace,
  timeoutMs: number,
  untold: (reason: string) => void,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...place, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    let said = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      said = `${said}${text}`.slice(0, 300);
    });
    const timer = setTimeout(() => {
      resolve(`${program} did not end within ${timeoutMs} ms`);
      end();
    }, timeoutMs);
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    };
    const unknown = (reason: string) => {
      untold(`the probe ${program} cannot be asked here: ${reason}`);
      resolve(undefined);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      unknown(error.code ?? error.message);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      end();
      const words = said.trim().split('\n')[0] ?? '';
      if (code === 126 || code === 127) unknown(words === '' ? `exit code ${code}` : words);
      else resolve(code === 0 ? undefined : `${program} ended with ${code}${words === '' ? '' : ` (${words})`}`);
    });
  });
}
