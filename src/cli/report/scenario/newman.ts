import { inspect } from 'node:util';
import type {
  CheckResult,
  ExchangeSummary,
  ScenarioEvent,
  ScenarioFailure,
  ScenarioResult,
  StepRef,
} from '../../scenario/result.js';
import { newmanSize, newmanTime } from './figures.js';
import { tableLines } from './table.js';

export interface TextOptions {
  write(text: string): void;
  color: boolean;
  /** Width of the terminal. */
  columns: number;
  /** The request line is shown before its answer is there. */
  interactive: boolean;
}

const paints = { gray: 90, red: 31, green: 32, cyan: 36, yellow: 33, bold: 1 } as const;

/** newman's terminal report, line by line, as the run goes on; its layout is in newman 6.2, lib/reporters/cli. */
export class NewmanReport {
  readonly #options: TextOptions;
  #folder = '';
  #boxOpen = false;
  /** The request line is on the screen and waits for its outcome. */
  #pending: string | undefined;
  #runs = 0;

  constructor(options: TextOptions) {
    this.#options = options;
  }

  /** Takes the events of one or several runs, in order. */
  on(event: ScenarioEvent): void {
    switch (event.type) {
      case 'scenario-start':
        this.#folder = '';
        this.#line(this.#runs++ === 0 ? `newman\n\n${event.name}` : `\n${event.name}`);
        break;
      case 'iteration-start':
        if (event.iterations > 1)
          this.#line(`\n${this.#paint('gray', `Iteration ${event.iteration}/${event.iterations}`)}`);
        break;
      case 'step-start':
        this.#stepStart(event.step);
        break;
      case 'request':
        this.#pending = `  ${this.#paint('gray', `${event.method} ${event.url}`)} `;
        if (this.#options.interactive) this.#options.write(this.#pending);
        break;
      case 'exchange':
        this.#exchange(event.exchange);
        break;
      case 'log':
        this.#log(event.values);
        break;
      case 'check':
        this.#check(event.check, event.failureNumber);
        break;
      case 'error':
        this.#line(this.#paint('red', `${String(event.failureNumber).padStart(3)}. ${event.message}`));
        break;
      case 'note':
        this.#line(this.#paint('gray', `  ${event.text}`));
        break;
      case 'step-end':
        this.#closeBox();
        if (event.step.state === 'skipped')
          this.#line(
            this.#paint('cyan', `  -  [skipped]${event.step.reason === undefined ? '' : ` ${event.step.reason}`}`),
          );
        break;
      case 'scenario-end':
        this.#summary(event.result);
        break;
      case 'traffic':
        break;
    }
  }

  #stepStart(step: StepRef): void {
    const folder = step.path.join(' / ');
    if (folder !== this.#folder && folder !== '') this.#line(`\n❏ ${folder}`);
    else this.#line('');
    this.#folder = folder;
    this.#line(`${folder === '' ? '→' : '↳'} ${step.name}`);
  }

  #exchange(exchange: ExchangeSummary): void {
    const asked = this.#pending ?? `  ${this.#paint('gray', `${exchange.method} ${exchange.url}`)} `;
    if (this.#pending === undefined || !this.#options.interactive) this.#options.write(asked);
    this.#pending = undefined;
    if (exchange.error !== undefined) {
      this.#options.write(`${this.#paint('red', `[errored]${times(exchange.count)}`)}\n`);
      this.#options.write(`${this.#paint('red', `     ${exchange.error}`)}\n`);
      return;
    }
    const { status, reason, bytes, timeMs, count } = exchange;
    const status_ = `${status} ${reason}`.trimEnd();
    const words = `[${status_}, ${newmanSize(bytes)}, ${newmanTime(timeMs)}]${times(count)}`;
    this.#options.write(`${this.#paint('gray', words)}\n`);
  }

  #log(values: unknown[]): void {
    const { color, columns } = this.#options;
    const options = { depth: 25, maxArrayLength: 100, colors: color, breakLength: Math.max(columns, 120) - 16 };
    const text = values.map((value) => inspect(value, options)).join(', ');
    if (!this.#boxOpen) this.#options.write(`  ${this.#paint('gray', '┌')}\n`);
    this.#boxOpen = true;
    for (const line of text.split('\n')) this.#options.write(`  ${this.#paint('gray', '│')} ${line}\n`);
  }

  #closeBox(): void {
    if (this.#boxOpen) this.#options.write(`  ${this.#paint('gray', '└')}\n`);
    this.#boxOpen = false;
  }

  #check(check: CheckResult, failureNumber: number | undefined): void {
    if (check.state === 'skipped') this.#line(this.#paint('cyan', `  -  [skipped] ${check.name}`));
    else if (check.state === 'passed') this.#line(`${this.#paint('green', '  ✓ ')} ${this.#paint('gray', check.name)}`);
    else this.#line(this.#paint('red', `${String(failureNumber).padStart(3)}. ${check.name}`));
  }

  #line(text: string): void {
    this.#closeBox();
    if (this.#pending !== undefined && this.#options.interactive) this.#options.write('\n');
    this.#pending = undefined;
    this.#options.write(`${text}\n`);
  }

  #summary(result: ScenarioResult): void {
    this.#closeBox();
    const lines = summaryLines(result, (text, mark) => this.#paint(mark === 'good' ? 'green' : 'red', text));
    this.#options.write(`\n${lines.join('\n')}\n`);
    if (result.failures.length > 0) this.#options.write(`\n${this.#failures(result).join('\n')}\n`);
  }

  #failures(result: ScenarioResult): string[] {
    const details = result.failures.map((failure) => detailOf(failure));
    const width = Math.max(7, ...result.failures.map((failure) => errorName(failure).length));
    const indent = 6 + width;
    const lines = [this.#paint('red', `  # ${'failure'.padEnd(width)}  detail`)];
    for (const [i, failure] of result.failures.entries()) {
      const [first = '', ...rest] = details[i]!;
      lines.push('', `${String(failure.number).padStart(2)}. ${errorName(failure).padEnd(width)}  ${first}`);
      for (const line of rest) lines.push(this.#paint('gray', `${' '.repeat(indent)}${line}`));
    }
    const hidden = result.assertions.failed - result.failures.length;
    if (hidden > 0) lines.push('', `(and more: only the first ${result.failures.length} failures are shown)`);
    return lines;
  }

  #paint(color: keyof typeof paints, text: string): string {
    return this.#options.color && text !== '' ? `\u001b[${paints[color]}m${text}\u001b[39m` : text;
  }
}

function times(count: number): string {
  return count === 1 ? '' : ` × ${count}`;
}

function errorName(failure: ScenarioFailure): string {
  return failure.kind === 'assertion' ? 'AssertionError' : 'Error';
}

/** What is shown beside a failure: its name, what was found, where it stands, the difference, the exchange, the command. */
function detailOf(failure: ScenarioFailure): string[] {
  const { step } = failure;
  const lines = failure.kind === 'assertion' ? [failure.name, ...failure.messages] : [...failure.messages];
  lines.push(`at ${failure.where}`, `inside "${[...step.path, step.name].join(' / ')}"`);
  if (failure.diff.length > 1 || (failure.diff.length === 1 && failure.messages.length > 0))
    lines.push('difference:', ...failure.diff.map((line) => `  ${line}`));
  if (failure.exchange !== '') lines.push(...failure.exchange.split('\n').map((line) => `  ${line}`));
  lines.push(`run it alone: ${failure.rerun}`);
  return lines;
}

/** newman's table of a run. */
export function summaryLines(
  result: ScenarioResult,
  paint: (text: string, mark: 'good' | 'bad') => string = (text) => text,
): string[] {
  const { iterations, requests, testScripts, prerequestScripts, assertions, responseMs } = result;
  const row = (label: string, { executed, failed }: { executed: number; failed: number }) => ({
    label,
    cells: [String(executed), String(failed)] as [string, string],
    mark: failed > 0 ? ('bad' as const) : ('good' as const),
  });
  const answered = responseMs.max > 0;
  const { average, min, max, sd } = responseMs;
  const figures = `[min: ${newmanTime(min)}, max: ${newmanTime(max)}, s.d.: ${newmanTime(sd)}]`;
  return tableLines(
    ['executed', '  failed'],
    [
      row('iterations', iterations),
      row('requests', requests),
      row('test-scripts', testScripts),
      row('prerequest-scripts', prerequestScripts),
      row('assertions', assertions),
      { text: `total run duration: ${newmanTime(result.durationMs)}` },
      { text: `total data received: ${newmanSize(result.receivedBytes)} (approx)` },
      ...(answered ? [{ text: `average response time: ${newmanTime(average)} ${figures}` }] : []),
    ],
    paint,
  );
}
