import { once } from 'node:events';
import http from 'node:http';
import os from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { parseThreshold } from '../../../src/cli/load/plan/thresholds.js';
import { startLoad } from '../../../src/cli/load/run.js';
import { adds, closed, get, httpServer, planFor, rate } from '../../load/servers.js';

// Real servers, real sockets. Nothing here judges how quick things are: the machine may be busy.
t.setTimeout(120_000);

t.test('open model: every arrival of the schedule, once', async (t) => {
  const seen: string[] = [];
  const port = await httpServer(t, (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.host}`);
    response.end('hello');
  });
  const loadRun = startLoad(planFor(port, rate(200, 1000), { thresholds: [parseThreshold('error_rate<1%')] }));
  t.equal(loadRun.snapshot().progress.phase, 'preparing');
  const result = await loadRun.result;
  adds(t, result);
  t.match(result, { scheduled: 200, sent: 200, dropped: 0, ok: 200, ended: 'completed', durationMs: 1000 });
  t.match(result, {
    statusCodes: { 200: 200 },
    errors: {},
    targetIterationsPerSecond: 200,
    achievedRequestsPerSecond: 200,
  });
  t.match(result.thresholds, [{ passed: true }]);
  t.equal(result.latencyMs.response.count, 200);
  t.equal(result.latencyMs.startLag.count, 200);
  t.equal(result.timingsMs.firstByte.count, 200);
  t.ok(result.latencyMs.response.p50 >= result.latencyMs.service.p50);
  // The preflight's is one more.
  t.equal(seen.length, 201);
  t.equal(seen.at(-1), `GET / 127.0.0.1:${port}`);
  t.equal(loadRun.snapshot().progress.phase, 'done');
  t.equal(loadRun.snapshot().ok, 200);
});

t.test('closed model: so many requests, so many at a time, over two threads', async (t) => {
  let now = 0;
  let most = 0;
  const port = await httpServer(t, (_, response) => {
    most = Math.max(most, ++now);
    setTimeout(() => {
      now--;
      response.end('x');
    }, 5);
  });
  const result = await startLoad(planFor(port, closed(8, 301), { workers: 2 })).result;
  adds(t, result);
  t.match(result, { scheduled: 301, ok: 301, targetIterationsPerSecond: undefined });
  t.equal(most, 8);
  t.equal(result.latencyMs.startLag.count, 0, 'nothing was scheduled, so nothing was late');
});

t.test('users at a pace, and what they miss while they are busy', async (t) => {
  const port = await httpServer(t, (request, response) => {
    setTimeout(() => response.end('x'), request.url === '/slow' ? 450 : 0);
  });
  const stages = [{ durationMs: 1000, from: 4, to: 4 }];
  const quick = await startLoad(planFor(port, { model: 'paced', paceMs: 200, stages })).result;
  adds(t, quick);
  t.match(quick, { scheduled: 20, dropped: 0, ok: 20 });
  const slow = await startLoad(planFor(port, { model: 'paced', paceMs: 200, stages }, { work: [get('/slow')] })).result;
  adds(t, slow);
  t.equal(slow.scheduled, 20);
  t.ok(slow.droppedBy.userBusy > 0, `${slow.droppedBy.userBusy} turns missed`);
  t.equal(slow.dropped, slow.droppedBy.userBusy);
});

t.test('past --max-in-flight arrivals are dropped and counted, never sent later', async (t) => {
  const port = await httpServer(t, (_, response) => setTimeout(() => response.end('x'), 400));
  const result = await startLoad(planFor(port, rate(100, 1000), { maxInFlight: 10 })).result;
  adds(t, result);
  t.equal(result.scheduled, 100);
  t.ok(result.droppedBy.maxInFlight > 30, `${result.dropped} dropped`);
  t.equal(result.peakInFlight, 10);
  t.match(result.verdict.reasons.map(({ code }) => code).join(), 'dropped');
});

t.test('weights, expected statuses and sequences of requests', async (t) => {
  const port = await httpServer(t, (request, response) => {
    let body = '';
    request.on('data', (data) => {
      body += data;
    });
    request.on('end', () => {
      response.statusCode = request.url === '/made' && body === '{"a":1}' ? 201 : request.url === '/gone' ? 404 : 200;
      response.end();
    });
  });
  const sequence = {
    kind: 'requests' as const,
    name: 'both',
    weight: 3,
    requests: [
      { step: 'make', method: 'POST', path: '/made', body: '{"a":1}', expectStatus: [201] },
      { step: 'gone', method: 'HEAD', path: '/gone', expectStatus: [404] },
    ],
  };
  const work = [get('/'), sequence];
  const result = await startLoad(planFor(port, closed(4, 400), { work })).result;
  adds(t, result);
  t.match(result, { failed: 0, iterations: { started: 400, ok: 400, failed: 0 } });
  const [one, make, gone] = result.steps.map(({ ok }) => ok) as [number, number, number];
  t.equal(one + make, 400);
  t.equal(make, gone);
  t.ok(make > 2 * one, `${make} of the heavier, ${one} of the lighter`);
  t.same(
    result.statuses.map(({ status, response }) => [status, response.count]),
    [
      [200, one],
      [201, make],
      [404, gone],
    ],
  );
});

t.test('one, two and four threads make the same arrivals and merge to the same figures', async (t) => {
  const port = await httpServer(t, (_, response) => response.end('x'));
  for (const workers of [1, 2, 4]) {
    const result = await startLoad(planFor(port, rate(100, 500), { workers })).result;
    adds(t, result);
    t.match(result, { scheduled: 50, ok: 50, workers });
    t.equal(result.latencyMs.response.count, 50);
    t.equal(result.histograms.response.count, 50);
  }
});

t.test('a journey: its module runs in the engine’s threads, its assertions are counted', async (t) => {
  const port = await httpServer(t, (request, response) => {
    response.setHeader('X-Next', `/second?of=${request.url}`);
    response.end(request.url!.startsWith('/second') ? 'bye' : 'hello');
  });
  const module = import.meta.resolve('../../load/journey-flow.js');
  const work = [
    { kind: 'flow' as const, name: 'journey', weight: 1, module, data: { path: '/first' }, steps: ['one', 'two'] },
  ];
  const result = await startLoad(planFor(port, rate(50, 400), { work })).result;
  adds(t, result);
  t.match(result, { scheduled: 40, ok: 30, failed: 10, errors: { 'assertion failed': 10 } });
  t.match(result.iterations, { started: 20, ok: 10, failed: 10 });
  t.match(result.checks, { 'says hello': { passed: 20, failed: 0 }, 'is even': { passed: 10, failed: 10 } });
  t.same(
    result.steps.map(({ step, count, failed }) => [step, count, failed]),
    [
      ['one', 20, 0],
      ['two', 20, 10],
    ],
  );
});

t.test('records of every request, where asked for', async (t) => {
  const port = await httpServer(t, (_, response) => response.end('x'));
  const records: { dueUs: number; doneUs: number; sentUs: number; status: number }[] = [];
  const onRecords = (batch: typeof records) => records.push(...batch);
  await startLoad(planFor(port, rate(100, 300)), { onRecords }).result;
  t.equal(records.length, 30);
  t.ok(records.every(({ dueUs, sentUs, doneUs, status }) => dueUs <= sentUs && sentUs <= doneUs && status === 200));
});

t.test('Unix sockets', async (t) => {
  const socketPath = join(os.tmpdir(), `hwctl-test-${process.pid}.sock`);
  const server = http.createServer((_, response) => response.end('x'));
  server.listen(socketPath);
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = { url: 'http://app.test/base', connect: { socketPath } };
  const result = await startLoad({ ...planFor(1, rate(50, 200)), endpoint }).result;
  t.match(result, { ok: 10, url: 'http://app.test/base' });
});
