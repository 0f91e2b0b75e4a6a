type Schema = Record<string, unknown>;

/**
 * The keywords of a JSON Schema, each as `place.name`, and which of them a document uses. A place is an object with fields
 * of its own; objects with the same fields at several places (a source, a request's body) are one.
 */
export class SchemaKeywords {
  readonly all = new Set<string>();
  readonly #places = new Map<string, string>();

  constructor(private readonly root: Schema) {
    this.#gather(root, 'file');
    for (const [name, definition] of Object.entries((root.$defs ?? {}) as Record<string, Schema>))
      this.#gather(definition, name);
  }

  /** Adds the keywords that `document` uses to `used`. */
  use(document: unknown, used: Set<string>): void {
    this.#walk(this.root, document, used);
  }

  #gather(schema: unknown, place: string): void {
    if (schema === null || typeof schema !== 'object') return;
    if (Array.isArray(schema)) {
      for (const each of schema) this.#gather(each, place);
      return;
    }
    const { properties, items, additionalProperties, anyOf } = schema as Schema;
    if (properties !== undefined) {
      const here = this.#placeOf(schema as Schema, place);
      for (const [name, inner] of Object.entries(properties as Schema)) {
        this.all.add(`${here}.${name}`);
        this.#gather(inner, name);
      }
    }
    for (const inner of [items, additionalProperties, anyOf]) this.#gather(inner, place);
  }

  /** What an object is called: by what it stands under and what it must have. */
  #placeOf({ properties, required }: Schema, place: string): string {
    const names = JSON.stringify(Object.keys(properties as Schema));
    const needs = ((required as string[] | undefined) ?? []).join(' and ');
    const known = this.#places.get(names);
    if (known !== undefined) return known;
    const made = needs === '' ? place : `${place} with ${needs}`;
    this.#places.set(names, made);
    return made;
  }

  #walk(given: unknown, value: unknown, used: Set<string>): void {
    if (given === null || typeof given !== 'object') return;
    const schema = this.#resolved(given as Schema);
    const { properties, items, additionalProperties, anyOf } = schema;
    if (Array.isArray(value)) {
      for (const each of value) this.#walk(items, each, used);
    } else if (value !== null && typeof value === 'object') {
      for (const [name, inner] of Object.entries(value)) {
        const field = (properties as Schema | undefined)?.[name];
        if (field !== undefined) used.add(`${this.#placeOf(schema, '')}.${name}`);
        this.#walk(field ?? additionalProperties, inner, used);
      }
    }
    const option = this.#fitting((anyOf ?? []) as Schema[], value);
    if (option !== undefined) this.#walk(option, value, used);
  }

  /** The alternative that is of the value's kind: that of the step or member which the value's fields name, for example. */
  #fitting(options: readonly Schema[], value: unknown): Schema | undefined {
    const kind = Array.isArray(value) ? 'array' : value !== null && typeof value === 'object' ? 'object' : 'scalar';
    return options
      .map((option) => this.#resolved(option))
      .find((option) => {
        if (option.anyOf !== undefined) return this.#fitting(option.anyOf as Schema[], value) !== undefined;
        if (kind === 'scalar') return option.type !== 'object' && option.type !== 'array';
        if (option.type !== kind) return false;
        if (kind === 'array') return this.#suitsItems(option, value as unknown[]);
        return ((option.required ?? []) as string[]).every((name) => Object.hasOwn(value as object, name));
      });
  }

  #suitsItems({ items }: Schema, value: unknown[]): boolean {
    const item = this.#resolved((items ?? {}) as Schema);
    return item.type !== 'array' || value.some(Array.isArray);
  }

  #resolved(schema: Schema): Schema {
    const name = /^#\/\$defs\/(\w+)$/.exec(String(schema.$ref))?.[1];
    if (name === undefined) return schema;
    return (this.root.$defs as Record<string, Schema>)[name]!;
  }
}
