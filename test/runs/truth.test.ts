import t from 'tap';
import { startLoad } from '../../src/cli/load/run.js';
import { adds, httpProcess, planFor, rate } from '../load/servers.js';

// Servers whose latency is known by construction. Counts and lower bounds only: a busy machine adds latency, it never
// takes any away. The timing figures are those of bench/load-truth.ts.
t.setTimeout(120_000);

t.test('a fixed 50 ms at 100 a second: no response is quicker, whatever the number of threads', async (t) => {
  const server = await httpProcess("setTimeout(() => response.end('x'), 50)");
  t.teardown(server.close);
  for (const workers of [1, 2]) {
    const result = await startLoad(planFor(server.port, rate(100, 1000), { workers })).result;
    adds(t, result);
    t.match(result, { scheduled: 100, ok: 100 });
    // Node's timers may fire a millisecond early.
    t.ok(result.latencyMs.service.min >= 48, `min ${result.latencyMs.service.min}`);
    t.ok(result.latencyMs.response.p50 >= 48, `p50 ${result.latencyMs.response.p50}`);
  }
});

t.test('a server stopped for two seconds: every arrival of that time is counted with the time it waited', async (t) => {
  const server = await httpProcess("response.end('x')");
  t.teardown(server.close);
  const attack = startLoad(planFor(server.port, rate(100, 4000)));
  while (attack.snapshot().sent < 50) await new Promise((resolve) => setTimeout(resolve, 20));
  const stoppedAt = attack.snapshot();
  server.child.kill('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const stillAt = attack.snapshot();
  server.child.kill('SIGCONT');
  const result = await attack.result;
  adds(t, result);
  t.match(result, { scheduled: 400, ok: 400, dropped: 0 });
  const meanwhile = stillAt.sent - stoppedAt.sent;
  t.ok(meanwhile > 100, `arrivals went on: ${meanwhile} while it stood still`);
  t.ok(result.latencyMs.response.max >= 1900, `the first waited ${result.latencyMs.response.max} ms`);
  // Those of the first second of two waited a second or more: a quarter of all.
  t.ok(result.latencyMs.response.p90 >= 900, `p90 ${result.latencyMs.response.p90}`);
  t.ok(result.peakInFlight > 100);
});

t.test(
  'a server that manages 20 a second under 60: a queue, and latency that grows; nothing is left out',
  async (t) => {
    const body = `
    global.queue ??= [];
    global.timer ??= setInterval(() => global.queue.shift()?.end('x'), 50);
    global.queue.push(response);`;
    const server = await httpProcess(body);
    t.teardown(server.close);
    const result = await startLoad(planFor(server.port, rate(60, 1500))).result;
    adds(t, result);
    t.match(result, { scheduled: 90, ok: 90 });
    t.ok(result.totalMs >= 4000, `the last came in after ${result.totalMs} ms`);
    t.ok(result.latencyMs.response.p99 >= 2000);
  },
);
