import { resolve } from 'node:path';
import { exitCodes, Failure } from '../../kernel/failure.js';
import { jsonText } from '../../kernel/text.js';
import { traitsOf } from '../../load/arrivals/models.js';
import { compareRuns } from '../../load/measure/compare.js';
import type { LoadSnapshot } from '../../load/measure/metrics.js';
import type { LoadPlan } from '../../load/plan/plan.js';
import { listProfiles } from '../../load/plan/profile.js';
import type { Threshold } from '../../load/plan/thresholds.js';
import type { MaxFound } from '../../load/search/max-found.js';
import { comparisonText } from '../../report/load/compare-text.js';
import { faultEvent } from '../../report/load/faults.js';
import type { LayoutName } from '../../report/load/layouts/layouts.js';
import { loadSummary } from '../../report/load/summary.js';
import type { LoadReport } from '../../report/load/timeline.js';
import { headingOf } from '../../report/load/words.js';
import type { Target } from '../../target/target.js';
import type { Context } from '../context/context.js';
import { formatEvent } from '../context/event-text.js';
import { formatFailure } from '../context/failure-text.js';
import { appendStepSummary, hasStepSummary } from '../context/step-summary.js';
import { defineCommand, operand } from '../options/define-command.js';
import { helpList } from '../options/help-list.js';
import { name } from '../options/values.js';
import { openProject } from '../project/open-project.js';
import { maskedCommandLine } from './command-line.js';
import { compare, comparisonExitCode, readResult, usualTolerance } from './compare.js';
import { FaultCourse } from './fault-course.js';
import { judgeFaults } from './faults.js';
import { maxExitCode } from './find-max.js';
import { type LoadOptions, loadOptions, readEnv, refuseForCollection } from './flags.js';
import { OutFiles, peerSummary, runMarkdown } from './out.js';
import { makeLoadPlan } from './plan.js';
import { type LoadPods, readPodCount, startLoadPods } from './pods.js';
import { Pusher } from './push.js';
import { loadExitCode, type Progress, runLoad } from './run.js';
import { RunWatch } from './watch.js';
import { type LoadWords, readLoadWords } from './what.js';

/** For how long a load waits for an autoscaler's first figure; metrics-server takes a good minute for it. */
const scalingTimeoutMs = 180_000;

/** `hwctl load [URL | PROFILE]`: a load run with a live report, a summary and a verdict. */
export const define = defineCommand({
  operands: [
    operand(
      '[what...]',
      'a URL, a profile (built in, or a YAML file), a Postman collection, a k6 script or TestRun, a locustfile; with a URL beside it',
      name,
    ),
  ],
  options: loadOptions,
  help(context) {
    const profiles = listProfiles(context.root).map(({ name, why }) => ({ name, what: why }));
    return helpList('Profiles', profiles, context.columns);
  },
  commands: [
    {
      name: 'compare',
      summary: 'say whether the second run is slower than the first, by how much, with what confidence',
      define: compare,
    },
  ],
  async run([given], flags, context) {
    const { words, options } = await ownLoad(given, flags, context);
    const { url, ...named } = readLoadWords(words, options, context);
    if (named.locust !== undefined)
      return (await import('./locust.js')).loadLocust(named.locust, { ...options, url }, context);
    return load(named, { ...options, url }, context);
  },
});

async function load(named: Omit<LoadWords, 'url'>, options: LoadOptions, context: Context): Promise<number> {
  const { summary: layout, tolerance = usualTolerance } = options;
  if (options.tolerance !== undefined && options.baseline === undefined) {
    throw new Failure({
      code: 'usage',
      message: '--tolerance says how much worse than --baseline a figure may be, and there is no --baseline',
      hint: 'For example --baseline run.json --tolerance 5%',
    });
  }
  const baseline = options.baseline === undefined ? undefined : readResult(options.baseline, context, '--baseline');
  const planned = await planOf(named, options, context);
  const podCount = readPodCount(options, planned.pods);
  if (options.dryRun) {
    const { shownPlan } = await import('./shown.js');
    context.document(`${jsonText(shownPlan(planned.plan), options.json ? undefined : 2)}\n`);
    return exitCodes.pass;
  }
  const { thresholds, search } = planned.plan;
  // A search judges the thresholds rate by rate; over all rates together they are bound to fail.
  const wanted = search === undefined ? planned.plan : { ...planned.plan, thresholds: [] };
  const pusher = options.push === undefined ? undefined : new Pusher(options.push, wanted.name, context);
  const files = new OutFiles(options.out, context);
  for (const note of planned.notes) context.note(note);
  if (planned.waitForScaling) await waitForScaling(planned.target, context);
  const progress = progressFor(options, context);
  const watch = new RunWatch(planned.target, context);
  const ready =
    planned.prepare === undefined
      ? wanted
      : await planned.prepare(wanted).catch((error) => {
          files.discard();
          throw error;
        });
  const pods =
    podCount === undefined
      ? undefined
      : await startLoadPods(podCount, ready, options, context).catch((error) => {
          files.discard();
          throw error;
        });
  const plan = pods?.plan ?? ready;
  const course = courseOf(plan, planned.target, progress, context);
  const result = await run(plan, context, { files, thresholds, pusher, progress, watch, pods, course });
  await planned.finish?.(ready);
  const { findMax } = result;
  const comparison = baseline === undefined ? undefined : compareRuns(baseline, result, tolerance);
  // Void beats failed, failed beats passed.
  const found = Math.max(
    findMax === undefined ? loadExitCode(result) : maxExitCode(findMax),
    comparison === undefined ? 0 : comparisonExitCode(comparison),
  );
  const report = reportOf({ ...result, comparison }, exitCodeOf(found, context), context);
  // Before the last word, for it tells the exit code; without a file that was asked for, whatever reads it would be misled.
  const { paths, lost } = await files.write(report, plan);
  const exitCode = exitCodeOf(lost.length > 0 ? exitCodes.cannotRun : found, context);
  if (hasStepSummary(context)) appendStepSummary(await runMarkdown(reportOf(report, exitCode, context), plan), context);
  if (options.json) context.json(reportOf(report, exitCode, context));
  else {
    const conclusion = findMax?.sentence;
    const last = comparison === undefined && lost.length === 0;
    const shown = { result: report, plan, conclusion, exitCode: last ? exitCode : undefined };
    if (layout === 'hwctl') context.beginReport();
    await printSummary(layout, shown, context, progress === 'lines' ? '\n' : '');
    if (comparison !== undefined) context.write(`\n${comparisonText(comparison, context)}Exit code ${exitCode}.\n`);
  }
  for (const path of paths) context.note(`wrote ${path}`);
  for (const failure of lost) context.note(formatFailure(failure, context));
  if (lost.length > 0) context.note(`Exit code ${exitCode}.`);
  return exitCode;
}

/** The plan of what is named: a collection, a k6 script, a profile or what flags say. */
async function planOf({ profile, script, collection }: LoadWords, options: LoadOptions, context: Context) {
  const { environment, variables } = readEnv(options.env);
  if (collection !== undefined) {
    const { makeCollectionPlan } = await import('./collection.js');
    return makeCollectionPlan(
      collection,
      { ...options, environment, envVar: { ...variables, ...options.envVar } },
      context,
    );
  }
  refuseForCollection(options, environment);
  if (script === undefined) return makeLoadPlan(profile, options, context);
  return (await import('./script.js')).makeScriptPlan(script, { ...options, env: variables }, context);
}

/** What a project's hwctl.yaml says of its load, where the command line names nothing: its path, else its first file. */
async function ownLoad(words: string[], options: LoadOptions, context: Context) {
  const { path, scenario, url } = options;
  if (words.length > 0 || [path, scenario, url].some((one) => one !== undefined)) return { words, options };
  const { project } = await openProject(options, context);
  if (project === undefined) return { words, options };
  const own = [...project.stacks.values()].find(({ load }) => load !== undefined)?.load;
  if (own?.path !== undefined) return { words, options: { ...options, path: own.path } };
  return { words: (own?.files ?? []).slice(0, 1).map((file) => resolve(project.folder, file)), options };
}

/** The document of a run: what it measured, and what came of it. */
function reportOf(result: LoadReport, exitCode: number, context: Context): LoadReport {
  return {
    ...result,
    hwctl: { version: context.version },
    command: maskedCommandLine(context.argv),
    passed: exitCode === exitCodes.pass,
    exitCode,
  };
}

/** A load that is about scaling shows nothing as long as the autoscaler has no figures. */
async function waitForScaling(target: Target | undefined, context: Context): Promise<void> {
  await target?.waitScaling?.({
    timeoutMs: scalingTimeoutMs,
    signal: context.signal,
    onEvent: (event) => {
      const line = formatEvent(event);
      if (line !== undefined) context.note(line);
    },
  });
}

interface RunParts {
  files: OutFiles;
  /** Of a search. */
  thresholds: readonly Threshold[];
  pusher: Pusher | undefined;
  progress: Progress;
  watch: RunWatch;
  pods: LoadPods | undefined;
  course: FaultCourse | undefined;
}

async function run(plan: LoadPlan, context: Context, parts: RunParts): Promise<LoadReport> {
  const { files, thresholds, pusher, progress, watch, pods, course } = parts;
  let last: LoadSnapshot | undefined;
  let findMax: MaxFound | undefined;
  const { search: bounds, unit, drainMs } = plan;
  const search = bounds && (await import('../../load/search/find-max.js'));
  try {
    await watch.prepare();
    await course?.prepare();
    const result = await runLoad(plan, context, {
      progress,
      start: pods?.start,
      workloads: () => watch.workloads,
      beside: course && ((loadRun, over) => course.accompany(loadRun, over)),
      faults: course?.done,
      onRecords: files.recorder(plan),
      steer:
        search &&
        (async (loadRun, signal) => {
          findMax = await search.findMax(loadRun, { bounds, unit, thresholds, drainMs, clock: context.clock, signal });
        }),
      onSnapshot: (snapshot) => {
        last = snapshot;
        watch.offer(snapshot);
        pusher?.offer(snapshot);
      },
    });
    const answer = findMax && search?.withVerdict(findMax, result.verdict);
    const judged = course === undefined ? {} : judgeFaults(plan, result, course.done);
    return { ...result, ...judged, findMax: answer, timeline: await watch.close() };
  } catch (error) {
    files.discard();
    await watch.close();
    throw error;
  } finally {
    await pusher?.close(last);
    await pods?.close();
  }
}

/** What carries the faults of a plan out, telling them where the run is told in lines. */
function courseOf(plan: LoadPlan, target: Target | undefined, progress: Progress, context: Context) {
  if (plan.faults === undefined || target === undefined) return undefined;
  const write = progress === 'lines' ? context.print : progress === 'lines-stderr' ? context.note : undefined;
  return new FaultCourse(plan.faults, target, context.clock, (fault) => {
    const line = faultEvent(fault);
    if (line !== undefined) write?.(line);
  });
}

function progressFor(options: LoadOptions, context: Context): Progress {
  if (options.quiet) return 'none';
  // A layout for other programs to read stands alone on stdout.
  if (options.json || options.summary !== 'hwctl')
    return context.interactive && !options.json ? 'live' : 'lines-stderr';
  return context.interactive ? 'live' : 'lines';
}

function exitCodeOf(found: number, { signal }: Context): number {
  return signal.aborted ? exitCodes.interrupted : found;
}

async function printSummary(
  layout: LayoutName | 'hwctl',
  run: { result: LoadReport; plan: LoadPlan; conclusion: string | undefined; exitCode: number | undefined },
  context: Context,
  lead: string,
): Promise<void> {
  const { result, plan, conclusion, exitCode } = run;
  if (layout !== 'hwctl') {
    context.write(await peerSummary(layout, result, plan));
    context.note(
      `hwctl: ${conclusion === undefined ? '' : `${conclusion} `}verdict ${result.verdict.state}${exitCode === undefined ? '' : `, exit code ${exitCode}`}`,
    );
    return;
  }
  const { color } = context;
  // The terminal may have been resized meanwhile.
  const columns = context.stdout.columns || context.columns;
  context.write(
    `${lead}${loadSummary(result, headingOf(plan, traitsOf(plan.arrivals)), { color, columns, exitCode, conclusion })}`,
  );
}
