import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/cli/kernel/clock.js';
import { sameImage } from '../../../../src/cli/kernel/image-name.js';
import type { RunProgram } from '../../../../src/cli/kernel/process.js';
import { minikube, openMinikube, whyNotMinikube } from '../../../../src/cli/target/kubernetes/provider/minikube.js';
import {
  driverCure,
  parseStartEvent,
  profileState,
} from '../../../../src/cli/target/kubernetes/provider/minikube-output.js';
import { type ImageDeps, imageSteps } from '../../../../src/cli/target/kubernetes/provider/server-image.js';
import { stepsOf } from '../../../../src/cli/target/plan.js';

const outcome = (exitCode: number | undefined, stdout = '', stderr = '', failure?: string) => ({
  exitCode,
  stdout,
  stderr,
  failure,
});

const masks: [number | undefined, string, RegExp?][] = [
  [0, 'running'],
  [85, 'missing'],
  [1, 'stopped', /^the host is not running$/],
  [2, 'stopped', /kubelet or API server/],
  [3, 'stopped', /host is not running, kubelet/],
  [4, 'broken', /kubeconfig/],
  [7, 'stopped', /host.*kubelet.*kubeconfig/],
  [80, 'broken', /trouble/],
  [undefined, 'broken', /timeout/],
];
for (const [code, kind, why] of masks) {
  t.test(`minikube status exits with ${code}`, async (t) => {
    const state = profileState(outcome(code, '', 'trouble\n', code === undefined ? 'timeout' : undefined));
    t.equal(state.kind, kind);
    if (why !== undefined) t.match('why' in state ? state.why : '', why);
  });
}

t.test('start events', async (t) => {
  const step = (data: object, type = 'io.k8s.sigs.minikube.step') => JSON.stringify({ type, data });
  t.match(parseStartEvent(step({ currentstep: '3', totalsteps: '19', message: 'Creating container ...' })), {
    type: 'step',
    text: 'minikube: Creating container ... (3/19)',
  });
  t.match(
    parseStartEvent(
      step({ id: 'DRV_NOT_HEALTHY', message: 'no driver', advice: 'start it' }, 'io.k8s.sigs.minikube.error'),
    ),
    { type: 'error', text: 'DRV_NOT_HEALTHY: no driver', advice: 'start it' },
  );
  t.equal(parseStartEvent('not json'), undefined);
  t.equal(parseStartEvent(step({ message: 'x' }, 'io.k8s.sigs.minikube.info')), undefined);
});

t.test('image names', async (t) => {
  t.ok(sameImage('docker.io/library/hwctl-server:1', 'hwctl-server:1'));
  t.notOk(sameImage('docker.io/library/hwctl-server:1', 'hwctl-server:2'));
  t.notOk(sameImage('quay.io/x/hwctl-server:1', 'hwctl-server:1'));
});

t.test('a load that exits 0 without the image is a failure', async (t) => {
  const asked: string[][] = [];
  const fake: RunProgram = async (argv) => {
    asked.push([...argv]);
    return outcome(0, argv.includes('ls') ? '[{"repoTags":["docker.io/library/other:1"]}]' : '');
  };
  const minikube = openMinikube(fake, 'p', systemClock);
  await t.rejects(minikube.loadArchive('/x.tar', 'hwctl-server:1', { timeoutMs: 1000 }), { code: 'image-not-loaded' });
  t.same(asked[0], ['minikube', '-p', 'p', 'image', 'load', '/x.tar']);
});

t.test('a load that takes at the second attempt', async (t) => {
  let loads = 0;
  const fake: RunProgram = async (argv) => {
    if (argv.includes('load')) loads++;
    return outcome(0, argv.includes('ls') ? `[{"repoTags":["docker.io/library/hwctl-server:${loads}"]}]` : '');
  };
  await openMinikube(fake, 'p', systemClock).loadArchive('/x.tar', 'hwctl-server:2', { timeoutMs: 1000 });
  t.equal(loads, 2);
});

t.test('an addon whose old objects are still going is enabled at the second attempt', async (t) => {
  const clock = { ...systemClock, sleep: async () => {} };
  const enable = (...outcomes: ReturnType<typeof outcome>[]) => {
    const fake: RunProgram = async () => outcomes.shift() as ReturnType<typeof outcome>;
    return openMinikube(fake, 'p', clock).setAddon('ingress', true, { timeoutMs: 1000 });
  };
  const refused = outcome(1, '', 'object is being deleted');
  await enable(refused, outcome(0));
  await t.rejects(enable(refused, refused), {
    code: 'minikube-failed',
    message: /addons enable ingress.*being deleted/,
  });
  await t.rejects(enable(outcome(undefined, '', '', 'timeout')), { code: 'minikube-timeout' }, 'no second time-out');
});

t.test('an API server that misses a deadline of minikube is not one that is stopped', async (t) => {
  let now = 0;
  const clock = {
    ...systemClock,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const looks = (...codes: number[]) => {
    const fake: RunProgram = async () => outcome(codes.shift());
    return openMinikube(fake, 'p', clock).state();
  };
  t.same(await looks(2, 2, 0), { kind: 'running' });
  t.match(await looks(2, 2, 2), { kind: 'stopped' });
  t.equal(now, 4 * 1_500);
  t.match(await looks(7), { kind: 'stopped' }, 'a host that is off is not asked again');
  t.equal(now, 4 * 1_500);
});

t.test('without an engine the node builds, and the image must be there afterwards', async (t) => {
  const asked: string[][] = [];
  let tags: string[] = [];
  const fake: RunProgram = async (argv) => {
    asked.push([...argv]);
    if (argv[0] !== 'minikube') return outcome(undefined, '', '', 'ENOENT');
    return outcome(0, argv.includes('ls') ? JSON.stringify([{ repoTags: tags }]) : 'no buildkit');
  };
  const provider = openMinikube(fake, 'p', systemClock);
  const environment = { env: {}, cwd: '/', root: '/root', clock: systemClock };
  const deps = {
    environment,
    run: fake,
    provider,
    registry: undefined,
    given: false,
    state: {},
  } as unknown as ImageDeps;
  const absent = async () => false;
  const steps = stepsOf(await imageSteps(deps, 'hwctl-server:1', absent, 'image'));
  t.match(steps, [{ verb: 'build', ref: 'image/hwctl-server:1', why: /the node builds it/ }]);
  t.equal(steps.length, 1, 'there is nothing to load');
  await t.rejects(imageSteps({ ...deps, registry: 'localhost:5000' }, 'x:1', absent, 'image'), { code: 'no-engine' });

  const plain = { context: '/folder', dockerfile: '/folder/Dockerfile', arguments: {} };
  const building = provider.buildImage(plain, 'hwctl-server:1', { timeoutMs: 1_000 });
  await t.rejects(building, { code: 'image-build', message: /no buildkit/ });
  tags = ['docker.io/library/hwctl-server:1'];
  await provider.buildImage(plain, 'hwctl-server:1', { timeoutMs: 1_000 });
  const builds = () => asked.filter((argv) => argv.includes('build')).map((argv) => argv.slice(5).join(' '));
  t.same(builds(), ['--tag hwctl-server:1 /folder', '--tag hwctl-server:1 /folder']);
  const full = { ...plain, dockerfile: '/folder/docker/dev.Dockerfile', target: 'app', platform: 'linux/arm64' };
  await provider.buildImage({ ...full, arguments: { A: '1' } }, 'hwctl-server:1', { timeoutMs: 1_000 });
  t.equal(
    builds().at(-1),
    '--tag hwctl-server:1 --file docker/dev.Dockerfile --build-opt=target=app --build-opt=platform=linux/arm64 --build-opt=build-arg=A=1 /folder',
  );
  const outside = provider.buildImage({ ...plain, dockerfile: '/Dockerfile' }, 'x:1', { timeoutMs: 1_000 });
  await t.rejects(outside, { code: 'image-source', message: /is not in the folder that is built/ });
});

t.test('start passes the flags through and explains the driver', async (t) => {
  const asked: string[][] = [];
  const event = (type: string, data: object) => JSON.stringify({ type: `io.k8s.sigs.minikube.${type}`, data });
  const fake: RunProgram = async (argv, options) => {
    asked.push([...argv]);
    options.onLine?.(event('step', { currentstep: '0', totalsteps: '19', message: 'minikube v1' }));
    options.onLine?.(
      event('error', { id: 'PROVIDER_DOCKER_NOT_RUNNING', message: 'Cannot connect to the Docker daemon' }),
    );
    return outcome(69);
  };
  const said: string[] = [];
  const starting = openMinikube(fake, 'p', systemClock).start(
    { cpus: '2', memory: '4g', keepContext: true },
    (text) => said.push(text),
    {
      timeoutMs: 1,
    },
  );
  await t.rejects(starting, { code: 'minikube-start', hint: /Start Docker/ });
  t.same(asked[0]?.slice(3), ['start', '-o', 'json', '--cpus', '2', '--memory', '4g', '--keep-context']);
  t.same(said, ['minikube: minikube v1 (0/19)']);
});

t.test('a cluster that does not answer after its start gets its kubeconfig renewed, and runs or is told', async (t) => {
  const start = async (...codes: number[]) => {
    const asked: string[] = [];
    const fake: RunProgram = async (argv) => {
      asked.push(argv[3] as string);
      return outcome(argv[3] === 'status' ? codes.shift() : 0);
    };
    const done = openMinikube(fake, 'p', systemClock).start({}, () => {}, { timeoutMs: 1 });
    return [asked, await done.catch((error) => error)] as const;
  };
  t.same(await start(0), [['start', 'status'], undefined]);
  t.same(await start(4, 0), [['start', 'status', 'update-context', 'status'], undefined]);
  t.match((await start(1))[1], { code: 'minikube-not-running', message: /the host is not running/ });
  t.match((await start(85))[1], { message: /the profile is gone/ });
});

t.test('cures', async (t) => {
  t.match(driverCure('permission denied while trying to connect: /var/run/docker.sock'), /group docker/);
  t.match(driverCure('DRV_AS_ROOT'), /MINIKUBE_FORCE/);
  t.match(driverCure('RSRC_INSUFFICIENT_CORES'), /--cpus/);
  t.equal(driverCure('something else'), undefined);
});

t.test('why not minikube', async (t) => {
  const asks = (minikube: ReturnType<typeof outcome>, engine: number | undefined) =>
    whyNotMinikube(async (argv) => (argv[0] === 'minikube' ? minikube : outcome(engine)), {});
  t.equal(await asks(outcome(undefined, '', '', 'ENOENT'), 0), 'minikube is not installed');
  t.equal(await asks(outcome(0), undefined), undefined, 'it runs');
  t.equal(await asks(outcome(85), 0), undefined, 'it can be made');
  t.match(await asks(outcome(85), 1), /no container engine/);
  t.match(await asks(outcome(undefined, '', '', 'timeout'), 0), /does not answer/);
  t.match(await asks(outcome(4), 0), /kubeconfig/);
});

t.test(
  'the profile is the one that minikube would take: flag, environment, its configuration, its default',
  async (t) => {
    const home = t.testdir({ '.minikube': { config: { 'config.json': '{"profile": "mine", "cache": {}}' } } });
    const run: RunProgram = async () => t.fail('minikube need not be asked') as never;
    const profile = (env: Record<string, string>, given?: string) =>
      minikube.contextOf({ profile: given }, { run, env: { HOME: home, ...env } });
    t.equal(await profile({}), 'mine');
    t.equal(await profile({ MINIKUBE_HOME: join(home, '.minikube'), HOME: '/nowhere' }), 'mine');
    t.equal(await profile({ MINIKUBE_HOME: home, HOME: '/nowhere' }), 'mine');
    t.equal(await profile({ MINIKUBE_PROFILE: 'other' }), 'other');
    t.equal(await profile({ MINIKUBE_PROFILE: 'other' }, 'asked'), 'asked');
    t.equal(await profile({ HOME: '/nowhere' }), 'minikube');
  },
);
