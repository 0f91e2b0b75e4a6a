import { conditionOf, type LiveObject } from '../api/live-object.js';

/** What keeps a pod from being ready, in one sentence, with its cure where there is a likely one. */
export interface PodTrouble {
  /** Machine-readable: `image`, `config`, `crash`, `oom`, `unschedulable`, `not-ready`, `volume`, `evicted`, `starting`. */
  kind: 'image' | 'config' | 'crash' | 'oom' | 'unschedulable' | 'not-ready' | 'volume' | 'evicted' | 'starting';
  message: string;
  hint?: string;
  /** Container whose log tells more. */
  container?: string;
  /** The log of the container's last life tells it, not that of the present one. */
  previous?: boolean;
  /** Milliseconds after which waiting longer is pointless, where it does not heal by itself; undefined: wait for the deadline. */
  hopelessAfterMs?: number;
}

interface Terminated {
  exitCode: number;
  signal?: number;
  reason?: string;
  message?: string;
}

interface ContainerStatus {
  name: string;
  image: string;
  ready: boolean;
  started?: boolean;
  restartCount: number;
  state?: { waiting?: { reason?: string; message?: string }; running?: object; terminated?: Terminated };
  lastState?: { terminated?: Terminated };
}

export interface WarningEvent {
  reason: string;
  message: string;
  count: number;
  lastSeen: string;
}

const imageReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
]);
const configReasons = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'StartError',
]);

/** Signals by number, for the exit codes above 128 that shells and runtimes make of them. */
const signals: Record<number, string> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  6: 'SIGABRT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

/** Tells why a pod is not ready; undefined where it is. `events` are its warnings, newest first. */
export function podTrouble(pod: LiveObject, events: readonly WarningEvent[] = []): PodTrouble | undefined {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || conditionOf(pod, 'Ready')?.status === 'True') return undefined;
  const name = pod.metadata.name;
  if (phase === 'Failed' && pod.status?.reason === 'Evicted') {
    return {
      kind: 'evicted',
      message: `pod ${name} was evicted: ${pod.status.message ?? 'the node is under pressure'}`,
      hint: 'Free disk or memory on the node: kubectl describe node tells which it lacks',
      hopelessAfterMs: 30_000,
    };
  }
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status === 'False') return unschedulable(name, scheduled.message ?? scheduled.reason ?? '');
  const statuses = [
    ...((pod.status?.initContainerStatuses as ContainerStatus[] | undefined) ?? []),
    ...((pod.status?.containerStatuses as ContainerStatus[] | undefined) ?? []),
  ];
  for (const status of statuses) {
    const trouble = containerTrouble(name, status, events);
    if (trouble !== undefined) return trouble;
  }
  const mount = events.find((event) => event.reason === 'FailedMount' || event.reason === 'FailedAttachVolume');
  if (mount !== undefined) {
    return { kind: 'volume', message: `pod ${name} cannot mount a volume: ${mount.message}`, hopelessAfterMs: 60_000 };
  }
  const sandbox = events.find((event) => event.reason === 'FailedCreatePodSandBox');
  if (sandbox !== undefined) return { kind: 'starting', message: `pod ${name} gets no sandbox: ${sandbox.message}` };
  return { kind: 'starting', message: `pod ${name} is starting` };
}

function unschedulable(name: string, message: string): PodTrouble {
  const short = /Insufficient (\S+?)[.,]?(?=\s|$)/.exec(message)?.[1]?.replace(/[.,]$/, '');
  const pressure = /(memory|disk|pid)-pressure/.exec(message)?.[1];
  const hint =
    short !== undefined
      ? `No node has enough ${short} left: lower the requests (--set), or give the cluster more`
      : pressure !== undefined
        ? `The node is short of ${pressure}: free some on it, the pressure goes by itself some minutes later`
        : 'kubectl describe node tells what the nodes offer';
  return {
    kind: 'unschedulable',
    message: `no node takes pod ${name}: ${message}`,
    hint,
    hopelessAfterMs: 15_000,
  };
}

function containerTrouble(
  pod: string,
  status: ContainerStatus,
  events: readonly WarningEvent[],
): PodTrouble | undefined {
  const container = status.name;
  const waiting = status.state?.waiting;
  const reason = waiting?.reason ?? '';
  if (imageReasons.has(reason)) {
    return {
      kind: 'image',
      message: `pod ${pod} cannot get the image ${status.image}: ${firstSentence(waiting?.message) || reason}`,
      hint: 'Is the name right, and can the node reach its registry?',
      container,
      hopelessAfterMs: 10_000,
    };
  }
  if (configReasons.has(reason)) {
    return {
      kind: 'config',
      message: `container ${container} of pod ${pod} cannot be made: ${waiting?.message ?? reason}`,
      hint: 'The ConfigMap, Secret, key or command it names must exist: hwctl render shows it',
      container,
      hopelessAfterMs: 8_000,
    };
  }
  const present = status.state?.terminated;
  const last = present ?? status.lastState?.terminated;
  const failed = last !== undefined && (last.exitCode !== 0 || last.reason === 'OOMKilled');
  if (failed && (present !== undefined || reason === 'CrashLoopBackOff' || !status.ready)) {
    return crashed(pod, status, last, events, present === undefined && status.state?.running !== undefined);
  }
  if (reason === 'CrashLoopBackOff') {
    return {
      kind: 'crash',
      message: `container ${container} of pod ${pod} ends again and again (${restarts(status)}) with exit code 0: it must keep running`,
      container,
      previous: true,
      hopelessAfterMs: 10_000,
    };
  }
  if (status.state?.running !== undefined && !status.ready) {
    const probe = events.find((event) => event.reason === 'Unhealthy');
    return {
      kind: 'not-ready',
      message: `container ${container} of pod ${pod} runs but is not ready${probe === undefined ? '' : `: ${probe.message}`}`,
      hint: 'Its readiness probe must succeed: the log lines tell what it waits for',
      container,
    };
  }
  return undefined;
}

function crashed(
  pod: string,
  status: ContainerStatus,
  last: Terminated,
  events: readonly WarningEvent[],
  runsAgain: boolean,
): PodTrouble {
  const container = status.name;
  const where = `container ${container} of pod ${pod}`;
  // The present life may be the one that works: leave it time.
  const hopelessAfterMs = status.restartCount >= 2 && !runsAgain ? 5_000 : undefined;
  const shared = { container, previous: status.state?.terminated === undefined, hopelessAfterMs };
  if (last.reason === 'OOMKilled') {
    return {
      ...shared,
      kind: 'oom',
      message: `${where} was killed for using more memory than its limit (OOMKilled, ${restarts(status)})`,
      hint: 'Raise its memory limit (--set), or make it use less',
    };
  }
  const killed = events.find((event) => event.reason === 'Unhealthy' && /^(Liveness|Startup)/.test(event.message));
  const why = killed !== undefined && (last.exitCode === 137 || last.exitCode === 143) ? `: ${killed.message}` : '';
  const said = last.message !== undefined && why === '' ? `: ${firstSentence(last.message)}` : '';
  return {
    ...shared,
    kind: 'crash',
    message: `${where} crashes with ${exitWords(last)} (${restarts(status)})${why}${said}`,
    hint: 'The log lines of its last life tell why',
  };
}

/** `exit code 1`, `SIGKILL (exit code 137)`. */
export function exitWords({ exitCode, signal }: { exitCode: number; signal?: number }): string {
  const number = signal || (exitCode > 128 && exitCode < 160 ? exitCode - 128 : 0);
  if (number === 0) return `exit code ${exitCode}`;
  return `${signals[number] ?? `signal ${number}`} (exit code ${exitCode})`;
}

function restarts({ restartCount }: ContainerStatus): string {
  return restartCount === 1 ? '1 restart' : `${restartCount} restarts`;
}

function firstSentence(text: string | undefined): string {
  return (text ?? '').split('\n')[0]?.slice(0, 400) ?? '';
}

/** The trouble that explains the most: what is hopeless first, then what is furthest from mere starting. */
export function worstTrouble(troubles: readonly PodTrouble[]): PodTrouble | undefined {
  const rank = (trouble: PodTrouble) =>
    (trouble.kind === 'starting' ? 2 : trouble.kind === 'not-ready' ? 1 : 0) +
    (trouble.hopelessAfterMs === undefined ? 0.5 : 0);
  return [...troubles].sort((a, b) => rank(a) - rank(b))[0];
}
