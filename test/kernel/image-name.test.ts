import t from 'tap';
import { isLocalName, readImageName, sameImage, sameRepository, withoutTag } from '../../src/cli/kernel/image-name.js';

t.test('names of images, as github.com/distribution/reference reads them', async (t) => {
  const rows: [string, string, string, string?, string?][] = [
    ['postgres', 'docker.io', 'library/postgres'],
    ['postgres:15', 'docker.io', 'library/postgres', '15'],
    ['library/postgres', 'docker.io', 'library/postgres'],
    ['docker.io/postgres', 'docker.io', 'library/postgres'],
    ['index.docker.io/library/postgres', 'docker.io', 'library/postgres'],
    ['me/orders:v1', 'docker.io', 'me/orders', 'v1'],
    ['localhost/orders', 'localhost', 'orders'],
    ['localhost:5000/orders', 'localhost:5000', 'orders'],
    ['localhost:5000/me/orders:1', 'localhost:5000', 'me/orders', '1'],
    ['ghcr.io/me/shop/orders:1@sha256:ab', 'ghcr.io', 'me/shop/orders', '1', 'sha256:ab'],
    ['orders@sha256:ab', 'docker.io', 'library/orders', undefined, 'sha256:ab'],
    ['', 'docker.io', 'library/'],
  ];
  for (const [image, registry, path, tag, digest] of rows)
    t.same(readImageName(image), { registry, path, tag, digest }, image);
});

t.test('the same image, and the same repository', async (t) => {
  const rows: [string, string, image: boolean, repository: boolean][] = [
    ['docker.io/library/x:1', 'x:1', true, true],
    ['x', 'x:latest', true, true],
    ['x:1', 'x:2', false, true],
    ['me/x:1', 'docker.io/me/x:1', true, true],
    ['me/x:1', 'x:1', false, false],
    ['localhost:5000/x:1', 'x:1', false, false],
    ['x:1@sha256:a', 'x:1', true, true],
    ['x:1@sha256:a', 'x:1@sha256:b', false, true],
    ['x@sha256:a', 'x:1@sha256:a', true, true],
    ['localhost/x:1', 'docker.io/library/x:1', false, false],
  ];
  for (const [a, b, image, repository] of rows) {
    t.equal(sameImage(a, b), image, `${a} and ${b}`);
    t.equal(sameImage(b, a), image, `${b} and ${a}`);
    t.equal(sameRepository(a, b), repository, `repositories of ${a} and ${b}`);
  }
  t.equal(withoutTag('localhost:5000/x:1@sha256:a'), 'localhost:5000/x');
  t.equal(withoutTag('localhost:5000/x'), 'localhost:5000/x');
});

t.test('names that only this machine can have', async (t) => {
  for (const image of ['orders', 'orders:v1', 'node-app', 'nginx-auth:1', 'localhost/orders'])
    t.ok(isLocalName(image), image);
  for (const image of ['postgres:15', 'node', 'library/redis', 'me/orders', 'ghcr.io/me/x', 'localhost:5000/x'])
    t.notOk(isLocalName(image), image);
});
