import {
  type Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Headers, tooLarge } from '../routes/decision.js';
import { loopback } from '../state/ports.js';
import { type RequestHead, responseHeaders, withHeaders } from './message-head.js';

/** One request and its answer. */
export interface ProxiedRequest {
  incoming: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  /** What its route wants of the answer, whoever gives it: headers in place of others, and cookies beside others. */
  wanted: { headers: Headers; added: Headers; cookies: string[]; alwaysSetsCookie: boolean };
  /** Answers with a problem (RFC 9457). */
  refuse(status: number, detail: string, headers?: Record<string, string>): void;
}

/** Where a request goes. */
export interface Destination {
  service: string;
  port(): number | undefined;
  agent: Agent;
  timeoutMs: number;
  maxBodyBytes: number;
  /** It speaks TLS; nobody here checks its certificate, as ingress-nginx does not. */
  isHttps: boolean;
}

/** An upstream that accepts no connection is tried this often: nothing was sent, so nothing can happen twice. */
const connectAttempts = 3;
const connectRetryMs = 25;
/** How long a service may leave 100 (Continue) out before the body is asked for all the same (RFC 9110, section 10.1.1). */
const continueTimeoutMs = 1000;
/** What is still read of a request that has been answered, so that its sender can read the answer. */
const drainBytes = 256 * 1024;
const drainTimeoutMs = 2000;

/** Sends a request to its service and the answer back. What of it was sent once is never sent again. */
export function forward(exchange: ProxiedRequest, head: RequestHead, to: Destination, attempt = 1): void {
  const { incoming, response } = exchange;
  const outgoing = openRequest(exchange, head, to);
  if (outgoing === undefined) return;
  let connected = false;
  outgoing.once('socket', (socket) => {
    const ready = () => {
      connected = true;
      // The body is read only once there is somebody to read it: until then another attempt is possible.
      if (head.hasBody) sendBody(exchange, outgoing, head.awaitsContinue, to.maxBodyBytes);
    };
    if (socket.connecting) socket.once('connect', ready);
    else ready();
  });
  if (!head.hasBody) outgoing.end();
  const abandon = () => {
    if (!response.writableFinished) outgoing.destroy();
  };
  response.once('close', abandon);
  outgoing.once('timeout', () => outgoing.destroy(new Error('timeout')));
  outgoing.on('information', (interim) => relayInterim(interim, exchange));
  outgoing.once('response', (answer) => relay(answer, outgoing, exchange, to.service));
  let failed = false;
  const fail = (error: NodeJS.ErrnoException) => {
    if (failed) return;
    failed = true;
    response.removeListener('close', abandon);
    if (response.destroyed || response.writableEnded) return;
    if (!connected && attempt < connectAttempts) {
      setTimeout(() => forward(exchange, head, to, attempt + 1), connectRetryMs);
      return;
    }
    incoming.unpipe(outgoing);
    if (response.headersSent) cutOff(exchange);
    else if (error.message === 'timeout') exchange.refuse(504, `${to.service} did not answer in time`);
    else exchange.refuse(502, `${to.service} broke the connection off (${error.code ?? error.message})`);
  };
  outgoing.once('error', fail);
  // Of a 101 that nobody asked for, Node says this alone.
  outgoing.once('close', () => {
    if (!response.headersSent) fail(new Error('no answer'));
  });
}

/** The request to the service; refused where a rewrite has made of the path what no request may say. */
function openRequest(
  { incoming, refuse }: ProxiedRequest,
  head: RequestHead,
  to: Destination,
): ClientRequest | undefined {
  try {
    return (to.isHttps ? httpsRequest : httpRequest)({
      host: loopback,
      port: to.port(),
      method: incoming.method,
      path: head.target,
      headers: head.headers,
      agent: to.agent,
      timeout: to.timeoutMs,
    });
  } catch (error) {
    refuse(400, `the request cannot be sent on: ${(error as Error).message}`);
    return undefined;
  }
}

function sendBody(
  exchange: ProxiedRequest,
  outgoing: ClientRequest,
  awaitsContinue: boolean,
  maxBodyBytes: number,
): void {
  const { incoming, response, refuse } = exchange;
  let bytes = 0;
  let begun = false;
  const begin = () => {
    if (begun || response.writableEnded || response.destroyed) return;
    begun = true;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBodyBytes || response.writableEnded) return;
      incoming.unpipe(outgoing);
      if (response.headersSent) cutOff(exchange);
      else refuse(413, tooLarge(maxBodyBytes).detail, { connection: 'close' });
      outgoing.destroy();
    });
    incoming.pipe(outgoing);
  };
  if (!awaitsContinue) {
    begin();
    return;
  }
  outgoing.flushHeaders();
  const timer = setTimeout(() => {
    response.writeContinue();
    begin();
  }, continueTimeoutMs);
  outgoing.once('continue', () => {
    // relayInterim has passed it on.
    clearTimeout(timer);
    begin();
  });
  outgoing.once('response', () => clearTimeout(timer));
  outgoing.once('close', () => clearTimeout(timer));
}

/** 1xx: RFC 9110, section 15.2 has a proxy pass each on, and none to HTTP/1.0. */
function relayInterim(
  interim: { statusCode: number; rawHeaders: string[] },
  { incoming, response }: ProxiedRequest,
): void {
  if (incoming.httpVersionMinor === 0 || response.headersSent) return;
  const lines = [`HTTP/1.1 ${interim.statusCode} `];
  for (let i = 0; i < interim.rawHeaders.length; i += 2) {
    lines.push(`${interim.rawHeaders[i]}: ${interim.rawHeaders[i + 1]}`);
  }
  // Only the response whose turn it is has the connection.
  response.socket?.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function relay(answer: IncomingMessage, outgoing: ClientRequest, exchange: ProxiedRequest, service: string): void {
  const { incoming, response, requestId, refuse, wanted } = exchange;
  if (response.destroyed || response.writableEnded) {
    answer.destroy();
    return;
  }
  const reason = answer.statusMessage ?? '';
  try {
    response.writeHead(answer.statusCode ?? 502, /^[\t\x20-\x7e\x80-\xff]*$/.test(reason) ? reason : '', [
      ...withHeaders(responseHeaders(answer, requestId), wanted.headers),
      ...wanted.added.flat(),
      ...cookiesFor(answer.statusCode ?? 502, exchange).flatMap((cookie) => ['Set-Cookie', cookie]),
    ]);
  } catch {
    answer.destroy();
    refuse(502, `${service} answered with what is not HTTP`);
    return;
  }
  answer.on('error', () => cutOff(exchange));
  answer.on('aborted', () => cutOff(exchange));
  answer.on('end', () => {
    if (incoming.complete) return;
    // The service has answered without reading on: neither it nor this gateway swallows the rest.
    incoming.unpipe(outgoing);
    drain(incoming, response);
    outgoing.destroy();
  });
  answer.pipe(response);
}

/** nginx's `add_header`: with these statuses alone unless it is to be always. */
export function cookiesFor(status: number, { wanted }: Pick<ProxiedRequest, 'wanted'>): string[] {
  const isUsual = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308].includes(status);
  return isUsual || wanted.alwaysSetsCookie ? wanted.cookies : [];
}

/** Half an answer is out: a connection that breaks is the only honest end. */
function cutOff({ incoming, response }: ProxiedRequest): void {
  // Without a length or chunks (HTTP/1.0) an ordinary end would look like the end of the message.
  if (incoming.httpVersionMinor === 0) response.socket?.resetAndDestroy();
  response.destroy();
}

/**
 * Sees the rest of a request off whose answer is (or is about to be) out: a little of it, for a little while, since a sender
 * that is cut off while it sends may lose the answer; then the connection is closed.
 */
export function drain(incoming: IncomingMessage, response: ServerResponse): void {
  if (incoming.complete) return;
  const { socket } = incoming;
  let left = drainBytes;
  const cut = () => {
    if (response.writableFinished) socket.destroy();
    else {
      incoming.pause();
      response.once('finish', () => socket.destroy());
    }
  };
  const timer = setTimeout(cut, drainTimeoutMs);
  incoming.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  incoming.once('end', () => clearTimeout(timer));
  socket.once('close', () => clearTimeout(timer));
}
