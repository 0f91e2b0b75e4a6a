import { existsSync, readFileSync } from 'node:fs';
import type { RunProgram } from '../../../kernel/process.js';
import { type Engine, engineName } from '../provider/image.js';
import type { Deadline } from '../provider/provider.js';
import { buildFailure, hiderOf } from './build-failure.js';
import { instructionIn } from './build-output.js';
import type { HashedImage } from './content-tag.js';
import { shownPath } from './image-source.js';

/** What a build is watched and told with. */
export interface BuildWatch extends Deadline {
  cwd: string;
  /** Told each instruction as it begins. */
  onProgress(message: string): void;
}

/** Builds an image with an engine of this machine. Throws Failure `image-build` with the instruction that failed. */
export async function buildWithEngine(
  run: RunProgram,
  engine: Engine,
  { source, dockerfile }: HashedImage,
  image: string,
  watch: BuildWatch,
): Promise<void> {
  const words = wordsOf(source.arguments);
  const begin: [string, ...string[]] = [engine, 'build', '--tag', engineName(engine, image)];
  const rest = [
    '--file',
    dockerfile,
    ...(source.target === undefined ? [] : ['--target', source.target]),
    ...(source.platform === undefined ? [] : ['--platform', source.platform]),
    ...words.flags,
    // What the classic builder leaves of an instruction that failed is of no use to anybody.
    '--force-rm',
    source.context,
  ];
  const hide = hiderOf(source.arguments);
  const tell = (line: string) => {
    if (line.startsWith('Sending build context to Docker daemon') && existsSync(`${dockerfile}.dockerignore`))
      watch.onProgress(
        `${image}: docker's classic builder does not read ${shownPath(dockerfile, watch.cwd)}.dockerignore`,
      );
    const begun = instructionIn(line);
    if (begun !== undefined) watch.onProgress(`${image}: ${begun.step} ${hide(begun.instruction)}`);
  };
  const { timeoutMs, signal, cwd } = watch;
  const env = words.env;
  const outcome = await run([...begin, ...rest], { timeoutMs, signal, env, onLine: tell, onErrorLine: tell });
  signal?.throwIfAborted();
  if (outcome.exitCode === 0) return;
  throw buildFailure({
    engine,
    image,
    source,
    dockerfile: { shown: shownPath(dockerfile, cwd), text: readFileSync(dockerfile, 'utf8') },
    outcome,
    command: commandOf(engine, source, shownPath(dockerfile, cwd), shownPath(source.context, cwd)),
  });
}

/** Names whose values change how the engine's own program works. */
const ofEngine = /^(?:PATH|HOME|TMPDIR|.*_PROXY|DOCKER_.*|BUILDKIT_.*|BUILDX_.*|CONTAINER.*|XDG_.*|LD_.*)$/i;

/** Values of arguments go through the environment, so that no list of processes and no record of ours shows them. */
function wordsOf(given: Readonly<Record<string, string>>): { flags: string[]; env: Record<string, string> } {
  const isInWords = ([name]: [string, string]) => ofEngine.test(name) || !/^\w+$/.test(name);
  const entries = Object.entries(given);
  return {
    flags: entries.flatMap((entry) => ['--build-arg', isInWords(entry) ? entry.join('=') : entry[0]]),
    env: Object.fromEntries(entries.filter((entry) => !isInWords(entry))),
  };
}

/** What does it by hand, from the current folder; arguments by name alone. */
function commandOf(engine: Engine, source: HashedImage['source'], dockerfile: string, context: string): string {
  const flags = [
    ...(dockerfile === 'Dockerfile' && context === '.' ? [] : [`-f ${dockerfile}`]),
    ...(source.target === undefined ? [] : [`--target ${source.target}`]),
    ...(source.platform === undefined ? [] : [`--platform ${source.platform}`]),
    ...Object.keys(source.arguments).map((name) => `--build-arg ${name}`),
  ];
  return [engine, 'build', ...flags, context].join(' ');
}
