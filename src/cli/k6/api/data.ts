import { textOf } from '../language/coerce.js';
import { Constructible, callNow, known } from '../language/machine.js';
import type { Vu } from './vu.js';

/** `k6/data`: what is made once and read by all VUs. */
export const dataMembers: Record<string, unknown> = {
  SharedArray: new Constructible('SharedArray', ([name, make], machine) => {
    const { once } = (machine as Vu).around;
    const key = `array ${textOf(name)}`;
    if (!once.has(key)) once.set(key, callNow(make, [], machine));
    return once.get(key);
  }),
};

/** Rows of a CSV text: quoted fields with doubled quotes, any line end (RFC 4180). */
function csvRows(text: string, delimiter = ','): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  const endField = () => {
    row.push(field);
    field = '';
  };
  const endRow = () => {
    endField();
    rows.push(row);
    row = [];
  };
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (text[i + 1] === '"') {
        field += '"';
        i++;
      } else quoted = false;
    } else if (letter === '"' && field === '') quoted = true;
    else if (letter === delimiter) endField();
    else if (letter === '\n') endRow();
    else if (letter !== '\r') field += letter;
  }
  if (field !== '' || row.length > 0) endRow();
  return rows;
}

/** Papa Parse, as k6's jslib has it: a text to rows, or, with `header`, to objects. */
export const papaParse = known('parse', ([text, options]) => {
  const { header, delimiter, skipEmptyLines } = (options ?? {}) as Record<string, unknown>;
  const all = csvRows(textOf(text), typeof delimiter === 'string' && delimiter !== '' ? delimiter : ',');
  const rows = skipEmptyLines ? all.filter((row) => row.some((field) => field !== '')) : all;
  const [names = [], ...rest] = rows;
  if (header !== true) return { data: rows, errors: [] };
  const named = (row: string[]) =>
    Object.fromEntries(names.map((name, i) => [name, row[i]]).filter(([name]) => name !== '__proto__'));
  return { data: rest.map(named), errors: [] };
});
