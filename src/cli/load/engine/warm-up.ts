import { once } from 'node:events';
import net from 'node:net';
import { traitsOf } from '../arrivals/models.js';
import type { WarmUpLimits } from '../load-run.js';
import {
  type ArrivalRing,
  arrivalRing,
  type ControlMemory,
  control,
  controlMemory,
  counter,
  type WorkerMemory,
  workerMemory,
} from '../memory/memory.js';
import type { LoadPlan } from '../plan/plan.js';
import { definePlan } from '../plan/plan-define.js';

/** Longest warm-up, and how many requests of a thread are enough for its code to be compiled. */
const usualLimits: WarmUpLimits = { longestMs: 300, enoughRequests: 3000 };
const connectionsPerThread = 16;
const answer = Buffer.from(
  'HTTP/1.1 200 OK\r\nServer: warm-up\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello',
);

/** What one I/O thread needs to warm up. */
export interface WarmUpData {
  plan: LoadPlan;
  port: number;
  memory: SharedArrayBuffer;
  ring: SharedArrayBuffer;
  control: SharedArrayBuffer;
}

/**
 * A throwaway run before the real one, by the very same code and threads, against a server of this process and into memory
 * of its own that nobody reads: the first 50 ms of a cold engine are 5 to 50 ms late. The target sees nothing of it.
 */
export class WarmUp {
  readonly rings: ArrivalRing[];
  readonly memories: WorkerMemory[];
  readonly control: ControlMemory;
  private watch: NodeJS.Timeout | undefined;

  private constructor(
    readonly plan: LoadPlan,
    private readonly server: net.Server,
    private readonly sockets: Set<net.Socket>,
    private readonly enoughRequests: number,
  ) {
    this.rings = Array.from({ length: plan.workers }, () => arrivalRing());
    this.memories = Array.from({ length: plan.workers }, () => workerMemory(1));
    this.control = controlMemory();
    this.control.numbers[control.numbers.factor] = 1;
  }

  /** Starts the throwaway server; undefined where this machine allows none (then the run begins cold). */
  static async prepare(plan: LoadPlan, limits: WarmUpLimits = usualLimits): Promise<WarmUp | undefined> {
    const sockets = new Set<net.Socket>();
    const server = net.createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      socket.on('data', () => socket.write(answer));
    });
    try {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    } catch {
      return undefined;
    }
    const { port } = server.address() as net.AddressInfo;
    return new WarmUp(warmUpPlan(plan, port, limits), server, sockets, limits.enoughRequests);
  }

  /** What the thread with this number gets. */
  dataFor(thread: number): WarmUpData {
    return {
      plan: this.plan,
      port: (this.server.address() as net.AddressInfo).port,
      memory: this.memories[thread]!.buffer,
      ring: this.rings[thread]!.buffer,
      control: this.control.buffer,
    };
  }

  /** Sets its first arrival and ends it as soon as every thread has done enough. */
  start(nowUs: number): void {
    this.control.numbers[control.numbers.originUs] = nowUs + 5000;
    this.watch = setInterval(() => {
      if (this.memories.every(({ counters }) => counters[counter.ok]! >= this.enoughRequests)) this.finish();
    }, 10);
  }

  /** Closes the server. */
  close(): void {
    clearInterval(this.watch);
    this.finish();
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private finish(): void {
    const { words } = this.control;
    Atomics.store(words, control.words.finish, 1);
    Atomics.add(words, control.words.wake, 1);
    Atomics.notify(words, control.words.wake);
  }
}

/** As many requests as the time allows, at a rate where the real plan is: the two take different ways through the engine. */
function warmUpPlan(plan: LoadPlan, port: number, { longestMs, enoughRequests }: WarmUpLimits): LoadPlan {
  const connections = connectionsPerThread * plan.workers;
  const perSecond = (1.5 * enoughRequests * 1000 * plan.workers) / longestMs;
  const atRate = traitsOf(plan.arrivals).rate !== undefined;
  const value = atRate ? perSecond : connections;
  const stages = [{ durationMs: longestMs, from: value, to: value }];
  return definePlan({
    name: 'warm-up',
    endpoint: { url: `http://127.0.0.1:${port}` },
    work: [{ kind: 'requests', name: 'GET /', weight: 1, requests: [{ step: 'GET /', method: 'GET', path: '/' }] }],
    arrivals: atRate ? { model: 'open', poisson: false, stages } : { model: 'closed', stages },
    connections,
    maxInFlight: 4 * connections,
    workers: plan.workers,
    timeoutMs: 1000,
    drainMs: 100,
  });
}
