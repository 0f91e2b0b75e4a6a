import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import newman, { type Summary } from 'newman';
import t from 'tap';
import { systemClock } from '../../src/cli/kernel/clock.js';
import { runCollection } from '../../src/cli/scenario/postman/run.js';
import { echoListener, listening } from '../scenario/echo-server.js';
import { type Case, cases } from '../scenario/postman/collections.js';

t.setTimeout(300_000);

const runNewman = (options: Record<string, unknown>) =>
  new Promise<Summary>((done, fail) =>
    newman.run({ ...options, reporters: [] }, (error, summary) => (error ? fail(error) : done(summary))),
  );

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
    data: options.data && put('data.json', options.data),
  };
}

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
  const { options = {} } = each;
  t.test(`newman and hwctl agree: ${String((each.collection.info as { name: string }).name)}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hwctl-postman-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const seen: string[] = [];
    const echo = echoListener();
    const server = createServer((request, response) => {
      seen.push(requestOf(request));
      echo(request, response);
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
      workingDir: folder,
    });
    const theirRequests = seen.splice(0);
    const ours = await runCollection(files.collection, 'collection.json', {
      environment: files.environment,
      globals: files.globals,
      data: files.data,
      iterations: options.iterations,
      folders: options.folder === undefined ? [] : [options.folder],
      bail: options.bail,
      cwd: folder,
      clock: systemClock,
      signal: new AbortController().signal,
    });
    t.same(seen, theirRequests, 'what the server was asked for');
    const { stats, failures } = theirs.run;
    const counts = ({ total, failed }: { total: number; failed: number }) => ({ executed: total, failed });
    t.same(ours.requests, counts(stats.requests), 'requests');
    const { executed, failed } = ours.assertions;
    t.same({ executed, failed }, counts(stats.assertions), 'assertions');
    t.same(ours.testScripts, counts(stats.testScripts), 'test scripts');
    t.same(ours.prerequestScripts, counts(stats.prerequestScripts), 'prerequest scripts');
    t.equal(ours.iterations.executed, stats.iterations.total, 'iterations');
    t.equal(ours.passed, failures.length === 0, 'verdict');
    const theirNames = failures.map(({ error, source }) => `${source?.name ?? ''}: ${error.test ?? ''}`);
    const ourNames = ours.failures.map(({ kind, name, step }) => `${step.name}: ${kind === 'assertion' ? name : ''}`);
    t.same(
      ourNames.filter((name) => !name.endsWith(': ')),
      theirNames.filter((name) => !name.endsWith(': ')),
      'failed assertions',
    );
    t.equal(ourNames.length, theirNames.length, 'failures');
  });
}

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
