// Faults on workloads of every kind, on a cluster in memory whose controllers do what theirs do.
import t from 'tap';
import { Failure } from '../../../src/cli/kernel/failure.js';
import type { KubeClient } from '../../../src/cli/target/kubernetes/api/client.js';
import type { ApiResource } from '../../../src/cli/target/kubernetes/api/discovery.js';
import type { LiveObject } from '../../../src/cli/target/kubernetes/api/live-object.js';
import { injectFault } from '../../../src/cli/target/kubernetes/fault.js';
import type { Fault } from '../../../src/cli/target/target.js';

type Kind = 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job';

/** One workload, its pods, and a controller that acts whenever time passes. */
class SmallCluster {
  nowMs = 0;
  /** Pods that were deleted, with the grace that was asked for. */
  readonly deleted: { name: string; grace: number | undefined }[] = [];
  readonly workload: LiveObject;
  #pods: (LiveObject & { revision: number; bornMs: number })[] = [];
  #made = 0;
  #revision = 1;

  constructor(
    readonly kind: Kind,
    readonly given: { name?: string; replicas?: number; spec?: Record<string, unknown>; stuck?: boolean } = {},
  ) {
    const { name = 'shop', replicas = 2, spec = {} } = given;
    this.workload = {
      apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1',
      kind,
      metadata: {
        name,
        namespace: 'n',
        uid: 'w',
        resourceVersion: '1',
        generation: 1,
        annotations: { 'deployment.kubernetes.io/revision': '1' },
      },
      spec: { replicas, selector: { matchLabels: { app: name } }, ...spec },
    };
    this.#act();
  }

  readonly clock = {
    now: () => this.nowMs,
    monotonic: () => this.nowMs,
    sleep: async (ms: number) => {
      this.nowMs += ms;
      this.#act();
    },
  };

  get client(): KubeClient {
    const client: Partial<KubeClient> = {
      pathOf: async ({ kind, metadata }) => `/${kind}/${metadata.name}`,
      get: async () => this.#live(),
      list: async ({ kind }: ApiResource) => (kind === 'Pod' ? this.#pods : kind === 'ReplicaSet' ? this.#sets() : []),
      call: (async (method: string, path: string, { body }: { body?: Record<string, unknown> } = {}) => {
        if (method === 'PATCH') {
          this.#revision++;
          this.workload.metadata.generation!++;
        }
        if (method !== 'DELETE') return;
        const name = path.split('/').at(-1)!;
        this.deleted.push({ name, grace: body?.gracePeriodSeconds as number | undefined });
        this.#pods = this.#pods.filter(({ metadata }) => metadata.name !== name);
      }) as KubeClient['call'],
    };
    return client as KubeClient;
  }

  /** A pod that is missing is made; of an old revision one a look is replaced, where the strategy says so. */
  #act(): void {
    const { replicas = 2, spec = {} } = this.given;
    const onDelete = (spec.updateStrategy as { type?: string } | undefined)?.type === 'OnDelete';
    const old = this.#pods.find(({ revision }) => revision < this.#revision);
    if (old !== undefined && !onDelete && this.given.stuck !== true)
      this.#pods = this.#pods.filter((pod) => pod !== old);
    while (this.#pods.length < replicas) {
      const name = `${this.workload.metadata.name}-${++this.#made}`;
      const owner = this.kind === 'Deployment' ? `rs${this.#revision}` : 'w';
      this.#pods.push({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name,
          namespace: 'n',
          uid: name,
          resourceVersion: '1',
          ownerReferences: [{ kind: 'x', name: 'x', uid: owner }],
        },
        revision: this.#revision,
        bornMs: this.nowMs,
      });
    }
  }

  #live(): LiveObject {
    const wanted = this.given.replicas ?? 2;
    const ready = this.#pods.filter(({ bornMs }) => bornMs === 0 || this.nowMs - bornMs >= 500).length;
    const updated = this.#pods.filter(({ revision }) => revision === this.#revision).length;
    const status = {
      observedGeneration: this.workload.metadata.generation,
      replicas: this.#pods.length,
      readyReplicas: ready,
      availableReplicas: ready,
      updatedReplicas: updated,
      updateRevision: String(this.#revision),
      currentRevision: updated === wanted ? String(this.#revision) : 'old',
      desiredNumberScheduled: wanted,
      numberAvailable: ready,
      updatedNumberScheduled: updated,
    };
    const annotations = { 'deployment.kubernetes.io/revision': String(this.#revision) };
    return { ...this.workload, metadata: { ...this.workload.metadata, annotations }, status };
  }

  #sets(): LiveObject[] {
    const sets = Array.from({ length: this.#revision }, (_, i) => i + 1);
    return sets.map((revision) => ({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `rs${revision}`,
        namespace: 'n',
        uid: `rs${revision}`,
        resourceVersion: '1',
        annotations: { 'deployment.kubernetes.io/revision': String(revision) },
        ownerReferences: [{ kind: 'Deployment', name: 'shop', uid: 'w' }],
      },
    }));
  }

  names(): string[] {
    return this.#pods.map(({ metadata }) => metadata.name);
  }

  harm(kind: Fault['kind']): Promise<void> {
    return injectFault(this.client, [this.#live()], { kind, service: this.workload.metadata.name }, this.clock);
  }
}

const onDelete = { spec: { updateStrategy: { type: 'OnDelete' } } };
const runs: [what: string, Kind, ConstructorParameters<typeof SmallCluster>[1]][] = [
  ['a Deployment', 'Deployment', {}],
  ['a Deployment of any name', 'Deployment', { name: 'pay-2' }],
  ['a StatefulSet', 'StatefulSet', { name: 'db' }],
  ['a DaemonSet', 'DaemonSet', {}],
  ['a StatefulSet with OnDelete', 'StatefulSet', onDelete],
  ['a DaemonSet with OnDelete', 'DaemonSet', onDelete],
  ['a Deployment of one', 'Deployment', { replicas: 1 }],
];

for (const [what, kind, given] of runs) {
  t.test(what, async (t) => {
    const killed = new SmallCluster(kind, given);
    const before = killed.names();
    await killed.harm('kill');
    t.same(
      killed.deleted,
      before.map((name) => ({ name, grace: 0 })),
      'kill ends each pod without grace',
    );
    const restarted = new SmallCluster(kind, given);
    const old = restarted.names();
    await restarted.harm('restart');
    t.same(
      restarted.names().filter((name) => old.includes(name)),
      [],
      'after a restart there is no old pod',
    );
    t.equal(restarted.names().length, old.length, 'and as many new ones');
    t.ok(restarted.nowMs >= 500, 'that are ready');
  });
}

async function codeOf(work: Promise<void>): Promise<string> {
  try {
    await work;
    return 'nothing was refused';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return `${error.code}: ${error.message}. ${error.hint}`;
  }
}

t.test('what cannot be done is told, and nothing waits for it', async (t) => {
  const table: [string, SmallCluster, Fault['kind'], RegExp][] = [
    ['no pod', new SmallCluster('Deployment', { replicas: 0 }), 'kill', /^not-running: shop has no pod just now/],
    ['a Job', new SmallCluster('Job', { replicas: 1 }), 'restart', /^fault-not-possible: Job\/n\/shop runs once/],
    [
      'paused',
      new SmallCluster('Deployment', { spec: { paused: true } }),
      'restart',
      /^fault-not-possible: .*kubectl rollout resume/,
    ],
    ['stop', new SmallCluster('StatefulSet'), 'stop', /^fault-not-possible/],
    ['continue', new SmallCluster('StatefulSet'), 'continue', /^fault-not-possible/],
    [
      'stuck',
      new SmallCluster('Deployment', { stuck: true }),
      'restart',
      /^not-ready: .*0 of 2 pods are of the new version/,
    ],
  ];
  for (const [what, cluster, kind, says] of table) t.match(await codeOf(cluster.harm(kind)), says, what);
});

t.test('workloads that share a name are harmed together', async (t) => {
  const [one, two] = [new SmallCluster('Deployment'), new SmallCluster('StatefulSet')];
  const client: KubeClient = {
    ...one.client,
    list: async (resource, options) => [
      ...(await one.client.list(resource, options)),
      ...(await two.client.list(resource, options)),
    ],
    call: async (method, path, options) => {
      await one.client.call(method, path, options);
      return two.client.call(method, path, options);
    },
  };
  await injectFault(client, [one.workload, { ...two.workload }], { kind: 'kill', service: 'shop' }, one.clock);
  t.ok(one.deleted.length >= 2 && two.deleted.length >= 2);
});
