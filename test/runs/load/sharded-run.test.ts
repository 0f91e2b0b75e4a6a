import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { RequestRecord } from '../../../src/cli/load/measure/metrics.js';
import { parseThreshold } from '../../../src/cli/load/plan/thresholds.js';
import { startLoad } from '../../../src/cli/load/run.js';
import { ShardAgent } from '../../../src/cli/load/shards/shard-agent.js';
import type { ShardPeer } from '../../../src/cli/load/shards/shard-link.js';
import { startShardedLoad } from '../../../src/cli/load/shards/sharded-run.js';
import { adds, closed, httpServer, planFor, rate } from '../../load/servers.js';

// Agents in this process, over real sockets: what pods do, but for the pods.
t.setTimeout(180_000);

interface Shard extends ShardPeer {
  /** Breaks the connection; with `forGood` none is accepted again. */
  cut(forGood: boolean): void;
  ended: Promise<number>;
}

async function shard(t: Test, name: string, waits?: { firstMs: number; nextMs: number }): Promise<Shard> {
  let left: (code: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    left = resolve;
  });
  const agent = new ShardAgent((code) => left(code), waits);
  const server = agent.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const sockets: Socket[] = [];
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    name,
    ended,
    connect: async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      sockets.push(socket);
      return socket;
    },
    cut: (forGood) => {
      if (forGood) server.close();
      for (const socket of sockets.splice(0)) socket.destroy();
    },
  };
}

const shards = (t: Test, count: number) =>
  Promise.all(Array.from({ length: count }, (_, index) => shard(t, `pod load-${index}`)));
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

t.test('three shards make the arrivals of one schedule, each once, and their figures are one', async (t) => {
  const seen: string[] = [];
  const port = await httpServer(t, (request, response) => {
    seen.push(request.url ?? '');
    response.end('hello');
  });
  const peers = await shards(t, 3);
  const records: RequestRecord[] = [];
  const plan = planFor(port, rate(100, 2000));
  const result = await startShardedLoad(plan, peers, { onRecords: (batch) => records.push(...batch) }).result;
  adds(t, result);
  t.match(result, { scheduled: 200, ok: 200, dropped: 0, pods: 3, workers: 1, ended: 'completed', durationMs: 2000 });
  t.equal(seen.length, 203, 'and one request before the run from each shard');
  const dueUs = records.map((record) => Math.round(record.dueUs)).sort((a, b) => a - b);
  t.same(
    dueUs,
    Array.from({ length: 200 }, (_, index) => index * 10_000),
    'every arrival of the schedule, once',
  );
  t.equal(result.latencyMs.response.count, 200);
  t.equal(result.histograms.startLag.count, 200);
  t.ok((result.machine?.wakeUpMs.count ?? 0) >= 150, 'the wake-ups of all pacers');
  t.equal(
    result.series.rows.reduce((sum, row) => sum + row.ok, 0),
    200,
  );
  t.same(await Promise.all(peers.map(({ ended }) => ended)), [0, 0, 0], 'each was told to go');
});

t.test('closed model: so many requests over all shards, thresholds over all', async (t) => {
  const port = await httpServer(t, (_, response) => response.end('x'));
  const alone = await startLoad(planFor(port, closed(6, 301))).result;
  const together = await startShardedLoad(planFor(port, closed(6, 301)), await shards(t, 2)).result;
  adds(t, together);
  t.equal(together.ok, alone.ok);
  t.same(
    together.verdict.reasons.filter(({ severity }) => severity === 'VOID'),
    [],
  );
});

t.test('live: rate, pause and an early end reach every shard', async (t) => {
  const port = await httpServer(t, (_, response) => response.end('x'));
  const loadRun = startShardedLoad(planFor(port, rate(50, 60_000)), await shards(t, 2));
  while (loadRun.snapshot().ok < 20) await later(50);
  loadRun.adjustRate(4);
  const from = loadRun.snapshot();
  await later(2000);
  const fast = loadRun.snapshot();
  const perSecond = ((fast.sent - from.sent) * 1000) / (fast.elapsedMs - from.elapsedMs);
  t.ok(perSecond > 120 && perSecond < 260, `${perSecond} a second at four times 50`);
  loadRun.pause();
  await later(1000);
  const still = loadRun.snapshot();
  t.equal(still.progress.phase, 'paused');
  await later(700);
  t.equal(loadRun.snapshot().sent, still.sent, 'nothing is sent meanwhile');
  loadRun.resume();
  await later(500);
  loadRun.finish();
  const result = await loadRun.result;
  adds(t, result);
  t.equal(result.ended, 'finished');
});

t.test('a line that breaks is called again and nothing is lost', async (t) => {
  const port = await httpServer(t, (_, response) => response.end('x'));
  const peers = await shards(t, 2);
  const loadRun = startShardedLoad(planFor(port, rate(100, 4000)), peers);
  while (loadRun.snapshot().ok < 100) await later(50);
  peers[1]!.cut(false);
  const result = await loadRun.result;
  adds(t, result);
  t.match(result, { scheduled: 400, ok: 400 });
  t.notOk(result.verdict.reasons.some(({ code }) => code === 'lost-pod'));
});

t.test('what is asked for while a line is broken is told when it is called again', async (t) => {
  const port = await httpServer(t, (_, response) => response.end('x'));
  const peers = await shards(t, 2);
  const loadRun = startShardedLoad(planFor(port, rate(100, 60_000)), peers);
  while (loadRun.snapshot().ok < 50) await later(50);
  peers[1]!.cut(false);
  await later(50);
  loadRun.finish();
  const result = await loadRun.result;
  adds(t, result);
  t.equal(result.ended, 'finished');
  t.ok(result.totalMs < 20_000, `${result.totalMs} ms of 60,000`);
  t.notOk(result.verdict.reasons.some(({ code }) => code === 'lost-pod'));
});

t.test('a shard that is gone makes the run VOID and is named; what it had told is counted', async (t) => {
  const port = await httpServer(t, (_, response) => response.end('x'));
  const peers = [await shard(t, 'pod load-0'), await shard(t, 'pod load-1', { firstMs: 60_000, nextMs: 500 })];
  const loadRun = startShardedLoad(planFor(port, rate(100, 7000)), peers, { lostAfterMs: 1500 });
  while (loadRun.snapshot().ok < 200) await later(50);
  peers[1]!.cut(true);
  t.equal(await peers[1]!.ended, 1, 'nobody watches, so it ends its load');
  const result = await loadRun.result;
  t.equal(result.verdict.state, 'VOID');
  const reason = result.verdict.reasons.find(({ code }) => code === 'lost-pod');
  t.match(reason?.message, /^pod load-1 was lost \d\.\d s into the run/);
  t.ok(result.ok >= 440 && result.ok < 600, `${result.ok} of 700: all of one, the first seconds of the other`);
});

t.test('a shard that cannot begin says why', async (t) => {
  const loadRun = startShardedLoad(planFor(1, rate(10, 1000)), await shards(t, 2));
  await t.rejects(loadRun.result, { code: 'refused', message: /^pod load-\d: / });
});

t.test('a shard that cannot be called is named, with what was in the way', async (t) => {
  const gone = { name: 'pod load-9', connect: () => Promise.reject(new Error('403 Forbidden')) };
  const loadRun = startShardedLoad(planFor(1, rate(10, 1000)), [gone], { readyTimeoutMs: 600 });
  await t.rejects(loadRun.result, {
    code: 'shard-not-ready',
    message: /^pod load-9 was not ready within \d s: 403 Forbidden$/,
  });
});

t.test('a threshold with abortOnFail is judged over all and ends every shard', async (t) => {
  const port = await httpServer(t, (_, response) => {
    response.statusCode = 500;
    response.end();
  });
  const thresholds = [parseThreshold('error_rate<1%', true)];
  const plan = planFor(port, rate(50, 60_000), { thresholds });
  const result = await startShardedLoad(plan, await shards(t, 2)).result;
  adds(t, result);
  t.equal(result.ended, 'threshold');
  t.ok(result.durationMs < 30_000);
});
