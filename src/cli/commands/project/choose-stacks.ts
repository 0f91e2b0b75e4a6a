import { Failure } from '../../kernel/failure.js';
import { didYouMean } from '../../kernel/nearest.js';
import type { Project } from '../../project/project.js';

/**
 * The stacks of a project that words name; without words its only one. Throws Failure `unknown-stack`, and `which-stack` with
 * the list where there are several and none is named.
 */
export function chooseProjectStacks(words: readonly string[], { stacks, name }: Project): string[] {
  const known = [...stacks.keys()];
  for (const word of words) {
    if (word === 'all' || known.includes(word)) continue;
    throw new Failure({
      code: 'unknown-stack',
      message: `${name} has no stack ${JSON.stringify(word)}${didYouMean(word, known)}`,
      hint: `Its stacks are: ${known.join(', ')}, all`,
    });
  }
  if (words.includes('all') || known.length === 1) return known;
  if (words.length > 0) return [...new Set(words)];
  throw new Failure({
    code: 'which-stack',
    message: `${name} has ${known.length} stacks: which of them?`,
    details: known.map((stack) => `${stack}  (${whatIn(stacks.get(stack)!)})`),
    hint: `hwctl up ${known[0]}, or hwctl up all for every one`,
  });
}

function whatIn({ releases = [] }: { releases?: readonly object[] }): string {
  const names = releases.map((release) => {
    const { manifests, kustomize, chart } = release as Record<string, string | undefined>;
    return manifests ?? kustomize ?? chart ?? '';
  });
  const [first, second, third, ...more] = names;
  const shown = [first, second, third].filter((one) => one !== undefined).join(', ');
  return more.length > 0 ? `${shown} and ${more.length} more` : shown || 'nothing to deploy';
}
