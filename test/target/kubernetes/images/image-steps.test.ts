import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/cli/kernel/clock.js';
import type { RunOutcome, RunProgram } from '../../../../src/cli/kernel/process.js';
import { beginExecution } from '../../../../src/cli/target/execute.js';
import { type HashedImage, hashSources } from '../../../../src/cli/target/kubernetes/images/content-tag.js';
import {
  builtName,
  type ImageWork,
  imageReferences,
  imageSteps,
} from '../../../../src/cli/target/kubernetes/images/image-steps.js';
import { buildPlatforms } from '../../../../src/cli/target/kubernetes/images/platform.js';
import { StateFile } from '../../../../src/cli/target/kubernetes/provider/cluster-state.js';
import { removeLocalImage } from '../../../../src/cli/target/kubernetes/provider/image.js';
import type { ClusterProvider } from '../../../../src/cli/target/kubernetes/provider/provider.js';
import { removeTraces } from '../../../../src/cli/target/kubernetes/provider/traces.js';

const outcome = (exitCode: number | undefined, stdout = '', stderr = '', failure?: string): RunOutcome => ({
  exitCode,
  stdout,
  stderr,
  failure,
});

interface Machine {
  engine?: 'docker' | 'podman' | 'none';
  /** Names that the engine, or the registry, has. */
  has?: string[];
  builds?: (env: Record<string, string | undefined>) => RunOutcome;
  prints?: string[];
}

/** A machine with one engine: what it ran, and with which environment of its own. */
function machine({ engine = 'docker', has = [], builds, prints = [] }: Machine) {
  const ran: string[] = [];
  const environments: Record<string, string | undefined>[] = [];
  const run: RunProgram = async (argv, options) => {
    if (argv[0] !== engine) return outcome(undefined, '', '', 'ENOENT');
    const line = argv.join(' ');
    ran.push(line);
    if (/ (?:image|manifest) inspect /.test(line)) {
      const digest = `sha256:${'0f'.repeat(32)}`;
      if (!has.includes(argv.at(-1)!)) return outcome(1, '', `Error: No such image: ${argv.at(-1)}\n`);
      return outcome(0, line.includes('--verbose') ? JSON.stringify({ Descriptor: { digest } }) : '');
    }
    if (argv[1] === 'build') {
      environments.push(options.env ?? {});
      for (const one of prints) options.onLine?.(one);
      if (builds !== undefined) return builds(options.env ?? {});
    }
    return outcome(0);
  };
  return { run, ran, environments };
}

function setUp(t: Test, given: Machine, more: Partial<ImageWork> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-steps-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nRUN npm ci\n');
  const noted: string[] = [];
  const { run, ran, environments } = machine(given);
  const loaded: string[] = [];
  const provider = {
    loadsImages: true,
    buildsImages: false,
    noun: 'minikube profile',
    profile: 'p',
    loadArchive: async (_: string, image: string) => void loaded.push(image),
    buildImage: async (build: object, image: string) => void loaded.push(`${image} of ${JSON.stringify(build)}`),
  } as unknown as ClusterProvider;
  const work: ImageWork = {
    run,
    provider,
    registry: undefined,
    folder,
    cwd: folder,
    lane: 'image',
    lanes: 1,
    note: (list, image) => void noted.push(`${list} ${image} after ${ran.length} calls`),
    ...more,
  };
  const image = (name: string, tag: string, source: Partial<HashedImage['source']> = {}): HashedImage => ({
    source: { image: name, context: folder, arguments: {}, ...source },
    dockerfile: join(folder, 'Dockerfile'),
    tag,
    notes: [],
  });
  const said: string[] = [];
  const execute = async (images: HashedImage[], inCluster: string[] = []) => {
    const steps = await imageSteps(work, images, async (name) => inCluster.includes(name));
    await beginExecution(systemClock, {
      timeoutMs: 5_000,
      signal: new AbortController().signal,
      onEvent: (event) => event.type === 'progress' && said.push(event.message),
    }).run(steps);
    return steps.map(({ step, lane }) => `${step.verb} ${step.ref} (${lane})`);
  };
  return { work, image, execute, ran, environments, noted, loaded, said, folder };
}

t.test('each image that the cluster does not have is built where the engine has it not, and loaded', async (t) => {
  const { image, execute, ran, noted, loaded } = setUp(t, { has: ['me/b:2'] });
  const images = [image('me/a:v1', '1'), image('me/b', '2'), image('c', '3'), image('me/a:v2', '1')];
  t.same(await execute(images, ['c:3']), [
    'build image/me/a:1 (image)',
    'load image/me/a:1 (image)',
    'load image/me/b:2 (image)',
  ]);
  t.same(loaded, ['me/a:1', 'me/b:2'], 'two names of one content are one image');
  const calls = (list: string) => Number(/after (\d+)/.exec(noted.find((one) => one.startsWith(list)) ?? '')?.[1]);
  const built = ran.findIndex((line) => line.startsWith('docker build'));
  t.equal(calls('imagesBuilt me/a:1'), built, 'it is written down before it is built');
  t.equal(
    calls('imagesLoaded me/a:1'),
    ran.findIndex((line) => line.startsWith('docker save')),
  );
  t.notOk(
    noted.some((one) => one.startsWith('imagesBuilt me/b')),
    'what was there before is not ours',
  );
  t.same(await setUp(t, {}).execute([]), []);
});

t.test('several lanes where the machine carries it', async (t) => {
  const { image, execute } = setUp(t, {}, { lanes: 2 });
  const lanes = (await execute([image('a', '1'), image('b', '2'), image('c', '3')])).map((line) =>
    line.slice(line.indexOf('(')),
  );
  t.same(lanes, ['(image)', '(image)', '(image 1)', '(image 1)', '(image)', '(image)']);
});

t.test('a registry is pushed to under its own name, and named by digest', async (t) => {
  const { work, image, execute, ran, loaded } = setUp(
    t,
    { has: ['localhost:5000/me/b:2'] },
    { registry: 'localhost:5000/' },
  );
  const images = [image('ghcr.io/me/a:v1', '1'), image('me/b', '2')];
  t.same(await execute(images), [
    'build image/localhost:5000/me/a:1 (image)',
    'load image/localhost:5000/me/a:1 (image)',
  ]);
  t.ok(ran.includes('docker push localhost:5000/me/a:1'));
  t.same(loaded, []);
  t.same(await imageReferences(work, images), [
    { image: 'ghcr.io/me/a:v1', reference: 'localhost:5000/me/a:1', isPushed: true },
    { image: 'me/b', reference: `localhost:5000/me/b:2@sha256:${'0f'.repeat(32)}`, isPushed: true },
  ]);
  t.same(await imageReferences({ ...work, registry: undefined }, images), [
    { image: 'ghcr.io/me/a:v1', reference: 'ghcr.io/me/a:1', isPushed: false },
    { image: 'me/b', reference: 'me/b:2', isPushed: false },
  ]);
  t.equal(builtName({ source: { image: 'library/a@sha256:0' }, tag: 't' }, 'r.io/x'), 'r.io/x/a:t');
});

t.test('nothing brings images into a cluster that takes none, and that is said', async (t) => {
  const provider = { loadsImages: false, noun: 'context', profile: 'c' } as ClusterProvider;
  const { execute, image } = setUp(t, {}, { provider });
  await t.rejects(execute([image('a', '1'), image('b', '2')]), {
    code: 'no-registry',
    message: /^a, b are built here/,
  });
  const none = setUp(t, { engine: 'none' });
  await t.rejects(none.execute([none.image('a', '1')]), { code: 'no-engine' });
});

t.test('arguments reach the engine without standing in its words; stage, platform and Dockerfile do', async (t) => {
  const { image, execute, ran, environments, folder } = setUp(t, {});
  const given = { TOKEN: 's3cret', HTTP_PROXY: 'http://p', 'odd name': 'x' };
  await execute([image('a', '1', { arguments: given, target: 'app', platform: 'linux/arm64' })]);
  const build = ran.find((line) => line.startsWith('docker build'));
  t.equal(
    build,
    `docker build --tag a:1 --file ${folder}/Dockerfile --target app --platform linux/arm64 --build-arg TOKEN --build-arg HTTP_PROXY=http://p --build-arg odd name=x --force-rm ${folder}`,
  );
  t.same(environments, [{ TOKEN: 's3cret' }]);
});

t.test('podman calls an image as the nodes look for it', async (t) => {
  const { image, execute, ran, loaded } = setUp(t, { engine: 'podman' });
  await execute([image('orders', '1')]);
  t.ok(ran.some((line) => line.startsWith('podman build --tag docker.io/library/orders:1 ')));
  t.ok(ran.some((line) => /^podman save --output \S+ docker\.io\/library\/orders:1$/.test(line)));
  t.same(loaded, ['orders:1']);
});

t.test('what runs is told, and a build that fails says which instruction, with no secret', async (t) => {
  const builds = ({ TOKEN }: Record<string, string | undefined>) =>
    outcome(
      1,
      `Step 1/2 : FROM scratch\nStep 2/2 : RUN npm ci\n401 for ${TOKEN}\n`,
      "The command '/bin/sh -c npm ci' returned a non-zero code: 1\n",
    );
  const { image, execute, said } = setUp(t, {
    builds,
    prints: ['Step 1/2 : FROM scratch', ' ---> 1', 'Step 2/2 : RUN npm ci', '#7 [2/2] RUN npm ci --token s3cret'],
  });
  const failing = execute([image('a', '1', { arguments: { TOKEN: 's3cret' } })]);
  await t.rejects(failing, {
    code: 'image-build',
    message: 'a:1 is not built: Dockerfile:2: RUN npm ci: it ended with exit code 1',
    details: [/^docker says: /, '401 for ••••••'],
    hint: /docker build --build-arg TOKEN \.$/,
  });
  t.same(said, ['a:1: 1/2 FROM scratch', 'a:1: 2/2 RUN npm ci', 'a:1: 2/2 RUN npm ci --token ••••••']);
});

t.test("the classic builder does not read a Dockerfile's own ignore file, and that is told", async (t) => {
  const { image, execute, said, folder } = setUp(t, { prints: ['Sending build context to Docker daemon  3.072kB'] });
  await execute([image('a', '1')]);
  t.same(said, []);
  writeFileSync(join(folder, 'Dockerfile.dockerignore'), 'x');
  await execute([image('a', '1')]);
  t.same(said, ["a:1: docker's classic builder does not read Dockerfile.dockerignore"]);
});

t.test('what is to be told of a context is told as it is built', async (t) => {
  const { image, execute, said } = setUp(t, {});
  await execute([{ ...image('a', '1'), notes: ['its context is 210 MB'] }]);
  t.same(said, ['a:1: its context is 210 MB']);
});

t.test('what an image is built for: the nodes, told where the engine is another', async (t) => {
  const node = (architecture: string) => ({ status: { nodeInfo: { architecture, operatingSystem: 'linux' } } });
  const source = (platform?: string) => ({ image: 'a', context: '/', arguments: {}, ...(platform && { platform }) });
  const engine =
    (said: string, name = 'docker'): RunProgram =>
    async (argv) =>
      argv[0] === name
        ? outcome(0, argv.at(-1)!.includes('Arch') ? `${said}\n` : '1\n')
        : outcome(undefined, '', '', 'ENOENT');
  const rows: [
    engine: RunProgram,
    nodes: string[],
    given: string | undefined,
    platform: string | undefined,
    note?: RegExp,
  ][] = [
    [engine('linux/amd64'), ['amd64'], undefined, undefined],
    [engine('linux/amd64'), [], undefined, undefined],
    [
      engine('linux/amd64'),
      ['arm64', 'arm64'],
      undefined,
      'linux/arm64',
      /for linux\/arm64, as the nodes are; the engine here is linux\/amd64/,
    ],
    [engine('linux/arm64', 'podman'), ['amd64'], undefined, 'linux/amd64', /as the nodes are/],
    [
      engine('linux/amd64'),
      ['amd64', 'arm64'],
      undefined,
      undefined,
      /for linux\/amd64 alone, and the nodes are linux\/amd64 and linux\/arm64/,
    ],
    [
      engine('linux/amd64'),
      ['amd64'],
      'linux/arm64',
      'linux/arm64',
      /for linux\/arm64, and the nodes are linux\/amd64/,
    ],
    [engine('linux/amd64'), ['amd64'], 'linux/amd64/v2', 'linux/amd64/v2'],
    [engine('linux/amd64'), [], 'linux/arm64', 'linux/arm64'],
    [engine('?'), ['arm64'], undefined, undefined],
    [engine('linux/amd64', 'nobody'), ['arm64'], undefined, undefined],
  ];
  for (const [run, nodes, given, platform, note] of rows) {
    const [chosen] = await buildPlatforms({ run, nodes: nodes.map(node) }, [source(given)]);
    t.equal(chosen?.platform, platform, `${given} on ${nodes}`);
    if (note === undefined) t.equal(chosen?.note, undefined);
    else t.match(chosen?.note, note);
  }
  t.same(await buildPlatforms(undefined, [source()]), [{ platform: undefined }]);
  const { folder } = setUp(t, {});
  const options = { cwd: folder, cacheFolder: join(folder, 'Dockerfile', 'x'), clock: systemClock };
  const here = { ...source(), context: folder };
  const [plain] = await hashSources([here], options);
  const [foreign] = await hashSources([here], {
    ...options,
    cluster: { run: engine('linux/amd64'), nodes: [node('arm64')] },
  });
  t.match(foreign, { source: { platform: 'linux/arm64' }, notes: [/as the nodes are/] });
  t.not(foreign!.tag, plain!.tag, 'an image of another architecture is another one');
});

t.test('down looks whether an image is gone', async (t) => {
  const removal = (has: string[], rmi: RunOutcome, look?: RunOutcome): Promise<string | undefined> => {
    const { run } = machine({ has });
    const asked: RunProgram = async (argv, options) => {
      if (argv[1] === 'rmi') return rmi;
      return argv[2] === 'inspect' && look !== undefined ? look : run(argv, options);
    };
    return removeLocalImage(asked, 'docker', 'a:1');
  };
  t.equal(await removal([], outcome(0)), undefined);
  t.equal(await removal([], outcome(1, '', 'No such image')), undefined, 'one that is not there any more is gone');
  t.match(await removal(['a:1'], outcome(1, '', 'conflict: image is being used by 12ab')), /being used by 12ab/);
  t.match(await removal(['a:1'], outcome(undefined, '', '', 'timeout')), /timeout/);
  t.match(await removal(['a:1'], outcome(0)), /it is still there/, 'whatever the engine says');
  t.equal(await removal([], outcome(0), outcome(125, '', 'Error: a:1: image not known\n')), undefined, 'podman');
  const silent = outcome(1, '', 'Cannot connect to the Docker daemon\n');
  t.match(await removal([], outcome(0), silent), /not known: Cannot connect/);
  t.match(await removal([], silent, silent), /Cannot connect/, 'an engine that does not answer has removed nothing');
  t.match(await removal([], outcome(0), outcome(undefined, '', '', 'timeout')), /not known: .*timeout/);
});

t.test('down removes the archive that a killed load left', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-traces-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const state = new StateFile(folder, 'c', 'shop');
  state.change((draft) => draft.imagesLoaded.push('me/a:1'));
  writeFileSync(join(folder, 'me-a-1.tar'), 'half of it');
  const provider = { loadsImages: true, addons: [], removeImage: async () => {} } as unknown as ClusterProvider;
  const report = { deleted: [], kept: [], remaining: [] };
  const options = { timeoutMs: 5_000, signal: new AbortController().signal, onEvent: () => {} };
  await removeTraces({ run: machine({}).run, provider, state }, report, beginExecution(systemClock, options));
  t.notOk(existsSync(join(folder, 'me-a-1.tar')));
  t.same(report, { deleted: ['image/me/a:1 in the cluster'], kept: [], remaining: [] });
});

t.test('an archive leaves nothing behind, also where it is not loaded', async (t) => {
  const { work, image, execute, folder } = setUp(t, {});
  work.provider.loadArchive = async (file) => {
    t.match(file, /\/me-a-1\.tar$/);
    throw new Error('no');
  };
  await t.rejects(execute([image('me/a', '1')]), /no/);
  t.throws(() => readFileSync(join(folder, 'me-a-1.tar')));
});
