import { type Argument, Command, type Option } from 'commander';
import type { Context } from '../context/context.js';
import { jsonWhat, noEnds } from '../options/define-command.js';
import { DeclaredOption } from '../options/option.js';
import { commandEntries } from '../registry.js';
import { type Kind, kinds, oneOf } from './kinds.js';
import type { Candidate } from './sources.js';

/** What may stand in place of the last word of a command line; the words before it are without the program's name. */
export async function completeWords(words: readonly string[], context: Context): Promise<Candidate[]> {
  const word = words.at(-1) ?? '';
  const found = await candidates(words.slice(0, -1), word, context);
  // A name with control characters would act on the terminal that lists it.
  return found.filter((candidate) => candidate.word.startsWith(word) && !/\p{Cc}/u.test(candidate.word));
}

async function candidates(before: readonly string[], word: string, context: Context): Promise<readonly Candidate[]> {
  const names = commandEntries.map((entry) => ({ word: entry.name, description: entry.summary }));
  const [name, ...rest] = before.filter((each) => !each.startsWith('-'));
  if (name === undefined) return word.startsWith('-') ? rootFlags : [...names, helpCommand];
  if (name === 'help') return rest.length === 0 ? names : [];
  const command = await defined(name, context);
  return command === undefined ? [] : new Line(command, before.slice(before.indexOf(name) + 1), context).at(word);
}

const helpCommand: Candidate = { word: 'help', description: 'show help for a command' };
const rootFlags: readonly Candidate[] = [
  { word: '--help', description: 'show help' },
  { word: '-h', description: 'show help' },
  { word: '--version', description: 'print the version' },
  { word: '-V', description: 'print the version' },
];

/** A command with all its flags, as the program knows it; undefined where there is none of that name. */
export async function defined(name: string, context: Context): Promise<Command | undefined> {
  const entry = commandEntries.find((each) => each.name === name);
  if (entry === undefined) return undefined;
  const command = new Command(name).option('--json', jsonWhat);
  (await entry.load()).define(command, context, noEnds);
  return command;
}

/** The words between a command and the cursor, read as commander reads them. */
class Line {
  private readonly operands: string[] = [];
  private readonly values = new Map<string, string[]>();
  /** The option whose value comes next. */
  private pending: Option | undefined;
  private onlyOperands = false;

  constructor(
    private command: Command,
    words: readonly string[],
    private readonly context: Context,
  ) {
    for (const word of words) this.read(word);
  }

  private read(word: string): void {
    if (this.pending !== undefined) {
      this.note(this.pending, word);
      this.pending = undefined;
    } else if (this.onlyOperands || !/^-./.test(word)) this.readOperand(word);
    else if (word === '--') this.onlyOperands = true;
    else {
      const { option, value } = this.readFlag(word);
      if (option === undefined) return;
      if (takesValue(option) && value === undefined) this.pending = option;
      else this.note(option, value);
    }
  }

  private readOperand(word: string): void {
    const child = this.operands.length === 0 ? this.command.commands.find((each) => each.name() === word) : undefined;
    if (child === undefined) this.operands.push(word);
    else this.command = child;
  }

  /** `--flag`, `--flag=value`, `-f`, `-fvalue`; several letters without a value may stand together (`-kd`). */
  private readFlag(word: string): { option?: Option; value?: string } {
    if (word.startsWith('--')) {
      const sign = word.indexOf('=');
      const option = this.find(sign < 0 ? word : word.slice(0, sign));
      return { option, value: sign < 0 ? undefined : word.slice(sign + 1) };
    }
    for (let at = 1; at < word.length; at += 1) {
      const option = this.find(`-${word.charAt(at)}`);
      if (option === undefined) return {};
      if (takesValue(option)) return { option, value: word.slice(at + 1) || undefined };
      this.note(option);
    }
    return {};
  }

  private find(flag: string): Option | undefined {
    return this.options().find((option) => namesOf(option).includes(flag));
  }

  /** Those of the command first; a command's parent takes its own wherever they stand. */
  private options(): Option[] {
    const options: Option[] = [];
    for (let command: Command | null = this.command; command !== null; command = command.parent) {
      const known = options.map(keyOf);
      options.push(...command.options.filter((option) => !option.hidden && !known.includes(keyOf(option))));
    }
    return options;
  }

  private note(option: Option, value = ''): void {
    this.values.set(keyOf(option), [...(this.values.get(keyOf(option)) ?? []), value]);
  }

  at(word: string): readonly Candidate[] | Promise<readonly Candidate[]> {
    if (this.pending !== undefined) return this.valuesOf(this.pending, word);
    if (this.onlyOperands || !word.startsWith('-')) return this.operandsAt(word);
    const { option, value } = word === '-' ? {} : this.readFlag(word);
    if (option === undefined || value === undefined) return this.flags();
    return takesValue(option) ? this.valuesOf(option, value, word.slice(0, word.length - value.length)) : [];
  }

  private async operandsAt(word: string): Promise<readonly Candidate[]> {
    const { registeredArguments: known, commands } = this.command;
    const last = known.at(-1);
    const argument = known[this.operands.length] ?? (last?.variadic ? last : undefined);
    const children =
      this.operands.length > 0 || this.onlyOperands
        ? []
        : commands.map((child) => ({ word: child.name(), description: child.description() }));
    if (argument === undefined) return children;
    const given = argument.variadic ? this.operands.slice(known.length - 1) : [];
    const found = await this.ask(kindOf(this.command, argument), word, given);
    return [...found.filter((candidate) => !given.includes(candidate.word)), ...children];
  }

  private async valuesOf(option: Option, word: string, head = ''): Promise<readonly Candidate[]> {
    const given = this.values.get(keyOf(option)) ?? [];
    const found = await this.ask(kindOf(this.command, option), word, given);
    return found.map((candidate) => ({ ...candidate, word: head + candidate.word }));
  }

  private ask(kind: Kind | undefined, word: string, given: readonly string[]): ReturnType<Kind> {
    const options = new Map([...this.values].map(([key, values]) => [key, values.at(-1) ?? '']));
    return kind === undefined ? [] : kind({ word, given, options, context: this.context });
  }

  /** Those that may still be given: the command's own, and --json, which a parent takes for it. */
  private flags(): Candidate[] {
    const open = this.options().filter(
      (option) =>
        (this.command.options.includes(option) || option.long === '--json') &&
        (!this.values.has(keyOf(option)) || isRepeatable(option)),
    );
    return [
      ...open.flatMap((option) => namesOf(option).map((word) => ({ word, description: option.description }))),
      ...['--help', '-h'].map((word) => ({ word, description: 'show help' })),
    ];
  }
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

/** Both names; commander takes a long one in the place of the short one, too. */
function namesOf(option: Option): string[] {
  return [option.long, option.short].filter((name) => name !== undefined && name !== null);
}

function keyOf(option: Option): string {
  return option.long ?? option.short ?? option.flags;
}

/** Whether a flag gathers its values. */
export function isRepeatable(option: Option): boolean {
  return option instanceof DeclaredOption && option.declaration.gathering !== 'last';
}

/** The kind of what stands behind a flag or in the place of an argument; undefined where the table has no row for it. */
export function kindOf(command: Command, place: Option | Argument): Kind | undefined {
  if (place.argChoices !== undefined) return oneOf(place.argChoices);
  return rowsOf(command, place)
    .map((row) => (Object.hasOwn(kinds, row) ? kinds[row] : undefined))
    .find((kind) => kind !== undefined);
}

/** The rows of the table that a place looks for, the narrowest first. */
export function rowsOf(command: Command, place: Option | Argument): string[] {
  const path = pathOf(command);
  if (!('flags' in place)) return [`${path} <${place.name()}>`, `<${place.name()}>`];
  const bracket = /[<[](.+?)(?:\.\.\.)?[>\]]/.exec(place.flags)?.[1] ?? '';
  return [`${path} ${keyOf(place)}`, keyOf(place), `<${bracket}>`];
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
