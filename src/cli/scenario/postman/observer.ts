import type { Item, Request, Response } from 'postman-collection';
import type { Assertion, Callbacks, Cursor, Run, ScriptEvent } from 'postman-runtime';
import { dumpOf, trafficOf } from '../describe.js';
import type { Exchange } from '../exchange.js';
import type { Mask } from '../mask.js';
import {
  begunStep,
  type ScenarioEvent,
  type ScenarioFailure,
  type ScenarioResult,
  type StepRef,
  type StepResult,
} from '../result.js';
import { commandLine } from '../run-state.js';
import type { Position } from '../scenario.js';
import { Tally } from '../tally.js';
import type { Places } from './places.js';
import type { PostmanOptions } from './run.js';

/** What is run, and what reports need to know of it. */
export interface Subject {
  /** As reports show it. */
  file: string;
  name: string;
  options: PostmanOptions;
  mask: Mask;
  places: Places;
}

/** Turns the runtime's callbacks into the events of any scenario. */
export class Observer {
  readonly #tally = new Tally();
  readonly #startedAt: number;
  readonly #startedMs: number;
  #step: StepResult | undefined;
  #stepStartedMs = 0;
  #failedHere = false;
  #itemId = '';
  /** Of the item's own request, not those of its scripts. */
  #exchange: Exchange | undefined;

  constructor(private readonly subject: Subject) {
    const { options } = subject;
    this.#startedAt = options.clock.now();
    this.#startedMs = options.clock.monotonic();
  }

  /** Starts the run and resolves at its end; rejects where it cannot be run at all. */
  follow(run: Run, cannotRun: (error: Error) => Error): Promise<void> {
    return new Promise((done, fail) => {
      const stop = () => run.abort();
      this.subject.options.signal.addEventListener('abort', stop, { once: true });
      run.start({
        ...this.#callbacks(),
        done: (error) => {
          this.subject.options.signal.removeEventListener('abort', stop);
          this.#endStep();
          if (error === null || this.subject.options.signal.aborted || this.#tally.failureCount > 0) done();
          else fail(cannotRun(error));
        },
      });
    });
  }

  /** The result, once the run has ended. */
  result(): ScenarioResult {
    const durationMs = this.subject.options.clock.monotonic() - this.#startedMs;
    const result = this.#tally.result(this.subject.name, this.subject.file, this.#startedAt, durationMs);
    this.#emit({ type: 'scenario-end', result });
    return result;
  }

  #emit(event: ScenarioEvent): void {
    this.subject.options.onEvent?.(event);
  }

  #callbacks(): Callbacks {
    return {
      start: (_error, cursor) =>
        this.#emit({
          type: 'scenario-start',
          name: this.subject.name,
          file: this.subject.file,
          iterations: cursor.cycles,
        }),
      beforeIteration: (_error, cursor) => {
        this.#failedHere = false;
        this.#emit({ type: 'iteration-start', iteration: cursor.iteration + 1, iterations: cursor.cycles });
      },
      iteration: (error) => {
        this.#endStep();
        this.#tally.iterations.executed++;
        // newman forgets failed iterations (its issue 1600): here one with a failure counts as failed.
        if (error || this.#failedHere) this.#tally.iterations.failed++;
      },
      beforeItem: (_error, cursor, item) => this.#beginStep(cursor, item),
      item: () => this.#endStep(),
      beforePrerequest: (_error, _cursor, events) => this.#countEmpty(this.#tally.prerequestScripts, events),
      beforeTest: (_error, _cursor, events) => this.#countEmpty(this.#tally.testScripts, events),
      beforeRequest: (_error, _cursor, request) => {
        if (request !== undefined && this.#step !== undefined)
          this.#emit({ type: 'request', step: this.#step.ref, method: request.method, url: this.#masked(request.url) });
      },
      request: (error, _cursor, response, request) =>
        this.#request(error, response, request?.method, request && this.#masked(request.url)),
      response: (error, _cursor, response, request) => this.#whole(error, response, request),
      script: (error, _cursor, _execution, _script, event) => this.#script(error, event?.listen ?? 'unknown'),
      assertion: (_cursor, assertions) => {
        for (const assertion of assertions) this.#assertion(assertion);
      },
      console: (_cursor, _level, ...messages) => {
        if (this.#step !== undefined)
          this.#emit({
            type: 'log',
            step: this.#step.ref,
            values: messages.map((message) => this.subject.mask.value(message)),
          });
      },
    };
  }

  /** newman's runtime runs empty scripts and counts them; this newer one passes them over. */
  #countEmpty(counts: { executed: number }, events: readonly ScriptEvent[]): void {
    counts.executed += events.filter(({ script }) => script?.isEmpty()).length;
  }

  #beginStep(cursor: Cursor, item: Item): void {
    this.#endStep();
    const path: string[] = [];
    item.forEachParent((parent: { name?: string }) => path.unshift(parent.name ?? ''));
    const ref: StepRef = {
      name: item.name,
      path,
      section: 'steps',
      iteration: cursor.iteration + 1,
      at: this.subject.places.ofItem(item.id),
    };
    this.#itemId = item.id;
    this.#exchange = undefined;
    this.#step = begunStep(ref);
    this.#stepStartedMs = this.subject.options.clock.monotonic();
    this.#emit({ type: 'step-start', step: ref });
  }

  #endStep(): void {
    const step = this.#step;
    if (step === undefined) return;
    step.durationMs = this.subject.options.clock.monotonic() - this.#stepStartedMs;
    this.#step = undefined;
    this.#emit({ type: 'step-end', step });
  }

  #request(error: Error | null, response: Response | undefined, method = '', url = ''): void {
    this.#tally.requests.executed++;
    const step = this.#step;
    if (step === undefined) return;
    const answered = error === null ? response : undefined;
    const size = answered?.size();
    const exchange = {
      method,
      url,
      count: 1,
      status: answered?.code,
      reason: answered?.reason(),
      bytes: size?.total ?? 0,
      timeMs: answered?.responseTime ?? 0,
      error: answered === undefined ? this.subject.mask.text(error?.message ?? 'no response') : undefined,
    };
    if (size === undefined) this.#tally.requests.failed++;
    else this.#tally.response(exchange.timeMs, size.body);
    step.exchanges.push(exchange);
    this.#emit({ type: 'exchange', step: step.ref, exchange });
    if (exchange.error !== undefined) this.#fail('request', step.ref.name, exchange.error);
  }

  /** Keeps the whole exchange, for the failures of the scripts that come after it. */
  #whole(error: Error | null, response: Response | undefined, request: Request | undefined): void {
    if (request === undefined) return;
    this.#exchange = exchangeOf(request, response, error, this.subject.options.clock.now());
    this.subject.mask.learnHeaders(this.#exchange.headers);
    if (this.subject.options.traffic && this.#step !== undefined)
      this.#emit({ type: 'traffic', step: this.#step.ref, traffic: trafficOf(this.#exchange, this.subject.mask) });
  }

  #script(error: Error | null, listen: string): void {
    const counts = listen === 'prerequest' ? this.#tally.prerequestScripts : this.#tally.testScripts;
    if (listen === 'prerequest' || listen === 'test') counts.executed++;
    if (error === null || this.#step === undefined) return;
    if (listen === 'prerequest' || listen === 'test') counts.failed++;
    const message = this.subject.mask.text(`${error.name} in ${listen}-script: ${error.message}`);
    const failureNumber = this.#fail('step', `${listen}-script`, message);
    this.#emit({ type: 'error', step: this.#step.ref, message, failureNumber });
  }

  #assertion({ name, passed, skipped, error }: Assertion): void {
    const step = this.#step;
    if (step === undefined) return;
    const state = skipped ? ('skipped' as const) : passed ? ('passed' as const) : ('failed' as const);
    const messages = state === 'failed' ? [this.subject.mask.text(error?.message ?? name)] : [];
    const at = state === 'failed' ? this.subject.places.ofTest(this.#itemId, name) : step.ref.at;
    const check = { name, at, state, messages };
    step.checks.push(check);
    this.#tally.check(check);
    const number = state === 'failed' ? this.#fail('assertion', name, messages[0] ?? name, at) : undefined;
    this.#emit({ type: 'check', step: step.ref, check, failureNumber: number });
  }

  #masked(url: Request['url']): string {
    return this.subject.mask.text(url.toString());
  }

  #rerun(request: string): string {
    const { file, options } = this.subject;
    return commandLine(['hwctl', 'test', file, '--folder', request, ...(options.rerun ?? [])]);
  }

  #fail(kind: ScenarioFailure['kind'], name: string, message: string, told?: Position): number {
    const step = this.#step!;
    step.state = 'failed';
    if (told === undefined) step.errors.push(message);
    this.#failedHere = true;
    return this.#tally.fail({
      kind,
      name,
      messages: [this.subject.mask.text(message)],
      step: step.ref,
      where: `${this.subject.file}:${(told ?? step.ref.at).line}`,
      diff: [],
      exchange: this.#exchange === undefined ? '' : dumpOf(this.#exchange, this.subject.mask),
      rerun: this.subject.mask.text(this.#rerun(step.ref.name)),
    });
  }
}

function exchangeOf(request: Request, response: Response | undefined, error: Error | null, now: number): Exchange {
  const url = request.url.toString();
  const pairs = (headers: { all(): { key: string; value: string }[] }) =>
    headers.all().map(({ key, value }): [string, string] => [key, String(value)]);
  const sent = {
    method: request.method,
    shownUrl: url,
    url,
    headers: pairs(request.headers),
    body: request.body?.isEmpty() === false ? request.body.toString() : undefined,
  };
  if (response === undefined) {
    const message = error?.message ?? 'no response';
    return { ...sent, response: undefined, error: { code: 'failed', message, totalMs: 0 }, timeMs: 0, startedAt: now };
  }
  const { body, header = 0 } = response.size();
  const timeMs = response.responseTime;
  return {
    ...sent,
    response: {
      status: response.code,
      reason: response.reason(),
      headers: pairs(response.headers),
      body: Buffer.from(response.stream ?? ''),
      bodyBytes: body,
      headerBytes: header,
      firstByteMs: timeMs,
      totalMs: timeMs,
    },
    error: undefined,
    timeMs,
    startedAt: now - timeMs,
  };
}
