import { parentPort, workerData } from 'node:worker_threads';
import { threadClock } from '../memory/clock-us.js';
import { Histogram } from '../memory/histogram.js';
import { arrivalRing, controlMemory } from '../memory/memory.js';
import { runPacer } from './pacer.js';
import type { PacerThreadData } from './thread.js';

const data = workerData as PacerThreadData;
const nowUs = threadClock();
const port = parentPort!;
port.on('message', (message: 'warm' | 'go') => {
  const { plan, rings, control } = message === 'warm' ? data.warmUp! : data;
  const wakeUp = message === 'warm' ? undefined : new Histogram(data.wakeUp);
  runPacer(plan, rings.map(arrivalRing), controlMemory(control), { nowUs, wakeUp });
  if (message === 'warm') port.postMessage({ type: 'ready' });
  else port.close();
});
port.postMessage({ type: 'loaded' });
