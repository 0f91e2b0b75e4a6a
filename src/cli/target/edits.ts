import { Failure } from '../kernel/failure.js';
import { didYouMean } from '../kernel/nearest.js';
import {
  type ConfigMap,
  type Container,
  imageBaseName,
  isKind,
  isWorkload,
  type KubeObject,
  partLabel,
  type Resources,
  serverImageName,
  storeLabel,
  type Workload,
} from './kube-object.js';
import type { StackObject } from './manifests.js';
import type { Values } from './values-schema.js';

/**
 * Applies values to the objects as structural edits, for every target alike; gives new objects and leaves the given ones
 * alone. Throws Failure `bad-values` where a value names a service that is not there.
 */
export function applyValues(objects: readonly StackObject[], values: Values): StackObject[] {
  let edited = objects.map((entry) => ({ ...entry, object: structuredClone(entry.object) }));
  if (values.store === 'sqlite') edited = withoutPostgres(edited);
  if (values.grafana === false)
    edited = edited.filter(({ object }) => object.metadata.labels?.[partLabel] !== 'grafana');
  if (values.ingress === false) edited = edited.filter(({ object }) => object.kind !== 'Ingress');
  const application = edited.filter((entry) => entry.part === 'application').map((entry) => entry.object);
  if (values.namespace !== undefined) for (const object of application) setNamespace(object, values.namespace);
  for (const object of edited.map((entry) => entry.object)) {
    if (isKind(object, 'Ingress')) {
      if (values.ingressClass !== undefined) object.spec.ingressClassName = values.ingressClass;
      if (values.host !== undefined) for (const rule of object.spec.rules ?? []) rule.host = values.host;
    }
    if (values.image !== undefined) for (const container of serverContainers(object)) container.image = values.image;
  }
  if (values.replicas !== undefined) setReplicas(application, values.replicas, values.store);
  if (values.resources !== undefined) setResources(application, values.resources);
  return edited;
}

function serverContainers(object: KubeObject): Container[] {
  if (!isWorkload(object)) return [];
  const { containers, initContainers = [] } = object.spec.template.spec;
  return [...containers, ...initContainers].filter((container) => imageBaseName(container.image) === serverImageName);
}

/** What is labelled as part of Postgres goes; services keep their own SQLite file, so each is there once. */
function withoutPostgres(objects: StackObject[]): StackObject[] {
  const rest = objects.filter(({ object }) => object.metadata.labels?.[storeLabel] !== 'postgres');
  for (const { object } of rest) {
    if (isKind(object, 'ConfigMap') && object.data?.STORE !== undefined) (object as ConfigMap).data!.STORE = 'sqlite';
    const stateful = serverContainers(object).filter((container) => container.env?.some(isPostgresSetting));
    for (const container of stateful) container.env = container.env?.filter((entry) => !isPostgresSetting(entry));
    if (stateful.length > 0 && object.kind === 'Deployment') {
      const { spec } = object as Workload;
      spec.replicas = 1;
      // Two processes must not share the file while one takes over from the other.
      spec.strategy = { type: 'Recreate' };
    }
  }
  return rest;
}

function isPostgresSetting({ name }: { name: string }): boolean {
  return name === 'POSTGRES_URL' || name === 'POSTGRES_PASSWORD';
}

function setNamespace(object: KubeObject, namespace: string): void {
  if (object.kind === 'Namespace') object.metadata.name = namespace;
  else if (object.metadata.namespace !== undefined) object.metadata.namespace = namespace;
  for (const subject of (object.subjects as { kind: string; namespace?: string }[] | undefined) ?? []) {
    if (subject.kind === 'ServiceAccount') subject.namespace = namespace;
  }
}

interface Autoscaler extends KubeObject {
  spec: { scaleTargetRef: { name: string }; minReplicas?: number; maxReplicas: number };
}

function setReplicas(objects: KubeObject[], replicas: number | Record<string, number>, store: Values['store']): void {
  const deployments = objects.filter(
    (object): object is Workload => object.kind === 'Deployment' && serverContainers(object).length > 0,
  );
  const wanted =
    typeof replicas === 'number'
      ? Object.fromEntries(deployments.map(({ metadata }) => [metadata.name, replicas]))
      : replicas;
  for (const [name, count] of Object.entries(wanted)) {
    const deployment = deployments.find(({ metadata }) => metadata.name === name);
    if (deployment === undefined) throw unknownService('replicas', name, deployments);
    if (store === 'sqlite' && (deployment.spec.strategy as { type?: string } | undefined)?.type === 'Recreate') {
      if (count <= 1 || typeof replicas === 'number') continue;
      throw new Failure({
        code: 'bad-values',
        message: `replicas.${name}: ${count} replicas cannot share one SQLite file`,
        hint: 'Leave store=sqlite out, or ask for one replica',
      });
    }
    const scaler = objects.find(
      (object): object is Autoscaler =>
        object.kind === 'HorizontalPodAutoscaler' && (object as Autoscaler).spec.scaleTargetRef.name === name,
    );
    if (scaler === undefined) deployment.spec.replicas = count;
    else {
      // The autoscaler owns the number: what can be asked for is how few there may be.
      scaler.spec.minReplicas = Math.max(1, count);
      scaler.spec.maxReplicas = Math.max(scaler.spec.maxReplicas, count);
    }
  }
}

function setResources(objects: KubeObject[], resources: NonNullable<Values['resources']>): void {
  const workloads = objects.filter(isWorkload);
  for (const [name, { requests, limits }] of Object.entries(resources)) {
    const workload = workloads.find(({ metadata }) => metadata.name === name);
    if (workload === undefined) throw unknownService('resources', name, workloads);
    for (const container of workload.spec.template.spec.containers) {
      const before: Resources = container.resources ?? {};
      container.resources = {
        ...before,
        requests: { ...before.requests, ...requests },
        limits: { ...before.limits, ...limits },
      };
    }
  }
}

function unknownService(value: string, name: string, workloads: KubeObject[]): Failure {
  const names = workloads.map(({ metadata }) => metadata.name);
  return new Failure({
    code: 'bad-values',
    message: `${value}.${name}: there is no ${name} in these stacks${didYouMean(name, names)}`,
    hint: `There is: ${names.join(', ')}`,
  });
}
