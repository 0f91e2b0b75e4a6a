import type { NodeView } from './cluster-view.js';
import { at, type Fields, fieldsOf, labelsOf, mapsOf, type Path, placedMaps, put, same, textsOf } from './fields.js';
import { nameOf } from './problem.js';
import { bytesText, cpuText, quantityOf } from './quantity.js';
import { type Check, type Finding, isSelected, type PodView } from './scene.js';

type Add = (finding: Finding) => void;

/** Whether any node can hold each pod: what it asks for, the nodes that it selects, the taints that it tolerates, its own kind beside it. */
export const checkScheduling: Check = (scene, add) => {
  const nodes = scene.input.cluster?.nodes ?? [];
  if (nodes.length === 0) return;
  for (const pod of scene.pods) {
    const isPlaced = checkPlace(pod, nodes, add);
    const fitting = isPlaced ? nodes.filter((node) => nodeProblem(pod, node) === undefined) : nodes;
    const holds = checkSize(pod, fitting, add);
    if (isPlaced && holds) checkSpread(pod, fitting, add);
  }
  checkSum(scene.pods, nodes, add);
};

/** Resources that are compared: the rest (GPUs, huge pages) is by name, a node has it or not. */
const amounts: Readonly<Record<string, (amount: number) => string>> = {
  cpu: cpuText,
  memory: bytesText,
  'ephemeral-storage': bytesText,
};

/** What a pod asks for at once: its containers together with its sidecars, or the one of its init containers that asks for most. */
function requestsOf({ containers, spec }: PodView): Record<string, number> {
  const together: Record<string, number> = {};
  const first: Record<string, number> = {};
  for (const { container, isInit } of containers) {
    const isSidecar = isInit && container.restartPolicy === 'Always';
    for (const [resource, amount] of Object.entries(askedBy(container))) {
      if (isInit && !isSidecar) first[resource] = Math.max(first[resource] ?? 0, amount);
      else together[resource] = (together[resource] ?? 0) + amount;
    }
  }
  for (const [resource, amount] of Object.entries(fieldsOf(spec.overhead)))
    together[resource] = (together[resource] ?? 0) + (quantityOf(amount) ?? 0);
  for (const [resource, amount] of Object.entries(first))
    together[resource] = Math.max(together[resource] ?? 0, amount);
  return together;
}

/** What has a limit and no request asks for its limit. */
function askedBy(container: Fields): Record<string, number> {
  const { requests, limits } = fieldsOf(container.resources);
  const asked = { ...fieldsOf(limits), ...fieldsOf(requests) };
  return Object.fromEntries(Object.entries(asked).map(([name, amount]) => [name, quantityOf(amount) ?? 0]));
}

function checkSize(pod: PodView, nodes: readonly NodeView[], add: Add): boolean {
  const asked = requestsOf(pod);
  let holds = true;
  for (const [resource, amount] of Object.entries(asked)) {
    const most = Math.max(0, ...nodes.map(({ allocatable }) => quantityOf(allocatable[resource]) ?? 0));
    if (amount <= most) continue;
    holds = false;
    const text = amounts[resource] ?? String;
    const isLowered = Object.hasOwn(amounts, resource);
    add({
      code: 'too-large',
      stops: true,
      on: pod.on,
      path: pod.path,
      cause: `its pod asks for ${text(amount)} ${resource}, and no node has more than ${text(most)}`,
      cure: isLowered
        ? `Ask for less (at most ${text(most / 2)} for the pod leaves room for others), or give the cluster a larger node`
        : `Leave ${resource} out, or give the cluster a node that has it`,
      ...(isLowered && { fix: (copy) => lower(copy, pod, resource, most / 2 / amount) }),
    });
  }
  return holds;
}

/** Takes every request of the pod for a resource down by the same factor. */
function lower(copy: unknown, { containers }: PodView, resource: string, factor: number): void {
  const text = amounts[resource] as (amount: number) => string;
  for (const { path, container } of containers) {
    const amount = askedBy(container)[resource];
    if (amount !== undefined) put(copy, [...path, 'resources', 'requests', resource], text(amount * factor));
  }
}

/** Why a pod may not be on a node: a label that it selects, or a taint; undefined where it may. */
function nodeProblem(
  { spec }: PodView,
  node: NodeView,
): { what: 'selector' | 'affinity' | 'taint'; words: string } | undefined {
  const selector = Object.entries(labelsOf(spec.nodeSelector)).find(([key, value]) => node.labels[key] !== value);
  if (selector !== undefined) return { what: 'selector', words: selector.join('=') };
  const needed = at(
    spec,
    'affinity',
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
    'nodeSelectorTerms',
  );
  const terms = mapsOf(needed);
  if (terms.length > 0 && !terms.some((term) => isMet(term, node))) {
    const [first] = mapsOf(terms[0]?.matchExpressions);
    return {
      what: 'affinity',
      words:
        `${String(first?.key ?? 'its terms')} ${String(first?.operator ?? '')} ${textsOf(first?.values).join(', ')}`.trim(),
    };
  }
  const taint = node.taints.find(
    ({ effect, ...one }) =>
      effect !== 'PreferNoSchedule' &&
      !mapsOf(spec.tolerations).some((toleration) => isTolerated(toleration, { effect, ...one })),
  );
  // A node that is not ready, or cordoned, is no matter of the manifest.
  if (taint === undefined || taint.key.startsWith('node.kubernetes.io/')) return undefined;
  return { what: 'taint', words: `${taint.key}${taint.value === undefined ? '' : `=${taint.value}`}` };
}

function isMet(term: Fields, { labels, name }: NodeView): boolean {
  const fields = mapsOf(term.matchFields);
  if (!fields.every(({ values }) => textsOf(values).includes(name))) return false;
  const numeric = mapsOf(term.matchExpressions).filter(({ operator }) => operator === 'Gt' || operator === 'Lt');
  const rest = mapsOf(term.matchExpressions).filter(({ operator }) => operator !== 'Gt' && operator !== 'Lt');
  return (
    isSelected({ matchExpressions: rest }, labels) &&
    numeric.every(({ key, operator, values }) => {
      const [own, than] = [Number(labels[String(key)]), Number(textsOf(values)[0])];
      return operator === 'Gt' ? own > than : own < than;
    })
  );
}

function isTolerated(toleration: Fields, taint: NodeView['taints'][number]): boolean {
  if (toleration.effect !== undefined && toleration.effect !== '' && toleration.effect !== taint.effect) return false;
  if (toleration.key === undefined || toleration.key === '') return toleration.operator === 'Exists';
  if (toleration.key !== taint.key) return false;
  return toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '');
}

function checkPlace(pod: PodView, nodes: readonly NodeView[], add: Add): boolean {
  const problems = nodes.map((node) => nodeProblem(pod, node));
  const [first] = problems;
  // A DaemonSet without a node to be on is ready as it stands.
  if (first === undefined || problems.includes(undefined) || pod.on.object.kind === 'DaemonSet')
    return problems.includes(undefined);
  const here: Path = [...pod.path, 'spec'];
  const base = { code: 'no-node', stops: true, on: pod.on, path: here };
  if (first.what === 'taint') {
    const [key, value] = first.words.split('=');
    add({
      ...base,
      cause: `every node has a taint that its pod does not tolerate: ${first.words}`,
      cure: `Remove the taint (kubectl taint nodes NODE ${key}-), or let the pod tolerate it`,
      fix: (copy) => {
        const tolerations = at(copy, ...here, 'tolerations');
        const own = { key, operator: 'Exists' };
        put(
          copy,
          [...here, 'tolerations'],
          [
            ...(Array.isArray(tolerations) ? tolerations : []),
            value === undefined ? own : { key, operator: 'Equal', value },
          ],
        );
      },
    });
  } else {
    const field: Path = first.what === 'selector' ? ['nodeSelector'] : ['affinity', 'nodeAffinity'];
    add({
      ...base,
      cause: `no node has what its ${first.what === 'selector' ? 'nodeSelector' : 'nodeAffinity'} asks for: ${first.words}`,
      cure: `Leave ${field.join('.')} out, or label a node: kubectl label node NODE ${first.what === 'selector' ? first.words : 'KEY=VALUE'}`,
      fix: (copy) => put(copy, [...here, ...field], undefined),
    });
  }
  return false;
}

/** Pods that may not be two on a node: by anti-affinity, or by a port of the node. */
function checkSpread(pod: PodView, nodes: readonly NodeView[], add: Add): void {
  if (pod.count <= nodes.length) return;
  const needed: Path = ['affinity', 'podAntiAffinity', 'requiredDuringSchedulingIgnoredDuringExecution'];
  const term = mapsOf(at(pod.spec, ...needed)).find(
    ({ topologyKey, labelSelector }) =>
      topologyKey === 'kubernetes.io/hostname' && isSelected(labelSelector, pod.labels),
  );
  const nodeWords = `the cluster has ${nodes.length === 1 ? 'one' : nodes.length}`;
  if (term !== undefined) {
    add({
      code: 'too-few-nodes',
      stops: true,
      on: pod.on,
      path: [...pod.path, 'spec', ...needed],
      cause: `its ${pod.count} pods must be on nodes of their own, and ${nodeWords}`,
      cure: 'Prefer it (preferredDuringSchedulingIgnoredDuringExecution), or ask for fewer replicas',
      fix: (copy) => prefer(copy, [...pod.path, 'spec', 'affinity', 'podAntiAffinity']),
    });
  }
  for (const { path, container } of pod.containers) {
    for (const [i, { hostPort }] of placedMaps(container.ports)) {
      if (typeof hostPort !== 'number' || hostPort === 0 || pod.on.object.kind === 'Job') continue;
      const here = [...path, 'ports', i, 'hostPort'];
      add({
        code: 'too-few-nodes',
        stops: true,
        on: pod.on,
        path: here,
        cause: `each of its ${pod.count} pods takes port ${hostPort} of its node, and ${nodeWords}`,
        cure: 'Leave hostPort out: a Service reaches the pods without it',
        fix: (copy) => put(copy, here, undefined),
      });
    }
  }
}

function prefer(copy: unknown, path: Path): void {
  const affinity = fieldsOf(at(copy, ...path));
  const terms = mapsOf(affinity.requiredDuringSchedulingIgnoredDuringExecution).map((podAffinityTerm) => ({
    weight: 100,
    podAffinityTerm,
  }));
  affinity.preferredDuringSchedulingIgnoredDuringExecution = [
    ...mapsOf(affinity.preferredDuringSchedulingIgnoredDuringExecution),
    ...terms,
  ];
  delete affinity.requiredDuringSchedulingIgnoredDuringExecution;
}

/** All pods together against all nodes together: what other pods of the cluster use comes on top. */
function checkSum(pods: readonly PodView[], nodes: readonly NodeView[], add: Add): void {
  const lasting = pods.filter(
    ({ on }) =>
      !['Job', 'CronJob'].includes(on.object.kind) && !same(on.object.metadata.annotations?.['helm.sh/hook'], 'test'),
  );
  const sums: Record<string, number> = { pods: 0 };
  const isHeld = (pod: PodView) =>
    Object.entries(requestsOf(pod)).every(([resource, amount]) =>
      nodes.some(({ allocatable }) => amount <= (quantityOf(allocatable[resource]) ?? 0)),
    );
  // A pod that no node holds is told by itself.
  for (const pod of lasting.filter(isHeld)) {
    sums.pods = (sums.pods ?? 0) + pod.count;
    for (const [resource, amount] of Object.entries(requestsOf(pod)))
      sums[resource] = (sums[resource] ?? 0) + amount * pod.count;
  }
  for (const resource of ['cpu', 'memory', 'pods']) {
    const all = nodes.reduce((sum, { allocatable }) => sum + (quantityOf(allocatable[resource]) ?? 0), 0);
    const asked = sums[resource] ?? 0;
    if (asked <= all || all === 0) continue;
    const text = amounts[resource] ?? String;
    const largest = [...lasting].sort(
      (a, b) => (requestsOf(b)[resource] ?? 1) * b.count - (requestsOf(a)[resource] ?? 1) * a.count,
    );
    const [first] = largest;
    if (first === undefined) continue;
    const names = largest.slice(0, 3).map(({ on }) => `${on.object.kind}/${nameOf(on.object)}`);
    add({
      code: 'too-much-together',
      stops: false,
      on: first.on,
      cause: `all pods together ask for ${text(asked)} ${resource === 'pods' ? 'places' : resource}, and the nodes have ${text(all)}: some will wait`,
      cure: `Ask for less, most of it is ${names.join(', ')}; or bring up fewer stacks at once`,
    });
  }
}
