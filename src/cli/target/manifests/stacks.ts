import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { didYouMean } from '../../kernel/nearest.js';

/** Stacks of `hwctl up` without an argument. */
const defaultStacks: readonly string[] = ['idempotency', 'hello'];

/** Names of all stacks: every folder of `manifests` that holds a kustomization of its own. */
export function listStacks(manifests: string): string[] {
  let entries: { name: string; isDirectory(): boolean }[];
  try {
    entries = readdirSync(manifests, { withFileTypes: true });
  } catch (error) {
    throw new Failure({
      code: 'no-manifests',
      message: `the manifests folder ${manifests} cannot be read`,
      hint: 'Name a folder with one kustomization per stack, or leave --manifests out',
      cause: error,
    });
  }
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(manifests, entry.name, 'kustomization.yaml')))
    .map((entry) => entry.name)
    .sort();
}

/** Turns the words of a command line into names of stacks: none is the default, `all` is every one. Throws Failure `unknown-stack`. */
export function chooseStacks(words: readonly string[], manifests: string): string[] {
  const known = listStacks(manifests);
  if (known.length === 0) {
    const isStack = existsSync(join(manifests, 'kustomization.yaml'));
    throw new Failure({
      code: 'no-stack',
      message: `there is no stack in ${manifests}`,
      hint: isStack
        ? `It is a stack itself: name the folder above it, --manifests ${dirname(manifests)}, and the stack ${basename(manifests)}`
        : 'A stack is a folder in it that holds a kustomization.yaml',
    });
  }
  for (const word of words) {
    if (word === 'all' || known.includes(word)) continue;
    throw new Failure({
      code: 'unknown-stack',
      message: `there is no stack ${JSON.stringify(word)}${didYouMean(word, known)}`,
      hint: `The stacks are: ${known.join(', ')}, all`,
    });
  }
  if (words.includes('all')) return known;
  if (words.length > 0) return [...new Set(words)];
  const fallback = known.filter((name) => defaultStacks.includes(name));
  return fallback.length > 0 ? fallback : known;
}

/** What a stack is for: the comment that its kustomization begins with, else its name. */
export function describeStack(manifests: string, name: string): string {
  const lines = readFileSync(join(manifests, name, 'kustomization.yaml'), 'utf8').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#'));
  const words = lines.slice(0, Math.max(0, end)).map((line) => line.replace(/^#+\s*/, ''));
  return words.join(' ').trim() || `the stack ${name}`;
}
