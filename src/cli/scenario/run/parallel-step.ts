import type { CheckContext } from '../check/condition.js';
import { type Exchange, valueFrom } from '../check/exchange.js';
import { mismatchOf } from '../check/expect.js';
import { safeFindings, shownName } from '../check/judge.js';
import { show } from '../check/value-text.js';
import type { ExchangeSummary, StepResult } from '../result.js';
import type { Condition, Expectation, ParallelMember, ParallelStep, SetCheck, Source } from '../scenario.js';
import { summaryOf } from '../tell/describe.js';
import { Unresolved } from '../variables/template.js';
import { Gate } from './gate.js';
import { watchOf } from './request-step.js';
import { setVariables } from './request-turn.js';
import { type Iteration, type ScenarioRun, type StepRecord, surroundings } from './run-state.js';

/** Builds all requests, releases them together, and judges what came back as a set. */
export async function runParallelStep(
  step: ParallelStep,
  run: ScenarioRun,
  iteration: Iteration,
  record: StepRecord,
): Promise<StepResult> {
  let exchanges: Exchange[];
  try {
    const watch = watchOf(run, record);
    watch.attempt(step);
    setVariables(step.set, { variables: iteration.variables, watch });
    exchanges = await release(step, run, iteration, record);
  } catch (error) {
    if (!(error instanceof Unresolved)) throw error;
    record.error('step', step.name, error.message);
    return record.end();
  }
  for (const summary of summaries(exchanges, run)) {
    record.result.exchanges.push(summary);
    record.emit({ type: 'exchange', step: record.ref, exchange: summary });
  }
  const first = exchanges.find(({ response }) => response !== undefined && response.status < 300);
  const shown = first ?? exchanges[0];
  if (shown !== undefined) iteration.exchanges.set(step.name, shown);
  const around = surroundings(run, iteration);
  run.tally.testScripts.executed += step.check.length > 0 || Object.keys(step.capture).length > 0 ? 2 : 1;
  capture(step, exchanges, run, iteration, record, around);
  for (const check of step.check) {
    const { messages, offender } = judgeSet(check, exchanges, around);
    const state = check.skip !== false ? 'skipped' : messages.length === 0 ? 'passed' : 'failed';
    const reasons = check.skip === false ? messages : typeof check.skip === 'string' ? [check.skip] : [];
    record.check(
      { name: shownName(check.name, around), at: check.at, state, messages: reasons },
      { exchange: offender },
    );
  }
  return record.end();
}

async function release(
  step: ParallelStep,
  run: ScenarioRun,
  iteration: Iteration,
  record: StepRecord,
): Promise<Exchange[]> {
  const { tally, courier, options, signal } = run;
  const gate = new Gate(options.clock);
  const sends: (() => Promise<Exchange | undefined>)[] = [];
  for (const member of step.members) {
    if (member.kind === 'fault') {
      sends.push(async () => {
        await gate.opened;
        return harm(member, run, record);
      });
      continue;
    }
    const { request, delayMs } = member;
    for (let copy = 0; copy < member.times; copy++) {
      iteration.variables.set('copy', copy + 1);
      const built = await courier.build(request, iteration.variables, signal);
      run.mask.learnHeaders(built.headers);
      if (sends.length === 0)
        record.emit({ type: 'request', step: record.ref, method: built.method, url: run.mask.text(built.shownUrl) });
      if (delayMs === 0 && request.lose === undefined)
        sends.push(gate.member((hold) => courier.send(built, request, signal, hold)));
      else
        sends.push(async () => {
          await gate.opened;
          if (delayMs > 0) await options.clock.sleep(delayMs, signal);
          return courier.send(built, request, signal);
        });
    }
  }
  gate.ready();
  const exchanges = (await Promise.all(sends.map((send) => send()))).filter((exchange) => exchange !== undefined);
  tally.requests.executed += exchanges.length;
  for (const exchange of exchanges) {
    record.traffic(exchange);
    if (exchange.response !== undefined) tally.response(exchange.timeMs, exchange.response.bodyBytes);
  }
  return exchanges;
}

async function harm(
  member: Extract<ParallelMember, { kind: 'fault' }>,
  run: ScenarioRun,
  record: StepRecord,
): Promise<undefined> {
  const { fault, clock } = run.options;
  if (fault === undefined) {
    record.note(`${member.fault.kind} ${member.fault.service}: left out, only services that hwctl runs can be harmed`);
    return;
  }
  if (member.delayMs > 0) await clock.sleep(member.delayMs, run.signal);
  const { kind, service } = member.fault;
  try {
    await fault(member.fault);
    record.note(`${kind} ${service}`);
  } catch (error) {
    if (run.signal.aborted) throw run.signal.reason;
    record.error('step', record.ref.name, `${kind} ${service}: ${(error as Error).message}`);
  }
  return undefined;
}

/** One line for each kind of outcome: same method, address and status. */
function summaries(exchanges: Exchange[], run: ScenarioRun): ExchangeSummary[] {
  const groups = new Map<string, ExchangeSummary>();
  for (const exchange of exchanges) {
    const one = summaryOf(exchange, run.mask);
    const key = `${one.method} ${one.url} ${one.status ?? one.error}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, one);
    else {
      group.count++;
      group.bytes += one.bytes;
      group.timeMs = Math.max(group.timeMs, one.timeMs);
    }
  }
  return [...groups.values()].sort((a, b) => (a.status ?? 999) - (b.status ?? 999));
}

function capture(
  step: ParallelStep,
  exchanges: Exchange[],
  run: ScenarioRun,
  iteration: Iteration,
  record: StepRecord,
  around: CheckContext,
): void {
  for (const [name, source] of Object.entries(step.capture)) {
    const fitting = matching(exchanges, source.where, around);
    const found = fitting[0] === undefined ? { problem: 'no exchange fits `where`' } : valueFrom(fitting[0], source);
    if ('problem' in found) {
      run.tally.testScripts.failed++;
      record.error('capture', `capture ${name}`, `${name} was not captured: ${found.problem}`, {
        exchange: exchanges[0],
      });
      continue;
    }
    iteration.variables.set(name, found.value);
    run.mask.learn(name, found.value);
  }
}

function matching(exchanges: Exchange[], where: Condition | undefined, around: CheckContext): Exchange[] {
  if (where === undefined) return exchanges;
  return exchanges.filter((exchange) => safeFindings(where, exchange, around).length === 0);
}

interface Verdict {
  messages: string[];
  /** An exchange that shows what is wrong. */
  offender: Exchange | undefined;
}

function judgeSet(check: SetCheck, exchanges: Exchange[], around: CheckContext): Verdict {
  const messages: string[] = [];
  let offender: Exchange | undefined;
  const say = (message: string, exchange?: Exchange) => {
    messages.push(message);
    offender ??= exchange;
  };
  const total = exchanges.length;
  if (check.every !== undefined) {
    const wrong = exchanges.filter((exchange) => safeFindings(check.every!, exchange, around).length > 0);
    if (wrong.length > 0)
      say(`every: ${wrong.length} of ${total} do not: ${why(check.every, wrong[0]!, around)}`, wrong[0]);
  }
  if (check.some !== undefined && matching(exchanges, check.some, around).length === 0)
    say(`some: none of ${total} does: ${census(exchanges)}`, exchanges[0]);
  if (check.none !== undefined) {
    const found = matching(exchanges, check.none, around);
    if (found.length > 0) say(`none: ${found.length} of ${total} do: ${census(found)}`, found[0]);
  }
  if (check.count !== undefined) {
    const found = matching(exchanges, check.count.where, around);
    expectNumber('count', found.length, check.count.is, `${census(exchanges)}`, around, say);
  }
  if (check.distinct !== undefined) {
    const values = valuesOf(check.distinct.of, matching(exchanges, check.distinct.where, around));
    const different = new Set(values.map((value) => JSON.stringify(value)));
    expectNumber('distinct', different.size, check.distinct.is, [...different].slice(0, 5).join(', '), around, say);
  }
  if (check.sum !== undefined) {
    const values = valuesOf(check.sum.of, matching(exchanges, check.sum.where, around));
    const sum = values.reduce<number>((total, value) => total + Number(value), 0);
    expectNumber('sum', sum, check.sum.is, `of ${values.length} values`, around, say);
  }
  return { messages, offender };
}

function expectNumber(
  what: string,
  actual: number,
  is: Expectation,
  detail: string,
  around: CheckContext,
  say: (message: string) => void,
): void {
  const wrong = mismatchOf(actual, is, around.expand);
  if (wrong !== undefined) say(`${what}: expected ${wrong.expected}, found ${actual} (${detail})`);
}

function valuesOf(source: Source, exchanges: Exchange[]): unknown[] {
  return exchanges.flatMap((exchange) => {
    const found = valueFrom(exchange, source);
    return 'value' in found ? [found.value] : [];
  });
}

function why(condition: Condition, exchange: Exchange, around: CheckContext): string {
  return safeFindings(condition, exchange, around)
    .map(({ what, expected, actual }) => `${what}: expected ${expected}, found ${actual}`)
    .join('; ');
}

/** `48 × 409, 2 × 200`: what a set consists of. */
function census(exchanges: Exchange[]): string {
  const counts = new Map<string, number>();
  for (const { response, error } of exchanges) {
    const key = response === undefined ? `no response (${error?.code})` : show(response.status);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => `${count} × ${key}`).join(', ');
}
