import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { didYouMean } from '../../kernel/nearest.js';
import { jsonText, shown } from '../../kernel/text.js';
import { traitsOf } from '../../load/arrivals/models.js';
import type { LoadResult, RequestRecord } from '../../load/measure/metrics.js';
import { Histogram } from '../../load/memory/histogram.js';
import { type LoadPlan, planSteps } from '../../load/plan/plan.js';
import type { Distribution } from '../../report/load/layouts/layout.js';
import { type LayoutName, layoutNames, layouts } from '../../report/load/layouts/layouts.js';
import { recordLine, seriesCsv } from '../../report/load/table-files.js';
import { headingOf } from '../../report/load/words.js';
import type { Context } from '../context/context.js';

const formats = ['.json', '.csv', '.ndjson', '.html'] as const;
type Format = (typeof formats)[number];

interface OutFile {
  path: string;
  format: Format;
  /** Open until all is written. */
  fd: number | undefined;
  /** Why it will not be there: the first write that failed. */
  lost?: Failure;
}

/** What became of the files: those that are there, and a failure for each that is not. */
export interface OutWritten {
  paths: string[];
  lost: Failure[];
}

/**
 * The files of `--out`. They are opened before the run, so that a path that cannot be written costs no run; each is written
 * beside its place and put there when it is whole, so that an earlier one stays where the disk is full.
 */
export class OutFiles {
  private readonly files: OutFile[] = [];

  /** Throws Failure `bad-out` for an unknown extension or a path that cannot be written. */
  constructor(paths: readonly string[], context: Pick<Context, 'cwd'>) {
    const wanted = new Map(paths.map((path) => [resolve(context.cwd, path), formatOf(path)]));
    try {
      for (const [path, format] of wanted) this.files.push({ path, format, fd: openForWriting(path) });
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** Takes the records of requests while the run goes on, where a file wants them. A write that fails ends no run. */
  recorder(plan: LoadPlan): ((records: RequestRecord[]) => void) | undefined {
    const files = this.files.filter(({ format }) => format === '.ndjson');
    if (files.length === 0) return undefined;
    const steps = planSteps(plan);
    return (records) => {
      const lines = records.map((record) => recordLine(record, steps)).join('');
      for (const file of files) attempt(file, (fd) => writeWhole(fd, lines));
    };
  }

  /** Writes every file whole, then puts it in its place. */
  async write(result: LoadResult, plan: LoadPlan): Promise<OutWritten> {
    for (const file of this.files) {
      const { path, format } = file;
      const text = format === '.ndjson' ? '' : await render(format, result, plan);
      attempt(file, (fd) => writeWhole(fd, text));
      attempt(file, (fd) => {
        file.fd = undefined;
        closeSync(fd);
        renameSync(temporary(path), path);
      });
    }
    const lost = this.files.flatMap((file) => file.lost ?? []);
    const paths = this.files.filter((file) => file.lost === undefined).map((file) => file.path);
    this.discard();
    return { paths, lost };
  }

  /** Leaves nothing behind of what is not in its place. */
  discard(): void {
    for (const file of this.files) {
      if (file.fd !== undefined) closeSync(file.fd);
      file.fd = undefined;
      rmSync(temporary(file.path), { force: true });
    }
  }
}

/** Does it unless the file is lost already; keeps the first failure. */
function attempt(file: OutFile, act: (fd: number) => void): void {
  if (file.lost !== undefined || file.fd === undefined) return;
  try {
    act(file.fd);
  } catch (error) {
    file.lost = notWritten(file.path, error as NodeJS.ErrnoException);
  }
}

/** A write may take only the beginning, where space runs out in its middle. */
function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

const cures: Record<string, string> = {
  ENOSPC: 'Make room on that disk, or name a file on another one',
  EDQUOT: 'Make room within the quota, or name a file on another disk',
  EFBIG: 'Raise the limit on the size of files (ulimit -f), or name a file on a disk that takes larger ones',
};

function notWritten(path: string, error: NodeJS.ErrnoException): Failure {
  const why = error.message.replace(/^\w+: /, '').replace(/, \w+( '.*)?$/, '');
  return new Failure({
    code: 'out-not-written',
    message: `--out: ${path} was not written: ${why}${error.code === undefined ? '' : ` (${error.code})`}`,
    hint: `${cures[error.code ?? ''] ?? 'Name a file in a folder that exists and can be written'}, and run again`,
    cause: error,
  });
}

async function render(format: Exclude<Format, '.ndjson'>, result: LoadResult, plan: LoadPlan): Promise<string> {
  switch (format) {
    case '.json':
      return `${jsonText(result)}\n`;
    case '.csv':
      return seriesCsv(result);
    case '.html': {
      const { htmlReport } = await import('../../report/load/html.js');
      return htmlReport(result, headingOf(plan, traitsOf(plan.arrivals)));
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
    // A folder would be found only when the file is put in its place.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
      throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    return openSync(temporary(path), 'w');
  } catch (error) {
    throw new Failure({
      code: 'bad-out',
      message: `--out: cannot write ${path} (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
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
  const { atOnce } = traitsOf(plan.arrivals);
  const layout = await layouts[name]();
  return layout({ result: shown(result), plan: shown(plan), response, atOnce });
}

function distributionOf(histogram: Histogram): Distribution {
  return {
    percentileMs: (percentile) => (histogram.count === 0 ? 0 : histogram.percentileUs(percentile) / 1000),
    countUpTo: (ms) => histogram.countUpTo(ms * 1000),
  };
}
