import { stripVTControlCharacters } from 'node:util';
import { type Instruction, oneSpaced, readInstructions } from './dockerfile.js';

/** What a line of a running build says. */
export interface BuildLine {
  /** `3/5`, where the engine counts. */
  step: string | undefined;
  instruction: string;
}

/**
 * The instruction that a line says has begun: `Step 3/5 : RUN npm ci` (docker's classic builder), `#7 [deps 3/5] RUN npm ci`
 * (BuildKit), `[1/2] STEP 3/5: RUN npm ci` (podman). Undefined for all other lines.
 */
export function instructionIn(line: string): BuildLine | undefined {
  const found =
    /^Step (\d+\/\d+) : (.+)$/.exec(line) ??
    /^(?:\[\d+\/\d+\] )?STEP (\d+\/\d+): (.+)$/.exec(line) ??
    /^#\d+ \[(?:[^\]]* )?(\d+\/\d+)\] (.+)$/.exec(line);
  return found === null ? undefined : { step: found[1], instruction: oneSpaced(found[2]!) };
}

/** Why a build failed. */
export interface BuildFailure {
  /** The instruction that failed; its line is 0 where the Dockerfile has none such. */
  instruction: Instruction | undefined;
  /** The last lines that it wrote. */
  output: string[];
  /** What the engine says, in one line. */
  said: string;
}

/** Lines of output that are shown of a failed instruction. */
const mostLines = 12;

/** Reads what a failed build wrote, of whichever engine. */
export function readBuildFailure(stdout: string, stderr: string, dockerfile: string): BuildFailure {
  const out = linesOf(stdout);
  const err = linesOf(stderr).filter((line) => !isChatter(line));
  const instructions = readInstructions(dockerfile);
  const said = saidBy(err) ?? saidBy(out) ?? 'it does not say why';
  const parse = /(?:dockerfile parse error(?: on)? line|syntax error on line) (\d+)/i.exec(said);
  if (parse !== null) {
    const line = Number(parse[1]);
    const at = instructions.filter((one) => one.line <= line).at(-1);
    return { instruction: at === undefined ? undefined : { ...at, line }, output: [], said };
  }
  const failed = ofBuildKit([...err, ...out]) ?? ofSteps(out, err);
  const instruction = failed === undefined ? undefined : placeOf(failed, instructions);
  const output = (failed?.output ?? []).filter((line) => line.trim() !== '' && line.trim() !== said);
  return { instruction, output: output.slice(-mostLines), said };
}

/** What failed, as the engine writes it. */
interface Failed {
  text: string;
  /** Its line, where the engine says it. */
  line?: number;
  /** The how-manieth instruction it is of those that were run, from 1. */
  ordinal?: number;
  output: string[];
}

function linesOf(text: string): string[] {
  return text.split('\n').map((line) => stripVTControlCharacters(line.replace(/^.*\r(?=.)/, '')).trimEnd());
}

/** Lines that docker writes at every build, and podman's own logging. */
function isChatter(line: string): boolean {
  return (
    /^DEPRECATED: The legacy builder|Install the buildx component|^\s*https:\/\/docs\.docker\.com\/go\/buildx/.test(
      line,
    ) ||
    /^time="[^"]*" level=/.test(line) ||
    /^View build details: /.test(line)
  );
}

/** The engine's own last word. */
function saidBy(lines: readonly string[]): string | undefined {
  const errors = lines.filter((line) => /^(?:ERROR: |Error: |Error response from daemon: )/.test(line));
  const last = errors.at(-1) ?? lines.filter((line) => line.trim() !== '').at(-1);
  return last
    ?.replace(/^(?:ERROR|Error): |^Error response from daemon: /, '')
    .replace(
      /^(?:failed to (?:solve|build)(?: with frontend [\w.]+)?: |rpc error: code = \w+ desc = |failed to create LLB definition: )+/,
      '',
    )
    .replace(/ &imagebuilder\.Step\{.*$/, '')
    .trim();
}

/** BuildKit writes at the end what failed, what it wrote, and since 0.9 where it stands. */
function ofBuildKit(lines: readonly string[]): Failed | undefined {
  const at = lines.findLastIndex((line) => /^ > .*:$/.test(line));
  if (at < 0) return undefined;
  const text = lines[at]!.slice(3, -1).replace(/^\[[^\]]*\] /, '');
  const end = lines.findIndex((line, index) => index > at && line === '------');
  const output = lines.slice(at + 1, end < 0 ? undefined : end).map((line) => line.replace(/^(?:#\d+ )?\d+\.\d+ /, ''));
  const place = lines.slice(end).find((line) => /^\S.*:\d+$/.test(line));
  const line = place === undefined ? undefined : Number(/:(\d+)$/.exec(place)![1]);
  return { text: oneSpaced(text), ...(line !== undefined && { line }), output };
}

/** The classic builder and podman write each step as it begins: the last one is the one that failed. */
function ofSteps(out: readonly string[], err: readonly string[]): Failed | undefined {
  const at = out.findLastIndex((line) => instructionIn(line) !== undefined);
  const begun = at < 0 ? undefined : instructionIn(out[at]!);
  if (begun === undefined) return undefined;
  const isClassic = out[at]!.startsWith('Step ');
  const own = isClassic ? [] : err.filter((line) => !line.startsWith('Error: '));
  const output = [...out.slice(at + 1), ...own].filter(
    (line) => !/^ ---> |^Removing intermediate container|^--> |^subprocess exited with status|^\[Warning\]/.test(line),
  );
  const ordinal = isClassic ? Number(begun.step?.split('/')[0]) : undefined;
  return { text: begun.instruction, ...(ordinal !== undefined && { ordinal }), output };
}

function placeOf({ text, line, ordinal }: Failed, instructions: readonly Instruction[]): Instruction {
  const byLine = instructions.filter((one) => line !== undefined && one.line <= line).at(-1);
  if (line !== undefined && byLine !== undefined) return byLine;
  const exact = instructions.filter((one) => one.text === text);
  const same = exact.length > 0 ? exact : instructions.filter((one) => isExpanded(text, one.text));
  const counted = ordinal === undefined ? undefined : instructions[ordinal - 1];
  if (counted !== undefined && (same.length === 0 || same.includes(counted))) return counted;
  return same[0] ?? ofImage(text, instructions) ?? { line: 0, text };
}

/** Whether a text is an instruction with the values of its variables, as BuildKit writes it. */
function isExpanded(text: string, instruction: string): boolean {
  const parts = instruction.split(/\$(?:\w+|\{[^}]*\})/);
  if (parts.length === 1 || !text.startsWith(parts[0]!)) return false;
  let at = 0;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return parts.at(-1) === '' || text.endsWith(parts.at(-1)!);
}

/** What is said of an image (`FROM 7d8d7f73 AS app`, `[internal] load metadata for docker.io/library/x:1`) is of the instruction that names it. */
function ofImage(text: string, instructions: readonly Instruction[]): Instruction | undefined {
  const named = /(?:^FROM |load metadata for |resolve image config for )(?:docker\.io\/(?:library\/)?)?(\S+)/.exec(
    text,
  )?.[1];
  if (named === undefined) return undefined;
  const short = named.replace(/:latest$/, '');
  const froms = instructions.filter((one) => /^FROM /i.test(one.text) || /--from=/.test(one.text));
  return froms.find((one) => one.text.split(/[ =]/).some((word) => word === named || word === short));
}
