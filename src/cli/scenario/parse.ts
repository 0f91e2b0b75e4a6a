import { LineCounter, parseDocument } from 'yaml';
import { Failure } from '../kernel/failure.js';
import { type ScenarioRead, scenario } from './grammar.js';
import type { TemplateUse } from './scenario.js';
import { type Problem, Reader } from './shape.js';

export interface Parsed {
  scenario: (ScenarioRead & { templates: TemplateUse[] }) | undefined;
  /** Empty where the scenario is sound; in the order of the file. */
  problems: Problem[];
}

/** Reads a scenario from YAML 1.2 text; never throws, finds every problem at once. */
export function parseScenario(source: string): Parsed {
  const lines = new LineCounter();
  const doc = parseDocument(source, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  if (doc.errors.length > 0) return { scenario: undefined, problems: doc.errors.map((error) => syntax(error, lines)) };
  const reader = new Reader(doc, lines);
  if (doc.contents === null) {
    return { scenario: undefined, problems: [{ at: { line: 1, column: 1 }, message: 'the file is empty' }] };
  }
  const read = scenario.read(doc.contents, reader);
  const problems = reader.problems.sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  return { scenario: read && { ...read, templates: reader.templates }, problems };
}

function syntax(error: { pos: [number, number]; message: string }, lines: LineCounter): Problem {
  const { line, col } = lines.linePos(error.pos[0]);
  return { at: { line: Math.max(1, line), column: Math.max(1, col) }, message: `not YAML: ${error.message}` };
}

/** All problems of one file as one Failure, each with file, line and column. */
export function problemsFailure(file: string, problems: Problem[]): Failure {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new Failure({
    code: 'bad-scenario',
    message: `${file} has ${count}`,
    details: problems.map(({ at, message }) => `${file}:${at.line}:${at.column}: ${message}`),
    hint: 'hwctl scenario validate FILE checks a file without running it; schemas/scenario.schema.json describes the format',
  });
}
