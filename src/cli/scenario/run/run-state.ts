import type { Clock } from '../../kernel/clock.js';
import type { HttpClientOptions } from '../../kernel/http/http.js';
import { oneLine, printable } from '../../kernel/text.js';
import type { CheckContext } from '../check/condition.js';
import type { Exchange } from '../check/exchange.js';
import {
  begunStep,
  type CheckResult,
  type ScenarioEvent,
  type ScenarioFailure,
  type StepRef,
  type StepResult,
} from '../result.js';
import type { FaultSpec, Scenario } from '../scenario.js';
import type { Courier } from '../send/courier.js';
import type { ScenarioEndpoint } from '../send/request.js';
import { dumpOf, trafficOf } from '../tell/describe.js';
import { diffLines } from '../tell/diff.js';
import type { Mask } from '../tell/mask.js';
import type { Variables } from '../variables/template.js';
import { stepSelector } from './select.js';
import type { Tally } from './tally.js';

export interface RunOptions {
  /** Where the platform or server is reached; without it the scenario's own `url`. */
  endpoint?: ScenarioEndpoint;
  /** Override the scenario's variables (`--var`, `--env-file`). */
  variables?: Record<string, unknown>;
  clock: Clock;
  /** Ends the run; teardown still runs, for at most ten seconds. */
  signal: AbortSignal;
  onEvent?(event: ScenarioEvent): void;
  /** Harms a service, for `fault` steps; without it they are skipped, with the reason. */
  fault?(fault: FaultSpec): Promise<void>;
  http?: HttpClientOptions;
  /** Iterations; the rows of the data, or 1, unless told. */
  iterations?: number;
  /** Only these steps (by name) are reported; what comes before them runs unseen. */
  step?: string;
  /** Only steps with one of these tags. */
  tags?: readonly string[];
  /** Milliseconds between a step with a request and the next. */
  delayMs?: number;
  /** End at the first failure. */
  bail?: boolean;
  /** Emit whole exchanges, for `--debug` and HAR. */
  traffic?: boolean;
  /** Words that the command which runs one step again ends with. */
  rerun?: readonly string[];
  /** Done once the steps of an iteration have passed and before its teardown, with what they leave behind. */
  afterSteps?(left: LeftBehind): Promise<void>;
}

/** What the steps of an iteration leave behind: connections, cookies, variables, and which of it is secret. */
export interface LeftBehind {
  courier: Courier;
  variables: Variables;
  mask: Mask;
  signal: AbortSignal;
}

/** What all steps of one run share. */
export interface ScenarioRun {
  scenario: Scenario;
  options: RunOptions;
  tally: Tally;
  mask: Mask;
  courier: Courier;
  schemaProblems: CheckContext['schemaProblems'];
  /** Aborts when the run is to end (or, in teardown after an interrupt, later). */
  signal: AbortSignal;
}

/** What the steps of one iteration share. */
export interface Iteration {
  index: number;
  variables: Variables;
  /** The last exchange of each step, by name, for `sameBodyAs`. */
  exchanges: Map<string, Exchange>;
  failed: boolean;
  /** Whether some step has made a request. */
  requested: boolean;
}

/** What conditions may look at in this iteration. */
export function surroundings({ schemaProblems }: ScenarioRun, { variables, exchanges }: Iteration): CheckContext {
  return {
    expand: (value) => variables.expand(value),
    earlier: (name) => exchanges.get(name),
    schemaProblems,
  };
}

/**
 * One step while it runs: gathers its result and emits its events. One that runs only because a later one needs it does so
 * unseen, and its checks do not count; that it could not be done does.
 */
export class StepRecord {
  readonly result: StepResult;
  readonly #run: ScenarioRun;
  readonly #iteration: Iteration;
  readonly #quiet: boolean;
  readonly #startedMs: number;

  constructor(run: ScenarioRun, iteration: Iteration, ref: StepRef, quiet: boolean) {
    this.#run = run;
    this.#iteration = iteration;
    this.#quiet = quiet;
    this.#startedMs = run.options.clock.monotonic();
    this.result = begunStep(ref);
    this.emit({ type: 'step-start', step: ref });
  }

  get ref(): StepRef {
    return this.result.ref;
  }

  emit(event: ScenarioEvent): void {
    if (!this.#quiet) this.#run.options.onEvent?.(event);
  }

  note(text: string): void {
    this.emit({ type: 'note', step: this.ref, text });
  }

  /** Every exchange comes by here before anything of it is shown. */
  traffic(exchange: Exchange): void {
    this.#run.mask.learnExchange(exchange);
    if (this.#run.options.traffic)
      this.emit({ type: 'traffic', step: this.ref, traffic: trafficOf(exchange, this.#run.mask) });
  }

  skip(reason: string | boolean): StepResult {
    this.result.state = 'skipped';
    this.result.reason = typeof reason === 'string' ? reason : undefined;
    return this.end();
  }

  /** A failure that is no assertion. */
  error(
    kind: ScenarioFailure['kind'],
    name: string,
    message: string,
    about: { line?: number; exchange?: Exchange } = {},
  ): void {
    const masked = this.#shown(message);
    const line = about.line ?? this.ref.at.line;
    this.result.errors.push({ message: masked, line });
    const number = this.#fail(kind, name, [masked], line, about.exchange, undefined);
    this.emit({ type: 'error', step: this.ref, message: masked, failureNumber: number });
  }

  check(
    check: CheckResult,
    about: { exchange?: Exchange; line?: number; values?: { expected: unknown; actual: unknown } } = {},
  ): void {
    if (this.#quiet) return;
    const masked = {
      ...check,
      name: oneLine(this.#run.mask.text(check.name)),
      at: about.line === undefined || about.line === check.at.line ? check.at : { line: about.line, column: 1 },
      messages: check.messages.map((message) => this.#shown(message)),
    };
    this.result.checks.push(masked);
    this.#run.tally.check(masked);
    const number =
      check.state === 'failed'
        ? this.#fail('assertion', masked.name, masked.messages, masked.at.line, about.exchange, about.values)
        : undefined;
    this.emit({ type: 'check', step: this.ref, check: masked, failureNumber: number });
  }

  #shown(message: string): string {
    return printable(this.#run.mask.text(message));
  }

  end(): StepResult {
    this.result.durationMs = this.#run.options.clock.monotonic() - this.#startedMs;
    this.emit({ type: 'step-end', step: this.result });
    return this.result;
  }

  #fail(
    kind: ScenarioFailure['kind'],
    name: string,
    messages: string[],
    line: number,
    exchange: Exchange | undefined,
    values: { expected: unknown; actual: unknown } | undefined,
  ): number {
    const { mask, scenario, options, tally } = this.#run;
    this.result.state = 'failed';
    this.#iteration.failed = true;
    return tally.fail({
      kind,
      name,
      messages,
      step: this.ref,
      where: `${scenario.file}:${line}`,
      diff: values === undefined ? [] : diffLines(mask.value(values.expected), mask.value(values.actual)),
      exchange: exchange === undefined ? '' : dumpOf(exchange, mask),
      rerun: mask.text(
        commandLine([
          'hwctl',
          'test',
          scenario.file,
          '--step',
          stepSelector(scenario, this.ref),
          ...(options.rerun ?? []),
        ]),
      ),
    });
  }
}

/** Words as a shell takes them. */
export function commandLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
