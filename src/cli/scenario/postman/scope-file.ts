import { resolve } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { readJson } from './collection.js';

/** An environment or globals file as JSON, `{}` where none is given. Throws Failure `bad-environment` for another kind of file. */
export function scopeJson(by: string, file: string | undefined, cwd: string): Record<string, unknown> {
  if (file === undefined) return {};
  const json = readJson(resolve(cwd, file), { shown: file, by }, 'a Postman environment or globals file');
  if (json !== null && typeof json === 'object' && !Array.isArray(json)) return json as Record<string, unknown>;
  throw new Failure({
    code: 'bad-environment',
    message: `${file} is not a Postman environment: expected an object with "values"`,
    hint: 'Export it from Postman',
  });
}
