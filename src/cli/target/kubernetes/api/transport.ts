import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../../kernel/clock.js';
import { Failure } from '../../../kernel/failure.js';
import type { ClusterCures } from './cluster-cures.js';

/** Answers larger than this are refused: 64 MiB. */
const maxBodyBytes = 64 * 1024 * 1024;
/** Credentials are prepared anew after this time, so that a token that a plug-in gives may expire: 60 s. */
const credentialsMs = 60_000;

/** One request, before it has an address. */
export interface ApiCall {
  query: Record<string, string | undefined>;
  headers: Record<string, string>;
  body?: string;
  /** 0: no deadline (streams, which end by their signal). */
  timeoutMs: number;
  signal?: AbortSignal;
}

/** Sends requests to one server with the credentials of its context. Throws Failure `credentials` or `api-unreachable`. */
export function createTransport(config: KubeConfig, server: string, clock: Clock, cures: ClusterCures) {
  const secure = server.startsWith('https:');
  let prepared: { options: RequestOptions; agent: HttpsAgent | undefined; at: number } | undefined;
  const agents = new Set<HttpsAgent>();

  const prepare = async (): Promise<{ options: RequestOptions; agent: HttpsAgent | undefined }> => {
    if (prepared !== undefined && clock.monotonic() - prepared.at < credentialsMs) return prepared;
    const options: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new Failure({
        code: 'credentials',
        message: `the credentials of context ${config.getCurrentContext()} cannot be prepared: ${(error as Error).message.split('\n')[0]}`,
        hint: 'kubectl --context NAME get ns shows whether kubectl can use them (certificate files, credential plug-ins)',
        cause: error,
      });
    }
    const own = options.agent;
    // A proxy's agent stays; the plain one is replaced by one that keeps connections alive.
    const plain = own === undefined || own === false || (own as object).constructor.name === 'Agent';
    let agent = prepared?.agent;
    if (secure && plain && agent === undefined) {
      const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
      agent = new HttpsAgent({
        keepAlive: true,
        maxSockets: 8,
        ca,
        cert,
        key,
        pfx,
        passphrase,
        rejectUnauthorized,
        servername,
      });
      agents.add(agent);
    }
    prepared = { options: { ...options, agent: agent ?? own }, agent, at: clock.monotonic() };
    return prepared;
  };

  const open = async (method: string, path: string, exchange: ApiCall): Promise<IncomingMessage> => {
    const url = new URL(server + path);
    for (const [name, value] of Object.entries(exchange.query))
      if (value !== undefined) url.searchParams.set(name, value);
    const { options } = await prepare();
    return new Promise((resolve, reject) => {
      const make = secure ? httpsRequest : httpRequest;
      const headers: Record<string, string | number> = { ...(options.headers as object), ...exchange.headers };
      if (exchange.body !== undefined) headers['content-length'] = Buffer.byteLength(exchange.body);
      const request = make(
        url,
        { ...(secure ? options : { auth: options.auth }), method, headers, signal: exchange.signal },
        resolve,
      );
      if (exchange.timeoutMs > 0) {
        request.setTimeout(exchange.timeoutMs, () =>
          request.destroy(new Error(`no answer within ${exchange.timeoutMs} ms`)),
        );
      }
      request.on('error', (error) => {
        if (exchange.signal?.aborted) reject(exchange.signal.reason);
        else reject(unreachable(server, error, cures));
      });
      request.end(exchange.body);
    });
  };

  return {
    open,
    close: () => {
      for (const agent of agents) agent.destroy();
    },
  };
}

function unreachable(server: string, error: Error, cures: ClusterCures): Failure {
  const certificate = /certificate|self.signed|CERT_|unable to verify/i.test(
    `${error.message} ${(error as NodeJS.ErrnoException).code}`,
  );
  return new Failure({
    code: 'api-unreachable',
    message: `the API server ${server} does not answer: ${error.message || (error as NodeJS.ErrnoException).code}`,
    hint: certificate
      ? `The kubeconfig does not fit this server: ${cures.kubeconfig}`
      : `Is the cluster running? ${cures.status} tells; where it is not: ${cures.start}`,
    cause: error,
  });
}

/** Reads an answer to its end, bounded in bytes and time. */
export function readAll(response: IncomingMessage, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(
      () => response.destroy(new Error(`the answer did not end within ${timeoutMs} ms`)),
      timeoutMs,
    );
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) response.destroy(new Error('the answer is larger than 64 MiB'));
      else chunks.push(chunk);
    });
    response.on('end', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    response.on('error', (error) => {
      clearTimeout(timer);
      reject(
        new Failure({ code: 'api-unreachable', message: `the API server broke off: ${error.message}`, cause: error }),
      );
    });
  });
}
