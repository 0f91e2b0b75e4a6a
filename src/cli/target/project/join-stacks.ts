import { Failure } from '../../kernel/failure.js';
import { groupOf, refOf } from '../manifests/kube-object.js';
import type { StackObject } from '../manifests/stack-object.js';

/**
 * The objects of several stacks as one list, the waves of one after those of another. What is the same in two is there once and
 * belongs to both. Throws Failure `bad-manifests` where two stacks have one object of two minds.
 */
export function joinStacks(stacks: readonly { stack: string; objects: readonly StackObject[] }[]): StackObject[] {
  const joined = new Map<string, StackObject>();
  const problems: string[] = [];
  let offset = 0;
  for (const { stack, objects } of stacks) {
    const last = Math.max(-1, ...objects.map(({ wave }) => wave?.index ?? 0));
    for (const entry of objects) {
      const key = keyOf(entry);
      const twin = joined.get(key);
      if (twin === undefined) joined.set(key, { ...entry, wave: later(entry, offset) });
      else if (JSON.stringify(twin.object) === JSON.stringify(entry.object)) twin.stacks.push(stack);
      else
        problems.push(`${refOf(entry.object)} of the stack ${stack} differs from the one of ${twin.stacks.join(', ')}`);
    }
    offset += last + 1;
  }
  if (problems.length === 0) return [...joined.values()];
  throw new Failure({
    code: 'bad-manifests',
    message: 'stacks that want the same object otherwise cannot be up together',
    details: problems,
    hint: 'Take one down before the other comes up (hwctl down STACK), or give them namespaces of their own',
  });
}

function later({ wave }: StackObject, offset: number): StackObject['wave'] {
  return wave && { ...wave, index: wave.index + offset };
}

function keyOf({ object: { apiVersion, kind, metadata } }: StackObject): string {
  return `${groupOf(apiVersion)}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}
