import { resolve } from 'node:path';
import { type Problem, problemLine, problemsFailure } from '../../document/problem.js';
import { readDocument, readField } from '../../document/read-document.js';
import { readText } from '../../kernel/files.js';
import { mergeValues } from './merge-values.js';
import { type Values, valuesSchema, valuesShape } from './values-shape.js';

const kind = { name: 'set of values', shape: valuesShape, empty: () => ({}) };

/**
 * Reads values files in their order and, over them, `--set name.name=value` in theirs. A value is read as YAML reads it.
 * Throws Failure `bad-values` with every problem: file, line and column, or the `--set` it is in.
 */
export function readValues(options: { set?: string[]; values?: string[] }, cwd: string): Values {
  const wrong: string[] = [];
  let merged: Values = {};
  const take = (read: { value?: Values; problems: Problem[] }, line: (problem: Problem) => string) => {
    wrong.push(...read.problems.map(line));
    merged = mergeValues(merged, read.value ?? {});
  };
  for (const file of options.values ?? []) {
    const text = readText(resolve(cwd, file), {
      shown: file,
      by: '--values',
      hint: 'Give the path of a YAML file of values',
    });
    take(readDocument(text, kind), (problem) => problemLine(file, problem));
  }
  for (const word of options.set ?? []) take(readSetting(word), ({ message }) => `--set ${word}: ${message}`);
  if (wrong.length === 0) return merged;
  throw problemsFailure('the set of values', wrong, {
    code: 'bad-values',
    hint: `The values are: ${Object.keys(valuesSchema.properties).join(', ')}`,
  });
}

function readSetting(word: string): { value?: Values; problems: Problem[] } {
  const refused = (message: string) => ({ problems: [{ at: { line: 1, column: 1 }, message }] });
  const sign = word.indexOf('=');
  if (sign <= 0) return refused('must be name=value');
  const path = word.slice(0, sign).split('.');
  if (path.some((step) => step === '' || step === '__proto__'))
    return refused(`${JSON.stringify(word.slice(0, sign))} is not a name, nor names joined by dots`);
  return readField(path, word.slice(sign + 1), kind);
}
