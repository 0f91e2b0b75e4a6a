import { lookup } from 'node:dns/promises';
import net from 'node:net';
import { Failure } from '../kernel/failure.js';
import { basePath, encodeRequest, hostHeader } from './http/request.js';
import { tlsTrouble } from './http/tls-trouble.js';
import { Connection, type Dial, type WireContext } from './http/wire.js';
import type { ErrorCause } from './memory/memory.js';
import type { LoadEndpoint, LoadPlan } from './plan/plan.js';

/** Longest time to wait for the first answer before a load is refused. */
const answerTimeoutMs = 5000;

/** Finds the endpoint's addresses, once for the whole run. Throws Failure `dns`. */
export async function resolveDial(endpoint: LoadEndpoint): Promise<Dial> {
  const url = new URL(endpoint.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const tls = url.protocol === 'https:' ? { ...endpoint.tls, serverName: endpoint.tls?.serverName ?? host } : undefined;
  if (endpoint.connect !== undefined && 'socketPath' in endpoint.connect) {
    return { addresses: { socketPath: endpoint.connect.socketPath }, tls };
  }
  const target = endpoint.connect ?? { host, port: Number(url.port || (tls === undefined ? 80 : 443)) };
  if (net.isIP(target.host) !== 0) return { addresses: [target], tls };
  try {
    const found = await lookup(target.host, { all: true });
    return { addresses: found.map(({ address }) => ({ host: address, port: target.port })), tls };
  } catch (error) {
    throw new Failure({
      code: 'dns',
      message: `${target.host} resolves to no address`,
      hint: 'Check the spelling of the URL, or say where it is with --resolve HOST:PORT:ADDRESS',
      cause: error,
    });
  }
}

/**
 * One GET before the load, so that a mistyped URL is an error and not a hundred thousand failed requests. Any HTTP answer
 * passes, whatever its status or body. Throws Failure `refused`, `no-answer`, `not-http`, `tls` or `unreachable`.
 */
export async function preflight(plan: LoadPlan, dial: Dial): Promise<void> {
  const { endpoint } = plan;
  const path = plan.work
    .flatMap((work) => (work.kind === 'requests' ? work.requests : []))
    .find((request) => request.method === 'GET')?.path;
  const bytes = encodeRequest({
    method: 'GET',
    target: basePath(endpoint) + (path ?? '/'),
    host: hostHeader(endpoint),
  });
  const timeoutMs = Math.min(answerTimeoutMs, plan.timeoutMs);
  const addresses = Array.isArray(dial.addresses) ? dial.addresses.length : 1;
  let last: { cause: ErrorCause | 'no answer'; error?: Error } | undefined;
  for (let turn = 0; turn < addresses; turn++) {
    last = await ask(dial, turn, bytes, timeoutMs);
    if (last === undefined) return;
  }
  throw explain(last!.cause, endpoint, timeoutMs, last!.error);
}

/** Asks one address; undefined where it answered. */
function ask(dial: Dial, turn: number, bytes: Buffer, timeoutMs: number) {
  return new Promise<{ cause: ErrorCause | 'no answer'; error?: Error } | undefined>((resolve) => {
    const end = (result: { cause: ErrorCause | 'no answer'; error?: Error } | undefined) => {
      clearTimeout(timer);
      resolve(result);
      connection.destroy();
    };
    const wire: WireContext = {
      nowUs: () => performance.now() * 1000,
      readBuffer: Buffer.alloc(64 * 1024),
      seenHead: false,
      // A head is an answer; how the body ends is for the load to measure.
      firstHead: () => end(undefined),
      owner: {
        onOpen: () => undefined,
        onResponse: () => end(undefined),
        onError: (_, cause) => end({ cause, error: socketError }),
        onClose: () => end({ cause: 'closed before the response' }),
      },
    };
    let socketError: Error | undefined;
    const timer = setTimeout(() => end({ cause: 'no answer' }), timeoutMs);
    const connection = new Connection(dial, turn, wire);
    connection.socket.prependListener('error', (error) => {
      socketError = error;
    });
    const request = { step: 0, bytes, head: false, okByStatus: new Uint8Array(1000) };
    connection.send(request, 0, 0, 0);
  });
}

function explain(cause: ErrorCause | 'no answer', endpoint: LoadEndpoint, timeoutMs: number, error?: Error): Failure {
  const at = where(endpoint);
  const failure = (code: string, message: string, hint: string) => new Failure({ code, message, hint, cause: error });
  switch (cause) {
    case 'connection refused':
      return failure(
        'refused',
        `${at} refuses connections`,
        'Is the server up? hwctl status shows what runs, hwctl up starts it',
      );
    case 'no answer':
      return failure(
        'no-answer',
        `${at} gave no answer within ${timeoutMs} ms`,
        'Check address and port; hwctl logs shows what the server does',
      );
    case 'not HTTP':
    case 'response head too large':
    case 'bytes after the response':
      return failure('not-http', `${at} does not answer with HTTP/1.1`, 'Check the port, and http against https');
    case 'tls': {
      const detail = error?.message.split('\n')[0] ?? '';
      const { cause, cure } = (error && tlsTrouble(error)) ?? {
        cause: detail,
        cure: 'Check the port, and http against https',
      };
      // OpenSSL's own line helps nobody; what Node says of a certificate names its hosts.
      const more = cause === detail || /:error:|SSL routines/.test(detail) ? '' : ` (${detail})`;
      return failure('tls', `no TLS connection to ${at}: ${cause}${more}`, cure);
    }
    case 'connection reset':
    case 'closed before the response':
    case 'closed mid-body':
      return failure(
        'no-answer',
        `${at} closed the connection without an answer`,
        'Check the port, and http against https; hwctl logs shows what the server does',
      );
    default:
      return failure('unreachable', `${at} cannot be reached: ${cause}`, 'Check the address and the network');
  }
}

function where(endpoint: LoadEndpoint): string {
  const { connect, url } = endpoint;
  if (connect === undefined) return url;
  return 'socketPath' in connect ? connect.socketPath : `${url} (${connect.host}:${connect.port})`;
}
