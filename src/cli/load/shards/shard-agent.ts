import { createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { Failure, unreachable } from '../../kernel/failure.js';
import { MachineWatch } from '../measure/machine.js';
import type { LoadPlan } from '../plan/plan.js';
import { ThreadedRun } from '../run.js';
import { readFrames, writeFrame } from './frames.js';
import { MemorySource } from './mirror.js';
import type { FromShard, ToShard } from './shard.js';

const tellMs = 250;
/** How long it waits for a first call, and for the next one where the line broke: no load without somebody who watches. */
const patience = { firstMs: 180_000, nextMs: 15_000 };

/**
 * One share of a distributed run, for as long as somebody listens. Accepts one conductor (sharded-run.ts) at a time on
 * 127.0.0.1; a later connection takes the place of the one before and is told everything anew.
 *
 *     waiting --plan--> getting ready --start--> running --done--> told --bye--> gone (0)
 *        |                    |                     |                |
 *        +--------------------+-- nobody there -----+----------------+--> gone (1)
 */
export class ShardAgent {
  private stream: Duplex | undefined;
  private run: ThreadedRun | undefined;
  /** While it is ready and waits for its start. */
  private begin: ((atUnixMs: number) => void) | undefined;
  private source: MemorySource | undefined;
  private machine: MachineWatch | undefined;
  private last: FromShard | undefined;
  private ticker: NodeJS.Timeout | undefined;
  private alone: NodeJS.Timeout;

  /** `end` is called once, with the exit code. */
  constructor(
    private readonly end: (code: number) => void,
    private readonly waits = patience,
  ) {
    this.alone = setTimeout(() => this.leave(1), waits.firstMs);
  }

  /** Listens; for a pod, whose port-forward comes from its own loopback. */
  listen(port: number): Server {
    return createServer({ noDelay: true }, (socket) => this.accept(socket)).listen(port, '127.0.0.1');
  }

  accept(stream: Duplex): void {
    this.stream?.destroy();
    this.stream = stream;
    clearTimeout(this.alone);
    readFrames<ToShard>(stream, (message) => this.take(message));
    stream.on('error', () => stream.destroy());
    stream.on('close', () => {
      if (this.stream !== stream) return;
      this.stream = undefined;
      this.alone = setTimeout(() => this.leave(1), this.waits.nextMs);
    });
    this.source = this.run && this.sourceOf(this.run);
    if (this.last !== undefined) this.sayLast();
    else if (this.begin !== undefined) this.say({ type: 'ready' });
  }

  private take(message: ToShard): void {
    switch (message.type) {
      case 'plan':
        if (this.run === undefined) this.prepare(message.plan, message.records);
        break;
      case 'ping':
        this.say({ type: 'pong', id: message.id, unixMs: Date.now() });
        break;
      case 'start':
        this.start(message.atUnixMs);
        break;
      case 'steer':
        this.run?.adjustRate(message.factor);
        if (message.paused) this.run?.pause();
        else this.run?.resume();
        if (message.finish) this.run?.finish();
        if (message.abort) this.run?.abort();
        break;
      case 'bye':
        this.leave(0);
        break;
      default:
        unreachable(message);
    }
  }

  private prepare(plan: LoadPlan, records: boolean): void {
    const run = new ThreadedRun(withModules(plan), {
      startAt: () =>
        new Promise((resolve) => {
          this.begin = resolve;
          this.say({ type: 'ready' });
        }),
      onRecords: records ? (batch) => this.say({ type: 'records', records: batch }) : undefined,
    });
    this.run = run;
    this.source = this.sourceOf(run);
    void this.awaitEnd(run);
  }

  /** Keeps how the run ended, for whoever listens then. */
  private async awaitEnd(run: ThreadedRun): Promise<void> {
    try {
      await run.result;
      this.last = { type: 'done', ends: run.ends };
    } catch (error) {
      const known = error instanceof Failure ? error : undefined;
      this.last = { type: 'failed', code: known?.code ?? 'bug', message: (error as Error).message, hint: known?.hint };
    }
    clearInterval(this.ticker);
    this.sayLast();
  }

  private start(atUnixMs: number): void {
    this.begin?.(atUnixMs);
    this.begin = undefined;
    this.machine ??= new MachineWatch();
    this.ticker ??= setInterval(() => this.tell(), tellMs);
  }

  private sourceOf({ memories, wakeUp }: ThreadedRun): MemorySource {
    return new MemorySource([...memories.map(({ buffer }) => buffer), wakeUp.buffer]);
  }

  private tell(): void {
    if (this.stream === undefined || this.source === undefined || this.machine === undefined) return;
    const { pages, bytes } = this.source.changes();
    this.say({ type: 'figures', pages, machine: this.machine.sample() }, bytes);
  }

  private sayLast(): void {
    this.tell();
    this.say(this.last!);
  }

  private say(message: FromShard, bytes?: Uint8Array): void {
    if (this.stream !== undefined) writeFrame(this.stream, message, bytes);
  }

  private leave(code: number): void {
    clearTimeout(this.alone);
    clearInterval(this.ticker);
    if (this.last === undefined) {
      this.run?.abort();
      // The run may still wait for its start.
      this.begin?.(Date.now());
    }
    this.stream?.end();
    this.end(code);
  }
}

/** The modules of journeys lie beside this one, wherever that is. */
function withModules(plan: LoadPlan): LoadPlan {
  const work = plan.work.map((one) =>
    one.kind === 'flow' ? { ...one, module: new URL(one.module, import.meta.url).href } : one,
  );
  return { ...plan, work };
}
