// What newman's users do not see of a run: its end before the end, and what reports say was sent.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import type { PostmanOptions } from '../../../src/cli/scenario/postman/options.js';
import { runCollection } from '../../../src/cli/scenario/postman/run.js';
import type { ScenarioEvent, ScenarioResult, Traffic } from '../../../src/cli/scenario/result.js';
import { echoServer, listening } from '../../scenario/echo-server.js';

const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
const test = (...exec: string[]) => [{ listen: 'test', script: { exec } }];

interface Told {
  result: ScenarioResult | undefined;
  error: Error | undefined;
  events: ScenarioEvent[];
  traffic: Traffic[];
}

async function run(t: Test, item: unknown[], options: Partial<PostmanOptions> = {}): Promise<Told> {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-collection-run-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'c.json'), JSON.stringify({ info: { name: 'c', schema }, item }, null, 1));
  writeFileSync(join(folder, 'upload.txt'), 'uploaded');
  const events: ScenarioEvent[] = [];
  const given: PostmanOptions = {
    cwd: folder,
    clock: systemClock,
    signal: new AbortController().signal,
    traffic: true,
    ...options,
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
  };
  const error = await runCollection(join(folder, 'c.json'), 'c.json', given).then(
    () => undefined,
    (error: Error) => error,
  );
  const result = events.find((event) => event.type === 'scenario-end')?.result;
  return { result, error, events, traffic: events.flatMap((e) => (e.type === 'traffic' ? [e.traffic] : [])) };
}

/** A server that takes requests and never answers; `asked` once the first is there. */
async function silentServer(t: Test) {
  let heard: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const url = `http://127.0.0.1:${await listening(
    t,
    createServer(() => heard()),
  )}`;
  return { url, asked };
}

t.test('--timeout ends the request under way and is a failure', async (t) => {
  const { url } = await silentServer(t);
  const { result, error } = await run(t, [{ name: 'waits', request: url }], { timeoutMs: 500 });
  t.equal(error, undefined);
  t.equal(result?.passed, false);
  const [failure, ...more] = result?.failures ?? [];
  t.match(failure?.messages, [/^callback timed out.* 500 ms/]);
  t.equal(failure?.step.name, 'waits');
  t.same(more, []);
  t.ok(result!.durationMs < 5000, `${result?.durationMs} ms`);
});

t.test('--timeout ends an endless script', async (t) => {
  const url = await echoServer(t);
  const endless = { name: 'endless', request: `${url}/json`, event: test('while (true) {}') };
  const { result } = await run(t, [endless, { name: 'after', request: url }], { timeoutMs: 1000 });
  t.match(result?.failures[0]?.messages, [/^callback timed out/]);
  t.ok(result!.durationMs < 5000, `${result?.durationMs} ms`);
});

t.test('an interrupt ends what is under way; what was found until then is told', async (t) => {
  const echo = await echoServer(t);
  const fine = { name: 'fine', request: `${echo}/json`, event: test("pm.test('fine', () => {});") };
  const waits = (url: string) => ({ name: 'waits', request: url });
  const asks = (url: string) => ({
    name: 'asks',
    request: `${echo}/json`,
    event: test(`pm.sendRequest('${url}', () => {});`),
  });
  for (const make of [waits, asks]) {
    const { url, asked } = await silentServer(t);
    const last = make(url);
    const controller = new AbortController();
    const reason = new Error('interrupted by SIGINT');
    const running = run(t, [fine, last, fine], { signal: controller.signal });
    await asked;
    const startedMs = performance.now();
    controller.abort(reason);
    const { result, error } = await running;
    t.ok(performance.now() - startedMs < 3000, 'within a moment');
    t.equal(error, reason);
    t.equal(result?.assertions.executed, 1);
    t.match(result?.failures, [{ step: { name: last.name }, messages: ['interrupted by SIGINT'] }]);
  }
});

t.test('an interrupt ends the pause between requests', async (t) => {
  const url = await echoServer(t);
  const controller = new AbortController();
  const onEvent = (event: ScenarioEvent) =>
    event.type === 'step-start' && setTimeout(() => controller.abort(new Error('interrupted')), 200);
  const { result, error } = await run(t, [{ name: 'a', request: url }], {
    signal: controller.signal,
    delayRequestMs: 60_000,
    onEvent,
  });
  t.equal(error?.message, 'interrupted');
  t.ok(result!.durationMs < 5000, `${result?.durationMs} ms`);
});

t.test('headers and bodies are told as they were sent', async (t) => {
  const url = await echoServer(t);
  const post = (name: string, body: unknown, more = {}) => ({
    name,
    request: { method: 'POST', url: `${url}/echo`, body, ...more },
    event: test("pm.test('no', () => pm.expect.fail());"),
  });
  const { result, traffic } = await run(t, [
    post(
      'parts',
      {
        mode: 'formdata',
        formdata: [
          { key: 't', value: 'v', type: 'text' },
          { key: 'j', value: '{}', type: 'text', contentType: 'application/json' },
          { key: 'f', type: 'file', src: 'upload.txt' },
          { key: 'off', value: '1', disabled: true },
        ],
      },
      { header: [{ key: 'Off', value: '1', disabled: true }] },
    ),
    post('form', {
      mode: 'urlencoded',
      urlencoded: [
        { key: 'a', value: "it's é" },
        { key: 'off', value: 1, disabled: true },
      ],
    }),
    post('graphql', { mode: 'graphql', graphql: { query: '{ me }', variables: '{"x":1}' } }),
    post('file', { mode: 'file', file: { src: 'upload.txt' } }),
    post('dropped', { mode: 'raw', raw: 'x' }, { method: 'GET' }),
    post('redirected', { mode: 'raw', raw: 'x' }, { url: `${url}/redirect` }),
  ]);
  const seen = traffic.map(
    ({ responseBody }) => JSON.parse(responseBody) as { headers: object; body: string; method: string },
  );
  for (const [i, { method, requestHeaders }] of traffic.entries()) {
    t.equal(method, seen[i]!.method);
    const told = Object.fromEntries(requestHeaders.map(([name, value]) => [name.toLowerCase(), [value]]));
    if (i === 3) t.match(seen[i]!.headers, told, 'those of Node.js are not known for a file');
    else t.same(told, seen[i]!.headers);
  }
  const [parts, form, graphql, file, dropped, redirected] = traffic.map(({ requestBody }) => requestBody);
  const lines = parts!.split('\r\n').filter((line) => line !== '' && !line.startsWith('--'));
  t.same(lines, [
    'Content-Disposition: form-data; name="t"',
    'v',
    'Content-Disposition: form-data; name="j"',
    'Content-Type: application/json',
    '{}',
    'Content-Disposition: form-data; name="f"; filename="upload.txt"',
    '(contents of upload.txt)',
  ]);
  t.equal(form, seen[1]!.body);
  t.equal(graphql, seen[2]!.body);
  t.equal(file, '(contents of upload.txt)');
  t.same([dropped, seen[4]!.body], ['', '']);
  t.same([redirected, seen[5]!.method], ['', 'GET']);
  t.match(result?.failures[0]?.exchange, /> Content-Disposition: form-data; name="t"\n>\n> v\n/);
  t.notMatch(result?.failures[0]?.exchange, /Off/);
});

t.test('names and messages keep to their lines', async (t) => {
  const url = await echoServer(t);
  const exec = [
    "pm.test('a\\nb\\u001b[31m', () => { throw new Error('one\\ntwo\\u001b'); });",
    "throw new Error('boom\\nline2');",
  ];
  const { result, events } = await run(t, [
    { name: 'F\nG', item: [{ name: 'r\u001b\nq', request: `${url}/json`, event: test(...exec) }] },
  ]);
  const [check, script] = result?.failures ?? [];
  t.match(check, { name: 'a␊b␛[31m', messages: ['one', 'two␛'], step: { name: 'r␛␊q', path: ['F␊G'] } });
  t.same(script?.messages, ['Error in test-script: boom', 'line2']);
  const error = events.find((event) => event.type === 'error');
  t.equal(error?.message, 'Error in test-script', 'newman’s line');
});
