import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { CodingError, contentCodings, withoutCodings } from '../../kernel/http/content-coding.js';
import { maxBodyBytes } from '../../kernel/http/http.js';

const started = 'http.client.request.start';
const channel = 'http.client.response.finish';
const seen = new WeakSet<IncomingMessage>();

/**
 * Makes a response that is not whole an error of its request, from now until the function returned is called: its length not
 * reached, no last chunk, a coding that ends early. newman fails such a request; the runtime takes what came for all. A 101
 * is an error too: the runtime would wait for ever for the response that Node.js keeps from it.
 */
export function refuseCutResponses(): () => void {
  subscribe(started, watchRequest);
  subscribe(channel, watch);
  return () => {
    unsubscribe(started, watchRequest);
    unsubscribe(channel, watch);
  };
}

function watchRequest(message: unknown): void {
  const { request } = message as { request: ClientRequest };
  if (request.listenerCount('upgrade') > 0) return;
  request.once('upgrade', (_, socket) => {
    socket.destroy();
    request.emit('error', new Error('the server switched to another protocol (101)'));
  });
}

/** Called with the head of each response, before anyone else has it: what is listened for here is heard first. */
function watch(message: unknown): void {
  const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
  if (seen.has(response)) return;
  seen.add(response);
  // The runtime does not read the body of a redirect that it follows.
  if (response.headers.location !== undefined && Math.trunc((response.statusCode ?? 0) / 100) === 3) return;
  const fail = (error: Error) => {
    if (!request.destroyed || !response.complete) request.emit('error', error);
  };
  response.once('close', () => {
    if (!response.complete) fail(new Error('the server closed the connection before the response was complete'));
  });
  const codings = contentCodings(Object.entries({ 'content-encoding': response.headers['content-encoding'] ?? '' }));
  if (codings.length > 0) watchContent(response, codings, fail);
}

function watchContent(response: IncomingMessage, codings: readonly string[], fail: (error: Error) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not before the runtime reads: who listens for data starts it.
  response.once('resume', () =>
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBodyBytes) chunks.push(chunk);
    }),
  );
  response.once('end', () => {
    if (response.statusCode === 206 || bytes > maxBodyBytes) return;
    try {
      withoutCodings(Buffer.concat(chunks), codings, maxBodyBytes);
    } catch (error) {
      // A body that is large is the runtime's matter.
      if (error instanceof CodingError && error.code === 'bad-encoding') fail(error);
    }
  });
}
