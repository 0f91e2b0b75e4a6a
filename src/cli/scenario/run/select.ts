import { Failure } from '../../kernel/failure.js';
import { didYouMean } from '../../kernel/nearest.js';
import type { StepRef } from '../result.js';
import type { Scenario, Step } from '../scenario.js';

/** A step to run. `quiet` ones run only because later ones need what they leave behind. */
export interface PlannedStep {
  step: Step;
  quiet: boolean;
  children: PlannedStep[];
}

export interface Selection {
  step?: string;
  tags?: readonly string[];
}

/**
 * The steps to run: all; those marked `only`; those with a tag; or the one named and, unseen, all before it. Throws Failure
 * for a name that no step has.
 */
export function selectSteps(scenario: Scenario, { step, tags }: Selection) {
  const { setup, steps, teardown } = scenario;
  if (step !== undefined) return selectNamed(scenario, step);
  const marked = anyOnly([...setup, ...steps, ...teardown]);
  return {
    setup: plan(setup),
    steps: marked ? filter(steps, (each) => each.only) : tags?.length ? tagged(scenario, tags) : plan(steps),
    teardown: plan(teardown),
  };
}

function plan(steps: readonly Step[], quiet = false): PlannedStep[] {
  return steps.map((step) => ({ step, quiet, children: step.kind === 'folder' ? plan(step.steps, quiet) : [] }));
}

function anyOnly(steps: readonly Step[]): boolean {
  return steps.some((step) => step.only || (step.kind === 'folder' && anyOnly(step.steps)));
}

/** Steps that fit, with the folders around them; a folder that fits keeps all of its own. */
function filter(steps: readonly Step[], fits: (step: Step) => boolean): PlannedStep[] {
  return steps.flatMap((step) => {
    if (fits(step)) return plan([step]);
    if (step.kind !== 'folder') return [];
    const children = filter(step.steps, fits);
    return children.length === 0 ? [] : [{ step, quiet: false, children }];
  });
}

function tagged(scenario: Scenario, tags: readonly string[]): PlannedStep[] {
  if (scenario.tags.some((tag) => tags.includes(tag))) return plan(scenario.steps);
  return filter(scenario.steps, (step) => step.tags.some((tag) => tags.includes(tag)));
}

// A repeated step is reported as `name (2 of 5)`.
const ownName = (name: string) => name.replace(/ \(\d+ of \d+\)$/, '');

function allSteps({ setup, steps, teardown }: Scenario): Step[] {
  const deep = (step: Step): Step[] => (step.kind === 'folder' ? [step, ...step.steps.flatMap(deep)] : [step]);
  return [...setup, ...steps, ...teardown].flatMap(deep);
}

/** What `--step` takes for one step: its name, or `:LINE` where several have that name. */
export function stepSelector(scenario: Scenario, { name, at }: Pick<StepRef, 'name' | 'at'>): string {
  const own = ownName(name);
  return allSteps(scenario).filter((step) => step.name === own).length > 1 ? `:${at.line}` : own;
}

function selectNamed(scenario: Scenario, name: string) {
  const line = /^:(\d+)$/.exec(name)?.[1];
  const own = ownName(name);
  const wanted = (step: Step) => (line === undefined ? step.name === own : step.at.line === Number(line));
  if (!allSteps(scenario).some(wanted)) {
    const names = allSteps(scenario).map((step) => step.name);
    throw new Failure({
      code: 'unknown-step',
      message: `${scenario.file} has no step ${line === undefined ? `${JSON.stringify(name)}${didYouMean(name, names)}` : `at line ${line}`}`,
      hint: `hwctl scenario show ${scenario.file} lists the steps`,
    });
  }
  const { setup, steps, teardown } = scenario;
  let found = false;
  const cut = (section: readonly Step[]): PlannedStep[] => {
    const kept: PlannedStep[] = [];
    for (const step of section) {
      if (found) break;
      if (wanted(step)) {
        found = true;
        kept.push(...plan([step]));
      } else kept.push({ step, quiet: true, children: step.kind === 'folder' ? cut(step.steps) : [] });
    }
    return kept;
  };
  const cutSetup = cut(setup);
  const cutSteps = cut(steps);
  return { setup: cutSetup, steps: cutSteps, teardown: found ? plan(teardown, true) : cut(teardown) };
}
