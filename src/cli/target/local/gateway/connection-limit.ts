import { readFileSync } from 'node:fs';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Descriptors that the process itself needs: its log, the channel to the supervisor, the event loop, modules. */
const ownDescriptors = 64;
const mostConnections = 16_384;

/** Bounds on connections that leave each of them a descriptor for its upstream, and some for upstreams that are idle. */
export function connectionBounds(descriptors = descriptorLimit()): { clients: number; idlePerUpstream: number } {
  const clients = Math.max(8, Math.min(mostConnections, Math.floor((descriptors - ownDescriptors) / 3)));
  return { clients, idlePerUpstream: Math.min(512, Math.ceil(clients / 8)) };
}

/** The soft limit of RLIMIT_NOFILE; where the system does not tell, what is usual. */
function descriptorLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? 1024 : Number(soft);
  } catch {
    return 1024;
  }
}

/**
 * Keeps a server within `most` connections: where one more comes, the one that has been without a request for longest is
 * closed, so that silent connections cannot keep others out. Only where each of them has a request in flight is the new one
 * turned away. Gives the requests in flight: of one connection (a client may send on before it has its answers), and of all.
 */
export function limitConnections(server: Server, most: number) {
  const inFlight = new Map<Socket, number>();
  // In the order in which they fell idle.
  const idle = new Set<Socket>();
  let all = 0;
  server.on('connection', (socket: Socket) => {
    if (idle.size + inFlight.size >= most) {
      const [longest] = idle;
      if (longest === undefined) {
        socket.destroy();
        return;
      }
      idle.delete(longest);
      longest.destroy();
    }
    idle.add(socket);
    socket.once('close', () => {
      idle.delete(socket);
      inFlight.delete(socket);
    });
  });
  const began = ({ socket }: { socket: Socket }, response: ServerResponse) => {
    if (socket.destroyed) return;
    all++;
    idle.delete(socket);
    inFlight.set(socket, (inFlight.get(socket) ?? 0) + 1);
    response.once('close', () => {
      all--;
      const left = (inFlight.get(socket) ?? 1) - 1;
      if (left > 0) inFlight.set(socket, left);
      else inFlight.delete(socket);
      if (left <= 0 && !socket.destroyed) idle.add(socket);
    });
  };
  server.on('request', began);
  server.on('checkContinue', began);
  return { of: (socket: Socket) => inFlight.get(socket) ?? 0, all: () => all };
}
