import { LineCounter, parseDocument } from 'yaml';
import { Failure } from '../../kernel/failure.js';
import { syntaxMessage } from '../../kernel/json.js';
import type { TemplateUse } from '../scenario.js';
import { resolveAliases } from './aliases.js';
import { type ScenarioRead, scenario } from './grammar.js';
import { type Problem, Reader, Uses } from './reader.js';

export interface Parsed {
  scenario: (ScenarioRead & { templates: TemplateUse[] }) | undefined;
  /** Empty where the scenario is sound; in the order of the file. */
  problems: Problem[];
  /** Of what could be read, for the checks that need more than this text: `nameProblems`, `placeProblems`. */
  uses: Uses;
}

/** Reads a scenario from YAML 1.2 text; never throws, finds every problem at once. */
export function parseScenario(source: string): Parsed {
  const lines = new LineCounter();
  const doc = parseDocument(source, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const refused = (problems: Problem[]) => ({ scenario: undefined, problems, uses: new Uses() });
  if (doc.errors.length > 0) return refused(syntaxProblems(doc.errors, source, lines));
  if (doc.contents === null) return refused([{ at: { line: 1, column: 1 }, message: 'the file is empty' }]);
  const reader = new Reader(doc, lines);
  const unresolved = resolveAliases(doc);
  if (unresolved.length > 0)
    return refused(inOrder(unresolved.map(({ node, message }) => ({ at: reader.at(node), message }))));
  const read = scenario.read(doc.contents, reader);
  const { problems, uses } = reader;
  return { scenario: read && { ...read, templates: uses.templates }, problems: inOrder(problems), uses };
}

/** In the order of the file, each once: what stands at an anchor is read again at each of its aliases. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const each = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...each.values()].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
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
  const shown = own.slice(0, maxSyntaxProblems).map(({ code, pos, message }) => {
    const { line, col } = lines.linePos(pos[0]);
    const at = { line: Math.max(1, line), column: Math.max(1, col) };
    if (code === 'MULTIPLE_DOCS') return { at, message: 'a second document begins here: a file holds one scenario' };
    const text = source.split('\n', line)[line - 1] ?? '';
    const braces = /[:{[,]\s+[^'"\s#{][^'"]*\{\{|[:{[,]\s*\{\{/.test(text);
    const hint = braces ? '. A value with {{...}} needs quotes here' : '';
    return { at, message: `not YAML: ${syntaxMessage(message)}${hint}` };
  });
  return shown;
}

/** Twenty thousand times the same mistake is one. */
const maxShownProblems = 100;

/** The problems of one file as one Failure, each with file, line and column; beyond the first hundred their number. */
export function problemsFailure(file: string, problems: Problem[]): Failure {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new Failure({
    code: 'bad-scenario',
    message: `${file} has ${count}`,
    details: [
      ...problems.slice(0, maxShownProblems).map(({ at, message }) => `${file}:${at.line}:${at.column}: ${message}`),
      ...(problems.length > maxShownProblems ? [`and ${problems.length - maxShownProblems} more`] : []),
    ],
    hint: 'hwctl scenario validate FILE checks a file without running it; schemas/scenario.schema.json describes the format',
  });
}
