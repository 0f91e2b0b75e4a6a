import { posix } from 'node:path';

/** What the last stage of a Dockerfile does, as far as its program can be run without it. */
export interface DockerStage {
  /** Folder in which the program runs, in the image. */
  workdir: string;
  /** ENTRYPOINT and CMD together; undefined where it says neither. */
  command: string[] | undefined;
  /** Line, from 1, of what says so. */
  line: number;
  env: Record<string, string>;
  /** What is taken from the context, and where to; absolute in the image. */
  copies: { from: string[]; to: string }[];
  /** Commands of RUN, of all stages. */
  runs: string[];
}

/** Reads a Dockerfile (https://docs.docker.com/reference/dockerfile): what other stages make is not looked into. Runs nothing. */
export function readDockerfile(text: string): DockerStage {
  const stage: DockerStage = { workdir: '/', command: undefined, line: 1, env: {}, copies: [], runs: [] };
  let entrypoint: string[] | undefined;
  let cmd: string[] | undefined;
  for (const { word, rest, line } of instructionsOf(text)) {
    switch (word) {
      case 'FROM':
        Object.assign(stage, { workdir: '/', env: {}, copies: [] });
        entrypoint = cmd = undefined;
        break;
      case 'WORKDIR':
        stage.workdir = posix.resolve(stage.workdir, unquoted(rest));
        break;
      case 'ENV':
        for (const [name, value] of variablesOf(rest)) stage.env[name] = value;
        break;
      case 'COPY':
      case 'ADD':
        addCopy(stage, rest);
        break;
      case 'RUN':
        stage.runs.push(rest);
        break;
      case 'ENTRYPOINT':
        entrypoint = wordsOf(rest);
        // What came before it belongs to another one.
        cmd = undefined;
        stage.line = line;
        break;
      case 'CMD':
        cmd = wordsOf(rest);
        if (entrypoint === undefined) stage.line = line;
    }
  }
  const command = [...(entrypoint ?? []), ...(cmd ?? [])];
  return { ...stage, command: command.length === 0 ? undefined : command };
}

function instructionsOf(text: string): { word: string; rest: string; line: number }[] {
  const found: { word: string; rest: string; line: number }[] = [];
  let open: { text: string; line: number } | undefined;
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*#/.test(line) || (open === undefined && line.trim() === '')) continue;
    const continues = /\\\s*$/.test(line);
    const part = line.replace(/\\\s*$/, ' ');
    open = open === undefined ? { text: part, line: at + 1 } : { ...open, text: open.text + part };
    if (continues) continue;
    const [, word, rest] = /^\s*([a-z]+)\s+([\s\S]*)$/i.exec(open.text) ?? [];
    if (word !== undefined && rest !== undefined)
      found.push({ word: word.toUpperCase(), rest: rest.trim(), line: open.line });
    open = undefined;
  }
  return found;
}

function addCopy(stage: DockerStage, rest: string): void {
  const given = rest.replace(/^(?:--(?!from=)\S+\s+)*/, '');
  if (/^--from=|<</.test(given)) return;
  const words = given.startsWith('[') ? (listOf(given) ?? []) : given.split(/\s+/);
  const to = words.at(-1);
  if (words.length < 2 || to === undefined) return;
  stage.copies.push({ from: words.slice(0, -1), to: posix.resolve(stage.workdir, to) });
}

/** The exec form as it is; the shell form as words, or as a line for a shell where it needs one. */
function wordsOf(rest: string): string[] | undefined {
  if (rest.startsWith('[')) return listOf(rest);
  if (/[|&;<>`()*?~]|\$\(|^\w+=/.test(rest)) return ['sh', '-c', rest];
  const words = [...rest.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
  return /\$/.test(rest) ? ['sh', '-c', rest] : words;
}

function listOf(text: string): string[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.length > 0 && list.every((word) => typeof word === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

/** `A=1 B="two words"`, and the old `A the rest`. */
function variablesOf(rest: string): [string, string][] {
  if (!/^[\w.-]+=/.test(rest)) {
    const [, name, value] = /^([\w.-]+)\s+([\s\S]*)$/.exec(rest) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value.trim()]];
  }
  return [...rest.matchAll(/([\w.-]+)=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)/g)].map(([, name = '', value = '']) => [
    name,
    unquoted(value),
  ]);
}

function unquoted(text: string): string {
  const inner = /^(["'])([\s\S]*)\1$/.exec(text.trim())?.[2];
  return inner ?? text.trim();
}
