/** A piece of shell text in somebody's file, read as data. */
export interface ShellBlock {
  /** Line of the file at which `text` begins, from 1. */
  line: number;
  text: string;
  dialect: 'posix' | 'powershell';
  /** Values of the variables that the file sets around the block (a Makefile's). */
  variables?: ReadonlyMap<string, string>;
  /** Target of a Makefile that the lines belong to. */
  target?: string;
}

const shells = new Set([
  'sh',
  'bash',
  'shell',
  'zsh',
  'console',
  'shell-session',
  'shellscript',
  'terminal',
  'cmd',
  'bat',
]);
const powershells = new Set(['powershell', 'ps1', 'ps', 'pwsh', 'posh']);
/** A block without a language, and a span in a sentence, is shell where it begins with one of these. */
const programs =
  /^(?:[$>#]\s+|PS [^>]*>\s*)?(?:sudo\s+)?(?:helm|kubectl|k|minikube|docker|podman|nerdctl|docker-compose|newman|skaffold|k6|locust|ab|hey|wrk|fortio|make|istioctl|kustomize|kind|git|cd|curl|npm|go|export)(?:\s|$)/;

/** The shell text of a Markdown page (CommonMark 4.4, 4.5 and 6.1): fenced and indented blocks, and spans that are a command. */
export function blocksOfMarkdown(text: string): ShellBlock[] {
  const lines = text.split(/\r?\n/);
  const blocks: ShellBlock[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const fence = /^(\s*(?:>\s?)*(?:[-*+]\s+|\d+[.)]\s+)?)(`{3,}|~{3,})\s*\{?\.?([\w-]*)/.exec(lines[at]!);
    if (fence !== null) {
      const end = endOfFence(lines, at + 1, fence[2]!);
      const body = lines.slice(at + 1, end).map((line) => line.replace(/^\s*(?:>\s?)+/, ''));
      const block = fenced(body, fence[3]!.toLowerCase(), at + 2);
      if (block !== undefined) blocks.push(block);
      at = end;
    } else if (/^(?: {4}|\t)\S/.test(lines[at]!) && programs.test(lines[at]!.trim())) {
      let end = at;
      while (end < lines.length && /^(?: {4}|\t)/.test(lines[end]!)) end += 1;
      blocks.push({
        line: at + 1,
        text: lines
          .slice(at, end)
          .map((line) => line.trim())
          .join('\n'),
        dialect: 'posix',
      });
      at = end - 1;
    } else blocks.push(...spans(lines[at]!, at + 1));
  }
  return blocks;
}

function endOfFence(lines: readonly string[], from: number, mark: string): number {
  const closing = new RegExp(`^\\s*(?:>\\s?)*\\${mark[0]}{${mark.length},}\\s*$`);
  let end = from;
  while (end < lines.length && !closing.test(lines[end]!)) end += 1;
  return end;
}

function fenced(body: readonly string[], language: string, line: number): ShellBlock | undefined {
  const text = body.join('\n');
  if (powershells.has(language)) return { line, text, dialect: 'powershell' };
  if (shells.has(language)) return { line, text, dialect: dialectOf(body) };
  if (language !== '' && language !== 'text' && language !== 'txt' && language !== 'plaintext') return undefined;
  return body.some((each) => programs.test(each.trim())) ? { line, text, dialect: dialectOf(body) } : undefined;
}

/** A backtick at the end of a line is PowerShell's continuation; in a POSIX shell it would open a substitution. */
function dialectOf(body: readonly string[]): ShellBlock['dialect'] {
  const continued = body.filter((line) => /\S\s*`\s*$/.test(line) && (line.match(/`/g) ?? []).length % 2 === 1);
  return continued.length > 0 ? 'powershell' : 'posix';
}

function spans(line: string, number: number): ShellBlock[] {
  if (line.length > 2_000 || !line.includes('`')) return [];
  return [...line.matchAll(/(`+)(?!`)(.+?)(?<!`)\1(?!`)/g)]
    .map((match) => match[2]!.trim())
    .filter((text) => programs.test(text) && /\s/.test(text))
    .map((text) => ({ line: number, text, dialect: 'posix' as const }));
}

/** The recipes of a Makefile (GNU make 5, 6): a block a target, with the variables that have one plain value. */
export function blocksOfMakefile(text: string): ShellBlock[] {
  const lines = text.split(/\r?\n/);
  const variables = new Map<string, string>();
  for (const line of lines) {
    // Nobody's value: what follows costs the square of its length.
    if (line.length > longestValue) continue;
    const set = /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*(?::{0,3}|\?)=(.*)$/.exec(line);
    if (set !== null && !variables.has(set[1]!)) variables.set(set[1]!, plainValue(set[2]!.trim(), variables));
  }
  const blocks: ShellBlock[] = [];
  let target: string | undefined;
  for (let at = 0; at < lines.length; at += 1) {
    const rule = /^([\w./%-]+(?:\s+[\w./%-]+)*)\s*::?(?!=)/.exec(lines[at]!);
    if (rule !== null) target = rule[1];
    if (!lines[at]!.startsWith('\t') || target === undefined) continue;
    let end = at;
    while (end < lines.length && (lines[end]!.startsWith('\t') || lines[end - 1]?.endsWith('\\') === true)) end += 1;
    const recipe = lines.slice(at, end).map((line) => shellOfRecipe(line.replace(/^\t[@+-]*/, '')));
    blocks.push({ line: at + 1, text: recipe.join('\n'), dialect: 'posix', variables, target });
    at = end - 1;
  }
  return blocks;
}

/** Characters of a line that sets a variable of a Makefile, and of the value that comes of it. */
const longestValue = 2_000;

function plainValue(text: string, variables: ReadonlyMap<string, string>): string {
  const full = text.replace(/\$[({]([\w.-]+)[)}]/g, (all, name: string) => variables.get(name) ?? all);
  // `B=$(A)$(A)`, `C=$(B)$(B)`, ... is twice as long each time.
  const value = full.length > longestValue ? text : full;
  // make hands the quotes on to the shell, which takes them off.
  return value.replace(/\s+#.*$/, '').replace(/^(['"])(.*)\1$/, '$2');
}

/** `$(NAME)` of make is `${NAME}` of a shell, and `$$` its dollar; make's functions stay as they are, a substitution to the reader. */
function shellOfRecipe(line: string): string {
  return line.replace(/\$\$|\$[({]([A-Za-z_][\w.-]*)[)}]/g, (_all, name: string | undefined) =>
    name === undefined ? '$' : `\${${name}}`,
  );
}
