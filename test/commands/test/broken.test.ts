// Every broken file, given to the program: told with its position, exit 2, and never a stack trace.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hwctlInside } from '../../golden.js';
import { brokenCollections, brokenScenarios } from '../../scenario/broken.js';

for (const [kind, name, files] of [
  ['scenarios', 'broken.yaml', brokenScenarios],
  ['collections', 'broken.json', brokenCollections],
] as const)
  t.test(`${files.length} broken ${kind}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'hwctl-broken-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    for (const [what, text] of files) {
      writeFileSync(join(folder, name), text);
      const run = await hwctlInside(['test', name, '--url', 'http://127.0.0.1:1'], { cwd: folder });
      t.equal(run.exitCode, 2, `${what}: exit code`);
      t.equal(run.stdout, '', `${what}: nothing was run`);
      t.match(run.stderr, new RegExp(`broken\\.${name.split('.')[1]}:\\d+:\\d+: \\S`), `${what}: its position`);
      t.notMatch(run.stderr, /^ +at .*[:(]\d+|node:internal|TypeError|bug in hwctl/m, `${what}: no stack trace`);
    }
  });

t.test('there are enough of both', async (t) => {
  t.ok(brokenScenarios.length >= 40, `${brokenScenarios.length} scenarios`);
  t.ok(brokenCollections.length >= 25, `${brokenCollections.length} collections`);
});
