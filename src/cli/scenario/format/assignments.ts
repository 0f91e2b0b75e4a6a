import { isMap, isScalar, type Node, type YAMLMap } from 'yaml';
import { children } from '../../document/aliases.js';
import { keyText, type Reader } from '../../document/reader.js';
import { record, type Shape } from '../../document/shape.js';
import { isVariableName } from '../variables/generated.js';
import { referencesOf, variablesOf } from '../variables/template.js';
import { type Definition, Uses } from './uses.js';

/** What is wrong with the name of a variable, or undefined. */
function nameProblem(name: string): string | undefined {
  return isVariableName(name)
    ? undefined
    : `${JSON.stringify(name)} is not a variable name: letters, digits and _, not a digit first`;
}

/** A mapping that sets variables; `keep` is told each with its value's needs, also of a mapping that is wrong elsewhere. */
export function assignments<T>(
  value: Shape<T>,
  { free = false, keep }: { free?: boolean; keep?: (uses: Uses, defined: Map<string, Definition>) => void } = {},
): Shape<Record<string, T>> {
  const shape = record(value, free ? undefined : nameProblem);
  return {
    schema: shape.schema,
    read(given, reader) {
      const node = reader.resolve(given);
      if (!isMap(node)) reader.notes(Uses).complete = false;
      else if (keep === undefined) for (const { key } of node.items) reader.notes(Uses).names.add(keyText(key));
      else keep(reader.notes(Uses), definitions(node, reader));
      return shape.read(given, reader);
    },
  };
}

function definitions(map: YAMLMap, reader: Reader): Map<string, Definition> {
  return new Map(
    map.items.map(({ key, value }) => {
      const needs = textsOf(value as Node | null, reader).flatMap((text) =>
        referencesOf(text).references.flatMap(variablesOf),
      );
      return [keyText(key), { at: reader.at(key as Node), needs }];
    }),
  );
}

/** All texts with templates in a value. */
function textsOf(given: Node | null, reader: Reader): string[] {
  const node = reader.resolve(given);
  if (isScalar(node)) return typeof node.value === 'string' && node.value.includes('{{') ? [node.value] : [];
  return children(node).flatMap((part) => textsOf(part, reader));
}
