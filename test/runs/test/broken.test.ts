// Every broken file, given to the real program: told with its position, exit 2, and never a stack trace.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hwctl } from '../../golden.js';
import { brokenCollections, brokenScenarios } from '../../scenario/broken.js';

t.setTimeout(600_000);

const atOnce = 3;

for (const [kind, name, files] of [
  ['scenarios', 'broken.yaml', brokenScenarios],
  ['collections', 'broken.json', brokenCollections],
] as const)
  t.test(`${files.length} broken ${kind}`, async (t) => {
    const left = files.entries();
    const worker = async () => {
      for (const [, [what, text]] of left) {
        const folder = mkdtempSync(join(tmpdir(), 'hwctl-broken-'));
        writeFileSync(join(folder, name), text);
        const run = await hwctl(['test', name, '--url', 'http://127.0.0.1:1'], { cwd: folder });
        rmSync(folder, { recursive: true, force: true });
        t.equal(run.exitCode, 2, `${what}: exit code`);
        t.equal(run.stdout, '', `${what}: nothing was run`);
        t.match(run.stderr, new RegExp(`broken\\.${name.split('.')[1]}:\\d+:\\d+: \\S`), `${what}: its position`);
        t.notMatch(run.stderr, /^ +at .*[:(]\d+|node:internal|TypeError|bug in hwctl/m, `${what}: no stack trace`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  });

t.test('there are enough of both', async (t) => {
  t.ok(brokenScenarios.length >= 40, `${brokenScenarios.length} scenarios`);
  t.ok(brokenCollections.length >= 25, `${brokenCollections.length} collections`);
});
