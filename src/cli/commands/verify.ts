import { resolve } from 'node:path';
import { formatDuration } from '../kernel/duration.js';
import { exitCodes, Failure } from '../kernel/failure.js';
import type { Replacement } from '../kernel/replacement.js';
import { formatLatency } from '../report/format.js';
import type { LoadHeading } from '../report/load/words.js';
import { markdownDocument } from '../report/markdown.js';
import { createPaint, type Paint } from '../report/paint.js';
import type { ScenarioEvent, ScenarioResult } from '../scenario/result.js';
import type { Target, UpRequest } from '../target/target.js';
import type { Context } from './context/context.js';
import { formatEvent } from './context/event-text.js';
import { formatFailure } from './context/failure-text.js';
import { appendStepSummary } from './context/step-summary.js';
import { openDraft, writeOut } from './load/out.js';
import { makeLoadPlan } from './load/plan.js';
import { loadExitCode, runLoad } from './load/run.js';
import { defineCommand, operand } from './options/define-command.js';
import { type OptionsOf, option } from './options/option.js';
import { findEndpoint, targetFromOptions, targetOptions } from './options/target-options.js';
import { requestFrom, valueOptions } from './options/value-options.js';
import { destination, duration, name, rate } from './options/values.js';
import { openProject } from './project/open-project.js';
import { type Stage, type StageLine, type VerifyReport, verifyMarkdown } from './verify-report.js';

const options = {
  ...targetOptions,
  target: { ...targetOptions.target, fallback: 'local' },
  ...valueOptions,
  rps: option('--rps <n>', 'arrivals per second of the load', rate, '100'),
  duration: option('--duration <duration>', 'how long the load lasts', duration, '5s'),
  timeout: option('--timeout <duration>', 'how long it may take to come up', duration, '5m'),
  out: option('--out <file>', 'write a summary in Markdown', { ...destination, example: 'summary.md' }),
};

type Options = OptionsOf<typeof options> & { json?: boolean };

const downTimeoutMs = 120_000;

/** `hwctl verify [STACK...]`: up, all scenarios of the stacks, a short load, down. Always comes down again. */
export const define = defineCommand({
  operands: [
    operand(
      '[stack...]',
      'stacks to verify (default: idempotency hello, of a project its only one; `all` for every one)',
      name,
    ),
  ],
  options,
  run: ([words], options, context) => new Verification(context, options, words).run(),
});

class Verification {
  private readonly report: VerifyReport = {
    target: 'local',
    reason: '',
    failures: [],
    durationMs: 0,
    passed: false,
    exitCode: exitCodes.pass,
  };
  private readonly lines: StageLine[] = [];
  /** Of `--out`. */
  private draft: Replacement | undefined;
  private heading: LoadHeading | undefined;
  private stacks: string[] = [];
  private readonly paint: Paint;

  constructor(
    private readonly context: Context,
    private readonly options: Options,
    private readonly words: string[],
  ) {
    this.paint = createPaint(context.color);
  }

  async run(): Promise<number> {
    const { context, options, report } = this;
    const started = context.clock.monotonic();
    const request = await requestFrom(this.words, options, context);
    this.stacks = request.stacks;
    const { target, reason } = await targetFromOptions(options, context, 'deploy');
    report.target = target.name;
    report.reason = reason;
    if (!options.json) context.beginReport();
    this.say(`target ${target.name}: ${reason}`);
    const before = (await target.status()).stacks;
    const { out } = options;
    if (out !== undefined) this.draft = openDraft(resolve(context.cwd, out), out);
    try {
      const isUp = await this.stage('up', () => this.up(target, request, options.timeout));
      if (isUp) {
        await this.stage('test', () => this.test(target, request.stacks));
        await this.stage('load', () => this.load());
      }
    } catch (error) {
      this.draft?.discard();
      throw error;
    } finally {
      await this.stage('down', () => this.down(target, request.stacks, before));
    }
    report.durationMs = Math.round(context.clock.monotonic() - started);
    if (context.signal.aborted) report.exitCode = exitCodes.interrupted;
    report.passed = report.exitCode === exitCodes.pass;
    this.finish();
    this.summarize();
    return report.exitCode;
  }

  /** Runs one stage unless interrupted; a Failure is noted and the run goes on to what is still sensible. */
  private async stage(name: Stage, work: () => Promise<void>): Promise<boolean> {
    if (this.context.signal.aborted && name !== 'down') return false;
    this.say(['', `── ${name} ${'─'.repeat(Math.max(3, Math.min(80, this.context.columns) - name.length - 4))}`]);
    try {
      await work();
      return true;
    } catch (error) {
      if (this.context.signal.aborted && name !== 'down') return false;
      if (!(error instanceof Failure)) throw error;
      const { code, message, hint } = error;
      this.report.failures.push({ stage: name, code, message, hint });
      this.context.note(formatFailure(error, this.context));
      this.line(name, false, message);
      this.worst(error.exitCode);
      return false;
    }
  }

  private async up(target: Target, request: UpRequest, timeoutMs: number): Promise<void> {
    const { context, report } = this;
    const up = await target.up(request, { timeoutMs, signal: context.signal, onEvent: this.onEvent });
    report.up = { ...up, reason: report.reason };
    const took = formatDuration(up.durationMs);
    this.say(up.endpoints.map(({ name, url }) => `${name}  ${url}`));
    this.line('up', true, `${request.stacks.join(', ')}: ready in ${took}`);
  }

  private async test(target: Target, stacks: string[]): Promise<void> {
    const { context, report } = this;
    const { NewmanReport } = await import('../report/scenario/newman.js');
    const { color, columns, write } = context;
    const view = this.options.json ? undefined : new NewmanReport({ write, color, columns, interactive: false });
    const onEvent = (event: ScenarioEvent) => view?.on(event);
    const { project } = await openProject(this.options, context);
    const results = await (project === undefined
      ? this.bundledTests(target, stacks, onEvent)
      : this.projectTests(onEvent));
    const sum = (pick: (result: ScenarioResult) => number) =>
      results.reduce((total, result) => total + pick(result), 0);
    const passed = results.length > 0 && results.every((result) => result.passed);
    report.test = {
      passed,
      scenarios: results.map(({ name, requests, assertions, failures }) => ({ name, requests, assertions, failures })),
    };
    const failed = sum((result) => result.failures.length);
    this.line(
      'test',
      passed,
      `${results.length} scenarios, ${sum((result) => result.requests.executed)} requests, ` +
        `${sum((result) => result.assertions.executed)} assertions, ${failed} failed`,
    );
    if (!passed) this.worst(exitCodes.failed);
  }

  /** The scenarios of the bundled platform's stacks. */
  private async bundledTests(
    target: Target,
    stacks: string[],
    onEvent: (event: ScenarioEvent) => void,
  ): Promise<ScenarioResult[]> {
    const { listScenarios, loadScenario } = await import('../scenario/format/find.js');
    const { runScenario } = await import('../scenario/run/run.js');
    const { root, cwd, clock, signal } = this.context;
    const { endpoint } = await findEndpoint(this.options, this.context);
    const results: ScenarioResult[] = [];
    for (const { name, stack } of listScenarios(root)) {
      if (stack === undefined || !stacks.includes(stack) || signal.aborted) continue;
      const scenario = await loadScenario(name, { root, cwd });
      results.push(
        await runScenario(scenario, {
          endpoint: { url: endpoint.url, host: endpoint.host ?? scenario.host },
          fault: (fault) => target.fault(fault),
          clock,
          signal,
          onEvent,
        }),
      );
    }
    return results;
  }

  /** The tests that the project has of its own, those of what is up of it. */
  private async projectTests(onEvent: (event: ScenarioEvent) => void): Promise<ScenarioResult[]> {
    const { planJobs } = await import('./test/jobs.js');
    const { file, target, context, allowContext, profile } = this.options;
    const none = { envVar: {}, globalVar: {}, var: {}, tag: [], folder: [], reporters: [] };
    const jobs = await planJobs([], { file, target, context, allowContext, profile, ...none, jobs: 1 }, this.context);
    const results: ScenarioResult[] = [];
    for (const job of jobs) if (!this.context.signal.aborted) results.push(await job.run(onEvent));
    return results;
  }

  private async load(): Promise<void> {
    const { context, options, report } = this;
    const { plan } = await makeLoadPlan(undefined, this.loadOptions(), context);
    const result = await runLoad(plan, context, { progress: this.progress() });
    report.load = result;
    const { headingOf } = await import('../report/load/words.js');
    const { traitsOf } = await import('../load/arrivals/models.js');
    this.heading = headingOf(plan, traitsOf(plan.arrivals));
    if (!options.json) {
      const { loadSummary } = await import('../report/load/summary.js');
      context.write(
        `\n${loadSummary(result, this.heading, { color: context.color, columns: context.columns, exitCode: loadExitCode(result) })}`,
      );
    }
    const exitCode = loadExitCode(result);
    const { p50, p99 } = result.latencyMs.response;
    const failedThresholds = result.thresholds.filter((outcome) => !outcome.passed).map((outcome) => outcome.text);
    this.line(
      'load',
      exitCode === exitCodes.pass,
      `${result.sent} requests, ${result.achievedRequestsPerSecond.toFixed(1)} a second, ` +
        `p50 ${formatLatency(p50)}, p99 ${formatLatency(p99)}, ${result.failed + result.timedOut} failed, ` +
        `${result.verdict.state}${failedThresholds.length > 0 ? `, not held: ${failedThresholds.join(', ')}` : ''}`,
    );
    this.worst(exitCode);
  }

  /** Takes down the stacks that were not up before; has its own deadline, as the user's signal may have fired already. */
  private async down(target: Target, stacks: string[], before: string[]): Promise<void> {
    const ours = stacks.filter((stack) => !before.includes(stack));
    if (ours.length === 0) {
      this.line('down', true, `kept: ${before.join(', ')} was up before`);
      return;
    }
    const down = await target.down(
      { stacks: before.length === 0 ? [] : ours, keepData: false },
      { timeoutMs: downTimeoutMs, signal: AbortSignal.timeout(downTimeoutMs), onEvent: this.onEvent },
    );
    this.report.down = down;
    const clean = down.remaining.length === 0;
    const counts = `${down.deleted.length} deleted, ${down.kept.length} kept, ${down.remaining.length} remaining`;
    this.line('down', clean, clean ? counts : `${counts}: ${down.remaining.map(({ ref }) => ref).join(', ')}`);
    if (!clean) this.worst(exitCodes.failed);
  }

  private loadOptions() {
    const { file, rps, duration, target, context, allowContext, profile } = this.options;
    const none = { header: [], threshold: [], fault: [], objective: [], var: {} };
    return { file, rps, duration, target, context, allowContext, profile, ...none };
  }

  private progress() {
    if (this.options.json) return 'none';
    return this.context.interactive ? 'live' : 'lines';
  }

  private readonly onEvent = (event: Parameters<typeof formatEvent>[0]) => {
    const text = this.options.json ? undefined : formatEvent(event);
    if (text !== undefined) this.context.note(text);
  };

  private say(text: string | readonly string[]): void {
    if (!this.options.json) this.context.print(text);
  }

  private line(stage: Stage, good: boolean, text: string): void {
    this.lines.push({ stage, good, text });
  }

  /** A failed check outranks a void measurement, and an environment that failed outranks both. */
  private worst(exitCode: number): void {
    const rank = [exitCodes.pass, exitCodes.void, exitCodes.failed, exitCodes.cannotRun] as number[];
    if (rank.indexOf(exitCode) > rank.indexOf(this.report.exitCode)) this.report.exitCode = exitCode;
  }

  /** The report in Markdown: into the step of GitHub Actions, and where `--out` says. */
  private summarize(): void {
    const { context, options, report } = this;
    const blocks = verifyMarkdown(report, this.lines, this.stacks, this.heading);
    appendStepSummary(blocks, context);
    if (options.out === undefined || this.draft === undefined) return;
    writeOut(this.draft, markdownDocument(blocks), options.out);
    context.note(`wrote ${resolve(context.cwd, options.out)}`);
  }

  private finish(): void {
    const { report } = this;
    if (this.options.json) {
      this.context.json(report);
      return;
    }
    const words: Record<number, string> = {
      [exitCodes.pass]: this.paint.good('PASS'),
      [exitCodes.failed]: this.paint.bad('FAIL'),
      [exitCodes.cannotRun]: this.paint.bad('COULD NOT RUN'),
      [exitCodes.void]: this.paint.warn('VOID: the load numbers cannot be trusted'),
      [exitCodes.interrupted]: this.paint.warn('INTERRUPTED'),
    };
    this.say(['', `── verify ${'─'.repeat(Math.max(3, Math.min(80, this.context.columns) - 10))}`]);
    for (const { stage, good, text } of this.lines)
      this.say(`${good ? this.paint.good('✓') : this.paint.bad('✗')} ${stage.padEnd(5)} ${text}`);
    this.say([
      '',
      `${words[report.exitCode] ?? 'FAIL'} in ${formatDuration(report.durationMs)} (exit ${report.exitCode})`,
    ]);
  }
}
