import t from 'tap';
import type { LiveObject } from '../../../../src/cli/target/kubernetes/api/live-object.js';
import { readinessOf } from '../../../../src/cli/target/kubernetes/health/readiness.js';

function live(kind: string, spec: object, status: object, metadata: object = {}): LiveObject {
  return {
    apiVersion: 'v1',
    kind,
    metadata: { name: 'x', namespace: 'n', uid: 'u', resourceVersion: '1', generation: 2, ...metadata },
    spec: spec as Record<string, unknown>,
    status: status as LiveObject['status'],
  };
}

const yes = (type: string, more: object = {}) => ({ type, status: 'True', ...more });
const no = (type: string, more: object = {}) => ({ type, status: 'False', ...more });

const cases: [string, LiveObject, string, RegExp?][] = [
  ['deleted', live('Deployment', {}, {}, { deletionTimestamp: 'now' }), 'waiting', /being deleted/],
  ['stale', live('Deployment', {}, { observedGeneration: 1 }), 'waiting', /not yet noticed/],
  ['deployment, new', live('Deployment', { replicas: 2 }, {}), 'waiting', /no controller/],
  [
    'deployment, rolling',
    live(
      'Deployment',
      { replicas: 2 },
      { observedGeneration: 2, replicas: 3, updatedReplicas: 2, availableReplicas: 2 },
    ),
    'waiting',
    /1 pod of the old version/,
  ],
  [
    'deployment, unavailable',
    live(
      'Deployment',
      { replicas: 2 },
      { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 1 },
    ),
    'waiting',
    /1 of 2 pods are available/,
  ],
  [
    'deployment, given up',
    live(
      'Deployment',
      { replicas: 1 },
      { observedGeneration: 2, conditions: [no('Progressing', { reason: 'ProgressDeadlineExceeded' })] },
    ),
    'failed',
    /progress deadline/,
  ],
  [
    'deployment, quota',
    live(
      'Deployment',
      { replicas: 1 },
      { observedGeneration: 2, conditions: [yes('ReplicaFailure', { message: 'exceeded quota' })] },
    ),
    'waiting',
    /exceeded quota/,
  ],
  [
    'deployment, done',
    live(
      'Deployment',
      { replicas: 2 },
      {
        observedGeneration: 2,
        replicas: 2,
        updatedReplicas: 2,
        availableReplicas: 2,
        conditions: [yes('Available'), yes('Progressing')],
      },
    ),
    'ready',
  ],
  ['deployment, zero', live('Deployment', { replicas: 0 }, { observedGeneration: 2 }), 'ready'],
  ['statefulset, starting', live('StatefulSet', { replicas: 1 }, { observedGeneration: 2 }), 'waiting', /0 of 1/],
  [
    'statefulset, rolling',
    live(
      'StatefulSet',
      { replicas: 1 },
      { observedGeneration: 2, readyReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
    ),
    'waiting',
    /new version/,
  ],
  [
    'statefulset, done',
    live(
      'StatefulSet',
      { replicas: 1 },
      { observedGeneration: 2, readyReplicas: 1, availableReplicas: 1, currentRevision: 'a', updateRevision: 'a' },
    ),
    'ready',
  ],
  ['job, running', live('Job', {}, { active: 1 }), 'waiting', /running/],
  ['job, retrying', live('Job', {}, { failed: 2 }), 'waiting', /failed 2 times/],
  ['job, complete', live('Job', {}, { conditions: [yes('Complete')] }), 'ready'],
  [
    'job, failed',
    live('Job', {}, { conditions: [yes('Failed', { message: 'Job has reached the specified backoff limit' })] }),
    'failed',
    /backoff limit/,
  ],
  ['job, suspended', live('Job', { suspend: true }, {}), 'failed', /suspended/],
  ['pvc, pending', live('PersistentVolumeClaim', {}, { phase: 'Pending' }), 'ready'],
  ['pvc, lost', live('PersistentVolumeClaim', {}, { phase: 'Lost' }), 'failed', /lost/],
  ['load balancer, nobody gives addresses', live('Service', { type: 'LoadBalancer' }, {}), 'ready'],
  [
    'hpa, no metrics',
    live(
      'HorizontalPodAutoscaler',
      {},
      { conditions: [yes('AbleToScale'), no('ScalingActive', { message: 'unable to get metrics' })] },
    ),
    'waiting',
    /unable to get metrics/,
  ],
  ['hpa, unseen', live('HorizontalPodAutoscaler', {}, {}), 'waiting', /not looked/],
  [
    'hpa, disabled',
    live('HorizontalPodAutoscaler', {}, { conditions: [no('ScalingActive', { reason: 'ScalingDisabled' })] }),
    'ready',
  ],
  ['hpa, active', live('HorizontalPodAutoscaler', {}, { conditions: [yes('ScalingActive')] }), 'ready'],
  [
    'pod, failed',
    live('Pod', {}, { phase: 'Failed', reason: 'Evicted', message: 'low on disk' }),
    'failed',
    /low on disk/,
  ],
  ['config map', live('ConfigMap', {}, {}), 'ready'],
];

for (const [name, object, state, reason] of cases) {
  t.test(name, async (t) => {
    const readiness = readinessOf(object, { loadBalancers: false });
    t.equal(readiness.state, state);
    if (reason !== undefined) t.match('reason' in readiness ? readiness.reason : '', reason);
  });
}

t.test('a LoadBalancer waits for its address where something gives one', async (t) => {
  const service = live('Service', { type: 'LoadBalancer' }, {});
  t.equal(readinessOf(service, { loadBalancers: true }).state, 'waiting');
  const given = live('Service', { type: 'LoadBalancer' }, { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } });
  t.equal(readinessOf(given, { loadBalancers: true }).state, 'ready');
});

t.test('of an autoscaler up waits for its least number of pods, not for figures', async (t) => {
  const hpa = (status: object) => live('HorizontalPodAutoscaler', { minReplicas: 2 }, status);
  const cases: [string, object, string][] = [
    ['not looked at', {}, 'waiting'],
    ['fewer asked for', { desiredReplicas: 1 }, 'waiting'],
    [
      'asked for, no figures',
      { desiredReplicas: 2, conditions: [no('ScalingActive', { message: 'no metrics' })] },
      'ready',
    ],
    ['more asked for', { desiredReplicas: 5 }, 'ready'],
    ['scaled to zero by hand', { conditions: [no('ScalingActive', { reason: 'ScalingDisabled' })] }, 'ready'],
  ];
  for (const [name, status, expected] of cases)
    t.equal(readinessOf(hpa(status), { loadBalancers: false, leastReplicas: true }).state, expected, name);
});
