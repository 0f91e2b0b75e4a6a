import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import t from 'tap';
import { Recorder } from '../../src/cli/load/engine/recorder.js';
import { SeriesReader } from '../../src/cli/load/measure/series.js';
import { workerMemory } from '../../src/cli/load/memory/memory.js';
import { readFrames, writeFrame } from '../../src/cli/load/shards/frames.js';
import { applyChanges, MemorySource } from '../../src/cli/load/shards/mirror.js';

// What a distributed run is made of, each part alone; test/runs/load/sharded-run.test.ts has the whole.
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

t.test('the series waits for no shard that is far behind', async (t) => {
  const memories = [workerMemory(1), workerMemory(1)];
  const [here, gone] = memories.map((memory) => new Recorder(memory, true, false)) as [Recorder, Recorder];
  const reader = new SeriesReader(memories);
  for (let ms = 0; ms <= 30_000; ms += 50) {
    here.sent(ms * 1000, ms * 1000, 1, true);
    if (ms < 1000) gone.sent(ms * 1000, ms * 1000, 1, true);
    if (ms % 250 === 0) reader.read();
  }
  reader.read(true);
  t.equal(reader.rows.length, 301);
  const alone = reader.rows.filter(({ atMs }) => atMs >= 1000 && atMs < 29_900).map(({ sent }) => sent);
  t.same(alone, new Array(289).fill(2), 'each slot has what the other sent in it');
});

t.test('frames: in pieces, with Infinity, and nonsense', async (t) => {
  const pipe = new PassThrough();
  const wire: Buffer[] = [];
  pipe.on('data', (chunk) => wire.push(chunk));
  writeFrame(pipe, { type: 'a', stages: [{ durationMs: Number.POSITIVE_INFINITY }] }, Buffer.from('bytes'));
  writeFrame(pipe, { type: 'b' });
  await later(10);
  for (const size of [1, 7, 1000]) {
    const stream = new PassThrough();
    const seen: unknown[] = [];
    readFrames(stream, (message, bytes) => seen.push([message, bytes.toString()]));
    const all = Buffer.concat(wire);
    for (let at = 0; at < all.length; at += size) stream.write(all.subarray(at, at + size));
    await later(20);
    t.same(seen, [
      [{ type: 'a', stages: [{ durationMs: Number.POSITIVE_INFINITY }] }, 'bytes'],
      [{ type: 'b' }, ''],
    ]);
  }
  for (const nonsense of ['GET / HTTP/1.1\r\n\r\n', '\0\0\0\x02\0\0\0\0{]']) {
    const stream = new PassThrough();
    const error = once(stream, 'error');
    readFrames(stream, () => t.fail('no frame'));
    stream.write(nonsense);
    t.ok((await error)[0] instanceof Error);
  }
});

t.test('memory: what changed gets across, and only that', async (t) => {
  const [from, to] = [10_000, 10_000].map((bytes) => new SharedArrayBuffer(bytes)) as [
    SharedArrayBuffer,
    SharedArrayBuffer,
  ];
  const source = new MemorySource([from]);
  t.equal(source.changes().pages.length / 2, 3, 'the whole at first');
  t.same(source.changes().pages, []);
  const bytes = new Uint8Array(from);
  bytes[9_999] = 7;
  bytes[5] = 1;
  const changes = source.changes();
  t.same(changes.pages, [0, 0, 0, 2]);
  applyChanges([to], changes);
  t.same(Buffer.from(to), Buffer.from(from));
  t.throws(() => applyChanges([new SharedArrayBuffer(100)], changes), RangeError);
  t.throws(() => applyChanges([to], { ...changes, pages: [0, 0] }), RangeError);
});
