/** The program with a minikube that has no profile: the dry run refuses what `up` refuses, and names what it cannot know yet. */
import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import t from 'tap';
import { hwctl } from '../../golden.js';

t.setTimeout(120_000);

t.test('no profile', { skip: process.platform === 'win32' && 'needs a shell script as minikube' }, async (t) => {
  const folder = t.testdir({ bin: { minikube: '#!/bin/sh\ncase "$*" in *status*) exit 85 ;; esac\n' } });
  chmodSync(join(folder, 'bin', 'minikube'), 0o755);
  const env = {
    PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
    XDG_STATE_HOME: join(folder, 'state'),
    KUBECONFIG: join(folder, 'no-kubeconfig'),
  };
  const where = ['hello', '--target', 'minikube', '--set', 'store=sqlite'];
  for (const command of [['up'], ['up', '--dry-run'], ['diff'], ['render']]) {
    const run = await hwctl([...command, ...where], { env });
    t.match(run, { exitCode: 2, stderr: /error: store: the image of the server holds no SQLite/ }, command.join(' '));
  }
  // An image that is named needs no engine here.
  const named = ['hello', '--target', 'minikube', '--set', 'image=hwctl-server:1', '--dry-run', '--json'];
  const dry = await hwctl(['up', ...named], { env });
  t.equal(dry.exitCode, 0, dry.stderr);
  const { plan } = JSON.parse(dry.stdout) as { plan: { verb: string; ref: string; why: string }[] };
  t.match(plan.slice(0, 2), [
    { verb: 'create', ref: 'profile/minikube' },
    { verb: 'plan', ref: 'addons/minikube', why: /ingress and metrics-server/ },
  ]);
  t.match(plan.at(-1), { verb: 'start', ref: 'process/forward', why: /cannot be reached/ });
});
