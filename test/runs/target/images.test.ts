/** Images really built, by the engine of this machine: that the tag is of what docker sends, and what is said of a build that fails. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import { run } from '../../../src/cli/kernel/process.js';
import { type HashedImage, hashSources } from '../../../src/cli/target/kubernetes/images/content-tag.js';
import { listContext } from '../../../src/cli/target/kubernetes/images/context-files.js';
import { readDockerignore } from '../../../src/cli/target/kubernetes/images/dockerignore.js';
import { buildWithEngine } from '../../../src/cli/target/kubernetes/images/engine-build.js';
import { hasImage, removeLocalImage } from '../../../src/cli/target/kubernetes/provider/image.js';
import { root } from '../../golden.js';

const docker = (...words: string[]) => spawnSync('docker', words, { encoding: 'utf8', maxBuffer: 1 << 28 });
const answers = docker('version', '--format', '{{.Server.Version}}').status === 0;
const skip = answers ? false : 'no docker answers';
const needsBase = (image: string) =>
  answers && docker('image', 'inspect', image).status !== 0 ? `no ${image} here` : skip;
const prefix = 'hwctl-images-test';

function folderOf(t: Test, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-image-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

async function build(t: Test, context: string, more: Partial<HashedImage['source']> = {}) {
  const source = { image: `${prefix}-${Date.now()}`, context, arguments: {}, ...more };
  const [hashed] = await hashSources([source], {
    cwd: context,
    cacheFolder: join(context, 'Dockerfile', 'x'),
    clock: systemClock,
  });
  const image = `${source.image}:${hashed!.tag}`;
  t.teardown(() => removeLocalImage(run, 'docker', image));
  const said: string[] = [];
  const watch = { timeoutMs: 240_000, cwd: context, onProgress: (message: string) => said.push(message) };
  await buildWithEngine(run, 'docker', hashed!, image, watch);
  return { image, said };
}

/** What is in an image that has nothing but a copy of its context. */
function pathsIn(image: string): string[] {
  const id = docker('create', image, 'x').stdout.trim();
  const archive = spawnSync('sh', ['-c', `docker export ${id} | tar t`], { encoding: 'utf8' }).stdout;
  docker('rm', id);
  const ofEngine = /^(?:dev|etc|proc|sys)\/|^\.dockerenv$|^(?:dev|etc|proc|sys)$/;
  return archive
    .split('\n')
    .map((path) => path.replace(/\/$/, ''))
    .filter((path) => path !== '' && !ofEngine.test(path))
    .sort();
}

t.test('docker sends what the tag is of', { skip }, async (t) => {
  const files = {
    Dockerfile: 'FROM scratch\nCOPY . /\n',
    'README.md': '',
    'a.log': '',
    'src/a.js': '',
    'src/a.md': '',
    'src/deep/b.js': '',
    'src/deep/b.log': '',
    'node_modules/x/index.js': '',
    'app/node_modules/y.js': '',
    '.env': '',
    'a b': '',
    '#notes': '',
  };
  const rules = [
    '',
    'node_modules',
    '**/node_modules\n**/*.log',
    '*\n!src',
    '*\n!src/deep/**\n!Dockerfile',
    'src/*\n!src/deep',
    'src/deep/b.js\n!src/deep',
    '# said\n#notes\n\\#notes\n',
    '*.md\n!README.md\n/.env\na b/',
    '**\n!src/a.js',
    'Dockerfile\n.dockerignore\nsrc/[a-c]*',
    '**/deep/**',
    './src/../node_modules/',
  ];
  for (const text of rules) {
    const context = folderOf(t, { ...files, '.dockerignore': text });
    symlinkSync('src/a.js', join(context, 'link'));
    const { image } = await build(t, context);
    const { entries } = await listContext(context, readDockerignore(text).patterns);
    const ours = entries.map(({ path }) => path);
    const sent = pathsIn(image);
    // A folder of which something is sent is made, whether or not it was itself sent.
    const made = ours.flatMap((path) => path.split('/').map((_, at, parts) => parts.slice(0, at + 1).join('/')));
    t.same(sent, [...new Set(made)].sort(), JSON.stringify(text));
  }
});

t.test(
  'the examples are built, and their instructions told',
  { skip: needsBase('node:24-bookworm-slim') },
  async (t) => {
    const { image, said } = await build(t, join(root, 'examples', 'numbered-yaml', 'app'));
    t.ok(await hasImage(run, 'docker', image));
    t.ok(
      said.some((line) => /: \d\/\d COPY package\.json server\.js \.\/$/.test(line)),
      said.join('\n'),
    );
    t.equal(await removeLocalImage(run, 'docker', image), undefined);
    t.notOk(await hasImage(run, 'docker', image));
  },
);

t.test('an example in Python is built', { skip: needsBase('python:3.11-slim') }, async (t) => {
  const { image } = await build(t, join(root, 'examples', 'prices-hpa', 'app'));
  t.ok(await hasImage(run, 'docker', image));
});

t.test('a stage, arguments, and a Dockerfile elsewhere', { skip: needsBase('node:24-bookworm-slim') }, async (t) => {
  const context = folderOf(t, {
    'docker/app.Dockerfile':
      'FROM node:24-bookworm-slim AS one\nARG WORD\nRUN echo "$WORD" > /word\nFROM one AS two\nRUN exit 9\n',
    'docker/app.Dockerfile.dockerignore': '*\n',
  });
  const { image } = await build(t, context, {
    dockerfile: join(context, 'docker/app.Dockerfile'),
    target: 'one',
    arguments: { WORD: 'said' },
  });
  t.equal(docker('run', '--rm', image, 'cat', '/word').stdout, 'said\n');
});

t.test(
  'a failing build: the instruction, its lines, no secret, nothing left',
  { skip: needsBase('node:24-bookworm-slim') },
  async (t) => {
    const text =
      'FROM node:24-bookworm-slim\nARG API_TOKEN\n\nRUN echo before && \\\n  echo "sent $API_TOKEN" && \\\n  ls /nowhere\n';
    const context = folderOf(t, { Dockerfile: text });
    const before = docker('ps', '--all', '--quiet').stdout;
    const failing = build(t, context, { arguments: { API_TOKEN: 's3cr3t-value' } });
    const failure = await failing.then(
      () => ({ message: 'it was built', details: [''], hint: '' }),
      (error) => error,
    );
    t.match(failure.message, /: Dockerfile:4: RUN echo before && .*: it ended with exit code 2$/);
    t.match(failure.details.join('\n'), /before\nsent ••••••\n.*No such file or directory/);
    t.notMatch(JSON.stringify(failure), /s3cr3t/);
    t.equal(docker('ps', '--all', '--quiet').stdout, before, 'no container of it is left');
    const base = build(t, folderOf(t, { Dockerfile: `FROM ${prefix}-no-such/base:1\n` }));
    await t.rejects(base, {
      message: /Dockerfile:1: FROM .* cannot be pulled$/,
      hint: /docker pull hwctl-images-test-no-such\/base:1/,
    });
  },
);
