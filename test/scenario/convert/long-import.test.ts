// A document of hundreds of operations: the import tells how far it is, and ends when it is asked to.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { importDocument } from '../../../src/cli/scenario/convert/import.js';

function documentOf(t: Test, operations: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-import-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const paths = Object.fromEntries(
    Array.from({ length: operations }, (_, index) => [
      `/p${index}`,
      { get: { responses: { 200: { description: 'x' } } } },
    ]),
  );
  const file = join(folder, 'api.json');
  writeFileSync(file, JSON.stringify({ openapi: '3.0.0', info: { title: 'x', version: '1' }, paths }));
  return file;
}

t.test('each operation is told', async (t) => {
  const told: number[] = [];
  const progress = (done: number, total: number) => void told.push(total === 20 ? done : -1);
  const { text } = await importDocument(documentOf(t, 20), 'api.json', { progress });
  t.same(
    told,
    Array.from({ length: 21 }, (_, index) => index),
  );
  t.match(text, /GET \/p19/);
});

t.test('what comes from outside is heard between two operations, and ends the import', async (t) => {
  const interruption = new AbortController();
  const reason = new Error('interrupted');
  let last = 0;
  const progress = (done: number) => {
    last = done;
    // As a signal of the system comes: by the event loop.
    if (done === 3) setImmediate(() => interruption.abort(reason));
  };
  const { signal } = interruption;
  await t.rejects(importDocument(documentOf(t, 500), 'api.json', { signal, progress }), reason);
  t.ok(last < 10, `it went on to operation ${last}`);
});
