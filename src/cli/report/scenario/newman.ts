import { inspect } from 'node:util';
import { painted, shown } from '../../kernel/text.js';
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

// Faint, where newman has bright black: some backgrounds are of that very colour.
const paints = { faint: [2, 22], red: [31, 39], green: [32, 39], cyan: [36, 39], bold: [1, 22] } as const;

/**
 * newman's terminal report, line by line, as the run goes on; its layout is in newman 6.2, lib/reporters/cli. Every text of
 * an event is put on one line before it is looked at: no name, header or message can begin a line of the report.
 */
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
  on(received: ScenarioEvent): void {
    if (received.type === 'traffic') return;
    // What is logged are values, not texts.
    const event = received.type === 'log' ? received : shown(received, ['exchange']);
    switch (event.type) {
      case 'scenario-start':
        this.#folder = '';
        this.#line(this.#runs++ === 0 ? `hwctl test\n\n${event.name}` : `\n${event.name}`);
        break;
      case 'iteration-start':
        if (event.iterations > 1)
          this.#line(`\n${this.#paint('faint', `Iteration ${event.iteration}/${event.iterations}`)}`);
        break;
      case 'step-start':
        this.#stepStart(event.step);
        break;
      case 'request':
        this.#closeBox();
        this.#pending = `  ${this.#paint('faint', `${event.method} ${event.url}`)} `;
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
        this.#line(this.#paint('faint', `  ${event.text}`));
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
    this.#closeBox();
    const asked = this.#pending ?? `  ${this.#paint('faint', `${exchange.method} ${exchange.url}`)} `;
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
    this.#options.write(`${this.#paint('faint', words)}\n`);
  }

  #log(values: unknown[]): void {
    const { color, columns } = this.#options;
    const options = { depth: 25, maxArrayLength: 100, colors: color, breakLength: Math.max(columns, 120) - 16 };
    // inspect escapes the texts in a value: the colours are its own.
    const text = values
      .map((value) => inspect(value, options))
      .join(', ')
      .replace(/\u001b\[(\d+)m([^\u001b]*)\u001b\[(\d+)m/g, (_all, open, inner, close) =>
        painted(inner, Number(open), Number(close)),
      );
    if (!this.#boxOpen) this.#line(`  ${this.#paint('faint', '┌')}`);
    this.#boxOpen = true;
    for (const line of text.split('\n')) this.#options.write(`  ${this.#paint('faint', '│')} ${line}\n`);
  }

  #closeBox(): void {
    if (this.#boxOpen) this.#options.write(`  ${this.#paint('faint', '└')}\n`);
    this.#boxOpen = false;
  }

  #check(check: CheckResult, failureNumber: number | undefined): void {
    if (check.state === 'skipped') this.#line(this.#paint('cyan', `  -  [skipped] ${check.name}`));
    else if (check.state === 'passed')
      this.#line(`${this.#paint('green', '  ✓ ')} ${this.#paint('faint', check.name)}`);
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
    const width = Math.max(7, ...result.failures.map((failure) => errorName(failure).length));
    const indent = ' '.repeat(6 + width);
    const lines = [this.#paint('red', `  # ${'failure'.padEnd(width)}  detail`)];
    let before: ScenarioFailure | undefined;
    for (const failure of result.failures) {
      const { found, about } = detailOf(failure, before);
      const [first = '', ...rest] = found;
      lines.push('', `${String(failure.number).padStart(2)}. ${errorName(failure).padEnd(width)}  ${first}`);
      for (const line of rest) lines.push(`${indent}${line}`);
      for (const line of about) lines.push(this.#paint('faint', `${indent}${line}`));
      before = failure;
    }
    const hidden = result.assertions.failed - result.failures.length;
    if (hidden > 0) lines.push('', `(and more: only the first ${result.failures.length} failures are shown)`);
    return lines;
  }

  #paint(color: keyof typeof paints, text: string): string {
    return this.#options.color && text !== '' ? painted(text, paints[color][0], paints[color][1]) : text;
  }
}

function times(count: number): string {
  return count === 1 ? '' : ` × ${count}`;
}

function errorName(failure: ScenarioFailure): string {
  return failure.kind === 'assertion' ? 'AssertionError' : 'Error';
}

/**
 * What is shown beside a failure: its name and what was found; and where it stands, the difference, the exchange, the
 * command. The failures of one exchange show it once, with the first of them.
 */
function detailOf(failure: ScenarioFailure, before: ScenarioFailure | undefined): { found: string[]; about: string[] } {
  const { step, messages, diff, exchange } = failure;
  const found = failure.kind === 'assertion' ? [failure.name, ...messages] : [...messages];
  const about = [`at ${failure.where}`];
  if (diff.length > 1 || (diff.length === 1 && messages.length > 0))
    about.push('difference:', ...diff.map((line) => `  ${line}`));
  const again = before?.step.iteration === step.iteration && before.rerun === failure.rerun;
  if (again && before.exchange === exchange) return { found, about };
  about.splice(1, 0, `inside "${[...step.path, step.name].join(' / ')}"`);
  if (exchange !== '') about.push(...exchange.split('\n').map((line) => `  ${line}`));
  about.push(`run it alone: ${failure.rerun}`);
  return { found, about };
}

/** newman's table of a run. */
function summaryLines(
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
