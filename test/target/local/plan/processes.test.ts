import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { Failure } from '../../../../src/cli/kernel/failure.js';
import { refuseMissing } from '../../../../src/cli/target/local/plan/missing-programs.js';
import { refuseClashes } from '../../../../src/cli/target/local/plan/port-clash.js';
import type { ProcessSpec } from '../../../../src/cli/target/local/plan/process-spec.js';
import { programDigest } from '../../../../src/cli/target/local/plan/program-digest.js';
import type { Topology } from '../../../../src/cli/target/local/plan/topology.js';
import type { LocalEntry } from '../../../../src/cli/target/local/project.js';
import type { KubeObject } from '../../../../src/cli/target/manifests/kube-object.js';
import { config, deployment, here, service, topologyOf, workload } from './foreign.js';

const ports = (...numbers: number[]) => ({ ports: numbers.map((containerPort) => ({ containerPort })) });
const env = (variables: Record<string, string>) => ({
  env: Object.entries(variables).map(([name, value]) => ({ name, value })),
});
const specOf = (topology: Topology, name: string) => topology.processes.find((spec) => spec.name === name);

/** A container and an entry, the port that it cannot but take (undefined: any), and a variable or word that says which. */
const listening: [
  what: string,
  container: object,
  entry: Partial<LocalEntry>,
  fixed: number | undefined,
  said: object,
][] = [
  ['a port in the text of the program', ports(8000), {}, 8000, {}],
  ['PORT', { ...ports(8000), ...env({ PORT: '8000' }) }, {}, undefined, { env: { PORT: '{{port:web}}' } }],
  [
    'SERVER_PORT',
    { ...ports(8000), ...env({ SERVER_PORT: '8000' }) },
    {},
    undefined,
    { env: { SERVER_PORT: '{{port:web}}' } },
  ],
  ['another port', { ...ports(8000), ...env({ PORT: '8001' }) }, {}, 8000, { env: { PORT: '8001' } }],
  [
    'an address',
    { ...ports(8000), ...env({ HTTP_ADDR: ':8000' }) },
    {},
    undefined,
    { env: { HTTP_ADDR: '127.0.0.1:{{port:web}}' } },
  ],
  [
    'of .NET',
    { ...ports(80), ...env({ ASPNETCORE_URLS: 'http://+:80' }) },
    {},
    undefined,
    { env: { ASPNETCORE_URLS: 'http://127.0.0.1:{{port:web}}' } },
  ],
  [
    "another Service's",
    { ...ports(8080), ...env({ API_HOST: 'api', API_PORT: '8080' }) },
    {},
    8080,
    { env: { API_PORT: '8080' } },
  ],
  [
    '{port} in the environment',
    ports(8000),
    { environment: { PORT: '{port}' } },
    undefined,
    { env: { PORT: '{{port:web}}' } },
  ],
  [
    '{port} in the command',
    ports(8000),
    { command: ['serve', '-p{port}'] },
    undefined,
    { command: ['serve', '-p{{port:web}}'] },
  ],
  ['{port} of no port', {}, { command: ['serve', '{port}'] }, undefined, { command: ['serve', '{{port:web}}'] }],
  [
    '{port:N}',
    ports(8000, 9090),
    { command: ['serve', '{port}', '{port:9090}'] },
    undefined,
    { command: ['serve', '{{port:web}}', '{{port:web#9090}}'] },
  ],
  ['no port at all', {}, {}, undefined, { ports: [] }],
  ['braces of JSON', ports(8000), { command: ['serve', '{"port":1}'] }, 8000, { command: ['serve', '{"port":1}'] }],
];

t.test('where a process listens', async (t) => {
  for (const [what, container, entry, fixed, said] of listening) {
    const topology = topologyOf(deployment('web', container) + service('api'), { web: entry });
    const web = specOf(topology, 'web');
    t.equal(web?.ports[0]?.fixed, fixed, what);
    t.match(web, said, what);
  }
  t.throws(() => topologyOf(deployment('web', ports(8000)), { web: 'serve {port:9}' }), { code: 'bad-local-entry' });
});

t.test('the port that is reached comes first, and one that nobody reaches is not taken', async (t) => {
  const yaml = deployment('web', ports(9090, 8000)) + service('web', [{ port: 80, targetPort: 8000 }]);
  t.same(
    specOf(topologyOf(yaml, { web: 'serve' }), 'web')?.ports.map(({ key, fixed }) => [key, fixed]),
    [['web', 8000]],
  );
});

t.test('two of one port, and one that another program has, are told before anything starts', async (t) => {
  const processes = (topology: Topology) => topology.processes as ProcessSpec[];
  const both = processes(topologyOf(deployment('a', ports(8000)) + deployment('b', ports(8000)), { a: 'a', b: 'b' }));
  await t.rejects(refuseClashes(both, new Set()), {
    code: 'port-clash',
    exitCode: 2,
    details: [
      'port 8000: a listens on 8000, which no variable of its manifests holds; b listens on 8000, which no variable of its manifests holds',
    ],
    hint: /\{port\}/,
  });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve));
  const { port } = server.address() as { port: number };
  const one = processes(topologyOf(deployment('a', ports(port)), { a: 'a' }));
  await refuseClashes(one, new Set()).then(
    () => t.fail('the port is taken'),
    (error: Failure) => t.match(error.details, [/another program has it/]),
  );
  await refuseClashes(one, new Set([port]));
  server.close();
});

t.test('a program or a folder that is not there is told before anything starts', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-program-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'run.sh'), '', { mode: 0o755 });
  const refuse = (entry: Partial<LocalEntry>) => () =>
    refuseMissing(topologyOf(deployment('web'), { web: entry }).processes as ProcessSpec[], folder);
  for (const command of ['run.sh', './run.sh', join(folder, 'run.sh')]) refuse({ command: [command], folder })();
  const wrong: [Partial<LocalEntry>, RegExp][] = [
    [{ command: ['uvicorn'], folder }, /^web: uvicorn is not in PATH$/],
    [{ command: ['./none.sh'], folder }, /^web: there is no program .\/none.sh in /],
    [{ command: ['run.sh'], folder: join(folder, 'none') }, /^web: there is no folder /],
  ];
  for (const [entry, detail] of wrong) {
    const failure = t.throws(refuse(entry), { code: 'no-program', exitCode: 2 }) as Failure;
    t.match(failure.details, [detail]);
  }
});

/** Kinds of probes, and how they are asked here. */
const probes: [probe: object, becomes: object | undefined][] = [
  [
    { httpGet: { path: '/h', port: 8000, httpHeaders: [{ name: 'Host', value: 'x' }] }, periodSeconds: 3 },
    { kind: 'http', path: '/h', port: 'web', headers: { Host: 'x' }, periodMs: 3000 },
  ],
  [{ httpGet: { path: '/h', port: 8000, scheme: 'HTTPS' } }, { kind: 'tcp', port: 'web' }],
  [{ tcpSocket: { port: 8000 } }, { kind: 'tcp', port: 'web', timeoutMs: 1000, failureThreshold: 3 }],
  [{ grpc: { port: 8000 } }, { kind: 'tcp', port: 'web' }],
  [
    { exec: { command: ['curl', 'http://api:8080'] } },
    { kind: 'exec', command: ['curl', 'http://127.0.0.1:{{port:api}}'] },
  ],
];

t.test('probes', async (t) => {
  for (const [probe, becomes] of probes) {
    const yaml =
      deployment('web', { ...ports(8000), readinessProbe: probe }) + deployment('api', ports(8080)) + service('api');
    t.match(specOf(topologyOf(yaml, { web: 'serve', api: 'serve' }), 'web')?.readiness, becomes, JSON.stringify(probe));
  }
  const bare = specOf(topologyOf(deployment('web', ports(8000)), { web: 'serve' }), 'web');
  t.match(bare, { readiness: { kind: 'tcp' }, startTimeoutMs: 300_000 }, 'without one: it listens');
});

t.test('every kind of workload runs; what a pod is told of itself', async (t) => {
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet', 'Pod', 'Job']) {
    const yaml = workload(kind, 'web', {
      env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
    });
    t.match(
      specOf(topologyOf(yaml, { web: 'serve' }), 'web'),
      { kind: kind === 'Job' ? 'job' : 'service', env: { IP: '127.0.0.1' } },
      kind,
    );
  }
  t.equal(
    specOf(topologyOf(workload('Pod', 'web', {}, { restartPolicy: 'Never' }), { web: 'run' }), 'web')?.kind,
    'job',
  );
});

const postgres = (kind = 'StatefulSet', container: object = {}) =>
  workload(kind, 'db', { image: 'postgres:16', ...ports(5432), ...container }) + service('db', [{ port: 5432 }]);
const uses = env({ DATABASE_URL: 'postgres://u:p@db:5432/x' });
const hook = (name: string, when: string, weight = 0, container: object = uses) =>
  workload('Job', name, container, {}, { 'helm.sh/hook': when, 'helm.sh/hook-weight': String(weight) });

/** What is there, and what each of its processes waits for. */
const orders: [what: string, yaml: string, waits: Record<string, string[]>][] = [
  ['the database first', postgres() + deployment('web', uses), { db: [], web: ['db'] }],
  [
    'a migration between the two',
    postgres() + workload('Job', 'migrate', uses) + deployment('web', uses),
    { migrate: ['db'], web: ['db', 'migrate'] },
  ],
  [
    'hooks before, by weight',
    postgres() + hook('b', 'pre-install', 1) + hook('a', 'pre-upgrade,pre-install', 2) + deployment('web'),
    { b: ['db'], a: ['b', 'db'], web: ['a', 'b'] },
  ],
  ['a hook after', hook('seed', 'post-install', 0, {}) + deployment('web'), { web: [], seed: ['web'] }],
  [
    'a job that calls a service',
    deployment('web', { ...ports(8080), ...uses }) +
      service('web') +
      postgres() +
      workload('Job', 'seed', env({ URL: 'http://web:8080' })),
    { seed: ['web'], web: ['db'] },
  ],
  [
    'a migration that shares a ConfigMap with everybody',
    config('ConfigMap', 'all', { WEB_URL: 'http://web:8080', DB_URL: 'postgres://db:5432/x' }) +
      postgres() +
      workload('Job', 'migrate', { envFrom: [{ configMapRef: { name: 'all' } }] }) +
      deployment('web', { ...ports(8080), envFrom: [{ configMapRef: { name: 'all' } }] }) +
      service('web'),
    { migrate: ['db'], web: ['db', 'migrate'] },
  ],
  [
    'two services that call each other',
    deployment('a', { ...ports(8080), ...env({ B: 'http://b:8080' }) }) +
      deployment('b', { ...ports(8081), ...env({ A: 'http://a:8080' }) }) +
      service('a') +
      service('b'),
    { a: [], b: [] },
  ],
];

t.test('what starts after what', async (t) => {
  const run = Object.fromEntries(['web', 'migrate', 'seed', 'a', 'b'].map((name) => [name, 'run']));
  for (const [what, yaml, waits] of orders) {
    const { processes } = topologyOf(yaml, run);
    for (const [name, after] of Object.entries(waits))
      t.same(processes.find((spec) => spec.name === name)?.after, after, `${what}: ${name}`);
    const places = processes.map(({ name }) => name);
    for (const { name, after } of processes)
      for (const other of after)
        t.ok(places.indexOf(other) < places.indexOf(name), `${what}: ${other} stands before ${name}`);
  }
});

t.test('init containers: one that waits is left out, one with an entry runs before, another is told', async (t) => {
  const init = [
    { name: 'wait', image: 'busybox', command: ['sh', '-c', 'until nc -z db 5432; do sleep 1; done'] },
    { name: 'ready', image: 'postgres:16', command: ['sh', '-c', 'until pg_isready -h db; do sleep 2; done;'] },
    { name: 'migrate', image: 'web:1', command: ['alembic', 'upgrade', 'head'], ...uses },
    { name: 'fetch', image: 'curl', command: ['curl', '-O', 'x'] },
  ];
  const { processes, leftOut } = topologyOf(postgres() + deployment('web', {}, { initContainers: init }), {
    web: 'run',
    'web/migrate': 'alembic upgrade head',
  });
  t.match(
    processes.map(({ name, kind, after }) => [name, kind, after]),
    [
      ['db', 'service', []],
      ['web-migrate', 'job', ['db']],
      ['web', 'service', ['web-migrate']],
    ],
  );
  const told = leftOut.filter(({ ref }) => ref.includes('init container'));
  t.same(
    told.map(({ ref, isTold = false }) => [ref.split(' ').at(-1), isTold]),
    [
      ['wait', false],
      ['ready', false],
      ['fetch', true],
    ],
  );
});

/** Variables of a Postgres's image, and what is made. */
const databases: [variables: Record<string, string>, image: string, made: object][] = [
  [{ POSTGRES_PASSWORD: 'p' }, 'postgres:16', { user: 'postgres', password: 'p', database: 'postgres' }],
  [{ POSTGRES_USER: 'u', POSTGRES_PASSWORD: 'p' }, 'postgres', { user: 'u', database: 'u' }],
  [
    { POSTGRES_USER: 'u', POSTGRES_PASSWORD: 'p', POSTGRES_DB: 'd' },
    'docker.io/library/postgres:16-alpine',
    { user: 'u', database: 'd' },
  ],
  [
    { POSTGRESQL_USERNAME: 'u', POSTGRESQL_PASSWORD: 'p', POSTGRESQL_DATABASE: 'd', POSTGRESQL_POSTGRES_PASSWORD: 'a' },
    'bitnami/postgresql:16',
    { user: 'u', password: 'p', database: 'd', adminPassword: 'a' },
  ],
  [
    { POSTGRES_PASSWORD_FILE: '/secret/password' },
    'bitnamilegacy/postgresql:16',
    { user: 'postgres', password: 'from a file' },
  ],
  [{ POSTGRES_HOST_AUTH_METHOD: 'trust' }, 'postgis/postgis:16', { password: '' }],
];

t.test('a Postgres is made as its image would be', async (t) => {
  for (const [variables, image, made] of databases) {
    const mounts = { volumeMounts: [{ name: 's', mountPath: '/secret' }] };
    const yaml =
      config('Secret', 's', { password: 'from a file\n' }) +
      workload(
        'StatefulSet',
        'db',
        { image, ...mounts, ...env(variables), args: ['-c', 'max_connections=7', '-c', 'archive_command=rm'] },
        { volumes: [{ name: 's', secret: { secretName: 's' } }] },
      );
    const db = specOf(topologyOf(yaml), 'db');
    t.match(db?.postgres, { bin: '/pg/bin', data: '/vol/.postgres/db', ...made }, JSON.stringify(variables));
    t.ok(db?.command.join(' ').includes('-c max_connections=7'));
    t.notOk(db?.command.join(' ').includes('archive_command'));
    t.same(db?.env, {});
  }
  const none = topologyOf(postgres(), {}, 'there is none');
  t.match(none.leftOut, [
    { ref: 'StatefulSet/db', reason: 'there is none', needsContainer: true },
    { ref: 'Service/db' },
  ]);
});

t.test('what is short of something is told by name', async (t) => {
  const { leftOut } = topologyOf(
    deployment(
      'web',
      {
        envFrom: [{ secretRef: { name: 'gone' } }],
        env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'gone', key: 'k' } } }],
        volumeMounts: [{ name: 'c', mountPath: '/etc/web' }],
      },
      { volumes: [{ name: 'c', configMap: { name: 'c' } }] },
    ) +
      config('ConfigMap', 'c', { a: 'b' }) +
      deployment('cache', { image: 'redis:7' }) +
      service('cache'),
    { web: 'run' },
  );
  t.match(
    leftOut.map(({ ref, reason, isTold = false, needsContainer = false }) => [ref, reason, isTold || needsContainer]),
    [
      ['Deployment/web env', 'there is no Secret gone', true],
      ['Deployment/web env', /^A: there is no ConfigMap gone with a key k$/, true],
      ['Deployment/web mount', /^\/etc\/web: no variable names it; here its files are in \/vol\/web\/c$/, true],
      ['Deployment/cache', 'it runs redis:7, which needs a container', true],
      ['Service/cache', 'its pods do not run here', false],
    ],
  );
});

t.test('a program is another one when its files are, and not when it has written beside them', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-digest-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'main.py'), 'a');
  const first = programDigest(folder);
  writeFileSync(join(folder, 'app.log'), 'x');
  writeFileSync(join(folder, 'data.db'), 'x');
  t.equal(programDigest(folder), first);
  utimesSync(join(folder, 'main.py'), 1, 1);
  t.not(programDigest(folder), first);
  t.equal(programDigest(join(folder, 'none')), '');
});

/** Objects with every field that is read. */
const whole = (): KubeObject[] => {
  const texts =
    postgres('StatefulSet', { ...uses, readinessProbe: { exec: { command: ['pg_isready'] } } }) +
    config('ConfigMap', 'c', { 'a.txt': 'http://web:8080', B: 'db' }) +
    config('Secret', 's', { k: 'v' }) +
    deployment(
      'web',
      {
        ...ports(8080),
        ...uses,
        command: ['a'],
        envFrom: [{ configMapRef: { name: 'c' } }],
        volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'x' }],
        livenessProbe: { httpGet: { path: '/', port: 8080 } },
      },
      {
        volumes: [{ name: 'v', configMap: { name: 'c', items: [{ key: 'a.txt', path: 'b' }] } }],
        initContainers: [{ name: 'i', image: 'x', command: ['y'] }],
      },
    ) +
    service('web') +
    JSON.stringify({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'i' },
      spec: {
        rules: [
          {
            host: 'h',
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 8080 } } } }],
            },
          },
        ],
      },
    });
  return texts
    .split('\n---\n')
    .filter((text) => text.trim() !== '')
    .map((text) => JSON.parse(text) as KubeObject);
};

t.test(
  'objects that nobody has checked: a Failure or a sound outcome, and nothing outside of the volumes',
  async (t) => {
    const strange = fc.constantFrom<unknown>(
      null,
      undefined,
      0,
      -1,
      '',
      '../../x',
      '/etc',
      'a\0b',
      [],
      {},
      [null],
      [[1]],
      { a: null },
      true,
      1e9,
      '__proto__',
    );
    const change = fc.record({ at: fc.nat({ max: 400 }), to: strange });
    let sound = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const objects = whole();
        for (const { at, to } of changes) replaceAt(objects, at, to);
        try {
          const { processes } = topologyOf(objects, { web: 'run {port}', 'web/i': 'init' });
          sound++;
          for (const { folders, files, name, ports: taken } of processes) {
            for (const path of [...folders, ...files.map((file) => file.path)])
              if (!path.startsWith('/vol/')) throw new Error(path);
            if (!/^[a-z0-9.-]+$/.test(name)) throw new Error(name);
            for (const { fixed = 1 } of taken) if (typeof fixed !== 'number') throw new Error(String(fixed));
          }
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
        }
      }),
      { numRuns: 400, seed: 20261128 },
    );
    t.ok(sound > 100, `${sound} had a meaning`);
    t.equal(here.bin, '/pg/bin');
  },
);

/** Puts something else at the n-th place of a tree. */
function replaceAt(tree: unknown, at: number, to: unknown): void {
  const places: (() => void)[] = [];
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      places.push(() => {
        (value as Record<string, unknown>)[key] = to;
      });
      visit(child);
    }
  };
  visit(tree);
  places[at % places.length]?.();
}
