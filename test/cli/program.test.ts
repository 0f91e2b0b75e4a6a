import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { golden, hwctl, hwctlInside, root } from '../golden.js';

t.test('words that are no command, no flag, no target', async (t) => {
  await golden(t, 'program/unknown-command', ['lod'], { inside: true });
  await golden(t, 'program/unknown-command-far', ['frobnicate'], { inside: true });
  await golden(t, 'program/unknown-flag', ['up', '--dry-rn'], { inside: true });
  await golden(t, 'program/unknown-flag-before', ['--frob', 'up'], { inside: true });
  await golden(t, 'program/help-unknown', ['help', 'dwon'], { inside: true });
  await golden(t, 'program/bad-target', ['up', '--target', 'mars'], { inside: true });
  await golden(t, 'program/missing-value', ['up', '--timeout'], { inside: true });
  await golden(t, 'program/unknown-stack', ['up', 'idempotancy'], { inside: true });
  await golden(t, 'program/kube-without-context', ['up', '--target', 'kube'], { inside: true });
  await golden(t, 'program/unknown-shell', ['completion', 'bsh'], { inside: true });
  await golden(t, 'program/doctor-target', ['doctor', 'minikub'], { inside: true });
  await golden(t, 'program/verify-bad-rps', ['verify', '--rps', 'abc'], { inside: true });
  await golden(t, 'program/verify-unknown-stack', ['verify', 'helo'], { inside: true });
  await golden(t, 'program/extra-argument', ['completion', 'bash', 'zsh'], { inside: true });
});

t.test('a failure with --json is one document on stdout', async (t) => {
  const run = await hwctlInside(['up', 'idempotancy', '--json']);
  t.equal(run.exitCode, 2);
  t.match(JSON.parse(run.stdout), { error: { code: 'unknown-stack', hint: /The stacks are/ } });
});

t.test('help stands on stdout at 80 columns and exits 0', async (t) => {
  for (const args of [['--help'], ['help', 'load'], ['load', '--help'], ['verify', '-h']]) {
    const run = await hwctlInside(args, { env: { COLUMNS: '80' } });
    t.equal(run.exitCode, 0, args.join(' '));
    t.match(run.stdout, /^Usage: hwctl/);
    t.equal(run.stderr, '');
  }
});

t.test('no colour where there is no terminal or NO_COLOR is set', async (t) => {
  const ansi = '\u001b[';
  t.notOk((await hwctlInside(['lod'])).stderr.includes(ansi));
  t.notOk((await hwctlInside(['lod'], { env: { NO_COLOR: '1', FORCE_COLOR: '1' } })).stderr.includes(ansi));
  t.ok((await hwctlInside(['lod'], { env: { FORCE_COLOR: '1' } })).stderr.includes(ansi));
});

t.test('completion: a script for each shell, and the hidden command that all of them ask', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, exitCode } = await hwctlInside(['completion', shell]);
    t.equal(exitCode, 0);
    t.match(stdout, / __complete /, shell);
    const { stdout: document } = await hwctlInside(['completion', shell, '--json']);
    t.strictSame(JSON.parse(document), { shell, script: stdout.trimEnd() });
  }
  t.match(await hwctlInside(['__complete', '--', 'up', 'idem']), {
    exitCode: 0,
    stdout: /^words\nidempotency\t/,
    stderr: '',
  });
  t.match(await hwctlInside(['__complete', '--nonsense']), { exitCode: 0, stdout: /^words\n/, stderr: '' });
  t.notMatch((await hwctlInside(['--help'])).stdout, /__complete/);
});

t.test('before npm ci the launcher says so in one line', async (t) => {
  const folder = t.testdir({ bin: {} });
  for (const name of ['package.json', 'bin/hwctl.js']) copyFileSync(join(root, name), join(folder, name));
  t.match(await hwctl(['status'], { program: join(folder, 'bin/hwctl.js') }), {
    exitCode: 2,
    stdout: '',
    stderr: /^hwctl is not built yet.*: run npm ci in .*\n$/,
  });
});
