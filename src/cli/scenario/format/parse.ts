import { type Problem, problemLine, problemsFailure } from '../../document/problem.js';
import { readDocument } from '../../document/read-document.js';
import type { Failure } from '../../kernel/failure.js';
import type { TemplateUse } from '../scenario.js';
import { type ScenarioRead, scenario } from './grammar.js';
import { Uses, usesListener } from './uses.js';

export interface Parsed {
  scenario: (ScenarioRead & { templates: TemplateUse[] }) | undefined;
  /** Empty where the scenario is sound; in the order of the file. */
  problems: Problem[];
  /** Of what could be read, for the checks that need more than this text: `nameProblems`, `placeProblems`. */
  uses: Uses;
}

/** Reads a scenario from YAML 1.2 text; never throws, finds every problem at once. */
export function parseScenario(source: string): Parsed {
  const { value, problems, reader } = readDocument(
    source,
    { name: 'scenario', shape: scenario },
    { listener: usesListener },
  );
  const uses = reader.notes(Uses);
  return { scenario: value && { ...value, templates: uses.templates }, problems, uses };
}

/** The problems of a scenario's file as one Failure. */
export function scenarioFailure(file: string, problems: Problem[]): Failure {
  return problemsFailure(
    file,
    problems.map((problem) => problemLine(file, problem)),
    {
      code: 'bad-scenario',
      hint: 'hwctl scenario validate FILE checks a file without running it; schemas/scenario.schema.json describes the format',
    },
  );
}
