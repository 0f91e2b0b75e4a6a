import { isObject, kindOf, type Path, shownPath } from '../../postman/collection.js';

/** One thing that a document should not have, and where. */
export interface Wrong {
  path: Path;
  message: string;
}

export function shownWrong({ path, message }: Wrong): string {
  return path.length === 0 ? message : `${shownPath(path)}: ${message}`;
}

/** A value of a document by someone else, with its path. What is not of the kind that is asked for is noted and read as absent. */
export class Given {
  constructor(
    readonly value: unknown,
    readonly path: Path = [],
    readonly wrong: Wrong[] = [],
  ) {}

  /** The member or item; absent where this is neither object nor list. */
  at(key: string | number): Given {
    const { value } = this;
    const found = value !== null && typeof value === 'object' && Object.hasOwn(value, key);
    return new Given(
      found ? (value as Record<string | number, unknown>)[key] : undefined,
      [...this.path, key],
      this.wrong,
    );
  }

  get absent(): boolean {
    return this.value === undefined || this.value === null;
  }

  note(message: string): undefined {
    this.wrong.push({ path: this.path, message });
    return undefined;
  }

  #expected(what: string): undefined {
    return this.note(`expected ${what}, found ${kindOf(this.value)}`);
  }

  /** True for an object; anything else, nothing included, is noted. */
  isObject(): boolean {
    if (isObject(this.value)) return true;
    this.#expected('an object');
    return false;
  }

  /** Members in order; none where it is absent. */
  members(): [string, Given][] {
    if (this.absent || !this.isObject()) return [];
    return Object.keys(this.value as object).map((key) => [key, this.at(key)]);
  }

  /** Items in order; none where it is absent. */
  items(): Given[] {
    if (this.absent) return [];
    if (Array.isArray(this.value)) return this.value.map((_item, i) => this.at(i));
    this.#expected('a list');
    return [];
  }

  /** Items that are objects. */
  objects(): Given[] {
    return this.items().filter((each) => each.isObject());
  }

  /** Text; numbers and booleans as they are written. */
  text(): string | undefined {
    if (typeof this.value === 'string') return this.value;
    if (typeof this.value === 'number' || typeof this.value === 'boolean') return String(this.value);
    return this.absent ? undefined : this.#expected('text');
  }

  /** Text that must be there. */
  neededText(): string | undefined {
    return this.absent ? this.#expected('text') : this.text();
  }

  number(): number | undefined {
    if (typeof this.value === 'number') return this.value;
    return this.absent ? undefined : this.#expected('a number');
  }
}
