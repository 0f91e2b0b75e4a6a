import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AuthQuestion, Headers } from '../routes/decision.js';
import { loopback } from '../state/ports.js';
import type { ProxiedRequest } from './forward.js';
import { type RequestHead, withHeaders } from './message-head.js';

export interface Asking {
  agent: Agent;
  timeoutMs: number;
  /** Sends the request on, with headers from the answer. */
  send(taken: Headers): void;
}

/** What is still read of an answer, whose body nobody wants, before its connection is given up. */
const answerBytes = 64 * 1024;
/** Fields of the request that say how its own body is framed: the question has none. */
const framing: Headers = [
  ['Content-Length', ''],
  ['Transfer-Encoding', ''],
  ['Expect', ''],
];

/**
 * Asks whether a request may go on (https://nginx.org/en/docs/http/ngx_http_auth_request_module.html): its headers go to
 * `auth-url`, its body stays unread. 2xx: it may; 401 and 403 are its answer, 401 a redirect where there is a sign-in; all
 * else is 500.
 */
export function authorize(exchange: ProxiedRequest, head: RequestHead, question: AuthQuestion, asking: Asking): void {
  const { response, refuse } = exchange;
  const { host, to } = question;
  if (to === undefined) {
    refuse(500, `auth-url: nothing here answers for ${host === '' ? 'it' : host}`);
    return;
  }
  let isSettled = false;
  const settle = (act: () => void) => {
    if (isSettled) return;
    isSettled = true;
    response.removeListener('close', leave);
    if (!response.destroyed && !response.writableEnded) act();
  };
  const fail = (error: Error) => settle(() => refuse(500, `auth-url: ${host} did not answer (${error.message})`));
  let outgoing: ClientRequest | undefined;
  const leave = () => outgoing?.destroy();
  response.once('close', leave);
  const ask = (isSecond: boolean) => {
    try {
      outgoing = open(head, question, to, asking);
    } catch (error) {
      fail(error as Error);
      return;
    }
    const own = outgoing;
    own.once('timeout', () => own.destroy(new Error('timeout')));
    own.once('response', (answer) => {
      settle(() => decide(exchange, question, answer, asking));
      discard(answer);
    });
    own.on('error', (error: NodeJS.ErrnoException) => {
      // A connection that was idle may be closed just as it is used: nothing was asked.
      const isStale = own.reusedSocket && error.code === 'ECONNRESET' && question.method === 'GET';
      if (isStale && !isSecond && !isSettled && !response.destroyed) ask(true);
      else fail(error);
    });
    own.end();
  };
  ask(false);
}

function open(
  head: RequestHead,
  { method, target, headers }: AuthQuestion,
  to: { port: number; isHttps: boolean },
  { agent, timeoutMs }: Asking,
): ClientRequest {
  const own = withHeaders(head.headers, [...framing, ...headers]);
  // Node would frame an empty body in chunks.
  if (!['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'].includes(method)) own.push('Content-Length', '0');
  const options = { host: loopback, port: to.port, method, path: target, headers: own, agent, timeout: timeoutMs };
  return to.isHttps ? httpsRequest(options) : httpRequest(options);
}

function decide(exchange: ProxiedRequest, question: AuthQuestion, answer: IncomingMessage, { send }: Asking): void {
  const { wanted, refuse } = exchange;
  const status = answer.statusCode ?? 0;
  wanted.cookies = answer.headers['set-cookie'] ?? [];
  wanted.alwaysSetsCookie = question.alwaysSetsCookie;
  if (status >= 200 && status < 300) {
    send(question.taken.map((name): [string, string] => [name, headerValue(answer, name)]));
  } else if (status === 401 && question.signIn !== undefined) {
    refuse(302, `see ${question.signIn}`, { location: question.signIn });
  } else if (status === 401) {
    const challenge = answer.headers['www-authenticate'];
    refuse(401, 'auth-url does not know who asks', challenge === undefined ? {} : { 'www-authenticate': challenge });
  } else if (status === 403) {
    refuse(403, 'auth-url does not allow it');
  } else {
    refuse(500, `auth-url: ${question.host} answered with ${status}`);
  }
}

function headerValue({ headers }: IncomingMessage, name: string): string {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
}

/** The connection can be used again where little is left of the answer. */
function discard(answer: IncomingMessage): void {
  let left = answerBytes;
  answer.on('error', () => undefined);
  answer.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) answer.destroy();
  });
}
