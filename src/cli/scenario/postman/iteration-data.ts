import { extname } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { parseJson } from '../../kernel/json.js';
import { parsedJson } from './collection.js';
import { newmanCsvRows } from './newman-csv.js';
import { readTextFile } from './text-file.js';

/**
 * The rows of a data file as newman takes them: JSON if it is that, else CSV. JSON that is no list stands for one iteration
 * without data. Throws Failure.
 */
export function readIterationData(file: string): unknown[] {
  const text = readText(file);
  const json = jsonOf(text, file);
  if (json === undefined) return newmanCsvRows(text, file);
  return Array.isArray(json) ? json : [{}];
}

function readText(file: string): string {
  try {
    return readTextFile(file);
  } catch (error) {
    throw new Failure({
      code: 'bad-data',
      message: `${file} cannot be read: ${(error as Error).message}`,
      hint: 'Give the path of a CSV file with a header line, or of a JSON list of objects',
      cause: error,
    });
  }
}

/** undefined for CSV. newman would read broken JSON as CSV too: nobody who names a file so means that. */
function jsonOf(text: string, file: string): unknown {
  if (extname(file).toLowerCase() === '.json') return parsedJson(text, file, 'a JSON list of objects') ?? {};
  try {
    // As in newman, `0`, `null`, `false` and `""` are CSV.
    return parseJson(text) || undefined;
  } catch {
    return undefined;
  }
}
