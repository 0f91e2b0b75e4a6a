import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFlow, type K6Data } from '../../src/cli/k6/k6-flow.js';
import { type ReadScript, readScript, type ScriptRequest } from '../../src/cli/k6/read-script.js';
import type { FlowResponse } from '../../src/cli/load/engine/flow.js';

/** A script's text read as `hwctl load` reads it; `files` lie beside it. */
export function readText(
  text: string,
  asked: Partial<ScriptRequest> = {},
  files: Record<string, string> = {},
): ReadScript {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-k6-'));
  try {
    for (const [name, held] of Object.entries({ ...files, 'test.js': text })) writeFileSync(join(folder, name), held);
    return readScript({
      file: join(folder, 'test.js'),
      shown: 'test.js',
      env: {},
      overrides: {},
      scenario: undefined,
      seed: 1,
      ...asked,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a server says to a request of a script. */
export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface Followed {
  /** `GET /path`, with the body behind it where there is one; a sleep as `sleep 100`. */
  did: string[];
  /** Whole requests as they go on the wire. */
  sent: string[];
  checks: [name: string, passed: boolean][];
  measures: [index: number, value: number][];
  /** Why responses counted as failed. */
  failures: string[];
  spoilt: number;
}

/** Follows iterations of a script by the seam of the load engine, without an engine. */
export function follow(script: ReadScript, answer: (line: string) => Answer = () => ({}), iterations = 1): Followed {
  const done: Followed = { did: [], sent: [], checks: [], measures: [], failures: [], spoilt: 0 };
  const data: K6Data = {
    ...script.data,
    file: 'test.js',
    model: script.shape.arrivals.model === 'closed' ? 'closed' : 'open',
    shares: script.shape.shares,
    measures: script.measures.map(({ name }) => name),
    origins: script.origins.map(({ origin }) => origin),
    setup: undefined,
    rps: undefined,
  };
  // As a thread or a pod gets it.
  const flow = createFlow(JSON.parse(JSON.stringify(data)), {
    basePath: '',
    hostHeader: 'shop.test',
    secure: false,
    compression: false,
    place: { index: 0, count: 1 },
    check: (name, passed) => done.checks.push([name, passed]),
    measure: (index, value) => done.measures.push([index, value]),
  }) as ReturnType<typeof createFlow>;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const journey = flow.begin(iteration, 0);
    let action = journey.next(undefined);
    for (let turn = 0; action.do !== 'end' && turn < 1000; turn++) {
      if (action.spoilt) done.spoilt++;
      if (action.do === 'wait') {
        if (!action.spoilt && action.ms !== 10) done.did.push(`sleep ${Math.round(action.ms)}`);
        action = journey.next(undefined);
      } else if (action.do === 'unsent') {
        done.did.push('unsent');
        action = journey.next(undefined);
      } else {
        const text = Buffer.from(action.bytes).toString();
        const [head = '', body = ''] = text.split('\r\n\r\n');
        const line = head.split(' HTTP/1.1')[0]!;
        done.sent.push(text);
        done.did.push(body === '' ? line : `${line} ${body}`);
        action = journey.next(responseOf(answer(line)));
      }
      if (action.failure !== undefined) done.failures.push(action.failure);
    }
    if (action.spoilt) done.spoilt++;
  }
  return done;
}

function responseOf({ status = 200, headers = {}, body = '' }: Answer): FlowResponse {
  const all = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]]));
  return {
    status,
    header: (name) => all.get(name)?.[0],
    headers: (name) => all.get(name) ?? [],
    allHeaders: () => all,
    body: Buffer.from(body),
    serviceMs: 5,
  };
}
