import { Failure } from '../../kernel/failure.js';
import type { Execution } from '../execute.js';
import { generatedKeys, imageBaseName, serverImageName } from '../manifests/kube-object.js';
import { leftMs, planned } from '../plan.js';
import type { DownReport, DownRequest } from '../target.js';
import type { KubeClient } from './api/client.js';
import { type LiveObject, liveRef } from './api/live-object.js';
import { type ApplySet, emptyApplySet, findApplySets, listMembers, writeParent } from './objects/apply-set.js';
import { desiredObjects } from './objects/desired.js';
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
  surplusMembers,
  sweep,
} from './objects/removal.js';
import { type ClusterTargetOptions, openClient, openProvider, openState } from './provider/cluster-access.js';
import type { StateFile } from './provider/cluster-state.js';
import { restoreContextNamespace } from './provider/context-namespace.js';
import type { ClusterProvider } from './provider/provider.js';
import { forgetOrphans, orphanSteps } from './provider/provision.js';
import { removeTraces } from './provider/traces.js';
import { kindsOf, renderStacks } from './wanted.js';

/** Removes what `up` made, from what is live, and looks again. */
export async function takeDown(
  options: ClusterTargetOptions,
  request: DownRequest,
  execution: Execution,
): Promise<DownReport> {
  const { run, environment } = options;
  const state = openState(options);
  await execution.run(await orphanSteps(run, state));
  forgetOrphans(state);
  const provider = openProvider(options);
  const report = emptyReport();
  const running = await isRunning(provider, state, report);
  let left: string[] = [];
  if (running) {
    const client = openClient(options);
    try {
      left = await removeSets(client, options, request, report, execution);
    } finally {
      client.close();
    }
  }
  if (left.length === 0 && report.remaining.length === 0) {
    await removeTraces({ run, provider, state }, report, execution);
    if (state.get().contextNamespaceBefore !== undefined) {
      const step = {
        verb: 'update' as const,
        ref: `context/${options.context}`,
        why: 'hwctl chose its default namespace',
      };
      const restore = async () => restoreContextNamespace(environment, options.context, state, report);
      await execution.run([planned(step, restore)]);
    }
    await settleProfile(provider, request, state, report, execution);
  }
  if (state.isEmpty() && left.length === 0) state.remove();
  return report;
}

/** Whether there is a cluster to look into. Throws Failure `cluster-stopped` where there is one that cannot answer. */
async function isRunning(provider: ClusterProvider, state: StateFile, report: DownReport): Promise<boolean> {
  const profile = await provider.state();
  if (profile.kind === 'running') return true;
  if (profile.kind === 'missing') {
    // What was in the cluster went with it.
    state.change((draft) => {
      draft.addonsEnabled = [];
      draft.imagesLoaded = [];
      draft.profileMade = undefined;
    });
    return false;
  }
  if (state.isEmpty()) {
    report.kept.push({ ref: provider.ref, reason: `it was not looked into: ${profile.why}` });
    return false;
  }
  throw new Failure({
    code: 'cluster-stopped',
    message: `what hwctl made in the ${provider.noun} ${provider.profile} cannot be removed: ${profile.why}`,
    hint: `${provider.cures.start}, then hwctl down; or ${provider.cures.remove}`,
  });
}

/** Removes the asked stacks from every record; returns the stacks that stay. */
async function removeSets(
  client: KubeClient,
  options: ClusterTargetOptions,
  request: DownRequest,
  report: DownReport,
  execution: Execution,
): Promise<string[]> {
  const left: string[] = [];
  const ours = await ourNamespaces(client);
  const sets = await findApplySets(client);
  // A kill may fall between a namespace and the record in it.
  for (const name of ours) if (!sets.some((set) => set.namespaces.includes(name))) sets.push(emptyApplySet(name));
  for (const set of sets) {
    const stay = request.stacks.length === 0 ? [] : set.stacks.filter((name) => !request.stacks.includes(name));
    left.push(...stay);
    if (stay.length > 0) await shrinkSet(client, options, set, stay, report, execution);
    else await removeSet(client, set, request.keepData, report, execution);
  }
  return left;
}

async function ourNamespaces(client: KubeClient): Promise<string[]> {
  const resource = (await client.resources()).find(({ kind }) => kind === 'Namespace');
  if (resource === undefined) return [];
  const all = await client.list(resource, { labelSelector: 'app.kubernetes.io/managed-by=hwctl' });
  return all.filter(isOurs).map(({ metadata }) => metadata.name);
}

/** Takes some stacks out of a record: what the others do not share goes. */
async function shrinkSet(
  client: KubeClient,
  options: ClusterTargetOptions,
  set: ApplySet,
  stay: string[],
  report: DownReport,
  execution: Execution,
): Promise<void> {
  const members = await listMembers(client, set);
  const entries = renderStacks(options.environment.root, stay, set.values, openState(options).get().manifests);
  const image = imageOf(members) ?? `${serverImageName}:dev`;
  const objects = desiredObjects(entries, { image, applySetId: set.id }).filter(({ kind }) => kind !== 'Namespace');
  const removal = await removalOf(client, await surplusMembers(client, set, objects), madeByUs);
  await execution.run(removalSteps(client, removal, report, (stays) => report.remaining.push(...stays)));
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
  state: StateFile,
  report: DownReport,
  execution: Execution,
): Promise<void> {
  const made = state.get().profileMade;
  const { ref } = provider;
  if (request.deleteCluster !== true) {
    if (made !== undefined) report.kept.push({ ref, reason: 'hwctl made it; down --delete-cluster deletes it' });
    return;
  }
  if (made === undefined) {
    report.kept.push({ ref, reason: 'hwctl did not make it, so --delete-cluster leaves it' });
    return;
  }
  const step = { verb: 'delete' as const, ref, why: madeByUs };
  await execution.run([planned(step, (work) => provider.delete({ timeoutMs: leftMs(work), signal: work.signal }))]);
  report.deleted.push(ref);
  state.change((draft) => {
    draft.profileMade = undefined;
    draft.addonsEnabled = [];
    draft.imagesLoaded = [];
  });
}
