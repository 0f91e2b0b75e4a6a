import t from 'tap';
import { ArrivalSource } from '../../../src/cli/load/engine/pacer.js';
import { Recorder } from '../../../src/cli/load/engine/recorder.js';
import { Totals } from '../../../src/cli/load/measure/totals.js';
import { Histogram } from '../../../src/cli/load/memory/histogram.js';
import { workerMemory } from '../../../src/cli/load/memory/memory.js';
import { startAttack } from '../../../src/cli/load/run.js';
import { adds, get, httpProcess, planFor, rate } from '../../load/servers.js';

t.setTimeout(120_000);

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

t.test('against a server with known delays, any number of threads sees the same shares of them', async (t) => {
  const server = await httpProcess("setTimeout(() => response.end('x'), Number(request.url.slice(1)))");
  t.teardown(server.close);
  // By weight and seed, so that an arrival asks for the same whatever thread takes it.
  const work = [get('/100', 6), get('/700', 3), get('/2500', 1)];
  const seen: number[][] = [];
  for (const workers of [1, 2, 4]) {
    const result = await startAttack(planFor(server.port, rate(100, 2000), { workers, work })).result;
    adds(t, result);
    t.match(result, { scheduled: 200, ok: 200 });
    seen.push(result.steps.map(({ count }) => count));
    const merged = Histogram.decode(result.histograms.service);
    const [short, middle, long] = result.steps.map(({ count }) => count) as [number, number, number];
    // A server is late at times, but never early: percentiles lie in the class that has that share of the arrivals.
    t.ok(merged.percentileUs((100 * short) / 200) >= 95_000);
    t.ok(merged.percentileUs((100 * (short + 1)) / 200) >= 400_000);
    t.ok(merged.percentileUs((100 * (short + middle + 1)) / 200) >= 2_490_000);
    t.equal(short + middle + long, 200);
  }
  t.same(seen[1], seen[0]);
  t.same(seen[2], seen[0]);
});
