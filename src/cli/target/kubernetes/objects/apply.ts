import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import { waveOf } from '../../manifests/apply-order.js';
import { generatedKeys, type KubeObject } from '../../manifests/kube-object.js';
import { isKept } from '../../rendering/rendered-object.js';
import type { Step } from '../../target.js';
import type { KubeClient } from '../api/client.js';
import { keyOf, type LiveObject, liveRef } from '../api/live-object.js';
import { appliedAnnotation, isOfCommand, isWithin } from './desired.js';

/** What has to happen to one object. */
export interface Change {
  verb: 'create' | 'update' | 'keep';
  object: KubeObject;
  live?: LiveObject;
  why: string;
}

/** Changes in the order of application, and members that are no longer wanted, last applied first. */
export interface ObjectPlan {
  changes: Change[];
  prune: LiveObject[];
}

/**
 * Compares what is wanted with the live members. Pure: an object counts as kept where every wanted field is so and none was
 * taken away. What a running command made for itself is not pruned: it is wanted as long as its command runs.
 */
export function planObjects(desired: readonly KubeObject[], members: readonly LiveObject[]): ObjectPlan {
  const byKey = new Map(members.map((member) => [keyOf(member), member]));
  const wanted = new Set(desired.map(keyOf));
  const changes = desired.map((object): Change => {
    const live = byKey.get(keyOf(object));
    if (live === undefined) return { verb: 'create', object, why: 'it is not there' };
    const why = differs(object, live);
    return why === undefined
      ? { verb: 'keep', object, live, why: 'it is as wanted' }
      : { verb: 'update', object, live, why };
  });
  changes.sort((a, b) => waveOf(a.object) - waveOf(b.object));
  const prune = members
    .filter((member) => !wanted.has(keyOf(member)) && !isOfCommand(member) && !isKept(member))
    .sort((a, b) => waveOf(b) - waveOf(a));
  return { changes, prune };
}

function differs(object: KubeObject, live: LiveObject): string | undefined {
  if (live.metadata.deletionTimestamp !== undefined) return 'it is being deleted';
  if (live.metadata.annotations?.[appliedAnnotation] !== object.metadata.annotations?.[appliedAnnotation]) {
    return 'its description changed';
  }
  const data = (live.data ?? {}) as Record<string, string>;
  if (generatedKeys(object).some((key) => !data[key])) return 'a generated value is missing';
  return isWithin(object, live) ? undefined : 'somebody changed it';
}

/** A change that there is something to do about. */
export type DueChange = Change & { verb: 'create' | 'update' };

/** Whether the object is to be applied. */
export function isDue(change: Change): change is DueChange {
  return change.verb !== 'keep';
}

/** A change as a step of a plan. */
export function stepOf(change: DueChange): Step {
  return { verb: change.verb, ref: liveRef(change.object), why: change.why };
}

export interface ApplyOptions {
  /** Take over fields that others own. */
  force: boolean;
  clock: Clock;
  signal: AbortSignal;
}

/** Applies one change. Returns the live object and whether anything changed in the cluster. */
export async function applyChange(
  client: KubeClient,
  change: Change,
  options: ApplyOptions,
): Promise<{ live: LiveObject; changed: boolean }> {
  const { object, live } = change;
  const keys = generatedKeys(object);
  const body = keys.length === 0 ? object : await withGeneratedValues(client, object, keys);
  const now = await applyOrReplace(client, body, live, options);
  return { live: now, changed: live?.metadata.resourceVersion !== now.metadata.resourceVersion };
}

/** Kinds that run once, and of which another content is another run. */
const replacedKinds = new Set(['Job', 'Pod']);
/** How long a Job's pods may take to go before it is made anew: 60 s. */
const replaceMs = 60_000;

/** Applies an object; one of these kinds that cannot be changed is deleted and made anew. */
async function applyOrReplace(
  client: KubeClient,
  object: KubeObject,
  live: LiveObject | undefined,
  options: ApplyOptions,
): Promise<LiveObject> {
  try {
    return await client.apply(object, options);
  } catch (error) {
    const isReplaced = live !== undefined && replacedKinds.has(object.kind);
    if (!isReplaced || !(error instanceof Failure) || error.code !== 'immutable') throw error;
    await client.delete(live);
    const until = options.clock.monotonic() + replaceMs;
    while ((await client.get(live))?.metadata.uid === live.metadata.uid && options.clock.monotonic() < until) {
      await options.clock.sleep(200, options.signal);
    }
    return client.apply(object, options);
  }
}

/** The Secret with a value for each generated key: the one in the cluster where there is one, else a new one. Never printed. */
async function withGeneratedValues(client: KubeClient, object: KubeObject, keys: readonly string[]) {
  const live = await client.get(object);
  const present = (live?.data ?? {}) as Record<string, string>;
  const data: Record<string, string> = { ...(object.data as Record<string, string> | undefined) };
  for (const key of keys) {
    data[key] = present[key] || Buffer.from(randomBytes(24).toString('base64url')).toString('base64');
  }
  return { ...object, data };
}
