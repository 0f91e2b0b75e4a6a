import type { VariableScope } from 'postman-collection';
import { generatorNames, isVariableName } from '../../variables/generated.js';
import { variableName } from '../draft/draft.js';
import { literal } from '../draft/literal.js';

/** Postman's dynamic variables that the format has under another name. */
export const generatorOf: Readonly<Record<string, string>> = {
  guid: 'uuid',
  randomUUID: 'uuid',
  timestamp: 'timestamp',
  isoTimestamp: 'isoTimestamp',
  randomInt: 'int',
  randomBoolean: 'boolean',
  randomAlphaNumeric: 'text(1)',
  randomPassword: 'password',
  randomFirstName: 'firstName',
  randomLastName: 'lastName',
  randomFullName: 'fullName',
  randomUserName: 'userName',
  randomEmail: 'email',
  randomPhoneNumber: 'phone',
  randomCity: 'city',
  randomStreetAddress: 'street',
  randomWord: 'word',
};

/** What stands between two braces in a text of Postman's: anything but a brace, blanks included. */
const reference = /(\{\{[^{}]*\}\})/;

/** Puts Postman's variables into a text as its runtime does, and says which it knows. */
export interface PostmanValues {
  /** The text with every variable that has a value replaced, again and again, as the runtime does. */
  resolved(text: string): string;
  /** Whether Postman has a dynamic variable of this name (`$guid`). */
  isDynamic(name: string): boolean;
}

/** As `PostmanValues`, by postman-collection itself. */
export function postmanValues(
  replace: (text: string, variables: unknown[]) => string,
  ...variables: VariableScope['values'][]
): PostmanValues {
  return {
    resolved: (text) => replace(text, variables),
    isDynamic: (name) => replace(`{{${name}}}`, []) !== `{{${name}}}`,
  };
}

/** Names of Postman's variables, which may be any text, as names of the format: each has one of its own. */
export class PostmanNames {
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();

  /** `all`: every name that the collection mentions; those that are names of the format keep theirs. */
  constructor(
    all: readonly string[],
    private readonly values: PostmanValues,
    private readonly losses: string[],
    /** Dynamic names are variables like others: whoever runs it knows their values. */
    private readonly keepsDynamic = false,
  ) {
    for (const name of all) if (isVariableName(name)) this.#keep(name, name);
    for (const name of all) this.of(name);
  }

  /** The format's name for a variable of Postman's; one that differs is told. */
  of(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const own = this.free(variableName(name));
    this.#keep(name, own);
    if (own !== name) this.losses.push(`the name of the variable ${JSON.stringify(name)}: it is ${own} here`);
    return own;
  }

  /** A name like this one that no variable has. */
  free(wanted: string): string {
    let own = wanted;
    for (let number = 2; this.#taken.has(own); number++) own = `${wanted}_${number}`;
    return own;
  }

  /** The name of a variable that Postman does not have. */
  made(wanted: string): string {
    const own = this.free(variableName(wanted));
    this.#taken.add(own);
    return own;
  }

  /** What Postman calls the variable that is called `own` here. */
  original(own: string): string {
    return [...this.#names].find(([, name]) => name === own)?.[0] ?? own;
  }

  /** Every name, by what it is called here. */
  get originals(): Record<string, string> {
    return Object.fromEntries([...this.#names].map(([name, own]) => [own, name]));
  }

  #keep(name: string, own: string): void {
    this.#names.set(name, own);
    this.#taken.add(own);
  }

  /** A text of Postman's as a template of the format; any other two braces are only text. */
  template(text: string, losses: string[]): string {
    return text
      .split(reference)
      .map((part, i) => {
        const name = i % 2 === 1 ? part.slice(2, -2) : '';
        if (name === '') return literal(part);
        if (!name.startsWith('$') || (this.keepsDynamic && this.values.isDynamic(name))) return `{{${this.of(name)}}}`;
        const generator = generatorOf[name.slice(1)] ?? name.slice(1);
        const isKnown = this.values.isDynamic(name);
        if (isKnown && generatorNames.includes(generator.split('(')[0]!)) return `{{$${generator}}}`;
        // Postman leaves what it does not know as it is.
        if (!isKnown) return literal(part);
        losses.push(`{{${name}}} became a random word`);
        return '{{$word}}';
      })
      .join('');
  }
}

/** Every name that a text of Postman's refers to, dynamic ones left out. */
export function namesIn(text: string): string[] {
  return [...text.matchAll(/\{\{([^{}]*)\}\}/g)].map(([, name]) => name!).filter((name) => /^[^$]/.test(name));
}
