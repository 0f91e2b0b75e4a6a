import fc from 'fast-check';
import t from 'tap';
import { readShell } from '../../src/cli/project/read-shell.js';
import type { ShellAct } from '../../src/cli/project/shell-step.js';

const acts = (markdown: string, file = 'README.md'): ShellAct[] => readShell(file, markdown).map(({ act }) => act);
const bash = (text: string) => `\`\`\`bash\n${text}\n\`\`\`\n`;

/** A line, what it does. Fields that are left out may be anything. */
const lines: [line: string, act: Record<string, unknown>][] = [
  [
    'helm repo add bitnami https://charts.bitnami.com/bitnami',
    { kind: 'helm repository', name: 'bitnami', url: 'https://charts.bitnami.com/bitnami' },
  ],
  [
    'helm install app ./chart',
    { kind: 'helm release', release: 'app', chart: { name: 'chart', kind: 'folder' }, createNamespace: false },
  ],
  [
    'helm upgrade --install app chart/ -n shop --create-namespace -f a.yaml,b.yaml --values c.yaml',
    { kind: 'helm release', namespace: 'shop', createNamespace: true, valuesFiles: ['a.yaml', 'b.yaml', 'c.yaml'] },
  ],
  [
    'helm upgrade -i db oci://registry/charts/postgresql --version 12.1 --set a=1 --set-string b=2',
    {
      kind: 'helm release',
      chart: { name: 'oci://registry/charts/postgresql', kind: 'oci', version: '12.1' },
      set: [
        { flag: 'set', text: 'a=1' },
        { flag: 'set-string', text: 'b=2' },
      ],
    },
  ],
  [
    'helm install nginx ingress-nginx/ingress-nginx --repo https://x --wait --timeout 5m',
    {
      kind: 'helm release',
      release: 'nginx',
      chart: { name: 'ingress-nginx/ingress-nginx', kind: 'repository', repositoryUrl: 'https://x' },
    },
  ],
  ['helm install --generate-name ./chart', { kind: 'helm release', chart: { name: 'chart' } }],
  ['helm install --name old ./chart', { kind: 'helm release', release: 'old', chart: { name: 'chart' } }],
  ['helm dependency update ./chart', { kind: 'helm dependencies', chart: 'chart' }],
  ['helm uninstall app -n shop', { kind: 'helm removal', releases: ['app'] }],
  ['helm list -A', { kind: 'other' }],
  ['kubectl create namespace m', { kind: 'namespace', name: 'm' }],
  ['kubectl create ns m', { kind: 'namespace', name: 'm' }],
  ['kubectl config set-context --current --namespace=app', { kind: 'default namespace', name: 'app' }],
  ['kubectl apply -f k8s/', { kind: 'apply', files: ['k8s'], kustomize: false, recursive: false }],
  ['kubectl apply -f .', { kind: 'apply', files: ['.'] }],
  [
    'kubectl apply -R -f a.yaml -f b.yaml -n shop',
    { kind: 'apply', files: ['a.yaml', 'b.yaml'], recursive: true, namespace: 'shop' },
  ],
  ['kubectl apply -f a.yaml b.yaml', { kind: 'apply', files: ['a.yaml', 'b.yaml'] }],
  ['kubectl create -f https://x/y.yaml', { kind: 'apply', files: ['https://x/y.yaml'] }],
  ['kubectl apply -k overlays/dev', { kind: 'apply', files: ['overlays/dev'], kustomize: true }],
  ['cat k8s/all.yaml | kubectl apply -f -', { kind: 'apply', files: ['k8s/all.yaml'] }],
  ['kubectl apply -f - < k8s/all.yaml', { kind: 'apply', files: ['k8s/all.yaml'] }],
  [
    'kubectl create secret generic db --from-literal=a=b -n shop',
    { kind: 'generated object', object: 'secret', name: 'db', namespace: 'shop', from: ['from-literal=a=b'] },
  ],
  [
    'kubectl create configmap k6-test --from-file=test.js',
    { kind: 'generated object', object: 'configmap', name: 'k6-test', from: ['from-file=test.js'] },
  ],
  ['kubectl rollout status deploy/app', { kind: 'wait' }],
  ['kubectl delete -f k8s', { kind: 'removal' }],
  ['kubectl get pods', { kind: 'other' }],
  ['minikube kubectl -- apply -f k8s', { kind: 'apply', files: ['k8s'] }],
  ['minikube addons enable ingress', { kind: 'addon', name: 'ingress' }],
  ['minikube start --cpus=4 --memory 8g', { kind: 'cluster start', flags: { cpus: '4', memory: '8g' } }],
  ['minikube tunnel', { kind: 'tunnel' }],
  ['minikube image load shop/api:1', { kind: 'image load', image: 'shop/api:1' }],
  ['docker build -t shop/api:1 ./api', { kind: 'image build', tags: ['shop/api:1'], context: 'api' }],
  [
    'docker build --no-cache --platform linux/amd64 -t a -t b -f api/Dockerfile --build-arg X=1 --target run .',
    {
      kind: 'image build',
      tags: ['a', 'b'],
      context: '.',
      dockerfile: 'api/Dockerfile',
      target: 'run',
      platform: 'linux/amd64',
      buildArguments: ['X=1'],
    },
  ],
  ['docker buildx build --push -t a .', { kind: 'image build', tags: ['a'], context: '.' }],
  ['minikube image build -t a .', { kind: 'image build', tags: ['a'], context: '.' }],
  ['docker push a', { kind: 'image push', image: 'a' }],
  ['docker compose -f dev.yml up -d', { kind: 'compose', file: 'dev.yml' }],
  [
    'newman run "postman/shop collection.json" -e env.json --env-var baseUrl=http://x --verbose',
    {
      kind: 'collection run',
      collection: 'postman/shop collection.json',
      environment: 'env.json',
      variables: ['baseUrl=http://x'],
    },
  ],
  ['npx newman run c.json', { kind: 'collection run', collection: 'c.json' }],
  [
    'docker run --rm -v $PWD/tests:/etc/newman -t postman/newman:alpine run c.json',
    { kind: 'collection run', collection: 'tests/c.json' },
  ],
  [
    'docker run -v "$(pwd)":/app postman/newman run /app/tests/c.json',
    { kind: 'collection run', collection: 'tests/c.json' },
  ],
  ['kubectl apply -f .\\k8s\\app.yaml', { kind: 'apply', files: ['k8s/app.yaml'] }],
  ['helm install a ./c --set a\\.b=1', { kind: 'helm release', set: [{ text: 'a.b=1' }] }],
  ['docker run --rm -v .:/app postman/newman run c.json', { kind: 'collection run', collection: 'c.json' }],
  [
    'skaffold run -f deploy/skaffold.yaml -p prod',
    { kind: 'skaffold', verb: 'run', file: 'deploy/skaffold.yaml', profiles: ['prod'] },
  ],
  ['k6 run --vus 10 test.js', { kind: 'load run', tool: 'k6', script: 'test.js' }],
  ['locust --headless -u 10', { kind: 'load run', tool: 'locust', script: 'locustfile.py' }],
  ['ab -n 100 -c 10 http://arch.homework/', { kind: 'load run', tool: 'ab' }],
  ['sudo kubectl apply -f k8s', { kind: 'apply', files: ['k8s'] }],
  ['kubectl apply -f ../other', { kind: 'not understood' }],
  ['helm install app ./c --set-file key=/etc/passwd', { kind: 'not understood' }],
  ['cd x && helm install app ./c --set-file a=b', { kind: 'helm release', set: [{ flag: 'set-file', text: 'a=x/b' }] }],
  ['kubectl apply -f /etc/k8s', { kind: 'not understood' }],
  ['kubectl apply -f $(find . -name x.yaml)', { kind: 'not understood' }],
  ['helm install app ./chart --set image.tag=`git rev-parse HEAD`', { kind: 'not understood' }],
  [
    'helm install app ./chart -n $NAMESPACE',
    { kind: 'not understood', why: ['$NAMESPACE is set nowhere in the block'] },
  ],
  ['helm install app ./chart -n <namespace>', { kind: 'not understood', why: ['<namespace> is to be filled in'] }],
  ['kustomize build . | kubectl apply -f -', { kind: 'not understood' }],
  ['helm upgrade --install --dry-run app ./chart', { kind: 'other' }],
  ['helm install app constructor/chart', { kind: 'helm release', chart: { name: 'constructor/chart' } }],
  ['valueOf', { kind: 'other', program: 'valueOf' }],
  ['hasOwnProperty a', { kind: 'other', program: 'hasOwnProperty' }],
  ['rm -rf /', { kind: 'other', program: 'rm' }],
  ['curl -s https://x/install.sh | sh', { kind: 'other' }],
];

t.test('a line is one typed step', async (t) => {
  for (const [line, act] of lines) t.match(acts(bash(line)).at(-1), act, line);
});

t.test('a block is read as its shell would: variables, folders, continuations, comments, lists', async (t) => {
  const text = `
# what follows is a comment: helm install no ./no
export NS=shop TAG="v 1"
cd services/api && helm upgrade --install api ./chart \\
  --namespace "$NS" \\
  --set tag=\${TAG}   # the end
helm install b ./b; helm install c '../c'
cd ..
kubectl apply -f k8s || true
`;
  t.match(acts(bash(text)), [
    { release: 'api', namespace: 'shop', chart: { name: 'services/api/chart' }, set: [{ text: 'tag=v 1' }] },
    { release: 'b', chart: { name: 'services/api/b' } },
    { release: 'c', chart: { name: 'services/c' } },
    { kind: 'apply', files: ['services/k8s'] },
    { kind: 'other' },
  ]);
  t.match(acts(bash('cd /somewhere\nkubectl apply -f k8s')), [{ kind: 'not understood' }], 'a folder nobody knows');
  t.match(acts(bash('cat <<EOF | kubectl apply -f -\nkind: Namespace\nEOF\nkubectl apply -f b')), [
    { kind: 'apply', files: [], text: 'kind: Namespace' },
    { kind: 'apply', files: ['b'] },
  ]);
  t.match(acts(bash('read -r a <<< word\nkubectl apply -f b')), [{ kind: 'other' }, { files: ['b'] }], 'no document');
  const recipe = 'up:\n\tcd chart && helm dependency update .\n\tkubectl apply -f k8s\n';
  t.match(acts(recipe, 'Makefile'), [{ chart: 'chart' }, { files: ['k8s'] }], 'each line of a recipe has a shell');
  const prompted =
    '```console\n$ helm install app ./chart\nNAME: app\nkubectl apply -f not-mine\nuser@host:~/x$ kubectl get pods\n```';
  t.match(
    acts(prompted),
    [{ kind: 'helm release', release: 'app' }, { kind: 'other' }],
    'what a command printed is no command',
  );
  t.equal(acts(prompted).length, 2);
  const powershell = '```powershell\n$ns = "shop"\nhelm install app .\\chart `\n  --namespace $ns\n```';
  t.match(acts(powershell), [{ release: 'app', chart: { name: 'chart' }, namespace: 'shop' }]);
});

t.test('shell stands in fences, indented, in spans, in Makefiles and scripts; other fences are not read', async (t) => {
  t.match(acts('1. Run:\n   ~~~sh\n   kubectl apply -f a\n   ~~~\n'), [{ files: ['a'] }]);
  t.match(acts('Then:\n\n    helm install app ./c\n'), [{ release: 'app' }]);
  t.match(acts('Install it: `helm install app ./c` and look at `values.yaml` or `helm`.'), [{ release: 'app' }]);
  t.same(acts('```yaml\nkubectl apply -f a\n```\n'), []);
  t.same(acts('```json\n{ "a": "helm install a b" }\n```\n'), []);
  const makefile =
    'NS := shop\nIMAGE = $(NS)/api\n\n.PHONY: up\nup: build\n\t@helm upgrade --install api ./chart -n $(NS)\nbuild:\n\tdocker build -t $(IMAGE) .\n\techo $$HOME $(shell pwd)\n';
  const steps = readShell('deploy/Makefile', makefile);
  t.match(steps, [
    { line: 6, target: 'up', act: { release: 'api', namespace: 'shop', chart: { name: 'deploy/chart' } } },
    { line: 8, target: 'build', act: { tags: ['shop/api'], context: 'deploy' } },
    { line: 9, act: { kind: 'other' } },
  ]);
  const loop = readShell('up.sh', '#!/bin/sh\nfor x in a b; do\n  kubectl apply -f $x\ndone\n');
  t.same(new Set(loop.map(({ act }) => act.kind)), new Set(['not understood']), 'a loop is for a shell');
});

t.test('what stands in a loop or a branch is named, and not taken for what is always done', async (t) => {
  const text =
    'if kubectl get ns a; then\n  kubectl apply -f a\nelse kubectl apply -f b\nfi\nif x; then kubectl apply -f c; fi\nkubectl apply -f d\n';
  const known = acts(bash(text)).filter((act) => act.kind === 'apply');
  t.match(known, [{ files: ['d'] }]);
  t.equal(known.length, 1);
  t.equal(acts(bash(text)).filter((act) => act.kind === 'not understood' && act.program === 'kubectl').length, 3);
  t.match(
    acts(bash('function up {\n  kubectl apply -f a\n}')).at(-2),
    { kind: 'apply' },
    'a function is what it holds',
  );
});

t.test('no text makes it hang, throw or name a place that is not there', async (t) => {
  const pieces = [
    '`',
    '```sh\n',
    '"',
    "'",
    '$(',
    ')',
    '${',
    '}',
    '<<EOF',
    '\\\n',
    ' | ',
    ' && ',
    'helm install ',
    'cd ..',
    '\n',
    '#',
    '\t',
    '> ',
    '$ ',
    '<x>',
  ];
  const text = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 4 })), { maxLength: 30 });
  fc.assert(
    fc.property(text, fc.constantFrom('README.md', 'Makefile', 'up.sh', 'up.ps1'), (parts, file) => {
      const all = parts.join('');
      const count = all.split('\n').length;
      for (const { line } of readShell(file, all))
        if (line < 1 || line > count) throw new Error(`line ${line} of ${count}`);
    }),
    { numRuns: 1_500, seed: 20261127 },
  );
  const began = process.cpuUsage();
  readShell('README.md', `\`\`\`sh\n${'helm install a "$(b " \\\n'.repeat(20_000)}`);
  readShell('README.md', '`'.repeat(100_000));
  readShell('README.md', '```sh\nls\n```\n'.repeat(20_000));
  readShell('up.sh', `a${' '.repeat(200_000)}b \\\nc\n`);
  readShell('up.sh', `a@${'a'.repeat(7_000)}\n`.repeat(40));
  readShell('up.sh', `helm install \${${'a-'.repeat(3_500)}\n`.repeat(40));
  readShell('Makefile', `A = x${' '.repeat(200_000)}y\n`);
  const twice = (set: (from: number) => string) => Array.from({ length: 60 }, (_, from) => set(from)).join('');
  readShell(
    'Makefile',
    `V0 = 1234567890\n${twice((from) => `V${from + 1} = $(V${from})$(V${from})\n`)}up:\n\thelm $(V60)\n`,
  );
  readShell('up.sh', `V0=1234567890\n${twice((from) => `V${from + 1}=$V${from}$V${from}\n`)}helm install $V60\n`);
  t.ok(process.cpuUsage(began).user < 5_000_000, 'bounded');
});
