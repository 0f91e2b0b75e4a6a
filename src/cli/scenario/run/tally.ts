import type { CheckResult, Counts, ScenarioFailure, ScenarioResult } from '../result.js';

const maxFailuresKept = 1000;

/** Counts of one run as they grow; memory does not depend on the number of iterations. */
export class Tally {
  readonly iterations: Counts = { executed: 0, failed: 0 };
  readonly requests: Counts = { executed: 0, failed: 0 };
  readonly testScripts: Counts = { executed: 0, failed: 0 };
  readonly prerequestScripts: Counts = { executed: 0, failed: 0 };
  readonly assertions = { executed: 0, failed: 0, skipped: 0 };
  readonly failures: ScenarioFailure[] = [];
  failureCount = 0;
  receivedBytes = 0;
  #responses = 0;
  #mean = 0;
  #squares = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  response(timeMs: number, bodyBytes: number): void {
    this.receivedBytes += bodyBytes;
    this.#responses++;
    // Welford: the variance of a stream in one pass.
    const delta = timeMs - this.#mean;
    this.#mean += delta / this.#responses;
    this.#squares += delta * (timeMs - this.#mean);
    this.#min = Math.min(this.#min, timeMs);
    this.#max = Math.max(this.#max, timeMs);
  }

  check(result: CheckResult): void {
    // newman counts a skipped test as an assertion; it is told apart here.
    this.assertions.executed++;
    if (result.state === 'failed') this.assertions.failed++;
    if (result.state === 'skipped') this.assertions.skipped++;
  }

  /** Keeps a failure and gives it its number. Beyond 1000 only the number grows. */
  fail(failure: Omit<ScenarioFailure, 'number'>): number {
    const number = ++this.failureCount;
    if (this.failures.length < maxFailuresKept) this.failures.push({ number, ...failure });
    return number;
  }

  result(name: string, file: string, startedAt: number, durationMs: number): ScenarioResult {
    const some = this.#responses > 0;
    return {
      name,
      file,
      passed: this.failureCount === 0,
      iterations: this.iterations,
      requests: this.requests,
      testScripts: this.testScripts,
      prerequestScripts: this.prerequestScripts,
      assertions: this.assertions,
      failures: this.failures,
      durationMs,
      startedAt,
      receivedBytes: this.receivedBytes,
      responseMs: {
        average: this.#mean,
        min: some ? this.#min : 0,
        max: this.#max,
        sd: some ? Math.sqrt(this.#squares / this.#responses) : 0,
      },
    };
  }
}
