import { join } from 'node:path';
import t from 'tap';
import {
  type Container,
  isKind,
  isWorkload,
  type KubeObject,
  type Probe,
  type Workload,
} from '../../../src/cli/target/manifests/kube-object.js';
import { selects } from '../../../src/cli/target/manifests/manifests.js';
import { listStacks } from '../../../src/cli/target/manifests/stacks.js';
import { renderObjects } from '../../../src/cli/target/render.js';
import { root } from '../../golden.js';

const manifests = join(root, 'manifests');
const render = (stacks: string[]) => renderObjects({ manifests, stacks, values: {}, root, version: '0.1.0' });

const objects = render(listStacks(manifests));
const workloads = objects.filter(isWorkload);
const ref = (object: KubeObject) => `${object.kind}/${object.metadata.name}`;
const containersOf = ({ spec }: Workload): Container[] => [
  ...spec.template.spec.containers,
  ...(spec.template.spec.initContainers ?? []),
];
const labelsMatch = (wanted: Record<string, string>, workload: Workload) =>
  Object.entries(wanted).every(([name, value]) => workload.spec.template.metadata?.labels?.[name] === value);

t.test('only volumes that "restricted" allows, none from the node', async (t) => {
  const allowed = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected'];
  for (const workload of workloads) {
    const { volumes = [], ...pod } = workload.spec.template.spec;
    for (const { name, ...source } of volumes) {
      t.ok([...allowed, 'secret'].includes(Object.keys(source)[0] ?? ''), `${ref(workload)}: volume ${name}`);
      const { emptyDir } = source as { emptyDir?: { sizeLimit?: string } };
      if (emptyDir) t.ok(emptyDir.sizeLimit, `${ref(workload)}: ${name} is bounded`);
    }
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) t.notOk(pod[field], `${ref(workload)}: ${field}`);
    for (const { ports = [] } of containersOf(workload)) {
      t.notOk(
        ports.some((port) => 'hostPort' in port),
        `${ref(workload)}: hostPort`,
      );
    }
  }
});

t.test('no literal secret in env: passwords, tokens and keys come from a Secret or a file of one', async (t) => {
  for (const workload of workloads) {
    for (const { env = [] } of containersOf(workload)) {
      for (const { name, value } of env) {
        if (!/PASS|TOKEN|SECRET|KEY|CREDENTIAL/.test(name) || value === undefined) continue;
        t.match(value, /^\/run\/secrets\//, `${ref(workload)}: ${name}`);
      }
      for (const { name, value } of env) {
        t.notMatch(value ?? '', /:\/\/[^/:@\s]+:(?!\$\()[^@/\s]+@/, `${ref(workload)}: a password in ${name}`);
      }
    }
  }
  for (const object of objects.filter((candidate) => isKind(candidate, 'Secret'))) {
    t.same([object.data, object.stringData], [undefined, undefined], `${ref(object)} holds no value`);
  }
});

t.test('probes are on declared ports, and life is not told as readiness is', async (t) => {
  for (const workload of workloads) {
    for (const { ports = [], ...container } of containersOf(workload)) {
      const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe] as (
        | (Probe & { tcpSocket?: { port: number | string } })
        | undefined
      )[];
      for (const probe of probes) {
        const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
        if (port === undefined) continue;
        t.ok(
          ports.some(({ name, containerPort }) => name === port || containerPort === port),
          `${ref(workload)}: port ${port}`,
        );
      }
      if (container.livenessProbe !== undefined) {
        t.strictNotSame(container.livenessProbe, container.readinessProbe, `${ref(workload)}: the probes differ`);
      }
    }
  }
});

t.test('what is there twice is spread over nodes and has a disruption budget', async (t) => {
  const scaled = objects
    .filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
    .map(({ spec }) => (spec as { scaleTargetRef: { name: string } }).scaleTargetRef.name);
  const several = workloads.filter(
    ({ kind, metadata, spec }) => kind === 'Deployment' && ((spec.replicas ?? 1) > 1 || scaled.includes(metadata.name)),
  );
  t.equal(several.length, 7);
  const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget');
  for (const workload of several) {
    const { topologySpreadConstraints: spread, affinity } = workload.spec.template.spec;
    t.ok(spread ?? affinity, `${ref(workload)} is spread`);
    const own = budgets.filter(({ spec }) =>
      labelsMatch((spec as { selector: { matchLabels: Record<string, string> } }).selector.matchLabels, workload),
    );
    t.equal(own.length, 1, `${ref(workload)} has one disruption budget`);
  }
  for (const name of scaled) {
    const workload = workloads.find(({ metadata }) => metadata.name === name);
    t.equal(workload?.spec.replicas, undefined, `${name}: the autoscaler alone owns the number`);
  }
});

t.test('every pod is chosen by a NetworkPolicy of its own besides the default one', async (t) => {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
  for (const workload of workloads) {
    const own = policies.filter(({ metadata, spec }) => {
      const labels = (spec as { podSelector: { matchLabels?: Record<string, string> } }).podSelector.matchLabels;
      return (
        metadata.namespace === workload.metadata.namespace && labels !== undefined && labelsMatch(labels, workload)
      );
    });
    t.ok(own.length > 0, ref(workload));
  }
  for (const namespace of ['hwctl', 'monitoring']) {
    t.ok(policies.some(({ metadata }) => metadata.name === 'default-deny' && metadata.namespace === namespace));
  }
});

t.test('Jobs go by themselves, and no Service dangles', async (t) => {
  for (const job of workloads.filter(({ kind }) => kind === 'Job')) t.ok(job.spec.ttlSecondsAfterFinished, ref(job));
  for (const service of objects.filter((candidate) => isKind(candidate, 'Service'))) {
    t.ok(
      objects.some((object) => selects(service, object)),
      ref(service),
    );
  }
});
