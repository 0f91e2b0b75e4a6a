/** Which Dockerfile makes which image, and of which folder: each kind as real repositories have it. */
import t from 'tap';
import { findIn } from '../../src/cli/project/find.js';
import { piecesOf } from '../../src/cli/project/plan-pieces.js';
import { deployment, objectText, treeOf } from './tree.js';

interface Row {
  what: string;
  files: Record<string, string>;
  /** `IMAGE < CONTEXT [DOCKERFILE] [target=T] [NAME=value ...]`, in their order. */
  images: string[];
  guesses?: RegExp[];
}

const from = 'FROM node:24\n';
const bash = (...lines: string[]) => `\`\`\`bash\n${lines.join('\n')}\n\`\`\`\n`;
const manifests = (...images: string[]) => images.map((image, at) => deployment(`d${at}`, image)).join('---\n');
const skaffold = (build: string) => `apiVersion: skaffold/v4beta6\nkind: Config\n${build}`;

const rows: Row[] = [
  {
    what: 'the name of the folder of the piece says nothing of what is in it',
    files: {
      'hw5/k8s/app.yaml': manifests(
        'r/service-user-otus-hw5:1',
        'r/service-auth-otus-hw5:1',
        'r/service-user-hw5-postgres-migrator:1',
      ),
      'hw5/migrator/Dockerfile': from,
      'hw5/service-auth/Dockerfile': from,
      'hw5/service-user/Dockerfile': from,
    },
    images: [
      'r/service-user-otus-hw5:1 < hw5/service-user',
      'r/service-auth-otus-hw5:1 < hw5/service-auth',
      'r/service-user-hw5-postgres-migrator:1 < hw5/migrator',
    ],
  },
  {
    what: 'what is left when all others have theirs',
    files: {
      'k8s/app.yaml': manifests('g/shop:1', 'g/shop-auth:1', 'redis:7', 'other/thing:1'),
      'services/auth/Dockerfile': from,
      'services/users/Dockerfile': from,
    },
    images: ['g/shop:1 < services/users', 'g/shop-auth:1 < services/auth'],
    guesses: [/^g\/shop:1 is built from services\/users\/Dockerfile: there is no other$/],
  },
  {
    what: 'the program is in the folder of the piece, its helpers beside it',
    files: {
      'k8s/app.yaml': manifests('g/shop:1'),
      Dockerfile: from,
      'migrator/Dockerfile': from,
    },
    images: ['g/shop:1 < .'],
  },
  {
    what: 'nothing is guessed for what is not brought up',
    files: {
      'README.md': bash('kubectl apply -f k8s'),
      'k8s/app.yaml': manifests('g/shop:1'),
      'app/Dockerfile': 'FROM node:24\n',
      'old/app.yaml': manifests('g/old-thing', 'oldlocal'),
      '.docker/nginx/Dockerfile': 'FROM nginx\n',
    },
    images: [],
  },
  {
    what: 'words in the plural, run together, or apart',
    files: {
      'k8s/app.yaml': manifests('k/otus-hw-orders-service', 'k/userservice:1', 'k/event-bus:1', 'k/order-consumer'),
      'app-order/Dockerfile': from,
      'UserService/Api/Dockerfile': from,
      'event_bus/Dockerfile': from,
      'app-order/Dockerfile.consumer': from,
    },
    images: [
      'k/otus-hw-orders-service < app-order',
      'k/userservice:1 < UserService/Api',
      'k/event-bus:1 < event_bus',
      'k/order-consumer < app-order app-order/Dockerfile.consumer',
    ],
  },
  {
    what: 'tags of one repository, told apart by their words, and one Dockerfile each',
    files: {
      'k8s/app.yaml': manifests('f/work:hw8-delivery-api', 'f/work:hw8-delivery-consumer', 'f/work:hw8-payment-api'),
      'delivery/Dockerfile.api': from,
      'delivery/Dockerfile.consumer': from,
      'payment/Dockerfile.api': from,
    },
    images: [
      'f/work:hw8-delivery-api < delivery delivery/Dockerfile.api',
      'f/work:hw8-delivery-consumer < delivery delivery/Dockerfile.consumer',
      'f/work:hw8-payment-api < payment payment/Dockerfile.api',
    ],
  },
  {
    what: 'versions of one image are built alike',
    files: {
      'k8s/app.yaml': manifests('m/users:v1', 'm/users:v2'),
      'users/Dockerfile': from,
      'orders/Dockerfile': from,
    },
    images: ['m/users:v1 < users', 'm/users:v2 < users'],
  },
  {
    what: 'two names of one image',
    files: {
      'README.md': bash('docker build -t f/hw-7-billing:x billing', 'kubectl apply -f k8s'),
      'k8s/app.yaml': manifests('f/hw-7-billing:x', 'f/works:hw-7-billing', 'f/works:hw-7-nothing'),
      'billing/Dockerfile': from,
      'other/Dockerfile': from,
      'third/Dockerfile': from,
    },
    images: ['f/hw-7-billing:x < billing', 'f/works:hw-7-billing < billing'],
  },
  {
    what: 'a line names it with a registry, and another tag of the same repository',
    files: {
      Makefile:
        'build:\n\tdocker build -t s/work:v3-auth -f build/auth/Dockerfile .\n\tdocker build -t s/work:v3-jobs -f build/jobs/Dockerfile .\nup:\n\tkubectl apply -f k8s\n',
      'k8s/app.yaml': manifests('docker.io/s/work:v3-jobs', 's/work:v3-auth'),
      'build/auth/Dockerfile': from,
      'build/jobs/Dockerfile': from,
    },
    images: ['docker.io/s/work:v3-jobs < . build/jobs/Dockerfile', 's/work:v3-auth < . build/auth/Dockerfile'],
  },
  {
    what: 'the context is the folder that holds what is copied',
    files: {
      'k8s/app.yaml': manifests('n/gateway:1', 'n/users:1', 'n/plain:1'),
      'src/gateway/Gateway.csproj': '',
      'src/gateway/Dockerfile':
        'FROM x\nCOPY ["src/gateway/Gateway.csproj", "gateway/"]\nCOPY --from=build /app .\nCOPY . .\n',
      'src/users/Dockerfile': 'FROM x\nADD users/*.json \\\n  ./\nCOPY $WHAT https://x/y /z\n',
      'src/users/a.json': '',
      'plain/Dockerfile': 'FROM x\nCOPY app.js package*.json ./\n',
      'plain/app.js': '',
      'plain/package.json': '{}',
    },
    images: ['n/gateway:1 < . src/gateway/Dockerfile', 'n/users:1 < src src/users/Dockerfile', 'n/plain:1 < plain'],
  },
  {
    what: 'what is copied and is not there has to be made first',
    files: { 'k8s/app.yaml': manifests('v/orders'), 'orders/Dockerfile': 'FROM x\nCOPY target/orders.jar /app.jar\n' },
    images: ['v/orders < orders'],
    guesses: [
      /^v\/orders: orders\/Dockerfile copies target\/orders\.jar, not in the repository below orders: make it first$/,
    ],
  },
  {
    what: 'compose says of which folder a Dockerfile is built, without the name of the image',
    files: {
      'docker-compose.yml':
        'services:\n  orders:\n    build: { context: ., dockerfile: orders/Dockerfile, target: prod, args: [A=1, "B=$B"] }\n',
      'k8s/app.yaml': manifests('m/orders'),
      'orders/Dockerfile': from,
    },
    images: ['m/orders < . orders/Dockerfile target=prod A=1'],
    guesses: [/left out: what only a shell knows, the build argument B$/],
  },
  {
    what: 'skaffold: modules of one file, many images of one context, stage and arguments',
    files: {
      'skaffold.yaml': `${skaffold('build: { artifacts: [{ image: v/portal, context: work, docker: { dockerfile: portal/Dockerfile, target: app, buildArgs: { A: 1, B: "{{.X}}" } } }] }\nmanifests: { rawYaml: [k8s/a.yaml] }\n')}---\n${skaffold('build: { artifacts: [{ image: v/identity, context: work, docker: { dockerfile: identity/Dockerfile } }] }\nmanifests: { rawYaml: [k8s/b.yaml] }\n')}`,
      'k8s/a.yaml': objectText('v1', 'ConfigMap', 'a'),
      'k8s/b.yaml': objectText('v1', 'ConfigMap', 'b'),
      'work/portal/Dockerfile': from,
      'work/identity/Dockerfile': from,
    },
    images: ['v/portal < work work/portal/Dockerfile target=app A=1', 'v/identity < work work/identity/Dockerfile'],
  },
  {
    what: 'a page of docs/ means folders of the work that it is about',
    files: {
      'work/docs/commands.md': bash('docker build -t m/page-consumer:1 ./consumer/', 'kubectl apply -f ../k8s'),
      'work/k8s/app.yaml': manifests('m/page-consumer:1'),
      'work/apps/consumer/Dockerfile': from,
      'work/charts/consumer/notes.txt': '',
    },
    images: ['m/page-consumer:1 < work/apps/consumer'],
    guesses: [/work\/docs\/consumer is taken for work\/apps\/consumer/],
  },
  {
    what: 'what only a shell knows: a tag, an argument',
    files: {
      Makefile:
        'V := $(shell git describe)\nbuild:\n\tdocker build --build-arg V=$(V) --build-arg GO=1.19 -t i/app:$(V) .\nup:\n\tkubectl apply -f k8s\n',
      'k8s/app.yaml': manifests('i/app:latest'),
      Dockerfile: from,
    },
    images: ['i/app:latest < . GO=1.19'],
    guesses: [/the build argument V$/],
  },
  {
    what: 'a context without a Dockerfile is told, and another spelling is found',
    files: {
      'README.md': bash(
        'docker build -t m/a a',
        'docker build -t m/b b',
        'docker build -t m/c -f c/App.Dockerfile c',
        'kubectl apply -f k8s',
      ),
      'k8s/app.yaml': manifests('m/a', 'm/b', 'm/c'),
      'a/index.js': '',
      'b/dockerfile': from,
      'c/App.Dockerfile': from,
    },
    images: ['m/b < b', 'm/c < c c/App.Dockerfile'],
    guesses: [/^left out: a\/Dockerfile, of which m\/a is built, is not in the repository$/],
  },
  {
    what: 'local names that nothing makes are told; official images, vendors and those of another owner are not built',
    files: {
      'k8s/app.yaml': manifests(
        'billing:1',
        'node-red',
        'postgres:15',
        'bitnami/redis',
        'ghcr.io/other/lib',
        'quay.io/x/y',
      ),
      'a/Dockerfile': from,
      'b/Dockerfile': from,
    },
    images: [],
    guesses: [/^billing:1 names no owner, and nothing/, /^node-red names no owner/],
  },
  {
    what: 'one for a developer beside the one that is meant',
    files: {
      'k8s/app.yaml': manifests('m/page:1'),
      'page/Dockerfile': from,
      'page/dev.Dockerfile': from,
      'page/Dockerfile.test': from,
    },
    images: ['m/page:1 < page'],
  },
  {
    what: 'a chart at the root of the repository',
    files: {
      'Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
      'values.yaml': 'image: { repository: m/shop, tag: 1 }\n',
      'README.md': bash('helm install shop .'),
      'app/Dockerfile': from,
    },
    images: ['m/shop:1 < app'],
  },
];

t.test(`${rows.length} kinds of repositories`, async (t) => {
  for (const { what, files, images, guesses = [] } of rows) {
    const [piece, second] = piecesOf(findIn(treeOf(files)));
    t.equal(second, undefined, what);
    const said = (piece?.images ?? []).map(({ image, context, dockerfile, target, buildArguments }) =>
      [image, '<', context, dockerfile, target && `target=${target}`, ...buildArguments].filter(Boolean).join(' '),
    );
    t.same(said, images, what);
    const told = (piece?.guesses ?? []).filter(({ about }) => about === 'images').map(({ text }) => text);
    for (const pattern of guesses)
      t.ok(
        told.some((text) => pattern.test(text)),
        `${what}: ${pattern}\n${told.join('\n')}`,
      );
  }
});
