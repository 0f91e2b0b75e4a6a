import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/cli/kernel/clock.js';
import type { RunOutcome, RunProgram } from '../../../../src/cli/kernel/process.js';
import { kind } from '../../../../src/cli/target/kubernetes/provider/kind.js';
import { explainKind, progressOf, tagsOnAll } from '../../../../src/cli/target/kubernetes/provider/kind-output.js';

// What kind and the engine say here was recorded: kind v0.30.0, docker 28.2.2, crictl on a node with containerd. No node of
// kind can run where these tests do; what such a node would answer is marked as written from kind's source.

const outcome = (exitCode: number | undefined, stdout = '', stderr = '', failure?: string): RunOutcome => ({
  exitCode,
  stdout,
  stderr,
  failure,
});
const absent = outcome(undefined, '', '', 'ENOENT');
const none = outcome(0, '', 'No kind clusters found.\n');
const docker = outcome(0, '28.2.2\n');

/** Answers the first command line that begins so; what was asked is kept. A list is answered one after the other, its last for ever. */
function machine(answers: Record<string, RunOutcome | RunOutcome[]>, onAsked?: (line: string) => void) {
  const asked: string[] = [];
  const run: RunProgram = async (argv, options) => {
    const line = argv.join(' ');
    asked.push(line);
    onAsked?.(line);
    const key = Object.keys(answers).find((prefix) => line.startsWith(prefix));
    const answer = key === undefined ? absent : answers[key]!;
    const one = Array.isArray(answer) ? (answer.length > 1 ? answer.shift()! : answer[0]!) : answer;
    for (const each of one.stderr.split('\n').slice(0, -1)) options.onErrorLine?.(each);
    return one;
  };
  return { run, asked };
}

/** A kubeconfig in a folder of its own. */
function kubeconfig(t: Test, current: string | undefined, ...names: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-kind-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'config');
  const contexts = names.map((name) => ({ name, context: { cluster: name, user: name } }));
  writeFileSync(file, JSON.stringify({ 'current-context': current, contexts }));
  return { KUBECONFIG: file };
}

t.test('which context is meant', async (t) => {
  const cases: [choice: { context?: string; profile?: string }, env: Record<string, string>, context: string][] = [
    [{}, {}, 'kind-kind'],
    [{}, { KIND_CLUSTER_NAME: 'env' }, 'kind-env'],
    [{ profile: 'a' }, { KIND_CLUSTER_NAME: 'env' }, 'kind-a'],
    [{ context: 'kind-b' }, {}, 'kind-b'],
    [{ context: 'kind-b', profile: 'a' }, {}, 'kind-a'],
    [{ context: 'other' }, {}, 'kind-kind'],
  ];
  for (const [choice, env, context] of cases) {
    t.equal(await kind.contextOf(choice, { run: machine({}).run, env }), context, JSON.stringify([choice, env]));
  }
  const owns = (context: string, clusters: RunOutcome) =>
    kind.owns(context, machine({ 'kind get clusters': clusters }).run);
  t.equal(await owns('kind-a', outcome(0, 'b\na\n')), true);
  t.equal(await owns('kind-a', outcome(0, 'b\n')), false, 'a context of a cluster that is gone');
  t.equal(await owns('kind-a', none), false);
  t.equal(await owns('kind-a', absent), false, 'without the program it is a context like others');
  t.equal(await owns('minikube', outcome(0, 'minikube\n')), false);
  const env = kubeconfig(t, undefined, 'kind-one', 'minikube', 'kind-two');
  t.same(await kind.profiles(env), ['one', 'two']);
});

t.test('the state of a cluster', async (t) => {
  const env = kubeconfig(t, 'kind-a', 'kind-a');
  const listed = outcome(0, 'a\nother\n');
  const noDaemon =
    'ERROR: failed to list clusters: command "docker ps -a --filter label=io.x-k8s.kind.cluster --format \'{{.Label "io.x-k8s.kind.cluster"}}\'" failed with error: exit status 1\n\nCommand Output: Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?\n';
  const cases: [name: string, clusters: RunOutcome, containers: string, context: string, kind: string, why?: RegExp][] =
    [
      ['none at all', none, '', 'kind-a', 'missing'],
      ['others', outcome(0, 'aa\nother\n'), '', 'kind-a', 'missing'],
      ['one node', listed, 'a-control-plane running\n', 'kind-a', 'running'],
      [
        'a node that stopped',
        listed,
        'a-worker exited\na-control-plane running\n',
        'kind-a',
        'stopped',
        /^a-worker is exited$/,
      ],
      [
        'never started',
        listed,
        'a-worker created\na-control-plane created\n',
        'kind-a',
        'stopped',
        /a-control-plane is created/,
      ],
      [
        'not in the kubeconfig',
        outcome(0, 'b\n'),
        'b-control-plane running\n',
        'kind-b',
        'broken',
        /no context kind-b/,
      ],
      [
        'no engine',
        outcome(1, '', noDaemon),
        '',
        'kind-a',
        'broken',
        /^kind get clusters failed: failed to list clusters/,
      ],
    ];
  for (const [name, clusters, containers, context, expected, why] of cases) {
    const { run, asked } = machine({
      'kind get clusters': clusters,
      'docker version': docker,
      'docker ps': outcome(0, containers),
    });
    const state = await kind.open(context, { run, clock: systemClock, env }).state();
    t.equal(state.kind, expected, name);
    if (why !== undefined) t.match('why' in state ? state.why : '', why, name);
    if (containers !== '')
      t.equal(
        asked.at(-1),
        `docker ps --all --filter label=io.x-k8s.kind.cluster=${context.slice(5)} --format {{.Names}} {{.State}}`,
      );
  }
  const { run } = machine({});
  await t.rejects(kind.open('kind-a', { run, clock: systemClock, env }).state(), {
    code: 'no-kind',
    message: 'kind is not installed',
    hint: /--target local/,
  });
  const podman = machine({ 'kind get clusters': listed, 'podman ps': outcome(0, 'a-control-plane running\n') });
  const inPodman = kind.open('kind-a', {
    run: podman.run,
    clock: systemClock,
    env: { ...env, KIND_EXPERIMENTAL_PROVIDER: 'podman' },
  });
  t.same(await inPodman.state(), { kind: 'running' }, 'kind is told its engine by the environment');
});

/** stderr of `kind create cluster`, its end written from pkg/cluster/internal/create/create.go. */
const created = `Creating cluster "a" ...
 • Ensuring node image (kindest/node:v1.34.0) 🖼  ...
 ✓ Ensuring node image (kindest/node:v1.34.0) 🖼
 • Preparing nodes 📦   ...
 ✓ Preparing nodes 📦 
Set kubectl context to "kind-a"
`;

t.test('a cluster that is missing is made, and kubectl stays where it was', async (t) => {
  const env = kubeconfig(t, 'work', 'work');
  const start = async (keepContext: boolean, kubernetesVersion?: string) => {
    const said: string[] = [];
    const { run, asked } = machine({ 'kind get clusters': none, 'kind create': outcome(0, '', created) }, (line) => {
      if (!line.startsWith('kind create')) return;
      // kind writes its context, and makes it the current one.
      const config = JSON.parse(readFileSync(env.KUBECONFIG, 'utf8'));
      config.contexts.push({ name: 'kind-a', context: { cluster: 'kind-a', user: 'kind-a' } });
      writeFileSync(env.KUBECONFIG, JSON.stringify({ ...config, 'current-context': 'kind-a' }));
    });
    const provider = kind.open('kind-a', { run, clock: systemClock, env });
    await provider.start({ keepContext, kubernetesVersion }, (message) => said.push(message), { timeoutMs: 90_500 });
    return { argv: asked.find((line) => line.startsWith('kind create')), said };
  };
  const current = () => /"?current-context"?: ?"?([\w-]+)/.exec(readFileSync(env.KUBECONFIG, 'utf8'))?.[1];
  const { argv, said } = await start(true, '1.34.0');
  t.equal(argv, 'kind create cluster --name a --wait 45s --image kindest/node:v1.34.0');
  t.same(said, ['kind: Ensuring node image (kindest/node:v1.34.0)', 'kind: Preparing nodes']);
  t.equal(current(), 'work');
  t.match(readFileSync(env.KUBECONFIG, 'utf8'), /kind-a/, 'what kind wrote else is kept');
  t.equal((await start(false)).argv, 'kind create cluster --name a --wait 45s');
  t.equal(current(), 'kind-a', 'kubectl was nowhere: kind sets it');
  await t.rejects(start(false, 'stable'), { code: 'usage', message: /--kubernetes-version: "stable"/ });
});

t.test('a cluster that stopped is started, one that the kubeconfig lost is written there again', async (t) => {
  const env = kubeconfig(t, undefined, 'kind-a');
  const clock = { ...systemClock, sleep: async () => {} };
  const start = async (state: string, context: string, ready: RunOutcome[]) => {
    const { run, asked } = machine({
      'kind get clusters': outcome(0, 'a\nb\n'),
      'kind get nodes': outcome(0, `${context.slice(5)}-worker\n${context.slice(5)}-control-plane\n`),
      'kind export kubeconfig': outcome(0),
      'docker version': docker,
      'docker ps': outcome(0, `x-control-plane ${state}\n`),
      'docker start': outcome(0),
      'docker exec': ready,
    });
    const done = kind.open(context, { run, clock, env }).start({}, () => {}, { timeoutMs: 0 });
    const error = await done.catch((failure) => failure);
    return { error, acts: asked.filter((line) => /^(docker (start|exec)|kind export|kind create)/.test(line)) };
  };
  const readyz = 'kubectl --kubeconfig=/etc/kubernetes/admin.conf get --raw /readyz';
  t.same((await start('exited', 'kind-a', [outcome(0, 'ok')])).acts, [
    'docker start a-worker a-control-plane',
    `docker exec a-control-plane ${readyz}`,
    'kind export kubeconfig --name a',
  ]);
  t.same((await start('running', 'kind-b', [outcome(0, 'ok')])).acts, [
    `docker exec b-control-plane ${readyz}`,
    'kind export kubeconfig --name b',
  ]);
  const refused = outcome(1, '', 'The connection to the server localhost:6443 was refused\n');
  t.match((await start('exited', 'kind-a', [refused])).error, {
    code: 'kind-not-running',
    message: /6443 was refused/,
  });
});

t.test('what kind says of its trouble, and the cure', async (t) => {
  const json = `{"ID":"${'x'.repeat(2_000)}"}`;
  const cases: [stderr: string, message: RegExp, hint: RegExp, details?: string[]][] = [
    [
      "ERROR: failed to create cluster: 'Nope_X' is not a valid cluster name, cluster names must match `^[a-z0-9.-]+$`\n",
      /^kind create cluster failed: failed to create cluster: 'Nope_X' is not a valid/,
      /lower-case/,
      [],
    ],
    [
      'ERROR: failed to create cluster: node(s) already exist for a cluster with the name "hwctlrec"\n',
      /already exist/,
      /kind delete cluster/,
    ],
    [
      'Creating cluster "nope" ...\n • Ensuring node image (localhost:1/none/node:v1.34.0) 🖼  ...\n ✗ Ensuring node image (localhost:1/none/node:v1.34.0) 🖼\nERROR: failed to create cluster: failed to pull image "localhost:1/none/node:v1.34.0": command "docker pull localhost:1/none/node:v1.34.0" failed with error: exit status 1\n\nCommand Output: Error response from daemon: Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused\n',
      /failed to pull image "localhost:1/,
      /node image/,
      [
        'Command Output: Error response from daemon: Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
      ],
    ],
    [
      `ERROR: failed to create cluster: failed to get docker info: command "docker info --format '{{json .}}'" failed with error: exit status 1\n\nCommand Output: ${json}\nCannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?\n`,
      /failed to get docker info/,
      /^Start Docker/,
      ['Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?'],
    ],
    [
      'ERROR: failed to list clusters: command "docker ps -a" failed with error: exec: "docker": executable file not found in $PATH\n\nCommand Output: \n',
      /executable file not found/,
      /^Install and start Docker/,
      [],
    ],
    ['', /exit code 1$/, /known-issues/],
    [`ERROR: ${'long '.repeat(100)}\n`, /^.{0,350}\.\.\.$/, /known-issues/],
  ];
  for (const [stderr, message, hint, details] of cases) {
    const failure = explainKind(['create', 'cluster', '--name', 'a'], outcome(1, '', stderr), 1_000);
    t.match(failure.message, message);
    t.match(failure.hint, hint);
    if (details !== undefined) t.same(failure.details, details);
  }
  t.match(explainKind(['create', 'cluster'], outcome(undefined, '', '', 'timeout'), 9_000), {
    code: 'kind-timeout',
    message: 'kind create cluster did not end within 9 s',
  });
  t.equal(progressOf(' ✓ Preparing nodes 📦 '), undefined);
});

const image = (...repoTags: string[]) => ({
  id: 'sha256:9bda5b0ff2e3cc89da24fcaf670968d219058f0b217d9a99e98a0393518e0c6c',
  repoTags,
  repoDigests: [],
  size: '72203729',
  uid: { value: '65534' },
  username: '',
  spec: null,
  pinned: false,
});

t.test('images are loaded into all nodes, looked for on all, and removed from all', async (t) => {
  const tag = 'docker.io/library/hwctl-server:1';
  const have = outcome(0, JSON.stringify({ images: [image('docker.io/library/busybox:1.35'), image(tag)] }));
  const lack = outcome(0, JSON.stringify({ images: [image('docker.io/library/busybox:1.35')] }));
  const nodes = { 'kind get nodes': outcome(0, 'a-worker\na-control-plane\n'), 'docker version': docker };
  const open = (answers: Record<string, RunOutcome>) => {
    const { run, asked } = machine({ ...nodes, ...answers });
    return { asked, provider: kind.open('kind-a', { run, clock: systemClock, env: {} }) };
  };
  const load = (worker: RunOutcome, loaded = outcome(0)) => {
    const { asked, provider } = open({
      'kind load': loaded,
      'docker exec a-worker crictl images -o json': worker,
      'docker exec a-control-plane crictl images -o json': have,
    });
    return { asked, done: provider.loadArchive('/state/x.tar', 'hwctl-server:1', { timeoutMs: 1_000 }) };
  };
  const well = load(have);
  await well.done;
  t.equal(well.asked[0], 'kind load image-archive /state/x.tar --name a');
  await t.rejects(load(lack).done, { code: 'image-not-loaded' }, 'one node of two');
  await t.rejects(load(outcome(126, 'OCI runtime exec failed')).done, { code: 'image-not-loaded' });
  await t.rejects(load(have, outcome(1, '', 'ERROR: no nodes found for cluster "a"\n')).done, {
    message: 'kind load image-archive failed: no nodes found for cluster "a"',
  });

  const gone = open({
    'docker exec a-worker crictl rmi': outcome(1, '', 'no such image hwctl-server:1\n'),
    'docker exec a-control-plane crictl rmi': outcome(0, 'Deleted: docker.io/library/hwctl-server:1\n'),
  });
  await gone.provider.removeImage('hwctl-server:1');
  t.same(gone.asked.slice(-2), [
    'docker exec a-worker crictl rmi hwctl-server:1',
    'docker exec a-control-plane crictl rmi hwctl-server:1',
  ]);
  await t.rejects(open({ 'docker exec': outcome(1, '', 'it is in use\n') }).provider.removeImage('x:1'), {
    message: /cannot be removed from the node a-worker: it is in use/,
  });
  for (const lists of [
    [have, lack],
    [lack, have],
    [lack, have, have],
    [have, have, lack],
  ]) {
    t.same(
      tagsOnAll(lists.map(({ stdout }) => stdout)),
      ['docker.io/library/busybox:1.35'],
      'what one node lacks is not there',
    );
  }
  t.same(tagsOnAll([]), []);
  t.same(tagsOnAll(['{"images":[]}']), []);
});

t.test('what doctor finds', async (t) => {
  const version = outcome(0, 'kind v0.30.0 go1.26.8 linux/amd64\n');
  const find = (answers: Record<string, RunOutcome>) => kind.prerequisites(machine(answers).run);
  t.match(await find({}), [{ name: 'kind', state: 'missing', found: 'not installed', cure: /kind\.sigs\.k8s\.io/ }]);
  t.match(await find({ 'kind version': version, 'kind get clusters': none }), [
    { name: 'kind', state: 'ok', found: 'kind v0.30.0 go1.26.8 linux/amd64' },
    { name: 'kind clusters', state: 'ok', found: 'none yet' },
  ]);
  t.match(await find({ 'kind version': version, 'kind get clusters': outcome(0, 'a\nb\n') }), [{}, { found: 'a, b' }]);
  const stderr = 'ERROR: failed to list clusters: x\n\nCommand Output: Cannot connect to the Docker daemon at x\n';
  t.match(await find({ 'kind version': version, 'kind get clusters': outcome(1, '', stderr) }), [
    {},
    { state: 'missing', found: /failed to list clusters/, cure: /^Start Docker/ },
  ]);
});
