import { resolve } from 'node:path';
import { Failure } from '../../kernel/failure.js';
import { notWritten } from '../../kernel/files.js';
import { Replacement } from '../../kernel/replacement.js';
import { jsonText, shown } from '../../kernel/text.js';
import { traitsOf } from '../../load/arrivals/models.js';
import type { LoadResult, RequestRecord } from '../../load/measure/metrics.js';
import { Histogram } from '../../load/memory/histogram.js';
import { type LoadPlan, planSteps } from '../../load/plan/plan.js';
import type { Distribution } from '../../report/load/layouts/layout.js';
import { type LayoutName, layouts } from '../../report/load/layouts/layouts.js';
import { recordLine, seriesCsv } from '../../report/load/table-files.js';
import type { LoadReport } from '../../report/load/timeline.js';
import { headingOf } from '../../report/load/words.js';
import { type MarkdownBlocks, markdownDocument } from '../../report/markdown.js';
import type { Context } from '../context/context.js';
import { type OutFormat, outFormat } from './values.js';

interface OutFile {
  path: string;
  /** As it was given. */
  shown: string;
  format: OutFormat;
  draft: Replacement;
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

  /** Throws Failure `unwritable`; an extension that is unknown is a bug: flags are checked. */
  constructor(paths: readonly string[], context: Pick<Context, 'cwd'>) {
    const wanted = new Map(paths.map((path) => [resolve(context.cwd, path), path]));
    try {
      for (const [path, shown] of wanted) {
        const format = formatOf(shown);
        this.files.push({ path, shown, format, draft: openDraft(path, shown) });
      }
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
      for (const file of files) attempt(file, (draft) => draft.write(lines));
    };
  }

  /** Writes every file whole, then puts it in its place. */
  async write(result: LoadResult, plan: LoadPlan): Promise<OutWritten> {
    for (const file of this.files) {
      const { format } = file;
      const text = format === '.ndjson' ? '' : await render(format, result, plan);
      attempt(file, (draft) => {
        draft.write(text);
        draft.commit();
      });
    }
    const lost = this.files.flatMap((file) => file.lost ?? []);
    const paths = this.files.filter((file) => file.lost === undefined).map((file) => file.path);
    this.discard();
    return { paths, lost };
  }

  /** Leaves nothing behind of what is not in its place. */
  discard(): void {
    for (const { draft } of this.files) draft.discard();
  }
}

/** Does it unless the file is lost already; keeps the first failure. */
function attempt(file: OutFile, act: (draft: Replacement) => void): void {
  if (file.lost !== undefined) return;
  try {
    act(file.draft);
  } catch (error) {
    const { code, message, hint } = notWritten(error, { shown: file.shown, by: '--out' });
    file.lost = new Failure({ code, message, hint: `${hint}, and run again`, cause: error });
  }
}

async function render(format: Exclude<OutFormat, '.ndjson'>, result: LoadResult, plan: LoadPlan): Promise<string> {
  switch (format) {
    case '.json':
      return `${jsonText(result)}\n`;
    case '.csv':
      return seriesCsv(result);
    case '.html': {
      const { htmlReport } = await import('../../report/load/html.js');
      return htmlReport(result, headingOf(plan, traitsOf(plan.arrivals)));
    }
    case '.md':
      return markdownDocument(await runMarkdown(result, plan));
  }
}

/** The summary of a run in Markdown. */
export async function runMarkdown(result: LoadReport, plan: LoadPlan): Promise<MarkdownBlocks> {
  const { loadMarkdown } = await import('../../report/load/markdown.js');
  return loadMarkdown(result, headingOf(plan, traitsOf(plan.arrivals)));
}

function formatOf(path: string): OutFormat {
  const format = outFormat(path);
  if (format === undefined) throw new Error(`${path} has no known extension`);
  return format;
}

/** A file of `--out`, opened beside its place before the work that it will tell of. Throws Failure `unwritable`. */
export function openDraft(path: string, shown: string): Replacement {
  try {
    return new Replacement(path);
  } catch (error) {
    throw notWritten(error, { shown, by: '--out' });
  }
}

/** Writes a draft whole and puts it in its place. Throws Failure `unwritable`, with nothing left behind. */
export function writeOut(draft: Replacement, text: string, shown: string): void {
  try {
    draft.write(text);
    draft.commit();
  } catch (error) {
    throw notWritten(error, { shown, by: '--out' });
  } finally {
    draft.discard();
  }
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
