import { exitCodes, Failure } from '../../kernel/failure.js';
import type { ScenarioEvent, ScenarioResult } from '../../scenario/result.js';
import type { Context } from '../context/context.js';
import { defineCommand, operand } from '../options/define-command.js';
import { name } from '../options/values.js';
import { type TestOptions, testOptions } from './flags.js';
import { type Job, planJobs } from './jobs.js';
import { openReports } from './reports.js';
import type { TestsRun } from './watch.js';

/** `hwctl test [NAME|FILE...]`: runs scenarios and Postman collections, reports as newman does; exit 1 where an assertion failed. */
export const define = defineCommand({
  operands: [
    operand(
      '[names...]',
      'scenarios by name or file, or Postman collections; none: those of what is up; all: every one',
      name,
    ),
  ],
  options: testOptions,
  endsWithReader: ({ watch }) => watch === true,
  async run([names], options, context) {
    const run = () => runTests(names, options, context);
    if (!options.watch) return (await run()).exitCode;
    return (await import('./watch.js')).watchTests(names, options, context, run);
  },
});

async function runTests(names: string[], options: TestOptions, context: Context): Promise<TestsRun> {
  const reports = await openReports(options, context);
  const jobs = await planJobs(names, options, context);
  let results: ScenarioResult[];
  try {
    results = await runJobs(jobs, options.jobs, context, (event) => reports.on(event));
  } catch (error) {
    // What was found until then is told.
    reports.close(context.signal.aborted ? exitCodes.interrupted : exitCodes.cannotRun);
    throw error;
  }
  const passed = results.every((result) => result.passed);
  const ran = !passed || results.some(({ requests, assertions }) => requests.executed + assertions.executed > 0);
  const found = passed || options.suppressExitCode ? exitCodes.pass : exitCodes.failed;
  const exitCode = ran ? found : exitCodes.cannotRun;
  reports.close(exitCode);
  if (!ran) {
    throw new Failure({
      code: 'nothing-ran',
      message: 'no request was made: every step was skipped or left out',
      hint: 'Check --tag, skip: and only:; hwctl scenario show NAME lists the steps',
    });
  }
  return { exitCode, files: jobs.map(({ file }) => file) };
}

/** Runs at most `atOnce` jobs at a time; each one's events come out whole and in the order of the jobs. */
async function runJobs(
  jobs: readonly Job[],
  atOnce: number,
  context: Context,
  emit: (event: ScenarioEvent) => void,
): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  const held = jobs.map((): ScenarioEvent[] => []);
  const finished = new Set<number>();
  let live = 0;
  let next = 0;
  const flush = () => {
    for (const event of held[live]?.splice(0) ?? []) emit(event);
    while (finished.has(live)) {
      live++;
      for (const event of held[live]?.splice(0) ?? []) emit(event);
    }
  };
  const worker = async () => {
    while (next < jobs.length && !context.signal.aborted) {
      const index = next++;
      results[index] = await jobs[index]!.run((event) => (index === live ? emit(event) : held[index]!.push(event)));
      finished.add(index);
      flush();
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, jobs.length) }, worker));
  if (context.signal.aborted) throw context.signal.reason;
  return results;
}
