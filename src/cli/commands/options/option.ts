import { Option } from 'commander';
import { readValue, type ValueContext, type ValueKind } from './value-kind.js';

/** How the values of a flag that is given several times come together. */
type Gathering = 'last' | 'list' | 'map';

/** A flag, declared once: help, completion, README, what is checked and the type of what it gives follow from it. */
export interface Declared<T> {
  /** As commander writes it: `-n, --iteration-count <n>`. */
  readonly flags: string;
  readonly what: string;
  /** Of its value; a flag without one is on or off. */
  readonly kind?: ValueKind<unknown>;
  readonly gathering: Gathering;
  /** The text whose value it has where it is not given. */
  readonly fallback?: string;
  readonly isMandatory?: boolean;
  /** Never there: carries the type. */
  readonly value?: () => T;
}

/** Flags by the names of their values: those that commander makes of them. */
export type Declarations = Readonly<Record<string, Declared<unknown>>>;

type ValueOf<D> = D extends Declared<infer T> ? T : never;
type Optional<D> = { [K in keyof D]: undefined extends ValueOf<D[K]> ? K : never }[keyof D];

/** What a command gets for its declared flags. */
export type OptionsOf<D extends Declarations> = { -readonly [K in Exclude<keyof D, Optional<D>>]: ValueOf<D[K]> } & {
  -readonly [K in Optional<D>]?: ValueOf<D[K]>;
};

/** Declares a flag that is on or off. */
export function toggle(flags: string, what: string): Declared<boolean | undefined> {
  return { flags, what, gathering: 'last' };
}

/** Declares a flag with a value; where it is not given the value is that of `fallback`, else undefined. */
export function option<T>(flags: string, what: string, kind: ValueKind<T>): Declared<T | undefined>;
export function option<T>(flags: string, what: string, kind: ValueKind<T>, fallback: string): Declared<T>;
export function option<T>(flags: string, what: string, kind: ValueKind<T>, fallback?: string): Declared<T | undefined> {
  return { flags, what, kind, gathering: 'last', fallback };
}

/** Declares a flag without which the command does nothing. */
export function mandatory<T>(flags: string, what: string, kind: ValueKind<T>): Declared<T> {
  return { flags, what, kind, gathering: 'last', isMandatory: true };
}

/** Declares a flag that may be given several times: a list of its values, empty where it is not given. */
export function repeated<T>(flags: string, what: string, kind: ValueKind<T>): Declared<T[]> {
  return { flags, what, kind, gathering: 'list' };
}

/** Declares a flag of pairs, given several times: of the same name the last counts. */
export function pairs<T>(
  flags: string,
  what: string,
  kind: ValueKind<readonly [name: string, value: T]>,
): Declared<Record<string, T>> {
  return { flags, what, kind, gathering: 'map' };
}

/** A declared flag as commander takes it. */
export class DeclaredOption extends Option {
  constructor(
    readonly declaration: Declared<unknown>,
    surroundings: ValueContext,
  ) {
    super(declaration.flags, declaration.what);
    const { kind, gathering, fallback, isMandatory } = declaration;
    if (isMandatory) this.makeOptionMandatory();
    if (kind === undefined) return;
    const flag = flagOf(declaration);
    this.argParser<unknown>((text, before) => {
      const value = readValue(kind, flag, text, surroundings);
      if (gathering === 'list') return [...((before as unknown[] | undefined) ?? []), value];
      if (gathering === 'map')
        return { ...(before as object | undefined), ...Object.fromEntries([value as [string, unknown]]) };
      return value;
    });
    if (kind.words !== undefined) this.argChoices = [...kind.words];
    if (fallback !== undefined) this.default(kind.read(fallback, surroundings, flag), fallback);
  }
}

/** The name that messages call a flag by: its first long one. */
function flagOf({ flags }: Pick<Declared<unknown>, 'flags'>): string {
  return /--[\w-]+/.exec(flags)?.[0] ?? flags;
}

/** Commander's values with what it leaves out: no value of a flag that gathers is an empty list or map. */
export function gathered(
  declarations: Declarations,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(declarations).flatMap(([key, { gathering }]) => {
      const value = given[key] ?? (gathering === 'list' ? [] : gathering === 'map' ? {} : undefined);
      return value === undefined ? [] : [[key, value]];
    }),
  );
}
