import { Failure } from '../../kernel/failure.js';

type Cell = string | number | undefined;

const blank = /[ \t\r\n\f]/;

/**
 * Rows of a CSV text exactly as newman reads them, which is csv-parse 4.16 with the options in newman's lib/run/options.js
 * (columns, trim, relax, relax_column_count, its own cast): a short row has fewer members, a long one's rest is dropped, an
 * empty line is a row, unquoted cells are trimmed and become numbers wherever `parseFloat` finds one. Throws Failure.
 */
export function newmanCsvRows(text: string, file: string): Record<string, Cell>[] {
  const [header = [], ...records] = new CsvReader(text, file).records();
  const names = header.map((name, i) => {
    if (typeof name === 'string') return name;
    throw badCsv(file, 1, `the column ${i + 1} is named ${name}: newman takes no number for a name. Quote it`);
  });
  return records.map((cells) =>
    Object.fromEntries(cells.slice(0, names.length).map((cell, i): [string, Cell] => [names[i]!, cell])),
  );
}

/** csv-parse's own steps over the characters, one field at a time. */
class CsvReader {
  #record: Cell[] = [];
  #field = '';
  #quoting = false;
  #quoted = false;
  /** The first line end found is the only one from there on. */
  #lineEnd: string | undefined;
  readonly #records: Cell[][] = [];

  constructor(
    private readonly text: string,
    private readonly file: string,
  ) {}

  records(): Cell[][] {
    const { text } = this;
    for (let at = 0; at < text.length; at++) {
      if (this.#quoting) at = this.#inQuotes(at);
      else if (text[at] === '"' && this.#field === '') this.#quoting = true;
      else at = this.#outside(at);
    }
    if (this.#quoting) throw this.#bad(text.length, 'a quote is never closed');
    if (this.#quoted || this.#record.length > 0 || this.#field !== '') this.#endRecord();
    return this.#records;
  }

  #inQuotes(at: number): number {
    const { text } = this;
    if (text[at] !== '"') {
      this.#append(text[at]!, at);
      return at;
    }
    const next = text[at + 1];
    if (next === '"') {
      this.#append('"', at);
      return at + 1;
    }
    this.#quoting = false;
    this.#quoted = true;
    if (next !== undefined && next !== '\0' && next !== ',' && !blank.test(next))
      throw this.#bad(at, `${JSON.stringify(next)} stands after a closing quote`);
    return at;
  }

  #outside(at: number): number {
    const { text } = this;
    const char = text[at]!;
    if (this.#lineEnd === undefined && (char === '\r' || char === '\n'))
      this.#lineEnd = text.startsWith('\r\n', at) ? '\r\n' : char;
    if (this.#lineEnd !== undefined && text.startsWith(this.#lineEnd, at)) {
      this.#endRecord();
      return at + this.#lineEnd.length - 1;
    }
    if (char === ',') this.#endField();
    else if (this.#field !== '' || !blank.test(char)) this.#append(char, at);
    return at;
  }

  #append(char: string, at: number): void {
    if (!this.#quoted) this.#field += char;
    else if (!blank.test(char)) throw this.#bad(at, `${JSON.stringify(char)} stands after a closing quote`);
  }

  #endField(): void {
    this.#record.push(this.#quoted ? this.#field : typed(this.#field.trimEnd()));
    this.#field = '';
    this.#quoted = false;
  }

  #endRecord(): void {
    this.#endField();
    this.#records.push(this.#record);
    this.#record = [];
  }

  #bad(at: number, problem: string): Failure {
    return badCsv(this.file, this.text.slice(0, at).split(/\r\n|[\r\n]/).length, problem);
  }
}

/** newman's `csvAutoParse`. */
function typed(text: string): string | number {
  if (/^[-+]?[1-9]\d*$/.test(text)) return Number.parseInt(text, 10);
  return Number(text) - Number.parseFloat(text) + 1 >= 0 ? Number.parseFloat(text) : text;
}

function badCsv(file: string, line: number, problem: string): Failure {
  return new Failure({
    code: 'bad-data',
    message: `${file}:${line}: ${problem}`,
    hint: 'A data file is CSV with a header line, or a JSON list of objects',
  });
}
