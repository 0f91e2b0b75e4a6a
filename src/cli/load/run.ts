import type { Worker } from 'node:worker_threads';
import { Failure } from '../kernel/failure.js';
import { traitsOf } from './arrivals/models.js';
import { type IoThreadData, type IoThreadMessage, type PacerThreadData, startThread } from './engine/thread.js';
import { WarmUp } from './engine/warm-up.js';
import type { Dial } from './http/wire.js';
import type { LoadDeps, StartLoad } from './load-run.js';
import type { WorkerEnd } from './measure/figures.js';
import { checkFileLimit, checkPorts, MachineWatch } from './measure/machine.js';
import type { LoadResult } from './measure/metrics.js';
import { Histogram, histogramBytes } from './memory/histogram.js';
import { type ArrivalRing, arrivalRing, control, type WorkerMemory, workerMemory } from './memory/memory.js';
import { type LoadPlan, planSteps } from './plan/plan.js';
import { preflight, resolveDial } from './preflight.js';
import { SteeredRun, sampleMs } from './steered-run.js';

/** Between the threads being ready and the first arrival. */
const leadMs = 30;
const threadReadyTimeoutMs = 30_000;
/** And longer by this for each connection to be opened before the start. */
const readyEachMs = 2;
/** Time from here to the start that a warm-up, with starting the threads and opening connections, may need. */
const warmUpNeedsMs = 2000;
/** How long past its own deadlines a thread may take before it counts as lost. */
const threadGraceMs = 5000;

/** Begins a run of `plan`. The engine works in threads of its own; this one only samples what they measure. */
export const startLoad: StartLoad = (plan, deps = {}) => new ThreadedRun(plan, deps);

/**
 * A run in this process: its threads are steered, and looked at, through shared memory.
 *
 *     run.ts                      I/O thread                     pacer (of arrivals at a rate)
 *       | <-------- loaded ---------- | <-- code and work are there --> | -------- loaded ---> |
 *       | --------- warm -----------> |                                 | <------- warm        |
 *       |                             |  <--- ring: arrivals, over ---  |  the throwaway run   |
 *       | <-------- ready ----------- |  connections are open           | -------- ready ----> |
 *       | origin is set; go --------> |                                 | <------- go          |
 *       |                             |  <--- ring: arrivals, over ---  |  the run itself      |
 *       | <-------- done ------------ |                                 | ends by itself       |
 *
 * Who waits on what, who wakes it, what is looked at again:
 * - run.ts on the threads' words: its listeners are there before the word that they answer is sent, words wait in the port;
 *   a deadline for each step, and a thread that fails or ends ends the wait. From `go` on `lostThreads` is the deadline.
 * - A thread on `warm` and `go` (`told`): it listens before it says that it is there, so neither can come too early. Without
 *   a deadline: run.ts has it, and terminates the thread.
 * - An I/O thread on the ring (arrival-reader.ts; the order of steps is that of `ArrivalRing`): woken by the pacer for each
 *   release and for the end; whatever wakes it, it looks at both again, and so does every tick of the engine (50 ms at most).
 * - The pacer on `control.words.wake`: read before the words that it stands for, added to and notified by `changed` and by
 *   `WarmUp.finish` after those; looked at again after 200 ms at most.
 * - The end of a run by its iterations: every tick looks again, `drainMs` is the deadline.
 */
export class ThreadedRun extends SteeredRun {
  readonly result: Promise<LoadResult>;
  /** What each thread measures, one a worker. */
  readonly memories: WorkerMemory[];
  /** How late the machine woke the pacer. */
  readonly wakeUp: Histogram;
  /** What the threads said last, once the result is there. */
  ends: WorkerEnd[] = [];
  private readonly rings: ArrivalRing[];
  private threads: Worker[] = [];
  /** The threads were told to go: from here on they end when they are done. */
  private gone = false;
  private settleWhenDone: (() => void) | undefined;

  constructor(
    plan: LoadPlan,
    private readonly deps: LoadDeps,
  ) {
    const memories = Array.from({ length: plan.workers }, () =>
      workerMemory(planSteps(plan).length, undefined, plan.measures?.length),
    );
    const wakeUp = new Histogram(new SharedArrayBuffer(histogramBytes));
    super(plan, { memories, wakeUps: [wakeUp], machine: () => new MachineWatch() });
    this.memories = memories;
    this.wakeUp = wakeUp;
    this.rings = Array.from({ length: plan.workers }, () => arrivalRing());
    this.result = this.run();
  }

  override abort(): void {
    super.abort();
    this.settleWhenDone?.();
  }

  protected changed(): void {
    Atomics.add(this.steering.words, control.words.wake, 1);
    Atomics.notify(this.steering.words, control.words.wake);
  }

  private async run(): Promise<LoadResult> {
    checkFileLimit(this.plan);
    const dial = await resolveDial(this.plan.endpoint);
    if (Array.isArray(dial.addresses)) checkPorts(this.plan, dial.addresses.length);
    if (this.deps.preflight !== false) await preflight(this.plan, dial);
    const { warmUp: limits } = this.deps;
    const warmUp = this.mayWarmUp()
      ? await WarmUp.prepare(this.plan, typeof limits === 'object' ? limits : undefined)
      : undefined;
    try {
      const io = this.memories.map((_, thread) => this.startIoThread(thread, dial, warmUp));
      this.threads = [...io];
      if (traitsOf(this.plan.arrivals).rate !== undefined) this.threads.push(this.startPacer(warmUp));
      return await this.conduct(io, warmUp);
    } finally {
      warmUp?.close();
      await Promise.all(this.threads.map((thread) => thread.terminate()));
    }
  }

  /** A start that is given and near leaves no time for it. */
  private mayWarmUp(): boolean {
    const { startAtUnixMs } = this.plan;
    return this.deps.warmUp !== false && (startAtUnixMs === undefined || startAtUnixMs - Date.now() > warmUpNeedsMs);
  }

  private startIoThread(thread: number, dial: Dial, warmUp: WarmUp | undefined): Worker {
    const data: IoThreadData = {
      plan: this.plan,
      dial,
      thread,
      memory: this.memories[thread]!.buffer,
      ring: this.rings[thread]!.buffer,
      control: this.steering.buffer,
      records: this.deps.onRecords !== undefined,
      warmUp: warmUp?.dataFor(thread),
    };
    return startThread('io-thread', data);
  }

  private startPacer(warmUp: WarmUp | undefined): Worker {
    const buffers = (rings: ArrivalRing[]) => rings.map((ring) => ring.buffer);
    const data: PacerThreadData = {
      plan: this.plan,
      rings: buffers(this.rings),
      control: this.steering.buffer,
      wakeUp: this.wakeUp.buffer as SharedArrayBuffer,
      warmUp: warmUp && { plan: warmUp.plan, rings: buffers(warmUp.rings), control: warmUp.control.buffer },
    };
    return startThread('pacer-thread', data);
  }

  /** Waits for the threads, warms them up, fires the start, samples until all are done. */
  private async conduct(io: Worker[], warmUp: WarmUp | undefined): Promise<LoadResult> {
    const crash = this.crashOf(this.threads);
    crash.catch(() => undefined);
    const dones = io.map((thread) => this.listen(thread));
    const loaded = new Roll(this.threads, 'loaded');
    await withDeadline(loaded, crash, threadReadyTimeoutMs);
    // Without a warm-up the pacer has nothing to do before the start.
    const ready = new Roll(warmUp === undefined ? io : this.threads, 'ready');
    warmUp?.start(this.nowUs());
    for (const thread of warmUp === undefined ? io : this.threads) thread.postMessage('warm');
    await withDeadline(ready, crash, threadReadyTimeoutMs + readyEachMs * this.plan.connections);
    warmUp?.close();
    this.start(await Promise.race([this.deps.startAt?.(), crash]));
    const allDone = Promise.all(dones);
    const sampler = setInterval(() => this.sample(), sampleMs);
    try {
      const ends = await Promise.race([allDone, crash, this.lostThreads(allDone)]);
      this.ends = ends;
      return this.observer.finalResult(ends, this.ended);
    } finally {
      clearInterval(sampler);
    }
  }

  /** Rejects where a thread fails, or ends before it was told to go: it would be waited for in vain. */
  private crashOf(threads: Worker[]): Promise<never> {
    return new Promise((_, reject) => {
      for (const thread of threads) {
        thread.once('error', reject);
        thread.once('exit', (code) => {
          if (!this.gone) reject(new Error(`a thread of the load ended with code ${code} before the start`));
        });
      }
    });
  }

  private start(startAtUnixMs = this.plan.startAtUnixMs): void {
    const inMs = startAtUnixMs === undefined ? leadMs : Math.max(leadMs, startAtUnixMs - Date.now());
    this.startIn(inMs);
    this.gone = true;
    for (const thread of this.threads) thread.postMessage('go');
  }

  private listen(thread: Worker): Promise<WorkerEnd> {
    return new Promise((resolve) => {
      thread.on('message', (message: IoThreadMessage) => {
        if (message.type === 'records') this.deps.onRecords?.(message.records);
        else if (message.type === 'done') resolve(message);
      });
    });
  }

  /** Threads that do not end by themselves are lost: after an abort soon, else when every deadline has passed. */
  private async lostThreads(done: Promise<unknown>): Promise<WorkerEnd[]> {
    await new Promise<void>((resolve) => {
      let timer: NodeJS.Timeout;
      const watch = () => {
        timer = setTimeout(() => {
          if (this.observer.finishedForMs() > this.plan.drainMs + threadGraceMs) resolve();
          else watch();
        }, 1000);
      };
      watch();
      this.settleWhenDone = () => setTimeout(resolve, threadGraceMs);
      done.finally(() => clearTimeout(timer)).catch(() => undefined);
    });
    return [];
  }
}

/** Which threads have said a word, from the moment this is made. */
class Roll {
  readonly all: Promise<unknown>;
  private readonly missing = new Set<string>();

  constructor(
    threads: Worker[],
    readonly word: string,
  ) {
    this.all = Promise.all(
      threads.map((thread, index) => this.one(thread, `thread ${index + 1} of ${threads.length}`)),
    );
  }

  get missingNames(): string {
    return [...this.missing].join(', ');
  }

  private one(thread: Worker, name: string): Promise<void> {
    this.missing.add(name);
    return new Promise((resolve) => {
      thread.on('message', (message: { type: string }) => {
        if (message.type !== this.word) return;
        this.missing.delete(name);
        resolve();
      });
    });
  }
}

async function withDeadline(roll: Roll, crash: Promise<never>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const hint = 'The machine is very busy, or the connections could not be opened: try again, or fewer --workers';
      const message = `the load's threads were not ready within ${timeoutMs / 1000} s (not ${roll.word}: ${roll.missingNames})`;
      reject(new Failure({ code: 'threads-not-ready', message, hint }));
    }, timeoutMs);
  });
  try {
    await Promise.race([roll.all, crash, late]);
  } finally {
    clearTimeout(timer);
  }
}
