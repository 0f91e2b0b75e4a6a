import t from 'tap';
import { LocalPlatform } from '../target/local-platform.js';

t.setTimeout(300_000);

t.test('an interrupted up says what goes on and how to end it', async (t) => {
  const platform = new LocalPlatform(t);
  const run = await platform.run(['up', 'orders'], {
    onStderr: (text, pid) => text.includes('process/gateway') && process.kill(pid, 'SIGINT'),
  });
  t.match(run, {
    exitCode: 130,
    stderr: /hwctl status --target local shows it, hwctl down --target local ends it\nInterrupted/,
  });
});
