// The table of wire cases, in collections: the runtime that sends them takes some halves for wholes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import { runCollection } from '../../../src/cli/scenario/postman/run.js';
import type { ScenarioEvent } from '../../../src/cli/scenario/result.js';
import { codingCases, type HttpCase, type HttpVerdict, httpCases, serveHttpCases } from '../../http-cases.js';

t.setTimeout(60_000);

const text = Buffer.from('hello '.repeat(50));
const cut = (coding: string, body: Buffer): HttpCase => {
  const part = body.subarray(0, -3);
  const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${part.length}\r\n\r\n`;
  const named = { rule: '9110 8.4', name: `${coding} that ends early` };
  return { ...codingCases[0]!, ...named, bytes: head + part.toString('latin1'), right: ['incomplete'] };
};
const cutCodings = [
  cut('gzip', gzipSync(text)),
  cut('deflate', deflateSync(text)),
  cut('deflate', deflateRawSync(text)),
  cut('br', brotliCompressSync(text)),
];

/** The runtime hands these on as they came, as newman does: it takes off one coding of the names gzip, deflate and br. */
const notDecoded = ['x-gzip', 'two codings'];
/** Responses that RFC 9110 and 9112 allow and the parser of Node.js refuses: a failure, never a pass. */
const refused = [
  'blanks around a value',
  'a trailer is no header',
  'a folded line',
  'a folded line, and a body that looks folded',
];

t.test('each response is taken as RFC 9110 and 9112 say', async (t) => {
  const cases = [...httpCases, ...codingCases, ...cutCodings];
  const server = await serveHttpCases(cases);
  t.teardown(server.close);
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-http-cases-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const item = cases.map(({ method = 'GET' }, index) => ({
    name: String(index),
    request: { method, url: `http://127.0.0.1:${server.port}/${index}` },
  }));
  writeFileSync(join(folder, 'c.json'), JSON.stringify({ info: { name: 'c' }, item }));
  const seen = new Map<number, string>();
  await runCollection(join(folder, 'c.json'), 'c.json', {
    cwd: folder,
    clock: systemClock,
    signal: new AbortController().signal,
    traffic: true,
    timeoutRequestMs: 2_000,
    onEvent: (event: ScenarioEvent) => {
      if (event.type !== 'traffic') return;
      const { status, responseBody, error } = event.traffic;
      const verdict = error === undefined ? `${status} ${responseBody}` : 'failed';
      seen.set(Number(event.step.name), verdict);
    },
  });
  const fits = (right: HttpVerdict, found: string) =>
    typeof right === 'string' ? found === 'failed' : found === `${right.status} ${right.body}`;
  for (const name of [...notDecoded, ...refused])
    t.ok(
      cases.some((each) => each.name === name),
      `${name}: in the table`,
    );
  cases.forEach(({ rule, name, right }, index) => {
    const found = seen.get(index) ?? 'nothing';
    const ok = refused.includes(name) ? found === 'failed' : right.some((one) => fits(one, found));
    if (notDecoded.includes(name)) t.match(found, /^200 /, `${rule}: ${name} is left as it came`);
    else t.ok(ok, `${rule}: ${name}`, { found, right });
  });
});
