import t from 'tap';
import { plainCures } from '../../../../src/cli/target/kubernetes/api/cluster-cures.js';
import type { LiveObject } from '../../../../src/cli/target/kubernetes/api/live-object.js';
import { taintTrouble } from '../../../../src/cli/target/kubernetes/health/unschedulable.js';

function node(taints: { key: string; value?: string; effect: string }[], conditions: object[] = []): LiveObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'one', uid: 'u', resourceVersion: '1' },
    spec: { taints },
    status: { conditions } as LiveObject['status'],
  };
}
const noSchedule = (key: string, value?: string) => ({ key, value, effect: 'NoSchedule' });

const cases: [string, LiveObject, RegExp, RegExp][] = [
  [
    'memory pressure, with what the kubelet says',
    node(
      [noSchedule('node.kubernetes.io/memory-pressure')],
      [{ type: 'MemoryPressure', status: 'True', message: 'kubelet has insufficient memory available' }],
    ),
    /no node takes pod p: node one has the taint node\.kubernetes\.io\/memory-pressure \(kubelet has insufficient memory/,
    /short of memory/,
  ],
  ['disk pressure', node([noSchedule('node.kubernetes.io/disk-pressure')]), /disk-pressure/, /short of disk/],
  ['cordoned', node([noSchedule('node.kubernetes.io/unschedulable')]), /unschedulable/, /kubectl uncordon/],
  ['not ready', node([noSchedule('node.kubernetes.io/not-ready')]), /not-ready/, /: its status, and kubectl describe/],
  ['a taint of the owner', node([noSchedule('team', 'other')]), /taint team=other/, /kubectl taint node/],
];

for (const [name, one, message, hint] of cases) {
  t.test(name, async (t) => {
    const trouble = taintTrouble('p', [one], { status: 'its status' });
    t.match(trouble?.message, message);
    t.match(trouble?.hint, hint);
    t.equal(trouble?.kind, 'unschedulable');
  });
}

t.equal(
  taintTrouble('p', [node([{ key: 'a', effect: 'PreferNoSchedule' }])], plainCures('c')),
  undefined,
  'a preference keeps nobody off',
);
