import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { isOfficial, isSameImage, readImage } from '../../../src/cli/target/preflight/image-reference.js';
import { askRegistries, registryLookup } from '../../../src/cli/target/preflight/image-registry.js';
import { imagesOf, preflightAsking } from '../../../src/cli/target/preflight/preflight.js';
import { minikube, objectsOf } from './objects.js';

t.test('references, as registries read them', async (t) => {
  const rows: [text: string, parts: [string, string, string | undefined] | undefined][] = [
    ['postgres', ['docker.io', 'library/postgres', undefined]],
    ['postgres:16-alpine', ['docker.io', 'library/postgres', '16-alpine']],
    ['me/app', ['docker.io', 'me/app', undefined]],
    ['index.docker.io/me/app:1', ['docker.io', 'me/app', '1']],
    ['ghcr.io/me/app/part:v1', ['ghcr.io', 'me/app/part', 'v1']],
    ['localhost/app', ['localhost', 'app', undefined]],
    ['localhost:5000/app', ['localhost:5000', 'app', undefined]],
    [`a.io/b@sha256:${'0'.repeat(64)}`, ['a.io', 'b', undefined]],
    ['Me/app', undefined],
    ['a b', undefined],
    ['app:', undefined],
    ['app:{{ tag }}', undefined],
    ['https://ghcr.io/me/app', undefined],
    ['app@latest', undefined],
    ['', undefined],
  ];
  for (const [text, parts] of rows) {
    const read = readImage(text);
    t.strictSame(read && [read.registry, read.repository, read.tag], parts, text);
  }
  t.ok(isSameImage('me/app', 'docker.io/me/app:1'));
  t.notOk(isSameImage('me/app:1', 'me/app:2'));
  t.notOk(isSameImage('ghcr.io/me/app', 'me/app'));
  t.ok(isOfficial(readImage('redis:7')!));
  t.notOk(isOfficial(readImage('my-app')!));
});

/** A registry that wants a token, keeps its blobs elsewhere, and has an index, a single image and a private one. */
function registry(seen: string[]) {
  const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
  return createServer((request: IncomingMessage, response) => {
    const { host = '' } = request.headers;
    const url = new URL(request.url ?? '/', `http://${host}`);
    seen.push(`${url.pathname}${url.search} ${request.headers.authorization ?? '-'}`);
    if (url.pathname === '/token') return json(response, 200, { token: `for ${url.searchParams.get('scope')}` });
    if (url.pathname === '/elsewhere') return json(response, 200, { architecture: 'arm64', os: 'linux' });
    const [, repository = '', kind, reference] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(url.pathname) ?? [];
    if (request.headers.authorization !== `Bearer for repository:${repository}:pull` || repository === 'me/private')
      return json(response, 401, {}, { 'www-authenticate': `Bearer realm="http://${host}/token",service="here"` });
    if (kind === 'blobs') return json(response, 307, {}, { location: `http://${host}/elsewhere` });
    if (reference !== 'latest' && reference !== '1')
      return json(response, 404, { errors: [{ code: 'MANIFEST_UNKNOWN' }] });
    if (repository === 'me/many') {
      const manifests = ['amd64', 'arm64', 'unknown'].map((architecture) => ({ platform: { architecture } }));
      return json(response, 200, { manifests });
    }
    return json(response, repository === 'me/busy' ? 429 : 200, { config: { digest: `sha256:${'1'.repeat(64)}` } });
  });
}

t.test('what a registry says of an image, without a password', async (t) => {
  const seen: string[] = [];
  const server = registry(seen);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { lookup, close } = registryLookup();
  t.teardown(async () => {
    await close();
    server.close();
  });
  t.strictSame(await lookup(`${base}/me/many:1`), { state: 'yes', architectures: ['amd64', 'arm64'] });
  t.strictSame(await lookup(`${base}/me/one`), { state: 'yes', architectures: ['arm64'] });
  t.ok(seen.includes('/elsewhere -'), 'no token goes to who keeps the blobs');
  t.strictSame(await lookup(`${base}/me/one:2`), { state: 'no' });
  t.strictSame(await lookup(`${base}/me/private:1`), { state: 'no' });
  t.strictSame(await lookup(`${base}/me/busy:1`), { state: 'unknown' });
  t.strictSame(await lookup('no reference'), { state: 'unknown' });

  const gone = '127.0.0.1:1/me/app';
  t.strictSame(await askRegistries([gone, gone], lookup), new Map([[gone, { state: 'unknown' }]]));

  const pod = (image: string) =>
    objectsOf(`apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: '${image}'}]}\n`);
  const input = (image: string) => ({ objects: pod(image), built: ['built'], releases: [], cluster: minikube });
  const codes = async (image: string) =>
    (await preflightAsking(input(image), lookup)).map(({ code, stops }) => `${code} ${stops}`);
  t.strictSame(await codes(`${base}/me/many:1`), []);
  t.strictSame(await codes(`${base}/me/one:1`), ['image-architecture true']);
  t.strictSame(await codes(`${base}/me/one:9`), ['image-missing true']);
  t.strictSame(imagesOf(input('built:1')), [], 'what is built here is not asked for');
});
