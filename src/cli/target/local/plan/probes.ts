import type { Container, Probe } from '../../manifests/kube-object.js';
import { keyOfProbe, type PortPlan, socketOf } from './ports.js';
import type { ProcessProbe } from './process-spec.js';

/** Longest delay of a timer, in seconds: a longer one would strike at once. */
const mostSeconds = 2_147_483;
/** Seconds that a start may take where nothing says so: what is not hwctl's own may be compiled first. */
const startSeconds = { ours: 60, others: 300 };

/** How a process's readiness and life are told, in milliseconds. */
export function readProbes(
  container: Container,
  plans: readonly PortPlan[],
  { ours, text }: { ours: boolean; text: (written: string) => string },
): { readiness?: ProcessProbe; liveness?: ProcessProbe; startTimeoutMs: number } {
  const main = plans[0]?.key;
  // Without a probe a pod is ready as soon as it runs; here the next command asks it at once.
  const listens = main === undefined ? undefined : { kind: 'tcp' as const, port: main, ...timing({}) };
  const asked = read(container.readinessProbe) ?? read(container.startupProbe);
  return {
    readiness: asked ?? (ours ? undefined : listens),
    liveness: read(container.livenessProbe),
    startTimeoutMs: startTimeoutMs(container.startupProbe, ours),
  };

  function read(probe: Probe | undefined): ProcessProbe | undefined {
    if (probe === undefined) return undefined;
    const { httpGet } = probe;
    const command = (probe.exec as { command?: string[] } | undefined)?.command;
    if (command !== undefined && command.length > 0)
      return { kind: 'exec', command: command.map(text), ...timing(probe) };
    const port = keyOfProbe(httpGet?.port ?? socketOf(probe)?.port, plans);
    if (port === undefined) return undefined;
    // A certificate of the cluster's is nobody's here: that somebody listens is what can be told.
    if (httpGet === undefined || String(httpGet.scheme).toUpperCase() === 'HTTPS')
      return { kind: 'tcp', port, ...timing(probe) };
    const headers = (httpGet.httpHeaders ?? []) as { name?: string; value?: string }[];
    const named = headers.flatMap(({ name, value = '' }) => (name === undefined ? [] : [[name, value] as const]));
    return {
      kind: 'http',
      port,
      path: httpGet.path ?? '/',
      ...(named.length === 0 ? {} : { headers: Object.fromEntries(named) }),
      ...timing(probe),
    };
  }
}

/** Kubernetes' own defaults stand where a probe says nothing (https://kubernetes.io/docs/reference/kubernetes-api/). */
function timing({ periodSeconds, timeoutSeconds, failureThreshold }: Probe) {
  return {
    // 0 stands for "nothing said", too.
    periodMs: milliseconds(periodSeconds || 10),
    timeoutMs: milliseconds(timeoutSeconds || 1),
    failureThreshold: failureThreshold || 3,
  };
}

function startTimeoutMs(probe: Probe | undefined, ours: boolean): number {
  const least = ours ? startSeconds.ours : startSeconds.others;
  if (probe === undefined) return milliseconds(least);
  const given = (probe.initialDelaySeconds ?? 0) + (probe.periodSeconds || 10) * (probe.failureThreshold || 3);
  return milliseconds(ours ? given : Math.max(given, least));
}

/** Seconds as milliseconds that a timer takes. */
export function milliseconds(seconds: number): number {
  return Math.min(seconds, mostSeconds) * 1000;
}
