import type { IncomingMessage, ServerResponse } from 'node:http';

/** What is still read of a request that is being answered before its end, so that its sender can read the answer. */
const drainBytes = 64 * 1024;
const drainTimeoutMs = 2_000;

/**
 * Sees the rest of a request off whose answer is about to be written: a little of it, for a little while; then the
 * connection is closed. Nothing is swallowed without end, and a client that drips holds no connection.
 */
export function drain(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  const { socket } = request;
  let left = drainBytes;
  const cut = () => {
    if (response.writableFinished) socket.destroy();
    else {
      request.pause();
      response.once('finish', () => socket.destroy());
    }
  };
  const timer = setTimeout(cut, drainTimeoutMs);
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  request.resume();
  request.once('end', () => clearTimeout(timer));
  socket.once('close', () => clearTimeout(timer));
}
