import t from 'tap';
import { run } from '../../src/cli/kernel/process.js';

const node = process.execPath;

t.test('what a program did is a value', async (t) => {
  t.match(await run([node, '-e', 'console.log(1); console.error(2); process.exit(3)'], { timeoutMs: 30_000 }), {
    exitCode: 3,
    stdout: '1\n',
    stderr: '2\n',
    failure: undefined,
  });
  t.match(await run(['no-such-program-here'], { timeoutMs: 30_000 }), { exitCode: undefined, failure: 'ENOENT' });
  t.match(await run([node, '-e', 'setInterval(()=>{},1000)'], { timeoutMs: 300 }), {
    exitCode: undefined,
    failure: 'timeout',
  });
  t.match(await run([node, '-e', 'process.kill(process.pid, "SIGKILL")'], { timeoutMs: 30_000 }), {
    failure: 'SIGKILL',
  });
  t.match(await run([node, '-e', 'process.stdin.pipe(process.stdout)'], { timeoutMs: 30_000, input: 'in' }), {
    stdout: 'in',
  });
});
