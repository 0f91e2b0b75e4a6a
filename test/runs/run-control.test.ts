import t from 'tap';
import { parseThreshold } from '../../src/cli/load/plan/thresholds.js';
import { startLoad } from '../../src/cli/load/run.js';
import { adds, httpServer, planFor, rate, tcpServer } from '../load/servers.js';

// Real servers, real sockets. Nothing here judges how quick things are: the machine may be busy.
t.setTimeout(120_000);

t.test('ends when told to: finish waits for what is open, abort does not', async (t) => {
  const port = await httpServer(t, (_, response) => setTimeout(() => response.end('x'), 300));
  const until = async (condition: () => boolean) => {
    for (let i = 0; i < 1000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const finished = startLoad(planFor(port, rate(50, 60_000)));
  await until(() => finished.snapshot().sent >= 20);
  finished.finish();
  const result = await finished.result;
  adds(t, result);
  t.match(result, { ended: 'finished', inFlight: 0 });
  t.ok(result.durationMs < 30_000 && result.ok >= 20);

  const aborted = startLoad(planFor(port, rate(50, 60_000)));
  await until(() => aborted.snapshot().sent >= 20);
  aborted.abort();
  const rest = await aborted.result;
  adds(t, rest);
  t.match(rest, { ended: 'aborted' });
  t.ok(rest.inFlight > 0, `${rest.inFlight} still in flight`);

  const early = startLoad(planFor(port, rate(50, 60_000)));
  early.finish();
  t.match(await early.result, { ended: 'finished', inFlight: 0 });
});

t.test('the rate can be changed, paused and resumed while it runs', async (t) => {
  const port = await httpServer(t, (_, response) => response.end('x'));
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const attack = startLoad(planFor(port, rate(20, 60_000)));
  while (attack.snapshot().sent < 5) await wait(20);
  attack.adjustRate(10);
  t.equal(attack.rateFactor, 10);
  const before = attack.snapshot();
  t.equal(before.targetIterationsPerSecond, 200);
  await wait(1500);
  const after = attack.snapshot();
  t.ok(after.sent - before.sent > 100, `${after.sent - before.sent} more at ten times the rate`);
  attack.pause();
  await wait(100);
  const paused = attack.snapshot();
  t.equal(paused.progress.phase, 'paused');
  await wait(400);
  t.ok(attack.snapshot().sent - paused.sent <= 1, 'nothing is sent while paused');
  attack.resume();
  while (attack.snapshot().sent < paused.sent + 20) await wait(20);
  attack.finish();
  adds(t, await attack.result);
});

t.test('a threshold with abortOnFail ends the run', async (t) => {
  const port = await httpServer(t, (_, response) => {
    response.statusCode = 500;
    response.end();
  });
  const thresholds = [parseThreshold('error_rate<1%', true)];
  const result = await startLoad(planFor(port, rate(50, 60_000), { thresholds })).result;
  adds(t, result);
  t.match(result, { ended: 'threshold', thresholds: [{ passed: false, actual: 1 }] });
});

t.test('a wrong address is an error before the load, with its cure', async (t) => {
  const dead = await tcpServer(() => undefined);
  dead.close();
  const silent = await tcpServer(() => undefined);
  const ssh = await tcpServer((socket) => socket.end('SSH-2.0-x\r\n'));
  const closing = await tcpServer((socket) => socket.end());
  t.teardown(() => [silent, ssh, closing].map((server) => server.close()));
  const table: [string, string, string][] = [
    ['refuses', `http://127.0.0.1:${dead.port}`, 'refused'],
    ['resolves to nothing', 'http://nowhere.invalid', 'dns'],
    ['never answers', `http://127.0.0.1:${silent.port}`, 'no-answer'],
    ['is not HTTP', `http://127.0.0.1:${ssh.port}`, 'not-http'],
    ['closes', `http://127.0.0.1:${closing.port}`, 'no-answer'],
    ['is not TLS', `https://127.0.0.1:${ssh.port}`, 'tls'],
  ];
  for (const [what, url, code] of table) {
    const plan = { ...planFor(1, rate(10, 100), { timeoutMs: 300 }), endpoint: { url } };
    const error = await startLoad(plan).result.catch((error) => error);
    t.match(error, { name: 'Failure', code, exitCode: 2, hint: /./ }, what);
  }
});

t.test('more connections than open files is an error before the load', async (t) => {
  const { checkFileLimit } = await import('../../src/cli/load/measure/machine.js');
  const plan = planFor(1, rate(10, 100), { maxInFlight: 2000 });
  t.throws(() => checkFileLimit(plan, 1024), { code: 'too-few-files', hint: /ulimit -n 2064.*--max-in-flight to 960/ });
  t.doesNotThrow(() => checkFileLimit(plan, 4096));
});
