import t from 'tap';
import type { LiveObject } from '../../../../src/cli/target/kubernetes/api/live-object.js';
import { exitWords, podTrouble, worstTrouble } from '../../../../src/cli/target/kubernetes/health/pod-trouble.js';

function pod(status: object): LiveObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'orders-1', namespace: 'n', uid: 'u', resourceVersion: '1' },
    status: status as LiveObject['status'],
  };
}

const container = (more: object) => ({ name: 'orders', image: 'i:1', ready: false, restartCount: 0, ...more });
const waiting = (reason: string, message = '') => ({ state: { waiting: { reason, message } } });
const ended = (exitCode: number, more: object = {}) => ({ terminated: { exitCode, ...more } });

const cases: [string, object, string, RegExp, boolean][] = [
  [
    'no such image',
    { containerStatuses: [container(waiting('ImagePullBackOff', 'Back-off pulling image "i:1"'))] },
    'image',
    /cannot get the image i:1: Back-off/,
    true,
  ],
  [
    'missing key',
    {
      containerStatuses: [container(waiting('CreateContainerConfigError', "couldn't find key PORT in ConfigMap n/c"))],
    },
    'config',
    /couldn't find key PORT/,
    true,
  ],
  [
    'crash loop',
    { containerStatuses: [container({ restartCount: 3, ...waiting('CrashLoopBackOff'), lastState: ended(1) })] },
    'crash',
    /crashes with exit code 1 \(3 restarts\)/,
    true,
  ],
  [
    'first crash',
    { containerStatuses: [container({ restartCount: 1, ...waiting('CrashLoopBackOff'), lastState: ended(1) })] },
    'crash',
    /1 restart\)/,
    false,
  ],
  [
    'out of memory',
    {
      containerStatuses: [
        container({ restartCount: 2, ...waiting('CrashLoopBackOff'), lastState: ended(137, { reason: 'OOMKilled' }) }),
      ],
    },
    'oom',
    /more memory than its limit/,
    true,
  ],
  [
    'init container first',
    {
      initContainerStatuses: [
        container({ name: 'init', restartCount: 4, lastState: ended(2), ...waiting('CrashLoopBackOff') }),
      ],
      containerStatuses: [container(waiting('PodInitializing'))],
    },
    'crash',
    /container init .* exit code 2/,
    true,
  ],
  [
    'ends with success',
    {
      containerStatuses: [
        container({ restartCount: 3, ...waiting('CrashLoopBackOff'), lastState: ended(0, { reason: 'Completed' }) }),
      ],
    },
    'crash',
    /must keep running/,
    true,
  ],
  [
    'too large a request',
    {
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available: 1 Insufficient cpu.' }],
    },
    'unschedulable',
    /Insufficient cpu/,
    true,
  ],
  [
    'evicted',
    { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' },
    'evicted',
    /low on resource/,
    true,
  ],
  ['runs, not ready', { containerStatuses: [container({ state: { running: {} } })] }, 'not-ready', /not ready/, false],
  ['just made', { containerStatuses: [container(waiting('ContainerCreating'))] }, 'starting', /is starting/, false],
];

for (const [name, status, kind, message, hopeless] of cases) {
  t.test(name, async (t) => {
    const trouble = podTrouble(pod(status));
    t.equal(trouble?.kind, kind);
    t.match(trouble?.message, message);
    t.equal(trouble?.hopelessAfterMs !== undefined, hopeless, 'whether waiting is pointless');
  });
}

t.test('a ready or succeeded pod has no trouble', async (t) => {
  t.equal(podTrouble(pod({ conditions: [{ type: 'Ready', status: 'True' }] })), undefined);
  t.equal(podTrouble(pod({ phase: 'Succeeded' })), undefined);
});

t.test('the cure names what is short', async (t) => {
  const short = (message: string) =>
    podTrouble(pod({ conditions: [{ type: 'PodScheduled', status: 'False', message }] }));
  t.match(short('0/1 nodes are available: 1 Insufficient memory. no new claims')?.hint, /enough memory left/);
  t.match(short('1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }')?.hint, /short of disk/);
});

t.test('warnings explain a pod that runs but is not ready, and one killed by its probe', async (t) => {
  const event = { reason: 'Unhealthy', message: 'Readiness probe failed: HTTP 503', count: 3, lastSeen: 'b' };
  t.match(
    podTrouble(pod({ containerStatuses: [container({ state: { running: {} } })] }), [event])?.message,
    /HTTP 503/,
  );
  const killed = {
    containerStatuses: [container({ restartCount: 2, ...waiting('CrashLoopBackOff'), lastState: ended(137) })],
  };
  const liveness = { ...event, message: 'Liveness probe failed: timeout' };
  t.match(podTrouble(pod(killed), [liveness])?.message, /SIGKILL \(exit code 137\).*Liveness probe failed/);
});

t.test('exit codes above 128 are signals', async (t) => {
  t.equal(exitWords({ exitCode: 1 }), 'exit code 1');
  t.equal(exitWords({ exitCode: 139 }), 'SIGSEGV (exit code 139)');
  t.equal(exitWords({ exitCode: 0, signal: 15 }), 'SIGTERM (exit code 0)');
});

t.test('the worst trouble is the most telling one', async (t) => {
  const starting = { kind: 'starting' as const, message: 'a' };
  const crash = { kind: 'crash' as const, message: 'b', hopelessAfterMs: 1 };
  t.equal(worstTrouble([starting, crash]), crash);
  t.equal(worstTrouble([]), undefined);
});
