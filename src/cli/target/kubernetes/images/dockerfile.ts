/** An instruction of a Dockerfile (https://docs.docker.com/reference/dockerfile). */
export interface Instruction {
  /** On which it begins, from 1. */
  line: number;
  /** On one line, its parts one space apart. */
  text: string;
}

/** The instructions of a Dockerfile, with continued lines joined, comments and the lines of here-documents left out. */
export function readInstructions(source: string): Instruction[] {
  const lines = source.replace(/^\uFEFF/, '').split(/\r?\n/);
  const end = continuation(lines);
  const instructions: Instruction[] = [];
  let open: Instruction | undefined;
  let ends: string[] = [];
  for (const [at, raw] of lines.entries()) {
    const text = raw.trim();
    if (ends.length > 0) {
      if (text === ends[0]) ends.shift();
      continue;
    }
    // Comments and empty lines may stand within a continued instruction.
    if (text === '' || text.startsWith('#')) continue;
    const isContinued = text.endsWith(end);
    const part = isContinued ? text.slice(0, -1).trim() : text;
    if (open === undefined) open = { line: at + 1, text: part };
    else open.text = `${open.text} ${part}`;
    if (isContinued) continue;
    instructions.push({ ...open, text: oneSpaced(open.text) });
    if (/^(?:RUN|COPY|ADD)\b/i.test(open.text))
      ends = [...open.text.matchAll(/<<-?(["']?)(\w+)\1/g)].map((match) => match[2]!);
    open = undefined;
  }
  return open === undefined ? instructions : [...instructions, { ...open, text: oneSpaced(open.text) }];
}

/** What continues a line: a backslash, unless a directive at the top says otherwise. */
function continuation(lines: readonly string[]): string {
  for (const line of lines) {
    const [, name, value] = /^#[ \t]*(\w+)[ \t]*=[ \t]*(\S+)/.exec(line.trim()) ?? [];
    if (name === undefined) break;
    if (name.toLowerCase() === 'escape' && value === '`') return '`';
  }
  return '\\';
}

/** A text whose white space counts for nothing. */
export function oneSpaced(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
