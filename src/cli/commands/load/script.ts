import { resolve } from 'node:path';
import type { K6Data } from '../../k6/k6-flow.js';
import type { OptionOverrides } from '../../k6/options.js';
import type { ReadScript } from '../../k6/read-script.js';
import type { TestRun } from '../../k6/test-run.js';
import { entryModule } from '../../kernel/entry-module.js';
import { Failure } from '../../kernel/failure.js';
import { readText } from '../../kernel/files.js';
import { scaleStages } from '../../load/arrivals/schedule.js';
import type { LoadEndpoint, LoadPlan } from '../../load/plan/plan.js';
import { definePlan } from '../../load/plan/plan-define.js';
import type { Context } from '../context/context.js';
import { readArrivals } from './arrivals.js';
import { findTarget } from './endpoint.js';
import { readFaults, refuseFaults, thresholdsBeside } from './faults.js';
import { type PlanOptions, refuseTogether } from './flags.js';
import type { PlannedLoad } from './plan.js';

/** k6 gives a request so long. */
const usualTimeoutMs = 60_000;
const usualSeed = 1;

/** Flags that say what is requested, which a script says itself. */
const sayWhat = ['path', 'method', 'body', 'data', 'header', 'findMax', 'requests', 'pace'] as const;

/** What a load of a script asks for beside what every load does. */
export type ScriptOptions = PlanOptions & {
  ignoreUnread?: boolean;
  env: Record<string, string>;
  vus?: number;
  iterations?: number;
  stage: { duration: string; target: number }[];
};

/** Turns a k6 script, or a TestRun of the k6 operator, into a plan. Throws Failure; nothing is sent before all of it is read. */
export async function makeScriptPlan(
  word: string,
  options: ScriptOptions,
  context: Context,
): Promise<PlannedLoad & { pods: number | undefined }> {
  refuseFlags(options);
  refuseTogether({ ...options }, [
    ['rps', 'vus'],
    ['rps', 'iterations'],
    ['users', 'vus'],
    ['users', 'iterations'],
    ['rps', 'users'],
    ['resolve', 'unixSocket'],
  ]);
  const { readScript, unreadFailure } = await import('../../k6/read-script.js');
  const run = await testRunIn(word, context);
  const script = readScript({
    file: run?.file ?? resolve(context.cwd, word),
    text: run?.text,
    shown: run?.shown ?? word,
    env: { ...run?.env, ...options.env },
    overrides: overridesOf(options, run),
    scenario: options.scenario,
    seed: options.seed ?? usualSeed,
  });
  if (script.leftOut.length > 0 && options.ignoreUnread !== true) throw unreadFailure(word, script.leftOut, true);
  const arrivals = arrivalsOf(script, options, word);
  const broken = readFaults(options, { arrivals, search: false });
  const place = { url: serverOf(script, options, word), harms: broken.faults !== undefined };
  const target = await findTarget(options, true, place, context);
  const endpoint = endpointOf(script, target.endpoint);
  refuseClusterName(script, options, endpoint);
  refuseFaults(broken, target);
  const data = dataOf(script, word, options);
  const work: LoadPlan['work'] = [
    {
      kind: 'flow',
      name: run?.name ?? word,
      weight: 1,
      module: entryModule('k6/k6.main').href,
      data,
      steps: script.steps,
    },
  ];
  const plan = definePlan({
    name: run?.name ?? 'k6',
    endpoint,
    arrivals,
    work,
    thresholds: thresholdsBeside(broken, options.threshold.length > 0 ? options.threshold : script.thresholds),
    measures: script.measures,
    maxInFlight: options.maxInFlight ?? (options.users === undefined ? script.shape.maxInFlight : undefined),
    connections: options.connections,
    timeoutMs: options.timeout ?? usualTimeoutMs,
    drainMs: script.shape.drainMs,
    workers: options.workers,
    seed: options.seed,
    startAtUnixMs: options.startAt,
    compression: options.compression === true,
    ...broken,
  });
  const left = script.leftOut.map((line) => `left out: ${line}`);
  return {
    plan,
    waitForScaling: false,
    notes: [...target.notes, ...(run?.notes ?? []), ...script.notes, ...left],
    target: target.target,
    pods: run?.parallelism,
    ...stagesOf(script, context),
  };
}

function refuseFlags(options: ScriptOptions): void {
  const given = sayWhat.find((flag) => {
    const value = options[flag];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
  if (given === undefined && Object.keys(options.var).length === 0) return;
  const flag = given === undefined ? 'var' : given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new Failure({
    code: 'conflict',
    message: `--${flag} means nothing to a k6 script, which says itself what it requests`,
    hint:
      flag === 'var'
        ? 'Give its variables with -e NAME=VALUE'
        : flag === 'requests'
          ? 'Give --iterations'
          : `Leave --${flag} out`,
  });
}

async function testRunIn(word: string, { cwd }: Context): Promise<TestRun | undefined> {
  if (!/\.ya?ml$/.test(word)) return undefined;
  const { readTestRun } = await import('../../k6/test-run.js');
  const file = resolve(cwd, word);
  return readTestRun(file, word, readText(file, { shown: word, hint: 'Give the path of a TestRun' }));
}

function overridesOf(options: ScriptOptions, run: TestRun | undefined): OptionOverrides {
  const vus = options.vus ?? options.concurrency;
  const ownRate = options.rps !== undefined || options.users !== undefined;
  const given: OptionOverrides = {
    ...(vus === undefined ? {} : { vus }),
    ...(options.duration === undefined || ownRate ? {} : { duration: `${options.duration}ms` }),
    ...(options.iterations === undefined ? {} : { iterations: options.iterations }),
    ...(options.stage.length === 0 ? {} : { stages: options.stage }),
  };
  const saysWhen = (each: OptionOverrides) =>
    each.duration !== undefined || each.iterations !== undefined || each.stages !== undefined;
  const { vus: runVus, rps, ...when } = run?.overrides ?? {};
  return {
    ...(runVus === undefined ? {} : { vus: runVus }),
    ...(rps === undefined ? {} : { rps }),
    ...(saysWhen(given) ? {} : when),
    ...given,
  };
}

/** Flags of hwctl's own models take the place of what the script says of when. */
function arrivalsOf(script: ReadScript, options: ScriptOptions, word: string): LoadPlan['arrivals'] {
  const { arrivals } = script.shape;
  if (options.rps === undefined && options.users === undefined) {
    if (options.poisson === true && arrivals.model === 'open') return { ...arrivals, poisson: true };
    return options.quick === true ? { ...arrivals, stages: scaleStages(arrivals.stages) } : arrivals;
  }
  if (script.data.scenarios.length > 1) {
    throw new Failure({
      code: 'conflict',
      message: `${word} has ${script.data.scenarios.length} scenarios, and one rate does not say how much of each is meant`,
      hint: `Add --scenario ${script.data.scenarios[0]!.name}`,
    });
  }
  return readArrivals(options, undefined);
}

function dataOf(script: ReadScript, file: string, { rps, users }: ScriptOptions): K6Data {
  const ownRate = rps !== undefined || users !== undefined;
  const { model } = script.shape.arrivals;
  return {
    ...script.data,
    file,
    model: model === 'closed' ? 'closed' : 'open',
    shares: ownRate ? [] : script.shape.shares,
    measures: script.measures.map(({ name }) => name),
    origins: script.origins.map(({ origin }) => origin),
    setup: undefined,
    rps: script.options.rps,
  };
}

/** The one server that a script goes to. */
function serverOf({ origins, unknown }: ReadScript, { url }: ScriptOptions, word: string): string | undefined {
  if (origins.length > 1) {
    throw new Failure({
      code: 'two-servers',
      message: `${word} sends to ${origins.length} servers, and a load goes to one`,
      details: origins.map(({ origin, at }) => `${at}: ${origin}`),
      hint: 'Load the part of it that goes to one server, with a script of its own',
    });
  }
  if (origins[0] !== undefined || url !== undefined) return origins[0]?.origin;
  const names = [...new Set(unknown.flatMap(({ env }) => env ?? []))];
  throw new Failure({
    code: 'unknown-server',
    message: `where ${word} sends its requests is not known before it runs`,
    details: unknown.map(
      ({ at, env }) => `${at}: ${env === undefined ? 'the server comes out under way' : `__ENV.${env} has no value`}`,
    ),
    hint:
      names.length > 0
        ? `Give ${names.map((name) => `-e ${name}=VALUE`).join(' ')}`
        : 'Give it with --url http://HOST:PORT',
  });
}

function endpointOf({ options, origins }: ReadScript, endpoint: LoadEndpoint): LoadEndpoint {
  const url = new URL(endpoint.url);
  const tls =
    options.insecureSkipTlsVerify && url.protocol === 'https:' ? { ...endpoint.tls, insecure: true } : endpoint.tls;
  const own = origins[0] !== undefined && new URL(origins[0].origin).host === url.host;
  const address = own ? (options.hosts[url.host] ?? options.hosts[url.hostname]) : undefined;
  if (address === undefined || endpoint.connect !== undefined) return { ...endpoint, tls };
  const [, host = address, port] = /^(.*?)(?::(\d+))?$/.exec(address) ?? [];
  const usual = url.protocol === 'https:' ? 443 : 80;
  return { ...endpoint, tls, connect: { host, port: Number(port ?? (Number(url.port) || usual)) } };
}

/** Names of Services that only pods can look up. */
function refuseClusterName(
  { origins }: ReadScript,
  options: ScriptOptions & { inCluster?: boolean },
  { url, connect }: LoadEndpoint,
): void {
  const { hostname } = new URL(url);
  // It is known where it is.
  if (connect !== undefined || options.inCluster === true || options.url !== undefined || !/\.svc(\.|$)/.test(hostname))
    return;
  throw new Failure({
    code: 'cluster-name',
    message: `${hostname} is the name of a Service inside of a cluster (${origins[0]?.at ?? 'the script'})`,
    hint: 'Send from there with --in-cluster, or name the address that this machine reaches: --url http://HOST:PORT (hwctl forward opens one)',
  });
}

/** `setup` before the load, `teardown` after it, from this process. */
function stagesOf(
  { hasSetup, hasTeardown, options }: ReadScript,
  context: Context,
): Pick<PlannedLoad, 'prepare' | 'finish'> {
  let given: string | undefined;
  const stage = async (name: 'setup' | 'teardown', plan: LoadPlan, timeoutMs: number) => {
    const { runStage } = await import('../../k6/script-stages.js');
    const [work] = plan.work;
    const data = (work as Extract<LoadPlan['work'][number], { kind: 'flow' }>).data as K6Data;
    const { url, hostHeader, connect, tls } = plan.endpoint;
    const base = new URL(url);
    if (connect !== undefined && 'host' in connect) {
      base.hostname = connect.host.includes(':') ? `[${connect.host}]` : connect.host;
      base.port = String(connect.port);
    }
    const origins = [...new Set([...data.origins, new URL(url).origin])];
    const host = hostHeader ?? new URL(url).host;
    // After a Ctrl-C there is still something to tidy up.
    const signal = name === 'setup' ? context.signal : new AbortController().signal;
    return runStage(
      name,
      data,
      given,
      { url: base.href, hostHeader: host, origins, http: { ...tls }, signal },
      timeoutMs,
    );
  };
  return {
    ...(hasSetup
      ? {
          async prepare(plan) {
            given = await stage('setup', plan, options.setupTimeoutMs);
            return {
              ...plan,
              work: plan.work.map((work) =>
                work.kind === 'flow' ? { ...work, data: { ...(work.data as K6Data), setup: given } } : work,
              ),
            };
          },
        }
      : {}),
    ...(hasTeardown
      ? {
          async finish(plan) {
            await stage('teardown', plan, options.teardownTimeoutMs);
          },
        }
      : {}),
  };
}
