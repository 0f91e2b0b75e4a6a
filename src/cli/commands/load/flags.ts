import { Failure } from '../../kernel/failure.js';
import { layoutNames } from '../../report/load/layouts/layouts.js';
import { connectionOptions } from '../options/connection-options.js';
import { type OptionsOf, option, pairs, repeated, toggle } from '../options/option.js';
import { scenarioOptions } from '../options/scenario-options.js';
import { targetOptions } from '../options/target-options.js';
import {
  assignment,
  count,
  destination,
  duration,
  fileThat,
  name,
  oneOf,
  rate,
  share,
  url,
} from '../options/values.js';
import {
  body,
  fault,
  header,
  maxConcurrency,
  method,
  moment,
  objective,
  outFile,
  outFormats,
  resolved,
  resultFile,
  stage,
  threshold,
  urlPath,
  type VariableOrFile,
  variableOrFile,
} from './values.js';

/** When work begins. */
const arrivalOptions = {
  rps: option('--rps <n>', 'open model: arrivals per second, whatever the responses do (default 100)', rate),
  users: option(
    '--users <n>',
    'constant pacing: so many users, one iteration every --pace each',
    count(1, maxConcurrency, 100),
  ),
  pace: option(
    '--pace <duration>',
    'with --users: the time between the starts of one user’s iterations (default 1s)',
    duration,
  ),
  requests: option('--requests <n>', 'closed model, as ab: stop after so many', count(1, 1e12, 1000)),
  concurrency: option(
    '--concurrency <n>',
    'closed model, as ab: so many under way at once',
    count(1, maxConcurrency, 10),
  ),
  duration: option(
    '--duration <duration>',
    'how long, for example 30s (default 10s, or as the profile says)',
    duration,
  ),
  quick: toggle('--quick', 'scale the whole profile to 20 s'),
  startAt: option('--start-at <time>', 'begin then: RFC 3339 or Unix seconds; several machines begin together', moment),
  poisson: toggle('--poisson', 'with --rps: arrivals at random moments with the same mean rate'),
};

/** What is requested. */
const requestOptions = {
  path: option('--path <path>', 'what to request (default: what the platform that is up declares)', urlPath),
  scenario: option('--scenario <name>', 'run a scenario as a journey instead of one request', name),
  var: scenarioOptions.var,
  method: option('-X, --method <method>', 'HTTP method (default GET, POST with --body)', method),
  header: repeated('-H, --header <header>', "a request header, 'Name: value'; several times", header),
  body: option('-d, --body <text>', 'the request’s body, or @FILE', body),
  data: option('--data <text>', 'the same as --body, as curl names it', body),
};

/** What a k6 script takes beside the others. */
const scriptOptions = {
  env: repeated(
    '-e, --env <given>',
    'a k6 script: NAME=VALUE, a variable of __ENV; a collection: the file of its environment',
    variableOrFile,
  ),
  vus: option('--vus <n>', 'a k6 script: so many VUs, as --concurrency', count(1, maxConcurrency, 10)),
  iterations: option('--iterations <n>', 'a k6 script: so many iterations of all VUs together', count(1, 1e12, 100)),
  stage: repeated('--stage <duration:n>', 'a k6 script: ramp the VUs to n over the duration; several times', stage),
  ignoreUnread: toggle('--ignore-unread', 'a k6 script: leave out checks and thresholds that are not read'),
};

/** What a Postman collection takes; as `test` calls it. */
const collectionOptions = {
  envVar: pairs('--env-var <name=value>', 'a collection: a variable of its environment (repeatable)', assignment),
  globals: option('--globals <file>', 'a collection: the file of its globals', fileThat()),
  globalVar: pairs('--global-var <name=value>', 'a collection: a global variable (repeatable)', assignment),
  folder: repeated('--folder <name>', 'a collection: only this folder or request (repeatable)', name),
  iterationData: option('--iteration-data <file>', 'a collection: each arrival has a row of this file', fileThat()),
};

/** What a locustfile takes. */
const locustOptions = {
  spawnRate: option('--spawn-rate <n>', 'a locustfile: so many more users a second (default 1)', rate),
  runTime: option('--run-time <duration>', 'a locustfile: how long, as --duration (default 1m)', duration),
  processes: option('--processes <n>', 'a locustfile: so many processes of locust', count(1, 256, 2)),
};

/** Where connections go, instead of where the URL says. */
const placeOptions = {
  resolve: option(
    '--resolve <host:port:address>',
    'connect to this address for that host and port, as curl does',
    resolved,
  ),
  unixSocket: option('--unix-socket <path>', 'connect through this socket', destination),
};

/** What the run is judged by, and the room it has. */
const tuningOptions = {
  threshold: repeated(
    '--threshold <condition>',
    "for example 'p(95)<200' (ms) or 'error_rate<1%'; several times (default error_rate<1%, unless one about errors is given)",
    threshold,
  ),
  abortOnFail: toggle('--abort-on-fail', 'end the run as soon as a --threshold fails'),
  maxInFlight: option(
    '--max-in-flight <n>',
    'requests under way at once; arrivals beyond are dropped and counted',
    count(1, maxConcurrency, 1000),
  ),
  connections: option('--connections <n>', 'connections opened before the first request', count(1, maxConcurrency, 50)),
  timeout: option('--timeout <duration>', 'give a request up after this time (default 10s)', duration),
  workers: option('--workers <n>', 'I/O threads (of each pod, with --in-cluster)', count(1, 64, 2)),
};

/** What is broken on purpose meanwhile, and what must come of it. */
const faultOptions = {
  fault: repeated(
    '--fault <fault>',
    "harm a workload of what is up meanwhile: 'kill orders at 30s', 'stop orders for 5s at 30s', 'restart orders at 30s'; on a cluster 'scale orders to 3 at 20s', 'delete pod orders at 30s'; several times",
    fault,
  ),
  objective: repeated(
    '--objective <condition>',
    "what must come of every --fault: 'recovers<10s' (all thresholds hold again within); several times",
    objective,
  ),
};

/** A distributed run. */
const podOptions = {
  inCluster: toggle('--in-cluster', 'send from pods in the cluster instead of this machine'),
  pods: option('--pods <n>', 'with --in-cluster: so many pods share the arrivals (default 2)', count(1, 100, 2)),
};

const choiceOptions = {
  seed: option('--seed <n>', 'seed of the random choices, to repeat a run', count(0, 0xffff_ffff, 42)),
  compression: toggle('--compression', 'ask for gzip and br'),
};

/** How much worse than an earlier run is worse. */
export const toleranceOptions = {
  tolerance: option('--tolerance <share>', 'how much worse a figure may be (default 10%)', share),
};

const kinds = Object.entries(outFormats).map(([extension, what]) => `${extension} (${what})`);

/** The files that are written. */
export const outOptions = {
  out: repeated('--out <file>', `write the run to a file: ${kinds.join(', ')}; several times`, outFile),
};

/** What is shown, written and compared. */
const outputOptions = {
  summary: option(
    '--summary <layout>',
    'the layout of the final summary: ours, or another tool’s',
    oneOf(['hwctl', ...layoutNames]),
    'hwctl',
  ),
  ...outOptions,
  baseline: option(
    '--baseline <file>',
    'compare with an earlier result (JSON); a regression exits 1, one that cannot be judged 3',
    resultFile,
  ),
  push: option(
    '--push <url>',
    'send metrics once a second: Prometheus remote write, or a Pushgateway (/metrics/job/...)',
    { ...url, example: 'http://127.0.0.1:9090/api/v1/write' },
  ),
};

const searchOptions = {
  findMax: toggle(
    '--find-max',
    'look for the highest rate that holds, up to --rps (5000), for --duration (2m) at most',
  ),
};

/** What a plan is made of. */
const planOptions = {
  ...arrivalOptions,
  ...requestOptions,
  ...placeOptions,
  ...tuningOptions,
  ...faultOptions,
  ...choiceOptions,
  ...searchOptions,
  ...connectionOptions,
  ...targetOptions,
};

/** The flags of `hwctl load`. */
export const loadOptions = {
  ...arrivalOptions,
  ...requestOptions,
  ...scriptOptions,
  ...collectionOptions,
  ...locustOptions,
  ...placeOptions,
  ...tuningOptions,
  ...faultOptions,
  ...podOptions,
  ...choiceOptions,
  ...outputOptions,
  ...searchOptions,
  dryRun: toggle('--dry-run', 'print the plan, load nothing'),
  quiet: toggle('--quiet', 'no progress, only the summary'),
  ...connectionOptions,
  ...toleranceOptions,
  ...targetOptions,
};

/** When work begins. */
export type ArrivalOptions = OptionsOf<typeof arrivalOptions>;
/** What says where a load goes. */
export type LoadTargetOptions = OptionsOf<typeof placeOptions & typeof connectionOptions & typeof targetOptions>;
/** What a plan is made of. */
export type PlanOptions = OptionsOf<typeof planOptions>;
/** What is broken on purpose, and what must come of it. */
export type FaultOptions = OptionsOf<typeof faultOptions>;
/** What says which pods take part. */
export type PodOptions = OptionsOf<typeof podOptions & typeof placeOptions & typeof targetOptions>;
/** What a collection takes. */
export type CollectionOptions = PlanOptions & OptionsOf<typeof collectionOptions> & { environment?: string };
/** What `loadOptions` give. */
export type LoadOptions = OptionsOf<typeof loadOptions> & { json?: boolean };

/** Throws Failure `conflict` where more than one of the flags in a group is given. */
export function refuseTogether(given: Record<string, unknown>, groups: readonly (readonly string[])[]): void {
  for (const group of groups) {
    const present = group.filter((name) => given[name] !== undefined);
    if (present.length < 2) continue;
    const flags = present.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    throw new Failure({
      code: 'conflict',
      message: `${flags.join(' and ')} exclude each other`,
      hint: `Keep one of them: ${flags.join(' or ')}`,
    });
  }
}

/** What `-e` gave: variables, and the file of an environment. Throws Failure for two files. */
export function readEnv(given: readonly VariableOrFile[]): { environment?: string; variables: Record<string, string> } {
  const files = given.flatMap((each) => ('file' in each ? [each.file] : []));
  const variables = Object.fromEntries(given.flatMap((each) => ('variable' in each ? [each.variable] : [])));
  if (files.length < 2) return files[0] === undefined ? { variables } : { environment: files[0], variables };
  throw new Failure({
    code: 'conflict',
    message: `a collection has one environment, and here are ${files.length}: ${files.join(', ')}`,
    hint: 'Keep one -e FILE, and give single variables with --env-var NAME=VALUE',
  });
}

/** Throws Failure for what only a collection takes, where there is none. */
export function refuseForCollection(options: LoadOptions, environment: string | undefined): void {
  const { envVar, globals, globalVar, folder, iterationData } = options;
  const given = [
    ['-e FILE', environment !== undefined],
    ['--env-var', Object.keys(envVar).length > 0],
    ['--globals', globals !== undefined],
    ['--global-var', Object.keys(globalVar).length > 0],
    ['--folder', folder.length > 0],
    ['--iteration-data', iterationData !== undefined],
  ].find(([, isGiven]) => isGiven);
  if (given === undefined) return;
  throw new Failure({
    code: 'ignored-option',
    message: `${given[0]} is for a Postman collection, and there is none`,
    hint: 'Name the collection: hwctl load FILE.postman_collection.json. A scenario takes --var NAME=VALUE',
  });
}
