import { Failure } from '../../../kernel/failure.js';
import type { RunOutcome } from '../../../kernel/process.js';
import { engineCure } from './engine-cure.js';

/** The longest line of kind's that is repeated; it prints whole JSON documents of the engine. */
const maxLine = 300;

/** The names that `kind get clusters` and `kind get nodes` print, one a line; that there are none is said on stderr. */
export function namesIn(stdout: string): string[] {
  return stdout.split('\n').flatMap((line) => line.trim() || []);
}

/** Containers and their states, in the form `NAME STATE` that the engine's `ps` is asked for. */
export function nodesIn(stdout: string): { name: string; state: string }[] {
  return namesIn(stdout).map((line) => {
    const [name = '', state = 'unknown'] = line.split(/\s+/);
    return { name, state: state.toLowerCase() };
  });
}

/** What kind does, from one line of its stderr (` • Ensuring node image (kindest/node:v1.34.0) ...`); undefined for the rest. */
export function progressOf(line: string): string | undefined {
  const said = /^ • (.+?)\s*\.{3}$/.exec(line)?.[1];
  // What stands behind its words are pictures.
  return said === undefined ? undefined : `kind: ${said.replace(/[^\x20-\x7e]+\s*$/u, '').trimEnd()}`;
}

/** The tags that every node has, from what `crictl images -o json` prints on each; no node has none. */
export function tagsOnAll(outputs: readonly string[]): string[] {
  const lists = outputs.map((text) => {
    if (text.trim() === '') return [];
    return (
      (JSON.parse(text) as { images?: { repoTags?: string[] }[] }).images?.flatMap(({ repoTags }) => repoTags ?? []) ??
      []
    );
  });
  const [first = [], ...others] = lists;
  return first.filter((tag) => others.every((list) => list.includes(tag)));
}

/** What went wrong with `kind WORDS`, from its stderr: the line that begins with ERROR, and what the engine said. */
export function explainKind(words: readonly string[], outcome: RunOutcome, timeoutMs: number): Failure {
  const command = `kind ${words.slice(0, 2).join(' ')}`;
  if (outcome.failure === 'timeout') {
    return new Failure({
      code: 'kind-timeout',
      message: `${command} did not end within ${Math.round(timeoutMs / 1000)} s`,
      hint: 'Is the machine short of CPU or memory? kind export logs tells more',
    });
  }
  const lines = outcome.stderr.split('\n').flatMap((line) => line.trim() || []);
  const at = lines.findLastIndex((line) => line.startsWith('ERROR: '));
  const error =
    lines[at]?.slice('ERROR: '.length) ?? lines.at(-1) ?? outcome.failure ?? `exit code ${outcome.exitCode}`;
  const details = at < 0 ? [] : lines.slice(at + 1).filter((line) => !/^Command Output:( \{.*)?$/.test(line));
  return new Failure({
    code: 'kind-failed',
    message: `${command} failed: ${short(error)}`,
    details: details.slice(0, 6).map(short),
    hint: kindCure(outcome.stderr) ?? 'https://kind.sigs.k8s.io/docs/user/known-issues lists what machines lack',
  });
}

function short(line: string): string {
  return line.length <= maxLine ? line : `${line.slice(0, maxLine)}...`;
}

/** The cure for what kind says most often. */
function kindCure(text: string): string | undefined {
  if (/executable file not found in \$PATH|failed to detect any supported node provider/.test(text)) {
    return 'Install and start Docker (https://docs.docker.com/engine/install), or run hwctl up --target local';
  }
  if (/failed to pull image/.test(text)) {
    return 'Can this machine pull the node image? https://github.com/kubernetes-sigs/kind/releases lists those of each kind';
  }
  if (/is not a valid cluster name/.test(text)) return 'Take a name of lower-case letters, digits, dots and hyphens';
  if (/already exist for a cluster with the name/.test(text))
    return 'kind delete cluster --name NAME removes what is left';
  if (/rootless/.test(text)) return 'https://kind.sigs.k8s.io/docs/user/rootless says what a rootless engine needs';
  return engineCure(text);
}
