import { posix } from 'node:path';
import type { ShellBlock } from './shell-blocks.js';

/** One command of a shell block, as it would be called; nothing of it has been executed. */
export interface ShellCommand {
  /** Program and arguments, quotes and known variables resolved. */
  argv: string[];
  /** Line of the file on which it begins, from 1. */
  line: number;
  /** The line as it stands in the file, continuations joined. */
  text: string;
  /** Folder in which it would run, relative to the repository; undefined after a `cd` that nobody can follow. */
  folder: string | undefined;
  /** What a here-document or a pipe of `cat` gives to its standard input. */
  input?: { text: string } | { path: string };
  /** Why the command cannot be taken as it stands: substitutions, unset variables, control flow, pipes. */
  unclear: string[];
}

interface Word {
  text: string;
  /** `>`, `2>`, `<` and their kin, which the shell takes for itself. */
  redirects: boolean;
  unclear: string[];
}

type Token = { word: Word } | { operator: string };

/** Words by which a shell decides what it executes: what they do, only it can know. */
export const control: ReadonlySet<string> = new Set([
  'if',
  'then',
  'else',
  'elif',
  'fi',
  'for',
  'while',
  'until',
  'do',
  'done',
  'case',
  'esac',
  'function',
  '[',
  '[[',
]);

/**
 * Reads a shell block into commands, POSIX XCU 2 or PowerShell: continuations, prompts, comments, quotes, `&&`, `;`, pipes,
 * here-documents, variables set in the same block, `cd`. What only a shell can know is named in `unclear`, never guessed.
 */
export function commandsOf(block: ShellBlock, folder: string): ShellCommand[] {
  const state = { folder: folder as string | undefined, variables: new Map(block.variables), depth: 0 };
  return logicalLines(block).flatMap((line) => {
    // make calls a shell for each line of a recipe (GNU make 5.3): a `cd` ends with its line.
    if (block.target !== undefined) state.folder = folder;
    return commandsOfLine(line, block, state);
  });
}

interface LogicalLine {
  text: string;
  line: number;
  /** Lines of a here-document that the line opens. */
  document: string | undefined;
}

const prompt = /^\s*(?:[\w.-]+@[\w.-]+[^$#]*[$#]|PS [^>]*>|\$|>(?!>)|%)\s+/;

function logicalLines(block: ShellBlock): LogicalLine[] {
  const raw = block.text.split('\n');
  // Where some lines have a prompt, the others are what the commands printed.
  const prompted = raw.some((line) =>
    /^\s*(?:\$|PS [^>]*>|[\w.-]+@[\w.-]+[^$#]*[$#])\s+\S/.test(line.slice(0, longestPrompt)),
  );
  const lines: LogicalLine[] = [];
  for (let at = 0; at < raw.length; at += 1) {
    const line = block.line + at;
    if (prompted && !prompt.test(raw[at]!.slice(0, longestPrompt))) continue;
    const parts = [prompted ? raw[at]!.replace(prompt, '') : raw[at]!];
    while (at + 1 < raw.length && parts.length < mostParts && continues(parts.at(-1)!, block.dialect)) {
      at += 1;
      parts.push(raw[at]!.replace(/^\s*>\s+/, ''));
    }
    let text = parts
      .map((part, index) => (index === parts.length - 1 ? part : part.trimEnd().replace(/[\\`^]$/, '')).trim())
      .join(' ');
    // Nobody's command; what is generated is not read by anyone.
    if (text.length > longest) continue;
    const opened = block.dialect === 'posix' ? /(?<!<)<<(?!<)-?\s*(['"]?)([A-Za-z_]\w*)\1/.exec(text) : null;
    let document: string | undefined;
    if (opened !== null) {
      let end = at + 1;
      while (end < raw.length && raw[end]!.trim() !== opened[2]) end += 1;
      document = raw.slice(at + 1, end).join('\n');
      at = end;
      text = text.replace(opened[0], '');
    }
    if (text.trim() !== '') lines.push({ text: text.trim(), line, document });
  }
  return lines;
}

/** Characters of a command that is read, and lines over which it may go. */
const longest = 8_000;
/** A prompt stands at the begin of its line: what is looked through for one costs the square of its length. */
const longestPrompt = 200;
const mostParts = 200;

function continues(text: string, dialect: ShellBlock['dialect']): boolean {
  const end = text.slice(-200);
  if (dialect === 'powershell' && /(?:^|\s)`\s*$/.test(end)) return true;
  return /(?:^|[^\\])\\\s*$/.test(end) || /(?:&&|\|\|?)\s*$/.test(end) || /\s\^\s*$/.test(end);
}

interface Running {
  folder: string | undefined;
  variables: Map<string, string>;
  /** Loops and branches that are open. */
  depth: number;
}

const opens = new Set(['if', 'for', 'while', 'until', 'case']);
const closes = new Set(['fi', 'done', 'esac']);

function commandsOfLine(line: LogicalLine, block: ShellBlock, state: Running): ShellCommand[] {
  const commands: ShellCommand[] = [];
  let piped: ShellCommand | undefined;
  let words: Word[] = [];
  const end = (operator: string) => {
    const command = words.length === 0 ? undefined : commandOf(words, line, state);
    words = [];
    if (command !== undefined) {
      if (piped !== undefined) joinPipe(piped, command, commands);
      commands.push(command);
    }
    piped = operator === '|' ? command : undefined;
  };
  for (const token of tokens(line.text, block.dialect, state.variables)) {
    if ('word' in token) words.push(token.word);
    else if (/[<>]/.test(token.operator)) words.push({ text: token.operator, redirects: true, unclear: [] });
    else end(token.operator);
  }
  end('');
  return commands;
}

/** `cat FILE | program` is an input; of any other pipe the second half depends on what the first prints. */
function joinPipe(first: ShellCommand, second: ShellCommand, commands: ShellCommand[]): void {
  if (first.argv[0] === 'cat' && first.argv.length === 2 && first.unclear.length === 0) {
    second.input = first.input ?? { path: first.argv[1]! };
    commands.splice(commands.indexOf(first), 1);
  } else if (first.argv[0] === 'cat' && first.argv.length === 1 && first.input !== undefined) {
    second.input = first.input;
    commands.splice(commands.indexOf(first), 1);
  } else second.unclear.push(`its input is what ${first.argv[0]} prints`);
}

function commandOf(words: Word[], line: LogicalLine, state: Running): ShellCommand | undefined {
  const set = /^([A-Za-z_]\w*)=(.*)$/s;
  let rest = words;
  if (rest[0]?.text === 'export' || rest[0]?.text === 'set') rest = rest.slice(1);
  const assigned: Word[] = [];
  while (rest[0] !== undefined && set.test(rest[0].text)) assigned.push(rest.shift()!);
  for (const word of assigned) {
    const [, name = '', value = ''] = set.exec(word.text)!;
    if (word.unclear.length === 0) state.variables.set(name, value);
    else state.variables.delete(name);
  }
  const powershell = /^\$(?:env:)?([A-Za-z_]\w*)$/.exec(rest[0]?.text ?? '');
  if (powershell !== null && rest[1]?.text === '=') {
    state.variables.set(powershell[1]!, rest[2]?.text ?? '');
    return undefined;
  }
  if (rest.length === 0) return undefined;
  if (rest[0]!.text === 'sudo') rest = rest.slice(1);
  const { kept, input } = withoutRedirections(rest);
  const all = kept.map(({ text }) => text);
  // `then X`, `do X`: X is the command.
  const argv = all.length > 1 && /^(?:then|do|else)$/.test(all[0]!) ? all.slice(1) : all;
  if (argv.length === 0) return undefined;
  const unclear = [...new Set(kept.flatMap((word) => word.unclear))];
  if (opens.has(argv[0]!)) state.depth += 1;
  if (closes.has(argv[0]!)) state.depth = Math.max(0, state.depth - 1);
  if (control.has(argv[0]!)) unclear.push('control flow of a shell');
  else if (state.depth > 0) unclear.push('it stands in a loop or a branch');
  if (argv[0] === 'cd' || argv[0] === 'pushd') {
    state.folder = folderAfter(state.folder, unclear.length > 0 ? undefined : (argv[1] ?? '~'));
    return undefined;
  }
  const given = line.document === undefined ? input : { text: line.document };
  return { argv, line: line.line, text: line.text, folder: state.folder, ...(given && { input: given }), unclear };
}

function folderAfter(from: string | undefined, to: string | undefined): string | undefined {
  if (from === undefined || to === undefined || to.startsWith('/') || to.startsWith('~') || to === '-')
    return undefined;
  const folder = posix.normalize(posix.join(from, to.replaceAll('\\', '/')));
  return folder.startsWith('..') ? undefined : folder.replace(/\/$/, '');
}

function withoutRedirections(words: readonly Word[]): { kept: Word[]; input: ShellCommand['input'] } {
  const kept: Word[] = [];
  let input: ShellCommand['input'];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (!word.redirects) kept.push(word);
    else {
      const path = words[at + 1]?.text;
      if (word.text === '<' && path !== undefined) input = { path };
      if (!word.text.includes('&')) at += 1;
    }
  }
  return { kept, input };
}

/** Words and operators of a line; what is between quotes is one word, and a comment ends the line. */
function* tokens(
  text: string,
  dialect: ShellBlock['dialect'],
  variables: ReadonlyMap<string, string>,
): Generator<Token> {
  let word: Word | undefined;
  const escapes = dialect === 'powershell' ? '`' : '\\';
  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    const rest = text.slice(at);
    const operator = /^(?:&&|\|\||;;?|\||&(?!>)|\d?>>?(?:&\d)?|&>|<(?!<)|[()](?=\s|$))/.exec(rest);
    if (/\s/.test(char)) {
      if (word !== undefined) yield { word };
      word = undefined;
      at += 1;
    } else if (char === '#' && word === undefined) break;
    else if (operator !== null && (word === undefined || !/^\d/.test(operator[0]))) {
      // A place to fill in, `<name>`, is no redirection.
      const blank = /^<[\w .|/-]+>/.exec(rest);
      if (blank !== null) {
        word ??= { text: '', redirects: false, unclear: [] };
        word.text += blank[0];
        word.unclear.push(`${blank[0]} is to be filled in`);
        at += blank[0].length;
        continue;
      }
      if (word !== undefined) yield { word };
      word = undefined;
      yield { operator: operator[0] };
      at += operator[0].length;
    } else {
      word ??= { text: '', redirects: false, unclear: [] };
      at = takePart(word, text, at, { escape: escapes, dialect, variables });
    }
  }
  if (word !== undefined) yield { word };
}

interface Reading {
  escape: string;
  dialect: ShellBlock['dialect'];
  variables: ReadonlyMap<string, string>;
}

/** Adds the character, quoted part or expansion at `at` to the word; returns where the next one begins. */
function takePart(word: Word, text: string, at: number, reading: Reading): number {
  const char = text[at]!;
  if (char === reading.escape) {
    // Nobody escapes a letter: it is a path as Windows writes it.
    if (reading.dialect === 'posix' && /^\\[A-Za-z0-9_]/.test(text.slice(at, at + 2))) {
      word.text += '/';
      return at + 1;
    }
    word.text += text[at + 1] ?? '';
    return at + 2;
  }
  if (char === "'") {
    const end = text.indexOf("'", at + 1);
    word.text += text.slice(at + 1, end === -1 ? undefined : end);
    if (end === -1) word.unclear.push('a quote is not closed');
    return end === -1 ? text.length : end + 1;
  }
  if (char === '"') {
    let next = at + 1;
    while (next < text.length && text[next] !== '"') {
      if (text[next] === reading.escape && /["\\$`\n]/.test(text[next + 1] ?? '')) {
        word.text += text[next + 1];
        next += 2;
      } else if (text[next] === '$' || (text[next] === '`' && reading.dialect === 'posix'))
        next = expand(word, text, next, reading);
      else {
        word.text += text[next];
        next += 1;
      }
    }
    if (next >= text.length) word.unclear.push('a quote is not closed');
    return next + 1;
  }
  if (char === '$' || char === '`') return expand(word, text, at, reading);
  word.text += char;
  return at + 1;
}

function expand(word: Word, text: string, at: number, { variables }: Reading): number {
  const rest = text.slice(at);
  // The folder of the call: paths are read from it.
  if (/^\$(?:PWD\b|\{PWD\}|\(pwd\))/.test(rest)) {
    word.text += '.';
    return at + /^\$(?:PWD\b|\{PWD\}|\(pwd\))/.exec(rest)![0].length;
  }
  const substitution = rest.startsWith('$(')
    ? endOfSubstitution(text, at + 2)
    : rest.startsWith('`')
      ? text.indexOf('`', at + 1) + 1
      : -1;
  if (rest.startsWith('$(') || rest.startsWith('`')) {
    const end = substitution <= 0 ? text.length : substitution;
    word.text += text.slice(at, end);
    word.unclear.push(`${text.slice(at, end)} is known to a shell alone`);
    return end;
  }
  const named = /^\$(?:env:)?(?:\{([A-Za-z_][\w.-]{0,200})(?::?-([^}]{0,1000}))?\}|([A-Za-z_]\w*))/.exec(rest);
  if (named === null) {
    word.text += '$';
    return at + 1;
  }
  const name = named[1] ?? named[3] ?? '';
  const value = variables.get(name) ?? named[2];
  // `B=$A$A; C=$B$B; ...` is twice as long each time.
  const isTooLong = value !== undefined && word.text.length + value.length > longest;
  word.text += isTooLong ? named[0] : (value ?? named[0]);
  if (value === undefined) word.unclear.push(`${named[0]} is set nowhere in the block`);
  if (isTooLong) word.unclear.push(`${named[0]} is too long to be read`);
  return at + named[0].length;
}

function endOfSubstitution(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    else if (text[at] === ')' && --depth === 0) return at + 1;
  }
  return text.length;
}
