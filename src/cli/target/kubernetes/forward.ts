import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { PortForward } from '@kubernetes/client-node';
import type { Clock } from '../../kernel/clock.js';
import { Failure } from '../../kernel/failure.js';
import type { Run } from '../../kernel/process.js';
import type { Endpoint } from '../target.js';
import type { KubeClient } from './client.js';
import { isAlive, type StateFile } from './cluster-state.js';
import { groupKindOf, type LiveObject } from './live-object.js';
import { podResource } from './pods.js';
import { readinessOf } from './readiness.js';

/** A Service port that is reached through a listener of this machine. */
export interface Forwarded {
  name: string;
  namespace: string;
  service: string;
  port: number;
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

const startMs = 15_000;

/** What a running daemon forwards; empty where none runs. */
export async function readForwards(run: Run, state: StateFile): Promise<Forwarded[]> {
  const { forward } = state.get();
  const file = reportFile(state);
  if (forward === undefined || !existsSync(file) || !(await isAlive(run, forward))) return [];
  return JSON.parse(readFileSync(file, 'utf8')) as Forwarded[];
}

/** Starts the daemon in a session of its own, in place of one that runs, and waits until its ports are open. */
export async function startForward(
  state: StateFile,
  options: Omit<DaemonOptions, 'report'>,
  clock: Clock,
): Promise<Forwarded[]> {
  const report = reportFile(state);
  rmSync(report, { force: true });
  const entry = fileURLToPath(new URL('./forward-daemon.js', import.meta.url));
  const argv = [process.execPath, entry, JSON.stringify({ ...options, report } satisfies DaemonOptions)];
  const child = spawn(argv[0] as string, argv.slice(1), { detached: true, stdio: 'ignore' });
  child.unref();
  const { pid } = child;
  if (pid === undefined)
    throw new Failure({ code: 'forward-failed', message: 'the port-forward daemon does not start' });
  state.change((draft) => {
    draft.forward = { pid, argv: [entry] };
  });
  const until = clock.monotonic() + startMs;
  while (!existsSync(report)) {
    if (child.exitCode !== null || clock.monotonic() > until) {
      throw new Failure({
        code: 'forward-failed',
        message: 'the port-forward daemon does not open its ports',
        hint: 'Does the cluster answer? hwctl status',
      });
    }
    await clock.sleep(50);
  }
  return JSON.parse(readFileSync(report, 'utf8')) as Forwarded[];
}

/** The file in which the daemon says what it forwards. */
export function reportFile(state: StateFile): string {
  return join(state.folder, `${encodeURIComponent(state.get().context)}.forwards.json`);
}

/** Services worth a port: each one of hwctl's with a port that speaks HTTP, and the Ingress controller where there is one. */
export function forwardTargets(members: readonly LiveObject[]): Omit<Forwarded, 'url'>[] {
  return members.flatMap((member) => {
    if (groupKindOf(member) !== 'Service') return [];
    const ports = (member.spec?.ports as { name?: string; port: number }[] | undefined) ?? [];
    const [first] = ports;
    const { name, namespace = '' } = member.metadata;
    return first === undefined ? [] : [{ name, namespace, service: name, port: first.port }];
  });
}

/** Forwarded ports as endpoints of their own names. */
export function forwardEndpoints(forwards: readonly Forwarded[]): Endpoint[] {
  return forwards.map(({ name, url }) => ({ name, stacks: [], url }));
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
  const service = await client.get({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: target.service, namespace: target.namespace },
  });
  const selector = (service?.spec?.selector ?? {}) as Record<string, string>;
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
  const ports = (service?.spec?.ports ?? []) as { port: number; targetPort?: number | string }[];
  const wanted = ports.find(({ port }) => port === target.port)?.targetPort ?? target.port;
  if (typeof wanted === 'number') return { pod: pod.metadata.name, port: wanted };
  const containers = (pod.spec?.containers ?? []) as { ports?: { name?: string; containerPort: number }[] }[];
  const named = containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === wanted);
  if (named === undefined) throw new Error(`pod ${pod.metadata.name} has no port ${wanted}`);
  return { pod: pod.metadata.name, port: named.containerPort };
}
