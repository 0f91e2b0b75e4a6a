import { createServer } from 'node:http';
import type { Test } from 'tap';
import { makeCollectionPlan } from '../../src/cli/commands/load/collection.js';
import { type CollectionData, createFlow } from '../../src/cli/journey/collection/collection-journey.js';
import { systemClock } from '../../src/cli/kernel/clock.js';
import { runCollection } from '../../src/cli/scenario/postman/run.js';
import { listening } from '../scenario/echo-server.js';
import { runFlow } from './journey-run.js';

/** One way through a collection. */
export interface Way {
  /** Method, path and body of each request, random values replaced. */
  requests: string[];
  checks: { name: string; passed: boolean }[];
}

/** A server that answers everything with what many services do, and keeps what was asked for. */
export async function anyServer(t: Test): Promise<{ port: number; take(): string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const given = parsed(body);
      seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''} ${body}`);
      response.writeHead(200, {
        'content-type': 'application/json',
        'x-kind': 'test',
        'set-cookie': 'session=abc; Path=/',
      });
      response.end(JSON.stringify({ id: 7, token: 'tok-1', status: 'OK', access_token: 'tok-2', userId: 3, ...given }));
    });
  });
  return { port: await listening(t, server), take: () => seen.splice(0) };
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

export interface Given {
  environment?: string;
  envVar?: Record<string, string>;
  iterationData?: string;
  folder?: string[];
}

/** What `test` sends and judges of a collection; every name of a server leads to this one. */
export async function byTest(
  file: string,
  server: Awaited<ReturnType<typeof anyServer>>,
  given: Given,
  host: string,
): Promise<Way> {
  const checks: Way['checks'] = [];
  server.take();
  await runCollection(file, file, {
    cwd: '/',
    clock: systemClock,
    signal: new AbortController().signal,
    timeoutRequestMs: 10_000,
    routes: [{ host: host.replace(/:\d+$/, ''), url: `http://127.0.0.1:${server.port}` }],
    environment: given.environment,
    environmentVariables: given.envVar,
    data: given.iterationData,
    folders: given.folder,
    onEvent: (event) => {
      if (event.type !== 'check') return;
      const { name, state } = event.check;
      if (state !== 'skipped') checks.push({ name, passed: state === 'passed' });
    },
  });
  return { requests: server.take(), checks };
}

/** The same by the load engine, once for each of `iterations`. */
export async function byLoad(
  file: string,
  server: Awaited<ReturnType<typeof anyServer>>,
  given: Given,
  iterations: number,
): Promise<Way & { host: string; errors: Record<string, number>; failed: number }> {
  const { plan, data } = await planned(file, given, server.port);
  server.take();
  const host = plan.endpoint.hostHeader ?? new URL(plan.endpoint.url).host;
  const run = await runFlow((context) => createFlow(data, context), {
    steps: plan.work[0]!.kind === 'flow' ? plan.work[0]!.steps : [],
    port: server.port,
    iterations,
    host,
  });
  return { requests: server.take(), checks: run.checks, host, errors: run.errors, failed: run.failed };
}

/** The plan that `hwctl load` makes of a collection. */
export async function planned(file: string, given: Given, port: number) {
  const { plan } = await makeCollectionPlan(
    file,
    {
      env: [],
      envVar: {},
      globalVar: {},
      folder: [],
      var: {},
      header: [],
      fault: [],
      objective: [],
      threshold: [],
      stage: [],
      out: [],
      url: `http://127.0.0.1:${port}`,
      ...given,
    } as never,
    { cwd: '/', root: '/', env: {}, signal: new AbortController().signal, note: () => undefined } as never,
  );
  const [work] = plan.work;
  if (work?.kind !== 'flow') throw new Error('a collection is a flow');
  return { plan, data: JSON.parse(JSON.stringify(work.data)) as CollectionData };
}
