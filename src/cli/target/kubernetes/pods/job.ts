import { randomBytes } from 'node:crypto';
import { Duplex, PassThrough } from 'node:stream';
import { PortForward } from '@kubernetes/client-node';
import type { Clock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import type { KubeObject } from '../../manifests/kube-object.js';
import type { PodsRequest, StartedPods } from '../../target.js';
import type { KubeClient } from '../api/client.js';
import { eventResource, podResource } from '../api/list.js';
import { conditionOf, type LiveObject } from '../api/live-object.js';
import { podTrouble, worstTrouble } from '../health/pod-trouble.js';
import { eventsOf } from '../health/pods.js';
import type { ApplySet } from '../objects/apply-set.js';
import {
  clientLabels,
  createObject,
  restrictedContainer,
  restrictedPod,
  temporaryMount,
  temporaryVolume,
} from './client-pod.js';

const podName = 'hwctl-load';
const pollMs = 250;
const goneMs = 15_000;
/** For so long the scheduler may find no room: what makes room (a pod that is going) does so within it. */
const roomMs = 5_000;
/** The API server's bound for a ConfigMap. */
const mostFileBytes = 1024 * 1024;

/**
 * Runs `request` in an Indexed Job in the namespace of the services, with the label that their policies let in; the files
 * are a ConfigMap that the Job owns. Should hwctl be killed, `down` finds both by their label, and the cluster ends the
 * Job by its deadline. Throws Failure `pods-not-ready` with the one cause.
 */
export async function startPods(
  client: KubeClient,
  set: ApplySet,
  image: string,
  request: PodsRequest,
  clock: Clock,
): Promise<Omit<StartedPods, 'endpoints'>> {
  const { namespace } = set;
  const name = `${podName}-${randomBytes(3).toString('hex')}`;
  const made: LiveObject[] = [];
  const close = async () => {
    for (const object of made) await client.delete(object);
    const until = clock.monotonic() + goneMs;
    while ((await podsOfJob(client, namespace, name)).length > 0 && clock.monotonic() < until)
      await clock.sleep(pollMs);
  };
  try {
    const files = await createObject(client, filesOf(set, name, request));
    made.push(files);
    const job = await createObject(client, jobOf(set, name, image, request));
    made.unshift(job);
    await own(client, files, job);
    const pods = await untilRunning(client, namespace, name, request, clock);
    return {
      close,
      pods: pods.map((pod) => ({
        name: pod.metadata.name,
        connect: () => connectTo(client, namespace, pod.metadata.name, request.port),
      })),
    };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

const labelsOf = (set: ApplySet) => clientLabels(podName, set);

function filesOf(set: ApplySet, name: string, { files }: PodsRequest): KubeObject {
  const bytes = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > mostFileBytes) throw new Error(`the program has ${bytes} bytes, a ConfigMap holds ${mostFileBytes}`);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: set.namespace, labels: labelsOf(set) },
    immutable: true,
    data: files,
  } as KubeObject;
}

function jobOf(set: ApplySet, name: string, image: string, request: PodsRequest): KubeObject {
  const labels = labelsOf(set);
  const { count, main, port, longestMs } = request;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: set.namespace, labels },
    spec: {
      completionMode: 'Indexed',
      completions: count,
      parallelism: count,
      // A pod that is lost has lost what it measured: another could not take its place.
      backoffLimit: 0,
      activeDeadlineSeconds: Math.ceil(longestMs / 1000),
      ttlSecondsAfterFinished: 60,
      template: {
        metadata: { labels },
        spec: {
          ...restrictedPod,
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 5,
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: { 'app.kubernetes.io/name': podName } },
            },
          ],
          containers: [
            {
              ...restrictedContainer,
              name: 'load',
              image,
              command: ['node', `/hwctl/${main}`, String(port)],
              // No CPU limit: a generator that is throttled measures itself.
              resources: {
                requests: { cpu: '50m', memory: '128Mi', 'ephemeral-storage': '8Mi' },
                limits: { memory: '512Mi', 'ephemeral-storage': '64Mi' },
              },
              volumeMounts: [{ name: 'files', mountPath: '/hwctl', readOnly: true }, temporaryMount],
            },
          ],
          volumes: [{ name: 'files', configMap: { name } }, temporaryVolume],
        },
      },
    },
  } as KubeObject;
}

/** The files go with the Job, also where the cluster ends it. */
async function own(client: KubeClient, files: LiveObject, { metadata }: LiveObject): Promise<void> {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: metadata.name, uid: metadata.uid };
  await client.call('PATCH', await client.pathOf(files), {
    query: { fieldManager: 'hwctl' },
    contentType: 'application/merge-patch+json',
    body: { metadata: { ownerReferences: [owner] } },
  });
}

function podsOfJob(client: KubeClient, namespace: string, name: string): Promise<LiveObject[]> {
  return client.list(podResource, { namespace, labelSelector: `batch.kubernetes.io/job-name=${name}` });
}

async function untilRunning(
  client: KubeClient,
  namespace: string,
  name: string,
  request: PodsRequest,
  clock: Clock,
): Promise<LiveObject[]> {
  const until = clock.monotonic() + request.timeoutMs;
  let roomlessSince: number | undefined;
  for (;;) {
    const pods = await podsOfJob(client, namespace, name);
    const running = pods.filter((pod) => phaseOf(pod) === 'Running');
    if (running.length === request.count) return running.sort((a, b) => indexOf(a) - indexOf(b));
    const now = clock.monotonic();
    const late = now > until;
    const ended = pods.some((pod) => phaseOf(pod) === 'Failed');
    // Events cost another question: they are asked for when it matters.
    const events = late || ended ? await eventsOf(client, namespace) : new Map();
    const trouble = worstTrouble(pods.flatMap((pod) => podTrouble(pod, events.get(pod.metadata.uid)) ?? []));
    const roomless = trouble?.kind === 'unschedulable';
    roomlessSince = roomless ? (roomlessSince ?? now) : undefined;
    const noRoom =
      roomlessSince !== undefined && now - roomlessSince >= roomMs && !(await growsFor(client, namespace, pods));
    const hopeless = ended || noRoom || trouble?.kind === 'image' || trouble?.kind === 'config';
    const why = `${running.length} of ${request.count} run${trouble === undefined ? '' : `: ${trouble.message}`}`;
    if (late || hopeless) {
      // A pod that is still starting has its room already.
      const placed = pods.filter((pod) => conditionOf(pod, 'PodScheduled')?.status === 'True').length;
      const fits = placed === 0 ? 'None fits' : `There is room for ${placed}: --pods ${placed}`;
      throw new Failure({
        code: 'pods-not-ready',
        message: `the load's pods do not start: ${why}`,
        hint: roomless ? `${fits}. Or take a stack down (hwctl down STACK), or give the cluster more` : trouble?.hint,
      });
    }
    request.onWaiting(why);
    await clock.sleep(pollMs, request.signal);
  }
}

/** Whether a cluster autoscaler has begun to add a node for one of these pods. */
async function growsFor(client: KubeClient, namespace: string, pods: readonly LiveObject[]): Promise<boolean> {
  const uids = new Set(pods.map(({ metadata }) => metadata.uid));
  return (await client.list(eventResource, { namespace })).some(
    ({ reason, involvedObject }) =>
      reason === 'TriggeredScaleUp' && uids.has((involvedObject as { uid?: string } | undefined)?.uid ?? ''),
  );
}

function phaseOf(pod: LiveObject): string | undefined {
  return (pod.status as { phase?: string } | undefined)?.phase;
}

function indexOf({ metadata }: LiveObject): number {
  return Number(metadata.annotations?.['batch.kubernetes.io/job-completion-index'] ?? 0);
}

/** A connection through the API server to a port of a pod. */
async function connectTo(client: KubeClient, namespace: string, pod: string, port: number): Promise<Duplex> {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const stream = Duplex.from({ writable: input, readable: output });
  const socket = await new PortForward(client.config, true).portForward(namespace, pod, [port], output, errors, input);
  if (typeof socket === 'function') throw new Error('no websocket');
  // What the kubelet writes there is why it cannot connect: the connection has no other use then.
  errors.on('data', () => stream.destroy());
  socket.onclose = () => stream.destroy();
  socket.onerror = () => stream.destroy();
  stream.on('error', () => stream.destroy());
  stream.on('close', () => socket.close());
  return stream;
}
