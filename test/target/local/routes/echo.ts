// What stands behind a gateway in the tests of routes: it answers with what arrived. Node runs it as it is, in a pod, too.
import { createServer, type IncomingMessage, type Server } from 'node:http';

/** What a service says it received. */
export interface Echo {
  service: string;
  method: string;
  /** The request's target, as it came. */
  path: string;
  /** Lower case; several of one name joined. */
  headers: Record<string, string>;
  bodyBytes: number;
}

/**
 * A service that answers 200 with an Echo; `auth` answers as `auth-url` wants it: `/status/N` with N, `/user` with 200 for
 * who sends `X-User` and 401 for others. It tells by headers what it was asked.
 */
export function echoServer(service: string): Server {
  return createServer((incoming, response) => {
    let bodyBytes = 0;
    incoming.on('data', (chunk) => {
      bodyBytes += chunk.length;
    });
    incoming.on('end', () => {
      const { method = '', url: path = '' } = incoming;
      const headers = Object.fromEntries(
        Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
      );
      response.setHeader('X-Served-By', service);
      response.setHeader('Access-Control-Allow-Origin', 'http://of-the-service.test');
      if (service === 'auth') response.statusCode = authAnswer(incoming, response.setHeader.bind(response));
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ service, method, path, headers, bodyBytes } satisfies Echo));
    });
  });
}

function authAnswer(
  { method, url = '', headers }: IncomingMessage,
  set: (name: string, value: string) => void,
): number {
  set('X-Asked-Path', url);
  set('X-Asked-Method', method ?? '');
  set('X-Asked-Host', headers.host ?? '');
  set('X-Asked-Url', String(headers['x-original-url'] ?? ''));
  set('X-Asked-Original-Method', String(headers['x-original-method'] ?? ''));
  set('X-Asked-Redirect', String(headers['x-auth-request-redirect'] ?? ''));
  set('X-Asked-Length', String(headers['content-length'] ?? 'none'));
  set('X-Asked-Cookie', headers.cookie ?? '');
  const status = /^\/status\/(\d+)/.exec(url)?.[1];
  if (status !== undefined) {
    if (status === '401') set('WWW-Authenticate', 'Bearer realm="tests"');
    return Number(status);
  }
  const user = headers['x-user'];
  if (user === undefined) return 401;
  set('X-Auth-User', `user ${String(user)}`);
  set('Set-Cookie', `session=${String(user)}`);
  return 200;
}

/** Ports of the services in the pod. */
export const podPorts = { web: 8001, api: 8002, auth: 8003 } as const;

// In the pod: `node echo.ts serve`.
if (process.argv[2] === 'serve') {
  for (const [service, port] of Object.entries(podPorts)) echoServer(service).listen(port);
  process.on('SIGTERM', () => process.exit());
}
