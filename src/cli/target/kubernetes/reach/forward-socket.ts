import { createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { PortForward } from '@kubernetes/client-node';
import type { KubeClient } from '../api/client.js';
import { podResource } from '../api/list.js';
import type { LiveObject } from '../api/live-object.js';

import { readinessOf } from '../health/readiness.js';

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
  /** The address it was told to listen on. */
  address: string;
}

/** What shall be forwarded, and the port of this machine that it is known by; another one where that is taken meanwhile. */
export type ForwardTarget = Omit<Forwarded, 'url' | 'address'> & { listenPort: number };

/** What the daemon is told, as its one argument. */
export interface DaemonOptions {
  kubeconfigFiles: string[];
  context: string;
  allowContext?: string;
  address: string;
  /** File that names what is forwarded, written once every listener is open. */
  report: string;
  targets: ForwardTarget[];
}

/** Listens and carries every connection through a websocket of its own to a ready pod behind the Service. */
export function openForward(
  client: KubeClient,
  target: ForwardTarget,
  address: string,
): Promise<{ server: Server; url: string }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    void carry(client, target, socket);
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      server.once('error', reject);
      server.listen(0, address);
    });
    server.listen(target.listenPort, address);
    server.once('listening', () => {
      const { port } = server.address() as { port: number };
      const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
      resolve({ server, url: `http://${host}:${port}` });
    });
  });
}

async function carry(client: KubeClient, target: ForwardTarget, socket: Socket): Promise<void> {
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
async function pickPod(client: KubeClient, target: ForwardTarget): Promise<{ pod: string; port: number }> {
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
  target: ForwardTarget,
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
