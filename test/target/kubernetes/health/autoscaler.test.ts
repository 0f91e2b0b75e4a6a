import t from 'tap';
import type { KubeClient } from '../../../../src/cli/target/kubernetes/api/client.js';
import type { LiveObject } from '../../../../src/cli/target/kubernetes/api/live-object.js';
import { idleAutoscalers } from '../../../../src/cli/target/kubernetes/health/autoscaler.js';

interface Cluster {
  /** Conditions of the autoscaler. */
  conditions: object[];
  /** Whether the metrics API is served. */
  metrics?: boolean;
  /** The APIService that metrics-server registers; undefined where it is not installed. */
  service?: object;
}

function cluster({ conditions, metrics = false, service }: Cluster) {
  const autoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'prices', namespace: 'hwctl', uid: '1' },
    status: { conditions },
  } as unknown as LiveObject;
  const client = {
    get: async ({ kind }: { kind: string }) => (kind === 'APIService' ? service : autoscaler),
    resources: async () => (metrics ? [{ apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics' }] : []),
    forgetResources: () => undefined,
    cures: { metrics: 'as whoever made the cluster says' },
  } as unknown as KubeClient;
  return { client, members: [autoscaler, { ...autoscaler, kind: 'Deployment' }] };
}

const inactive = (message: string) => [{ type: 'ScalingActive', status: 'False', message }];

t.test('why an autoscaler does not scale yet', async (t) => {
  const noFigures = 'unable to get metrics for resource cpu: no metrics returned from resource metrics API';
  const cases: [string, Cluster, RegExp | undefined, RegExp | undefined][] = [
    ['it scales', { conditions: [{ type: 'ScalingActive', status: 'True' }], metrics: true }, undefined, undefined],
    ['new', { conditions: [], metrics: true }, /^not yet scaling: no figures yet$/, undefined],
    [
      'new, nothing measures',
      { conditions: [] },
      /the cluster has no metrics API$/,
      /^Install metrics-server: as whoever made the cluster says$/,
    ],
    ['no figures', { conditions: inactive(noFigures), metrics: true }, /^not yet scaling: no figures yet$/, undefined],
    [
      'nothing measures',
      { conditions: inactive('unable to fetch metrics from resource metrics API: could not find resource') },
      /^not yet scaling: the cluster has no metrics API/,
      /^Install metrics-server: as whoever made the cluster says$/,
    ],
    [
      'metrics-server begins',
      {
        conditions: inactive('unable to fetch metrics from resource metrics API'),
        service: { status: { conditions: [{ type: 'Available', status: 'False', message: 'no endpoints' }] } },
      },
      /^not yet scaling: no figures yet$/,
      undefined,
    ],
    [
      'another reason',
      { conditions: [{ type: 'AbleToScale', status: 'False', message: 'the scale is forbidden' }], metrics: true },
      /^not yet scaling: the scale is forbidden$/,
      undefined,
    ],
  ];
  for (const [name, given, reason, hint] of cases) {
    const { client, members } = cluster(given);
    const found = await idleAutoscalers(client, members);
    t.equal(found.length, reason === undefined ? 0 : 1, name);
    if (reason !== undefined) t.match(found[0], { ref: 'HorizontalPodAutoscaler/hwctl/prices', reason }, name);
    if (hint === undefined) t.equal(found[0]?.hint, undefined, name);
    else t.match(found[0]?.hint, hint, name);
  }
});
