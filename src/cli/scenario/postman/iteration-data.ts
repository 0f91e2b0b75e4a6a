import { extname } from 'node:path';
import { type NamedFile, readText } from '../../kernel/files.js';
import { parseJson } from '../../kernel/json.js';
import { parsedJson } from './collection.js';
import { newmanCsvRows } from './newman-csv.js';

/**
 * The rows of a data file as newman takes them: JSON if it is that, else CSV. JSON that is no list stands for one iteration
 * without data. Throws Failure.
 */
export function readIterationData(path: string, file: NamedFile): unknown[] {
  const { shown } = file;
  const text = readText(path, { hint, ...file, latin: true });
  const json = jsonOf(text, shown);
  if (json === undefined) return newmanCsvRows(text, shown);
  return Array.isArray(json) ? json : [{}];
}

const hint = 'Give the path of a CSV file with a header line, or of a JSON list of objects';

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
