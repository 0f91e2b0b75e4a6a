import { Worker } from 'node:worker_threads';
import { entryModule } from '../../kernel/entry-module.js';
import type { Dial } from '../http/wire.js';
import type { RequestRecord } from '../measure/metrics.js';
import type { LoadPlan } from '../plan/plan.js';
import type { WarmUpData } from './warm-up.js';

/**
 * Small spaces keep collections short. The lower the limit of the old one, the less V8 lets it grow between two full
 * collections, and only those take away what an open loop leaves behind there (about 130 bytes of garbage an arrival).
 */
const resourceLimits = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 512 };

/** What run.ts hands to each I/O thread. */
export interface IoThreadData {
  plan: LoadPlan;
  dial: Dial;
  thread: number;
  memory: SharedArrayBuffer;
  ring: SharedArrayBuffer;
  control: SharedArrayBuffer;
  records: boolean;
  warmUp: WarmUpData | undefined;
}

/** What an I/O thread says to run.ts, in this order. */
export type IoThreadMessage =
  /** Its code and its work are there: it waits for `warm`. */
  | { type: 'loaded' }
  /** Warm, and its connections are open: it waits for `go`. */
  | { type: 'ready' }
  | { type: 'records'; records: RequestRecord[] }
  | {
      type: 'done';
      checks: Record<string, { passed: number; failed: number }>;
      server: string | undefined;
      /** Requests still on connections, counted from the connections: must be what the counters say. */
      busy: number;
    };

/** What run.ts hands to the pacer's thread. */
export interface PacerThreadData {
  plan: LoadPlan;
  rings: SharedArrayBuffer[];
  control: SharedArrayBuffer;
  /** Of a histogram: how late the machine woke the thread. */
  wakeUp: SharedArrayBuffer;
  /** What to run before, so that the code is compiled when it matters. */
  warmUp: Pick<PacerThreadData, 'plan' | 'rings' | 'control'> | undefined;
}

/** Starts a thread. */
export function startThread(
  ...[name, workerData]: ['io-thread', IoThreadData] | ['pacer-thread', PacerThreadData]
): Worker {
  return new Worker(entryModule(`load/engine/${name}.main`), { workerData, name, resourceLimits });
}
