import { type ChildProcess, spawn } from 'node:child_process';
import { cpus } from 'node:os';
import t from 'tap';
import { startLoad } from '../../../src/cli/load/run.js';
import { adds, httpProcess, planFor, rate } from '../../load/servers.js';

// The verdict on real runs. What a machine is asked to be cannot be asserted of it: a quiet run may find it busy all the
// same, and then the verdict must say that it is the machine, with its figure.
t.setTimeout(300_000);

const runFor = async (port: number) => startLoad(planFor(port, rate(1000, 5000))).result;

t.test(
  'a machine that other work keeps busy: the numbers are marked, and the reason says whose fault it is',
  async (t) => {
    const server = await httpProcess("response.end('x')");
    t.teardown(server.close);
    const burners: ChildProcess[] = [];
    t.teardown(() => {
      for (const burner of burners) burner.kill('SIGKILL');
    });
    for (let i = 0; i < 4 * cpus().length; i++) {
      burners.push(spawn(process.execPath, ['-e', 'for (;;) Math.random();'], { stdio: 'ignore' }));
    }
    const result = await runFor(server.port);
    adds(t, result);
    const { state, reasons } = result.verdict;
    t.not(state, 'VALID');
    const machine = /It is the machine|other work kept a thread|compete for CPU/;
    t.ok(
      reasons.some(({ message }) => machine.test(message)),
      reasons.map(({ message }) => message).join('; '),
    );
  },
);

t.test('a machine left alone: VALID, or the machine is named as the reason', async (t) => {
  const server = await httpProcess("response.end('x')");
  t.teardown(server.close);
  const result = await runFor(server.port);
  adds(t, result);
  const { state, reasons } = result.verdict;
  const machine = /It is the machine|other work kept a thread|compete for CPU|no core free|throttled/;
  const others = reasons.filter(({ message }) => !machine.test(message));
  t.comment(`${state} ${reasons.map(({ message }) => message).join('; ')}`);
  t.ok(state === 'VALID' || others.length === 0, others.map(({ message }) => message).join('; '));
});

t.test('arrivals at their moments where hwctl itself is the bottleneck: the verdict says that', async (t) => {
  const server = await httpProcess("response.end('x')");
  t.teardown(server.close);
  const arrivals = rate(200_000, 1500);
  const result = await startLoad(planFor(server.port, arrivals, { maxInFlight: 200, drainMs: 2000 })).result;
  adds(t, result);
  const { state, reasons } = result.verdict;
  t.not(state, 'VALID', 'nothing in JavaScript sends 200,000 requests a second from one thread');
  t.ok(reasons.length > 0);
});
