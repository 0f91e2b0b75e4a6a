import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../kernel/clock.js';
import { entryModule } from '../../../kernel/entry-module.js';
import { Failure } from '../../../kernel/failure.js';
import type { RunProgram } from '../../../kernel/process.js';
import { systemTrouble } from '../../../kernel/system-trouble.js';
import { kubeConfigFiles } from '../../kubeconfig.js';
import { choosePort } from '../../local/state/ports.js';
import type { Endpoint } from '../../target.js';
import type { KubeClient } from '../api/client.js';
import { groupKindOf, type LiveObject } from '../api/live-object.js';
import { emptyReport } from '../objects/removal.js';
import type { ClusterTargetOptions } from '../provider/cluster-access.js';
import { isAlive, type StateFile } from '../provider/cluster-state.js';
import { ingressController } from '../provider/ingress-nginx.js';
import { stopForward } from '../provider/traces.js';
import type { DaemonOptions, Forwarded, ForwardTarget } from './forward-socket.js';

const startMs = 15_000;

/** A Service port, or a port of selected pods, before it has one on this machine. */
type ForwardSource = Omit<ForwardTarget, 'listenPort'>;

/** What a running daemon forwards; empty where none runs. */
export async function readForwards(run: RunProgram, state: StateFile): Promise<Forwarded[]> {
  const { forward } = state.get();
  const file = reportFile(state);
  if (forward === undefined || !existsSync(file) || !(await isAlive(run, forward))) return [];
  return readReport(file);
}

/** What the daemon wrote; nothing where that was damaged since: it is then started anew. */
function readReport(file: string): Forwarded[] {
  try {
    const forwards: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const isOne = (each: Partial<Forwarded> | null) => typeof each?.url === 'string' && typeof each.name === 'string';
    return Array.isArray(forwards) && forwards.every(isOne) ? forwards : [];
  } catch {
    return [];
  }
}

/** Starts the daemon in a session of its own and waits until its ports are open. Throws Failure `forward-failed`, and the signal's reason. */
async function startForward(
  state: StateFile,
  options: Omit<DaemonOptions, 'report'>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Forwarded[]> {
  signal?.throwIfAborted();
  const report = reportFile(state);
  rmSync(report, { force: true });
  const entry = fileURLToPath(entryModule('target/kubernetes/reach/forward.main'));
  const argv = [process.execPath, entry, JSON.stringify({ ...options, report } satisfies DaemonOptions)];
  const child = spawn(argv[0] as string, argv.slice(1), { detached: true, stdio: 'ignore' });
  child.unref();
  const { pid } = child;
  if (pid === undefined) {
    const [error] = await once(child, 'error');
    throw new Failure({
      code: 'forward-failed',
      message: `the port-forward daemon does not start: ${systemTrouble(error)}`,
      hint: 'Has this machine memory and processes left? free -m; ulimit -u',
      cause: error,
    });
  }
  // What goes wrong with it later is seen by what it does not do.
  child.on('error', () => undefined);
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
    await clock.sleep(50, signal);
  }
  return readReport(report);
}

/** The file in which the daemon says what it forwards. */
function reportFile(state: StateFile): string {
  return join(state.folder, `${state.name}.forwards.json`);
}

/**
 * Has a daemon forward every Service among `members` and the Ingress controller; with none there is no daemon. One that does
 * so already goes on; any other is ended first. A Service keeps its port of this machine, also over `down` and `up`.
 * Throws Failure `forward-failed` or `forward-stays`, and the signal's reason.
 */
export async function forwardAll(
  { environment, run, context, allowContext }: ClusterTargetOptions,
  client: KubeClient,
  state: StateFile,
  members: readonly LiveObject[],
  address: string,
  signal?: AbortSignal,
): Promise<void> {
  const wanted = [...forwardTargets(members), ...(await controllerTarget(client))];
  const running = await readForwards(run, state);
  const key = ({ namespace, service, port }: ForwardSource) => `${namespace}/${service}:${port}`;
  const same = (list: readonly ForwardSource[]) => JSON.stringify(list.map(key).sort());
  if (running.length > 0 && same(running) === same(wanted) && running.every((one) => one.address === address)) return;
  await stopForward(run, state, emptyReport(), environment.clock, signal);
  if (wanted.length === 0) return;
  const taken = new Set<number>();
  const targets: ForwardTarget[] = [];
  // In one order, so that two names that lead to one port share it out alike each time.
  for (const source of [...wanted].sort((a, b) => (key(a) < key(b) ? -1 : 1))) {
    const listenPort = await choosePort(`forward ${context} ${key(source)}`, taken);
    taken.add(listenPort);
    targets.push({ ...source, listenPort });
  }
  const kubeconfigFiles = kubeConfigFiles(environment.env);
  const daemon = { kubeconfigFiles, context, allowContext, address, targets };
  await startForward(state, daemon, environment.clock, signal);
}

/** The pods of the Ingress controller: the way in where its address cannot be reached from this machine. */
async function controllerTarget(client: KubeClient): Promise<ForwardSource[]> {
  const live = await client.get(ingressController);
  const selector = (live?.spec?.selector as { matchLabels?: Record<string, string> } | undefined)?.matchLabels;
  const { name, namespace } = ingressController.metadata;
  return selector === undefined ? [] : [{ name: 'ingress', namespace, service: name, port: 80, selector }];
}

/** Ports of Services: each TCP port of each Service, the first by the Service's name alone. */
function forwardTargets(members: readonly LiveObject[]): ForwardSource[] {
  return members.flatMap((member) => {
    if (groupKindOf(member) !== 'Service' || member.spec?.type === 'ExternalName') return [];
    const ports = (member.spec?.ports as { protocol?: string; port: number }[] | undefined) ?? [];
    const { name, namespace = '' } = member.metadata;
    return ports
      .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
      .map(({ port }, index) => ({ name: index === 0 ? name : `${name}:${port}`, namespace, service: name, port }));
  });
}

/** Forwarded ports as endpoints of their own names. */
export function forwardEndpoints(forwards: readonly Forwarded[]): Endpoint[] {
  return forwards.map(({ name, url, namespace, service, port, selector }) => ({
    name,
    stacks: [],
    url,
    ...(selector === undefined && { service: { name: service, namespace, port } }),
  }));
}
