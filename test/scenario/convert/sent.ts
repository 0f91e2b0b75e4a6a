import { createServer } from 'node:http';
import type { Test } from 'tap';
import { echoListener, listening } from '../echo-server.js';

/** Requests of every kind, with values that each tool quotes in a way of its own. `as` is left out where a tool has one jar. */
export function requests(url: string, users: boolean): string {
  const quotes = `it's $HOME \`id\` "q" \\ {x} 100% ~*!`;
  return JSON.stringify({
    name: 'requests',
    url,
    variables: {
      late: 'after {{early}}',
      early: quotes,
      v: quotes,
      list: [1, 'two', { three: 3 }],
      o: { id: 7, name: 'a "b"' },
      base: url,
      none: null,
    },
    headers: { 'X-All': '{{o.id}}', 'Content-Type': 'text/other' },
    steps: [
      { request: 'GET /echo/query?a=1', query: { q: ['a b', 'c&d', '{{v}}'], 'k e y': '{{o.name}}', n: 3 } },
      { request: 'GET /echo/known', query: { q: "x y&z'~*", l: [1, 2] } },
      {
        request: 'POST /echo/json',
        json: {
          x: '{{v}}',
          y: '{{list}}',
          mixed: 'a {{list}} {{none}} b',
          '{{o.id}}': '{{o}}',
          n: 1.5,
          z: null,
          t: true,
        },
      },
      { request: 'POST /echo/late', json: ['{{late}}'] },
      { request: 'POST /echo/form', form: { a: "x y&z'~*", b: '{{v}}', c: ['{{o.id}}', 2], d: '{{list}}' } },
      { request: 'POST /echo/plain', form: { a: 'b', c: 'd-e' } },
      { request: 'PUT /echo/text', text: '@{{v}}\n\twörld' },
      {
        request: 'POST /echo/graphql',
        graphql: { query: '{ a(b: "{{o.id}}") }', variables: { v: '{{v}}', n: '{{o.id}}' } },
      },
      { request: 'PATCH /echo/typed', headers: { 'content-type': 'application/x', 'X-V': '<{{v}}>' }, json: { a: 1 } },
      { request: 'DELETE /echo/{{o.id}}', headers: { 'X-Twice': '{{o.name}}' } },
      { request: 'POST /echo/nothing' },
      { request: 'GET /echo/body', json: { get: true } },
      { request: 'GET {{base}}/echo/absolute' },
      { request: 'GET /echo/basic', auth: { basic: { username: 'a:b', password: 'p w' } } },
      { request: 'GET /echo/bearer', auth: { bearer: '{{o.id}}' } },
      { request: 'GET /redirect/followed' },
      { request: 'POST /redirect/to-get', json: { a: 1 } },
      { request: 'GET /redirect/stays', redirects: false },
      { request: 'GET /json', repeat: 2 },
      { request: 'GET /echo/with-cookie' },
      { request: 'GET /echo/without-cookie', cookies: false },
      ...(users ? [{ request: 'GET /echo/other-user', as: 'bob' }] : []),
      { request: 'POST /echo/multipart', multipart: { a: '{{v}}', b: '@no file' } },
      { request: 'GET /echo/skipped', skip: 'not now' },
      { folder: 'f', steps: [{ request: 'GET /echo/last', timeout: '5s' }] },
    ],
  });
}

/** An echo server that remembers what it was asked for; `take` empties the list. */
export async function remembering(t: Test): Promise<{ url: string; take(): string[] }> {
  const seen: string[] = [];
  const echo = echoListener();
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const boundary = /boundary=(.*)/.exec(headers['content-type'] ?? '')?.[1]?.replaceAll('"', '');
      // Which of the headers go along on a redirect is each tool's own affair.
      const hop = url?.endsWith('/there');
      const type = hop ? undefined : headers['content-type']?.replace(/;\s*boundary=.*/, '');
      const text = Buffer.concat(chunks).toString();
      const body = boundary === undefined ? text : partsOf(text, boundary);
      const own = Object.entries(headers).filter(([name]) => name.startsWith('x-'));
      const { cookie, authorization } = headers;
      seen.push(JSON.stringify({ method, url, type, cookie, authorization, own, body }, null, 1));
    });
    echo(request, response);
  });
  const url = `http://127.0.0.1:${await listening(t, server)}`;
  return { url, take: () => seen.splice(0) };
}

/** Names and values of multipart/form-data; tools differ in the other headers of a part. */
function partsOf(text: string, boundary: string): string[] {
  return text
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const [head = '', ...body] = part.split('\r\n\r\n');
      return `${/ name="[^"]*"/.exec(head)?.[0]} ${body.join('\r\n\r\n').trim()}`;
    });
}
