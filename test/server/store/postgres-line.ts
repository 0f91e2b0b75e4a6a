import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What the line does with what passes: all of it; nothing, as a network that drops packets; or COMMIT, but not its answer. */
export type LineMode = 'pass' | 'silent' | 'lose-commits';

/** A TCP proxy in front of a Postgres, to break. */
export class PostgresLine {
  mode: LineMode = 'pass';
  /** Commits whose answer was lost. */
  lost = 0;
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private port = 0;

  constructor(private readonly target: URL) {}

  /** Opens it, the second time on the port it had; gives the URL of the database behind it. */
  async open(): Promise<string> {
    const server = createServer((client) => this.pass(client));
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    const url = new URL(this.target);
    url.port = String(this.port);
    return url.href;
  }

  /** From now on connections are refused, and those there are, are cut. */
  async close(): Promise<void> {
    const closed = this.server && once(this.server, 'close');
    this.server?.close();
    this.cut();
    await closed;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private pass(client: Socket): void {
    const upstream = connect(Number(this.target.port), '127.0.0.1');
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.sockets.delete(socket);
        end();
      });
    }
    let committing = false;
    client.on('data', (chunk) => {
      if (this.mode === 'silent') return;
      committing = this.mode === 'lose-commits' && chunk.includes('COMMIT\0');
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (this.mode === 'silent') return;
      if (committing) {
        this.lost++;
        end();
      } else client.write(chunk);
    });
  }
}
