import { Argument, type Command } from 'commander';
import type { Context } from '../context/context.js';
import { type Declarations, type Declared, DeclaredOption, gathered, type OptionsOf } from './option.js';
import { readValue, type ValueKind } from './value-kind.js';

/** What stands on a command line beside flags: `<shell>`, `[part]`, `[stack...]`. */
export interface Operand<T> {
  readonly usage: string;
  readonly what: string;
  readonly kind: ValueKind<unknown>;
  /** The text whose value it has where it is not given. */
  readonly fallback?: string;
  /** Never there: carries the type. */
  readonly value?: () => T;
}

type OperandValue<U extends string, T> = U extends `${string}...${string}`
  ? T[]
  : U extends `[${string}`
    ? T | undefined
    : T;

/** Declares an operand. */
export function operand<const U extends string, T>(
  usage: U,
  what: string,
  kind: ValueKind<T>,
): Operand<OperandValue<U, T>>;
export function operand<const U extends string, T>(
  usage: U,
  what: string,
  kind: ValueKind<T>,
  fallback: string,
): Operand<T>;
export function operand(usage: string, what: string, kind: ValueKind<unknown>, fallback?: string): Operand<unknown> {
  return { usage, what, kind, fallback };
}

type ValuesOf<A extends readonly Operand<unknown>[]> = {
  -readonly [I in keyof A]: A[I] extends Operand<infer T> ? T : never;
};

/** What becomes of a command: what it tells the program, which has the process. */
export interface Ends {
  exit(code: number): void;
  /** It has no end of its own and is there to be read: it ends when nobody reads stdout any more (`| head`). */
  withReader(): void;
}

/** What each module in commands/ exports as `define`: adds operands, flags and an action to its own Command. */
export type Define = (command: Command, context: Context, ends: Ends) => void;

/** Where nothing is run: the flags alone are looked at. */
export const noEnds: Ends = { exit: () => undefined, withReader: () => undefined };

/** A command below another one. */
interface Subcommand {
  name: string;
  summary: string;
  define: Define;
}

interface Parts<A extends readonly Operand<unknown>[], D extends Declarations> {
  operands?: A;
  options?: D;
  /** Stands at the end of its help. */
  help?(context: Context): string;
  commands?: readonly Subcommand[];
  endsWithReader?(options: OptionsOf<D>): boolean;
  /** Does it; gives the exit code, 0 where there is none. */
  run?(
    operands: ValuesOf<A>,
    options: OptionsOf<D> & { json?: boolean },
    context: Context,
  ): Promise<number> | Promise<void>;
}

/** Flags and operands, declared once, and what is done with their values, which are checked and typed by then. */
export function defineCommand<
  const A extends readonly Operand<unknown>[] = [],
  D extends Declarations = Record<never, Declared<unknown>>,
>(parts: Parts<A, D>): Define {
  const { operands = [], options = {}, help, commands = [], endsWithReader, run } = parts;
  return (command, context, ends) => {
    for (const one of operands) command.addArgument(new DeclaredArgument(one, command, context));
    addOptions(command, options, context);
    if (help !== undefined) command.addHelpText('after', () => help(context));
    for (const { name, summary, define } of commands) {
      const child = command.command(name).summary(summary).description(summary).option('--json', jsonWhat);
      define(child, context, ends);
    }
    if (run === undefined) return;
    command.action(async (...given: unknown[]) => {
      // Commander gives a flag to the outermost command that knows it, wherever it stands.
      const all = command.optsWithGlobals();
      const values = { ...gathered(options, all), json: all.json } as OptionsOf<D> & { json?: boolean };
      if (endsWithReader?.(values) === true) ends.withReader();
      const code = await run(given.slice(0, operands.length) as ValuesOf<A>, values, context);
      if (typeof code === 'number') ends.exit(code);
    });
  };
}

/** Adds declared flags to a command. */
export function addOptions(command: Command, options: Declarations, context: Context): void {
  for (const [key, declared] of Object.entries(options)) {
    const option = new DeclaredOption(declared, context);
    if (option.attributeName() !== key) throw new Error(`${declared.flags} is declared as ${key}`);
    command.addOption(option);
  }
}

/** What `--json` does, in every help. */
export const jsonWhat = 'one JSON document (or NDJSON) on stdout';

/** How a command is called: `hwctl scenario show`. */
function callOf(command: Command): string {
  return command.parent === null ? 'hwctl' : `${callOf(command.parent)} ${command.name()}`;
}

/** An operand as commander takes it. */
export class DeclaredArgument extends Argument {
  constructor(
    readonly declaration: Operand<unknown>,
    command: Command,
    context: Context,
  ) {
    super(declaration.usage, declaration.what);
    const { kind, fallback } = declaration;
    const label = this.name();
    this.argParser<unknown>((text, before) => {
      const value = readValue(kind, label, text, context, callOf(command));
      return this.variadic ? [...((before as unknown[] | undefined) ?? []), value] : value;
    });
    if (kind.words !== undefined) this.argChoices = [...kind.words];
    if (fallback !== undefined) this.default(kind.read(fallback, context, label), fallback);
  }
}
