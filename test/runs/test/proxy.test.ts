// HTTP_PROXY, HTTPS_PROXY and NO_PROXY with a real proxy on loopback, which alone knows where `shop.test` is.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { hwctl } from '../../golden.js';
import { echoServer, listening } from '../../scenario/echo-server.js';
import { makeCertificates, secureEchoServer } from './certificates.js';

t.setTimeout(300_000);

interface Proxy {
  url: string;
  /** Request lines, with the user where one was named. */
  seen: string[];
}

/** Forwards requests in absolute form, and tunnels to port 443 alone, as squid does: all to these ports of loopback. */
async function proxyServer(t: Test, ports: { http: number; https?: number }): Promise<Proxy> {
  const seen: string[] = [];
  const userOf = (header: string | undefined) =>
    header === undefined ? '' : ` by ${Buffer.from(header.replace('Basic ', ''), 'base64').toString()}`;
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}${userOf(request.headers['proxy-authorization'])}`);
    if (!URL.canParse(request.url ?? '')) return void response.writeHead(400).end('not a proxy request');
    const { pathname, search } = new URL(request.url!);
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const forwarded = httpRequest(
      { host: '127.0.0.1', port: ports.http, method: request.method, path: pathname + search, headers },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(forwarded);
  });
  server.on('connect', (request, client) => {
    seen.push(`CONNECT ${request.url}${userOf(request.headers['proxy-authorization'])}`);
    if (!request.url?.endsWith(':443')) return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const server = connect(ports.https!, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      server.pipe(client).pipe(server);
    });
    for (const socket of [server, client]) socket.on('error', () => socket.destroy());
    client.on('close', () => server.destroy());
  });
  return { url: `http://127.0.0.1:${await listening(t, server)}`, seen };
}

const portOf = (url: string) => Number(new URL(url).port);
const folder = mkdtempSync(join(tmpdir(), 'hwctl-proxy-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(
  join(folder, 'shop.yaml'),
  `
name: shop
steps:
  - request: POST /echo?x=1
    json: { a: 1 }
    check: [{ name: arrived, status: 200, json: { $.url: /echo?x=1, $.body: '{"a":1}', $.headers.host: [shop.test] } }]
`,
);
const test = (args: string[], env: Record<string, string>) => hwctl(['test', ...args], { cwd: folder, env });

t.test('HTTP_PROXY: requests go to the proxy in absolute form, with the user its URL names', async (t) => {
  const proxy = await proxyServer(t, { http: portOf(await echoServer(t)) });
  const shop = ['shop.yaml', '--url', 'http://shop.test'];
  const through = await test(shop, { HTTP_PROXY: proxy.url });
  t.equal(through.exitCode, 0, through.stdout + through.stderr);
  t.equal((await test(shop, { http_proxy: proxy.url.replace('//', '//ada:p%40ss@') })).exitCode, 0);
  t.equal((await test(shop, { http_proxy: proxy.url.replace('http://', '') })).exitCode, 0, 'without its scheme');
  t.same(proxy.seen, [
    'POST http://shop.test/echo?x=1',
    'POST http://shop.test/echo?x=1 by ada:p@ss',
    'POST http://shop.test/echo?x=1',
  ]);
});

t.test('NO_PROXY and loopback: straight', async (t) => {
  const url = await echoServer(t);
  const proxy = await proxyServer(t, { http: portOf(url) });
  const exempt = await test(['shop.yaml', '--url', 'http://shop.test'], { HTTP_PROXY: proxy.url, NO_PROXY: '.test' });
  t.equal(exempt.exitCode, 1);
  t.match(exempt.stdout, /the host name does not resolve/);
  const local = await test(['shop.yaml', '--url', url, '--host', 'shop.test'], { HTTP_PROXY: proxy.url });
  t.equal(local.exitCode, 0, local.stdout);
  t.same(proxy.seen, []);
});

t.test('a proxy that is none', async (t) => {
  const bad = await test(['shop.yaml', '--url', 'http://shop.test'], { HTTP_PROXY: 'http://[proxy' });
  t.equal(bad.exitCode, 2);
  t.match(bad.stderr, /HTTP_PROXY: "http:\/\/\[proxy" is not the URL of an HTTP proxy/);
  const gone = await test(['shop.yaml', '--url', 'http://shop.test'], { HTTP_PROXY: 'http://127.0.0.1:1' });
  t.equal(gone.exitCode, 1);
  t.match(gone.stdout, /connection refused/);
});

const certificates = makeCertificates();
t.teardown(() => certificates && rmSync(certificates.folder, { recursive: true, force: true }));
const skip = certificates === undefined ? 'openssl is not installed' : false;

t.test('HTTPS_PROXY: a tunnel, and the certificate is the server’s', { skip }, async (t) => {
  const https = await secureEchoServer(t, certificates!);
  const proxy = await proxyServer(t, { http: 1, https });
  const shop = ['shop.yaml', '--url', 'https://shop.test'];
  const through = await test([...shop, '--cacert', certificates!.ca], { HTTPS_PROXY: proxy.url });
  t.equal(through.exitCode, 0, through.stdout + through.stderr);
  const user = { https_proxy: proxy.url.replace('//', '//ada:secret@') };
  t.equal((await test([...shop, '-k'], user)).exitCode, 0);
  const distrusting = await test(shop, { HTTPS_PROXY: proxy.url });
  t.equal(distrusting.exitCode, 1, 'a proxy does not make a certificate good');
  t.match(distrusting.stdout, /certificate/);
  t.same(proxy.seen, ['CONNECT shop.test:443', 'CONNECT shop.test:443 by ada:secret', 'CONNECT shop.test:443']);
});

t.test('collections take the same proxies', async (t) => {
  const proxy = await proxyServer(t, { http: portOf(await echoServer(t)) });
  const exec = ["pm.test('arrived', () => pm.response.to.have.status(200));"];
  const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
  const item = [{ name: 'a', request: 'http://shop.test/json', event: [{ listen: 'test', script: { exec } }] }];
  writeFileSync(join(folder, 'shop.json'), JSON.stringify({ info: { name: 'shop', schema }, item }));
  const through = await test(['shop.json'], { HTTP_PROXY: proxy.url });
  t.equal(through.exitCode, 0, through.stdout + through.stderr);
  // minikube, where it is asked what is up, looks for its cloud through the same proxy.
  const seen = () => proxy.seen.filter((line) => line.includes('shop.test'));
  t.same(seen(), ['GET http://shop.test/json']);
  t.equal((await test(['shop.json'], { HTTP_PROXY: proxy.url, NO_PROXY: 'shop.test' })).exitCode, 1);
  t.equal(seen().length, 1);
});
