import type { UpReport } from '../../target.js';
import { ApiError } from '../api/api-error.js';
import type { KubeClient } from '../api/client.js';
import { conditionOf, type LiveObject, liveRef } from '../api/live-object.js';
import type { PodTrouble } from './pod-trouble.js';
import { readinessOf } from './readiness.js';

/** What metrics-server serves; there from when it is installed, available from when it answers. */
const metricsApi = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: 'v1beta1.metrics.k8s.io' },
};

/** Autoscalers among `members` that cannot scale yet, each with why: their services are ready all the same. */
export async function idleAutoscalers(
  client: KubeClient,
  members: readonly LiveObject[],
): Promise<NonNullable<UpReport['pending']>> {
  const pending: NonNullable<UpReport['pending']> = [];
  for (const member of members) {
    if (member.kind !== 'HorizontalPodAutoscaler') continue;
    const readiness = readinessOf(member, { loadBalancers: false });
    if (readiness.state === 'ready') continue;
    const ref = liveRef(member);
    const waits = /metrics|not looked at its target|not yet noticed/.test(readiness.reason);
    // What metrics-server is asked in its first minute it cannot answer: that is no trouble yet.
    const api = waits ? await metricsApiState(client, readiness.reason) : { state: 'serves' as const };
    if (api.state === 'missing')
      pending.push({ ref, reason: 'not yet scaling: the cluster has no metrics API', hint: installHint(client) });
    else pending.push({ ref, reason: `not yet scaling: ${waits ? 'no figures yet' : readiness.reason}` });
  }
  return pending;
}

const installHint = ({ cures }: KubeClient) => `Install metrics-server: ${cures.metrics}`;

type MetricsApi = { state: 'serves' } | { state: 'missing' } | { state: 'silent'; said: string };

/** Whether the metrics API is served, installed without answering, or not there; `reason` is what the autoscaler says. */
async function metricsApiState(client: KubeClient, reason: string): Promise<MetricsApi> {
  client.forgetResources();
  const served = (await client.resources()).some(({ apiVersion }) => apiVersion.startsWith('metrics.k8s.io/'));
  if (served) return { state: 'serves' };
  const said = await metricsApiSays(client, reason);
  return said === undefined ? { state: 'missing' } : { state: 'silent', said };
}

/** An autoscaler without a metrics API in the cluster waits for ever; one whose metrics-server only begins does not. */
export async function whyNoMetrics(
  client: KubeClient,
  ref: string,
  reason: string,
): Promise<{ reason: string; trouble: PodTrouble } | undefined> {
  if (!/metrics/.test(reason)) return undefined;
  const api = await metricsApiState(client, reason);
  if (api.state === 'serves') return undefined;
  const installed = api.state === 'silent';
  const what = installed ? 'the metrics API does not answer' : 'the cluster has no metrics API';
  const message = `${what}, so ${ref} cannot scale: ${installed ? api.said : reason}`;
  const hint = installed
    ? 'Is metrics-server well? kubectl -n kube-system get pods; kubectl get apiservice v1beta1.metrics.k8s.io'
    : installHint(client);
  const hopelessAfterMs = installed ? 180_000 : 15_000;
  return { reason: message, trouble: { kind: 'config', message, hint, hopelessAfterMs } };
}

/** Why a metrics API that is installed does not answer; undefined where none is. */
async function metricsApiSays(client: KubeClient, reason: string): Promise<string | undefined> {
  try {
    const service = await client.get(metricsApi);
    return service && (conditionOf(service, 'Available')?.message ?? reason);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
    // Who may not read it cannot tell one from the other: the controller's own words do.
    return /unable to handle the request/.test(reason) ? reason : undefined;
  }
}
