/** A cluster in this process: an API server that keeps objects as the real one does, and a `minikube` that answers for it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { systemClock } from '../../../src/cli/kernel/clock.js';
import type { RunProgram } from '../../../src/cli/kernel/process.js';
import type { ClusterTargetOptions } from '../../../src/cli/target/kubernetes/provider/cluster-access.js';
import { root } from '../../golden.js';

interface Stored {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; [field: string]: unknown };
  [field: string]: unknown;
}

/** Resources by group version: plural, kind, and whether they live in namespaces. */
const known: Record<string, [string, string, boolean][]> = {
  v1: [
    ['namespaces', 'Namespace', false],
    ['nodes', 'Node', false],
    ['configmaps', 'ConfigMap', true],
    ['secrets', 'Secret', true],
    ['services', 'Service', true],
    ['serviceaccounts', 'ServiceAccount', true],
    ['pods', 'Pod', true],
    ['events', 'Event', true],
    ['persistentvolumeclaims', 'PersistentVolumeClaim', true],
  ],
  'apps/v1': [
    ['deployments', 'Deployment', true],
    ['statefulsets', 'StatefulSet', true],
    ['replicasets', 'ReplicaSet', true],
  ],
  'batch/v1': [['jobs', 'Job', true]],
  'autoscaling/v2': [['horizontalpodautoscalers', 'HorizontalPodAutoscaler', true]],
  'policy/v1': [['poddisruptionbudgets', 'PodDisruptionBudget', true]],
  'apiextensions.k8s.io/v1': [['customresourcedefinitions', 'CustomResourceDefinition', false]],
  'networking.k8s.io/v1': [
    ['ingresses', 'Ingress', true],
    ['ingressclasses', 'IngressClass', false],
    ['networkpolicies', 'NetworkPolicy', true],
  ],
};

export class FakeCluster {
  readonly folder = mkdtempSync(join(tmpdir(), 'hwctl-fake-'));
  readonly kubeconfig = join(this.folder, 'kubeconfig');
  readonly objects = new Map<string, Stored>();
  /** Commands that ran, without the program's name where it is minikube. */
  readonly ran: string[] = [];
  readonly enabled = new Set<string>();
  readonly images = new Set<string>();
  state: 'missing' | 'stopped' | 'running' = 'missing';
  #port = 0;
  #version = 0;

  static async start(t: Test, state: FakeCluster['state']): Promise<FakeCluster> {
    const cluster = new FakeCluster();
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () =>
        cluster.#answer(request.method ?? '', request.url ?? '', Buffer.concat(chunks).toString(), response),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cluster.#port = (server.address() as AddressInfo).port;
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
      rmSync(cluster.folder, { recursive: true });
    });
    if (state !== 'missing') cluster.#boot(state);
    return cluster;
  }

  get options(): ClusterTargetOptions {
    return this.optionsOf('hwctl');
  }

  /** What a target of that project is made with. */
  optionsOf(project: string): ClusterTargetOptions {
    const env = { KUBECONFIG: this.kubeconfig, XDG_STATE_HOME: join(this.folder, 'state'), HOME: this.folder };
    const environment = { env, cwd: this.folder, root, clock: systemClock, project };
    return { name: 'minikube', environment, run: this.run, context: 'fake' };
  }

  /** Programs of this machine: minikube, and an engine that builds whatever it is asked. */
  readonly run: RunProgram = async (argv) => {
    const line = argv.filter((word) => !['minikube', '-p', 'fake'].includes(word)).join(' ');
    this.ran.push(line);
    const done = (exitCode: number, stdout = '') => ({ exitCode, stdout, stderr: '', failure: undefined });
    if (line.startsWith('status')) return done({ missing: 85, stopped: 1, running: 0 }[this.state]);
    if (line.startsWith('start')) this.#boot('running');
    if (line.startsWith('addons list')) {
      const list = ['ingress', 'metrics-server'].map((name) => [
        name,
        { Status: this.enabled.has(name) ? 'enabled' : 'disabled' },
      ]);
      return done(0, JSON.stringify(Object.fromEntries(list)));
    }
    if (line.startsWith('addons enable')) this.enable(argv.at(-1) ?? '');
    if (line.startsWith('image ls')) return done(0, JSON.stringify([{ repoTags: [...this.images] }]));
    if (line.startsWith('image load')) this.images.add(this.#built);
    if (line.startsWith('docker image inspect')) return { ...done(1), stderr: 'Error: No such image\n' };
    if (line.startsWith('docker build')) this.#built = argv[3] ?? '';
    return done(0);
  };
  #built = '';

  enable(addon: string): void {
    this.enabled.add(addon);
    const [namespace, name] =
      addon === 'ingress' ? ['ingress-nginx', 'ingress-nginx-controller'] : ['kube-system', addon];
    this.#store({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace }, spec: { replicas: 1 } });
    if (addon !== 'ingress') return;
    this.#store({ apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'nginx' } });
  }

  #boot(state: FakeCluster['state']): void {
    this.state = state;
    const server = `http://127.0.0.1:${this.#port}`;
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'fake', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'fake', user: { token: 'x' } }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
      'current-context': 'fake',
    };
    writeFileSync(this.kubeconfig, JSON.stringify(config));
    this.#store({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'fake' } });
  }

  #store(object: Stored): Stored {
    const { name, namespace = '' } = object.metadata;
    const key = `${object.kind}/${namespace}/${name}`;
    const before = this.objects.get(key);
    const { resourceVersion: _, ...metadata } = { ...before?.metadata, ...object.metadata };
    const after: Stored = { ...object, metadata: { uid: `uid-${key}`, ...metadata }, status: this.#statusOf(object) };
    const { resourceVersion, ...same } = (before?.metadata ?? {}) as Record<string, unknown>;
    const isSame = JSON.stringify({ ...before, metadata: same }) === JSON.stringify(after);
    if (!isSame) this.#version++;
    after.metadata.resourceVersion = isSame ? resourceVersion : String(this.#version);
    this.objects.set(key, after);
    return after;
  }

  /** Everything is as it shall be at once. */
  #statusOf({ kind, spec = {} }: Stored): object {
    const { replicas = 1, minReplicas = 1 } = spec as { replicas?: number; minReplicas?: number };
    const yes = (...types: string[]) => types.map((type) => ({ type, status: 'True' }));
    const counts = {
      observedGeneration: 1,
      replicas,
      readyReplicas: replicas,
      updatedReplicas: replicas,
      availableReplicas: replicas,
      currentReplicas: replicas,
    };
    switch (kind) {
      case 'Node':
        return { conditions: yes('Ready'), images: [...this.images].map((image) => ({ names: [image] })) };
      case 'Deployment':
      case 'StatefulSet':
        return { ...counts, conditions: yes('Available', 'Progressing') };
      case 'CustomResourceDefinition':
        return { conditions: yes('Established') };
      case 'Job':
        return { succeeded: 1, conditions: yes('Complete') };
      case 'HorizontalPodAutoscaler':
        return {
          desiredReplicas: minReplicas,
          currentReplicas: minReplicas,
          conditions: yes('AbleToScale', 'ScalingActive'),
        };
      default:
        return {};
    }
  }

  #answer(method: string, url: string, text: string, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://fake');
    const send = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (this.state !== 'running') return void response.destroy();
    if (pathname === '/version') return void send(200, { gitVersion: 'v1.34.4' });
    if (pathname === '/api' || pathname === '/apis') return void send(200, discovery(pathname === '/api'));
    const at = /^\/apis?\/((?:[\w.-]+\/)?v\w+)\/(?:namespaces\/([^/]+)\/(?=\w))?([a-z]+)(?:\/([^/]+))?$/.exec(pathname);
    const [, apiVersion = '', namespace, plural, name] = at ?? [];
    const kind = known[apiVersion]?.find(([candidate]) => candidate === plural)?.[1];
    if (kind === undefined) return void send(404, { reason: 'NotFound', message: pathname });
    const key = `${kind}/${namespace ?? ''}/${name}`;
    const found = this.objects.get(key);
    if (method === 'POST') return void send(201, this.#store(JSON.parse(text)));
    if (method === 'PATCH') {
      const home = kind === 'Namespace' || namespace === undefined || this.objects.has(`Namespace//${namespace}`);
      if (!home) return void send(404, { reason: 'NotFound', message: `namespaces "${namespace}" not found` });
      return void send(200, this.#store(JSON.parse(text)));
    }
    if (name === undefined) {
      const [label, value] = (searchParams.get('labelSelector') ?? '').split('=');
      const items = [...this.objects.values()].filter(
        (object) =>
          object.kind === kind &&
          (namespace === undefined || object.metadata.namespace === namespace) &&
          (!label || object.metadata.labels?.[label] === value),
      );
      return void send(200, {
        items: items.map((item) => (kind === 'Node' ? { ...item, status: this.#statusOf(item) } : item)),
      });
    }
    if (found === undefined) return void send(404, { reason: 'NotFound', message: key });
    if (method === 'DELETE') {
      const held = this.objects.get(key)?.metadata;
      if (held?.finalizers === undefined) this.objects.delete(key);
      else held.deletionTimestamp = '2026-01-01T00:00:00Z';
    }
    send(200, found);
  }
}

function discovery(core: boolean): object {
  const groups = Object.entries(known).filter(([version]) => version.includes('/') !== core);
  return {
    items: groups.map(([apiVersion, resources]) => ({
      metadata: { name: core ? '' : apiVersion.split('/')[0] },
      versions: [
        {
          version: apiVersion.split('/').at(-1),
          resources: resources.map(([resource, kind, namespaced]) => ({
            resource,
            responseKind: { kind },
            scope: namespaced ? 'Namespaced' : 'Cluster',
            verbs: ['list', 'get', 'patch', 'delete'],
          })),
        },
      ],
    })),
  };
}
