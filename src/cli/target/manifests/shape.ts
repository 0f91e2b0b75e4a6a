import { didYouMean } from '../../kernel/nearest.js';
import { type FieldPath, formatPath, type Problems, type YamlSource } from './yaml-source.js';

/**
 * What a value must look like. A list holds the shape of its items; an object names its fields, `name?` an optional one,
 * `*` any other. `any` is taken as it is: it is somebody else's business (the API server's, in most cases).
 */
export type ManifestShape =
  | 'string'
  | 'number'
  | 'integer'
  | 'boolean'
  | 'any'
  | 'port'
  | readonly [ManifestShape]
  | { readonly [field: string]: ManifestShape };

/** Compares the value at `path` with a shape; whatever does not fit goes to `problems`. */
export function checkShape(
  value: unknown,
  shape: ManifestShape,
  source: YamlSource,
  path: FieldPath,
  problems: Problems,
): boolean {
  const before = problems.details.length;
  if (typeof shape === 'string') {
    const wrong = scalarProblem(value, shape);
    if (wrong !== undefined) problems.add(source, path, wrong);
  } else if (Array.isArray(shape)) {
    if (!Array.isArray(value)) problems.add(source, path, `must be a list, is ${describe(value)}`);
    else for (const [index, item] of value.entries()) checkShape(item, shape[0], source, [...path, index], problems);
  } else {
    checkFields(value, shape as { readonly [field: string]: ManifestShape }, source, path, problems);
  }
  return problems.details.length === before;
}

function checkFields(
  value: unknown,
  shape: { readonly [field: string]: ManifestShape },
  source: YamlSource,
  path: FieldPath,
  problems: Problems,
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.add(source, path, `must hold fields, is ${describe(value)}`);
    return;
  }
  const fields = value as Record<string, unknown>;
  const known = Object.keys(shape).map((name) => name.replace(/\?$/, ''));
  for (const [name, child] of Object.entries(shape)) {
    if (name === '*') continue;
    const optional = name.endsWith('?');
    const field = optional ? name.slice(0, -1) : name;
    if (fields[field] !== undefined && fields[field] !== null) {
      checkShape(fields[field], child, source, [...path, field], problems);
    } else if (!optional) {
      problems.add(source, path, `the field ${JSON.stringify(formatPath([field]))} is missing`);
    }
  }
  for (const [name, child] of Object.entries(fields)) {
    if (known.includes(name)) continue;
    const other = shape['*'];
    if (other !== undefined) checkShape(child, other, source, [...path, name], problems);
    else problems.add(source, [...path, name], `there is no such field${didYouMean(name, known)}`);
  }
}

function scalarProblem(value: unknown, shape: 'string' | 'number' | 'integer' | 'boolean' | 'any' | 'port') {
  switch (shape) {
    case 'any':
      return undefined;
    case 'integer':
      return Number.isSafeInteger(value) ? undefined : `must be a whole number, is ${describe(value)}`;
    case 'port':
      if (typeof value === 'string' && value !== '') return undefined;
      return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535
        ? undefined
        : `must be a port (1 to 65535) or a port's name, is ${describe(value)}`;
    case 'string':
      if (typeof value === 'number' || typeof value === 'boolean')
        return `must be text, is ${describe(value)}; put it in quotes`;
      return typeof value === 'string' ? undefined : `must be text, is ${describe(value)}`;
    default:
      return typeof value === shape ? undefined : `must be a ${shape}, is ${describe(value)}`;
  }
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return `the ${typeof value === 'string' ? 'text' : typeof value} ${JSON.stringify(value)}`;
}
