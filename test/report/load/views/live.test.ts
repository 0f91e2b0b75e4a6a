import { PassThrough } from 'node:stream';
import t from 'tap';
import { heading, running } from '../../fixtures.js';

// Ink asks the environment once, at its import, whether it runs in CI, and draws nothing until the end if so.
delete process.env.CI;
delete process.env.CONTINUOUS_INTEGRATION;
const { openLiveLoad } = await import('../../../../src/cli/report/load/views/live.js');

/** What has been written since, once it holds `text`; what there is after 5 s. */
async function writtenUntil(read: () => string, text: RegExp): Promise<string> {
  for (const until = Date.now() + 5_000; Date.now() < until && !text.test(read()); ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return read();
}

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
    const state = { rateFactor: 1, finishing: false, workloads: [], faults: [] };
    live.update(running, state);
    t.ok(written.startsWith('\u001b[?1049h'), 'the alternate screen comes first');
    const before = written.length;
    stdout.columns = 70;
    stdout.emit('resize');
    const after = await writtenUntil(() => written.slice(before), /\[2J.*Rate {6}target 100/s);
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
