import { resolve } from 'node:path';
import { exitCodes, Failure } from '../../kernel/failure.js';
import { notWritten, readText, writeText } from '../../kernel/files.js';
import { shownUrl } from '../../kernel/secrets.js';
import { jsonText } from '../../kernel/text.js';
import { withErrorThreshold } from '../../load/plan/thresholds.js';
import { findLocust } from '../../locust/find-locust.js';
import { runLocust } from '../../locust/run-locust.js';
import { locustMarkdown } from '../../report/load/locust-markdown.js';
import { type LocustReport, locustLine, locustSummary } from '../../report/load/locust-text.js';
import { markdownDocument } from '../../report/markdown.js';
import type { Context } from '../context/context.js';
import { appendStepSummary } from '../context/step-summary.js';
import { findTarget } from './endpoint.js';
import type { LoadOptions } from './flags.js';
import { outFormat } from './values.js';

const usual = { users: 1, spawnRate: 1, runTimeMs: 60_000 };

/** Flags that are of hwctl's own engine, and mean nothing to locust. */
const ofTheEngine = [
  ...([
    'rps',
    'pace',
    'requests',
    'concurrency',
    'poisson',
    'path',
    'scenario',
    'method',
    'body',
    'data',
    'maxInFlight',
  ] as const),
  ...([
    'connections',
    'timeout',
    'workers',
    'findMax',
    'inCluster',
    'pods',
    'baseline',
    'push',
    'startAt',
    'quick',
    'vus',
  ] as const),
  ...(['iterations', 'resolve', 'unixSocket', 'compression', 'seed', 'abortOnFail', 'ignoreUnread'] as const),
] as const;

/** What a threshold of locust's figures may be about. */
const judged = ['response', 'error_rate', 'http_reqs'];

/** `hwctl load locustfile.py`: the user's own locust, with hwctl's progress, thresholds, report and exit code around it. */
export async function loadLocust(word: string, options: LoadOptions, context: Context): Promise<number> {
  refuseFlags(options);
  const file = resolve(context.cwd, word);
  const text = readText(file, { shown: word, hint: 'Give the path of a locustfile' });
  if (!/^\s*(from|import)\s+locust\b/m.test(text)) {
    throw new Failure({
      code: 'not-locust',
      message: `${word} does not import locust: it is no locustfile`,
      hint: 'A locustfile has a class of HttpUser with tasks; see https://docs.locust.io',
    });
  }
  const thresholds = withErrorThreshold(options.threshold);
  const program = await findLocust(file, context.env);
  const place = await placeOf(text, options, context);
  const asked = {
    program,
    file,
    users: options.users ?? usual.users,
    spawnRate: options.spawnRate ?? usual.spawnRate,
    runTimeMs: options.runTime ?? options.duration ?? usual.runTimeMs,
    processes: options.processes,
    ...place,
    env: context.env,
  };
  const show = options.json ? context.note : context.print;
  if (!options.quiet)
    show(
      `locust: ${word} on ${place.url === undefined ? 'the host that it names' : shownUrl(place.url)} (${asked.users} users, ${asked.spawnRate} more a second)`,
    );
  const { totals, durationMs, ended, said } = await runLocust(asked, context.signal, (row) => {
    if (!options.quiet) show(locustLine(row));
  });
  const outcomes = totals.judge(thresholds, durationMs / 1000);
  const exitCode =
    ended === 'interrupted'
      ? exitCodes.interrupted
      : ended !== 'completed'
        ? exitCodes.cannotRun
        : outcomes.every(({ passed }) => passed)
          ? exitCodes.pass
          : exitCodes.failed;
  const report: LocustReport = {
    schema: 'hwctl.dev/locust-result/v1',
    file: word,
    url: place.url === undefined ? undefined : shownUrl(place.url),
    users: asked.users,
    spawnRate: asked.spawnRate,
    processes: asked.processes,
    durationMs: Math.round(durationMs),
    sent: totals.ok + totals.failed,
    ok: totals.ok,
    failed: totals.failed,
    bytesReceived: totals.bytes,
    response: totals.response,
    statusCodes: totals.statusCodes,
    errors: totals.errors,
    steps: totals.stepFigures(),
    series: totals.rows,
    thresholds: outcomes,
    locust: totals.own,
    ended: typeof ended === 'string' ? ended : ended.broken,
    exitCode,
  };
  if (typeof ended !== 'string' && report.sent === 0) throw neverBegan(word, ended.broken, said);
  appendStepSummary(locustMarkdown(report), context);
  for (const path of options.out) {
    try {
      const text = outFormat(path) === '.md' ? markdownDocument(locustMarkdown(report)) : `${jsonText(report)}\n`;
      writeText(resolve(context.cwd, path), text, {
        shown: path,
        by: '--out',
        hint: 'Give another path',
      });
      context.note(`wrote ${resolve(context.cwd, path)}`);
    } catch (error) {
      throw notWritten(error, { shown: path, by: '--out' });
    }
  }
  if (options.json) context.json(report);
  else
    context.write(
      `\n${locustSummary(report, { color: context.color, columns: context.stdout.columns || context.columns })}`,
    );
  return exitCode;
}

function neverBegan(word: string, why: string, said: string[]): Failure {
  return new Failure({
    code: 'locust-failed',
    message: `locust did not run ${word}: ${why}`,
    details: said.slice(-12),
    hint: 'What locust says is above; locust -f FILE --headless says it, too',
  });
}

function refuseFlags(options: LoadOptions): void {
  const given = ofTheEngine.find((flag) => options[flag] !== undefined && options[flag] !== false);
  const harm = (['fault', 'objective'] as const).find((flag) => options[flag].length > 0);
  if (given !== undefined || harm !== undefined || options.summary !== 'hwctl' || options.dryRun === true) {
    const flag = given ?? harm ?? (options.dryRun ? 'dryRun' : 'summary');
    const name = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new Failure({
      code: 'conflict',
      message: `--${name} is of hwctl’s own engine, and a locustfile is run by locust`,
      hint:
        given === 'inCluster' || given === 'pods'
          ? 'In a cluster: a scenario or a k6 script with --in-cluster'
          : '--users, --spawn-rate, --run-time, --processes, --url and --threshold are taken',
    });
  }
  const odd = options.out.find((path) => !['.json', '.md'].includes(outFormat(path) ?? ''));
  if (odd !== undefined)
    throw new Failure({
      code: 'conflict',
      message: `--out ${odd}: of locust’s run the result (.json) and a summary (.md) are written`,
      hint: 'Name a file that ends in .json or .md',
    });
  const unknown = options.threshold.find(({ metric }) => !judged.includes(metric));
  if (unknown !== undefined)
    throw new Failure({
      code: 'conflict',
      message: `--threshold ${unknown.text}: locust does not tell that`,
      hint: 'Write for example p(95)<200, error_rate<1% or http_reqs:rate>100',
    });
}

/** Where it goes: `--url`, the host that the locustfile names, or what is up. */
async function placeOf(
  text: string,
  options: LoadOptions,
  context: Context,
): Promise<{ url: string | undefined; hostHeader: string | undefined }> {
  if (options.url !== undefined) return { url: options.url, hostHeader: options.host };
  if (/^\s+host\s*(:\s*\w+\s*)?=/m.test(text)) return { url: undefined, hostHeader: options.host };
  const { endpoint, notes } = await findTarget(options, true, {}, context);
  for (const note of notes) context.note(note);
  const url = new URL(endpoint.url);
  const { connect, hostHeader } = endpoint;
  if (connect !== undefined && 'host' in connect) {
    url.hostname = connect.host.includes(':') ? `[${connect.host}]` : connect.host;
    url.port = String(connect.port);
  }
  return { url: url.origin, hostHeader: options.host ?? hostHeader };
}
