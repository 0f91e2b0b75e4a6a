// Passwords are hashed slowly on purpose: how many wait for it.
import t from 'tap';
import { createPasswordQueue } from '../../src/server/auth/password-queue.js';
import { Problem } from '../../src/server/http/problem.js';

t.test('the queue: bounded for each kind, logins first', async (t) => {
  const queue = createPasswordQueue(1);
  const order: string[] = [];
  const release: (() => void)[] = [];
  const ask = (kind: 'login' | 'registration', name: string) =>
    queue.admit(kind, (inTurn) =>
      inTurn(async () => {
        order.push(name);
        await new Promise<void>((resolve) => release.push(resolve));
        return name;
      }),
    );
  const registrations = Array.from({ length: 33 }, (_, i) => ask('registration', `r${i}`));
  const refused = (await t.rejects(ask('registration', 'r33'))) as Problem;
  t.ok(refused instanceof Problem);
  t.match(refused.reply, { status: 503, headers: { 'Retry-After': '1' } });
  const logins = Array.from({ length: 65 }, (_, i) => ask('login', `l${i}`));
  await t.rejects(ask('login', 'l65'), { message: refused.message });
  for (let i = 0; i < 98; i++) {
    release.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all([...registrations, ...logins]);
  const names = (letter: string, length: number) => Array.from({ length }, (_, i) => `${letter}${i}`);
  t.strictSame(order, ['r0', ...names('l', 65), ...names('r', 33).slice(1)]);
  const failing = queue.admit('login', (inTurn) => inTurn(() => Promise.reject(new Error('broken'))));
  await t.rejects(failing, { message: 'broken' });
  const again = ask('login', 'after');
  await new Promise((resolve) => setImmediate(resolve));
  release.shift()?.();
  t.equal(await again, 'after', 'a place is given back by what fails, too');
});
