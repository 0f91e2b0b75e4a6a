import { setImmediate } from 'node:timers/promises';
import { parse } from 'yaml';
import { Failure } from '../../kernel/failure.js';
import { readText } from '../../kernel/files.js';
import { syntaxMessage } from '../../kernel/json.js';
import { type CollectionJson, parsedJson, readCollection } from '../postman/collection.js';
import { placesIn } from '../postman/places.js';
import { type Imported, written } from './draft/draft.js';
import { shownWrong } from './draft/given.js';
import { fromHar } from './har/from-har.js';
import { fromOpenApi, type Progress } from './openapi/from-openapi.js';
import { fromPostman } from './postman/from-postman.js';
import type { Converted } from './to-postman.js';

const kinds = 'a Postman collection (v2), an OpenAPI 3 document or a HAR recording';

/**
 * A Postman collection, an OpenAPI 3 document (JSON or YAML) or a HAR recording as a scenario. Throws Failure for anything
 * else, and where nothing of it can be carried over, and the reason of `signal` soon after it is aborted. `progress` is told
 * of the operations of an OpenAPI document, of which some have hundreds.
 */
export async function importDocument(
  file: string,
  shown: string,
  { signal, progress }: { signal?: AbortSignal; progress?: Progress } = {},
): Promise<Converted> {
  const { document, text } = readDocument(file, shown);
  const turn = async () => {
    await setImmediate();
    signal?.throwIfAborted();
  };
  const imported = await read(document, file, shown, async (done, total) => {
    await progress?.(done, total);
    await turn();
  });
  const told = imported.wrong.map(shownWrong);
  const { steps, ...converted } = await written({ ...imported, losses: [...told, ...imported.losses] }, turn);
  if (steps > 0) return converted;
  const placeOf = placesIn(text);
  const details = imported.wrong.map((wrong) => {
    const { line, column } = placeOf(wrong.path);
    return `${shown}:${line}:${column}: ${shownWrong(wrong)}`;
  });
  const rest = converted.losses.filter((loss) => !told.includes(loss)).map((loss) => `${shown}: ${loss}`);
  throw new Failure({
    code: 'nothing-to-import',
    message: `${shown} has no request that can be imported`,
    details: [...new Set([...details, ...rest])],
    hint: `Give ${kinds} with at least one request`,
  });
}

async function read(
  document: Record<string, unknown>,
  file: string,
  shown: string,
  progress: Progress,
): Promise<Imported> {
  if (document.openapi !== undefined && /^3(\.|$)/.test(String(document.openapi)))
    return fromOpenApi(document, progress);
  if (document.log !== undefined) return fromHar(document);
  const collection = document.collection ?? document;
  if (collection !== null && typeof collection === 'object' && 'info' in collection && !('openapi' in document)) {
    // The same check as before a run: all that is wrong, with its place.
    if (!/\.ya?ml$/.test(file)) return fromPostman((await readCollection(file, shown)).json);
    if ('item' in collection) return fromPostman(collection as CollectionJson);
  }
  throw new Failure({
    code: 'unknown-format',
    message: `${shown} is neither ${kinds.replace(', ', ', nor ').replace(' or ', ', nor ')}`,
    hint: document.swagger === undefined ? 'Check the file' : 'Convert Swagger 2 to OpenAPI 3 first',
  });
}

function readDocument(file: string, shown: string): { document: Record<string, unknown>; text: string } {
  const text = readText(file, { shown, hint: `Give the path of ${kinds}`, latin: true });
  const document = /\.ya?ml$/.test(file) ? parsedYaml(text, shown) : parsedJson(text, shown, kinds);
  if (document !== null && typeof document === 'object' && !Array.isArray(document))
    return { document: document as Record<string, unknown>, text };
  throw new Failure({ code: 'unknown-format', message: `${shown}: expected an object`, hint: `Give ${kinds}` });
}

function parsedYaml(text: string, shown: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const hint = 'Give the path of an OpenAPI document';
    throw new Failure({
      code: 'bad-yaml',
      message: `${shown}: ${syntaxMessage((error as Error).message.split('\n')[0]!)}`,
      hint,
    });
  }
}
