import { closeSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { didYouMean } from '../kernel/nearest.js';
import { jsonText, shown } from '../kernel/text.js';
import { Histogram } from '../load/histogram.js';
import type { LoadResult, RequestRecord } from '../load/metrics.js';
import { type LoadPlan, planSteps } from '../load/plan.js';
import { type Distribution, type LayoutName, layoutNames } from '../report/layouts/layout.js';
import { recordLine, seriesCsv } from '../report/table-files.js';
import { headingOf } from '../report/words.js';
import type { Context } from './context.js';

const formats = ['.json', '.csv', '.ndjson', '.html'] as const;
type Format = (typeof formats)[number];

/** The files of `--out`: opened before the run, so that a path that cannot be written costs no run. */
export class OutFiles {
  private readonly files: { path: string; format: Format }[];
  private readonly records: number | undefined;

  /** Throws Failure `bad-out` for an unknown extension or a path that cannot be written. */
  constructor(paths: readonly string[], context: Pick<Context, 'cwd'>) {
    this.files = paths.map((path) => ({ path: resolve(context.cwd, path), format: formatOf(path) }));
    for (const { path } of this.files) closeSync(openForWriting(temporary(path)));
    const ndjson = this.files.find((file) => file.format === '.ndjson');
    this.records = ndjson === undefined ? undefined : openForWriting(temporary(ndjson.path));
  }

  /** Takes the records of requests while the run goes on, where a file wants them. */
  recorder(plan: LoadPlan): ((records: RequestRecord[]) => void) | undefined {
    const { records: fd } = this;
    if (fd === undefined) return undefined;
    const steps = planSteps(plan);
    return (records) => {
      writeSync(fd, records.map((record) => recordLine(record, steps)).join(''));
    };
  }

  /** Writes every file whole, then puts it in its place. Gives the paths. */
  async write(result: LoadResult, plan: LoadPlan): Promise<string[]> {
    if (this.records !== undefined) closeSync(this.records);
    for (const { path, format } of this.files) {
      if (format !== '.ndjson') writeFileSync(temporary(path), await render(format, result, plan));
      renameSync(temporary(path), path);
    }
    return this.files.map((file) => file.path);
  }

  /** Leaves nothing behind of a run that gave no result. */
  discard(): void {
    for (const { path } of this.files) rmSync(temporary(path), { force: true });
  }
}

async function render(format: Exclude<Format, '.ndjson'>, result: LoadResult, plan: LoadPlan): Promise<string> {
  switch (format) {
    case '.json':
      return `${jsonText(result)}\n`;
    case '.csv':
      return seriesCsv(result);
    case '.html': {
      const { htmlReport } = await import('../report/html.js');
      return htmlReport(result, headingOf(plan));
    }
  }
}

function temporary(path: string): string {
  return `${path}.part`;
}

function formatOf(path: string): Format {
  const extension = extname(path).toLowerCase();
  const format = formats.find((known) => known === extension);
  if (format !== undefined) return format;
  throw new Failure({
    code: 'bad-out',
    message: `--out: ${JSON.stringify(path)} has no known extension${didYouMean(extension, formats)}`,
    hint: `The extension says what is written: ${formats.join(', ')}`,
  });
}

function openForWriting(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw new Failure({
      code: 'bad-out',
      message: `--out: cannot write ${path.replace(/\.part$/, '')} (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
      hint: 'Name a file in a folder that exists and can be written',
      cause: error,
    });
  }
}

/** `--summary`. Throws Failure `bad-summary`. */
export function parseSummary(text: string): LayoutName | 'hwctl' {
  const known = (['hwctl', ...layoutNames] as const).find((name) => name === text);
  if (known !== undefined) return known;
  throw new Failure({
    code: 'bad-summary',
    message: `--summary: there is no layout ${JSON.stringify(text)}${didYouMean(text, layoutNames)}`,
    hint: `There are hwctl, ${layoutNames.join(', ')}`,
  });
}

/** The summary in a layout that another tool's users know. */
export async function peerSummary(name: LayoutName, result: LoadResult, plan: LoadPlan): Promise<string> {
  const response = distributionOf(Histogram.decode(result.histograms.response));
  const input = { result: shown(result), plan: shown(plan), response };
  switch (name) {
    case 'k6':
      return (await import('../report/layouts/k6.js')).k6Layout(input);
    case 'ab':
      return (await import('../report/layouts/ab.js')).abLayout(input);
    case 'locust':
      return (await import('../report/layouts/locust.js')).locustLayout(input);
    case 'wrk':
      return (await import('../report/layouts/wrk.js')).wrkLayout(input);
  }
}

function distributionOf(histogram: Histogram): Distribution {
  return {
    percentileMs: (percentile) => (histogram.count === 0 ? 0 : histogram.percentileUs(percentile) / 1000),
    countUpTo: (ms) => histogram.countUpTo(ms * 1000),
  };
}
