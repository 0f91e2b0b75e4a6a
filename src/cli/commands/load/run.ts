import { setPriority } from 'node:os';
import { exitCodes, unreachable } from '../../kernel/failure.js';
import { traitsOf } from '../../load/arrivals/models.js';
import type { EarlyEnd, LoadRun, StartLoad } from '../../load/load-run.js';
import type { LoadResult, LoadSnapshot, RequestRecord } from '../../load/measure/metrics.js';
import type { FaultDone } from '../../load/measure/recovery.js';
import type { LoadPlan } from '../../load/plan/plan.js';
import { headingLine, snapshotLine } from '../../report/load/text.js';
import type { LoadReport, WorkloadRow } from '../../report/load/timeline.js';
import type { LiveKey, LiveLoad, LiveState } from '../../report/load/views/live.js';
import { headingOf } from '../../report/load/words.js';
import type { Context } from '../context/context.js';

/** How a run is shown while it is under way: the live view, one line a second (to stdout or stderr), or not at all. */
export type Progress = 'live' | 'lines' | 'lines-stderr' | 'none';

export interface RunLoadOptions {
  progress: Progress;
  /** Called with every sample (4 a second in the live view, else 1): pushes and workloads hang here. */
  onSnapshot?: (snapshot: LoadSnapshot) => void;
  /** What the workloads used so far, for the live view. */
  workloads?: () => readonly WorkloadRow[];
  /** Goes on beside the run and is awaited at its end; must not reject. */
  beside?: (loadRun: LoadRun, over: AbortSignal) => Promise<void>;
  /** The faults so far, for the live view. */
  faults?: readonly FaultDone[];
  /** Begins the run in place of this process's engine: a distributed run. */
  start?: StartLoad;
  /** Steers the run in the user's place; the run ends when this is done. */
  steer?: (loadRun: LoadRun, over: AbortSignal) => Promise<void>;
  /** Takes the record of every request, in batches. */
  onRecords?: (records: RequestRecord[]) => void;
}

const liveIntervalMs = 250;
const lineIntervalMs = 1000;

/**
 * Starts the load, shows it until it ends, gives its result. The first Ctrl-C finishes it early: the result is then of
 * what was measured. Throws the engine's Failure where the endpoint cannot be reached.
 */
export async function runLoad(plan: LoadPlan, context: Context, options: RunLoadOptions): Promise<LoadResult> {
  const startLoad = options.start ?? (await import('../../load/run.js')).startLoad;
  // The view comes first: loading it beside the first requests would make them late.
  let controls: Controls | undefined;
  const display = await openDisplay(plan, context, (key) => controls?.onKey(key), options.progress);
  const loadRun = startLoad(plan, { onRecords: options.onRecords });
  const steering = new Controls(loadRun, options.steer === undefined);
  controls = steering;
  const interrupt = () => steering.finish('interrupted');
  context.signal.addEventListener('abort', interrupt, { once: true });
  if (context.signal.aborted) interrupt();
  const over = new AbortController();
  const steered = options.steer?.(loadRun, over.signal).finally(() => loadRun.finish('completed'));
  steered?.catch(() => undefined);
  const beside = options.beside?.(loadRun, over.signal);
  try {
    await watch(loadRun, context, options.progress === 'live' ? liveIntervalMs : lineIntervalMs, (snapshot) => {
      // Records of every request must be taken as they come; nothing else here is urgent.
      if (display.busy && snapshot.progress.phase === 'running' && options.onRecords === undefined) giveWay();
      display.update(snapshot, {
        ...steering.state,
        workloads: options.workloads?.() ?? [],
        faults: options.faults ?? [],
      });
      options.onSnapshot?.(snapshot);
    });
    const result = await loadRun.result;
    over.abort();
    await steered;
    await beside;
    // The last sample is older than the end.
    options.onSnapshot?.(loadRun.snapshot());
    return result;
  } finally {
    over.abort();
    await beside;
    display.close();
    takeBack();
    context.signal.removeEventListener('abort', interrupt);
  }
}

/**
 * 2 where a fault could not be carried out: what was asked for was not done; 3 where the numbers are VOID, whatever the
 * thresholds say; 1 where a threshold or an objective failed; 3 where an objective cannot be told; else 0.
 */
export function loadExitCode(result: Pick<LoadReport, 'verdict' | 'thresholds' | 'faults'>): number {
  const { outcomes = [], objectives = [] } = result.faults ?? {};
  if (outcomes.some(({ failure }) => failure !== undefined)) return exitCodes.cannotRun;
  if (result.verdict.state === 'VOID') return exitCodes.void;
  const hasFailed =
    !result.thresholds.every(({ passed }) => passed) || objectives.some(({ state }) => state === 'failed');
  if (hasFailed) return exitCodes.failed;
  return objectives.some(({ state }) => state === 'unknown') ? exitCodes.void : exitCodes.pass;
}

/** What the keys have done to the run so far. */
class Controls {
  private finishing = false;
  private rateFactor = 1;
  private paused = false;

  /** `mayChange`: a search sets the rate itself. */
  constructor(
    private readonly loadRun: LoadRun,
    private readonly mayChange: boolean,
  ) {}

  get state(): Omit<LiveState, 'workloads' | 'faults'> {
    return { finishing: this.finishing, rateFactor: this.rateFactor };
  }

  finish(why?: EarlyEnd): void {
    this.finishing = true;
    this.loadRun.finish(why);
  }

  onKey(key: LiveKey): void {
    switch (key) {
      case 'faster':
        this.setRate(this.rateFactor + (this.rateFactor >= 2 ? 0.5 : 0.1));
        break;
      case 'slower':
        this.setRate(this.rateFactor - (this.rateFactor > 2 ? 0.5 : 0.1));
        break;
      case 'pause':
        this.togglePause();
        break;
      case 'finish':
        this.finish();
        break;
      case 'interrupt':
        // In raw mode the terminal sends no signal: give ourselves the one that main.ts knows how to count.
        process.kill(process.pid, 'SIGINT');
        break;
      default:
        unreachable(key);
    }
  }

  private togglePause(): void {
    if (!this.mayChange) return;
    this.paused = !this.paused;
    if (this.paused) this.loadRun.pause();
    else this.loadRun.resume();
  }

  private setRate(factor: number): void {
    if (!this.mayChange) return;
    this.rateFactor = Math.min(100, Math.max(0.1, Math.round(factor * 10) / 10));
    this.loadRun.adjustRate(this.rateFactor);
  }
}

const nice = 10;
let gaveWay = false;

/**
 * Lets the engine's threads go first wherever they and this one, which draws, want the same core. On Linux a priority is a
 * thread's own, and the threads that are there by now keep theirs; elsewhere it is the process's, so it is left alone.
 */
function giveWay(): void {
  if (gaveWay || process.platform !== 'linux') return;
  gaveWay = true;
  setPriority(nice);
}

/** Not everyone may: then the few steps that remain are taken at the lower priority. */
function takeBack(): void {
  if (!gaveWay) return;
  gaveWay = false;
  try {
    setPriority(0);
  } catch {}
}

/** Samples the run every `everyMs` until its result is there. */
async function watch(
  loadRun: LoadRun,
  context: Context,
  everyMs: number,
  show: (snapshot: LoadSnapshot) => void,
): Promise<void> {
  const ended = new AbortController();
  const stop = () => ended.abort();
  loadRun.result.then(stop, stop);
  const started = context.clock.monotonic();
  for (let tick = 1; !ended.signal.aborted; tick++) {
    const waitMs = started + tick * everyMs - context.clock.monotonic();
    try {
      await context.clock.sleep(Math.max(0, waitMs), ended.signal);
    } catch {
      return;
    }
    show(loadRun.snapshot());
  }
}

interface Display {
  /** Drawing takes time that the engine could want. */
  readonly busy: boolean;
  update(snapshot: LoadSnapshot, state: LiveState): void;
  close(): void;
}

async function openDisplay(
  plan: LoadPlan,
  context: Context,
  onKey: (key: LiveKey) => void,
  progress: Progress,
): Promise<Display> {
  const heading = headingOf(plan, traitsOf(plan.arrivals));
  switch (progress) {
    case 'none':
      return { busy: false, update: () => undefined, close: () => undefined };
    case 'lines':
    case 'lines-stderr': {
      const write = progress === 'lines' ? context.print : context.note;
      write(headingLine(heading));
      return { busy: false, update: (snapshot) => write(snapshotLine(snapshot)), close: () => undefined };
    }
    case 'live': {
      // ink and react are paid for by the live view alone.
      const { openLiveLoad } = await import('../../report/load/views/live.js');
      const live: LiveLoad = openLiveLoad({
        heading,
        stdin: context.stdin,
        stdout: context.stdout,
        onKey,
      });
      return { busy: true, update: live.update, close: live.close };
    }
  }
}
