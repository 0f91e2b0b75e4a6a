import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Item, Response, VariableScope } from 'postman-collection';
import type { Assertion, Callbacks, Cursor, Run, ScriptEvent } from 'postman-runtime';
import type { Clock } from '../../kernel/clock.js';
import { Failure } from '../../kernel/failure.js';
import { readRows } from '../data.js';
import { Mask } from '../mask.js';
import type { ScenarioEndpoint } from '../request.js';
import {
  begunStep,
  type ScenarioEvent,
  type ScenarioFailure,
  type ScenarioResult,
  type StepRef,
  type StepResult,
} from '../result.js';
import { Tally } from '../tally.js';
import { routedAgents } from './agent.js';
import { readCollection, readJson } from './collection.js';

/** newman's options, by what they mean. */
export interface PostmanOptions {
  /** Where requests for `hosts` go, whatever those names resolve to. */
  endpoint?: ScenarioEndpoint;
  environment?: string;
  globals?: string;
  data?: string;
  iterations?: number;
  folders?: readonly string[];
  environmentVariables?: Record<string, string>;
  globalVariables?: Record<string, string>;
  bail?: boolean;
  delayRequestMs?: number;
  timeoutMs?: number;
  timeoutRequestMs?: number;
  timeoutScriptMs?: number;
  insecure?: boolean;
  ignoreRedirects?: boolean;
  workingDir?: string;
  cwd: string;
  clock: Clock;
  signal: AbortSignal;
  onEvent?(event: ScenarioEvent): void;
}

/** Runs a Postman collection unchanged, on Postman's own runtime. Failed assertions are values; throws as runScenario does. */
export async function runCollection(file: string, shown: string, options: PostmanOptions): Promise<ScenarioResult> {
  const [collection, runtime, sdk] = await Promise.all([
    readCollection(file, shown),
    import('postman-runtime'),
    import('postman-collection'),
  ]);
  const { Runner } = (runtime as unknown as { default: typeof runtime }).default;
  const { VariableScope } = sdk.default;
  const environment = scopeOf(options.environment, options.environmentVariables, options.cwd, VariableScope);
  const globals = scopeOf(options.globals, options.globalVariables, options.cwd, VariableScope);
  const observer = new Observer(shown, collection.name ?? basename(file), options);
  const run = await new Promise<Run>((done, fail) => {
    new Runner().run(
      collection,
      {
        stopOnFailure: options.bail ?? false,
        iterationCount: options.iterations,
        data: options.data === undefined ? undefined : readRows(resolve(options.cwd, options.data)),
        environment,
        globals,
        entrypoint: options.folders?.length
          ? { execute: [...options.folders], lookupStrategy: 'multipleIdOrName' }
          : undefined,
        delay: { item: options.delayRequestMs },
        timeout: {
          global: options.timeoutMs ?? 0,
          request: options.timeoutRequestMs ?? 0,
          script: options.timeoutScriptMs ?? 0,
        },
        fileResolver: fileResolver(resolve(options.cwd, options.workingDir ?? dirname(file))),
        requester: {
          useWhatWGUrlParser: true,
          followRedirects: options.ignoreRedirects ? false : undefined,
          strictSSL: !options.insecure,
          agents: options.endpoint === undefined ? undefined : routedAgents(options.endpoint),
        },
      },
      (error, started) => (error ? fail(cannotRun(shown, error)) : done(started)),
    );
  });
  await observer.follow(run);
  if (options.signal.aborted) throw options.signal.reason;
  return observer.result();
}

function cannotRun(file: string, error: Error): Failure {
  return new Failure({
    code: 'bad-collection',
    message: `${file} cannot be run: ${error.message}`,
    hint: 'Check --folder and the files given with -e, -g and -d',
    cause: error,
  });
}

function scopeOf(
  file: string | undefined,
  given: Record<string, string> | undefined,
  cwd: string,
  Scope: typeof VariableScope,
): VariableScope {
  const json = file === undefined ? {} : readJson(resolve(cwd, file), 'a Postman environment or globals file');
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw new Failure({
      code: 'bad-environment',
      message: `${file} is not a Postman environment: expected an object with "values"`,
      hint: 'Export it from Postman',
    });
  }
  const scope = new Scope(json);
  for (const [name, value] of Object.entries(given ?? {})) scope.set(name, value, 'string');
  return scope;
}

/** Files that requests upload, relative to the collection; outside of its folder nothing is read, as in newman. */
function fileResolver(folder: string) {
  const inside = (path: string) => {
    const full = resolve(folder, path);
    if (full !== folder && !full.startsWith(`${folder}/`))
      throw new Error('PPERM: insecure file access outside working directory');
    return full;
  };
  const fs = process.getBuiltinModule('node:fs');
  return {
    stat: (path: string, done: (error: Error | null, stats?: unknown) => void) => {
      try {
        fs.stat(inside(path), done);
      } catch (error) {
        done(error as Error);
      }
    },
    createReadStream: (path: string, streamOptions?: object) => fs.createReadStream(inside(path), streamOptions),
    readFile: (path: string, ...rest: unknown[]) =>
      (fs.readFile as (...args: unknown[]) => void)(inside(path), ...rest),
    readFileSync: (path: string) => readFileSync(inside(path)),
  };
}

/** Turns the runtime's callbacks into the events of any scenario. */
class Observer {
  readonly #tally = new Tally();
  readonly #mask = new Mask([]);
  readonly #startedAt: number;
  readonly #startedMs: number;
  #step: StepResult | undefined;
  #stepStartedMs = 0;
  #failedHere = false;

  constructor(
    private readonly file: string,
    private readonly name: string,
    private readonly options: PostmanOptions,
  ) {
    this.#startedAt = options.clock.now();
    this.#startedMs = options.clock.monotonic();
  }

  follow(run: Run): Promise<void> {
    return new Promise((done, fail) => {
      const stop = () => run.abort();
      this.options.signal.addEventListener('abort', stop, { once: true });
      run.start({
        ...this.#callbacks(),
        done: (error) => {
          this.options.signal.removeEventListener('abort', stop);
          this.#endStep();
          if (error === null || this.options.signal.aborted || this.#tally.failureCount > 0) done();
          else fail(cannotRun(this.file, error));
        },
      });
    });
  }

  result(): ScenarioResult {
    const durationMs = this.options.clock.monotonic() - this.#startedMs;
    const result = this.#tally.result(this.name, this.file, this.#startedAt, durationMs);
    this.#emit({ type: 'scenario-end', result });
    return result;
  }

  #emit(event: ScenarioEvent): void {
    this.options.onEvent?.(event);
  }

  #callbacks(): Callbacks {
    return {
      start: (_error, cursor) =>
        this.#emit({ type: 'scenario-start', name: this.name, file: this.file, iterations: cursor.cycles }),
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
          this.#emit({ type: 'request', step: this.#step.ref, method: request.method, url: request.url.toString() });
      },
      request: (error, _cursor, response, request) =>
        this.#request(error, response, request?.method, request?.url.toString()),
      script: (error, _cursor, _execution, _script, event) => this.#script(error, event?.listen ?? 'unknown'),
      assertion: (_cursor, assertions) => {
        for (const assertion of assertions) this.#assertion(assertion);
      },
      console: (_cursor, _level, ...messages) => {
        if (this.#step !== undefined)
          this.#emit({
            type: 'log',
            step: this.#step.ref,
            values: messages.map((message) => this.#mask.value(message)),
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
      at: { line: 1, column: 1 },
    };
    this.#step = begunStep(ref);
    this.#stepStartedMs = this.options.clock.monotonic();
    this.#emit({ type: 'step-start', step: ref });
  }

  #endStep(): void {
    const step = this.#step;
    if (step === undefined) return;
    step.durationMs = this.options.clock.monotonic() - this.#stepStartedMs;
    this.#step = undefined;
    this.#emit({ type: 'step-end', step });
  }

  #request(error: Error | null, response: Response | undefined, method = '', url = ''): void {
    this.#tally.requests.executed++;
    const step = this.#step;
    if (step === undefined) return;
    if (error !== null || response === undefined) {
      this.#tally.requests.failed++;
      const message = error?.message ?? 'no response';
      const exchange = {
        method,
        url,
        count: 1,
        status: undefined,
        reason: undefined,
        bytes: 0,
        timeMs: 0,
        error: message,
      };
      step.exchanges.push(exchange);
      this.#emit({ type: 'exchange', step: step.ref, exchange });
      this.#fail('request', step.ref.name, message);
      return;
    }
    const size = response.size() as { body: number; header?: number; total: number };
    const timeMs = response.responseTime;
    this.#tally.response(timeMs, size.body);
    const exchange = {
      method,
      url,
      count: 1,
      status: response.code,
      reason: response.reason(),
      bytes: size.total,
      timeMs,
      error: undefined,
    };
    step.exchanges.push(exchange);
    this.#emit({ type: 'exchange', step: step.ref, exchange });
  }

  #script(error: Error | null, listen: string): void {
    const counts = listen === 'prerequest' ? this.#tally.prerequestScripts : this.#tally.testScripts;
    if (listen === 'prerequest' || listen === 'test') counts.executed++;
    if (error === null || this.#step === undefined) return;
    if (listen === 'prerequest' || listen === 'test') counts.failed++;
    const number = this.#fail('step', `${listen}-script`, `${error.name} in ${listen}-script: ${error.message}`);
    this.#emit({
      type: 'error',
      step: this.#step.ref,
      message: `${error.name} in ${listen}-script: ${error.message}`,
      failureNumber: number,
    });
  }

  #assertion({ name, passed, skipped, error }: Assertion): void {
    const step = this.#step;
    if (step === undefined) return;
    const state = skipped ? ('skipped' as const) : passed ? ('passed' as const) : ('failed' as const);
    const messages = state === 'failed' ? [this.#mask.text(error?.message ?? name)] : [];
    const check = { name, at: step.ref.at, state, messages };
    step.checks.push(check);
    this.#tally.check(check);
    const number = state === 'failed' ? this.#fail('assertion', name, messages[0] ?? name, true) : undefined;
    this.#emit({ type: 'check', step: step.ref, check, failureNumber: number });
  }

  #fail(kind: ScenarioFailure['kind'], name: string, message: string, told = false): number {
    const step = this.#step!;
    step.state = 'failed';
    if (!told) step.errors.push(message);
    this.#failedHere = true;
    return this.#tally.fail({
      kind,
      name,
      messages: [this.#mask.text(message)],
      step: step.ref,
      where: `${this.file}:1`,
      diff: [],
      exchange: '',
      rerun: `hwctl test ${this.file} --folder ${JSON.stringify(step.ref.name)}`,
    });
  }
}
