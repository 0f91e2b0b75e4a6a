import { PassThrough } from 'node:stream';
import t from 'tap';
import { openLiveLoad } from '../../src/cli/report/live.js';
import { heading, running } from './fixtures.js';

t.test(
  'the live view has a screen of its own, clears it when the terminal is resized, and gives the old one back',
  async (t) => {
    let written = '';
    const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 120, rows: 30 });
    stdout.on('data', (chunk) => {
      written += String(chunk);
    });
    const live = openLiveLoad({
      heading,
      stdin: Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.ReadStream,
      stdout: stdout as unknown as NodeJS.WriteStream,
      onKey: () => undefined,
    });
    const state = { rateFactor: 1, finishing: false, workloads: [] };
    live.update(running, state);
    t.ok(written.startsWith('\u001b[?1049h'), 'the alternate screen comes first');
    const before = written.length;
    stdout.columns = 70;
    stdout.emit('resize');
    await new Promise((resolve) => setTimeout(resolve, 150));
    const after = written.slice(before);
    const cleared = after.indexOf('\u001b[2J');
    t.ok(cleared >= 0, 'cleared');
    t.match(after.slice(cleared), /Rate {6}target 100/, 'and drawn anew at once');
    const listeners = process.listenerCount('exit');
    live.close();
    t.ok(written.endsWith('\u001b[?1049l'), 'the old screen is back');
    t.equal(process.listenerCount('exit'), listeners - 1);
    t.equal(stdout.listenerCount('resize'), 0);
  },
);
