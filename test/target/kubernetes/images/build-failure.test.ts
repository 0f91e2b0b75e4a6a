/** Builds that failed, recorded from docker's classic builder 20.10, BuildKit 0.8 and podman 4.3; `modern` is how BuildKit since 0.9 writes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { buildFailure } from '../../../../src/cli/target/kubernetes/images/build-failure.js';
import { instructionIn, readBuildFailure } from '../../../../src/cli/target/kubernetes/images/build-output.js';
import { readInstructions } from '../../../../src/cli/target/kubernetes/images/dockerfile.js';
import { root } from '../../../golden.js';

type Recorded = Record<string, { dockerfile: string; builds: Record<string, { stdout: string; stderr: string }> }>;
const recorded: Recorded = JSON.parse(
  readFileSync(join(root, 'test/target/kubernetes/images/recorded-builds.json'), 'utf8'),
);

function failureOf(name: string, engine: string, given: Record<string, string> = {}, failure?: string) {
  const { dockerfile, builds } = recorded[name]!;
  return buildFailure({
    engine,
    image: 'me/app:1',
    source: { image: 'me/app', context: '/src', arguments: given },
    dockerfile: { shown: 'app/Dockerfile', text: dockerfile },
    outcome: { exitCode: failure === undefined ? 1 : undefined, failure, ...builds[engine]! },
    command: 'docker build app',
  });
}

/** What every engine's failure of a kind must say, and the cure. */
const expected: Record<string, { message: RegExp; hint: RegExp; details?: RegExp }> = {
  run: {
    message:
      /^me\/app:1 is not built: app\/Dockerfile:8: RUN echo installing && echo more && exit 3: it ended with exit code 3$/,
    hint: /^Correct what its last lines say; all of its output: docker build app$/,
    details: /\ninstalling\nmore$/,
  },
  cmd: {
    message: /: app\/Dockerfile:3: RUN npm run nothing: it ended with exit code 254$/,
    hint: /last lines/,
    details: /\nnpm error code ENOENT\n[\s\S]*open '\/app\/package\.json'/,
  },
  copy: {
    message: /: app\/Dockerfile:2: COPY package\.json nothere\.json \/app\/: what it copies is not in the context/,
    hint: /^Paths are from the folder that is built/,
    details: /says: .*package\.json|says: .*nothere\.json/,
  },
  base: {
    message:
      /: app\/Dockerfile:1: FROM hwctl-images-test-nosuch\/base:1\.2: the image it builds on, hwctl-images-test-nosuch\/base:1\.2, cannot be pulled$/,
    hint: / pull hwctl-images-test-nosuch\/base:1\.2 tells/,
  },
  from: {
    message: /: app\/Dockerfile:2: COPY --from=builder \/x \/y: the image it builds on, builder, cannot be pulled$/,
    hint: / pull builder/,
  },
  syntax: {
    message: /: app\/Dockerfile:2: COPPY \. \.: .*unknown instruction: "?COPPY/i,
    hint: /^Correct the Dockerfile there/,
  },
  mount: { message: /: app\/Dockerfile:2: RUN --mount.*: it needs BuildKit/, hint: /^Install docker-buildx/ },
  empty: { message: /: app\/Dockerfile: .*no (?:instructions|stages)/, hint: /^Correct the Dockerfile there/ },
  target: { message: /: app\/Dockerfile: .*nostage/, hint: /^Name a stage that the Dockerfile has/ },
};

t.test('which instruction failed, where, why, its last lines and the cure: of every engine', async (t) => {
  for (const [name, { message, hint, details }] of Object.entries(expected)) {
    for (const engine of Object.keys(recorded[name]!.builds)) {
      const failure = failureOf(name, engine);
      const say = `${name}, ${engine}`;
      t.equal(failure.code, 'image-build');
      t.equal(failure.exitCode, 2);
      t.match(failure.message, message, say);
      t.match(failure.hint, hint, say);
      if (details !== undefined) t.match(failure.details.join('\n'), details, say);
      t.notMatch(failure.details.join('\n'), /DEPRECATED|Removing intermediate|---> |STEP \d|View build details/, say);
    }
  }
});

t.test('here-documents, which the classic builder reads as instructions', async (t) => {
  t.match(failureOf('heredoc', 'classic').message, /Dockerfile:4: RUN <<E: it needs BuildKit/);
  t.match(failureOf('heredoc', 'buildkit').message, /docker\/dockerfile:1, cannot be pulled/);
});

t.test('secret arguments are not told, whatever prints them', async (t) => {
  const given = { NPM_TOKEN: 'installing', VERSION: 'more' };
  for (const engine of Object.keys(recorded.run!.builds)) {
    const { message, details, hint } = failureOf('run', engine, given);
    const all = [message, ...details, hint].join('\n');
    t.notMatch(all, /installing/, engine);
    t.match(all, /more/, 'what is no secret stays');
  }
});

t.test('an instruction that BuildKit writes with the values of its variables', async (t) => {
  const rows: [dockerfile: string, written: string, line: number][] = [
    ['FROM a\nARG T\nRUN one $T && two\nRUN one', 'RUN one s3cret && two', 3],
    [`FROM a\nRUN x\nCOPY \${FROM:-a} /b`, 'COPY a /b', 3],
    ['FROM a\nRUN one $T\nRUN two $T', 'RUN two x', 3],
    ['FROM a\nRUN one $A two $B', 'RUN one 1 three 2', 0],
    ['FROM a\nRUN one', 'RUN two', 0],
  ];
  for (const [dockerfile, written, line] of rows) {
    const stderr = `------\n > [2/2] ${written}:\n------\nERROR: failed to solve: exit code: 1\n`;
    t.equal(readBuildFailure('', stderr, dockerfile).instruction?.line, line, written);
  }
});

t.test('a build that takes too long says where it was', async (t) => {
  const { message, hint } = failureOf('run', 'classic', {}, 'timeout');
  t.match(message, /Dockerfile:8: RUN echo .*: it did not end in its time/);
  t.match(hint, /--timeout/);
});

t.test('lines that say what instruction runs', async (t) => {
  const rows: [string, string | undefined, string?][] = [
    ['Step 3/5 : RUN npm ci', 'RUN npm ci', '3/5'],
    ['STEP 3/5: RUN npm ci', 'RUN npm ci', '3/5'],
    ['[1/2] STEP 3/5: RUN npm ci', 'RUN npm ci', '3/5'],
    ['#7 [3/5] RUN npm ci', 'RUN npm ci', '3/5'],
    ['#7 [deps 3/5] RUN echo a &&     b', 'RUN echo a && b', '3/5'],
    ['#7 [linux/arm64 deps 3/5] RUN a', 'RUN a', '3/5'],
    ['#1 [internal] load .dockerignore', undefined],
    ['#7 0.3 npm error', undefined],
    ['#7 CACHED', undefined],
    [' ---> Running in 1', undefined],
    ['', undefined],
  ];
  for (const [line, instruction, step] of rows)
    t.same(instructionIn(line), instruction === undefined ? undefined : { instruction, step }, line);
});

t.test('instructions of a Dockerfile and their lines', async (t) => {
  const text = [
    '# syntax=docker/dockerfile:1',
    'FROM a AS b',
    '',
    'RUN one && \\',
    '  # said between',
    '',
    '    two',
    'COPY <<EOF /x',
    'RUN not an instruction',
    'EOF',
    'RUN <<-"A" <<B',
    'x',
    'A',
    'y',
    'B',
    'CMD ["x"]',
    'RUN left \\',
  ].join('\r\n');
  t.same(readInstructions(text), [
    { line: 2, text: 'FROM a AS b' },
    { line: 4, text: 'RUN one && two' },
    { line: 8, text: 'COPY <<EOF /x' },
    { line: 11, text: 'RUN <<-"A" <<B' },
    { line: 16, text: 'CMD ["x"]' },
    { line: 17, text: 'RUN left' },
  ]);
  t.same(readInstructions('# escape=`\nRUN a `\n b\nRUN c \\\n'), [
    { line: 2, text: 'RUN a b' },
    { line: 4, text: 'RUN c \\' },
  ]);
});
