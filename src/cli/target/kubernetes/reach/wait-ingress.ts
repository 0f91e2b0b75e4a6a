import { request } from 'node:http';
import { Failure } from '../../../kernel/failure.js';
import { type KubeObject, loadPathAnnotation } from '../../manifests/kube-object.js';
import type { StepContext } from '../../plan.js';
import type { KubeClient } from '../api/client.js';
import { type LiveObject, liveRef } from '../api/live-object.js';
import { ingressAddress } from './endpoints.js';

const pollMs = 300;
const probeTimeoutMs = 2_000;
/** Some controllers never publish an address; after this time the Ingress counts as it is: 45 s. */
const addressMs = 45_000;

/**
 * Waits until each Ingress has an address and routes to its pods: asked with its own Host header. Throws Failure
 * `not-ready` where it has one but does not route.
 */
export async function waitIngresses(
  client: KubeClient,
  ingresses: readonly KubeObject[],
  work: StepContext,
): Promise<void> {
  const began = work.clock.monotonic();
  let left = [...ingresses];
  while (left.length > 0) {
    const notYet: { object: KubeObject; reason: string; hasAddress: boolean }[] = [];
    for (const object of left) {
      const live = await client.get(object);
      const reason = live === undefined ? 'it is not there yet' : await ingressTrouble(live);
      const hasAddress = live !== undefined && ingressAddress(live) !== undefined;
      if (reason !== undefined) notYet.push({ object, reason, hasAddress });
    }
    left = notYet.map(({ object }) => object);
    if (left.length === 0) return;
    const now = work.clock.monotonic();
    if (now - began > addressMs && notYet.every(({ hasAddress }) => !hasAddress)) return;
    if (now > work.deadlineAt) {
      const [first] = notYet;
      throw new Failure({
        code: 'not-ready',
        message: `${liveRef((first as (typeof notYet)[0]).object)} is not ready: ${first?.reason}`,
        hint: 'The ingress controller must route it: look at its log, or go without with --set ingress=false',
        exitCode: 1,
      });
    }
    work.onWaiting(notYet.map(({ object, reason }) => ({ ref: liveRef(object), reason })));
    await work.clock.sleep(pollMs, work.signal);
  }
}

/** Why an Ingress does not lead to its pods; undefined where it does, or this machine cannot reach its address. */
export async function ingressTrouble(live: LiveObject): Promise<string | undefined> {
  const address = ingressAddress(live);
  return address === undefined ? 'it has no address yet' : probe(live, address);
}

interface Rules {
  rules?: { host?: string; http?: { paths: { path?: string }[] } }[];
}

/** Why the Ingress does not route; undefined where its backend answers, or where this machine cannot reach the address. */
async function probe(ingress: LiveObject, address: string): Promise<string | undefined> {
  const rule = (ingress.spec as Rules | undefined)?.rules?.[0];
  const path = ingress.metadata.annotations?.[loadPathAnnotation] ?? rule?.http?.paths[0]?.path ?? '/';
  const status = await statusOf(address, rule?.host, path);
  if (status === undefined) return undefined;
  if (status === 404) return `the controller does not know ${rule?.host ?? ''}${path} yet (404)`;
  return status >= 502 && status <= 504 ? `the controller reaches no pod (${status})` : undefined;
}

function statusOf(address: string, host: string | undefined, path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = host === undefined ? {} : { host: host.replace(/^\*/, 'any') };
    const outgoing = request({ host: address, port: 80, path, headers, timeout: probeTimeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(undefined));
    outgoing.end();
  });
}
