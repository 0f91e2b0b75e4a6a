import t from 'tap';
import { systemClock } from '../../src/cli/kernel/clock.js';

t.test('sleep ends, and ends early with the reason of the signal', async (t) => {
  const before = systemClock.monotonic();
  await systemClock.sleep(20);
  t.ok(systemClock.monotonic() - before >= 19);
  const controller = new AbortController();
  const reason = new Error('stop');
  const asleep = systemClock.sleep(60_000, controller.signal);
  controller.abort(reason);
  await t.rejects(asleep, reason);
  await t.rejects(systemClock.sleep(60_000, controller.signal), reason, 'an aborted signal never sleeps');
});
