import type { Clock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import type { Run } from '../../../kernel/process.js';
import type { Step } from '../../target.js';
import type { KubeClient } from '../api/client.js';
import type { ClusterCures } from '../api/cluster-cures.js';
import { listOrFail } from '../api/list.js';
import { conditionOf, type LiveObject } from '../api/live-object.js';
import { leftMs, type Work } from '../api/work.js';
import { isAlive, type StateFile } from './cluster-state.js';
import type { Addon, ClusterProvider, StartFlags } from './provider.js';

/** The step that brings the cluster up, or none where it runs. */
export async function machineStep(provider: ClusterProvider): Promise<Step | undefined> {
  const { ref, noun } = provider;
  const state = await provider.state();
  if (state.kind === 'running') return undefined;
  if (state.kind === 'missing') return { verb: 'create', ref, why: `there is no such ${noun}` };
  return { verb: 'start', ref, why: state.why };
}

/** Brings the cluster up. It is written down first where hwctl makes it. */
export async function startMachine(
  provider: ClusterProvider,
  step: Step,
  flags: StartFlags,
  state: StateFile,
  work: Work,
) {
  if (step.verb === 'create') {
    state.change((draft) => {
      draft.profileMade = provider.profile;
    });
  }
  await work.step(step, () => provider.start(flags, work.onProgress, { timeoutMs: leftMs(work), signal: work.signal }));
}

/** Steps for the addons that are not enabled, or not healthy. */
export async function addonSteps(provider: ClusterProvider, client: KubeClient): Promise<Step[]> {
  const enabled = await provider.enabledAddons();
  const steps: Step[] = [];
  for (const { name, health } of provider.addons) {
    const ref = `addon/${name}`;
    if (!enabled.includes(name)) steps.push({ verb: 'enable', ref, why: 'it is not enabled' });
    else if (await isBroken(client, health)) steps.push({ verb: 'enable', ref, why: 'it is enabled but not healthy' });
  }
  return steps;
}

/** Not there, or given up; one that is still starting is not broken. */
async function isBroken(client: KubeClient, health: Addon['health']): Promise<boolean> {
  const live = await client.get(health);
  if (live === undefined || live.spec?.replicas === 0) return true;
  return conditionOf(live, 'Progressing')?.status === 'False';
}

async function isAvailable(client: KubeClient, health: Addon['health']): Promise<boolean> {
  const live = await client.get(health);
  return live !== undefined && conditionOf(live, 'Available')?.status === 'True';
}

/** Enables an addon, written down first where it was not enabled before. */
export async function enableAddon(provider: ClusterProvider, step: Step, state: StateFile, work: Work): Promise<void> {
  const addon = provider.addons.find(({ name }) => step.ref === `addon/${name}`);
  if (addon === undefined) throw new Error(`no such addon: ${step.ref}`);
  if (step.why === 'it is not enabled') {
    state.change((draft) => {
      if (!draft.addonsEnabled.includes(addon.name)) draft.addonsEnabled.push(addon.name);
    });
  }
  await work.step(step, async () => {
    await provider.setAddon(addon.name, true, { timeoutMs: leftMs(work), signal: work.signal });
  });
}

/** The addon that brings the Ingress controller; undefined where the cluster has its own, or none. */
export function ingressAddon(provider: ClusterProvider): Addon | undefined {
  return provider.addons.find(({ brings }) => brings === 'ingress');
}

/** Waits until the Ingress controller that the provider brings is available: before, it refuses Ingress objects. */
export async function waitIngressController(provider: ClusterProvider, client: KubeClient, work: Work): Promise<void> {
  const addon = ingressAddon(provider);
  if (addon === undefined) return;
  const { name, health } = addon;
  while (!(await isAvailable(client, health))) {
    if (work.clock.monotonic() > work.deadlineAt) {
      throw new Failure({
        code: 'addon-not-ready',
        message: `the addon ${name} of the ${provider.noun} does not become ready`,
        hint: `kubectl -n ${health.metadata.namespace} describe pods tells why`,
        exitCode: 1,
      });
    }
    work.onWaiting([{ ref: `addon/${name}`, reason: 'its controller is not available yet' }]);
    await work.clock.sleep(400, work.signal);
  }
}

/**
 * The class for Ingresses that name none: the default one, else the only one. Throws Failure `no-ingress-class` where
 * there is none or a choice; `wanted` (a flag or value) must exist.
 */
export function chooseIngressClass(
  classes: readonly LiveObject[],
  wanted: string | undefined,
  cures: Pick<ClusterCures, 'ingress'>,
): string {
  const names = classes.map((one) => one.metadata.name);
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    throw noIngressClass(`the cluster has no IngressClass ${JSON.stringify(wanted)}`, names, cures);
  }
  const marked = classes.filter(
    (one) => one.metadata.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true',
  );
  if (marked.length === 1) return (marked[0] as LiveObject).metadata.name;
  if (names.length === 1) return names[0] as string;
  if (names.length === 0)
    throw noIngressClass('the cluster has no IngressClass, so nothing would serve the Ingress', names, cures);
  const what = marked.length > 1 ? 'several default IngressClasses' : 'several IngressClasses and no default';
  throw noIngressClass(`the cluster has ${what}`, names, cures);
}

function noIngressClass(message: string, names: string[], { ingress }: Pick<ClusterCures, 'ingress'>): Failure {
  return new Failure({
    code: 'no-ingress-class',
    message,
    hint:
      names.length > 0
        ? `Choose one with --set ingressClass=NAME: ${names.join(', ')}`
        : `Install an ingress controller (${ingress}), or turn it off with --set ingress=false`,
  });
}

/** Lists the IngressClasses; none where the cluster does not know them. Throws Failure `forbidden` where it may not look. */
export async function listIngressClasses(client: KubeClient): Promise<LiveObject[]> {
  const resource = (await client.resources()).find((candidate) => candidate.kind === 'IngressClass');
  return resource === undefined ? [] : listOrFail(client, resource, {});
}

/** Ends programs that an earlier, killed hwctl left running; they would go on making things. */
export async function endOrphans(run: Run, state: StateFile, clock: Clock): Promise<void> {
  for (const child of [...state.get().children]) {
    for (const [signal, waitMs] of [
      ['SIGTERM', 5_000],
      ['SIGKILL', 2_000],
    ] as const) {
      if (!(await isAlive(run, child))) break;
      try {
        process.kill(child.pid, signal);
      } catch {
        break;
      }
      const until = clock.monotonic() + waitMs;
      while (clock.monotonic() < until && (await isAlive(run, child))) await clock.sleep(100);
    }
    state.change((draft) => {
      draft.children = draft.children.filter((other) => other.pid !== child.pid);
    });
  }
}
