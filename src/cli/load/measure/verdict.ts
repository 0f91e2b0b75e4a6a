/** Whether a run's numbers can be trusted. VOID exits 3 whatever the thresholds say. */
export interface Verdict {
  state: 'VALID' | 'DEGRADED' | 'VOID';
  /** Empty for VALID; each says what was seen, with its figure, and what it means. */
  reasons: VerdictReason[];
}

interface VerdictReason {
  code:
    | 'start-lag'
    | 'dropped'
    | 'rate'
    | 'event-loop'
    | 'cpu'
    | 'starved'
    | 'throttled'
    | 'sockets'
    | 'clock'
    | 'gc'
    | 'lost-thread'
    | 'lost-pod'
    | 'nothing-sent';
  severity: 'DEGRADED' | 'VOID';
  /** `start lag p99 4.2 ms of a response p99 of 9 ms: ...`. */
  message: string;
}

/** What a verdict is made from; figures of the generator, not of the server. */
export interface VerdictFigures {
  /** Requests with a start lag, and its p99 in milliseconds. */
  startLagCount: number;
  startLagP99Ms: number;
  responseP99Ms: number;
  /** How late the machine woke the pacer, which only sleeps: how often it slept, and the p99 in milliseconds. */
  wakeUpCount: number;
  wakeUpP99Ms: number;
  scheduled: number;
  droppedMaxInFlight: number;
  droppedUserBusy: number;
  /** Arrivals that were due until now; undefined for the closed model. */
  due: number | undefined;
  /** Share 0 .. 1 of the time that the busiest I/O thread's event loop was busy, over the run. */
  eventLoopUtilization: number;
  /** Of this process, in cores, and how many cores it may use. */
  cpuCores: number;
  cpuAvailable: number;
  elapsedMs: number;
  /** Share 0 .. 1 of the time that a thread of the generator waited for a core. */
  waitingShare: number;
  /** Time the control group was denied CPU. */
  throttledMs: number;
  sent: number;
  /** No more arrivals will come. */
  over: boolean;
  /** Failures for want of local files or ports. */
  filesExhausted: number;
  portsExhausted: number;
  /** Share 0 .. 1 of this machine's local ports that closed connections still hold (TIME-WAIT). */
  portsHeld: number;
  /** Largest step of the wall clock against the monotonic one. */
  clockStepMs: number;
  gcLongestMs: number;
  /** I/O threads that ended before their time. */
  lostThreads: number;
  /** Pods of a distributed run that were lost, in words. */
  lostPods: string[];
}

/**
 * Judges the generator. DEGRADED: figures are marred, and the reason says which and by how much. VOID: what was measured is
 * the generator, or another load than was asked for. A slow server alone is neither: it is a result.
 */
export function judge(figures: VerdictFigures): Verdict {
  const reasons: VerdictReason[] = [];
  const add = (code: VerdictReason['code'], isVoid: boolean, message: string) =>
    reasons.push({ code, severity: isVoid ? 'VOID' : 'DEGRADED', message });
  if (figures.over && figures.sent === 0) add('nothing-sent', true, 'no request was sent: there is nothing to trust');
  startLag(figures, add);
  losses(figures, add);
  const elapsed = Math.max(1, figures.elapsedMs);
  if (figures.eventLoopUtilization > 0.95) {
    const share = percent(figures.eventLoopUtilization);
    add(
      'event-loop',
      false,
      `an I/O thread was busy ${share} of the time: the server may be able to do more; try --workers`,
    );
  }
  if (figures.cpuCores > 0.9 * figures.cpuAvailable) {
    const used = `${figures.cpuCores.toFixed(1)} of ${figures.cpuAvailable} cores`;
    add('cpu', false, `the generator used ${used}: it and the server compete for CPU`);
  }
  if (figures.waitingShare > 0.2 && elapsed > 500) {
    const share = percent(figures.waitingShare);
    add('starved', false, `other work kept a thread of the generator from the CPU for ${share} of the time`);
  }
  const throttled = figures.throttledMs / elapsed;
  if (throttled > 0.01) {
    add(
      'throttled',
      throttled > 0.1,
      `the control group throttled the generator for ${percent(throttled)} of the time`,
    );
  }
  if (figures.clockStepMs > 100) {
    add(
      'clock',
      false,
      `the wall clock stepped by ${ms(figures.clockStepMs)}: times of day are off, latencies are not`,
    );
  }
  if (figures.gcLongestMs > 50) {
    const waited =
      figures.waitingShare > 0.05
        ? `, on a machine with no core free ${percent(figures.waitingShare)} of the time`
        : '';
    add('gc', false, `a garbage collection stopped the generator for ${ms(figures.gcLongestMs)}${waited}`);
  }
  const state = reasons.some(({ severity }) => severity === 'VOID')
    ? 'VOID'
    : reasons.length > 0
      ? 'DEGRADED'
      : 'VALID';
  return { state, reasons };
}

type Add = (code: VerdictReason['code'], isVoid: boolean, message: string) => void;

/** Late starts are part of response latency: they matter where they make up much of it. */
function startLag(figures: VerdictFigures, add: Add): void {
  const { startLagCount, startLagP99Ms: lag, responseP99Ms: response } = figures;
  if (startLagCount < 20 || lag <= 1) return;
  // Where nothing was answered there is no latency to mar, only the load itself.
  const share = response > 0 ? lag / response : 1;
  const isVoid = lag > 25 && share > 0.5;
  if (!isVoid && share <= 0.2 && lag <= 100) return;
  add(
    'start-lag',
    isVoid,
    `start lag p99 ${ms(lag)} beside a response p99 of ${ms(response)}: ` +
      `${isVoid ? 'that is no figure of the server' : 'requests began late; look at service latency'}. ${whoWasLate(figures)}`,
  );
}

/**
 * Tells the machine's lateness from the engine's: a thread that only sleeps was woken late, or one that had work waited for
 * a core. (The kernel wakes sleepers first, so on a loaded machine the second shows what the first does not.)
 */
function whoWasLate({ wakeUpCount, wakeUpP99Ms, startLagP99Ms, waitingShare }: VerdictFigures): string {
  if (waitingShare > 0.05) {
    return `It is the machine: a thread of hwctl that had work waited for a core ${percent(waitingShare)} of the time`;
  }
  const woken = `the machine woke a sleeping thread ${ms(wakeUpP99Ms)} late at p99`;
  if (wakeUpCount >= 20 && wakeUpP99Ms >= startLagP99Ms / 2) return `It is the machine: ${woken}`;
  const known = wakeUpCount >= 20 ? ` (${woken})` : '';
  return `It is hwctl, not the machine${known}: lower the rate, or try --workers`;
}

/** Beyond this share of the arrivals, what was measured is another load than the one asked for. */
const muchDropped = 0.05;

function ofThoseSent(dropped: number): string {
  const known = 'the latencies are of those that were sent';
  return dropped > muchDropped ? `; ${known}, of the load asked for they are not known` : `; ${known} only`;
}

function losses(figures: VerdictFigures, add: Add): void {
  const { scheduled, due, sent } = figures;
  const capped = figures.droppedMaxInFlight / Math.max(1, scheduled);
  if (capped > 0.001) {
    const what = `${figures.droppedMaxInFlight} of ${scheduled} arrivals dropped (${percent(capped)})`;
    add('dropped', capped > muchDropped, `${what}: --max-in-flight was reached${ofThoseSent(capped)}`);
  }
  const busy = figures.droppedUserBusy / Math.max(1, scheduled);
  if (busy > 0.01) {
    const what = `${figures.droppedUserBusy} of ${scheduled} turns missed (${percent(busy)})`;
    const why = 'responses took longer than the pace, so users could not keep it';
    add('dropped', busy > muchDropped, `${what}: ${why}${ofThoseSent(busy)}`);
  }
  if (due !== undefined && due >= 20) {
    const taken = scheduled / due;
    if (taken < 0.99) {
      add('rate', taken < 0.9, `only ${percent(taken)} of the arrivals that were due were taken up`);
    }
  }
  for (const [count, what] of [
    [figures.filesExhausted, 'open files ran out (ulimit -n)'],
    [figures.portsExhausted, 'local ports ran out (net.ipv4.ip_local_port_range)'],
  ] as const) {
    if (count > 0) add('sockets', count / Math.max(1, sent) > 0.01, `${what}: ${count} requests failed for it`);
  }
  if (figures.portsHeld > 0.8) {
    const share = percent(figures.portsHeld);
    add('sockets', false, `${share} of the local ports are held by closed connections: let the server keep them alive`);
  }
  if (figures.lostThreads > 0) {
    add('lost-thread', true, `${figures.lostThreads} I/O thread(s) ended early; their last figures are missing`);
  }
  for (const pod of figures.lostPods)
    add('lost-pod', true, `${pod}: what it would have sent since, and seen, is missing`);
}

function percent(share: number): string {
  const value = share * 100;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}%`;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
