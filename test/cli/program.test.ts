import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { golden, hwctl, root } from '../golden.js';

t.test('words that are no command, no flag, no target', async (t) => {
  await golden(t, 'program/unknown-command', ['lod']);
  await golden(t, 'program/unknown-command-far', ['frobnicate']);
  await golden(t, 'program/unknown-flag', ['up', '--dry-rn']);
  await golden(t, 'program/unknown-flag-before', ['--frob', 'up']);
  await golden(t, 'program/help-unknown', ['help', 'dwon']);
  await golden(t, 'program/bad-target', ['up', '--target', 'mars']);
  await golden(t, 'program/missing-value', ['up', '--timeout']);
  await golden(t, 'program/unknown-stack', ['up', 'idempotancy']);
  await golden(t, 'program/kube-without-context', ['up', '--target', 'kube']);
  await golden(t, 'program/unknown-shell', ['completion', 'bsh']);
  await golden(t, 'program/doctor-target', ['doctor', 'minikub']);
  await golden(t, 'program/verify-bad-rps', ['verify', '--rps', 'abc']);
  await golden(t, 'program/verify-unknown-stack', ['verify', 'helo']);
  await golden(t, 'program/extra-argument', ['completion', 'bash', 'zsh']);
});

t.test('a failure with --json is one document on stdout', async (t) => {
  const run = await hwctl(['up', 'idempotancy', '--json']);
  t.equal(run.exitCode, 2);
  t.match(JSON.parse(run.stdout), { error: { code: 'unknown-stack', hint: /The stacks are/ } });
});

t.test('help stands on stdout at 80 columns and exits 0', async (t) => {
  for (const args of [['--help'], ['help', 'load'], ['load', '--help'], ['verify', '-h']]) {
    const run = await hwctl(args, { env: { COLUMNS: '80' } });
    t.equal(run.exitCode, 0, args.join(' '));
    t.match(run.stdout, /^Usage: hwctl/);
    t.equal(run.stderr, '');
  }
});

t.test('no colour where there is no terminal or NO_COLOR is set', async (t) => {
  const ansi = '\u001b[';
  t.notOk((await hwctl(['lod'])).stderr.includes(ansi));
  t.notOk((await hwctl(['lod'], { env: { NO_COLOR: '1', FORCE_COLOR: '1' } })).stderr.includes(ansi));
  t.ok((await hwctl(['lod'], { env: { FORCE_COLOR: '1' } })).stderr.includes(ansi));
});

t.test('completion scripts are sound and know every command', async (t) => {
  const root = await hwctl(['--help']);
  const names = [...root.stdout.matchAll(/^ {2}(\w+) /gm)]
    .map((match) => match[1] ?? '')
    .filter((name) => name !== 'help');
  t.ok(names.includes('up') && names.includes('load'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, exitCode } = await hwctl(['completion', shell]);
    t.equal(exitCode, 0);
    for (const name of names) t.match(stdout, new RegExp(`\\b${name}\\b`), `${shell} knows ${name}`);
    t.match(stdout, /--target\b|-l target/, `${shell} knows flags`);
    const known = spawnSync(shell, ['--version']).error === undefined;
    if (!known) {
      t.pass(`${shell} is not installed: its syntax is checked where it is`, { skip: `${shell} is not installed` });
      continue;
    }
    t.equal(spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' }).stderr, '', `${shell} -n`);
  }
  const script = `${(await hwctl(['completion', 'bash'])).stdout}
COMP_WORDS=(hwctl st); COMP_CWORD=1; _hwctl; echo "\${COMPREPLY[*]}"
COMP_WORDS=(hwctl up --target ''); COMP_CWORD=3; _hwctl; echo "\${COMPREPLY[*]}"`;
  const bash = spawnSync('bash', ['--norc'], { input: script, encoding: 'utf8' });
  t.equal(bash.stdout, 'status\nauto local minikube kube\n');
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
