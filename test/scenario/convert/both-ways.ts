import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import { written } from '../../../src/cli/scenario/convert/draft/draft.js';
import { fromPostman } from '../../../src/cli/scenario/convert/postman/from-postman.js';
import { runCollection } from '../../../src/cli/scenario/postman/run.js';
import { listening } from '../echo-server.js';
import { runText } from '../run-text.js';

/** A request as it came over the wire, without what names the client. */
export interface Sent {
  /** What the header X-Item says. */
  item: string;
  method: string;
  target: string;
  headers: string[];
  body: string;
}

export interface RecordingServer {
  url: string;
  take(): Sent[];
}

/** Who sends it, how it is packed, and what Node.js counts itself: each tool has its own. */
const ofClient = new Set(
  'user-agent accept-encoding connection postman-token cache-control content-length transfer-encoding host referer'.split(
    ' ',
  ),
);

/** A server that answers everything alike and keeps each request. */
export async function recordingServer(t: Test): Promise<RecordingServer> {
  const seen: Sent[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('latin1');
      const boundary = /boundary=(?:"([^"]+)"|([^;]+))/.exec(request.headers['content-type'] ?? '');
      const mark = boundary?.[1] ?? boundary?.[2];
      const plain = (text: string) => (mark === undefined ? text : text.replaceAll(mark, 'BOUNDARY'));
      const lines: string[] = [];
      for (let i = 0; i < request.rawHeaders.length; i += 2) {
        const name = request.rawHeaders[i]!.toLowerCase();
        if (!ofClient.has(name)) lines.push(`${name}: ${plain(request.rawHeaders[i + 1]!)}`);
      }
      const item = String(request.headers['x-item'] ?? '');
      seen.push({ item, method: request.method!, target: request.url!, headers: lines.sort(), body: plain(body) });
      response.writeHead(200, { 'content-type': 'application/json', 'x-kind': 'test' });
      response.end(
        JSON.stringify({ id: 7, name: 'Ada', nested: { token: 'tok-1', list: [1, 'two'] }, none: null, ok: true }),
      );
    });
  });
  const url = `http://127.0.0.1:${await listening(t, server)}`;
  return { url, take: () => seen.splice(0) };
}

/** What the runtime sends of a collection, what its import sends, and what the import lists as lost. */
export async function bothWays(
  collection: Record<string, unknown>,
  server: RecordingServer,
): Promise<{
  theirs: Sent[];
  ours: Sent[];
  losses: string[];
  text: string;
  failed: { theirs: Set<string>; ours: Set<string> };
}> {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-both-'));
  try {
    const file = join(folder, 'collection.json');
    writeFileSync(file, JSON.stringify(collection));
    server.take();
    const signal = new AbortController().signal;
    const run = await runCollection(file, 'collection.json', {
      cwd: folder,
      clock: systemClock,
      signal,
      timeoutRequestMs: 5_000,
    });
    const theirs = server.take();
    const { text, losses, steps } = await written(
      await fromPostman(JSON.parse(JSON.stringify(collection)) as Parameters<typeof fromPostman>[0]),
    );
    const again = steps > 0 ? (await runText(text, server.url)).result : undefined;
    const failures = (result: { failures: { step: { name: string } }[] } | undefined) =>
      new Set(result?.failures.map(({ step }) => step.name));
    return { theirs, ours: server.take(), losses, text, failed: { theirs: failures(run), ours: failures(again) } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
