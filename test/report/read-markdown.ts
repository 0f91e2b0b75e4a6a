/** What a reader of GitHub's Markdown makes of a document of ours: its parts, what stands in code, and what acts. */
export interface ReadMarkdown {
  /** `heading`, `table 3x5`, `fence`, `html`, `list 2`, `paragraph`: the shape. */
  parts: string[];
  /** Texts in code, in their order: spans, `<code>` and fences. */
  codes: string[];
  /** Links, mentions, pictures, HTML, emphasis, formulas: whatever is more than text, but for our own bold words. */
  acts: string[];
}

/**
 * Reads as much of GFM (github.github.com/gfm) as our documents use, and takes all else for acting. Where implementations
 * differ (a backslash before a pipe) it takes offence, too.
 */
export function readMarkdown(text: string): ReadMarkdown {
  const read: ReadMarkdown = { parts: [], codes: [], acts: [] };
  const lines = text.split(/\r\n|\n|\r/);
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!;
    if (line.trim() === '') {
      at++;
      continue;
    }
    const fence = /^ {0,3}(`{3,})([^`]*)$/.exec(line);
    if (fence !== null) {
      const close = new RegExp(`^ {0,3}\`{${fence[1]!.length},}[ \\t]*$`);
      const end = lines.findIndex((each, i) => i > at && close.test(each));
      if (end < 0) read.acts.push('a fence without an end');
      read.parts.push('fence');
      read.codes.push(lines.slice(at + 1, end < 0 ? undefined : end).join('\n'));
      at = end < 0 ? lines.length : end + 1;
      continue;
    }
    let end = lines.findIndex((each, i) => i > at && (each.trim() === '' || /^ {0,3}`{3}/.test(each)));
    if (end < 0) end = lines.length;
    readBlock(lines.slice(at, end), read);
    at = end;
  }
  return read;
}

function readBlock(lines: string[], read: ReadMarkdown): void {
  const [first = ''] = lines;
  if (/^<\/?details>/.test(first)) {
    read.parts.push('html');
    const tags = lines.join('\n').replace(/<\/?(details|summary)>/g, '');
    if (/[<>&]/.test(tags)) read.acts.push(`HTML: ${tags}`);
  } else if (/^#{2,4} /.test(first)) {
    read.parts.push('heading');
    if (lines.length > 1) read.acts.push(`a heading of ${lines.length} lines`);
    inline(first.replace(/^#+ /, ''), read);
  } else if (first.startsWith('|')) {
    const rows = lines.map(cellsOf);
    const widths = new Set(rows.map(({ length }) => length));
    if (widths.size > 1 || !rows[1]?.every((cell) => /^(---|--:)$/.test(cell))) read.acts.push(`no table: ${lines[0]}`);
    if (lines.some((line) => /\\\|/.test(line))) read.acts.push('a backslash before a pipe');
    read.parts.push(`table ${rows.length}x${rows[0]!.length}`);
    for (const cell of rows.filter((_, i) => i !== 1).flat()) inline(cell, read);
  } else if (first.startsWith('- ')) {
    read.parts.push(`list ${lines.length}`);
    for (const line of lines) {
      if (!line.startsWith('- ')) read.acts.push(`in a list: ${line}`);
      inline(line.slice(2), read);
    }
  } else {
    read.parts.push('paragraph');
    for (const line of lines) {
      if (/^( {4}|\t| {0,3}([-+*=>#]|\d+[.)]|~{3}|:?-+:?$))/.test(line) && !/^ {0,3}\*\*/.test(line))
        read.acts.push(`no paragraph: ${line}`);
      inline(line, read);
    }
  }
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}

/** One line: code spans first, then escapes, references and tags from the left. */
function inline(line: string, read: ReadMarkdown): void {
  let plain = '';
  let code: string | undefined;
  for (let at = 0; at < line.length; ) {
    const rest = line.slice(at);
    const [run = ''] = /^`+/.exec(rest) ?? [];
    if (run !== '') {
      const end = new RegExp(`(?<!\`)\`{${run.length}}(?!\`)`).exec(rest.slice(run.length));
      if (end === null) read.acts.push(`a backquote without its other: ${rest}`);
      const held = rest.slice(run.length, run.length + (end?.index ?? 0));
      read.codes.push(/^ .*[^ ].* $/.test(held) ? held.slice(1, -1) : held);
      plain += '\u0000';
      at += end === null ? run.length : end.index + 2 * run.length;
      continue;
    }
    const [whole = rest[0]!, escaped, number, tag] = /^(?:\\([!-/:-@[-`{-~])|&#(\d+);|(<\/?code>))/.exec(rest) ?? [];
    at += whole.length;
    if (tag !== undefined) {
      if ((tag === '<code>') === (code !== undefined)) read.acts.push(`${tag} out of order: ${line}`);
      if (code !== undefined) read.codes.push(code);
      code = tag === '<code>' ? '' : undefined;
      plain += '\u0000';
      continue;
    }
    const char = number === undefined ? (escaped ?? whole) : String.fromCodePoint(Number(number));
    if (escaped === undefined && number === undefined && /[\\&<>[\]~_|]/.test(char) && !/^< \d/.test(rest))
      read.acts.push(`${char} in ${line}`);
    if (
      escaped === undefined &&
      number === undefined &&
      char === '*' &&
      !/\*\*/.test(line.slice(Math.max(0, at - 2), at + 1))
    )
      read.acts.push(`* in ${line}`);
    if (code === undefined) plain += char;
    else code += char;
  }
  if (code !== undefined) read.acts.push(`<code> without an end: ${line}`);
  const lives = /[@$]|#\w|:\/\/|www\.|:(?!\d\d:)[\w+-]+:|\bGH-\d/i.exec(plain);
  if (lives !== null) read.acts.push(`${lives[0]} in ${plain}`);
}
