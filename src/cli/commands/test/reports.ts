import { writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { makeFolders } from '../../kernel/folders.js';
import { didYouMean } from '../../kernel/nearest.js';
import { Collector, type FileReport } from '../../report/scenario/collect.js';
import type { HarRecorder } from '../../report/scenario/har.js';
import { NewmanReport } from '../../report/scenario/newman.js';
import type { ScenarioEvent } from '../../scenario/result.js';
import type { Context } from '../context/context.js';
import type { TestOptions } from './flags.js';

const fileReports: Record<string, () => Promise<FileReport>> = {
  json: async () => (await import('../../report/scenario/json.js')).jsonReport,
  junit: async () => (await import('../../report/scenario/junit.js')).junitReport,
  tap: async () => (await import('../../report/scenario/tap.js')).tapReport,
  html: async () => (await import('../../report/scenario/html.js')).htmlReport,
  github: async () => (await import('../../report/scenario/github.js')).githubReport,
};
/** What `--reporters` takes. */
export const reporterNames: readonly string[] = ['cli', ...Object.keys(fileReports)];

interface Wanted {
  report: FileReport;
  /** Standard output where there is no file. */
  file: string | undefined;
}

/** All reports of one call of `hwctl test`: what is shown as it happens, and what is written at the end. */
export class TestReports {
  readonly #collector = new Collector();

  private constructor(
    private readonly context: Context,
    private readonly options: TestOptions,
    private readonly terminal: NewmanReport | undefined,
    private readonly files: readonly Wanted[],
    private readonly har: HarRecorder | undefined,
    private readonly annotations: FileReport | undefined,
    private readonly jsonReport: FileReport | undefined,
    private readonly debugLines: typeof import('../../report/scenario/debug.js').debugLines | undefined,
  ) {}

  /** Checks the names of the reporters and loads those wanted. Throws Failure. */
  static async open(options: TestOptions, context: Context): Promise<TestReports> {
    const names = options.reporters.map((entry) => entry.split('=', 1)[0]!);
    for (const name of names) if (!reporterNames.includes(name)) throw unknownReporter(name);
    const cli =
      !options.json && (names.length === 0 || names.includes('cli') || options.reporters.every((e) => e.includes('=')));
    const files: Wanted[] = [];
    for (const entry of options.reporters) {
      const [name = '', ...rest] = entry.split('=');
      const load = fileReports[name];
      if (load === undefined) continue;
      const file = rest.length === 0 ? undefined : rest.join('=');
      // Without a file, annotations are for the runner.
      if (name === 'github' && file === undefined) continue;
      if (file === undefined && (cli || options.json || files.some((other) => other.file === undefined)))
        throw noFile(name);
      files.push({ report: await load(), file });
    }
    const { color, columns, interactive, write } = context;
    const terminal = cli ? new NewmanReport({ write, color, columns, interactive }) : undefined;
    const har =
      options.har === undefined ? undefined : new (await import('../../report/scenario/har.js')).HarRecorder();
    const debug = options.debug ? (await import('../../report/scenario/debug.js')).debugLines : undefined;
    const json = options.json ? await fileReports.json!() : undefined;
    const annotate = options.reporters.includes('github') || context.env.GITHUB_ACTIONS === 'true';
    const annotations = annotate ? await fileReports.github!() : undefined;
    if (cli) context.beginReport();
    return new TestReports(context, options, terminal, files, har, annotations, json, debug);
  }

  on(event: ScenarioEvent): void {
    if (event.type === 'traffic') {
      this.har?.on(event);
      if (this.debugLines !== undefined) this.context.note(this.debugLines(event.traffic));
      return;
    }
    this.terminal?.on(event);
    if (this.files.length > 0 || this.annotations !== undefined || this.options.json) this.#collector.on(event);
  }

  /** Writes what is written at the end. Throws Failure for a file that cannot be written. */
  close(): void {
    const { runs } = this.#collector;
    for (const { report, file } of this.files) {
      const text = report(runs, this.context.version);
      if (file === undefined) this.context.document(text);
      else this.#write(file, text);
    }
    if (this.har !== undefined && this.options.har !== undefined)
      this.#write(this.options.har, this.har.text(this.context.version));
    if (this.jsonReport !== undefined) this.context.document(this.jsonReport(runs));
    if (this.annotations !== undefined) this.context.annotate(this.annotations(runs).split('\n').slice(0, -1));
  }

  #write(file: string, text: string): void {
    const path = resolve(this.context.cwd, file);
    try {
      makeFolders(dirname(path));
      writeFileSync(path, text);
    } catch (error) {
      throw new Failure({
        code: 'unwritable',
        message: `the report ${file} cannot be written: ${(error as Error).message}`,
        hint: 'Give a path in a folder that can be written to',
        cause: error,
      });
    }
  }
}

function unknownReporter(name: string): Failure {
  return new Failure({
    code: 'unknown-reporter',
    message: `unknown reporter ${JSON.stringify(name)}${didYouMean(name, reporterNames)}`,
    hint: `Reporters: ${reporterNames.join(', ')}; NAME=FILE writes to a file`,
  });
}

function noFile(name: string): Failure {
  return new Failure({
    code: 'no-report-file',
    message: `the reporter ${name} needs a file: standard output is taken`,
    hint: `-r ${name}=FILE`,
  });
}
