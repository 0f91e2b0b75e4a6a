import { resolve } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { writeText } from '../../kernel/files.js';
import type { MarkdownBlocks } from '../../report/markdown.js';
import { Collector, type FileReport } from '../../report/scenario/collect.js';
import type { scenarioMarkdown } from '../../report/scenario/markdown.js';
import { NewmanReport } from '../../report/scenario/newman.js';
import type { ScenarioEvent } from '../../scenario/result.js';
import type { Context } from '../context/context.js';
import { appendStepSummary, hasStepSummary } from '../context/step-summary.js';
import type { TestOptions } from './flags.js';
import { fileReports, type Reporter } from './reporters.js';

/** One thing that a call of `hwctl test` shows as it happens, writes at the end, or both. */
interface Output {
  on?(event: ScenarioEvent): void;
  close?(exitCode: number): void;
}

/** All reports of one call of `hwctl test`. */
export interface TestReports {
  on(event: ScenarioEvent): void;
  /** Writes what is written at the end, of a process that will exit so. Throws Failure for a file that cannot be written. */
  close(exitCode: number): void;
}

/** Opens what the options ask for; what is written is written in this order. Throws Failure where two want standard output. */
export async function openReports(options: TestOptions, context: Context): Promise<TestReports> {
  const reporters = options.reporters.flat();
  const isShown = showsRun(reporters, options);
  const wanted = reporters.filter((reporter) => isWritten(reporter));
  refuseSharing(wanted, isShown || options.json === true);
  const ended = new EndReports(context.version);
  const outputs: Output[] = [
    ...(isShown ? [shownRun(context)] : []),
    ...(options.debug ? [await debugOutput(context)] : []),
    ended,
    ...(await Promise.all(
      wanted.map(async ({ name, file }) =>
        ended.add(await fileReports[name](), (text) => {
          if (file === undefined) context.document(text);
          else write(`--reporters ${name}`, file, text, context);
        }),
      ),
    )),
    ...(options.har === undefined ? [] : [await harOutput(options.har, context)]),
    ...(options.json ? [ended.add(await fileReports.json(), context.document)] : []),
    ...(isAnnotated(reporters, context)
      ? [ended.add(await fileReports.github(), (text) => context.annotate(text.split('\n').slice(0, -1)))]
      : []),
    ...(hasStepSummary(context) && options.watch !== true ? [await stepSummary(ended, context)] : []),
  ];
  if (isShown) context.beginReport();
  return {
    on: (event) => {
      for (const output of outputs) output.on?.(event);
    },
    close: (exitCode) => {
      for (const output of outputs) output.close?.(exitCode);
    },
  };
}

/** newman's output is there unless something else was asked for in its place. */
function showsRun(reporters: readonly Reporter[], { json }: TestOptions): boolean {
  if (json) return false;
  return reporters.every(({ file }) => file !== undefined) || reporters.some(({ name }) => name === 'cli');
}

type Written = Reporter & { name: keyof typeof fileReports };

/** Without a file, annotations are for the runner. */
function isWritten(reporter: Reporter): reporter is Written {
  return reporter.name !== 'cli' && (reporter.name !== 'github' || reporter.file !== undefined);
}

function isAnnotated(reporters: readonly Reporter[], { env }: Context): boolean {
  return reporters.some(({ name, file }) => name === 'github' && file === undefined) || env.GITHUB_ACTIONS === 'true';
}

/** Standard output holds one report. */
function refuseSharing(wanted: readonly Written[], isTaken: boolean): void {
  const [first, second] = wanted.filter(({ file }) => file === undefined);
  const without = isTaken ? first : second;
  if (without === undefined) return;
  throw new Failure({
    code: 'no-report-file',
    message: `the reporter ${without.name} needs a file: standard output is taken`,
    hint: `-r ${without.name}=FILE`,
  });
}

/** Keeps what happened for the reports that are made at the end. */
class EndReports implements Output {
  readonly #collector = new Collector();
  readonly #version: string;
  #isNeeded = false;

  constructor(version: string) {
    this.#version = version;
  }

  on(event: ScenarioEvent): void {
    if (this.#isNeeded && event.type !== 'traffic') this.#collector.on(event);
  }

  /** The output that makes a report and delivers its text. */
  add(report: FileReport, deliver: (text: string) => void): Output {
    this.#isNeeded = true;
    return { close: (exitCode) => deliver(report(this.#collector.runs, this.#version, exitCode)) };
  }

  /** The output that makes a report in blocks and hands it over. */
  addBlocks(report: typeof scenarioMarkdown, deliver: (blocks: MarkdownBlocks) => void): Output {
    this.#isNeeded = true;
    return { close: (exitCode) => deliver(report(this.#collector.runs, this.#version, exitCode)) };
  }
}

function shownRun({ write, color, columns, interactive }: Context): Output {
  const report = new NewmanReport({ write, color, columns, interactive });
  return {
    on: (event) => {
      if (event.type !== 'traffic') report.on(event);
    },
  };
}

async function stepSummary(ended: EndReports, context: Context): Promise<Output> {
  const { scenarioMarkdown } = await import('../../report/scenario/markdown.js');
  return ended.addBlocks(scenarioMarkdown, (blocks) => appendStepSummary(blocks, context));
}

async function debugOutput(context: Context): Promise<Output> {
  const { debugLines } = await import('../../report/scenario/debug.js');
  return {
    on: (event) => {
      if (event.type === 'traffic') context.note(debugLines(event.traffic));
    },
  };
}

async function harOutput(file: string, context: Context): Promise<Output> {
  const { HarRecorder } = await import('../../report/scenario/har.js');
  const recorder = new HarRecorder();
  return {
    on: (event) => {
      if (event.type === 'traffic') recorder.on(event);
    },
    close: () => write('--har', file, recorder.text(context.version), context),
  };
}

function write(by: string, file: string, text: string, { cwd }: Context): void {
  writeText(resolve(cwd, file), text, { shown: file, by, folders: true });
}
