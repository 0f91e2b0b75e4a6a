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
  if (doc.errors.length > 0) return { scenario: undefined, problems: syntaxProblems(doc.errors, source, lines) };
  const reader = new Reader(doc, lines);
  if (doc.contents === null) {
    return { scenario: undefined, problems: [{ at: { line: 1, column: 1 }, message: 'the file is empty' }] };
  }
  const read = scenario.read(doc.contents, reader);
  const problems = reader.problems.sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
  return { scenario: read && { ...read, templates: reader.templates }, problems };
}

const maxSyntaxProblems = 10;

/** What is wrong with the YAML itself. One slip makes the parser stumble over every token after it: those echoes are left out. */
function syntaxProblems(
  errors: readonly { code: string; pos: [number, number]; message: string }[],
  source: string,
  lines: LineCounter,
): Problem[] {
  const first = errors.findIndex(({ code }) => code === 'UNEXPECTED_TOKEN');
  const own = errors.filter(({ code }, index) => code !== 'UNEXPECTED_TOKEN' || index === first);
  const shown = own.slice(0, maxSyntaxProblems).map(({ pos, message }) => {
    const { line, col } = lines.linePos(pos[0]);
    const at = { line: Math.max(1, line), column: Math.max(1, col) };
    const text = source.split('\n', line)[line - 1] ?? '';
    const braces = /[:{[,]\s+[^'"\s#{][^'"]*\{\{|[:{[,]\s*\{\{/.test(text);
    const hint = braces ? '. A value with {{...}} needs quotes here' : '';
    return { at, message: `not YAML: ${message}${hint}` };
  });
  return shown;
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
