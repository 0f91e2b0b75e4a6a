import { valueFrom } from '../check/exchange.js';
import { messagesOf } from '../check/judge.js';
import type { StepResult } from '../result.js';
import type { LogItem, RequestStep } from '../scenario.js';
import { buildRequest } from '../send/request.js';
import { summaryOf } from '../tell/describe.js';
import { Unresolved } from '../variables/template.js';
import { RequestTurn, type TurnAction, type TurnContext, type TurnWatch } from './request-turn.js';
import { type Iteration, type ScenarioRun, type StepRecord, surroundings } from './run-state.js';

/** Does one request step: drives its turn, then reports what came of it. */
export async function runRequestStep(
  step: RequestStep,
  run: ScenarioRun,
  iteration: Iteration,
  record: StepRecord,
): Promise<StepResult> {
  const turn = new RequestTurn(step, turnContext(run, iteration, watchOf(run, record)));
  await drive(turn, run, iteration);
  if (turn.unbuilt !== undefined) record.error('step', step.name, turn.unbuilt);
  else report(turn, run, iteration, record);
  return record.end();
}

function turnContext(run: ScenarioRun, iteration: Iteration, watch: TurnWatch): TurnContext {
  const { courier, scenario } = run;
  const { variables, exchanges } = iteration;
  return {
    scenario,
    endpoint: courier.endpoint,
    jars: courier.jars,
    clock: run.options.clock,
    variables,
    exchanges,
    around: surroundings(run, iteration),
    build: (template, bearer) => buildRequest(template, scenario, courier.endpoint, variables, bearer),
    watch,
  };
}

async function drive(
  turn: RequestTurn,
  { courier, options, signal }: ScenarioRun,
  { variables }: Iteration,
): Promise<void> {
  let action: TurnAction = turn.begin();
  while (action.do !== 'done') {
    switch (action.do) {
      case 'send': {
        const startedAt = options.clock.now();
        action = turn.judge(await courier.transmit(action.request, turn.step.request, signal), startedAt);
        break;
      }
      case 'wait':
        await options.clock.sleep(action.ms, signal);
        action = turn.resume();
        break;
      case 'token':
        try {
          action = turn.resume(await courier.token(action.auth, variables, signal));
        } catch (error) {
          if (!(error instanceof Unresolved)) throw error;
          action = turn.refuse(error.message);
        }
    }
  }
}

/** Counts and masks while the step runs. */
export function watchOf({ tally, mask }: ScenarioRun, record: StepRecord): TurnWatch {
  return {
    // newman counts a prerequest script at the collection for each request, and the item's own where it has one.
    attempt({ set }) {
      tally.prerequestScripts.executed += Object.keys(set).length > 0 ? 2 : 1;
    },
    value: (name, value) => mask.learn(name, value),
    request(built, first) {
      mask.learnHeaders(built.headers);
      if (first)
        record.emit({ type: 'request', step: record.ref, method: built.method, url: mask.text(built.shownUrl) });
      tally.requests.executed++;
    },
    exchange(exchange) {
      record.traffic(exchange);
      if (exchange.response !== undefined) tally.response(exchange.timeMs, exchange.response.bodyBytes);
    },
  };
}

function report(turn: RequestTurn, { tally, mask }: ScenarioRun, iteration: Iteration, record: StepRecord): void {
  const { step, captureProblems } = turn;
  const exchange = turn.exchange!;
  const summary = summaryOf(exchange, mask, turn.tries);
  record.result.exchanges.push(summary);
  record.emit({ type: 'exchange', step: record.ref, exchange: summary });
  if (turn.retried > 0) {
    record.result.flaky = turn.good;
    const tries = turn.retried + 1;
    record.note(turn.good ? `passed on try ${tries}` : `failed on all ${tries} tries`);
  }
  if (turn.unanswered) {
    tally.requests.failed++;
    record.error('request', step.name, exchange.error?.message ?? 'not sent', { exchange });
    return;
  }
  if (turn.unmet !== undefined)
    record.error('step', step.name, turn.unmet, { exchange, line: step.until?.condition.at.line });
  // newman counts an empty test at the collection for each request, and the item's own where it has one.
  const own = step.check.length > 0 || Object.keys(step.capture).length > 0 || step.log.length > 0;
  tally.testScripts.executed += own ? 2 : 1;
  if (captureProblems.length > 0) tally.testScripts.failed++;
  for (const items of step.log) {
    const values = items.map((item) => mask.value(logged(item, turn, iteration)));
    record.emit({ type: 'log', step: record.ref, values });
  }
  for (const { name, problem } of captureProblems)
    record.error('capture', `capture ${name}`, `${name} was not captured: ${problem}`, { exchange });
  for (const { check, name, findings } of turn.checks) {
    const { at, skip } = check;
    if (findings === undefined) {
      record.check(
        { name, at, state: 'skipped', messages: typeof skip === 'string' ? [skip] : [] },
        { exchange, line: at.line },
      );
      continue;
    }
    const state = findings.length === 0 ? 'passed' : 'failed';
    const telling = findings.find((finding) => finding.values !== undefined);
    record.check(
      { name, at, state, messages: messagesOf(findings) },
      { exchange, line: findings[0]?.line ?? at.line, values: telling?.values },
    );
  }
}

/** One item of a `log`; in brackets why there is none. */
function logged(item: LogItem, { exchange }: RequestTurn, { variables }: Iteration): unknown {
  try {
    if (item.kind === 'literal') return variables.text(item.value);
  } catch (error) {
    if (!(error instanceof Unresolved)) throw error;
    return `(${error.message})`;
  }
  const found = valueFrom(exchange!, item.source);
  return 'value' in found ? found.value : `(${found.problem})`;
}
