import { once } from 'node:events';
import net from 'node:net';
import t from 'tap';
import { WarmUp } from '../../../src/cli/load/engine/warm-up.js';
import { control, counter } from '../../../src/cli/load/memory/memory.js';
import { planFor, rate } from '../servers.js';

t.test('it has memory of its own, one share for each thread, and ends when every thread has done enough', async (t) => {
  const warmUp = await WarmUp.prepare(planFor(1, rate(100, 1000), { workers: 2 }));
  t.ok(warmUp);
  if (warmUp === undefined) return;
  t.equal(warmUp.plan.workers, 2);
  t.equal(warmUp.plan.arrivals.stages[0]!.durationMs <= 300, true, 'bounded');
  t.not(warmUp.dataFor(0).memory, warmUp.dataFor(1).memory);
  warmUp.start(0);
  for (const { counters } of warmUp.memories) counters[counter.ok] = 1e6;
  const { words } = warmUp.control;
  while (Atomics.load(words, control.words.finish) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const { port } = warmUp.dataFor(0);
  warmUp.close();
  const socket = net.connect(port, '127.0.0.1');
  const [error] = await once(socket, 'error');
  t.match(error, { code: 'ECONNREFUSED' }, 'its server is gone');
});
