import { isAbsolute, join } from 'node:path';
import type { ErrorObject } from 'ajv';
import { didYouMean } from '../../kernel/nearest.js';
import { mergeValues } from './merge-values.js';
import { type Values, valuesSchema } from './values-schema.js';
import { type FieldPath, Problems, parseYaml, readYaml, type YamlSource } from './yaml-source.js';

/**
 * Reads values files in their order and, over them, `--set name.name=value` in theirs. A value is read as YAML reads it.
 * Throws Failure `bad-values` with every problem: file, line and field, or the `--set` it is in.
 */
export async function readValues(options: { set?: string[]; values?: string[] }, cwd: string): Promise<Values> {
  const problems = new Problems();
  const sources: YamlSource[] = [];
  for (const file of options.values ?? [])
    sources.push(...readYaml(isAbsolute(file) ? file : join(cwd, file), file, problems));
  for (const word of options.set ?? []) sources.push(...readSet(word, problems));
  if (sources.length > 0) await validate(sources, problems);
  problems.throwIfAny('bad-values', 'these values cannot be used', `The values are: ${valueNames().join(', ')}`);
  return sources.reduce((merged, source) => mergeValues(merged, source.value as Values), {} as Values);
}

function valueNames(): string[] {
  return Object.keys(valuesSchema.properties);
}

function readSet(word: string, problems: Problems): YamlSource[] {
  const at = word.indexOf('=');
  const place = `--set ${word}`;
  if (at <= 0) {
    problems.details.push(`${place}: must be name=value`);
    return [];
  }
  const path = word.slice(0, at).split('.');
  if (path.some((step) => step === '' || step === '__proto__')) {
    problems.details.push(`${place}: ${JSON.stringify(word.slice(0, at))} is not a name, nor names joined by dots`);
    return [];
  }
  const text = word.slice(at + 1);
  const scalar = parseYaml(text, place, problems)[0]?.value;
  // What YAML would make a map of (`a: b`) is meant as it is written.
  const value = typeof scalar === 'object' || scalar === undefined ? text : scalar;
  return [
    {
      file: place,
      value: path.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value),
      placeOf: () => place,
    },
  ];
}

async function validate(sources: YamlSource[], problems: Problems): Promise<void> {
  const { Ajv } = (await import('ajv')).default;
  const check = new Ajv({ allErrors: true, verbose: true, strict: false }).compile(valuesSchema);
  for (const source of sources) {
    if (check(source.value)) continue;
    for (const error of check.errors ?? []) {
      const path = pathOf(error.instancePath);
      const message = explain(error);
      if (message !== undefined) problems.add(source, [...path, ...unknownField(error)], message);
    }
  }
}

function pathOf(pointer: string): FieldPath {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

function unknownField(error: ErrorObject): string[] {
  return error.keyword === 'additionalProperties' ? [String(error.params.additionalProperty)] : [];
}

/** In words; undefined for what ajv says twice. */
function explain(error: ErrorObject): string | undefined {
  switch (error.keyword) {
    case 'additionalProperties': {
      const known = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {});
      const names = known.length > 0 ? known : error.instancePath === '' ? valueNames() : [];
      return `there is no such value${didYouMean(String(error.params.additionalProperty), names)}`;
    }
    case 'enum':
      return `must be one of ${(error.params.allowedValues as string[]).join(', ')}`;
    case 'oneOf':
      return 'must be a number (0 to 100), or a number for each service by name';
    case 'pattern':
      return 'is not written as such a value must be';
    default:
      // The branches of a oneOf say nothing that the oneOf does not.
      return error.schemaPath.includes('/oneOf/') ? undefined : error.message;
  }
}
