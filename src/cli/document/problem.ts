import type { LineCounter } from 'yaml';
import { Failure } from '../kernel/failure.js';

/** Where something stands in its file; both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** The place of an offset of a text. */
export function positionOf(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** One thing that is wrong with a document, where it is. */
export interface Problem {
  at: Position;
  message: string;
}

/** In the order of the file, each once: what stands at an anchor is read again at each of its aliases. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const each = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...each.values()].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
}

/** `FILE:LINE:COLUMN: message`, which editors and terminals make a link of. */
export function problemLine(file: string, { at, message }: Problem): string {
  return `${file}:${at.line}:${at.column}: ${message}`;
}

/** Twenty thousand times the same mistake is one. */
const maxShownProblems = 100;

/** The problems of one document as one Failure, each on a line of its own; beyond the first hundred their number. */
export function problemsFailure(
  file: string,
  lines: readonly string[],
  about: { code: string; hint: string },
): Failure {
  return new Failure({
    ...about,
    message: `${file} has ${lines.length === 1 ? 'a problem' : `${lines.length} problems`}`,
    details: [
      ...lines.slice(0, maxShownProblems),
      ...(lines.length > maxShownProblems ? [`and ${lines.length - maxShownProblems} more`] : []),
    ],
  });
}
