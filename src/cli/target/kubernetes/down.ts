import { Failure } from '../../kernel/failure.js';
import type { Execution } from '../execute.js';
import { waveOf } from '../manifests/apply-order.js';
import { generatedKeys, imageBaseName, serverImageName } from '../manifests/kube-object.js';
import { leftMs, planned } from '../plan.js';
import { bundledProject } from '../project-name.js';
import type { DownReport, DownRequest } from '../target.js';
import type { KubeClient } from './api/client.js';
import { type LiveObject, liveRef } from './api/live-object.js';
import {
  type ApplySet,
  emptyApplySet,
  findAllApplySets,
  findApplySets,
  listMembers,
  writeParent,
} from './objects/apply-set.js';
import { isOfCommand, projectOf } from './objects/desired.js';
import { isOurs } from './objects/namespaces.js';
import {
  claimSteps,
  claimsOfSet,
  deleteStep,
  emptyReport,
  keepClaims,
  madeByUs,
  removalOf,
  removalSteps,
  removeNamespaces,
  sweep,
} from './objects/removal.js';
import {
  type ClusterTargetOptions,
  openClient,
  openProvider,
  openSharedState,
  openState,
} from './provider/cluster-access.js';
import type { ClusterState, StateFile } from './provider/cluster-state.js';
import { restoreContextNamespace } from './provider/context-namespace.js';
import type { ClusterProvider } from './provider/provider.js';
import { forgetOrphans, orphanSteps } from './provider/provision.js';
import { removeAddons, removeTraces } from './provider/traces.js';
import { stacksOf } from './reach/endpoints.js';
import { kindsOf } from './wanted.js';

/** Removes what `up` made, from what is live, and looks again. */
export async function takeDown(
  options: ClusterTargetOptions,
  request: DownRequest,
  execution: Execution,
): Promise<DownReport> {
  const { run, environment } = options;
  const state = openState(options);
  const shared = openSharedState(options);
  await execution.run(await orphanSteps(run, state));
  forgetOrphans(state);
  const provider = openProvider(options);
  const report = emptyReport();
  const running = await isRunning(provider, { state, shared }, report, execution.work.signal);
  let left: string[] = [];
  let others: string[] = [];
  if (running) {
    const client = openClient(options);
    try {
      left = await removeSets(client, environment.project, request, report, execution);
      others = (await findAllApplySets(client)).map(({ project }) => project);
      if (left.length === 0 && others.length === 0) await removeDefinitions(client, report, execution);
    } finally {
      client.close();
    }
  }
  const projects = [...new Set(others)].filter((name) => name !== environment.project);
  if (left.length === 0 && report.remaining.length === 0) {
    await removeTraces({ run, provider, state }, report, execution);
    if (projects.length === 0) {
      await removeAddons(provider, shared, report, execution);
      await restoreNamespace(options, shared, report, execution);
    } else keepShared(shared, projects, report);
    await settleProfile(provider, request, { shared, projects }, report, execution);
  }
  for (const file of [state, shared]) if (file.isEmpty() && left.length === 0) file.remove();
  return report;
}

/** Definitions that stayed for another project's objects go with the last project, whichever brought them. */
async function removeDefinitions(client: KubeClient, report: DownReport, execution: Execution): Promise<void> {
  client.forgetResources();
  const resource = (await client.resources()).find(({ kind }) => kind === 'CustomResourceDefinition');
  if (resource === undefined) return;
  const all = await client.list(resource, { labelSelector: 'app.kubernetes.io/managed-by=hwctl' });
  if (all.length === 0) return;
  const removal = await removalOf(client, all, madeByUs);
  report.kept = report.kept.filter(({ ref }) => !removal.members.some((member) => liveRef(member) === ref));
  await execution.run(removalSteps(client, removal, report));
}

async function restoreNamespace(
  { environment, context }: ClusterTargetOptions,
  shared: StateFile,
  report: DownReport,
  execution: Execution,
): Promise<void> {
  if (shared.get().contextNamespaceBefore === undefined) return;
  const step = { verb: 'update' as const, ref: `context/${context}`, why: 'hwctl chose its default namespace' };
  const restore = async () => restoreContextNamespace(environment, context, shared, report);
  await execution.run([planned(step, restore)]);
}

/** What other projects may be using stays until the last of them goes down. */
function keepShared(shared: StateFile, projects: readonly string[], report: DownReport): void {
  const reason = `${projects.join(', ')} is up there too`;
  for (const name of shared.get().addonsEnabled) report.kept.push({ ref: `addon/${name}`, reason });
}

/** Whether there is a cluster to look into. Throws Failure `cluster-stopped` where there is one that cannot answer. */
async function isRunning(
  provider: ClusterProvider,
  { state, shared }: { state: StateFile; shared: StateFile },
  report: DownReport,
  signal: AbortSignal,
): Promise<boolean> {
  const profile = await provider.state({ signal });
  if (profile.kind === 'running') return true;
  if (profile.kind === 'missing') {
    // What was in the cluster went with it.
    for (const file of [state, shared]) {
      if (!file.isEmpty()) file.change(forgetCluster);
    }
    return false;
  }
  if (state.isEmpty() && shared.isEmpty()) {
    report.kept.push({ ref: provider.ref, reason: `it was not looked into: ${profile.why}` });
    return false;
  }
  throw new Failure({
    code: 'cluster-stopped',
    message: `what hwctl made in the ${provider.noun} ${provider.profile} cannot be removed: ${profile.why}`,
    hint: `${provider.cures.start}, then hwctl down; or ${provider.cures.remove}`,
  });
}

function forgetCluster(draft: ClusterState): void {
  draft.addonsEnabled = [];
  draft.imagesLoaded = [];
  draft.profileMade = undefined;
}

/** Removes the asked stacks from every record of the project; returns the stacks that stay. */
async function removeSets(
  client: KubeClient,
  project: string,
  request: DownRequest,
  report: DownReport,
  execution: Execution,
): Promise<string[]> {
  const left: string[] = [];
  const ours = await ourNamespaces(client, project);
  const sets = await findApplySets(client, project);
  // A kill may fall between a namespace and the record of it.
  const unrecorded = ours.filter((name) => !sets.some((set) => set.namespaces.includes(name)));
  const [first] = sets;
  if (project !== bundledProject && first !== undefined) first.namespaces.push(...unrecorded);
  else for (const name of unrecorded) sets.push(emptyApplySet(name, project));
  for (const set of sets) {
    const stay = request.stacks.length === 0 ? [] : set.stacks.filter((name) => !request.stacks.includes(name));
    left.push(...stay);
    if (stay.length > 0) await shrinkSet(client, set, stay, report, execution);
    else await removeSet(client, set, request.keepData, report, execution);
  }
  return left;
}

async function ourNamespaces(client: KubeClient, project: string): Promise<string[]> {
  const resource = (await client.resources()).find(({ kind }) => kind === 'Namespace');
  if (resource === undefined) return [];
  const all = await client.list(resource, { labelSelector: 'app.kubernetes.io/managed-by=hwctl' });
  return all
    .filter((namespace) => isOurs(namespace) && projectOf(namespace) === project)
    .map(({ metadata }) => metadata.name);
}

/** Takes some stacks out of a record: what the others do not share goes. */
async function shrinkSet(
  client: KubeClient,
  set: ApplySet,
  stay: string[],
  report: DownReport,
  execution: Execution,
): Promise<void> {
  const members = await listMembers(client, set);
  // What belongs to no stack belongs to all of them; a command's own goes with the command.
  const isLeft = (member: LiveObject) => {
    const stacks = stacksOf([member]);
    return stacks.length === 0 || isOfCommand(member) || stacks.some((name) => stay.includes(name));
  };
  const removal = await removalOf(
    client,
    members.filter((member) => !isLeft(member)).sort((a, b) => waveOf(b) - waveOf(a)),
    madeByUs,
  );
  await execution.run(removalSteps(client, removal, report, (stays) => report.remaining.push(...stays)));
  const objects = members.filter(isLeft);
  const namespaces = [...new Set([set.namespace, ...objects.flatMap(({ metadata }) => metadata.namespace ?? [])])];
  const gone = set.namespaces.filter((name) => !namespaces.includes(name));
  await removeNamespaces(client, gone, set, report, execution);
  await writeParent(client, { ...set, stacks: stay, groupKinds: kindsOf(objects), namespaces });
}

/** The server's image as it is in use, so that names of Jobs come out the same. */
export function imageOf(members: readonly LiveObject[]): string | undefined {
  const images = members.flatMap((member) => {
    const spec = member.spec as { template?: { spec?: { containers?: { image: string }[] } } } | undefined;
    return spec?.template?.spec?.containers?.map(({ image }) => image) ?? [];
  });
  return images.find((image) => imageBaseName(image) === serverImageName);
}

async function removeSet(
  client: KubeClient,
  set: ApplySet,
  keepData: boolean,
  report: DownReport,
  execution: Execution,
) {
  // By label over all kinds: also what a killed run applied before its record could say so.
  const members = await sweep(client, set, []);
  const secrets = keepData ? members.filter((member) => generatedKeys(member).length > 0) : [];
  const doomed = members.filter((member) => !secrets.includes(member));
  for (const secret of secrets) report.kept.push({ ref: liveRef(secret), reason: 'the kept data needs it' });
  const removal = await removalOf(client, doomed, madeByUs);
  if (keepData) keepClaims(removal.claims, report);
  await execution.run(removalSteps(client, { ...removal, claims: keepData ? [] : removal.claims }, report));
  const claims = await claimsOfSet(client, set);
  if (keepData) keepClaims(claims, report);
  else await execution.run(claimSteps(client, claims, report));
  if (set.live !== undefined) {
    await execution.run([deleteStep(client, set.live, 'the record of what was up goes last', report)]);
  }
  const withData = new Set(report.kept.map(({ ref }) => ref.split('/')[1]));
  const names = [...set.namespaces.filter((name) => name !== set.namespace), set.namespace];
  const empty = names.filter((name) => !keepData || !withData.has(name));
  for (const name of names) {
    if (!empty.includes(name)) report.kept.push({ ref: `Namespace/${name}`, reason: 'it holds the kept data' });
  }
  await removeNamespaces(client, empty, set, report, execution);
  const kept = report.kept.map(({ ref }) => ref);
  for (const object of await sweep(client, set, kept)) {
    const stuck = object.metadata.finalizers?.join(', ');
    report.remaining.push({
      ref: liveRef(object),
      reason: stuck === undefined ? 'it is still there after its deletion' : `its finalizers are not done: ${stuck}`,
    });
  }
}

async function settleProfile(
  provider: ClusterProvider,
  request: DownRequest,
  { shared, projects }: { shared: StateFile; projects: readonly string[] },
  report: DownReport,
  execution: Execution,
): Promise<void> {
  const made = shared.get().profileMade;
  const { ref } = provider;
  if (request.deleteCluster !== true) {
    if (made !== undefined) report.kept.push({ ref, reason: 'hwctl made it; down --delete-cluster deletes it' });
    return;
  }
  if (made === undefined) {
    report.kept.push({ ref, reason: 'hwctl did not make it, so --delete-cluster leaves it' });
    return;
  }
  if (projects.length > 0) {
    report.kept.push({ ref, reason: `${projects.join(', ')} is up there: hwctl down there first` });
    return;
  }
  const step = { verb: 'delete' as const, ref, why: madeByUs };
  await execution.run([planned(step, (work) => provider.delete({ timeoutMs: leftMs(work), signal: work.signal }))]);
  report.deleted.push(ref);
  shared.change(forgetCluster);
}
