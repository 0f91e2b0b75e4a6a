import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/cli/kernel/clock.js';
import { run } from '../../../../src/cli/kernel/process.js';
import { beginExecution } from '../../../../src/cli/target/execute.js';
import { isAlive, StateFile } from '../../../../src/cli/target/kubernetes/provider/cluster-state.js';
import { forgetOrphans, orphanSteps } from '../../../../src/cli/target/kubernetes/provider/provision.js';
import { stepsOf } from '../../../../src/cli/target/plan.js';

function folder(t: { teardown(act: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'hwctl-state-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

t.test('what is written is there for the next process; nothing else is left in the folder', async (t) => {
  const path = folder(t);
  const file = new StateFile(path, 'a/b', 'hwctl');
  t.ok(file.isEmpty());
  file.change((state) => state.imagesBuilt.push('hwctl-server:1'));
  t.same(new StateFile(path, 'a/b', 'hwctl').get().imagesBuilt, ['hwctl-server:1']);
  t.notOk(file.isEmpty());
  t.same(readdirSync(path), ['a%2Fb.json']);
  file.remove();
  t.same(readdirSync(path), []);
});

t.test('programs are written down while they run, and only then', async (t) => {
  const file = new StateFile(folder(t), 'c', 'hwctl');
  let during = 0;
  await file.recording(run)(['sh', '-c', 'echo x'], {
    timeoutMs: 5_000,
    onStart: () => (during = file.get().children.length),
  });
  t.equal(during, 1);
  t.same(file.get().children, []);
});

t.test('what a killed hwctl left running is ended, another process of the same id is not', async (t) => {
  const file = new StateFile(folder(t), 'c', 'hwctl');
  const orphan = spawn('sleep', ['300.25'], { stdio: 'ignore' });
  const other = spawn('sleep', ['300.5'], { stdio: 'ignore' });
  t.teardown(() => other.kill());
  const ended = new Promise((resolve) => orphan.once('exit', (_, signal) => resolve(signal)));
  file.change((state) => {
    state.children = [
      { pid: orphan.pid as number, argv: ['sleep', '300.25'] },
      { pid: other.pid as number, argv: ['minikube', 'addons'] },
    ];
  });
  const orphans = await orphanSteps(run, file);
  t.match(
    stepsOf(orphans),
    [{ verb: 'stop', why: /an hwctl that was killed left it running/ }],
    'the other is a stranger',
  );
  t.equal(orphans.length, 1);
  const wait = { timeoutMs: 20_000, signal: new AbortController().signal, onEvent: () => undefined };
  await beginExecution(systemClock, wait).run(orphans);
  forgetOrphans(file);
  t.equal(await ended, 'SIGTERM');
  t.ok(await isAlive(run, { pid: other.pid as number, argv: ['sleep', '300.5'] }));
  t.same(file.get().children, []);
});
