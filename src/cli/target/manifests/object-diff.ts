import { createTwoFilesPatch } from 'diff';
import { yamlText } from './yaml-text.js';

/** The difference between an object as it is and as `up` would leave it. */
export interface ObjectDiff {
  /** `Deployment/hwctl/auth`, `process/auth`. */
  ref: string;
  change: 'create' | 'update' | 'delete';
  /** Unified diff of the two as YAML, secrets masked. */
  patch: string;
}

/** Stands for a secret; two that differ stand for a secret that changes. */
const masks = { before: '*** (before)', after: '*** (after)', same: '***' };

/** Compares two states of one object; undefined is one that is not there. Undefined comes back where nothing differs. */
export function diffObjects(ref: string, before: unknown, after: unknown): ObjectDiff | undefined {
  const [was, becomes] = [textOf(before), textOf(after)];
  if (was === becomes) return undefined;
  const change = before === undefined ? 'create' : after === undefined ? 'delete' : 'update';
  const patch = createTwoFilesPatch(`live/${ref}`, `up/${ref}`, was, becomes, undefined, undefined, { context: 3 });
  // The line of equals signs belongs to a format that nobody asked for.
  return { ref, change, patch: patch.replace(/^=+\n/, '').replaceAll(/\t$/gm, '') };
}

function textOf(value: unknown): string {
  return value === undefined ? '' : yamlText(value, 'sorted');
}

/** Masks the values of two maps of secrets, so that only which of them change is told. */
export function maskMaps(
  before: Record<string, string> | undefined,
  after: Record<string, string> | undefined,
): [Record<string, string> | undefined, Record<string, string> | undefined] {
  const mask = (own: Record<string, string> | undefined, other: Record<string, string> | undefined, word: string) =>
    own &&
    Object.fromEntries(
      Object.entries(own).map(([key, value]) => [
        key,
        other === undefined || other[key] === undefined || other[key] === value ? masks.same : word,
      ]),
    );
  return [mask(before, after, masks.before), mask(after, before, masks.after)];
}

/** Masks each of `secrets` wherever it stands in a text. */
export function maskIn(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => (secret === '' ? masked : masked.replaceAll(secret, masks.same)), text);
}
