import t from 'tap';
import { Histogram } from '../../../src/cli/load/memory/histogram.js';
import { startLoad } from '../../../src/cli/load/run.js';
import { adds, get, httpProcess, planFor, rate } from '../../load/servers.js';

t.setTimeout(120_000);

t.test('against a server with known delays, any number of threads sees the same shares of them', async (t) => {
  const server = await httpProcess("setTimeout(() => response.end('x'), Number(request.url.slice(1)))");
  t.teardown(server.close);
  // By weight and seed, so that an arrival asks for the same whatever thread takes it.
  const work = [get('/100', 6), get('/700', 3), get('/2500', 1)];
  const seen: number[][] = [];
  for (const workers of [1, 2, 4]) {
    const result = await startLoad(planFor(server.port, rate(100, 2000), { workers, work })).result;
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
