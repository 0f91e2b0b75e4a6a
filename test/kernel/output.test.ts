import { EventEmitter } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { guardOutput, isReaderGone } from '../../src/cli/kernel/output.js';
import { systemTrouble } from '../../src/cli/kernel/system-trouble.js';

type Stream = NodeJS.WriteStream & { fd: number };

/** A stream whose writes fail as `fail` says; `fd` -1 is no file. */
function stream(write: (text: string) => boolean, fd = -1): Stream {
  return Object.assign(new EventEmitter(), { fd, write }) as unknown as Stream;
}

function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`write ${code}`), { code });
}

t.test(
  'a write that throws, or fails later, is told once; what follows is dropped and waits for nothing',
  async (t) => {
    for (const when of ['at once', 'later'] as const) {
      const losses: string[] = [];
      let writes = 0;
      const output = stream(() => {
        writes++;
        if (when === 'at once') throw systemError('ENOSPC');
        output.emit('error', systemError('ENOSPC'));
        return false;
      });
      guardOutput(output, ({ code }) => losses.push(code ?? ''));
      output.write('one');
      t.equal(output.write('two'), true, 'nobody waits for a drain that never comes');
      await new Promise<void>((resolve) => output.write('three', () => resolve()));
      await new Promise<void>((resolve) => output.write('four', 'utf8', () => resolve()));
      output.emit('error', systemError('EPIPE'));
      t.strictSame(losses, ['ENOSPC'], when);
      t.equal(writes, 1);
    }
  },
);

t.test('a file gets every byte, and the loss of one that is full is told at once', async (t) => {
  const path = join(t.testdir(), 'out');
  const fd = openSync(path, 'w');
  const output = stream(() => true, fd);
  guardOutput(output, () => t.fail('nothing is lost'));
  output.write('grün\n');
  await new Promise<void>((resolve) => output.write(Buffer.from([0x78, 0x0a]), () => resolve()));
  closeSync(fd);
  t.equal(readFileSync(path, 'utf8'), 'grün\nx\n');
});

t.test('a full device', { skip: !existsSync('/dev/full') && 'there is no /dev/full here' }, async (t) => {
  const fd = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(fd));
  const { writeSync } = await import('node:fs');
  const output = stream((text) => writeSync(fd, text) > 0);
  const losses: NodeJS.ErrnoException[] = [];
  guardOutput(output, (error) => losses.push(error));
  output.write('x');
  t.strictSame(losses.map(systemTrouble), ['the disk is full']);
  t.strictSame(losses.map(isReaderGone), [false]);
  t.ok(isReaderGone(systemError('EPIPE')));
});
