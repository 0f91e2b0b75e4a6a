import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readTree } from '../../src/cli/project/file-tree.js';
import { findIn } from '../../src/cli/project/find.js';
import { piecesOf } from '../../src/cli/project/plan-pieces.js';
import { projectOf, readProject } from '../../src/cli/project/project.js';
import { projectText } from '../../src/cli/project/write-project.js';
import { root } from '../golden.js';

/** What is planned of each repository in examples/, which stand there as their owners would have them: of each piece of work. */
const examples: Record<string, object | object[]> = {
  'numbered-yaml': {
    addons: [{ name: 'ingress', from: { file: 'README.md', line: 16 } }],
    releases: [{ kind: 'manifests', path: 'k8s', from: { file: 'README.md', line: 18 } }],
    images: [{ image: 'annalearns/greeter:1.0', context: 'app', from: { file: 'README.md', line: 8 } }],
    host: { name: 'arch.homework' },
    tests: [{ file: 'postman/greeter.postman_collection.json', from: { file: 'README.md' } }],
    guesses: [],
  },
  'prices-hpa': {
    addons: [{ name: 'metrics-server' }],
    releases: [{ kind: 'manifests', path: 'k8s' }],
    images: [{ image: 'prices:dev', context: 'app' }],
    host: undefined,
    load: [{ file: 'load/test.js' }, { file: 'load/testrun.yaml' }],
    guesses: [],
  },
  'chart-postgres': {
    defaultNamespace: 'users',
    namespaces: [{ name: 'users' }],
    addons: [{ name: 'ingress', from: { file: 'README.md', line: 9 } }],
    releases: [
      {
        kind: 'chart',
        release: 'users',
        chart: { name: 'users-chart', kind: 'folder' },
        valuesFiles: ['values.yaml'],
        namespace: 'users',
      },
    ],
    images: [{ image: 'users:1.0', context: 'app', from: { file: 'README.md', line: 11 } }],
    // The chart's own values say users.example.com.
    host: { name: 'arch.homework', from: { file: 'values.yaml' } },
    tests: [{ file: 'tests/users.postman_collection.json' }],
    dashboards: [{ file: 'dashboards/users.json' }],
    guesses: [],
  },
  'skaffold-auth': {
    addons: [{ name: 'ingress' }],
    releases: ['auth', 'profile', 'orders', 'catalog'].map((service) => ({
      kind: 'manifests',
      path: `${service}/k8s`,
      from: { file: 'skaffold.yaml' },
    })),
    images: ['auth', 'catalog', 'orders', 'profile'].map((service) => ({ image: `shop/${service}`, context: service })),
    host: { name: 'arch.homework' },
    tests: [{ file: 'shop.postman_collection.json', variables: ['baseUrl=http://arch.homework'] }],
    guesses: [],
  },
  'release-order': {
    namespaces: [{ name: 'shop' }],
    releases: [
      { kind: 'manifests', path: 'infra', namespace: 'shop' },
      {
        kind: 'chart',
        release: 'db',
        chart: { name: 'database' },
        valuesFiles: ['values/database.yaml'],
        namespace: 'shop',
      },
      { kind: 'chart', release: 'migrations', chart: { name: 'migrations' }, namespace: 'shop' },
      {
        kind: 'chart',
        release: 'shop',
        chart: { name: 'shop' },
        valuesFiles: ['values/shop.yaml'],
        set: [{ flag: 'set', text: 'web.replicas=2' }],
      },
    ],
    images: [{ image: 'teamshop/shop:latest', context: 'app', from: { file: 'README.md', line: 34 } }],
    host: { name: 'arch.homework', from: { file: 'values/shop.yaml' } },
    tests: [{ file: 'postman/items.json', environment: 'postman/minikube.postman_environment.json' }],
    // No line enables it, and the shop's values have a host.
    guesses: [{ about: 'addons', from: { file: 'values/shop.yaml' } }],
  },
  homeworks: [
    {
      name: 'hw03',
      releases: [{ kind: 'manifests', path: 'hw03/k8s' }],
      images: [{ image: 'pavel/hw03:v1', context: 'hw03/app' }],
      guesses: [{ about: 'images' }],
    },
    {
      name: 'hw04',
      releases: [
        { kind: 'chart', release: 'page', chart: { name: 'hw04/chart' }, valuesFiles: ['hw04/values-minikube.yaml'] },
      ],
      images: [],
      host: { name: 'arch.homework', from: { file: 'hw04/values-minikube.yaml' } },
      guesses: [{ about: 'addons' }],
    },
    {
      name: 'hw05',
      releases: [{ kind: 'manifests', path: 'hw05/k8s', namespace: 'hw05' }],
      images: [{ image: 'pavel/hw05:v1', context: 'hw05/app' }],
      tests: [{ variables: ['base=http://arch.homework'] }],
      load: [{ file: 'hw05/load.js' }],
      guesses: [{ about: 'addons' }],
    },
  ],
};

t.test('an example is planned as its README says, and little is guessed', async (t) => {
  t.same(readdirSync(join(root, 'examples')).sort(), Object.keys(examples).sort(), 'every example is here');
  for (const [name, wanted] of Object.entries(examples)) {
    const findings = findIn(readTree(join(root, 'examples', name)));
    t.same(findings.unreadable, [], name);
    const pieces = piecesOf(findings);
    const all = [wanted].flat() as { guesses: object[] }[];
    t.match(pieces, all, name);
    const counts = (of: readonly { guesses: readonly object[] }[]) => of.map(({ guesses }) => guesses.length);
    t.same(counts(pieces), counts(all), `${name}: ${JSON.stringify(pieces.flatMap(({ guesses }) => guesses))}`);
  }
});

t.test('what init would write of an example is a project, as is the one that holds its own', async (t) => {
  for (const name of Object.keys(examples)) {
    const folder = join(root, 'examples', name);
    const text = projectText(folder, piecesOf(findIn(readTree(folder))));
    t.doesNotThrow(() => projectOf(text, join(folder, 'hwctl.yaml'), name), name);
    if (!existsSync(join(folder, 'hwctl.yaml'))) continue;
    const stacks = readProject(join(folder, 'hwctl.yaml'), name).stacks;
    t.same([...stacks.keys()], ['hw03', 'hw04', 'hw05'], name);
  }
});
