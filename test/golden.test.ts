import t from 'tap';
import { golden, matchGolden } from './golden.js';

t.test('a transcript is compared with its file, wildcards and named values included', (t) => {
  const text =
    '$ hwctl load --rps 1\nexit 0\n--- stdout\n12 requests in 1.25s, mean 830µs at http://127.0.0.1:4711\na\nb\nend\n';
  matchGolden(t, 'golden/wildcards', text, { url: 'http://127.0.0.1:4711' });
  t.end();
});

t.test('the runner gives stdout, stderr and the exit code', async (t) => {
  const run = await golden(t, 'golden/version', ['--version']);
  t.equal(run.exitCode, 0);
  t.match(run.stdout, /^\d+\.\d+\.\d+\n$/);
});

t.test('no command at all is a usage error', async (t) => {
  const run = await golden(t, 'golden/no-command', []);
  t.equal(run.exitCode, 2);
});
