import { once } from 'node:events';
import net from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

/**
 * What a client must make of a response, byte for byte: one case a rule of RFC 9110 (semantics) and RFC 9112 (HTTP/1.1).
 * Every engine of hwctl runs this table: `load`, scenarios in YAML and collections.
 */
export interface HttpCase {
  name: string;
  /** RFC and section. */
  rule: string;
  /** Of the request; GET where not given. */
  method?: 'HEAD';
  /** What the server writes once it has the request's head: latin1. */
  bytes: string;
  /** What it does then: nothing, closes in order (FIN), or resets the connection (RST). */
  then: 'open' | 'close' | 'reset';
  /** What is right; any of several where the RFC leaves it to the client. */
  right: HttpVerdict[];
}

export type HttpVerdict =
  /** A whole response. `body` is decoded by Content-Encoding; `again`: the connection may carry another request. */
  | { status: number; body: string; again: boolean }
  /** The message is not whole: a failure, never a pass with half a body. */
  | 'incomplete'
  /** The bytes are no such message: a failure. */
  | 'invalid';

const hello = 'Content-Length: 5\r\n\r\nhello';
const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;
const kept = (body = 'hello', status = 200): HttpVerdict => ({ status, body, again: true });
const last = (body = 'hello', status = 200): HttpVerdict => ({ status, body, again: false });

type Row = [rule: string, name: string, bytes: string, right: HttpVerdict | HttpVerdict[], then?: HttpCase['then']];
const invalid = 'invalid';
const incomplete = 'incomplete';

const interim: Row[] = [
  ['9110 15.2', 'a 100 that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${ok}${hello}`, kept()],
  ['9110 15.2', '103 with header fields', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}${hello}`, kept()],
  [
    '9110 15.2',
    'several interim responses, one of an unknown code',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 X\r\n\r\n${ok}${hello}`,
    kept(),
  ],
  [
    '9112 6.3 (1)',
    'an interim response has no body, whatever its length says',
    `HTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\n\r\n${ok}${hello}`,
    kept(),
  ],
  ['9112 8', 'only an interim response', 'HTTP/1.1 100 Continue\r\n\r\n', incomplete, 'close'],
  [
    '9110 15.2.2',
    '101 that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    invalid,
  ],
];

const withoutContent: Row[] = [
  ['9112 6.3 (1)', '204', 'HTTP/1.1 204 No Content\r\n\r\n', kept('', 204)],
  ['9112 6.3 (1)', '204 with a length', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', kept('', 204)],
  ['9112 6.3 (1)', '204 in chunks', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n', kept('', 204)],
  [
    '9112 6.3 (1)',
    '304 with the length of what it stands for',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nContent-Encoding: gzip\r\n\r\n',
    kept('', 304),
  ],
  ['9110 15.3.6', '205', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n', kept('', 205)],
  [
    '9112 6.3 (1)',
    '204 and the connection closed',
    'HTTP/1.1 204 No Content\r\n\r\n',
    [kept('', 204), last('', 204)],
    'close',
  ],
];

const ofHead: Row[] = [
  ['9112 6.3 (1)', 'HEAD with a length', `${ok}Content-Length: 500\r\n\r\n`, kept('')],
  ['9112 6.3 (1)', 'HEAD in chunks', chunked, kept('')],
  ['9112 6.3 (1)', 'HEAD without either', `${ok}\r\n`, kept('')],
  ['9110 8.4', 'HEAD with a coding', `${ok}Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n`, kept('')],
  ['9112 6.3 (1)', 'HEAD of what is not there', 'HTTP/1.1 404 X\r\nContent-Length: 9\r\n\r\n', kept('', 404)],
];

const lengths: Row[] = [
  ['9112 6.3 (6)', 'length', ok + hello, kept()],
  ['9110 8.6', 'length 0', `${ok}Content-Length: 0\r\n\r\n`, kept('')],
  ['9110 5.1', 'names in any case, no blank', `${ok}cOnTeNt-LeNgTh:5\r\n\r\nhello`, kept()],
  ['9110 5.5', 'blanks around a value', `${ok}Content-Length: \t 5 \t\r\n\r\nhello`, kept()],
  ['9110 8.6', 'the same length twice', `${ok}Content-Length: 5\r\n${hello}`, [kept(), invalid]],
  ['9110 8.6', 'a list of one length', `${ok}Content-Length: 5, 5\r\n\r\nhello`, [kept(), invalid]],
  ['9112 6.3 (5)', 'two lengths', `${ok}Content-Length: 3\r\n${hello}`, invalid],
  ['9112 6.3 (5)', 'a list of two lengths', `${ok}Content-Length: 5, 3\r\n\r\nhello`, invalid],
  ['9112 6.3 (5)', 'no number', `${ok}Content-Length: five\r\n\r\nhello`, invalid],
  ['9112 6.3 (5)', 'below 0', `${ok}Content-Length: -5\r\n\r\nhello`, invalid],
  ['9112 6.3 (5)', 'with a sign', `${ok}Content-Length: +5\r\n\r\nhello`, invalid],
  ['9112 6.3 (5)', 'hexadecimal', `${ok}Content-Length: 0x5\r\n\r\nhello`, invalid],
  ['9112 6.3 (5)', 'two numbers', `${ok}Content-Length: 5 5\r\n\r\nhello`, invalid],
  ['9112 6.3 (5)', 'beyond any number', `${ok}Content-Length: ${'9'.repeat(30)}\r\n\r\nhello`, invalid],
  ['9112 8', 'shorter than its length, closed', `${ok}Content-Length: 10\r\n\r\nhello`, incomplete, 'close'],
  ['9112 8', 'shorter than its length, reset', `${ok}Content-Length: 10\r\n\r\nhello`, incomplete, 'reset'],
  ['9112 8', 'nothing of its length', `${ok}Content-Length: 10\r\n\r\n`, incomplete, 'close'],
  [
    '9112 8',
    'shorter than its length, announced',
    `${ok}Connection: close\r\nContent-Length: 10\r\n\r\nhello`,
    incomplete,
    'close',
  ],
];

const chunks: Row[] = [
  ['9112 7.1', 'chunks', `${chunked}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`, kept('hello world')],
  ['9112 7.1', 'no chunk but the last', `${chunked}0\r\n\r\n`, kept('')],
  [
    '9112 7.1',
    'sizes with zeros and letters',
    `${chunked}00A\r\n0123456789\r\n00b\r\n0123456789a\r\n000\r\n\r\n`,
    kept('01234567890123456789a'),
  ],
  ['9112 7.1.1', 'extensions', `${chunked}5;a=b\r\nhello\r\n0;last\r\n\r\n`, kept()],
  ['9112 7.1.1', 'an extension in quotes', `${chunked}5;a="b;c"\r\nhello\r\n0\r\n\r\n`, kept()],
  ['9112 7.1.2', 'trailers', `${chunked}5\r\nhello\r\n0\r\nX-T: 1\r\nY: \r\n\r\n`, kept()],
  ['9112 7.1.2', 'a trailer is no header', `${chunked}5\r\nhello\r\n0\r\nContent-Length: 1\r\n\r\n`, kept()],
  ['9112 7', 'its name in any case', `${ok}transfer-encoding:CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, kept()],
  ['9112 7.1', 'a size that is none', `${chunked}zz\r\nhello\r\n0\r\n\r\n`, invalid],
  ['9112 7.1', 'a size below 0', `${chunked}-5\r\nhello\r\n0\r\n\r\n`, invalid],
  ['9112 7.1', 'a size beyond any number', `${chunked}FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n`, invalid],
  ['9112 7.1', 'a chunk longer than its size', `${chunked}3\r\nhello\r\n0\r\n\r\n`, invalid],
  ['9112 7.1', 'no size at all', `${chunked}\r\nhello\r\n0\r\n\r\n`, invalid],
  ['9112 8', 'no last chunk', `${chunked}5\r\nhello\r\n`, incomplete, 'close'],
  ['9112 8', 'no last chunk, reset', `${chunked}5\r\nhello\r\n`, incomplete, 'reset'],
  ['9112 8', 'cut in a chunk', `${chunked}5\r\nhel`, incomplete, 'close'],
  ['9112 8', 'cut in a size', `${chunked}5\r\nhello\r\n1`, incomplete, 'close'],
  ['9112 8', 'no end of the trailers', `${chunked}5\r\nhello\r\n0\r\n`, incomplete, 'close'],
  [
    '9112 6.3 (3)',
    'a length beside chunks',
    `${ok}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    [last(), invalid],
  ],
  [
    '9112 6.1',
    'chunks in HTTP/1.0: the connection ends with them',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    [last(), invalid],
  ],
  [
    '9112 6.1',
    'chunked twice',
    `${ok}Transfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    [kept(), invalid],
  ],
  [
    '9110 5.6.1',
    'a list with empty elements',
    `${ok}Transfer-Encoding: , chunked ,\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    [kept(), invalid],
  ],
  [
    '9112 6.3 (4)',
    'another transfer coding lasts until the close',
    `${ok}Transfer-Encoding: x\r\n\r\nhello`,
    [last(), invalid],
    'close',
  ],
];

const untilClose: Row[] = [
  ['9112 6.3 (8)', 'until the close', `${ok}Content-Type: text/plain\r\n\r\nhello`, last(), 'close'],
  ['9112 6.3 (8)', 'nothing until the close', `${ok}\r\n`, last(''), 'close'],
  ['9112 6.3 (8)', 'HTTP/1.0 until the close', 'HTTP/1.0 200 OK\r\n\r\nhello', last(), 'close'],
  [
    '9112 6.3 (8)',
    'until the close, though it says keep-alive',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhello',
    last(),
    'close',
  ],
  ['9112 8', 'until the close, reset', `${ok}\r\nhello`, incomplete, 'reset'],
  ['9112 8', 'closed in the head', 'HTTP/1.1 200 OK\r\nContent-Le', incomplete, 'close'],
  ['9112 8', 'closed before the last empty line', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n', incomplete, 'close'],
  ['9112 8', 'closed without a word', '', incomplete, 'close'],
  ['9112 8', 'reset without a word', '', incomplete, 'reset'],
];

const connection: Row[] = [
  ['9112 9.6', 'close', `${ok}Connection: close\r\n${hello}`, last(), 'close'],
  ['9112 9.6', 'close, and the server waits', `${ok}Connection: close\r\n${hello}`, last()],
  ['9110 7.6.1', 'Close among others, in any case', `${ok}Connection: x, CLOSE ,y\r\n${hello}`, last()],
  ['9112 9.3', 'close before keep-alive', `${ok}Connection: close, keep-alive\r\n${hello}`, last()],
  ['9112 9.3', 'close in a line of its own', `${ok}Connection: close\r\nConnection: keep-alive\r\n${hello}`, last()],
  ['9112 9.3', 'an option that only looks like it', `${ok}Connection: x-close\r\n${hello}`, kept()],
  ['9112 9.3', 'HTTP/1.0 ends', `HTTP/1.0 200 OK\r\n${hello}`, last()],
  ['9112 9.3', 'HTTP/1.0 that is kept', `HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n${hello}`, [kept(), last()]],
  ['9112 9.6', 'closed without having said so', ok + hello, [kept(), last()], 'close'],
];

const heads: Row[] = [
  ['9112 4', 'no reason', `HTTP/1.1 200 \r\n${hello}`, kept()],
  ['9112 4', 'no reason and no blank', `HTTP/1.1 200\r\n${hello}`, [kept(), invalid]],
  ['9112 4', 'a reason in bytes beyond ASCII', `HTTP/1.1 200 \xd0\x9e\xd0\x9a\r\n${hello}`, kept()],
  ['9110 2.5', 'a later minor version', `HTTP/1.2 200 OK\r\n${hello}`, [kept(), last(), invalid]],
  ['9110 15', 'a status beyond 599', `HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n`, [kept('', 600), invalid]],
  ['9110 5.5', 'a value in bytes beyond ASCII', `${ok}X-U: caf\xe9\r\n${hello}`, kept()],
  ['9110 5.5', 'an empty value', `${ok}X-U:\r\n${hello}`, kept()],
  ['9112 5.2', 'a folded line', `${ok}X-Long: a\r\n  b\r\n\tc: d\r\n${hello}`, kept()],
  [
    '9112 5.2',
    'a folded line, and a body that looks folded',
    `${ok}X: a\r\n b\r\nContent-Length: 8\r\n\r\na\r\n b\r\n `,
    kept('a\r\n b\r\n '),
  ],
  ['9112 5.2', 'a folded length', `${ok}Content-Length:\r\n 5\r\n\r\nhello`, [kept(), invalid]],
  ['9112 2.2', 'a blank before the first name', `${ok} X: a\r\n${hello}`, [kept(), invalid]],
  ['9112 5.1', 'a blank before the colon', `${ok}X-A : b\r\n${hello}`, [kept(), invalid]],
  ['9112 2.2', 'line feeds alone', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello', [kept(), invalid]],
  ['9110 5.5', 'a NUL in a value', `${ok}X: a\0b\r\n${hello}`, [kept(), invalid]],
  ['9112 2.2', 'a carriage return in a value', `${ok}X: a\rb\r\n${hello}`, [kept(), invalid]],
  ['9112 4', 'another protocol', 'SSH-2.0-OpenSSH_9.0\r\n', invalid, 'close'],
  ['9112 4', 'HTTP/0.9', '<html>hello</html>', invalid, 'close'],
  ['9112 4', 'HTTP/2', '\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0d', invalid, 'close'],
  ['9112 2.3', 'the name of the protocol in small letters', `http/1.1 200 OK\r\n${hello}`, invalid],
  ['9112 4', 'a status of four digits', `HTTP/1.1 2000 OK\r\n${hello}`, invalid],
];

const text = 'hello hello hello';
const coded = (coding: string, body: Buffer) =>
  `${ok}Content-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n${body.toString('latin1')}`;
const codings: Row[] = [
  ['9110 8.4.1.3', 'gzip', coded('gzip', gzipSync(text)), kept(text)],
  ['9110 8.4.1.3', 'x-gzip', coded('x-gzip', gzipSync(text)), kept(text)],
  ['9110 8.4.1', 'GZIP', coded('GZIP', gzipSync(text)), kept(text)],
  ['9110 8.4.1.2', 'deflate', coded('deflate', deflateSync(text)), kept(text)],
  ['9110 8.4.1.2', 'deflate without its wrapper', coded('deflate', deflateRawSync(text)), kept(text)],
  ['7932', 'br', coded('br', brotliCompressSync(text)), kept(text)],
  ['9110 8.4', 'two codings', coded('deflate, gzip', gzipSync(deflateSync(text))), kept(text)],
  [
    '1952 2.2',
    'gzip in two members',
    coded('gzip', Buffer.concat([gzipSync('hello '), gzipSync('hello hello')])),
    kept(text),
  ],
  ['9110 8.4', 'a coding of nothing', coded('gzip', Buffer.alloc(0)), kept('')],
  [
    '9112 7',
    'gzip in chunks',
    `${ok}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n${gzipSync(text).length.toString(16)}\r\n${gzipSync(text).toString('latin1')}\r\n0\r\n\r\n`,
    kept(text),
  ],
];

const case_ =
  (method?: 'HEAD') =>
  ([rule, name, bytes, right, then = 'open']: Row): HttpCase => ({
    rule,
    name,
    bytes,
    then,
    right: Array.isArray(right) ? right : [right],
    ...(method === undefined ? {} : { method }),
  });

export const httpCases: readonly HttpCase[] = [
  ...[interim, withoutContent, lengths, chunks, untilClose, connection, heads].flatMap((rows) => rows.map(case_())),
  ...ofHead.map(case_('HEAD')),
];

/** Of content codings: for engines that decode. */
export const codingCases: readonly HttpCase[] = codings.map(case_());

/**
 * Serves the cases on a free port of 127.0.0.1: `/N` answers with the Nth of `cases`, `/N/slow` byte by byte. `connections`
 * counts those made to it.
 */
export async function serveHttpCases(cases: readonly HttpCase[]) {
  const sockets = new Set<net.Socket>();
  const served = { port: 0, connections: 0, close: () => {} };
  const server = net.createServer({ noDelay: true }, (socket) => {
    served.connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let request = '';
    socket.on('data', (chunk) => {
      request += chunk.toString('latin1');
      if (!request.includes('\r\n\r\n')) return;
      const [, index, slow] = /^\w+ (?:http:\/\/[^/]+)?\/(\d+)(\/slow)?/.exec(request) ?? [];
      request = '';
      const { bytes, then } = cases[Number(index)]!;
      const whole = Buffer.from(bytes, 'latin1');
      const end = () => {
        if (then === 'close') socket.end();
        // What was written must arrive before the reset takes the rest away.
        if (then === 'reset') setTimeout(() => socket.resetAndDestroy(), 5);
      };
      if (slow === undefined) socket.write(whole, end);
      else drip(socket, whole, end);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  served.port = (server.address() as net.AddressInfo).port;
  served.close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return served;
}

function drip(socket: net.Socket, bytes: Buffer, end: () => void, at = 0): void {
  if (at === bytes.length) end();
  else if (!socket.destroyed) {
    socket.write(bytes.subarray(at, at + 1), () => setImmediate(() => drip(socket, bytes, end, at + 1)));
  }
}
