import { execFileSync } from 'node:child_process';
import t from 'tap';
import { startLoad } from '../../../src/cli/load/run.js';
import { adds, httpProcess, planFor } from '../../load/servers.js';

t.setTimeout(300_000);

/** Files a process may open here; generator and server need one for each connection, and the generator some beside. */
const files = Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).replace('unlimited', '1000000'));
const users = 10_000;

t.test(
  '10,000 users, each with a connection of its own, once a second',
  { skip: files < users + 200 ? `ulimit -n allows ${files} open files` : false },
  async (t) => {
    const server = await httpProcess("server.keepAliveTimeout = 600000; response.end('x')");
    t.teardown(server.close);
    const stages = [{ durationMs: 6000, from: users, to: users }];
    // A busy machine may be seconds late: nothing here judges how quick it is.
    const plan = planFor(server.port, { model: 'paced', paceMs: 1000, stages }, { timeoutMs: 60_000 });
    t.equal(plan.connections, users);
    const result = await startLoad(plan).result;
    adds(t, result);
    t.equal(result.scheduled, 6 * users);
    t.equal(result.failed + result.timedOut + result.inFlight, 0);
    t.equal(result.ok + result.droppedBy.userBusy, 6 * users);
    t.ok(result.connections.peak >= users * 0.99, `${result.connections.peak} connections at once`);
    t.comment(`${result.connections.opened} connections opened, ${result.droppedBy.userBusy} turns missed`);
  },
);
