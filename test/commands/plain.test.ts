import t from 'tap';
import { type Call, makeContext } from '../../src/cli/commands/context/make-context.js';

t.test('what may be drawn and coloured, by terminal and environment', (t) => {
  const table: [env: Record<string, string>, isTTY: boolean, interactive: boolean, color: boolean][] = [
    [{}, true, true, true],
    [{}, false, false, false],
    [{ HWCTL_PLAIN: '1' }, true, false, false],
    [{ HWCTL_PLAIN: '1', FORCE_COLOR: '1' }, true, false, false],
    [{ HWCTL_PLAIN: '0' }, true, true, true],
    [{ HWCTL_PLAIN: '' }, true, true, true],
    [{ NO_COLOR: '1' }, true, true, false],
    [{ CI: 'true' }, true, false, true],
    [{ TERM: 'dumb' }, true, false, false],
    [{ FORCE_COLOR: '1' }, false, false, true],
  ];
  for (const [env, isTTY, interactive, color] of table) {
    const stream = { isTTY, write: () => true };
    const context = makeContext({ env, stdout: stream, stderr: stream } as unknown as Call);
    t.match(context, { interactive, color }, `${JSON.stringify(env)}, ${isTTY ? 'a terminal' : 'a pipe'}`);
  }
  t.end();
});
