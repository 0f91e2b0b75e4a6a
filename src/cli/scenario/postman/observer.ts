import type { Item, Request, Response } from 'postman-collection';
import type { Assertion, Callbacks, History, Run, ScriptEvent } from 'postman-runtime';
import type { Position } from '../../document/problem.js';
import { oneLine, printable } from '../../kernel/text.js';
import type { Exchange } from '../check/exchange.js';
import {
  begunStep,
  type ScenarioEvent,
  type ScenarioFailure,
  type ScenarioResult,
  type StepRef,
  type StepResult,
} from '../result.js';
import { commandLine } from '../run/run-state.js';
import { Tally } from '../run/tally.js';
import { dumpOf, trafficOf } from '../tell/describe.js';
import type { Mask } from '../tell/mask.js';
import { conduct } from './conduct.js';
import type { PostmanOptions } from './options.js';
import type { CollectionPlaces } from './places.js';
import { sentRequest } from './sent.js';

/** What is run, and what reports need to know of it. */
export interface Subject {
  /** As reports show it. */
  file: string;
  name: string;
  options: PostmanOptions;
  mask: Mask;
  places: CollectionPlaces;
}

/** Turns the runtime's callbacks into the events of any scenario. */
export class CollectionObserver {
  readonly #tally = new Tally();
  readonly #startedAt: number;
  readonly #startedMs: number;
  #step: StepResult | undefined;
  #stepStartedMs = 0;
  #failedHere = false;
  #iteration = 1;
  #itemId = '';
  #started = false;
  /** What the next request should have sent and does not. */
  #unsent: string[] = [];
  /** Of the item's own request, not those of its scripts. */
  #exchange: Exchange | undefined;

  constructor(private readonly subject: Subject) {
    const { options } = subject;
    this.#startedAt = options.clock.now();
    this.#startedMs = options.clock.monotonic();
  }

  /** Runs to the end, the deadline or the signal's abort. Rejects where nothing could be begun. */
  async follow(run: Run, cannotRun: (error: Error) => Error): Promise<void> {
    const { options } = this.subject;
    const end = await conduct(run, this.#callbacks(), options);
    switch (end.kind) {
      case 'done':
        break;
      case 'broken':
        if (!this.#started) throw cannotRun(end.error);
        // With --bail this is what was told already.
        if (this.#tally.failureCount === 0)
          this.#failRun(
            end.error instanceof RangeError ? `a value is nested too deep: ${end.error.message}` : end.error.message,
          );
        break;
      case 'timed-out':
        this.#failRun(`callback timed out: the collection was not done after ${options.timeoutMs} ms (--timeout)`);
        break;
      case 'interrupted':
        if (!this.#started) throw options.signal.reason;
        // Also who reads only a report must not take it for a whole run.
        this.#failRun((options.signal.reason as Error).message);
    }
    this.#endStep();
  }

  /** A failure of the whole run, told at the step under way. */
  #failRun(problem: string): void {
    if (this.#step === undefined) this.#begin(this.subject.name, [], '');
    const message = this.#shown(problem);
    const failureNumber = this.#fail('step', 'run', message);
    this.#emit({ type: 'error', step: this.#step!.ref, message, failureNumber });
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
      start: (_error, cursor) => {
        this.#started = true;
        this.#emit({
          type: 'scenario-start',
          name: this.subject.name,
          file: this.subject.file,
          iterations: cursor.cycles,
        });
      },
      beforeIteration: (_error, cursor) => {
        this.#failedHere = false;
        this.#iteration = cursor.iteration + 1;
        this.#emit({ type: 'iteration-start', iteration: cursor.iteration + 1, iterations: cursor.cycles });
      },
      iteration: (error) => {
        this.#endStep();
        this.#tally.iterations.executed++;
        // newman forgets failed iterations (its issue 1600): here one with a failure counts as failed.
        if (error || this.#failedHere) this.#tally.iterations.failed++;
      },
      beforeItem: (_error, _cursor, item) => this.#beginItem(item),
      item: () => this.#endStep(),
      beforePrerequest: (_error, _cursor, events) => this.#countEmpty(this.#tally.prerequestScripts, events),
      beforeTest: (_error, _cursor, events) => this.#countEmpty(this.#tally.testScripts, events),
      beforeRequest: (_error, _cursor, request) => {
        if (request !== undefined && this.#step !== undefined)
          this.#emit({ type: 'request', step: this.#step.ref, method: request.method, url: this.#masked(request.url) });
      },
      request: (error, _cursor, response, request) =>
        this.#request(error, response, request?.method, request && this.#masked(request.url)),
      response: (error, _cursor, response, request, _item, _cookies, history) =>
        this.#whole(error, response, request, history),
      script: (error, _cursor, _execution, _script, event) => this.#script(error, event?.listen ?? 'unknown'),
      assertion: (_cursor, assertions) => {
        for (const assertion of assertions) this.#assertion(assertion);
      },
      console: (_cursor, _level, ...messages) => {
        const unsent = unsentFile(messages);
        if (unsent !== undefined) this.#unsent.push(unsent);
        else if (this.#step !== undefined)
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

  #beginItem(item: Item): void {
    this.#endStep();
    const path: string[] = [];
    item.forEachParent((parent: { name?: string }) => path.unshift(oneLine(parent.name ?? '')));
    this.#begin(item.name, path, item.id);
  }

  #begin(name: string, path: string[], itemId: string): void {
    const at = this.subject.places.ofItem(itemId);
    const ref: StepRef = { name: oneLine(name), path, section: 'steps', iteration: this.#iteration, at };
    this.#itemId = itemId;
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
    const unsent = this.#unsent.splice(0);
    if (step === undefined) return;
    const answered = error === null && unsent.length === 0 ? response : undefined;
    const problem = unsent.length > 0 ? unsent.join('; ') : (error?.message ?? 'no response');
    const size = answered?.size();
    const exchange = {
      method,
      url,
      count: 1,
      status: answered?.code,
      reason: answered?.reason(),
      bytes: size?.total ?? 0,
      timeMs: answered?.responseTime ?? 0,
      error: answered === undefined ? this.#shown(problem) : undefined,
    };
    if (size === undefined) this.#tally.requests.failed++;
    else this.#tally.response(exchange.timeMs, size.body);
    step.exchanges.push(exchange);
    this.#emit({ type: 'exchange', step: step.ref, exchange });
    if (exchange.error !== undefined) this.#fail('request', step.ref.name, exchange.error);
  }

  /** Keeps the whole exchange, for the failures of the scripts that come after it. */
  #whole(
    error: Error | null,
    response: Response | undefined,
    request: Request | undefined,
    history: History | undefined,
  ): void {
    if (request === undefined) return;
    const sent = sentRequest(request, history);
    this.#exchange = exchangeOf(sent, response, error, this.subject.options.clock.now());
    this.subject.mask.learnExchange(this.#exchange);
    if (this.subject.options.traffic && this.#step !== undefined)
      this.#emit({ type: 'traffic', step: this.#step.ref, traffic: trafficOf(this.#exchange, this.subject.mask) });
  }

  #script(error: Error | null, listen: string): void {
    const counts = listen === 'prerequest' ? this.#tally.prerequestScripts : this.#tally.testScripts;
    if (listen === 'prerequest' || listen === 'test') counts.executed++;
    if (error === null || this.#step === undefined) return;
    if (listen === 'prerequest' || listen === 'test') counts.failed++;
    const what = `${error.name} in ${listen}-script`;
    const failureNumber = this.#fail('step', `${listen}-script`, this.#shown(`${what}: ${error.message}`));
    // As in newman: what the error says follows at the end.
    this.#emit({ type: 'error', step: this.#step.ref, message: oneLine(what), failureNumber });
  }

  #assertion({ name, passed, skipped, error }: Assertion): void {
    const step = this.#step;
    if (step === undefined) return;
    const state = skipped ? ('skipped' as const) : passed ? ('passed' as const) : ('failed' as const);
    const shownName = oneLine(this.subject.mask.text(name));
    const messages = state === 'failed' ? this.#shown(error?.message ?? name).split('\n') : [];
    const at = state === 'failed' ? this.subject.places.ofTest(this.#itemId, name) : step.ref.at;
    const check = { name: shownName, at, state, messages };
    step.checks.push(check);
    this.#tally.check(check);
    const number = state === 'failed' ? this.#fail('assertion', shownName, messages.join('\n'), at) : undefined;
    this.#emit({ type: 'check', step: step.ref, check, failureNumber: number });
  }

  #masked(url: Request['url']): string {
    return oneLine(this.subject.mask.text(url.toString()));
  }

  #shown(message: string): string {
    return printable(this.subject.mask.text(message));
  }

  #rerun(request: string): string {
    const { file, options } = this.subject;
    const alone = this.#itemId === '' ? [] : ['--folder', request];
    return oneLine(this.subject.mask.text(commandLine(['hwctl', 'test', file, ...alone, ...(options.rerun ?? [])])));
  }

  #fail(kind: ScenarioFailure['kind'], name: string, message: string, told?: Position): number {
    const step = this.#step!;
    step.state = 'failed';
    if (told === undefined) step.errors.push({ message, line: step.ref.at.line });
    this.#failedHere = true;
    return this.#tally.fail({
      kind,
      name,
      messages: message.split('\n'),
      step: step.ref,
      where: `${this.subject.file}:${(told ?? step.ref.at).line}`,
      diff: [],
      exchange: this.#exchange === undefined ? '' : dumpOf(this.#exchange, this.subject.mask),
      rerun: this.#rerun(step.ref.name),
    });
  }
}

/** A file that the runtime could not read, which it only says in a warning: the request goes out without it. */
function unsentFile([message]: readonly unknown[]): string | undefined {
  const [, problem] =
    /^(?:Form param `.*`, file load error|Binary file load error): (.*)$/s.exec(String(message)) ?? [];
  return problem === undefined ? undefined : `a file was not sent: ${problem}`;
}

function exchangeOf(
  sent: ReturnType<typeof sentRequest>,
  response: Response | undefined,
  error: Error | null,
  now: number,
): Exchange {
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
      headers: response.headers.all().map(({ key, value }): [string, string] => [key, String(value)]),
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
