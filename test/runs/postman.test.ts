import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import newman, { type Summary } from 'newman';
import t, { type Test } from 'tap';
import { systemClock } from '../../src/cli/kernel/clock.js';
import { oneLine } from '../../src/cli/kernel/text.js';
import { toPostman } from '../../src/cli/scenario/convert/to-postman.js';
import { runCollection } from '../../src/cli/scenario/postman/run.js';
import { checks } from '../scenario/checks.js';
import { remembering, requests } from '../scenario/convert/sent.js';
import { echoListener, echoServer, listening } from '../scenario/echo-server.js';
import { type Case, cases } from '../scenario/postman/collections.js';
import { runText, scenarioOf } from '../scenario/run-text.js';

t.setTimeout(300_000);

const runNewman = (options: Record<string, unknown>) =>
  new Promise<Summary>((done, fail) =>
    newman.run({ ...options, reporters: [] }, (error, summary) => (error ? fail(error) : done(summary))),
  );

function dataFile(folder: string, data: unknown): string | undefined {
  if (data === undefined) return undefined;
  const file = join(folder, typeof data === 'string' ? 'data.csv' : 'data.json');
  writeFileSync(file, typeof data === 'string' ? data : JSON.stringify(data));
  return file;
}

const pairs = (given: Record<string, string> = {}) => Object.entries(given).map(([key, value]) => ({ key, value }));

function written(folder: string, { collection, options = {} }: Case, url: string) {
  const put = (name: string, value: unknown) => {
    const file = join(folder, name);
    writeFileSync(file, JSON.stringify(value));
    return file;
  };
  writeFileSync(join(folder, 'upload.txt'), 'uploaded');
  const environment = {
    name: 'e',
    ...options.environment,
    values: [...((options.environment?.values as unknown[]) ?? []), { key: 'base', value: url }],
  };
  return {
    collection: put('collection.json', collection),
    environment: put('environment.json', environment),
    globals: options.globals && put('globals.json', options.globals),
    data: dataFile(folder, options.data),
  };
}

const inBytes: Record<string, { type: string; body: Buffer }> = {
  '/latin1': { type: 'text/plain; charset=iso-8859-1', body: Buffer.from('h\u00e9', 'latin1') },
  '/bytes': { type: 'application/octet-stream', body: Buffer.from([0, 255, 254, 128]) },
};

/** A request as the server sees it: method, path, sign-in, cookies, type and length of the body; random parts replaced. */
function requestOf({ method, url, headers }: IncomingMessage): string {
  const type = headers['content-type']?.replace(/boundary=.*/, 'boundary');
  const size = headers['content-length'];
  const random = /(?<=u=)[\da-f-]{36}|(?<=n=)\d+/g;
  const about = { authorization: headers.authorization, key: headers['x-key'], cookie: headers.cookie, type };
  // The length of a multipart body hangs on its boundary.
  return JSON.stringify([method, url?.replace(random, 'RANDOM'), about, type?.includes('boundary') ? 'parts' : size]);
}

for (const each of cases) {
  const { options = {}, unsent = 0 } = each;
  t.test(`newman and hwctl agree: ${String((each.collection.info as { name: string }).name)}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hwctl-postman-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const seen: string[] = [];
    const echo = echoListener();
    const server = createServer((request, response) => {
      seen.push(requestOf(request));
      const bytes = inBytes[request.url ?? ''];
      if (bytes === undefined) echo(request, response);
      else response.writeHead(200, { 'content-type': bytes.type }).end(bytes.body);
    });
    const files = written(folder, each, `http://127.0.0.1:${await listening(t, server)}`);
    const theirs = await runNewman({
      collection: files.collection,
      environment: files.environment,
      globals: files.globals,
      iterationData: files.data,
      iterationCount: options.iterations,
      folder: options.folder,
      bail: options.bail,
      envVar: pairs(options.given?.environment),
      globalVar: pairs(options.given?.globals),
      workingDir: folder,
    });
    const theirRequests = seen.splice(0);
    const ours = await runCollection(files.collection, 'collection.json', {
      environment: files.environment,
      globals: files.globals,
      data: files.data,
      iterations: options.iterations,
      folders: [options.folder ?? []].flat(),
      environmentVariables: options.given?.environment,
      globalVariables: options.given?.globals,
      bail: options.bail,
      cwd: folder,
      clock: systemClock,
      signal: new AbortController().signal,
    });
    t.same(seen, theirRequests, 'what the server was asked for');
    const { stats, failures } = theirs.run;
    const counts = ({ total, failed }: { total: number; failed: number }) => ({ executed: total, failed });
    const { total, failed: failedThere } = stats.requests;
    t.same(ours.requests, counts({ total, failed: failedThere + unsent }), 'requests');
    const { executed, failed } = ours.assertions;
    t.same({ executed, failed }, counts(stats.assertions), 'assertions');
    t.same(ours.testScripts, counts(stats.testScripts), 'test scripts');
    t.same(ours.prerequestScripts, counts(stats.prerequestScripts), 'prerequest scripts');
    t.equal(ours.iterations.executed, stats.iterations.total, 'iterations');
    t.equal(ours.passed, failures.length + unsent === 0, 'verdict');
    const theirNames = failures.map(({ error, source }) => `${source?.name ?? ''}: ${oneLine(error.test ?? '')}`);
    const ourNames = ours.failures.map(({ kind, name, step }) => `${step.name}: ${kind === 'assertion' ? name : ''}`);
    t.same(
      ourNames.filter((name) => !name.endsWith(': ')),
      theirNames.filter((name) => !name.endsWith(': ')),
      'failed assertions',
    );
    t.equal(ourNames.length, theirNames.length + unsent, 'failures');
  });
}

/** Runs an exported scenario in newman and here; gives both counts. */
async function bothCounts(t: Test, yaml: string, url: string) {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-postman-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const { text, losses } = toPostman(scenarioOf(yaml), url);
  const collection = join(folder, 'collection.json');
  writeFileSync(collection, text);
  const { run } = await runNewman({ collection });
  const { result } = await runText(yaml, url);
  const { requests, assertions } = run.stats;
  return {
    losses,
    theirs: [requests.total, assertions.total, assertions.failed, run.failures.length > 0],
    ours: [result.requests.executed, result.assertions.executed, result.assertions.failed, !result.passed],
  };
}

t.test('newman sends what hwctl sends, from an exported collection', async (t) => {
  const { url, take } = await remembering(t);
  const yaml = requests(url, false);
  const { losses } = await bothCounts(t, yaml, url);
  t.same(losses, [
    '"GET /echo/skipped": skipped here, left out there',
    '"GET /echo/last": timeout: 5000 ms (newman has --timeout-request)',
  ]);
  const both = take();
  t.equal(both.length % 2, 0);
  t.same(both.slice(0, both.length / 2), both.slice(both.length / 2));
});

t.test('an exported collection has the same counts in newman', async (t) => {
  const url = await echoServer(t);
  const kept = checks.filter(([feature]) => !['cookie', 'json wildcard', 'json filter', 'error'].includes(feature));
  const steps = kept.map(
    ([feature, request, holds, fails]) =>
      `  - name: ${feature}\n    request: ${request}\n    check:\n      - { name: 'holds: ${feature}', ${holds} }\n      - { name: 'fails: ${feature}', ${fails} }\n`,
  );
  const more = `
  - { name: first, request: GET /json, capture: { whole: $, id: $.id }, check: [{ name: one, status: 200 }] }
  - { name: same, request: GET /json, check: [{ name: 'id {{id}}', any: [{ sameBodyAs: first }, { status: 500 }] }] }
  - { name: nested, request: 'GET /json?id={{whole.nested.n}}', check: [{ name: n, json: { $.id: '{{whole.id}}' } }] }
  - { name: until, request: GET /count, until: { within: 5s, every: 20ms, is: { json: { $.count: { atLeast: 3 } } } }, check: [{ name: three, status: 200 }] }
  - { name: times, request: GET /json, repeat: 3, check: [{ name: each, status: 200 }, { name: later, skip: why, status: 500 }] }
`;
  const { losses, theirs, ours } = await bothCounts(t, `name: features\nsteps:\n${steps.join('')}${more}`, url);
  t.same(losses, []);
  // newman counts a test that is skipped; both ask /count three times in a row, whichever comes first.
  t.equal(theirs[2], kept.length);
  t.equal(ours[2], kept.length);
  t.equal(ours[3], theirs[3]);
  t.equal(theirs[1], ours[1], `assertions: ${theirs} ${ours}`);
  t.equal(theirs[0], (ours[0] as number) + 2, `requests: ${theirs} ${ours}`);
});

t.test('a file that is no collection is refused with what is wrong', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-postman-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const bad: [string, RegExp][] = [
    ['{"info":{}', /c\.json:1:\d+: not JSON/],
    ['[]', /expected an object/],
    ['{"item":[]}', /no "info"/],
    ['{"info":{"name":"x"}}', /no list "item"/],
    ['{"info":{"name":"x"},"item":[{"name":"a"}]}', /item\[0\]: neither a folder/],
    ['{"info":{"name":"x","schema":"v3"},"item":[]}', /not v2\.0 or v2\.1/],
    ['{"info":{"name":"x"},"item":[{"item":{}}]}', /item\[0\]\.item: expected a list/],
    ['{"id":"x","name":"old","requests":[],"order":[]}', /format v1/],
  ];
  for (const [text, message] of bad) {
    const file = join(folder, 'c.json');
    writeFileSync(file, text);
    const signal = new AbortController().signal;
    const run = runCollection(file, 'c.json', { cwd: folder, clock: systemClock, signal });
    const failure = await run.then(
      () => undefined,
      (error: Error & { details?: string[] }) => [error.message, ...(error.details ?? [])].join('\n'),
    );
    t.match(failure, message, text);
  }
});
