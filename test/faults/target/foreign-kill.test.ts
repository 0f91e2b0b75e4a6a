// A project with a Postgres, all of its processes killed at moments of `up`: what `down` then leaves is nothing.
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import { stateFolderAt } from '../../../src/cli/target/local/state/state-folder.js';
import { ForeignPlatform } from '../../runs/target/built-local.js';
import { programs, project, skip } from '../../runs/target/postgres-shop.js';

t.setTimeout(600_000);

const moments = Number(process.env.KILL_MOMENTS ?? 8);

t.test('killed at any moment of up: down leaves nothing', { skip }, async (t) => {
  for (let moment = 1; moment <= moments; moment++) {
    const afterMs = Math.round((3000 * moment) / moments);
    const platform = await ForeignPlatform.make(t, project(t.testdir(programs), `k${afterMs}`));
    const up = platform.up().catch(() => undefined);
    await setTimeout(afterMs);
    for (const { pid } of platform.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    await up;
    t.match(await platform.down(), { remaining: [] }, `after ${afterMs} ms`);
    t.strictSame(platform.processes(), []);
    t.notOk(existsSync(stateFolderAt(platform.folder).lent));
  }
});
