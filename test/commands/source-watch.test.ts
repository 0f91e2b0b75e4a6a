import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { SourceWatch } from '../../src/cli/commands/source-watch.js';

const quietMs = 80;
const deadlineMs = 10_000;

/** Ways in which editors and git save a file. */
const saves: Record<string, (file: string, text: string) => void> = {
  'in place': (file, text) => writeFileSync(file, text),
  'sed -i': (file, text) => execFileSync('sed', ['-i', `1s/.*/${text}/`, file]),
  'rename over it': (file, text) => {
    writeFileSync(`${file}~`, text);
    renameSync(`${file}~`, file);
  },
  'the old one away, a new one': (file, text) => {
    renameSync(file, `${file}~`);
    writeFileSync(file, text);
    rmSync(`${file}~`);
  },
  'removed and made anew, as git checkout': (file, text) => {
    rmSync(file);
    writeFileSync(file, text);
  },
  touch: (file) => utimesSync(file, new Date(), new Date()),
};

t.test('each way to save a file is seen, each of five times', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-watch-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'deep'));
  const file = join(folder, 'deep', 'a.ts');
  writeFileSync(file, 'first\n');
  const watch = await SourceWatch.open(folder, quietMs);
  t.teardown(() => watch.close());
  for (const [name, save] of Object.entries(saves)) {
    for (let round = 1; round <= 5; round++) {
      save(file, `text ${round}\n`.trim());
      const files = await watch.next(AbortSignal.timeout(deadlineMs)).catch(() => ['nothing was seen']);
      t.same(files, [join('deep', 'a.ts')], `${name}, ${round}`);
    }
  }
});

t.test('a burst is one change; what editors write beside a file is none', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-watch-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const watch = await SourceWatch.open(folder, quietMs);
  t.teardown(() => watch.close());
  for (const name of ['4913', 'sedP6C69O', '.a.ts.swp', '#a.ts#', '.#a.ts', 'a.ts~'])
    writeFileSync(join(folder, name), '');
  await sleep(10 * quietMs);
  let changes = 0;
  watch.onChange = () => {
    changes++;
  };
  for (const name of ['b.ts', 'a.ts', 'rows.sql']) writeFileSync(join(folder, name), 'x');
  t.same(await watch.next(AbortSignal.timeout(deadlineMs)), ['a.ts', 'b.ts', 'rows.sql']);
  t.ok(changes >= 3, 'told at once');
  const stop = new AbortController();
  const waiting = watch.next(stop.signal);
  stop.abort(new Error('enough'));
  await t.rejects(waiting, { message: 'enough' });
});
