import { oneLine } from '../../kernel/text.js';
import { editsOf } from './edit-objects.js';
import type { PreflightProblem } from './problem.js';

/**
 * Problems as a person reads them: how many there are and how many of them stop, then each with its place, cause and cure, and
 * last what can be written for them. What needs nothing done is left out unless `isFull`. No line where nothing is told.
 */
export function problemLines(all: readonly PreflightProblem[], options: { isFull?: boolean } = {}): string[] {
  const problems = options.isFull ? all : all.filter(({ nothingToDo }) => nothingToDo !== true);
  if (problems.length === 0) return [];
  const stopping = problems.filter(({ stops }) => stops);
  const notes = problems.filter(({ stops }) => !stops);
  return [
    headline(stopping.length, notes.length),
    ...stopping.flatMap((problem) => linesOf(problem, 'x')),
    ...notes.flatMap((problem) => linesOf(problem, '-')),
    ...fixLines(problems),
  ];
}

function headline(stopping: number, notes: number): string {
  if (stopping === 0) return `${count(notes, 'note')}, nothing stops it`;
  return `${count(stopping + notes, 'problem')}: ${stopping} ${stopping === 1 ? 'stops' : 'stop'} it`;
}

/** `x` and `-` say what stops where there are no colours. */
function linesOf({ ref, source, cause, cure }: PreflightProblem, mark: string): string[] {
  return [`  ${mark} ${oneLine(ref)} (${oneLine(source)}): ${oneLine(cause)}`, `    ${oneLine(cure)}`];
}

function fixLines(problems: readonly PreflightProblem[]): string[] {
  const edits = Object.keys(editsOf(problems)).length;
  const addons = [...new Set(problems.flatMap(({ addon }) => addon ?? []))];
  const stopping = problems.filter(({ stops }) => stops);
  const cured = stopping.filter(({ edit }) => edit !== undefined).length;
  const what = cured === 0 ? '' : `: ${cured} of the ${stopping.length} that stop it`;
  return [
    ...(edits === 0 ? [] : [`--fix writes ${count(edits, 'edit')} to hwctl.yaml${what}`]),
    ...(addons.length === 0 ? [] : [`addons: [${addons.join(', ')}] in hwctl.yaml enables what is missing`]),
  ];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
