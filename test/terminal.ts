/** What a terminal would do with a text: enough of ECMA-48 to see whether anything but text and our colours acts on it. */
export interface Screen {
  /** The lines, without their colours. */
  lines: string[];
  /** What acted on the terminal and may not. */
  acts: string[];
}

const ours = new Set(['1', '2', '22', '31', '32', '33', '34', '35', '36', '39', '90']);

/** Shows `text` on a terminal that is in its first state; colours that are left on at a line's end count as acting. */
export function screen(text: string): Screen {
  const acts: string[] = [];
  const lines: string[] = [''];
  let on = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    const color = /^\u001b\[(\d+)m/.exec(text.slice(i, i + 6));
    if (color !== null && ours.has(color[1]!)) {
      on += color[1] === '39' || color[1] === '22' ? -1 : 1;
      i += color[0].length - 1;
    } else if (char === '\n') {
      if (on !== 0) acts.push(`colour left on at the end of ${JSON.stringify(lines.at(-1))}`);
      on = 0;
      lines.push('');
    } else if (/[\ud800-\udfff]/.test(char) && !isPaired(text, i)) acts.push(`half of a pair: ${JSON.stringify(char)}`);
    else if (char !== '\t' && /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u.test(char))
      acts.push(`${JSON.stringify(char)} after ${JSON.stringify(lines.at(-1))}`);
    else lines[lines.length - 1] += char;
  }
  return { lines, acts };
}

function isPaired(text: string, i: number): boolean {
  return (text.codePointAt(i) ?? 0) > 0xffff || (i > 0 && (text.codePointAt(i - 1) ?? 0) > 0xffff);
}

/**
 * The lines that GitHub's runner takes for commands (actions/runner, ActionCommand.cs): `::` after blanks, `##[` anywhere;
 * none between `::stop-commands::TOKEN` and `::TOKEN::`. Azure's and TeamCity's `##word[` count as well.
 */
export function runnerCommands(text: string): string[] {
  const found: string[] = [];
  let stopped: string | undefined;
  for (const line of text.split(/[\r\n]+/)) {
    const trimmed = line.trimStart();
    if (stopped !== undefined) {
      if (trimmed === `::${stopped}::`) stopped = undefined;
      continue;
    }
    const stop = /^::stop-commands::(.+)$/.exec(trimmed);
    if (stop !== null) stopped = stop[1];
    else if (trimmed.startsWith('::') || /##\w*\[/.test(line)) found.push(line);
  }
  return found;
}
