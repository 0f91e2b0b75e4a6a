// Runs a k6 script without k6: a stand-in for the part of its API that exported scripts use (https://grafana.com/docs/k6),
// not k6 itself. k6's calls are synchronous, so the script runs in a thread that sleeps while this process sends the request.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type MessagePort, Worker } from 'node:worker_threads';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { Test } from 'tap';

/** What one iteration of a script did. */
export interface K6Summary {
  requests: number;
  passes: number;
  fails: number;
}

/** What the thread asks to be sent; `redirects` 0 follows none. */
interface Asked {
  method: string;
  url: string;
  body: string | null;
  headers: Record<string, string>;
  timeoutMs: number;
}

/** The modules `k6`, `k6/http` and `k6/encoding` as the thread sees them. */
const modules: Record<string, string> = {
  'index.js': `
    import { state } from './state.js';
    export const check = (value, checks) => {
      const results = Object.values(checks).map((test) => typeof test === 'function' ? test(value) : test).map(Boolean);
      for (const result of results) result ? state.passes++ : state.fails++;
      return results.every(Boolean);
    };
    export const group = (name, run) => run();
    export const sleep = (seconds) => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000); };`,
  'encoding.js': `export default { b64encode: (text) => Buffer.from(text).toString('base64') };`,
  'state.js': `export const state = { requests: 0, passes: 0, fails: 0 };`,
  // Go's cookie jar and redirects, as far as a script can see them: one jar a virtual user, ten hops, 303 and a POST's 301 and 302 become GET.
  'http.js': `
    import { receiveMessageOnPort, workerData } from 'node:worker_threads';
    import { state } from './state.js';
    const { port, bell } = workerData, rung = new Int32Array(bell);
    class CookieJar { cookies = new Map(); }
    const own = new CookieJar();
    const exchange = (asked) => {
      state.requests++;
      Atomics.store(rung, 0, 0);
      port.postMessage(asked);
      while (Atomics.load(rung, 0) === 0) if (Atomics.wait(rung, 0, 0, 60_000) === 'timed-out') throw new Error('no response in 60 s');
      return receiveMessageOnPort(port).message;
    };
    const request = (method, url, body = null, params = {}) => {
      const { headers = {}, redirects = 10, timeout = 60_000, jar = own } = params;
      let asked = { method, url, body: body === undefined ? null : body, headers: { ...headers }, timeoutMs: timeout };
      for (let left = redirects; ; left--) {
        const cookie = [...jar.cookies].map(([name, value]) => name + '=' + value).join('; ');
        const { status, headers, cookies, text, durationMs } = exchange({ ...asked, headers: cookie === '' ? asked.headers : { ...asked.headers, Cookie: cookie } });
        for (const [name, value] of cookies) jar.cookies.set(name, value);
        const location = Object.entries(headers).find(([name]) => name.toLowerCase() === 'location')?.[1];
        if (![301, 302, 303, 307, 308].includes(status) || location === undefined || left <= 0)
          return { status, headers, body: text, timings: { duration: durationMs }, cookies: Object.fromEntries(cookies.map(([name, value]) => [name, [{ name, value }]])) };
        asked = { ...asked, url: new URL(location, asked.url).href };
        if (status < 307 && asked.method !== 'HEAD') asked = { ...asked, method: 'GET', body: null };
      }
    };
    const named = (method) => (url, body, params) => request(method, url, body, params);
    export default {
      CookieJar, request,
      batch: (list) => list.map((each) => request(...each)),
      get: (url, params) => request('GET', url, null, params), post: named('POST'), put: named('PUT'), patch: named('PATCH'), del: named('DELETE'),
    };`,
  'package.json': JSON.stringify({
    name: 'k6',
    type: 'module',
    exports: { '.': './index.js', './http': './http.js', './encoding': './encoding.js', './state': './state.js' },
  }),
};

const main = `
  import { parentPort, workerData } from 'node:worker_threads';
  globalThis.__ENV = {}; globalThis.__ITER = 0; globalThis.__VU = 1;
  globalThis.console = { log() {}, error() {}, warn() {} };
  const { state } = await import('k6/state');
  const script = await import(workerData.script);
  script.default();
  parentPort.postMessage(state);`;

/** Runs the default function of `script` once; throws what it throws, also where it does not parse or has no such import. */
export async function runInStandIn(t: Test, script: string): Promise<K6Summary> {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-k6-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const home = join(folder, 'node_modules', 'k6');
  mkdirSync(home, { recursive: true });
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(home, name), text);
  writeFileSync(join(folder, 'script.mjs'), script);
  writeFileSync(join(folder, 'main.mjs'), main);
  const { port1, port2 } = new MessageChannel();
  const bell = new SharedArrayBuffer(4);
  serve(port1 as unknown as MessagePort, new Int32Array(bell));
  const worker = new Worker(pathToFileURL(join(folder, 'main.mjs')), {
    workerData: { port: port2, bell, script: pathToFileURL(join(folder, 'script.mjs')).href },
    transferList: [port2 as unknown as MessagePort],
    execArgv: [],
  });
  try {
    return await new Promise<K6Summary>((resolve, reject) => {
      worker.on('message', resolve);
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`the script ended with ${code} before its end`)));
    });
  } finally {
    await worker.terminate();
    port1.close();
  }
}

/** Sends what the thread asks for and wakes it with the answer; status 0 where there is none. */
function serve(port: MessagePort, bell: Int32Array): void {
  const answer = (response: object) => {
    port.postMessage(response);
    Atomics.store(bell, 0, 1);
    Atomics.notify(bell, 0);
  };
  port.on('message', ({ method, url, body, headers, timeoutMs }: Asked) => {
    const begin = performance.now();
    const failed = () => answer({ status: 0, headers: {}, cookies: [], text: null, durationMs: 0 });
    const all = {
      ...headers,
      ...(body === null ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
    };
    const sent = request(url, { method, headers: all, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', failed);
      response.on('end', () => {
        const cookies = (response.headers['set-cookie'] ?? []).map((line) => /^([^=]*)=([^;]*)/.exec(line)!.slice(1));
        const lines = Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(', ')]);
        answer({
          status: response.statusCode,
          headers: Object.fromEntries(lines),
          cookies,
          text: decoded(Buffer.concat(chunks), response.headers['content-encoding']).toString(),
          durationMs: performance.now() - begin,
        });
      });
    });
    sent.on('error', failed);
    sent.on('timeout', () => sent.destroy(new Error('timeout')));
    sent.end(body ?? undefined);
  });
}

function decoded(bytes: Buffer, coding: string | undefined): Buffer {
  if (coding === 'gzip') return gunzipSync(bytes);
  if (coding === 'deflate') return inflateSync(bytes);
  return coding === 'br' ? brotliDecompressSync(bytes) : bytes;
}
