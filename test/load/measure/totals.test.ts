import t from 'tap';
import { ArrivalSource } from '../../../src/cli/load/engine/pacer.js';
import { Recorder } from '../../../src/cli/load/engine/recorder.js';
import { Totals } from '../../../src/cli/load/measure/totals.js';
import { workerMemory } from '../../../src/cli/load/memory/memory.js';
import { planFor, rate } from '../servers.js';

/** The latency of an arrival in microseconds, by its global index: most short, some long, none like another. */
function latencyUs(index: number): number {
  return 500 + ((index * 7919) % 10_007) * (index % 100 === 0 ? 90 : 1);
}

t.test('the same arrivals dealt to 1, 2 and 4 threads merge to the very same figures', async (t) => {
  const encoded: string[] = [];
  const summaries: unknown[] = [];
  for (const workers of [1, 2, 4]) {
    const plan = planFor(1, rate(1000, 20_000), { workers });
    const memories = Array.from({ length: workers }, () => workerMemory(1));
    const recorders = memories.map((memory) => new Recorder(memory, true, false));
    const source = new ArrivalSource(plan, workers);
    const dealt = new Array(workers).fill(0);
    for (; Number.isFinite(source.dueMs()); source.advance()) {
      const dueUs = source.dueMs() * 1000;
      const doneUs = dueUs + latencyUs(source.globalIndex);
      dealt[source.thread()]++;
      const recorder = recorders[source.thread()]!;
      recorder.sent(dueUs, dueUs, 10, true);
      recorder.answered(0, 200, dueUs, dueUs, doneUs, doneUs, 10, undefined);
    }
    t.same(dealt, new Array(workers).fill(20_000 / workers), 'dealt in turn');
    const totals = new Totals(memories);
    const { sum, sumOfSquares, ...exact } = totals.histogram((memory) => memory.response).encode();
    // Of the two sums only the order of adding differs.
    encoded.push(JSON.stringify({ ...exact, sum: Math.round(sum), squares: (sumOfSquares / 1e12).toFixed(3) }));
    summaries.push(totals.latencies());
  }
  t.equal(encoded[1], encoded[0]);
  t.equal(encoded[2], encoded[0]);
  t.same(summaries[1], summaries[0]);
  t.same(summaries[2], summaries[0]);
});
