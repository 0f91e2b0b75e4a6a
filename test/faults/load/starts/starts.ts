// node --import delays.js starts.js COUNT, as starts.test.ts builds it: starts the engine so many times in this process, some at a time, and prints what
// went wrong with each that hung, lost a thread or sent something else than planned.
import { once } from 'node:events';
import net from 'node:net';
import type { LoadPlan, Work } from '../../../../src/cli/load/plan/plan.js';
import { definePlan } from '../../../../src/cli/load/plan/plan-define.js';
import { ThreadedRun } from '../../../../src/cli/load/run.js';

const [count, atOnce] = [Number(process.argv[2]), 4];
const server = net.createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;

const arrivals: LoadPlan['arrivals'][] = [
  { model: 'open', poisson: false, stages: [{ durationMs: 20, from: 200, to: 200 }] },
  { model: 'open', poisson: true, stages: [{ durationMs: 15, from: 400, to: 400 }] },
  { model: 'paced', paceMs: 5, stages: [{ durationMs: 15, from: 2, to: 2 }] },
  { model: 'closed', requests: 4, stages: [{ durationMs: Number.POSITIVE_INFINITY, from: 2, to: 2 }] },
];
const request = { step: 'GET /', method: 'GET', path: '/' };
const work: Work[] = [{ kind: 'requests', name: 'GET /', weight: 1, requests: [request] }];

async function start(index: number) {
  const workers = 1 + (index % 2);
  const plan = definePlan({ endpoint: { url }, work, arrivals: arrivals[index % arrivals.length]!, workers });
  const run = new ThreadedRun(plan, { warmUp: { longestMs: 10 + (index % 20), enoughRequests: 40 } });
  const result = await run.result;
  // One that hangs at its end is given up after its drain time, without its threads; one that hangs before fails.
  if (run.ends.length !== workers) return `${run.ends.length} of ${workers} threads ended`;
  if (result.ok === 0 || result.ok + result.dropped !== result.scheduled)
    return `${result.ok} of ${result.scheduled} answered`;
  return undefined;
}

let next = 0;
let bad = 0;
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    while (next < count) {
      const index = next++;
      const wrong = await start(index).catch((error) => error.message);
      if (wrong === undefined) continue;
      bad++;
      console.log(`start ${index}: ${wrong}`);
    }
  }),
);
console.log(`${count} starts, ${bad} wrong`);
process.exit(bad === 0 ? 0 : 1);
