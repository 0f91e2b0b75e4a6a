import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { CollectionData } from '../../journey/collection/collection-journey.js';
import type { JourneyData } from '../../journey/plan-journey.js';
import { Failure } from '../../kernel/failure.js';
import type { StartLoad } from '../../load/load-run.js';
import { type LoadPlan, planDurationMs, type Work } from '../../load/plan/plan.js';
import type { StartedPods } from '../../target/target.js';
import type { Context } from '../context/context.js';
import { targetFromOptions } from '../options/target-options.js';
import { needs } from './arrivals.js';
import { portOf, unbracket } from './endpoint.js';
import type { PodOptions } from './flags.js';

/** Pods that wait for their share of a run. */
export interface LoadPods {
  /** The plan with the addresses that pods reach and the journeys that pods can read. */
  plan: LoadPlan;
  start: StartLoad;
  close(): Promise<void>;
}

const usualPods = 2;
const port = 7070;
const startTimeoutMs = 120_000;
/** The cluster ends pods that nobody ends: so long after a run must be over. */
const spareMs = 10 * 60_000;
const longestClosedMs = 24 * 3_600_000;

/** How many pods the flags ask for; `wanted`: where they do not say. undefined: this machine sends. Throws Failure `usage`. */
export function readPodCount(options: PodOptions, wanted: number = usualPods): number | undefined {
  if (options.inCluster !== true) {
    if (options.pods !== undefined) throw needs('--pods', '--in-cluster');
    return undefined;
  }
  if (options.unixSocket !== undefined) {
    throw new Failure({
      code: 'usage',
      message: '--unix-socket and --in-cluster exclude each other: pods cannot see a socket of this machine',
      hint: 'Leave one of them out',
    });
  }
  return options.pods ?? wanted;
}

/** Starts the pods and waits until they run. Throws Failure where the target has none or they do not start. */
export async function startLoadPods(
  count: number,
  plan: LoadPlan,
  options: PodOptions,
  context: Context,
): Promise<LoadPods> {
  const { target, reason } = await targetFromOptions(options, context);
  if (target.startPods === undefined) {
    throw new Failure({
      code: 'no-pods',
      message: `there are no pods on the ${target.name} target (${reason})`,
      hint: 'Leave --in-cluster out, or load a platform on a cluster: --target minikube',
    });
  }
  const work = await Promise.all(plan.work.map(portable));
  const planMs = planDurationMs(plan);
  const runMs = Number.isFinite(planMs) ? planMs + plan.drainMs : longestClosedMs;
  const waitMs = Math.max(0, (plan.startAtUnixMs ?? 0) - context.clock.now());
  context.note(`starting ${count} pod${count === 1 ? '' : 's'} in the cluster`);
  let told = '';
  const started = await target.startPods({
    count,
    files: agentFiles(context.root),
    main: 'shard.main.js',
    port,
    longestMs: waitMs + runMs + spareMs,
    timeoutMs: startTimeoutMs,
    signal: context.signal,
    onWaiting: (why) => {
      if (why !== told) context.note(`waiting for the load's pods: ${why}`);
      told = why;
    },
  });
  const { startShardedLoad } = await import('../../load/shards/sharded-run.js');
  const peers = started.pods.map(({ name, connect }) => ({ name: `pod ${name}`, connect }));
  try {
    return {
      plan: { ...plan, work, endpoint: endpointFor(plan, started) },
      start: (whole, deps) => startShardedLoad(whole, peers, deps),
      close: () => started.close(),
    };
  } catch (error) {
    await started.close();
    throw error;
  }
}

/** dist/load-agent, as the build leaves it, the licences of what is in it among them. */
function agentFiles(root: string): Record<string, string> {
  const folder = join(root, 'dist', 'load-agent');
  const names = readdirSync(folder).filter((name) => /\.(js|json|txt)$/.test(name));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** This machine may reach the platform through a port of its own; pods take the address that the cluster publishes. */
function endpointFor({ endpoint }: LoadPlan, { endpoints }: StartedPods): LoadPlan['endpoint'] {
  const { connect } = endpoint;
  const host = connect !== undefined && 'host' in connect ? connect.host : new URL(endpoint.url).hostname;
  if (!/^(127\.|localhost$|::1$|\[::1\]$)/.test(host)) return endpoint;
  const published = endpoints.find((one) => one.host === endpoint.hostHeader && endpoint.hostHeader !== undefined);
  if (published === undefined) {
    throw new Failure({
      code: 'not-reachable-from-pods',
      message: `${host} is this machine's own address: in a pod it is the pod`,
      hint: 'Name the address that pods reach: --url http://SERVICE.NAMESPACE.svc:PORT',
    });
  }
  const url = new URL(published.url);
  return { ...endpoint, connect: { host: unbracket(url.hostname), port: portOf(url) } };
}

/** Work as a pod can do it: the modules of journeys lie beside what it executes, and the scenario goes along. */
async function portable(work: Work): Promise<Work> {
  if (work.kind === 'requests') return work;
  const { readsFiles } = await import('../../journey/plan-journey.js');
  const { scenario } = work.data as Partial<JourneyData>;
  if (scenario !== undefined && readsFiles([scenario, (work.data as Partial<CollectionData>).items])) {
    throw new Failure({
      code: 'no-journey-in-pods',
      message: `${scenario.file} reads other files when it runs, which pods do not have`,
      hint: 'Write the bodies and schemas into the scenario, or leave --in-cluster out',
    });
  }
  return { ...work, module: `./${basename(work.module)}` };
}
