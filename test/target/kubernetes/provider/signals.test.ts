/** Ctrl-C ends every wait for a program of the provider, and every wait for the port-forward daemon to end. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Clock, systemClock } from '../../../../src/cli/kernel/clock.js';
import type { RunOutcome, RunProgram } from '../../../../src/cli/kernel/process.js';
import { StateFile } from '../../../../src/cli/target/kubernetes/provider/cluster-state.js';
import type { ClusterProvider, ProviderKind } from '../../../../src/cli/target/kubernetes/provider/provider.js';
import { providers } from '../../../../src/cli/target/kubernetes/provider/providers.js';
import { stopForward } from '../../../../src/cli/target/kubernetes/provider/traces.js';
import { createClusterTarget } from '../../../../src/cli/target/kubernetes/target.js';
import type { DebugRequest, Target, UpRequest } from '../../../../src/cli/target/target.js';
import { root } from '../../../golden.js';

const outcome = (exitCode: number, stdout = ''): RunOutcome => ({ exitCode, stdout, stderr: '', failure: undefined });

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-signals-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What the programs say in each state of the cluster; whatever is asked else is done. */
const answers: Record<string, Record<string, [prefix: string, answer: RunOutcome][]>> = {
  minikube: {
    missing: [['minikube -p kind-a status', outcome(0)]],
    broken: [['minikube -p kind-a status', outcome(4)]],
    busy: [['minikube -p kind-a status', outcome(2)]],
    running: [['minikube -p kind-a image ls', outcome(0, '[{"repoTags":["docker.io/library/x:1"]}]')]],
  },
  kind: {
    missing: [['kind get clusters', outcome(0)]],
    stopped: [
      ['kind get', outcome(0, 'a\n')],
      ['docker ps', outcome(0, 'a exited\n')],
    ],
    running: [
      ['kind get', outcome(0, 'a\n')],
      ['docker ps', outcome(0, 'a running\n')],
      ['docker exec a crictl images', outcome(0, '{"images":[{"repoTags":["docker.io/library/x:1"]}]}')],
    ],
  },
};

/** Not ended by a signal: what is asked of the engine in passing, and what tidies up behind an act. */
const apart = /^docker version|^minikube .* ssh -- sudo rm/;

t.test('every program that a provider waits for hears the signal of the act', async (t) => {
  const clock = {
    ...systemClock,
    sleep: async (_: number, signal?: AbortSignal) => void t.ok(signal, 'a pause hears it'),
  };
  const env = { KUBECONFIG: join(folderOf(t), 'config') };
  writeFileSync(env.KUBECONFIG, JSON.stringify({ contexts: [{ name: 'kind-a', context: {} }] }));
  const { signal } = new AbortController();
  const options = { timeoutMs: 1_000, signal };
  const acts: Record<string, (provider: ClusterProvider) => Promise<unknown>> = {
    state: (provider) => provider.state({ signal }),
    start: (provider) => provider.start({}, () => {}, options),
    delete: (provider) => provider.delete(options),
    addon: (provider) => provider.setAddon('ingress', true, options),
    load: (provider) => provider.loadArchive('/x.tar', 'x:1', options),
    build: (provider) => provider.buildImage({ context: '/', dockerfile: '/D', arguments: {} }, 'x:1', options),
  };
  for (const [name, states] of Object.entries(answers)) {
    const entry: ProviderKind = providers[name as keyof typeof providers];
    for (const [state, said] of Object.entries(states))
      for (const [act, carryOut] of Object.entries(acts)) {
        const asked: string[] = [];
        const run: RunProgram = async (argv, given) => {
          const line = argv.join(' ');
          asked.push(line);
          if (!apart.test(line)) t.equal(given.signal, signal, `${name}, ${state}, ${act}: ${line}`);
          return said.find(([prefix]) => line.startsWith(prefix))?.[1] ?? outcome(0);
        };
        // Some acts fail in some states; who is asked is what matters here.
        await carryOut(entry.open('kind-a', { run, clock, env })).catch(() => undefined);
        if (!['addon', 'build'].includes(act)) t.ok(asked.length > 0, `${name}, ${state}, ${act}: a program is asked`);
      }
  }
});

t.test('a signal ends the look at a cluster at once', async (t) => {
  for (const name of Object.keys(answers)) {
    const entry: ProviderKind = providers[name as keyof typeof providers];
    const control = new AbortController();
    const run: RunProgram = async () => {
      control.abort(new Error('Ctrl-C'));
      return outcome(2);
    };
    const provider = entry.open('kind-a', { run, clock: systemClock, env: {} });
    await t.rejects(provider.state({ signal: control.signal }), /Ctrl-C/, name);
  }
});

/** A process, and a state that says it is the daemon. */
function daemon(t: Test) {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  const state = new StateFile(folderOf(t), 'context', 'hwctl');
  state.change((draft) => {
    draft.forward = { pid: child.pid!, argv: ['sleep'] };
  });
  return { state, pid: child.pid! };
}

const report = () => ({ deleted: [], kept: [], remaining: [] });

t.test('a daemon that does not end is waited for in vain only for a while, and stays in the record', async (t) => {
  let now = 0;
  const clock: Clock = {
    ...systemClock,
    monotonic: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
    },
  };
  const forEver: RunProgram = async () => outcome(0, 'sleep 60\n');
  const { state, pid } = daemon(t);
  const told = { code: 'forward-stays', message: new RegExp(`process ${pid}`), hint: /ps / };
  await t.rejects(stopForward(forEver, state, report(), clock), told);
  t.ok(now > 3_000 && now < 60_000, `${now} ms`);
  t.equal(state.get().forward?.pid, pid);

  for (const afterMs of [0, 1_000, 4_000]) {
    now = 0;
    const control = new AbortController();
    const run: RunProgram = async (argv, options) => {
      if (now >= afterMs) control.abort(new Error('Ctrl-C'));
      return forEver(argv, options);
    };
    await t.rejects(stopForward(run, state, report(), clock, control.signal), /Ctrl-C/, `after ${afterMs} ms`);
    t.ok(now <= afterMs + 100);
    t.equal(state.get().forward?.pid, pid);
  }
});

t.test('every act of a cluster target that can be ended gives its signal to the look at the cluster', async (t) => {
  const wait = (signal: AbortSignal) => ({ timeoutMs: 1_000, signal, onEvent: () => undefined });
  const source = { asksCluster: false, objects: async () => [], images: [] } as unknown as UpRequest['source'];
  const pods = {
    count: 1,
    files: {},
    main: 'x',
    port: 1,
    longestMs: 1_000,
    timeoutMs: 1_000,
    onWaiting: () => undefined,
  };
  const acts: Record<string, (target: Target, signal: AbortSignal) => Promise<unknown> | undefined> = {
    up: (target, signal) => target.up({ stacks: [], values: { image: 'x:1' }, source }, wait(signal)),
    down: (target, signal) => target.down({ stacks: [], keepData: false }, wait(signal)),
    logs: async (target, signal) => {
      for await (const _ of target.logs({ services: [], follow: false, signal })) break;
    },
    forward: (target, signal) => target.forward?.({ address: '127.0.0.1', stop: false, signal }),
    waitScaling: (target, signal) => target.waitScaling?.(wait(signal)),
    debug: (target, signal) => target.debug?.({ signal } as DebugRequest),
    startPods: (target, signal) => target.startPods?.({ ...pods, signal }),
  };
  for (const [act, carryOut] of Object.entries(acts)) {
    const home = folderOf(t);
    const env = { HOME: home, XDG_STATE_HOME: home, KUBECONFIG: join(home, 'config') };
    const { signal } = new AbortController();
    const looks: string[] = [];
    const run: RunProgram = async (argv, given) => {
      const line = argv.join(' ');
      if (line.startsWith('kind get')) looks.push(line);
      if (line.startsWith('kind')) t.equal(given.signal, signal, `${act}: ${line}`);
      return outcome(line.startsWith('kind create') ? 1 : 0);
    };
    const environment = { project: 'hwctl', env, cwd: home, root, clock: systemClock };
    const target = createClusterTarget({ name: 'kind', environment, run, context: 'kind-a' });
    await carryOut(target, signal)?.catch(() => undefined);
    t.ok(looks.length > 0, `${act} looks at the cluster`);
  }
});
