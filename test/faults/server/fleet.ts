import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../server/postgres-cluster.js';

const entry = fileURLToPath(new URL('../../../dist/server/main.js', import.meta.url));

/** One process of a service that is started again whenever it ends, on the port it had. */
export class Replica {
  private child: ChildProcess | undefined;
  private ending = false;
  /** Times it was started. */
  starts = 0;
  /** Ends that nobody asked for, each with the last it wrote. */
  readonly crashes: string[] = [];

  private constructor(
    readonly service: string,
    readonly port: number,
    private readonly env: Record<string, string>,
  ) {}

  static async start(service: string, env: Record<string, string>): Promise<Replica> {
    const replica = new Replica(service, await freePort(), env);
    replica.run();
    return replica;
  }

  /** False where it is not running just now. */
  signal(signal: NodeJS.Signals): boolean {
    return this.child?.kill(signal) ?? false;
  }

  /** Resolves once it answers /ready. */
  async ready(timeoutMs = 60_000): Promise<void> {
    const endsAt = Date.now() + timeoutMs;
    while (Date.now() < endsAt) {
      const answer = await fetch(`http://127.0.0.1:${this.port}/ready`, { signal: AbortSignal.timeout(2_000) }).catch(
        () => undefined,
      );
      if (answer?.ok) return;
      await sleep(20);
    }
    throw new Error(`${this.service} was not ready after ${timeoutMs} ms`);
  }

  async end(): Promise<void> {
    this.ending = true;
    const child = this.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await exited;
  }

  private run(): void {
    if (this.ending) return;
    this.starts++;
    this.child = spawn(process.execPath, [entry, 'serve', this.service], {
      env: {
        ...process.env,
        HOST: '127.0.0.1',
        LOG_LEVEL: 'fatal',
        PASSWORD_COST: '10',
        INTERNAL_TOKEN: 'the-credential-of-the-fleet',
        ...this.env,
        PORT: String(this.port),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      said = `${said}${text}`.slice(-2_000);
    });
    this.child.once('exit', (code, signal) => {
      // Its port is one of those that the system lends to outgoing connections: it may be taken for a moment.
      const portTaken = said.includes('EADDRINUSE');
      if (signal !== 'SIGKILL' && !portTaken)
        this.crashes.push(`${this.service}: ${signal ?? `exit code ${code}`} ${said}`);
      setTimeout(() => this.run(), portTaken ? 200 : 0);
    });
  }
}

/** A TCP proxy in front of a service's replicas, in turn: the address that clients and the other services know. */
export class FrontDoor {
  private readonly sockets = new Set<Socket>();
  private next = 0;
  private constructor(
    private readonly server: Server,
    readonly url: string,
    readonly replicas: Replica[],
  ) {}

  static async open(): Promise<FrontDoor> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const door = new FrontDoor(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, []);
    server.on('connection', (client) => door.pass(client));
    return door;
  }

  /** Cuts every connection that passes through now, in the middle of whatever it carries; false where there is none. */
  cut(): boolean {
    for (const socket of this.sockets) socket.destroy();
    return this.sockets.size > 0;
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private pass(client: Socket, attempt = 1): void {
    const replica = this.replicas[this.next++ % Math.max(1, this.replicas.length)];
    if (replica === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect(replica.port, '127.0.0.1');
    let connected = false;
    upstream.once('connect', () => {
      connected = true;
      client.pipe(upstream).pipe(client);
    });
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
    }
    client.once('close', () => {
      this.sockets.delete(client);
      upstream.destroy();
    });
    upstream.once('close', () => {
      this.sockets.delete(upstream);
      // As a Service leads to pods that are ready: one that accepts no connection is passed over.
      if (!connected && attempt < this.replicas.length && !client.destroyed) this.pass(client, attempt + 1);
      else client.destroy();
    });
  }
}

/** Repeatable where a seed is given (mulberry32): a failing run prints its seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
