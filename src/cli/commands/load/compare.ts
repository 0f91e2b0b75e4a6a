import { resolve } from 'node:path';
import { exitCodes, Failure } from '../../kernel/failure.js';
import { readText } from '../../kernel/files.js';
import { parseJson } from '../../kernel/json.js';
import { jsonText } from '../../kernel/text.js';
import { type Comparison, compareRuns } from '../../load/measure/compare.js';
import type { LoadResult } from '../../load/measure/metrics.js';
import { compareMarkdown } from '../../report/load/compare-markdown.js';
import { comparisonText } from '../../report/load/compare-text.js';
import { markdownDocument } from '../../report/markdown.js';
import type { Context } from '../context/context.js';
import { appendStepSummary } from '../context/step-summary.js';
import { defineCommand, operand } from '../options/define-command.js';
import { outOptions, toleranceOptions } from './flags.js';
import { openDraft, writeOut } from './out.js';
import { resultHint as hint, outFormat, resultFile } from './values.js';

/** How much worse a figure may be where nothing is said. */
export const usualTolerance = 0.1;

/** `hwctl load compare A.json B.json`. */
export const compare = defineCommand({
  operands: [
    operand('<before>', 'a result that --out wrote as JSON', resultFile),
    operand('<after>', 'another', resultFile),
  ],
  options: { ...toleranceOptions, ...outOptions },
  async run([before, after], { json, tolerance = usualTolerance, out }, context) {
    const odd = out.find((path) => !['.json', '.md'].includes(outFormat(path) ?? ''));
    if (odd !== undefined)
      throw new Failure({
        code: 'conflict',
        message: `--out ${odd}: a comparison is written as .json or .md`,
        hint: 'Name a file that ends in .md: --out comparison.md',
      });
    const comparison = compareRuns(readResult(before, context), readResult(after, context), tolerance);
    const exitCode = comparisonExitCode(comparison);
    const blocks = compareMarkdown(comparison, exitCode);
    appendStepSummary(blocks, context);
    if (json) context.json(comparison);
    else context.write(comparisonText(comparison, context));
    for (const path of out) {
      const text = outFormat(path) === '.md' ? markdownDocument(blocks) : `${jsonText(comparison)}\n`;
      writeOut(openDraft(resolve(context.cwd, path), path), text, path);
      context.note(`wrote ${resolve(context.cwd, path)}`);
    }
    return exitCode;
  },
});

/** 1 for a regression, 3 where nothing can be said (VOID, or unclear while it looks worse), else 0. */
export function comparisonExitCode({ state, passed }: Pick<Comparison, 'state' | 'passed'>): number {
  if (passed) return exitCodes.pass;
  return state === 'REGRESSION' ? exitCodes.failed : exitCodes.void;
}

/** Reads a result that `--out FILE.json` wrote. Throws Failure `no-such-file`, `unreadable` or `not-a-result`. */
export function readResult(shown: string, { cwd }: Pick<Context, 'cwd'>, by?: string): LoadResult {
  const result = upgraded(parse(readText(resolve(cwd, shown), { shown, by, hint }), shown));
  if (result?.schema !== 'hwctl.dev/load-result/v2' || result.histograms?.response === undefined) {
    throw new Failure({ code: 'not-a-result', message: `${shown} is not the result of a load run`, hint });
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
      hint,
      cause: error,
    });
  }
}
