import type { Clock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import type { RunProgram } from '../../../kernel/process.js';
import type { KubeObject } from '../../manifests/kube-object.js';
import { leftMs, type PlannedStep, planned, type StepContext } from '../../plan.js';
import type { Step } from '../../target.js';
import type { KubeClient } from '../api/client.js';
import type { ClusterCures } from '../api/cluster-cures.js';
import { listOrFail } from '../api/list.js';
import { conditionOf, type LiveObject } from '../api/live-object.js';
import { type Child, isAlive, type StateFile } from './cluster-state.js';
import type { Addon, ClusterProvider, ProviderState, StartFlags } from './provider.js';

/** The step that brings a cluster up that does not run. It is written down first where hwctl makes it. */
export function startStep(
  provider: ClusterProvider,
  found: Exclude<ProviderState, { kind: 'running' }>,
  flags: StartFlags,
  state: StateFile,
): PlannedStep {
  const { ref, noun } = provider;
  const isMade = found.kind === 'missing';
  const step: Step = isMade
    ? { verb: 'create', ref, why: `there is no such ${noun}` }
    : { verb: 'start', ref, why: found.why };
  return planned(step, async (work) => {
    if (isMade) {
      state.change((draft) => {
        draft.profileMade = provider.profile;
      });
    }
    await provider.start(flags, work.onProgress, { timeoutMs: leftMs(work), signal: work.signal });
  });
}

/** An addon that has to be enabled, and whether it counted as enabled before: then `down` leaves it. */
interface AddonNeed {
  addon: Addon;
  enabledBefore: boolean;
}

/** The addons that are not there, or not healthy. What runs well is proof enough: the provider is not asked about it. */
async function addonNeeds(
  provider: ClusterProvider,
  addons: readonly Addon[],
  live: readonly (LiveObject | undefined)[],
): Promise<AddonNeed[]> {
  const broken = addons.filter((_, index) => isBroken(live[index]));
  if (broken.length === 0) return [];
  const enabled = await provider.enabledAddons();
  return broken.map((addon) => ({ addon, enabledBefore: enabled.includes(addon.name) }));
}

/** What is to be done about addons; `bringIngress`: before, there may be no Ingress class. */
export interface AddonPlan {
  steps: PlannedStep[];
  bringIngress: boolean;
}

/** The steps for addons of a cluster that runs, one after another in `lane`, and for an Ingress controller that is not yet available. */
export async function addonSteps(
  provider: ClusterProvider,
  client: KubeClient,
  state: StateFile,
  lane: string,
  wanted: readonly string[] = provider.addons.map(({ name }) => name),
): Promise<AddonPlan> {
  const addons = provider.addons.filter(({ name }) => wanted.includes(name));
  const live = await Promise.all(addons.map(({ health }) => client.get(health)));
  const needs = await addonNeeds(provider, addons, live);
  const steps = needs.map((need) => enableStep(provider, need.addon.name, need.enabledBefore, state, lane));
  // Those of which nothing is known but the name.
  const others = wanted.filter((name) => !addons.some((addon) => addon.name === name));
  const enabled = others.length === 0 || provider.addons.length === 0 ? others : await provider.enabledAddons();
  for (const name of others) if (!enabled.includes(name)) steps.push(enableStep(provider, name, false, state, lane));
  const ingress = addons.find(({ brings }) => brings === 'ingress');
  const controller = ingress && live[addons.indexOf(ingress)];
  if (ingress !== undefined && !isAvailable(controller)) steps.push(waitIngressStep(provider, ingress, client, lane));
  return { steps, bringIngress: needs.some(({ addon }) => addon === ingress) };
}

/** The steps for addons of a cluster that is yet to be made: which they are is known only then. */
export function laterAddonSteps(
  provider: ClusterProvider,
  client: () => KubeClient,
  state: StateFile,
  lane: string,
): PlannedStep[] {
  if (provider.addons.length === 0) return [];
  const names = provider.addons.map(({ name }) => name).join(' and ');
  const step: Step = {
    verb: 'plan',
    ref: `addons/${provider.profile}`,
    why: `whether ${names} must be enabled is known once the cluster runs`,
  };
  return [{ step, lane, act: async () => (await addonSteps(provider, client(), state, lane)).steps }];
}

function enableStep(
  provider: ClusterProvider,
  name: string,
  enabledBefore: boolean,
  state: StateFile,
  lane: string,
): PlannedStep {
  const why = enabledBefore ? 'it is enabled but not healthy' : 'it is not enabled';
  const enable = async (work: StepContext) => {
    if (!enabledBefore) {
      state.change((draft) => {
        if (!draft.addonsEnabled.includes(name)) draft.addonsEnabled.push(name);
      });
    }
    await provider.setAddon(name, true, { timeoutMs: leftMs(work), signal: work.signal });
  };
  return planned({ verb: 'enable', ref: `addon/${name}`, why }, enable, { lane });
}

/** Not there, or given up; one that is still starting is not broken. */
function isBroken(live: LiveObject | undefined): boolean {
  return live === undefined || live.spec?.replicas === 0 || conditionOf(live, 'Progressing')?.status === 'False';
}

function isAvailable(live: LiveObject | undefined): boolean {
  return live !== undefined && conditionOf(live, 'Available')?.status === 'True';
}

/** The addon that brings the Ingress controller; undefined where the cluster has its own, or none. */
export function ingressAddon(provider: ClusterProvider): Addon | undefined {
  return provider.addons.find(({ brings }) => brings === 'ingress');
}

/** The step that waits for the Ingress controller that the provider brings: before it serves, it refuses Ingress objects. */
function waitIngressStep(
  provider: ClusterProvider,
  { name, health }: Addon,
  client: KubeClient,
  lane: string,
): PlannedStep {
  const ref = `addon/${name}`;
  const wait = async (work: StepContext) => {
    while (!isAvailable(await client.get(health))) {
      if (work.clock.monotonic() > work.deadlineAt) {
        throw new Failure({
          code: 'addon-not-ready',
          message: `the addon ${name} of the ${provider.noun} does not become ready`,
          hint: `kubectl -n ${health.metadata.namespace} describe pods tells why`,
          exitCode: 1,
        });
      }
      work.onWaiting([{ ref, reason: 'its controller is not available yet' }]);
      await work.clock.sleep(400, work.signal);
    }
  };
  return planned({ verb: 'wait', ref, why: 'its controller must serve before there is an Ingress' }, wait, { lane });
}

/**
 * The class for Ingresses that name none: the default one, else the only one. Throws Failure `no-ingress-class` where
 * there is none or a choice; `wanted` (a flag or value) must exist.
 */
export function chooseIngressClass(
  classes: readonly KubeObject[],
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
  if (marked.length === 1) return (marked[0] as KubeObject).metadata.name;
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

/** The steps that end what an earlier, killed hwctl left running: it would go on making things. */
export async function orphanSteps(run: RunProgram, state: StateFile): Promise<PlannedStep[]> {
  const children = state.get().children;
  const alive = await Promise.all(children.map((child) => isAlive(run, child)));
  return children
    .filter((_, index) => alive[index])
    .map((child) => {
      const why = `an hwctl that was killed left it running: ${child.argv.slice(0, 4).join(' ')}`;
      return planned({ verb: 'stop', ref: `process/${child.pid}`, why }, ({ clock, signal }) =>
        endOrphan(run, child, clock, signal),
      );
    });
}

async function endOrphan(run: RunProgram, child: Child, clock: Clock, signal: AbortSignal): Promise<void> {
  for (const [name, waitMs] of [
    ['SIGTERM', 5_000],
    ['SIGKILL', 2_000],
  ] as const) {
    if (!(await isAlive(run, child))) break;
    try {
      process.kill(child.pid, name);
    } catch {
      break;
    }
    const until = clock.monotonic() + waitMs;
    while (clock.monotonic() < until && (await isAlive(run, child))) await clock.sleep(100, signal);
  }
}

/** Forgets the processes of an earlier hwctl, once they have ended. */
export function forgetOrphans(state: StateFile): void {
  if (state.get().children.length === 0) return;
  state.change((draft) => {
    draft.children = [];
  });
}
