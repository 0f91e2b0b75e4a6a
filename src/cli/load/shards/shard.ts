import type { WorkerEnd } from '../measure/figures.js';
import type { MachineFigures } from '../measure/machine.js';
import type { RequestRecord } from '../measure/metrics.js';
import type { LoadPlan } from '../plan/plan.js';

/** A distributed run: one conductor (sharded-run.ts) and, elsewhere, one shard (shard-agent.ts) for each share of the arrivals. */
export type ToShard =
  /** The shard's share of the plan; it gets ready and waits. */
  | { type: 'plan'; plan: LoadPlan; records: boolean }
  | { type: 'ping'; id: number }
  /** When the first arrival is due, by the shard's own clock. */
  | { type: 'start'; atUnixMs: number }
  /** All that is wanted of it by now. */
  | { type: 'steer'; factor: number; paused: boolean; finish: boolean; abort: boolean }
  /** Everything has been received: the shard may go. */
  | { type: 'bye' };

export type FromShard =
  | { type: 'pong'; id: number; unixMs: number }
  /** Threads, connections and warm-up are through. */
  | { type: 'ready' }
  /** With the bytes of MemoryChanges: each worker's memory, then the pacer's wake-ups. */
  | { type: 'figures'; pages: number[]; machine: MachineFigures }
  | { type: 'records'; records: RequestRecord[] }
  | { type: 'failed'; code: string; message: string; hint: string | undefined }
  /** The last figures have been sent. */
  | { type: 'done'; ends: WorkerEnd[] };
