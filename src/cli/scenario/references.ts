import { nearest } from '../kernel/nearest.js';
import type { Condition, Scenario, Step } from './scenario.js';
import type { Problem } from './shape.js';
import { referencesOf } from './template.js';

/** Variables that nothing sets, generators that do not exist, earlier steps that are none: found before anything runs. */
export function nameProblems(scenario: Scenario, given: readonly string[]): Problem[] {
  const known = new Set<string>([...Object.keys(scenario.variables), ...given, 'copy']);
  for (const row of scenario.data) for (const name of Object.keys(row)) known.add(name);
  const all = [...scenario.setup, ...scenario.steps, ...scenario.teardown];
  walk(all, (step) => {
    if (step.kind !== 'request' && step.kind !== 'parallel') return;
    for (const name of [...Object.keys(step.set), ...Object.keys(step.capture)]) known.add(name);
  });
  const problems: Problem[] = [];
  for (const { text, at } of scenario.templates) {
    const { references, problems: wrong } = referencesOf(text);
    for (const message of wrong) problems.push({ at, message });
    for (const reference of references) {
      const names = reference.kind === 'variable' ? [reference.name] : summands(reference);
      for (const name of names.filter((each) => !known.has(each)))
        problems.push({ at, message: `nothing sets the variable "${name}"${advice(name, known)}` });
    }
  }
  return [...problems, ...stepNameProblems(all)].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
}

function summands({ name, args }: { name: string; args: string[] }): string[] {
  return name === 'add' ? args.filter((arg) => /^[A-Za-z_]\w*$/.test(arg)) : [];
}

function advice(name: string, known: Set<string>): string {
  const near = nearest(name, known);
  return near === undefined ? '. Set it under variables:, by capture:, or with --var' : `. Did you mean "${near}"?`;
}

/** `sameBodyAs` must name a step that stands before. */
function stepNameProblems(all: readonly Step[]): Problem[] {
  const before = new Set<string>();
  const problems: Problem[] = [];
  walk(all, (step) => {
    for (const condition of conditionsOf(step)) {
      const name = condition.sameBodyAs;
      if (name === undefined || name.includes('{{') || before.has(name)) continue;
      const near = nearest(name, before);
      const hint = near === undefined ? '' : `. Did you mean "${near}"?`;
      problems.push({ at: condition.at, message: `sameBodyAs: no earlier step is called "${name}"${hint}` });
    }
    before.add(step.name);
  });
  return problems;
}

function conditionsOf(step: Step): Condition[] {
  if (step.kind === 'request')
    return [...step.check.map(({ condition }) => condition), ...(step.until ? [step.until.condition] : [])].flatMap(
      deep,
    );
  if (step.kind === 'parallel')
    return step.check.flatMap(({ every, some, none, count }) =>
      [every, some, none, count?.where].flatMap((condition) => (condition === undefined ? [] : deep(condition))),
    );
  return [];
}

function deep(condition: Condition): Condition[] {
  const inner = [...(condition.any ?? []), ...(condition.all ?? []), ...(condition.not ? [condition.not] : [])];
  return [condition, ...inner.flatMap(deep)];
}

function walk(steps: readonly Step[], visit: (step: Step) => void): void {
  for (const step of steps) {
    visit(step);
    if (step.kind === 'folder') walk(step.steps, visit);
  }
}
