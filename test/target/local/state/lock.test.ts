import { spawn } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/cli/kernel/clock.js';
import { withLock } from '../../../../src/cli/target/local/state/lock.js';
import { findMarked, identityOf, isRunning, marker } from '../../../../src/cli/target/local/state/process-identity.js';

const options = { clock: systemClock, signal: new AbortController().signal, timeoutMs: 20_000 };

t.test('one at a time, and the file is gone afterwards', async (t) => {
  const path = join(t.testdir(), 'deep', 'lock');
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, () =>
      withLock(path, options, async () => {
        most = Math.max(most, ++inside);
        await systemClock.sleep(5);
        inside--;
      }),
    ),
  );
  t.equal(most, 1);
  t.strictSame(readdirSync(join(path, '..')), []);
});

t.test('the lock of a process that is gone is taken over, by one of many', async (t) => {
  const path = join(t.testdir(), 'lock');
  for (const owner of [
    { pid: 2 ** 22 + 1, identity: 'never', nonce: 'a' },
    // Our own id with another start time: the id was used again.
    { pid: process.pid, identity: 'somebody before us', nonce: 'b' },
  ]) {
    writeFileSync(path, JSON.stringify(owner));
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 8 }, () =>
        withLock(path, options, async () => {
          most = Math.max(most, ++inside);
          await systemClock.sleep(2);
          inside--;
        }),
      ),
    );
    t.equal(most, 1);
    t.strictSame(readdirSync(join(path, '..')), [], 'no second lock is left');
  }
});

t.test('what killed processes left beside the lock is swept, what running ones made is not', async (t) => {
  const gone = { pid: 2 ** 22 + 1, identity: 'never', nonce: 'a' };
  const here = { pid: process.pid, identity: identityOf(process.pid), nonce: 'b' };
  const kept = {
    [`lock.${process.pid}.0123456789abcdef.tmp`]: '',
    'lock.89abcdef01234567': JSON.stringify(here),
    [`lock.89abcdef01234567.${process.pid}.0123456789abcdef.tmp`]: JSON.stringify(here),
    'lock2.tmp': '',
  };
  const folder = t.testdir({
    ...kept,
    [`lock.${gone.pid}.0123456789abcdef.tmp`]: JSON.stringify(gone),
    [`lock.${gone.pid}.1123456789abcdef.tmp`]: '',
    [`lock.${process.pid}.2123456789abcdef.tmp`]: JSON.stringify({ ...here, identity: 'somebody before us' }),
    'lock.0123456789abcdef': JSON.stringify(gone),
    [`lock.0123456789abcdef.${gone.pid}.0123456789abcdef.tmp`]: '{"pid":',
  });
  await withLock(join(folder, 'lock'), options, async () => undefined);
  t.strictSame(readdirSync(folder).sort(), Object.keys(kept).sort());
});

t.test('a running owner is waited for, until the deadline', async (t) => {
  const path = join(t.testdir(), 'lock');
  writeFileSync(path, JSON.stringify({ pid: process.pid, identity: identityOf(process.pid), nonce: 'x' }));
  let told = 0;
  const waiting = withLock(path, { ...options, timeoutMs: 120, onWait: (pid) => (told = pid) }, async () => 'in');
  await t.rejects(waiting, { code: 'locked' });
  t.equal(told, process.pid);
  t.ok(existsSync(path), 'it is left to its owner');
});

t.test('a failing body gives the lock back', async (t) => {
  const path = join(t.testdir(), 'lock');
  await t.rejects(
    withLock(path, options, () => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  t.notOk(existsSync(path));
});

t.test('processes are told apart by their start, and found by their mark', async (t) => {
  const mark = `/test/${process.pid}/${Date.now()}`;
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { env: { [marker]: mark } });
  const pid = child.pid ?? 0;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const identity = identityOf(pid) ?? '';
  t.ok(isRunning({ pid, identity }));
  t.notOk(isRunning({ pid, identity: `${identity}0` }));
  // The mark is there once the program has taken the place of its parent's.
  for (let i = 0; i < 500 && findMarked(mark).length === 0; i++) await systemClock.sleep(10);
  t.strictSame(findMarked(mark), [{ pid, identity }]);
  t.strictSame(findMarked(`${mark}0`), []);
  child.kill('SIGKILL');
  await exited;
  t.notOk(isRunning({ pid, identity }));
  t.strictSame(findMarked(mark), []);
});
