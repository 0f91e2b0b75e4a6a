import t from 'tap';
import { encodeRequest } from '../../src/cli/load/http/request.js';
import { Connection, type WireContext } from '../../src/cli/load/http/wire.js';
import { HeadMemory } from '../../src/cli/load/memory/head-memory.js';
import type { ErrorCause } from '../../src/cli/load/memory/memory.js';
import { type HttpCase, type HttpVerdict, httpCases, serveHttpCases } from '../http-cases.js';

t.setTimeout(60_000);

const incomplete: ErrorCause[] = ['closed before the response', 'closed mid-body', 'connection reset'];
const invalid: ErrorCause[] = ['not HTTP', 'response head too large', 'bytes after the response'];

function verdictOf(cause: ErrorCause): HttpVerdict | ErrorCause {
  if (incomplete.includes(cause)) return 'incomplete';
  return invalid.includes(cause) ? 'invalid' : cause;
}

/** What the engine's connection makes of one case; the second request on it, where it is kept, must fare as the first. */
function ask(port: number, index: number, { method, then }: HttpCase, slow: boolean) {
  return new Promise<HttpVerdict | string>((resolve) => {
    const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
    const target = `/${index}${slow ? '/slow' : ''}`;
    const bytes = encodeRequest({ method: method ?? 'GET', target, host: 'x' });
    const request = { step: 0, bytes, head: method === 'HEAD', okByStatus: new Uint8Array(1000) };
    let first: string | undefined;
    const end = (verdict: HttpVerdict | string) => {
      clearTimeout(timer);
      const again = JSON.stringify(verdict);
      resolve(first === undefined || first === again ? verdict : `${first}, and again: ${again}`);
      connection.destroy();
    };
    const timer = setTimeout(() => end('no end'), 10_000);
    const wire: WireContext = {
      nowUs: () => performance.now() * 1000,
      readBuffer,
      heads: new HeadMemory(readBuffer),
      seenHead: false,
      firstHead: () => undefined,
      owner: {
        onOpen: () => undefined,
        onClose: () => undefined,
        onError: (_, cause) => end(verdictOf(cause)),
        onResponse: () => {
          const { status, keepAlive } = connection.parser;
          const body = Buffer.concat(connection.body).toString('latin1');
          connection.body = [];
          const verdict = { status, body, again: keepAlive };
          if (!keepAlive || then !== 'open' || first !== undefined) end(verdict);
          else {
            first = JSON.stringify(verdict);
            connection.send(request, 0, 0, 0);
          }
        },
      },
    };
    const connection = new Connection({ addresses: [{ host: '127.0.0.1', port }] }, 0, wire);
    connection.wantsBody = true;
    connection.send(request, 0, 0, 0);
  });
}

t.test('the load’s client takes each response as RFC 9110 and 9112 say', async (t) => {
  const server = await serveHttpCases(httpCases);
  t.teardown(server.close);
  for (const slow of [false, true]) {
    const found = await Promise.all(httpCases.map((one, index) => ask(server.port, index, one, slow)));
    httpCases.forEach(({ rule, name, right }, index) => {
      const verdict = found[index]!;
      const fits = right.some((one) => JSON.stringify(one) === JSON.stringify(verdict));
      t.ok(fits, `${rule}: ${name}${slow ? ', byte by byte' : ''}`, { found: verdict, right });
    });
  }
});
