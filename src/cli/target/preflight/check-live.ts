import type { KubeObject } from '../manifests/kube-object.js';
import { formatPath } from '../manifests/yaml-source.js';
import { isBuiltIn } from './built-in-kinds.js';
import { at, isMap, type Path } from './fields.js';
import { nameOf, type SourcedObject } from './problem.js';
import { quantityOf } from './quantity.js';
import { type Check, type Finding, namespaceOf } from './scene.js';

/** What cannot be changed of an object that is there, by kind (the API server's update validation). */
const immutable: Readonly<Record<string, readonly Path[]>> = {
  Deployment: [['spec', 'selector']],
  DaemonSet: [['spec', 'selector']],
  ReplicaSet: [['spec', 'selector']],
  StatefulSet: [
    ['spec', 'selector'],
    ['spec', 'serviceName'],
    ['spec', 'podManagementPolicy'],
    ['spec', 'volumeClaimTemplates'],
  ],
  Job: [
    ['spec', 'selector'],
    ['spec', 'template'],
    ['spec', 'completions'],
    ['spec', 'completionMode'],
  ],
  PersistentVolumeClaim: [
    ['spec', 'accessModes'],
    ['spec', 'storageClassName'],
    ['spec', 'volumeName'],
    ['spec', 'selector'],
  ],
  Service: [['spec', 'clusterIP']],
  RoleBinding: [['roleRef']],
  ClusterRoleBinding: [['roleRef']],
  Secret: [['type']],
  StorageClass: [['provisioner'], ['parameters'], ['reclaimPolicy']],
  IngressClass: [['spec', 'controller']],
};

/** What is in the cluster already: namespaces that are going, and fields that cannot be changed. */
export const checkLive: Check = ({ input, objects }, add) => {
  const { cluster } = input;
  if (cluster === undefined) return;
  const going = new Set(cluster.namespaces.filter(({ isTerminating }) => isTerminating).map(({ name }) => name));
  const told = new Set<string>();
  const there = new Set([
    ...cluster.namespaces.map(({ name }) => name),
    ...(input.namespaces ?? []),
    ...objects.filter(({ object }) => object.kind === 'Namespace').map(({ object }) => object.metadata.name),
  ]);
  for (const on of objects) {
    const { object } = on;
    const namespace = object.kind === 'Namespace' ? object.metadata.name : namespaceOf(object);
    if (namespace !== undefined && going.has(namespace) && !told.has(namespace)) {
      told.add(namespace);
      add(terminating(on, namespace));
    }
    // Who says which namespaces are made before is told of the others.
    if (
      input.namespaces !== undefined &&
      object.metadata.namespace !== undefined &&
      namespace !== undefined &&
      !there.has(namespace) &&
      !told.has(namespace)
    ) {
      told.add(namespace);
      add({
        code: 'no-namespace',
        stops: true,
        on,
        path: ['metadata', 'namespace'],
        cause: `there is no namespace ${namespace}, and nothing makes it`,
        cure: `Add a Namespace ${namespace} to the manifests, or name it as the namespace of the release`,
      });
    }
    if (!isBuiltIn(object) || object.metadata.name === undefined) continue;
    const live = cluster.lookup(object.apiVersion, object.kind, namespaceOf(object), object.metadata.name);
    if (live === undefined || live === 'unknown' || isMap(live.metadata) === false) continue;
    checkChange(on, live, add);
  }
};

function terminating(on: SourcedObject, namespace: string): Finding {
  return {
    code: 'namespace-terminating',
    stops: true,
    on,
    cause: `the namespace ${namespace} is being deleted: nothing can be made in it`,
    cure: `Wait until it is gone: kubectl wait --for=delete namespace/${namespace} --timeout=120s`,
  };
}

/** What `up` itself makes anew where it changed: its own, by the label of every member of an ApplySet (KEP 3659). */
const replaced = new Set(['Job', 'Pod']);
const memberLabel = 'applyset.kubernetes.io/part-of';

function checkChange(on: SourcedObject, live: KubeObject, add: (finding: Finding) => void): void {
  const { object } = on;
  const { kind } = object;
  if (replaced.has(kind) && live.metadata.labels?.[memberLabel] !== undefined) return;
  const namespace = namespaceOf(object);
  const command = `kubectl ${namespace === undefined ? '' : `-n ${namespace} `}delete ${kind.toLowerCase()} ${nameOf(object)}`;
  for (const path of immutable[kind] ?? []) {
    const [wanted, now] = [at(object, ...path), at(live, ...path)];
    if (wanted === undefined || now === undefined || isWithin(wanted, now)) continue;
    add({
      code: kind === 'Job' ? 'job-changed' : 'immutable',
      stops: true,
      on,
      path,
      cause: `${formatPath(path)} of the ${kind} that is in the cluster is another one, and cannot be changed`,
      cure:
        kind === 'PersistentVolumeClaim'
          ? `Delete it first, with what is in it: ${command}`
          : `Delete it first: ${command}`,
    });
  }
  if (
    (kind === 'ConfigMap' || kind === 'Secret') &&
    live.immutable === true &&
    !isWithin(object.data ?? {}, live.data ?? {})
  )
    add({
      code: 'immutable',
      stops: true,
      on,
      path: ['data'],
      cause: `the ${kind} that is in the cluster is immutable, and holds something else`,
      cure: `Delete it first: ${command}`,
    });
  const storage = ['spec', 'resources', 'requests', 'storage'];
  const [wanted, now] = [quantityOf(at(object, ...storage)), quantityOf(at(live, ...storage))];
  if (kind === 'PersistentVolumeClaim' && wanted !== undefined && now !== undefined && wanted < now)
    add({
      code: 'immutable',
      stops: true,
      on,
      path: storage,
      cause: `the claim that is in the cluster has ${String(at(live, ...storage))}, and cannot become smaller`,
      cure: `Write ${String(at(live, ...storage))}, or delete it first, with what is in it: ${command}`,
    });
}

/** Whether all that is wanted is so already: the server added defaults of its own, and keeps amounts in its own writing. */
function isWithin(wanted: unknown, now: unknown): boolean {
  if (wanted === null || wanted === undefined) return true;
  if (Array.isArray(wanted))
    return Array.isArray(now) && wanted.length === now.length && wanted.every((item, i) => isWithin(item, now[i]));
  if (isMap(wanted)) {
    if (Object.keys(wanted).length === 0) return true;
    return isMap(now) && Object.entries(wanted).every(([key, value]) => isWithin(value, now[key]));
  }
  if (wanted === now || String(wanted) === String(now)) return true;
  const [a, b] = [quantityOf(wanted), quantityOf(now)];
  return a !== undefined && a === b;
}
