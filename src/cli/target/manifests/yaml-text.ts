import { stringify } from 'yaml';

/**
 * A value as YAML: no line is folded, and what stands in it twice is written twice. An alias would make one value two
 * texts, by whether its equal parts are one object in memory, and not every reader of manifests takes one.
 */
export function yamlText(value: unknown, order: 'as it is' | 'sorted' = 'as it is'): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, sortMapEntries: order === 'sorted' });
}
