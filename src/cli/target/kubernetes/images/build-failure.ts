import { Failure } from '../../../kernel/failure.js';
import { isSecretName, placeholder, withoutUrlSecrets } from '../../../kernel/secrets.js';
import { type BuildFailure, readBuildFailure } from './build-output.js';
import type { ImageSource } from './image-source.js';

/** A build that ended badly. */
export interface FailedBuild {
  engine: string;
  image: string;
  source: ImageSource;
  /** The Dockerfile as messages name it, and its text. */
  dockerfile: { shown: string; text: string };
  outcome: { exitCode: number | undefined; stdout: string; stderr: string; failure: string | undefined };
  /** What does it by hand. */
  command: string;
}

/** Failure `image-build`: which instruction failed, its last lines, and the cure. Secret arguments do not appear. */
export function buildFailure(build: FailedBuild): Failure {
  const { outcome, dockerfile, image, engine } = build;
  const hide = hiderOf(build.source.arguments);
  const found = readBuildFailure(outcome.stdout, outcome.stderr, dockerfile.text);
  const said = hide(found.said);
  const { line = 0, text = '' } = found.instruction ?? {};
  const place = line === 0 ? dockerfile.shown : `${dockerfile.shown}:${line}`;
  const what = text === '' ? '' : ` ${hide(short(text))}`;
  const cause = causes.find(
    ({ of, pattern }) => (of?.test(text) ?? true) && [said, ...found.output].some((one) => pattern.test(one)),
  );
  const why = outcome.failure === 'timeout' ? 'it did not end in its time' : (cause?.why?.(found) ?? said);
  return new Failure({
    code: 'image-build',
    message: `${image} is not built: ${place}:${what === '' ? '' : `${what}:`} ${why}`,
    details: [...(cause?.why === undefined ? [] : [`${engine} says: ${said}`]), ...found.output.map(hide)],
    hint:
      outcome.failure === 'timeout'
        ? 'Give it longer: --timeout 20m'
        : `${cause?.cure(found, engine) ?? 'Correct that line'}; all of its output: ${hide(build.command)}`,
  });
}

/** Takes the values of secret arguments, and the passwords of URLs, out of a text: BuildKit writes them where a variable stands. */
export function hiderOf(given: ImageSource['arguments']): (text: string) => string {
  const secrets = Object.entries(given)
    .filter(([name, value]) => isSecretName(name) && value !== '')
    .map(([, value]) => value)
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((all, secret) => all.replaceAll(secret, placeholder), withoutUrlSecrets(text));
}

/** An instruction as a message can hold it. */
function short(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}

interface Cause {
  /** Instructions that it can befall; all where absent. */
  of?: RegExp;
  pattern: RegExp;
  /** In place of what the engine says. */
  why?(found: BuildFailure): string;
  cure(found: BuildFailure, engine: string): string;
}

const needsBuildKit: Pick<Cause, 'why' | 'cure'> = {
  why: () => 'it needs BuildKit, which is not what builds here',
  cure: () =>
    'Install docker-buildx (https://docs.docker.com/go/buildx/), without which docker has its classic builder alone',
};

/** What builds fail of, the likelier and the clearer first. */
const causes: readonly Cause[] = [
  { pattern: /requires BuildKit/i, ...needsBuildKit },
  { of: /<<-?["']?\w/, pattern: /unknown instruction/i, ...needsBuildKit },
  {
    of: /^(?!RUN\b)/i,
    pattern:
      /pull access denied|manifest(?: for \S+)? (?:unknown|not found)|failed to resolve source metadata|repository does not exist|registry-1\.docker\.io|toomanyrequests|reading manifest|short-name \S+ did not resolve|dial tcp|failed to do request|initializing source|no stage or image found|no match for platform|no matching manifest/i,
    why: (found) => `the image it builds on, ${baseOf(found)}, cannot be pulled`,
    cure: (found, engine) =>
      `Is its name right, and does this machine reach its registry? ${engine} pull ${baseOf(found)} tells`,
  },
  {
    pattern:
      /(?:COPY|ADD) failed|failed to (?:compute cache key|calculate checksum)|copier: stat|not found in build context|no items matching glob|no source files were specified/i,
    why: () => 'what it copies is not in the context, or .dockerignore leaves it out',
    cure: () =>
      'Paths are from the folder that is built (context), not from the Dockerfile: correct them, or the context in hwctl.yaml',
  },
  {
    pattern:
      /failed to reach build target|target stage "?[^" ]+"? could not be found|The target "[^"]*" was not found/i,
    cure: () => 'Name a stage that the Dockerfile has (FROM … AS NAME): images: target in hwctl.yaml',
  },
  {
    pattern:
      /parse error|unknown instruction|no stages to build|file with no instructions|requires (?:at least|exactly) \w+ argument/i,
    cure: () => 'Correct the Dockerfile there',
  },
  {
    pattern: /exec format error/i,
    why: () => 'its programs are of another architecture than this machine',
    cure: () =>
      'Leave platform out of hwctl.yaml, or install emulation: docker run --privileged --rm tonistiigi/binfmt --install all',
  },
  {
    pattern: /no space left on device|ENOSPC/i,
    why: () => 'the disk is full',
    cure: (_, engine) => `Make room: ${engine} system df shows what holds it`,
  },
  {
    pattern:
      /ENOTFOUND|EAI_AGAIN|Temporary failure (?:in name resolution|resolving)|Could not resolve host|ETIMEDOUT|Network is unreachable/i,
    why: () => 'it cannot reach the network',
    cure: () => 'Containers of this machine have no network, or need its proxy: --build-arg HTTP_PROXY in arguments',
  },
  {
    pattern: /non-zero code|exit code: \d+|exit status \d+|did not complete successfully/i,
    why: ({ said }) => {
      const code = /(?:code:?|status) (\d+)/.exec(said)?.[1];
      return code === undefined ? said : `it ended with exit code ${code}`;
    },
    cure: () => 'Correct what its last lines say',
  },
  { pattern: /Cannot connect to the Docker daemon|connection refused/i, cure: () => 'Start the container engine' },
];

/** The image that a failed FROM (or --from) names. */
function baseOf({ instruction, said }: BuildFailure): string {
  const text = instruction?.text ?? '';
  const named = /^FROM (?:--\S+ )*(\S+)/i.exec(text)?.[1] ?? /--from=(\S+)/.exec(text)?.[1];
  const inText = /(?:load metadata for|resolve image config for) (\S+?):?$/.exec(text)?.[1];
  return (
    named ?? inText ?? /(?:for|for image|reading manifest \S+ in) (\S+?)[,:]?(?: |$)/.exec(said)?.[1] ?? 'an image'
  );
}
