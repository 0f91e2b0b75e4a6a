import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { systemClock } from '../../../../src/cli/kernel/clock.js';
import { run } from '../../../../src/cli/kernel/process.js';
import type { KubeClient } from '../../../../src/cli/target/kubernetes/api/client.js';
import type { LiveObject } from '../../../../src/cli/target/kubernetes/api/live-object.js';
import { StateFile } from '../../../../src/cli/target/kubernetes/provider/cluster-state.js';
import { forwardAll } from '../../../../src/cli/target/kubernetes/reach/forward.js';

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'orders', namespace: 'app' },
  spec: { ports: [{ port: 80 }] },
} as unknown as LiveObject;
const client = { get: async () => undefined } as unknown as KubeClient;

/** Starts the daemon with another program in Node's place. */
function start(t: Test, program: string, signal?: AbortSignal) {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-forward-'));
  const node = process.execPath;
  t.teardown(() => {
    process.execPath = node;
    rmSync(folder, { recursive: true, force: true });
  });
  const path = join(folder, 'program');
  if (program !== '') writeFileSync(path, `#!/bin/sh\n${program}\n`);
  if (program !== '') chmodSync(path, 0o755);
  const state = new StateFile(folder, 'context', 'hwctl');
  const environment = { env: { HOME: folder }, cwd: folder, root: folder, clock: systemClock, project: 'hwctl' };
  const options = { name: 'kube' as const, environment, run, context: 'context' };
  process.execPath = path;
  return { state, done: forwardAll(options, client, state, [service], '127.0.0.1', signal) };
}

t.test('a daemon that the system does not start is a failure that says why', async (t) => {
  const { done, state } = start(t, '');
  const why = { code: 'forward-failed', message: /does not start: there is no such file/, hint: /ulimit/ };
  await t.rejects(done, why);
  t.equal(state.get().forward, undefined, 'there is nothing to end');
});

t.test('a daemon that ends before its ports are open is told', async (t) => {
  const { done } = start(t, 'exit 1');
  await t.rejects(done, { code: 'forward-failed', message: /does not open its ports/ });
});

t.test('a signal ends the wait for its ports; the daemon stays in the record, for down', async (t) => {
  const control = new AbortController();
  const { done, state } = start(t, 'exec sleep 20', control.signal);
  setTimeout(() => control.abort(new Error('Ctrl-C')), 100);
  await t.rejects(done, /Ctrl-C/);
  const pid = state.get().forward?.pid;
  t.ok(pid);
  process.kill(pid!, 'SIGKILL');
});
