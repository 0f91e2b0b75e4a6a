import { textOf } from '../../k6/language/coerce.js';
import { Callable, callNow, HostObject, known } from '../../k6/language/machine.js';
import { readMember } from '../../k6/language/properties.js';

/** Headers in order; a name may come again. */
export type HeaderLines = readonly (readonly [string, string])[];

/** All values of a header. */
export function headersOf(lines: HeaderLines, name: string): string[] {
  const wanted = name.toLowerCase();
  return lines.filter(([key]) => key.toLowerCase() === wanted).map(([, value]) => value);
}

/** `headers` of a request or a response: a list that scripts look into and, of a request that is not sent yet, change. */
export class HeaderValues extends HostObject {
  /** A script has changed them. */
  isChanged = false;

  constructor(private lines: (readonly [string, string])[]) {
    super();
  }

  /** As they are now. */
  get all(): [string, string][] {
    return this.lines.map(([key, value]) => [key, value]);
  }

  get(name: string): unknown {
    switch (name) {
      case 'get':
      case 'one':
        return known(name, ([key]) => {
          const [value] = headersOf(this.lines, textOf(key));
          return name === 'one' && value !== undefined ? { key: textOf(key), value } : value;
        });
      case 'has':
        return known(name, ([key]) => headersOf(this.lines, textOf(key)).length > 0);
      case 'add':
      case 'append':
        return known(name, ([line]) => {
          this.isChanged = true;
          this.lines.push(pairOf(line));
        });
      case 'upsert':
        return known(name, ([line]) => {
          const pair = pairOf(line);
          this.#remove(pair[0]);
          this.lines.push(pair);
        });
      case 'remove':
        return known(name, ([key]) => this.#remove(textOf(key)));
      case 'toObject':
        return known(name, () => Object.fromEntries(this.lines));
      case 'all':
        return known(name, () => this.#objects());
      case 'count':
        return known(name, () => this.lines.length);
      case 'each':
        return known(name, ([fn], machine) => {
          if (fn instanceof Callable) for (const line of this.#objects()) callNow(fn, [line], machine);
        });
      case 'items of':
        return this.#objects();
      case 'entries of':
        return this.lines;
      default:
        return undefined;
    }
  }

  #objects(): { key: string; value: string }[] {
    return this.lines.map(([key, value]) => ({ key, value }));
  }

  #remove(name: string): void {
    this.isChanged = true;
    this.lines = this.lines.filter(([key]) => key.toLowerCase() !== name.toLowerCase());
  }
}

/** `{ key, value }`, or a line `key: value`. */
export function pairOf(line: unknown): [string, string] {
  if (typeof line === 'string') {
    const cut = line.indexOf(':');
    return [line.slice(0, cut).trim(), line.slice(cut + 1).trim()];
  }
  return [textOf(readMember(line, 'key')), textOf(readMember(line, 'value') ?? '')];
}
