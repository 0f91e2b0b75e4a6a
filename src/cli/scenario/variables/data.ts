import { extname } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { type NamedFile, readText } from '../../kernel/files.js';
import { parseJson } from '../../kernel/json.js';

const hint = 'A data file is CSV with a header line, or a JSON list of objects';

/**
 * Rows of a data file: a JSON list of objects, or CSV with a header line. Throws Failure naming the file and what is wrong.
 * Encodings are those that a collection's data may have.
 */
export function readRows(path: string, file: NamedFile): Record<string, unknown>[] {
  const { shown } = file;
  const text = readText(path, { hint, ...file, latin: true });
  const rows = extname(path).toLowerCase() === '.json' ? jsonRows(text, shown) : csvRows(text, shown);
  if (rows.length === 0) throw badData(shown, 'there are no rows');
  return rows;
}

function jsonRows(text: string, file: string): Record<string, unknown>[] {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw badData(file, (error as Error).message);
  }
  const sound =
    Array.isArray(value) && value.every((row) => row !== null && typeof row === 'object' && !Array.isArray(row));
  if (!sound) throw badData(file, 'expected a list of objects');
  return value as Record<string, unknown>[];
}

/** CSV by RFC 4180; numbers, true and false become values where that changes nothing of them. Collections read theirs as newman does. */
export function csvRows(text: string, file: string): Record<string, unknown>[] {
  const [header, ...lines] = csvRecords(text, file);
  if (header === undefined) return [];
  return lines.map((fields, index) => {
    if (fields.length !== header.length)
      throw badData(file, `row ${index + 2} has ${fields.length} fields, the header has ${header.length}`);
    return Object.fromEntries(header.map((name, i) => [name.trim(), typed(fields[i]!)]));
  });
}

function csvRecords(text: string, file: string): string[][] {
  const records: string[][] = [];
  let fields: string[] = [];
  let at = 0;
  while (at < text.length) {
    let value: string;
    if (text[at] === '"') [value, at] = quotedField(text, at + 1, file);
    else {
      const end = /[,\r\n]|$/g;
      end.lastIndex = at;
      const stop = end.exec(text)!.index;
      value = text.slice(at, stop);
      at = stop;
    }
    fields.push(value);
    if (text[at] === ',') {
      at++;
      if (at === text.length || /[\r\n]/.test(text[at]!)) fields.push('');
      else continue;
    }
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    if (fields.length > 1 || fields[0] !== '') records.push(fields);
    fields = [];
  }
  return records;
}

function quotedField(text: string, from: number, file: string): [string, number] {
  let value = '';
  let at = from;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw badData(file, `the quote at line ${text.slice(0, from).split('\n').length} is never closed`);
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') return [value, quote + 1];
    value += '"';
    at = quote + 2;
  }
}

function typed(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  // 007 and 1e400 stay texts: reading them as numbers would change them.
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) && String(Number(text)) === text ? Number(text) : text;
}

function badData(file: string, problem: string): Failure {
  return new Failure({
    code: 'bad-data',
    message: `${file}: ${problem}`,
    hint,
  });
}
