// Loaded with --import, so by every thread of the process: puts random pauses before and behind each step by which the
// engine's threads wait for and wake one another. Nothing of the engine knows of it.
import { MessagePort, threadId, Worker } from 'node:worker_threads';

const { wait } = Atomics;
const nap = new Int32Array(new SharedArrayBuffer(4));
let seed = (Number(process.env.STARTS_SEED ?? 1) * 7919 + threadId * 104_729) >>> 0;

function random() {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
}

/** `often`: share of the calls that are slept before, up to 20 ms; ten times as many spin for up to 0.2 ms. */
function pause(often) {
  const what = random();
  if (what < often) wait(nap, 0, 0, random() * 20);
  else if (what < 10 * often) for (const until = performance.now() + random() * 0.2; performance.now() < until; );
}

function slowly(owner, name, often) {
  const original = owner[name];
  owner[name] = function (...args) {
    pause(often);
    const result = original.apply(this, args);
    pause(often);
    return result;
  };
}

// Reads and writes of a word come with each arrival, sleeps and messages seldom.
for (const name of ['load', 'store', 'add', 'notify']) slowly(Atomics, name, 0.001);
for (const name of ['wait', 'waitAsync']) slowly(Atomics, name, 0.08);
slowly(Worker.prototype, 'postMessage', 0.05);
slowly(MessagePort.prototype, 'postMessage', 0.05);
