import { Option } from 'commander';
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
import type { LayoutName } from '../../report/load/layouts/layouts.js';
import { loadSummary } from '../../report/load/summary.js';
import type { LoadReport } from '../../report/load/timeline.js';
import { headingOf } from '../../report/load/words.js';
import type { Target } from '../../target/target.js';
import type { Context } from '../context/context.js';
import { formatEvent } from '../context/event-text.js';
import { formatFailure } from '../context/failure-text.js';
import { connectionOptions } from '../options/connection-options.js';
import { addOptions, type Define } from '../options/define-command.js';
import { helpList } from '../options/help-list.js';
import { DeclaredOption } from '../options/option.js';
import { scenarioOptions } from '../options/scenario-options.js';
import { targetOptions } from '../options/target-options.js';
import { maskedCommandLine } from './command-line.js';
import { addToleranceOption, comparisonExitCode, defineCompare, parseTolerance, readResult } from './compare.js';
import { maxExitCode } from './find-max.js';
import { OutFiles, parseSummary, peerSummary } from './out.js';
import { makeLoadPlan, type PlanOptions } from './plan.js';
import { type LoadPods, type PodOptions, readPodCount, startLoadPods } from './pods.js';
import { Pusher } from './push.js';
import { loadExitCode, type Progress, runLoad } from './run.js';
import { RunWatch } from './watch.js';
import { readLoadWords } from './what.js';

interface LoadOptions extends PlanOptions, PodOptions {
  json?: boolean;
  dryRun?: boolean;
  quiet?: boolean;
  summary: string;
  baseline?: string;
  tolerance?: string;
  push?: string;
  out: string[];
}

/** For how long a load waits for an autoscaler's first figure; metrics-server takes a good minute for it. */
const scalingTimeoutMs = 180_000;

/** `hwctl load [URL | PROFILE]`: a load run with a live report, a summary and a verdict. */
export const define: Define = (command, context) => {
  const collect = (value: string, all: string[]) => [...all, value];
  command
    .argument('[what...]', 'a URL, a built-in profile or a profile file (YAML); a profile and a URL')
    .option('--rps <n>', 'open model: arrivals per second, whatever the responses do (default 100)')
    .option('--users <n>', 'constant pacing: so many users, one iteration every --pace each')
    .option('--pace <duration>', 'with --users: the time between the starts of one user’s iterations (default 1s)')
    .option('--requests <n>', 'closed model, as ab: stop after so many')
    .option('--concurrency <n>', 'closed model, as ab: so many under way at once')
    .option('--duration <duration>', 'how long, for example 30s (default 10s, or as the profile says)')
    .option('--quick', 'scale the whole profile to 20 s')
    .option('--start-at <time>', 'begin then: RFC 3339 or Unix seconds; several machines begin together')
    .option('--poisson', 'with --rps: arrivals at random moments with the same mean rate')
    .option('--path <path>', 'what to request (default: what the platform that is up declares)')
    .option('--scenario <name>', 'run a scenario as a journey instead of one request')
    .addOption(new DeclaredOption(scenarioOptions.var, context))
    .option('-X, --method <method>', 'HTTP method (default GET, POST with --body)')
    .addOption(
      new Option('-H, --header <header>', "a request header, 'Name: value'; several times")
        .argParser(collect)
        .default([], 'none'),
    )
    .option('-d, --body <text>', 'the request’s body, or @FILE')
    .option('--data <text>', 'the same as --body, as curl names it')
    .option('--resolve <host:port:address>', 'connect to this address for that host and port, as curl does')
    .option('--unix-socket <path>', 'connect through this socket')
    .addOption(
      new Option('--threshold <condition>', "for example 'p(95)<200' (ms) or 'error_rate<1%'; several times")
        .argParser(collect)
        .default([], 'error_rate<1%, unless one about errors is given'),
    )
    .option('--abort-on-fail', 'end the run as soon as a --threshold fails')
    .option('--max-in-flight <n>', 'requests under way at once; arrivals beyond are dropped and counted')
    .option('--connections <n>', 'connections opened before the first request')
    .option('--timeout <duration>', 'give a request up after this time (default 10s)')
    .option('--workers <n>', 'I/O threads (of each pod, with --in-cluster)')
    .option('--in-cluster', 'send from pods in the cluster instead of this machine')
    .option('--pods <n>', 'with --in-cluster: so many pods share the arrivals (default 2)')
    .option('--seed <n>', 'seed of the random choices, to repeat a run')
    .option('--compression', 'ask for gzip and br')
    .option('--summary <layout>', 'the final summary as hwctl, k6, ab, locust or wrk prints it', 'hwctl')
    .addOption(
      new Option(
        '--out <file>',
        'write the result: .json, .csv (time series), .ndjson (every request), .html (report); several times',
      )
        .argParser(collect)
        .default([], 'none'),
    )
    .option(
      '--baseline <file>',
      'compare with an earlier result (JSON); a regression exits 1, one that cannot be judged 3',
    )
    .option('--push <url>', 'send metrics once a second: Prometheus remote write, or a Pushgateway (/metrics/job/...)')
    .option('--find-max', 'look for the highest rate that holds, up to --rps (5000), for --duration (2m) at most')
    .option('--dry-run', 'print the plan, load nothing')
    .option('--quiet', 'no progress, only the summary');
  addOptions(command, connectionOptions, context);
  addToleranceOption(command);
  addOptions(command, targetOptions, context);
  command.addHelpText('after', () => {
    const profiles = listProfiles(context.root).map(({ name, why }) => ({ name, what: why }));
    return helpList('Profiles', profiles, context.columns);
  });
  defineCompare(command, context);
  command.action(async (words: string[], options: LoadOptions) => {
    const { profile, url } = readLoadWords(words, options, context);
    await load(profile, { ...options, url }, context);
  });
};

async function load(profile: string | undefined, options: LoadOptions, context: Context): Promise<void> {
  const layout = parseSummary(options.summary);
  if (options.tolerance !== undefined && options.baseline === undefined) {
    throw new Failure({
      code: 'usage',
      message: '--tolerance says how much worse than --baseline a figure may be, and there is no --baseline',
      hint: 'For example --baseline run.json --tolerance 5%',
    });
  }
  const tolerance = parseTolerance(options.tolerance);
  const baseline = options.baseline === undefined ? undefined : readResult(options.baseline, context, '--baseline');
  const podCount = readPodCount(options);
  const planned = await makeLoadPlan(profile, options, context);
  if (options.dryRun) {
    const { shownPlan } = await import('./shown.js');
    context.document(`${jsonText(shownPlan(planned.plan), options.json ? undefined : 2)}\n`);
    return;
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
  const pods =
    podCount === undefined
      ? undefined
      : await startLoadPods(podCount, wanted, options, context).catch((error) => {
          files.discard();
          throw error;
        });
  const plan = pods?.plan ?? wanted;
  const result = await run(plan, context, { files, thresholds, pusher, progress, watch, pods });
  const { findMax } = result;
  const comparison = baseline === undefined ? undefined : compareRuns(baseline, result, tolerance);
  // Void beats failed, failed beats passed.
  context.exitCode = Math.max(
    findMax === undefined ? loadExitCode(result) : maxExitCode(findMax),
    comparison === undefined ? 0 : comparisonExitCode(comparison),
  );
  const report = reportOf(result, comparison, context);
  // Before the last word, for it tells the exit code; without a file that was asked for, whatever reads it would be misled.
  const { paths, lost } = await files.write(report, plan);
  if (lost.length > 0) context.exitCode = exitCodes.cannotRun;
  const exitCode = exitCodeOf(context);
  if (options.json) context.json(reportOf(result, comparison, context));
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
}

/** The document of a run: what it measured, and what came of it. */
function reportOf(result: LoadReport, comparison: LoadReport['comparison'], context: Context): LoadReport {
  const exitCode = exitCodeOf(context);
  return {
    ...result,
    hwctl: { version: context.version },
    command: maskedCommandLine(context.argv),
    passed: exitCode === exitCodes.pass,
    exitCode,
    comparison,
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
}

async function run(plan: LoadPlan, context: Context, parts: RunParts): Promise<LoadReport> {
  const { files, thresholds, pusher, progress, watch, pods } = parts;
  let last: LoadSnapshot | undefined;
  let findMax: MaxFound | undefined;
  const { search: bounds, unit, drainMs } = plan;
  const search = bounds && (await import('../../load/search/find-max.js'));
  try {
    await watch.prepare();
    const result = await runLoad(plan, context, {
      progress,
      start: pods?.start,
      workloads: () => watch.workloads,
      onRecords: files.recorder(plan),
      steer:
        search &&
        (async (attack, signal) => {
          findMax = await search.findMax(attack, { bounds, unit, thresholds, drainMs, clock: context.clock, signal });
        }),
      onSnapshot: (snapshot) => {
        last = snapshot;
        watch.offer(snapshot);
        pusher?.offer(snapshot);
      },
    });
    const answer = findMax && search?.withVerdict(findMax, result.verdict);
    return { ...result, findMax: answer, timeline: await watch.close() };
  } catch (error) {
    files.discard();
    await watch.close();
    throw error;
  } finally {
    await pusher?.close(last);
    await pods?.close();
  }
}

function progressFor(options: LoadOptions, context: Context): Progress {
  if (options.quiet) return 'none';
  // A layout for other programs to read stands alone on stdout.
  if (options.json || options.summary !== 'hwctl')
    return context.interactive && !options.json ? 'live' : 'lines-stderr';
  return context.interactive ? 'live' : 'lines';
}

function exitCodeOf(context: Context): number {
  return context.signal.aborted ? exitCodes.interrupted : context.exitCode;
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
