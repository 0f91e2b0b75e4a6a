import { didYouMean } from '../../kernel/nearest.js';
import { generatedKeys } from '../manifests/kube-object.js';
import { at, fieldsOf, isMap, labelsOf, mapsOf, type Path, placedMaps, textOf } from './fields.js';
import { nameOf, type SourcedObject } from './problem.js';
import { type Check, type Finding, namespaceOf, type PodView, type Scene } from './scene.js';

type Add = (finding: Finding) => void;

/** What a pod needs by name, and where it says so. */
interface Need {
  kind: 'ConfigMap' | 'Secret' | 'PersistentVolumeClaim' | 'ServiceAccount';
  name: string;
  path: Path;
  /** A key of it. */
  key?: string;
}

/** Names that Kubernetes itself fills in every namespace. */
const given = new Set(['ConfigMap/kube-root-ca.crt', 'ServiceAccount/default']);

/** ConfigMaps, Secrets, claims and accounts that pods name and that nobody makes: such a pod never starts. */
export const checkReferences: Check = (scene, add) => {
  for (const pod of scene.pods) {
    const told = new Set<string>();
    for (const need of needsOf(pod)) {
      const id = `${need.kind}/${need.name}`;
      if (given.has(id)) continue;
      const presence = scene.presence(need.kind, pod.namespace, need.name);
      if (presence === 'here') checkKey(scene, pod, need, add);
      if (presence !== 'absent' || told.has(id)) continue;
      told.add(id);
      add(missing(scene, pod.on, pod.namespace, need));
    }
    for (const [i, { name }] of placedMaps(pod.spec.imagePullSecrets)) {
      const secret = textOf(name);
      if (secret === undefined || scene.presence('Secret', pod.namespace, secret) !== 'absent') continue;
      const path = [...pod.path, 'spec', 'imagePullSecrets', i];
      const found = missing(scene, pod.on, pod.namespace, { kind: 'Secret', name: secret, path });
      // The kubelet goes on without it, and fails only where the image is private.
      const cause = `${found.cause}: images are pulled without a password`;
      add({ ...found, code: 'no-pull-secret', stops: false, cause });
    }
  }
  for (const on of scene.objects)
    if (on.object.kind === 'RoleBinding' || on.object.kind === 'ClusterRoleBinding') checkBinding(scene, on, add);
};

function needsOf({ path, spec, containers, on }: PodView): Need[] {
  const needs: Need[] = [];
  const need = (kind: Need['kind'], reference: unknown, at: Path, nameField = 'name', key?: unknown) => {
    const fields = fieldsOf(reference);
    const name = textOf(fields[nameField]);
    if (name === undefined || fields.optional === true) return;
    needs.push({ kind, name, path: at, ...(textOf(key) !== undefined && { key: textOf(key) }) });
  };
  const account = textOf(spec.serviceAccountName) ?? textOf(spec.serviceAccount);
  if (account !== undefined)
    needs.push({ kind: 'ServiceAccount', name: account, path: [...path, 'spec', 'serviceAccountName'] });
  for (const { path: here, container } of containers) {
    for (const [i, { configMapRef, secretRef }] of placedMaps(container.envFrom)) {
      need('ConfigMap', configMapRef, [...here, 'envFrom', i, 'configMapRef', 'name']);
      need('Secret', secretRef, [...here, 'envFrom', i, 'secretRef', 'name']);
    }
    for (const [i, { valueFrom }] of placedMaps(container.env)) {
      const from = fieldsOf(valueFrom);
      const place = [...here, 'env', i, 'valueFrom'];
      need(
        'ConfigMap',
        from.configMapKeyRef,
        [...place, 'configMapKeyRef'],
        'name',
        at(from, 'configMapKeyRef', 'key'),
      );
      need('Secret', from.secretKeyRef, [...place, 'secretKeyRef'], 'name', at(from, 'secretKeyRef', 'key'));
    }
  }
  const templates = mapsOf(at(on.object, 'spec', 'volumeClaimTemplates')).map((claim) => at(claim, 'metadata', 'name'));
  for (const [i, volume] of placedMaps(spec.volumes)) {
    const here = [...path, 'spec', 'volumes', i];
    const sources = [volume, ...mapsOf(at(volume, 'projected', 'sources'))];
    for (const source of sources) {
      need('ConfigMap', source.configMap, [...here, 'configMap', 'name']);
      need(
        'Secret',
        source.secret,
        [...here, 'secret'],
        isMap(source.secret) && 'secretName' in source.secret ? 'secretName' : 'name',
      );
      for (const kind of ['configMap', 'secret'] as const) {
        const field = kind === 'secret' && source === volume ? 'secretName' : 'name';
        for (const [k, item] of placedMaps(at(source, kind, 'items')))
          need(kind === 'secret' ? 'Secret' : 'ConfigMap', source[kind], [...here, kind, 'items', k], field, item.key);
      }
    }
    if (!templates.includes(volume.name))
      need(
        'PersistentVolumeClaim',
        volume.persistentVolumeClaim,
        [...here, 'persistentVolumeClaim', 'claimName'],
        'claimName',
      );
  }
  return needs;
}

/** Something that is referred to and is nowhere; the commands that make it by hand are quoted where a page says them. */
function missing(scene: Scene, on: SourcedObject, namespace: string, { kind, name, path }: Need): Finding {
  const made = scene.input.handmade?.find((one) => one.kind === kind && one.name === name);
  const elsewhere = scene.objects.find(({ object }) => object.kind === kind && nameOf(object) === name);
  const other = elsewhere === undefined ? undefined : namespaceOf(elsewhere.object);
  const cure =
    made !== undefined
      ? `${made.source} makes it by hand: ${made.command}`
      : other !== undefined
        ? `It is in the namespace ${other}, and a pod sees those of its own alone: give both one namespace`
        : `Add it to the manifests, or make it before: ${commandFor(kind, name, namespace)}`;
  const near = elsewhere === undefined ? didYouMean(name, scene.named(kind, namespace)) : '';
  return {
    code: codes[kind],
    stops: true,
    on,
    path,
    cause: `there is no ${kind} ${JSON.stringify(name)} in the namespace ${namespace}${near}`,
    cure,
  };
}

const codes = {
  ConfigMap: 'no-config-map',
  Secret: 'no-secret',
  PersistentVolumeClaim: 'no-claim',
  ServiceAccount: 'no-service-account',
} as const;

function commandFor(kind: Need['kind'], name: string, namespace: string): string {
  switch (kind) {
    case 'ConfigMap':
      return `kubectl -n ${namespace} create configmap ${name} --from-file=FILE`;
    case 'Secret':
      return `kubectl -n ${namespace} create secret generic ${name} --from-literal=KEY=VALUE`;
    case 'ServiceAccount':
      return `kubectl -n ${namespace} create serviceaccount ${name}`;
    default:
      return `kubectl -n ${namespace} apply -f CLAIM.yaml`;
  }
}

/** A key that the ConfigMap or Secret does not hold. */
function checkKey(scene: Scene, { on, namespace }: PodView, { kind, name, key, path }: Need, add: Add): void {
  const object = scene.find(kind, namespace, name);
  if (key === undefined || object === undefined) return;
  // The controller fills it.
  if (object.type === 'kubernetes.io/service-account-token') return;
  const keys = ['data', 'stringData', 'binaryData'].flatMap((field) => Object.keys(fieldsOf(object[field])));
  const all = [...keys, ...generatedKeys(object)];
  // Who has nothing in it is filled by somebody else.
  if (all.length === 0 || all.includes(key)) return;
  add({
    code: 'no-key',
    stops: true,
    on,
    path,
    cause: `the ${kind} ${name} has no key ${JSON.stringify(key)}${didYouMean(key, all)}`,
    cure: `It has: ${all.slice(0, 12).join(', ')}`,
  });
}

/** A binding to a role that is not there grants nothing. */
function checkBinding(scene: Scene, on: SourcedObject, add: Add): void {
  const { kind, name } = labelsOf(on.object.roleRef);
  if (kind === undefined || name === undefined || !/^(Cluster)?Role$/.test(kind)) return;
  const namespace = kind === 'Role' ? namespaceOf(on.object) : undefined;
  // What the cluster brings for its own parts.
  if (/^kube-/.test(namespace ?? '')) return;
  if (/^(cluster-admin|admin|edit|view|system:.*)$/.test(name) || scene.presence(kind, namespace, name) !== 'absent')
    return;
  // Without a cluster nobody knows which roles are there already.
  if (scene.input.cluster === undefined && kind === 'ClusterRole') return;
  add({
    code: 'no-role',
    stops: false,
    on,
    path: ['roleRef'],
    cause: `there is no ${kind} ${JSON.stringify(name)}: the binding grants nothing${didYouMean(name, scene.named(kind, namespace))}`,
    cure: `Add the ${kind} to the manifests`,
  });
}
