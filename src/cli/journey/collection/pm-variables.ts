import { randomInt } from 'node:crypto';
import { textOf } from '../../k6/language/coerce.js';
import { type GeneratedSource, generate, generatorNames } from '../../scenario/variables/generated.js';
import { Variables } from '../../scenario/variables/template.js';

/** Scopes of Postman's variables, those that hide the others first. */
export const scopeNames = ['variables', 'iterationData', 'environment', 'collectionVariables', 'globals'] as const;
export type ScopeName = (typeof scopeNames)[number];

/** The values that a collection's variables begin with. */
export type ScopeValues = Record<Exclude<ScopeName, 'variables' | 'iterationData'>, Record<string, unknown>> & {
  /** Rows of the data file; an iteration has one of them. */
  rows: Record<string, unknown>[];
};

/** What the names of a collection's requests stand for. */
export interface PostmanWords {
  /** What Postman calls each variable of the requests, by what the format calls it. */
  names: Record<string, string>;
  /** Postman's dynamic names (`$guid`) by the format's generators. */
  generators: Record<string, string>;
  /** Values of those that the format has no generator for, to choose from. */
  pools: Record<string, unknown[]>;
  /** Values of names that only the requests know: where their files are. */
  fixed: Record<string, unknown>;
}

/** What stands between two braces in a text of Postman's. */
const reference = /\{\{([^{}]*)\}\}/g;
/** As Postman's runtime: what stands for itself comes to an end. */
const mostRounds = 20;

/** The variables of one iteration of a collection: scopes that hide each other, and templates that are worked out at each use. */
export class PostmanVariables extends Variables {
  readonly scopes: Record<ScopeName, Map<string, unknown>>;

  constructor(
    values: ScopeValues,
    private readonly words: PostmanWords,
    private readonly made: GeneratedSource,
  ) {
    super([], made);
    const { rows } = values;
    const row = rows[(made.iteration - 1) % rows.length] ?? {};
    this.scopes = {
      variables: new Map(),
      iterationData: new Map(Object.entries(row)),
      environment: new Map(Object.entries(values.environment)),
      collectionVariables: new Map(Object.entries(values.collectionVariables)),
      globals: new Map(Object.entries(values.globals)),
    };
  }

  /** The value of a variable of Postman's; undefined where there is none. */
  find(name: string): unknown {
    for (const scope of scopeNames) {
      const found = this.scopes[scope].get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** All values, each as it is seen. */
  together(): Record<string, unknown> {
    return Object.assign({}, ...[...scopeNames].reverse().map((scope) => Object.fromEntries(this.scopes[scope])));
  }

  /** A variable of the requests, by the format's name. One without a value is sent as it is written. */
  override get(own: string): unknown {
    const { names, fixed } = this.words;
    if (Object.hasOwn(fixed, own)) return fixed[own];
    const name = Object.hasOwn(names, own) ? names[own]! : own;
    const value = this.#known(name);
    if (value === undefined) return `{{${name}}}`;
    return typeof value === 'string' ? this.replaceIn(value) : textOf(value);
  }

  /** A text of Postman's with all that is known put in. */
  replaceIn(text: string): string {
    let done = text;
    for (let round = 0; round < mostRounds && done.includes('{{'); round++) {
      const before = done;
      done = before.replace(reference, (whole, name: string) => {
        const value = this.#known(name);
        return value === undefined ? whole : textOf(value);
      });
      if (done === before) break;
    }
    return done;
  }

  /** `null` is a value: its text is `null`. */
  #known(name: string): unknown {
    const value = this.find(name);
    return value === undefined ? this.#dynamic(name) : value;
  }

  #dynamic(name: string): unknown {
    if (!name.startsWith('$')) return undefined;
    const { generators, pools } = this.words;
    const generator = generators[name.slice(1)];
    if (generator !== undefined) {
      const [word = '', args] = generator.replace(')', '').split('(');
      if (generatorNames.includes(word)) return generate(word, args === undefined ? [] : args.split(','), this.made);
    }
    const pool = pools[name];
    return pool === undefined || pool.length === 0 ? undefined : pool[randomInt(pool.length)];
  }
}
