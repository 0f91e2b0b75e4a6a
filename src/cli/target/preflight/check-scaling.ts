import { didYouMean } from '../../kernel/nearest.js';
import { at, fieldsOf, mapsOf, put, textOf } from './fields.js';
import { nameOf, type SourcedObject } from './problem.js';
import { type Check, type Finding, isKindOf, namespaceOf, type PodView, type Scene } from './scene.js';

type Add = (finding: Finding) => void;

/** Autoscalers: what they scale, and whether anything measures it. */
export const checkScaling: Check = (scene, add) => {
  let isAsked = false;
  for (const on of scene.objects) {
    if (!isKindOf(on.object, 'HorizontalPodAutoscaler') && on.object.kind !== 'ScaledObject') continue;
    const target = checkTarget(scene, on, add);
    if (!isKindOf(on.object, 'HorizontalPodAutoscaler')) continue;
    checkBounds(on, add);
    const metrics = metricsOf(on);
    if (target !== undefined) checkRequests(on, target, metrics, add);
    if (!isAsked && metrics.some(({ type }) => type === 'Resource' || type === 'ContainerResource'))
      isAsked = checkServer(scene, on, add);
    checkCustom(scene, on, metrics, add);
  }
};

function checkTarget(scene: Scene, on: SourcedObject, add: Add): PodView | undefined {
  const reference = fieldsOf(at(on.object, 'spec', 'scaleTargetRef'));
  const [kind, name] = [textOf(reference.kind) ?? 'Deployment', textOf(reference.name)];
  const namespace = namespaceOf(on.object);
  if (name === undefined) return undefined;
  const target = scene.pods.find(
    (pod) => pod.on.object.kind === kind && nameOf(pod.on.object) === name && pod.namespace === namespace,
  );
  const isKnown = scene.custom.some(({ object }) => object.kind === kind && nameOf(object) === name);
  if (target !== undefined || isKnown || scene.presence(kind, namespace, name) !== 'absent') return target;
  const names = scene.named(kind, namespace);
  const [only] = names;
  const path = ['spec', 'scaleTargetRef', 'name'];
  add({
    code: 'no-scale-target',
    stops: true,
    on,
    path,
    cause: `it scales the ${kind} ${JSON.stringify(name)}, which is not in the namespace ${namespace}${didYouMean(name, names)}`,
    cure:
      names.length === 0 ? `Add the ${kind}, or leave the autoscaler out` : `There is: ${names.slice(0, 8).join(', ')}`,
    ...(names.length === 1 && { fix: (copy) => put(copy, path, only) }),
  });
  return undefined;
}

function checkBounds(on: SourcedObject, add: Add): void {
  const { minReplicas = 1, maxReplicas } = fieldsOf(on.object.spec);
  if (typeof minReplicas !== 'number' || typeof maxReplicas !== 'number' || minReplicas <= maxReplicas) return;
  add({
    code: 'bad-bounds',
    stops: true,
    on,
    path: ['spec', 'maxReplicas'],
    cause: `maxReplicas ${maxReplicas} is below minReplicas ${minReplicas}`,
    cure: `Write maxReplicas: ${minReplicas} or more`,
    fix: (copy) => put(copy, ['spec', 'maxReplicas'], minReplicas),
  });
}

interface Metric {
  type: string;
  resource?: string;
  isShare: boolean;
}

function metricsOf(on: SourcedObject): Metric[] {
  const spec = fieldsOf(on.object.spec);
  const listed = mapsOf(spec.metrics).map((metric): Metric => {
    const resource = metric.resource ?? metric.containerResource;
    const isShare = at(resource, 'target', 'type') === 'Utilization';
    return {
      type: String(metric.type),
      isShare,
      ...(textOf(at(resource, 'name')) !== undefined && { resource: textOf(at(resource, 'name')) }),
    };
  });
  // Without metrics it is the processor, at 80 percent.
  return listed.length > 0 ? listed : [{ type: 'Resource', resource: 'cpu', isShare: true }];
}

/** A share is a share of the request: without one there is nothing to take it of. */
function checkRequests(on: SourcedObject, target: PodView, metrics: readonly Metric[], add: Add): void {
  for (const { resource, isShare, type } of metrics) {
    if (!isShare || resource === undefined || type !== 'Resource') continue;
    const lacking = target.containers.filter(({ container, isInit }) => {
      const { requests, limits } = fieldsOf(container.resources);
      return !isInit && fieldsOf(requests)[resource] === undefined && fieldsOf(limits)[resource] === undefined;
    });
    const [first] = lacking;
    if (first === undefined) continue;
    const amount = resource === 'cpu' ? '100m' : '128Mi';
    add({
      code: 'share-of-nothing',
      stops: false,
      on: target.on,
      path: first.path,
      cause: `${on.object.kind}/${nameOf(on.object)} scales it by a share of its ${resource} requests, and container ${String(first.container.name)} has none: it never scales`,
      cure: `Give the container a request, for example ${resource}: ${amount}`,
      fix: (copy) => {
        for (const { path } of lacking) put(copy, [...path, 'resources', 'requests', resource], amount);
      },
    });
  }
}

/** True once told. */
function checkServer({ input }: Scene, on: SourcedObject, add: Add): boolean {
  const { cluster } = input;
  if (
    cluster === undefined ||
    input.addons?.includes('metrics-server') ||
    [...cluster.served].some((kind) => kind.startsWith('metrics.k8s.io/'))
  )
    return false;
  if ((input.unrendered?.length ?? 0) > 0) return false;
  const isMinikube = cluster.provider === 'minikube';
  const cure = isMinikube
    ? 'Enable the addon: addons: [metrics-server] in hwctl.yaml, or minikube addons enable metrics-server'
    : 'Install it: kubectl apply -f https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml';
  // What it scales runs all the same.
  add({
    code: 'no-metrics-server',
    stops: false,
    on,
    cause: 'the cluster has no metrics-server, so nothing scales by cpu or memory',
    cure,
    ...(isMinikube && { addon: 'metrics-server' }),
  });
  return true;
}

function checkCustom({ input, objects }: Scene, on: SourcedObject, metrics: readonly Metric[], add: Add): void {
  const { cluster } = input;
  const isOwn = objects.some(
    ({ object }) => object.kind === 'APIService' && /(custom|external)\.metrics\.k8s\.io/.test(nameOf(object)),
  );
  if (cluster === undefined || isOwn || (input.unrendered?.length ?? 0) > 0) return;
  for (const [types, group] of [
    [['Pods', 'Object'], 'custom.metrics.k8s.io'],
    [['External'], 'external.metrics.k8s.io'],
  ] as const) {
    if (
      !metrics.some(({ type }) => (types as readonly string[]).includes(type)) ||
      [...cluster.served].some((kind) => kind.startsWith(`${group}/`))
    )
      continue;
    add({
      code: 'no-custom-metrics',
      stops: false,
      on,
      path: ['spec', 'metrics'],
      cause: `it scales by figures of ${group}, which nothing in the cluster serves`,
      cure: 'Install prometheus-adapter or KEDA before, or scale by cpu',
    });
  }
}
