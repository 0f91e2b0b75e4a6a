// Base URLs of collections that point elsewhere: which variables are set to what, and what is left as it is.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type HostPlace, placeOfAddress } from '../../../src/cli/commands/project/host-places.js';
import { Way } from '../../../src/cli/commands/project/way.js';
import { applyRedirection, collectionUrls } from '../../../src/cli/scenario/postman/base-urls.js';
import { readCollection } from '../../../src/cli/scenario/postman/collection.js';
import type { Endpoint } from '../../../src/cli/target/target.js';

const telling = (note: (text: string) => void) => ({ note, signal: new AbortController().signal });

const service = (name: string, port: number, at: number): Endpoint => ({
  name,
  stacks: [],
  url: `http://127.0.0.1:${at}`,
  service: { name, namespace: 'default', port },
});
const app: Endpoint = { name: 'app', stacks: [], url: 'http://127.0.0.1:4000', host: 'arch.homework' };
/** A project with an Ingress; one with a Service in front alone; one of two Services without a way in. */
const projects = {
  ingress: [app, service('orders', 8081, 5001), service('users', 8082, 5002)],
  front: [{ ...service('prices', 80, 4100), name: 'app' }, service('prices', 80, 4100)],
  services: [service('orders', 8081, 5001), service('users', 8082, 5002)],
};

interface Row {
  of: keyof typeof projects;
  urls: (string | object)[];
  variables?: Record<string, string>;
  environment?: Record<string, string>;
  given?: Record<string, string>;
  /** What requests ask for in the end, by the runtime's own reading. */
  sent: string[];
  /** Words of the notes; none at all where absent. */
  told?: RegExp;
}

const rows: Row[] = [
  // As the project has it.
  { of: 'ingress', urls: ['http://arch.homework/a'], sent: ['http://arch.homework/a'] },
  {
    of: 'ingress',
    urls: ['{{baseUrl}}/a'],
    variables: { baseUrl: 'http://arch.homework' },
    sent: ['http://arch.homework/a'],
  },
  { of: 'ingress', urls: ['{{baseUrl}}/a'], variables: { baseUrl: 'arch.homework' }, sent: ['arch.homework/a'] },
  {
    of: 'ingress',
    urls: ['http://{{h}}:{{p}}/a'],
    variables: { h: 'arch.homework', p: '30001' },
    sent: ['http://arch.homework:30001/a'],
  },
  { of: 'ingress', urls: ['http://orders:8081/a'], sent: ['http://orders:8081/a'] },
  {
    of: 'ingress',
    urls: ['http://users.default.svc.cluster.local:8082/a'],
    sent: ['http://users.default.svc.cluster.local:8082/a'],
  },
  { of: 'ingress', urls: ['http://127.0.0.1:5001/a'], sent: ['http://127.0.0.1:5001/a'] },
  // Elsewhere, in the forms that are found.
  {
    of: 'ingress',
    urls: ['{{baseUrl}}/a'],
    variables: { baseUrl: 'http://example.invalid' },
    sent: ['http://arch.homework/a'],
    told: /baseUrl is set to http:\/\/arch\.homework: example\.invalid does not resolve/,
  },
  {
    of: 'ingress',
    urls: ['{{baseUrl}}/a'],
    variables: { baseUrl: 'example.invalid' },
    sent: ['arch.homework/a'],
    told: /baseUrl is set to arch\.homework:/,
  },
  {
    of: 'ingress',
    urls: ['http://{{host}}/a'],
    variables: { host: 'server.invalid:8008' },
    sent: ['http://arch.homework/a'],
    told: /host is set to arch\.homework:/,
  },
  {
    of: 'ingress',
    urls: ['{{u}}/a'],
    variables: { u: 'http://127.0.0.1:8080' },
    sent: ['http://arch.homework/a'],
    told: /is this machine itself/,
  },
  {
    of: 'ingress',
    urls: ['{{u}}/a'],
    variables: { u: 'http://192.168.49.2:30001' },
    sent: ['http://arch.homework/a'],
    told: /some other network/,
  },
  {
    of: 'ingress',
    urls: ['{{u}}/a'],
    variables: { u: 'https://localhost:8443/api/v1' },
    sent: ['http://arch.homework/api/v1/a'],
    told: /set to http:\/\/arch\.homework\/api\/v1/,
  },
  {
    of: 'ingress',
    urls: ['http://{{h}}:{{p}}/a'],
    variables: { h: 'localhost', p: '9999' },
    sent: ['http://arch.homework:9999/a'],
    told: /h is set to arch\.homework/,
  },
  {
    of: 'ingress',
    urls: ['{{s}}://{{h}}/a'],
    variables: { s: 'https', h: 'x.invalid' },
    sent: ['http://arch.homework/a'],
    told: /s is set to http, h is set to arch\.homework/,
  },
  {
    of: 'ingress',
    urls: ['https://{{h}}/a'],
    variables: { h: 'x.invalid' },
    sent: ['http://arch.homework/a'],
    told: /h is set to/,
  },
  {
    of: 'ingress',
    urls: ['{{base}}/a'],
    variables: { base: 'http://{{h}}/v1', h: 'x.invalid' },
    sent: ['http://arch.homework/v1/a'],
    told: /h is set to arch\.homework/,
  },
  {
    of: 'ingress',
    urls: ['http://api-{{n}}.invalid/a'],
    variables: { n: '1' },
    sent: ['http://arch.homework/a'],
    told: /api-1\.invalid is sent to/,
  },
  {
    of: 'ingress',
    urls: ['{{baseUrl}}/a'],
    environment: { baseUrl: 'http://x.invalid' },
    sent: ['http://arch.homework/a'],
    told: /baseUrl is set/,
  },
  {
    of: 'ingress',
    urls: ['{{baseUrl}}/a'],
    variables: { baseUrl: 'http://x.invalid' },
    environment: { baseUrl: 'http://arch.homework' },
    sent: ['http://arch.homework/a'],
  },
  { of: 'ingress', urls: ['{{baseUrl}}/a'], sent: ['http://arch.homework/a'], told: /\{\{baseUrl\}\} has no value/ },
  { of: 'ingress', urls: ['http://{{baseUrl}}/a'], sent: ['http://arch.homework/a'], told: /set to arch\.homework/ },
  {
    of: 'ingress',
    urls: ['{{baseUrl}}/a'],
    variables: { baseUrl: '/' },
    sent: ['http://arch.homework/a'],
    told: /has no value/,
  },
  // Written out.
  {
    of: 'ingress',
    urls: ['http://localhost:9000/a', 'http://localhost:9000/b'],
    sent: ['http://arch.homework/a', 'http://arch.homework/b'],
    told: /localhost:9000 is sent to http:\/\/arch\.homework/,
  },
  {
    of: 'ingress',
    urls: ['http://a.invalid/a', 'http://b.invalid/b'],
    sent: ['http://a.invalid/a', 'http://b.invalid/b'],
    told: /which part of the project is meant by a\.invalid, b\.invalid is not known/,
  },
  {
    of: 'ingress',
    urls: ['http://localhost:8081/a', 'http://localhost:8082/b'],
    sent: ['http://orders:8081/a', 'http://users:8082/b'],
    told: /localhost:8082 is sent to http:\/\/users:8082/,
  },
  {
    of: 'ingress',
    urls: ['{{o}}/a', '{{u}}/b'],
    variables: { o: 'http://localhost:8081', u: 'localhost:8082' },
    sent: ['http://orders:8081/a', 'users:8082/b'],
    told: /u is set to users:8082/,
  },
  {
    of: 'ingress',
    urls: ['http://orders:5000/a'],
    sent: ['http://orders:8081/a'],
    told: /orders:5000 is sent to http:\/\/orders:8081/,
  },
  // What is given stays, and what is somebody's on the internet.
  {
    of: 'ingress',
    urls: ['{{baseUrl}}/a'],
    variables: { baseUrl: 'http://x.invalid' },
    given: { baseUrl: 'http://y.invalid' },
    sent: ['http://y.invalid/a'],
  },
  {
    of: 'ingress',
    urls: ['https://8.8.8.8/a'],
    sent: ['https://8.8.8.8/a'],
    told: /sends to 8\.8\.8\.8, which is none of the project's/,
  },
  {
    of: 'ingress',
    urls: ['{{u}}/a', '{{u}}/b'],
    variables: { u: 'https://8.8.8.8' },
    sent: ['https://8.8.8.8/a', 'https://8.8.8.8/b'],
    told: /none of the project's/,
  },
  { of: 'ingress', urls: ['https://orders:8081/a'], sent: ['https://orders:8081/a'] },
  // Without an Ingress.
  {
    of: 'front',
    urls: ['{{u}}/a'],
    variables: { u: 'http://localhost:8080' },
    sent: ['http://127.0.0.1:4100/a'],
    told: /u is set to http:\/\/127\.0\.0\.1:4100/,
  },
  {
    of: 'front',
    urls: ['{{u}}:{{p}}/a'],
    variables: { u: 'http://x.invalid', p: '81' },
    sent: ['http://127.0.0.1:4100/a'],
    told: /p is set to 4100/,
  },
  {
    of: 'front',
    urls: ['http://{{h}}:81/a'],
    variables: { h: 'x.invalid' },
    sent: ['http://127.0.0.1:4100/a'],
    told: /h is set to 127\.0\.0\.1/,
  },
  { of: 'front', urls: ['http://prices/a'], sent: ['http://prices/a'] },
  { of: 'front', urls: ['http://x.invalid/a'], sent: ['http://127.0.0.1:4100/a'], told: /x\.invalid is sent to/ },
  {
    of: 'services',
    urls: ['{{u}}/a'],
    variables: { u: 'http://localhost:8082' },
    sent: ['http://users:8082/a'],
    told: /u is set to http:\/\/users:8082/,
  },
  {
    of: 'services',
    urls: ['{{u}}/a'],
    variables: { u: 'http://localhost:9' },
    sent: ['http://localhost:9/a'],
    told: /is not known: left as it is/,
  },
  {
    of: 'services',
    urls: ['http://users.default/a'],
    sent: ['http://users.default:8082/a'],
    told: /users\.default is sent to/,
  },
];

/** Without a name server: names are nobody's. */
const locate = async (hosts: Iterable<string>) =>
  new Map(
    [...hosts].map((host): [string, HostPlace] => [
      host,
      /^\d|^localhost/.test(host) ? placeOfAddress(host) : 'nowhere',
    ]),
  );

const folder = mkdtempSync(join(tmpdir(), 'hwctl-way-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

t.test(`${rows.length} collections`, async (t) => {
  const { Url, Property, VariableScope } = (await import('postman-collection')).default;
  const list = (values: Record<string, string> = {}) => Object.entries(values).map(([key, value]) => ({ key, value }));
  for (const { of, urls, variables, environment, given = {}, sent, told } of rows) {
    const name = `${of}: ${JSON.stringify(urls)} ${JSON.stringify({ ...variables, ...environment, ...given })}`;
    const file = join(folder, 'c.json');
    const item = urls.map((url, index) => ({ name: `r${index}`, request: { method: 'GET', url } }));
    writeFileSync(file, JSON.stringify({ info: { name: 'c' }, variable: list(variables), item }));
    writeFileSync(join(folder, 'e.json'), JSON.stringify({ values: list(environment) }));
    const read = await readCollection(file, 'c.json');
    const found = collectionUrls(read, { environment: 'e.json', environmentVariables: given, cwd: folder });
    const notes: string[] = [];
    const way = new Way(
      {},
      projects[of],
      true,
      telling((note) => notes.push(note)),
      locate,
    );
    const fixed = new Set([...Object.keys(given), ...found.underWay]);
    const redirected = await way.redirect({ shown: 'c.json', ...found, fixed });
    const scope = new VariableScope({ values: list({ ...environment, ...given }) });
    applyRedirection(redirected, read.collection, [scope]);
    const values = [scope.values.all(), read.collection.variables.all()].map((all) =>
      Object.fromEntries(all.map(({ key, value }) => [key, value])),
    );
    const items = read.collection.items.all() as { request: { url: { toString(): string } } }[];
    const asked = items.map(({ request }) => Property.replaceSubstitutions(request.url.toString(), values));
    t.strictSame(asked, sent, name);
    if (told === undefined) t.strictSame(notes, [], name);
    else t.match(notes.join('\n'), told, name);
    t.ok(
      asked.every((url) => url.includes('{{') || Url.parse(url).host),
      name,
    );
  }
});

t.test('a variable that a script sets is left to it', async (t) => {
  const file = join(folder, 's.json');
  const event = [{ listen: 'prerequest', script: { exec: ['pm.environment.set("baseUrl", "http://arch.homework")'] } }];
  const item = [{ name: 'a', event, request: { method: 'GET', url: '{{baseUrl}}/a' } }];
  writeFileSync(file, JSON.stringify({ info: { name: 'c' }, item }));
  const found = collectionUrls(await readCollection(file, 's.json'), { cwd: folder });
  t.ok(found.underWay.has('baseUrl'));
  const way = new Way(
    {},
    projects.ingress,
    true,
    telling((note) => t.fail(note)),
    locate,
  );
  t.equal((await way.redirect({ shown: 's.json', ...found, fixed: found.underWay })).variables.size, 0);
});

t.test('ports of Services are forwarded where a file names one that has none here, once, and told', async (t) => {
  const notes: string[] = [];
  let forwards = 0;
  const forward = async () => {
    forwards++;
    return projects.ingress;
  };
  const way = new Way(
    { forward },
    [app],
    true,
    telling((note) => notes.push(note)),
    locate,
  );
  const file = (urls: string[]) => ({ shown: 'c.json', urls, lookUp: () => undefined, fixed: new Set<string>() });
  await way.redirect(file(['http://arch.homework/']));
  t.equal(forwards, 0, 'all of it has a route');
  await way.redirect(file(['http://orders.default.svc.cluster.local:8081/']));
  await way.redirect(file(['http://users:8082/', 'http://nobody/']));
  t.equal(forwards, 1);
  t.match(notes[0], /forwarded to this machine, as c\.json names orders\.default\.svc\.cluster\.local/);
  t.ok(way.routes.some(({ host }) => host === 'users'));
});

t.test('files that are not of a project stay as they are', async (t) => {
  const way = new Way(
    {},
    projects.ingress,
    false,
    telling((note) => t.fail(note)),
    locate,
  );
  const lookUp = () => 'http://x.invalid';
  const { variables, urls } = await way.redirect({
    shown: 'c',
    urls: ['{{u}}/a', 'http://y.invalid'],
    lookUp,
    fixed: new Set(),
  });
  t.equal(variables.size + urls.size, 0);
});
