import { type Finding, findingsOf, type Surroundings } from '../check/condition.js';
import { type Exchange, valueFrom } from '../check/exchange.js';
import type { CheckResult, StepResult } from '../result.js';
import type { Check, Condition, RequestStep } from '../scenario.js';
import { summaryOf } from '../tell/describe.js';
import { Unresolved } from '../variables/template.js';
import type { Iteration, Run, StepRecord } from './run-state.js';

interface Attempt {
  exchange: Exchange;
  /** Exchanges that `until` needed. */
  tries: number;
  /** Why the wait of `until` ended without its condition. */
  unmet: string | undefined;
  /** What came of the retries, where there were any. */
  retried?: string;
  outcomes: { check: Check; result: CheckResult; findings: Finding[] }[];
  captured: { name: string; value: unknown }[];
  captureProblems: { name: string; problem: string }[];
}

/** Does one request step: set, send (until, retry), log, capture, check. */
export async function runRequestStep(
  step: RequestStep,
  run: Run,
  iteration: Iteration,
  record: StepRecord,
): Promise<StepResult> {
  const { tally, mask } = run;
  const attempt = await attempts(step, run, iteration, record);
  if (attempt === undefined) return record.end();
  const { exchange } = attempt;
  iteration.exchanges.set(step.name, exchange);
  const summary = summaryOf(exchange, mask, attempt.tries);
  record.result.exchanges.push(summary);
  record.emit({ type: 'exchange', step: record.ref, exchange: summary });
  if (attempt.retried !== undefined) record.note(attempt.retried);
  for (const { name, value } of attempt.captured) {
    iteration.variables.set(name, value);
    mask.learn(name, value);
  }
  if (exchange.response === undefined && !expectsError(step)) {
    tally.requests.failed++;
    record.error('request', step.name, exchange.error?.message ?? 'not sent', { exchange });
    return record.end();
  }
  if (attempt.unmet !== undefined)
    record.error('step', step.name, attempt.unmet, { exchange, line: step.until?.condition.at.line });
  countScripts(step, run, attempt.captureProblems.length > 0);
  for (const items of step.log) {
    const values = items.map((item) =>
      item.kind === 'literal' ? iteration.variables.text(item.value) : logged(exchange, item.source),
    );
    record.emit({ type: 'log', step: record.ref, values: values.map((value) => mask.value(value)) });
  }
  for (const { name, problem } of attempt.captureProblems)
    record.error('capture', `capture ${name}`, `${name} was not captured: ${problem}`, { exchange });
  for (const { check, result, findings } of attempt.outcomes) {
    const telling = findings.find((finding) => finding.values !== undefined);
    record.check(result, { exchange, line: findings[0]?.line ?? check.at.line, values: telling?.values });
  }
  return record.end();
}

function logged(exchange: Exchange, source: Parameters<typeof valueFrom>[1]): unknown {
  const found = valueFrom(exchange, source);
  return 'value' in found ? found.value : `(${found.problem})`;
}

/** newman counts an empty test and prerequest at the collection for each request, and the item's own where it has one. */
function countScripts(step: RequestStep, run: Run, failed: boolean): void {
  const own = step.check.length > 0 || Object.keys(step.capture).length > 0 || step.log.length > 0;
  run.tally.testScripts.executed += own ? 2 : 1;
  if (failed) run.tally.testScripts.failed++;
}

/** The step until its checks pass or its retries are used up; undefined where the request could not even be built. */
async function attempts(
  step: RequestStep,
  run: Run,
  iteration: Iteration,
  record: StepRecord,
): Promise<Attempt | undefined> {
  for (let tried = 0; ; tried++) {
    let attempt: Attempt;
    try {
      attempt = await attemptOnce(step, run, iteration, record, tried === 0);
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error;
      record.error('step', step.name, error.message);
      return undefined;
    }
    const good = attempt.unmet === undefined && isGood(step, attempt);
    if (good || tried >= step.retry) {
      record.result.flaky = good && tried > 0;
      const retried =
        tried === 0 ? undefined : good ? `passed on try ${tried + 1}` : `failed on all ${tried + 1} tries`;
      return { ...attempt, retried };
    }
    await run.options.clock.sleep(Math.min(2000, 100 * 2 ** tried), run.signal);
  }
}

function isGood(step: RequestStep, attempt: Attempt): boolean {
  if (attempt.exchange.response === undefined && !expectsError(step)) return false;
  return attempt.captureProblems.length === 0 && attempt.outcomes.every(({ result }) => result.state !== 'failed');
}

async function attemptOnce(
  step: RequestStep,
  run: Run,
  iteration: Iteration,
  record: StepRecord,
  first: boolean,
): Promise<Attempt> {
  setVariables(step.set, run, iteration);
  const { exchange, tries, unmet } = await sendUntil(step, run, iteration, record, first);
  const captured: Attempt['captured'] = [];
  const captureProblems: Attempt['captureProblems'] = [];
  if (exchange.response !== undefined) {
    for (const [name, source] of Object.entries(step.capture)) {
      const found = valueFrom(exchange, source);
      if ('value' in found) captured.push({ name, value: found.value });
      else captureProblems.push({ name, problem: found.problem });
    }
  }
  const around = surroundings(run, iteration);
  const skipChecks = exchange.response === undefined && !expectsError(step);
  const outcomes = skipChecks ? [] : step.check.map((check) => judge(check, exchange, around));
  return { exchange, tries, unmet, outcomes, captured, captureProblems };
}

/** `set`, newman's prerequest script: counted like one, and like the empty one of the collection. */
export function setVariables(set: Record<string, unknown>, run: Run, { variables }: Iteration): void {
  run.tally.prerequestScripts.executed += Object.keys(set).length > 0 ? 2 : 1;
  for (const [name, value] of Object.entries(set)) {
    const expanded = variables.expand(value);
    variables.set(name, expanded);
    run.mask.learn(name, expanded);
  }
}

/** What conditions may look at in this iteration. */
export function surroundings(run: Run, iteration: Iteration): Surroundings {
  return {
    expand: (value) => iteration.variables.expand(value),
    earlier: (name) => iteration.exchanges.get(name),
    schemaProblems: run.schemaProblems,
  };
}

function judge(check: Check, exchange: Exchange, around: Surroundings): Attempt['outcomes'][number] {
  const { name, at, skip } = check;
  const shown = shownName(name, around);
  if (skip !== false) {
    const messages = typeof skip === 'string' ? [skip] : [];
    return { check, result: { name: shown, at, state: 'skipped', messages }, findings: [] };
  }
  const findings = safeFindings(check.condition, exchange, around);
  const messages = findings.map(({ what, expected, actual }) => `${what}: expected ${expected}, found ${actual}`);
  return { check, result: { name: shown, at, state: findings.length === 0 ? 'passed' : 'failed', messages }, findings };
}

/** The name of a check with its variables; as it is written where one has no value. */
export function shownName(name: string, { expand }: Surroundings): string {
  try {
    return String(expand(name));
  } catch (error) {
    if (!(error instanceof Unresolved)) throw error;
    return name;
  }
}

/** As findingsOf; a variable without a value is a finding, not an end. */
export function safeFindings(condition: Condition, exchange: Exchange, around: Surroundings): Finding[] {
  try {
    return findingsOf(condition, exchange, around);
  } catch (error) {
    if (!(error instanceof Unresolved)) throw error;
    return [{ what: 'check', line: condition.at.line, expected: 'a value to compare with', actual: error.message }];
  }
}

async function sendUntil(step: RequestStep, run: Run, iteration: Iteration, record: StepRecord, first: boolean) {
  const { clock } = run.options;
  const { until } = step;
  const endMs = clock.monotonic() + (until?.withinMs ?? 0);
  for (let tries = 1; ; tries++) {
    const built = await run.courier.build(step.request, iteration.variables, run.signal);
    run.mask.learnHeaders(built.headers);
    if (first && tries === 1)
      record.emit({ type: 'request', step: record.ref, method: built.method, url: run.mask.text(built.shownUrl) });
    run.tally.requests.executed++;
    const exchange = await run.courier.send(built, step.request, run.signal);
    record.traffic(exchange);
    if (exchange.response !== undefined) run.tally.response(exchange.timeMs, exchange.response.bodyBytes);
    if (until === undefined) return { exchange, tries, unmet: undefined };
    const findings = safeFindings(until.condition, exchange, surroundings(run, iteration));
    if (findings.length === 0) return { exchange, tries, unmet: undefined };
    if (clock.monotonic() + until.everyMs > endMs) {
      const left = findings.map(({ what, expected, actual }) => `${what}: expected ${expected}, found ${actual}`);
      return {
        exchange,
        tries,
        unmet: `not so within ${until.withinMs} ms (${tries === 1 ? '1 try' : `${tries} tries`}): ${left.join('; ')}`,
      };
    }
    await clock.sleep(until.everyMs, run.signal);
  }
}

/** True where some check of the step is about there being no response; then a missing one is no failure by itself. */
function expectsError(step: RequestStep): boolean {
  return step.request.lose !== undefined || step.check.some(({ condition }) => mentionsError(condition));
}

function mentionsError(condition: Condition): boolean {
  if (condition.error !== undefined) return true;
  const inner = [...(condition.any ?? []), ...(condition.all ?? []), ...(condition.not ? [condition.not] : [])];
  return inner.some(mentionsError);
}
