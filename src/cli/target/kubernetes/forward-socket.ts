import { createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { PortForward } from '@kubernetes/client-node';
import type { KubeClient } from './client.js';
import type { LiveObject } from './live-object.js';
import { podResource } from './pods.js';
import { readinessOf } from './readiness.js';

/** A Service port that is reached through a listener of this machine. */
export interface Forwarded {
  name: string;
  namespace: string;
  service: string;
  port: number;
  /** Labels of the pods, where no Service says them; `port` is the container's then. */
  selector?: Record<string, string>;
  /** Where the daemon listens. */
  url: string;
}

/** What the daemon is told, as its one argument. */
export interface DaemonOptions {
  kubeconfigFiles: string[];
  context: string;
  allowContext?: string;
  address: string;
  /** File that names what is forwarded, written once every listener is open. */
  report: string;
  targets: Omit<Forwarded, 'url'>[];
}

/** Listens and carries every connection through a websocket of its own to a ready pod behind the Service. */
export function openForward(
  client: KubeClient,
  target: Omit<Forwarded, 'url'>,
  address: string,
): Promise<{ server: Server; url: string }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    void carry(client, target, socket);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, () => {
      const { port } = server.address() as { port: number };
      const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
      resolve({ server, url: `http://${host}:${port}` });
    });
  });
}

async function carry(client: KubeClient, target: Omit<Forwarded, 'url'>, socket: Socket): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    const { pod, port } = await pickPod(client, target);
    const errors = new PassThrough();
    // What the kubelet writes there is why it cannot connect: the connection has no other use then.
    errors.on('data', () => socket.destroy());
    const forward = new PortForward(client.config, false);
    const websocket = await forward.portForward(target.namespace, pod, [port], socket, errors, socket);
    if (typeof websocket === 'function') throw new Error('no websocket');
    websocket.onclose = () => socket.end();
    websocket.onerror = () => socket.destroy();
    socket.on('close', () => websocket.close());
  } catch {
    socket.destroy();
  }
}

/** A ready pod of the Service, another one each time, and the number of its port. */
async function pickPod(client: KubeClient, target: Omit<Forwarded, 'url'>): Promise<{ pod: string; port: number }> {
  if (target.selector !== undefined) {
    const pod = await pickReady(client, target, target.selector);
    return { pod: pod.metadata.name, port: target.port };
  }
  const service = await client.get({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: target.service, namespace: target.namespace },
  });
  const pod = await pickReady(client, target, (service?.spec?.selector ?? {}) as Record<string, string>);
  const ports = (service?.spec?.ports ?? []) as { port: number; targetPort?: number | string }[];
  const wanted = ports.find(({ port }) => port === target.port)?.targetPort ?? target.port;
  if (typeof wanted === 'number') return { pod: pod.metadata.name, port: wanted };
  const containers = (pod.spec?.containers ?? []) as { ports?: { name?: string; containerPort: number }[] }[];
  const named = containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === wanted);
  if (named === undefined) throw new Error(`pod ${pod.metadata.name} has no port ${wanted}`);
  return { pod: pod.metadata.name, port: named.containerPort };
}

async function pickReady(
  client: KubeClient,
  target: Omit<Forwarded, 'url'>,
  selector: Record<string, string>,
): Promise<LiveObject> {
  const labelSelector = Object.entries(selector)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  if (labelSelector === '') throw new Error(`Service ${target.service} selects no pods`);
  const pods = (await client.list(podResource, { namespace: target.namespace, labelSelector })).filter(
    (pod) =>
      readinessOf(pod, { loadBalancers: false }).state === 'ready' && pod.metadata.deletionTimestamp === undefined,
  );
  const pod = pods[Math.floor(Math.random() * pods.length)];
  if (pod === undefined) throw new Error(`no pod of Service ${target.service} is ready`);
  return pod;
}
