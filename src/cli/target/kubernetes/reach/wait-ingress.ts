import { request } from 'node:http';
import { Failure } from '../../../kernel/failure.js';
import { type KubeObject, loadPathAnnotation } from '../../manifests/kube-object.js';
import { plainPath } from '../../manifests/plain-path.js';
import type { StepContext } from '../../plan.js';
import type { KubeClient } from '../api/client.js';
import { type LiveObject, liveRef } from '../api/live-object.js';
import { ingressAddress } from './endpoints.js';

const pollMs = 300;
const probeTimeoutMs = 2_000;
/** Some controllers never publish an address; after this time the Ingress counts as it is: 45 s. */
const addressMs = 45_000;
/** How long a 404 or a 503 counts as the controller's: 12 s. */
const othersMs = 12_000;

/**
 * Waits until each Ingress has an address and routes to its pods: asked with its own Host header. Throws Failure
 * `not-ready` where it has one but does not route. `isOthers`: what is behind it may answer 404 or 503 by itself, which after a
 * while is taken for its answer.
 */
export async function waitIngresses(
  client: KubeClient,
  ingresses: readonly KubeObject[],
  work: StepContext,
  { isOthers }: { isOthers: boolean },
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
    if (isOthers && now - began > othersMs && notYet.every(({ hasAddress }) => hasAddress)) {
      for (const { object, reason } of notYet)
        work.onProgress(`${liveRef(object)}: ${reason}; that may be its own answer`);
      return;
    }
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
  const path = ingress.metadata.annotations?.[loadPathAnnotation] ?? plainPath(rule?.http?.paths?.[0]?.path);
  const answer = await answerOf(address, rule?.host, path);
  if (answer === undefined) return undefined;
  const { status = 0 } = answer;
  // What answers otherwise than to a host that nobody has is no longer the controller itself.
  const isItsOwn = async () => rule?.host !== undefined && !sameAnswer(answer, await answerOf(address, nobody, path));
  if (status === 404 && (await isItsOwn())) return undefined;
  if (status === 404) return `the controller does not know ${rule?.host ?? ''}${path} yet (404)`;
  return status >= 502 && status <= 504 ? `the controller reaches no pod (${status})` : undefined;
}

/** A host of no Ingress (RFC 2606). */
const nobody = 'hwctl.invalid';
/** As much of a body as tells two answers apart. */
const maxBytes = 4_096;

interface Answer {
  status: number | undefined;
  type: string | undefined;
  body: string;
}

function sameAnswer(a: Answer, b: Answer | undefined): boolean {
  return b === undefined || (a.status === b.status && a.type === b.type && a.body === b.body);
}

function answerOf(address: string, host: string | undefined, path: string): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const headers = host === undefined ? {} : { host: host.replace(/^\*/, 'any') };
    const outgoing = request({ host: address, port: 80, path, headers, timeout: probeTimeoutMs }, (response) => {
      let body = '';
      const end = () => resolve({ status: response.statusCode, type: response.headers['content-type'], body });
      response.setEncoding('latin1').on('data', (chunk: string) => {
        body += chunk;
        if (body.length < maxBytes) return;
        end();
        outgoing.destroy();
      });
      response.on('end', end).on('error', end);
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(undefined));
    outgoing.end();
  });
}
