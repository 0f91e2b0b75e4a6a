import { Failure } from '../../kernel/failure.js';
import { beginExecution } from '../execute.js';
import { type StepContext, stepsOf } from '../plan.js';
import type {
  DebugRequest,
  Endpoint,
  Fault,
  ForwardRequest,
  LogQuery,
  PodsRequest,
  ProjectStatus,
  StartedPods,
  Target,
  UpReport,
  UpRequest,
  WaitOptions,
} from '../target.js';
import type { LiveObject } from './api/live-object.js';
import { diffAhead, objectsAhead } from './diff.js';
import { imageOf, takeDown } from './down.js';
import { injectFault } from './fault.js';
import { waitReady } from './health/wait-ready.js';
import { clusterLogs } from './logs.js';
import { type ApplySet, findAllApplySets, findApplySets, listMembers, projectMembers } from './objects/apply-set.js';
import { emptyReport } from './objects/removal.js';
import { debugPod } from './pods/debug.js';
import { startPods } from './pods/job.js';
import { type ClusterAccess, type ClusterTargetOptions, openCluster, openProvider } from './provider/cluster-access.js';
import { stopForward } from './provider/traces.js';
import { clusterEndpoints } from './reach/cluster-endpoints.js';
import { appEndpoints } from './reach/endpoints.js';
import { forwardAll } from './reach/forward.js';
import { serviceStatuses } from './status.js';
import { ClusterUp } from './up.js';
import { openClusterSampler } from './usage.js';

/** The cluster as a target: one code whoever made it. */
export function createClusterTarget(options: ClusterTargetOptions): Target {
  const { environment, name } = options;
  const access = () => openCluster(options);
  return {
    name,
    plan: async (request) => {
      const up = new ClusterUp(options, request, 'look');
      try {
        return stepsOf(await up.plan());
      } finally {
        up.close();
      }
    },
    diff: (request) => diffAhead(options, request),
    objects: (request) => objectsAhead(options, request),
    debug: (request) => debug(options, request),
    startPods: (request) => runPods(options, request),
    up: (request, wait) => bringUp(options, request, wait),
    down: (request, wait) => takeDown(options, request, beginExecution(environment.clock, wait)),
    status: async () => {
      const cluster = await access();
      if (cluster === undefined) return { target: name, stacks: [], services: [], endpoints: [] };
      return withCluster(cluster, async ({ client, state }) => {
        const sets = await findApplySets(client, environment.project);
        const members = (await Promise.all(sets.map((set) => listMembers(client, set)))).flat();
        return {
          target: name,
          stacks: [...new Set(sets.flatMap((set) => set.stacks))].sort(),
          services: await serviceStatuses(client, members, environment.clock.now()),
          endpoints: await clusterEndpoints(options.run, members, state),
        };
      });
    },
    projects: async () => {
      const cluster = await access();
      if (cluster === undefined) return [];
      return withCluster(cluster, async ({ client }) => projectsIn(await findAllApplySets(client)));
    },
    logs: (query) => readLogs(options, query),
    forward: (request) => forward(options, request),
    waitScaling: (wait) => waitScaling(options, beginExecution(environment.clock, wait).work),
    openSampler: async () =>
      openClusterSampler((await mustBeOpen(options)).client, environment.project, environment.clock),
    fault: async (fault: Fault) => {
      await withCluster(await mustBeOpen(options), async ({ client }) => {
        await injectFault(client, await workloadsNamed(client, options, [fault.service]), fault, environment.clock);
      });
    },
  };
}

/** Executes the plan of `up`; what belongs to it on disk is written before. */
async function bringUp(options: ClusterTargetOptions, request: UpRequest, wait: WaitOptions): Promise<UpReport> {
  const { clock } = options.environment;
  const startedMs = clock.monotonic();
  const execution = beginExecution(clock, wait);
  const up = new ClusterUp(options, request, 'act', wait.signal);
  try {
    const plan = await up.plan();
    const actions = await execution.run(plan);
    const report = await up.report();
    return { target: options.name, ...report, actions, durationMs: clock.monotonic() - startedMs };
  } finally {
    up.close();
  }
}

/** The projects that records are of; one may have several. */
function projectsIn(sets: readonly ApplySet[]): ProjectStatus[] {
  const names = [...new Set(sets.map(({ project }) => project))].sort();
  return names.map((project) => ({
    project,
    stacks: [...new Set(sets.filter((set) => set.project === project).flatMap(({ stacks }) => stacks))].sort(),
  }));
}

/** A pod beside the services that are up. */
async function debug(options: ClusterTargetOptions, request: DebugRequest): Promise<number> {
  return withCluster(await mustBeOpen(options, request.signal), async ({ client }) => {
    const set = (await findApplySets(client, options.environment.project))[0];
    if (set !== undefined) return debugPod(client, set, request, options.environment.clock);
    throw new Failure({
      code: 'nothing-is-up',
      message: `nothing is up on the ${options.name} target, so there is no namespace for a debug pod`,
      hint: `hwctl up --target ${options.name}`,
    });
  });
}

/** Waits for every autoscaler of hwctl to have figures. */
async function waitScaling(options: ClusterTargetOptions, work: StepContext): Promise<void> {
  await withCluster(await mustBeOpen(options, work.signal), async ({ client }) => {
    for (const set of await findApplySets(client, options.environment.project)) {
      const members = await listMembers(client, set);
      const autoscalers = members.filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
      await waitReady(client, autoscalers, set.id, { ...work, context: { loadBalancers: false } });
    }
  });
}

/** Pods of a program beside the services that are up, from the image that those run. */
async function runPods(options: ClusterTargetOptions, request: PodsRequest): Promise<StartedPods> {
  const { client } = await mustBeOpen(options, request.signal);
  try {
    const sets = await findApplySets(client, options.environment.project);
    const members = (await Promise.all(sets.map((set) => listMembers(client, set)))).flat();
    const image = imageOf(members);
    if (sets[0] === undefined || image === undefined) {
      throw new Failure({
        code: 'nothing-is-up',
        message: `nothing is up on the ${options.name} target, so there is no image for pods to run`,
        hint: `hwctl up --target ${options.name}`,
      });
    }
    const started = await startPods(client, sets[0], image, request, options.environment.clock);
    const close = () => started.close().finally(() => client.close());
    return { ...started, close, endpoints: appEndpoints(members.filter(({ kind }) => kind === 'Ingress')) };
  } catch (error) {
    client.close();
    throw error;
  }
}

/** Has the port-forward daemon forward all Services of hwctl, or ends it. */
async function forward(options: ClusterTargetOptions, request: ForwardRequest): Promise<Endpoint[]> {
  return withCluster(await mustBeOpen(options, request.signal), async ({ client, state }) => {
    if (request.stop) {
      await stopForward(options.run, state, emptyReport(), options.environment.clock, request.signal);
      return [];
    }
    const members = await projectMembers(client, options.environment.project);
    await forwardAll(options, client, state, members, request.address, request.signal);
    return clusterEndpoints(options.run, members, state);
  });
}

async function withCluster<T>(cluster: ClusterAccess, act: (cluster: ClusterAccess) => Promise<T>): Promise<T> {
  try {
    return await act(cluster);
  } finally {
    cluster.client.close();
  }
}

async function mustBeOpen(options: ClusterTargetOptions, signal?: AbortSignal): Promise<ClusterAccess> {
  const cluster = await openCluster(options, signal);
  if (cluster !== undefined) return cluster;
  const { noun, profile } = openProvider(options);
  throw new Failure({
    code: 'nothing-is-up',
    message: `the ${noun} ${profile} does not run, so nothing is up on it`,
    hint: `hwctl up --target ${options.name}`,
  });
}

async function* readLogs(options: ClusterTargetOptions, query: LogQuery) {
  const cluster = await mustBeOpen(options, query.signal);
  try {
    const workloads = () => workloadsNamed(cluster.client, options, query.services);
    yield* clusterLogs(cluster.client, workloads, query, options.environment.clock);
  } finally {
    cluster.client.close();
  }
}

/** The workloads of the project of these names; all of them where none is named. Throws Failure `no-such-service`. */
async function workloadsNamed(
  client: ClusterAccess['client'],
  { environment }: ClusterTargetOptions,
  names: readonly string[],
): Promise<LiveObject[]> {
  const members = await projectMembers(client, environment.project);
  const all = members.filter(({ kind }) => ['Deployment', 'StatefulSet', 'DaemonSet', 'Job'].includes(kind));
  const known = all.map(({ metadata }) => metadata.name);
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new Failure({
      code: 'no-such-service',
      message: `nothing that is up is called ${JSON.stringify(name)}`,
      hint: known.length === 0 ? 'Nothing is up: hwctl up' : `There is: ${known.join(', ')}`,
    });
  }
  return names.length === 0 ? all : all.filter(({ metadata }) => names.includes(metadata.name));
}
