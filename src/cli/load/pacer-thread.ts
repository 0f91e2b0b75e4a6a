import { parentPort, workerData } from 'node:worker_threads';
import { threadClock } from './clock-us.js';
import { arrivalRing, controlMemory } from './memory.js';
import { runPacer } from './pacer.js';
import type { LoadPlan } from './plan.js';

/** What attack.ts hands to the pacer's thread. */
export interface PacerThreadData {
  plan: LoadPlan;
  rings: SharedArrayBuffer[];
  control: SharedArrayBuffer;
}

const data = workerData as PacerThreadData;
const nowUs = threadClock();
parentPort!.once('message', () => {
  runPacer(data.plan, data.rings.map(arrivalRing), controlMemory(data.control), nowUs);
  parentPort!.close();
});
parentPort!.postMessage({ type: 'ready' });
