import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { Failure } from '../../kernel/failure.js';
import { type CollectionJson, readJson } from '../postman/collection.js';
import { fromHar } from './from-har.js';
import { fromOpenApi } from './from-openapi.js';
import { fromPostman } from './from-postman.js';
import type { Converted } from './to-postman.js';

/** A Postman collection, an OpenAPI 3 document (JSON or YAML) or a HAR recording as a scenario. Throws Failure for anything else. */
export async function importDocument(file: string, shown: string): Promise<Converted> {
  const document = readDocument(file, shown);
  if (typeof document.openapi === 'string' && document.openapi.startsWith('3.')) return fromOpenApi(document);
  if (document.log !== undefined) return fromHar(document);
  const collection = (document.collection ?? document) as CollectionJson;
  if (typeof collection.info === 'object' && Array.isArray(collection.item)) return fromPostman(collection);
  throw new Failure({
    code: 'unknown-format',
    message: `${shown} is neither a Postman collection (v2), nor an OpenAPI 3 document, nor a HAR recording`,
    hint: document.swagger === undefined ? 'Check the file' : 'Convert Swagger 2 to OpenAPI 3 first',
  });
}

function readDocument(file: string, shown: string): Record<string, unknown> {
  let value: unknown;
  if (/\.ya?ml$/.test(file)) {
    try {
      value = parse(readFileSync(file, 'utf8'));
    } catch (error) {
      const hint = 'Give the path of an OpenAPI document';
      throw new Failure({ code: 'bad-yaml', message: `${shown}: ${(error as Error).message.split('\n')[0]}`, hint });
    }
  } else value = readJson(file, 'a Postman collection, an OpenAPI document or a HAR recording');
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Failure({ code: 'unknown-format', message: `${shown}: expected an object`, hint: 'Check the file' });
}
