import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exitCodes, Failure } from '../../kernel/failure.js';
import { readText } from '../../kernel/files.js';
import { parseJson } from '../../kernel/json.js';
import { type Comparison, compareRuns } from '../../load/measure/compare.js';
import type { LoadResult } from '../../load/measure/metrics.js';
import { comparisonText } from '../../report/load/compare-text.js';
import type { Context } from '../context/context.js';

const defaultTolerance = '10%';

/** Adds `--tolerance` as both `load` and `load compare` have it. */
export function addToleranceOption(command: Command): Command {
  return command.option('--tolerance <share>', `how much worse a figure may be (default ${defaultTolerance})`);
}

/** Adds `hwctl load compare A.json B.json`. */
export function defineCompare(load: Command, context: Context): void {
  const command = load
    .command('compare')
    .description('say whether the second run is slower than the first, by how much, with what confidence')
    .argument('<before>', 'a result that --out wrote as JSON')
    .argument('<after>', 'another');
  addToleranceOption(command).action((before: string, after: string) => {
    // `load` knows --json and --tolerance too, and takes them wherever they stand.
    const { json, tolerance } = command.optsWithGlobals<{ json?: boolean; tolerance?: string }>();
    const share = parseTolerance(tolerance);
    const comparison = compareRuns(readResult(before, context), readResult(after, context), share);
    context.exitCode = comparisonExitCode(comparison);
    if (json) context.json(comparison);
    else context.write(comparisonText(comparison, context));
  });
}

/** 1 for a regression, 3 where nothing can be said (VOID, or unclear while it looks worse), else 0. */
export function comparisonExitCode({ state, passed }: Pick<Comparison, 'state' | 'passed'>): number {
  if (passed) return exitCodes.pass;
  return state === 'REGRESSION' ? exitCodes.failed : exitCodes.void;
}

/** `10%` or `0.1`, 0 .. 10 (1000 %). Throws Failure `bad-tolerance`. */
export function parseTolerance(text = defaultTolerance): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  const share = match === null ? Number.NaN : Number(match[1]) / (match[2] === '%' ? 100 : 1);
  if (share >= 0 && share <= 10) return share;
  throw new Failure({
    code: 'bad-tolerance',
    message: `--tolerance: ${JSON.stringify(text)} is not a share`,
    hint: 'For example --tolerance 10%',
  });
}

const resultHint = 'hwctl load --out run.json writes one';

/** Reads a result that `--out FILE.json` wrote; `by` what names it. Throws Failure `not-a-result`, or as `readText` does. */
export function readResult(file: string, { cwd }: Pick<Context, 'cwd'>, by?: string): LoadResult {
  const text = readText(resolve(cwd, file), { shown: file, by, hint: resultHint });
  const result = upgraded(parse(text, file));
  if (result?.schema !== 'hwctl.dev/load-result/v2' || result.histograms?.response === undefined) {
    throw new Failure({
      code: 'not-a-result',
      message: `${file} is not the result of a load run`,
      hint: resultHint,
    });
  }
  return result;
}

/** Version 1 (hwctl 0.1.0) did not say what its rates count. */
function upgraded(result: LoadResult | undefined): LoadResult | undefined {
  if ((result?.schema as string | undefined) !== 'hwctl.dev/load-result/v1') return result;
  const { targetPerSecond, achievedPerSecond } = result as unknown as Record<string, number | undefined>;
  return {
    ...result!,
    schema: 'hwctl.dev/load-result/v2',
    targetIterationsPerSecond: targetPerSecond,
    achievedRequestsPerSecond: achievedPerSecond ?? 0,
  };
}

function parse(text: string, file: string): LoadResult | undefined {
  try {
    return parseJson(text) as LoadResult | undefined;
  } catch (error) {
    throw new Failure({
      code: 'not-a-result',
      message: `${file} is not JSON: ${(error as Error).message}`,
      hint: resultHint,
      cause: error,
    });
  }
}
