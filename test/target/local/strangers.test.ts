// Manifests of a stranger on this machine: whatever they say, nothing is written outside of the state folder, and no
// variable of theirs is one of the machine's.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { Failure } from '../../../src/cli/kernel/failure.js';
import type { ProcessSpec } from '../../../src/cli/target/local/plan/process-spec.js';
import { stateFolderAt } from '../../../src/cli/target/local/state/state-folder.js';
import { readPlatform } from './read-platform.js';

const meta = (name: string) => ({ name });
interface Words {
  deployment: string;
  volume: string;
  config: string;
  claim: string;
  key: string;
  itemPath: string;
  subPath: string;
  mountPath: string;
  container: string;
  envName: string;
  envValue: string;
  prefix: string;
  secretKey: string;
  generated: string;
  probePath: string;
  service: string;
  route: string;
  host: string;
  port: number;
  period: number;
}
const sound: Words = {
  deployment: 'web',
  volume: 'v',
  config: 'c',
  claim: 'data',
  key: 'a.txt',
  itemPath: 'b/a.txt',
  subPath: 'b',
  mountPath: '/mnt',
  container: 'web',
  envName: 'GREETING',
  envValue: '/mnt/x',
  prefix: 'P_',
  secretKey: 'k',
  generated: 'GEN',
  probePath: '/ready',
  service: 'web',
  route: '/web',
  host: 'h.test',
  port: 8080,
  period: 10,
};

/** A platform of one Deployment that says each of the words where it belongs. */
function objectsOf(w: Words): object[] {
  const labels = { app: 'web' };
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: meta(w.config),
      data: { [w.key]: 'text', PATH: '/evil', NODE_PATH: '/x' },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', annotations: { 'hwctl.dev/generate': w.generated } },
      stringData: { [w.secretKey]: 'secret' },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: meta(w.deployment),
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            volumes: [
              { name: w.volume, configMap: { name: w.config, items: [{ key: w.key, path: w.itemPath }] } },
              { name: 'claim', persistentVolumeClaim: { claimName: w.claim } },
              { name: 'secret', secret: { secretName: 's' } },
              { name: 'plain', configMap: { name: w.config } },
            ],
            containers: [
              {
                name: w.container,
                image: 'hwctl-server:dev',
                args: ['serve', 'hello'],
                ports: [{ name: 'http', containerPort: w.port }],
                env: [
                  { name: w.envName, value: w.envValue },
                  { name: 'SQLITE_DIR', value: w.envValue },
                ],
                envFrom: [{ prefix: w.prefix, configMapRef: { name: w.config } }, { configMapRef: { name: w.config } }],
                volumeMounts: [
                  { name: w.volume, mountPath: w.mountPath, subPath: w.subPath },
                  { name: 'claim', mountPath: '/claim' },
                  { name: 'secret', mountPath: '/secret' },
                  { name: 'plain', mountPath: '/plain' },
                ],
                readinessProbe: { httpGet: { path: w.probePath, port: 'http' }, periodSeconds: w.period },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta(w.service),
      spec: { selector: labels, ports: [{ name: 'http', port: w.port }] },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: meta('web'),
      spec: {
        rules: [
          {
            host: w.host,
            http: {
              paths: [
                {
                  path: w.route,
                  pathType: 'Prefix',
                  backend: { service: { name: w.service, port: { number: w.port } } },
                },
              ],
            },
          },
        ],
      },
    },
  ];
}

const place = t.testdir();
const folder = stateFolderAt(join(place, 'state', 'local'));
const stack = join(place, 'manifests', 'x');
mkdirSync(stack, { recursive: true });
writeFileSync(join(stack, 'kustomization.yaml'), 'namespace: ns\nresources: [all.yaml]\n');
mkdirSync(join(place, 'server'));
writeFileSync(join(place, 'server', 'main.js'), '');
const request = {
  folder,
  request: { stacks: ['x'], manifests: join(place, 'manifests'), values: {} },
  serverEntry: join(place, 'server', 'main.js'),
};

/** What shall run, or the problems. */
function read(words: Words): ProcessSpec[] | Failure {
  // JSON is YAML.
  writeFileSync(
    join(stack, 'all.yaml'),
    objectsOf(words)
      .map((one) => JSON.stringify(one))
      .join('\n---\n'),
  );
  try {
    return readPlatform(request).state.processes;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

const isBelow = (parent: string, path: string) => !/^(\.\.([/\\]|$)|$)/.test(relative(parent, path));

function harmOf(specs: ProcessSpec[]): string[] {
  return specs.flatMap((spec) => [
    ...[...spec.folders, ...spec.files.map(({ path }) => path)].filter((path) => !isBelow(folder.volumes, path)),
    ...(/^[a-z0-9][a-z0-9.-]*$/.test(spec.name) && !spec.name.includes('..') ? [] : [`name ${spec.name}`]),
    ...Object.keys(spec.env).filter((name) => /^(NODE_(?!ENV$)|LD_|DYLD_|OPENSSL_|PATH$|HOME$|HWCTL_)/i.test(name)),
    ...(spec.kind === 'service' && !isBelow(folder.volumes, spec.env.SQLITE_DIR ?? '') ? ['SQLITE_DIR'] : []),
    ...[spec.readiness?.periodMs ?? 1, spec.graceMs].filter((ms) => !(ms > 0 && ms < 2 ** 31)).map((ms) => `${ms} ms`),
  ]);
}

t.test('what is sound passes, and what a container would see is there', async (t) => {
  const specs = read(sound);
  if (specs instanceof Failure) throw specs;
  t.strictSame(harmOf(specs), []);
  t.match(specs[0], {
    env: { GREETING: join(folder.volumes, 'web', 'v', 'b', 'x'), P_PATH: '/evil' },
    files: [{ path: join(folder.volumes, 'web', 'v', 'b', 'a.txt'), text: 'text' }],
  });
  t.match(readPlatform(request).leftOut, [
    {
      ref: 'Deployment/web env',
      reason: 'PATH, NODE_PATH: not passed on, they would act on this machine',
      isTold: true,
    },
  ]);
});

t.test('each word by itself: refused, with its place', async (t) => {
  const hostile: Partial<Record<keyof Words, (string | number)[]>> = {
    deployment: ['../../x', 'a/b', '..', 'A', 'gateway', 'supervisor', 'claims', 'a'.repeat(254), 'x\n', ''],
    volume: ['../v', 'a.b', '..'],
    config: ['../c', 'C'],
    claim: ['../../c', '/etc'],
    key: ['../k', 'a/b', '..', '..x', ''],
    itemPath: ['../../../x', '/etc/x', 'a/../../x', '..', '..x/y', ''],
    subPath: ['../x', '/x', 'a/../../b'],
    mountPath: ['/a:b'],
    container: ['../c'],
    envName: ['A=B', '1A', 'A B', ''],
    prefix: ['A=', '1'],
    secretKey: ['../k'],
    generated: ['../k', 'A,a/b'],
    service: ['a.b', '(a+)+', '../s'],
    route: ['web', '/a/../b', '/a//b', '/a%2Fb', '/..'],
    host: ['h/x', '*', '*.*.x', 'H'],
    port: [0, 65_536, -1],
    period: [-1],
  };
  for (const [word, values] of Object.entries(hostile)) {
    for (const value of values) {
      const outcome = read({ ...sound, [word]: value });
      t.ok(
        outcome instanceof Failure && outcome.code === 'bad-manifests',
        `${word} ${JSON.stringify(value)} is refused`,
      );
      if (outcome instanceof Failure) t.ok((outcome.details ?? []).length > 0, outcome.details?.join(' | '));
    }
  }
  const many = read({ ...sound, deployment: '../x', key: '../k', itemPath: '/x', envName: 'A=B', port: 0 });
  t.ok(many instanceof Failure && (many.details ?? []).length >= 5, 'all problems at once');
});

t.test('any words: nothing outside of the state folder, no variable of the machine', async (t) => {
  const piece = fc.constantFrom(
    '..',
    '.',
    '/',
    'a',
    'B',
    '-',
    '_',
    ' ',
    '\0',
    '\n',
    '%2f',
    ':',
    '=',
    '\\',
    'é',
    '$(P_PATH)',
    '{{port:x}}',
    '/mnt',
    '/claim/..',
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join('')),
    fc.constantFrom(
      'NODE_OPTIONS',
      'node_options',
      'LD_PRELOAD',
      'DYLD_INSERT_LIBRARIES',
      'HOME',
      '__proto__',
      'constructor',
    ),
    fc.constantFrom('/mnt/../../../../etc', '/claim/../../x', '/etc', '../../..', '/mnt', 'a/b/c'),
  );
  const number = fc.oneof(fc.constantFrom(0, -1, 1, 2 ** 31 - 1, 2 ** 31), fc.integer());
  const words = fc.record(
    Object.fromEntries(Object.entries(sound).map(([word, value]) => [word, typeof value === 'number' ? number : text])),
    { requiredKeys: [] },
  );
  let passed = 0;
  fc.assert(
    fc.property(words, fc.subarray(Object.keys(sound), { maxLength: 3 }), (all, chosen) => {
      const outcome = read({
        ...sound,
        ...Object.fromEntries(chosen.flatMap((word) => (word in all ? [[word, all[word]]] : []))),
      });
      if (outcome instanceof Failure) return;
      passed++;
      const harm = harmOf(outcome);
      if (harm.length > 0) throw new Error(harm.join(', '));
    }),
    { numRuns: 80, seed: 20261127 },
  );
  t.ok(passed > 15, `${passed} were sound`);
});

t.test('a kustomization reads no files of another folder, not through a link either', async (t) => {
  const other = join(place, 'manifests', 'y');
  mkdirSync(other);
  writeFileSync(join(place, 'private.txt'), 'private');
  symlinkSync(join(place, 'private.txt'), join(other, 'link.txt'));
  symlinkSync(join(stack, 'all.yaml'), join(other, 'link.yaml'));
  writeFileSync(
    join(other, 'kustomization.yaml'),
    JSON.stringify({
      resources: ['../x/all.yaml', 'link.yaml'],
      configMapGenerator: [
        { name: 'c', files: ['../../private.txt', 'link.txt'], options: { disableNameSuffixHash: true } },
      ],
    }),
  );
  const outcome = t.throws(() =>
    readPlatform({ ...request, request: { ...request.request, stacks: ['y'] } }),
  ) as Failure;
  t.equal(outcome.details?.filter((line) => line.endsWith('is not in this folder or below it')).length, 4);
});
