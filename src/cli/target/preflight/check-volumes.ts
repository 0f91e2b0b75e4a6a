import { didYouMean } from '../../kernel/nearest.js';
import type { ClusterView } from './cluster-view.js';
import { at, type Fields, fieldsOf, type Path, placedMaps, put, textOf, textsOf } from './fields.js';
import type { SourcedObject } from './problem.js';
import { quantityOf } from './quantity.js';
import { type Check, type Finding, isKindOf, type Scene } from './scene.js';

type Add = (finding: Finding) => void;

/** Claims, their storage classes, and volumes that are folders of a node. */
export const checkVolumes: Check = (scene, add) => {
  for (const on of scene.objects) {
    if (isKindOf(on.object, 'PersistentVolumeClaim')) checkClaim(scene, on, ['spec'], add);
    for (const [i] of placedMaps(at(on.object, 'spec', 'volumeClaimTemplates')))
      if (on.object.kind === 'StatefulSet') checkClaim(scene, on, ['spec', 'volumeClaimTemplates', i, 'spec'], add);
    if (isKindOf(on.object, 'PersistentVolume')) checkHostPath(scene, on, ['spec', 'hostPath'], add);
  }
  for (const { on, path, spec } of scene.pods)
    for (const [i] of placedMaps(spec.volumes))
      checkHostPath(scene, on, [...path, 'spec', 'volumes', i, 'hostPath'], add);
};

function checkClaim(scene: Scene, on: SourcedObject, path: Path, add: Add): void {
  const claim = fieldsOf(at(on.object, ...path));
  if (
    quantityOf(at(claim, 'resources', 'requests', 'storage')) === undefined ||
    textsOf(claim.accessModes).length === 0
  ) {
    const field = textsOf(claim.accessModes).length === 0 ? 'accessModes' : 'resources.requests.storage';
    const fix = (copy: unknown) => put(copy, [...path, 'accessModes'], ['ReadWriteOnce']);
    add({
      code: 'missing-field',
      stops: true,
      on,
      path,
      cause: `the claim has no ${field}`,
      cure: field === 'accessModes' ? 'Write accessModes: [ReadWriteOnce]' : `Write ${field}, for example 1Gi`,
      ...(field === 'accessModes' && { fix }),
    });
  }
  const { cluster } = scene.input;
  if (cluster === undefined) return;
  const classes = classesOf(scene, cluster);
  const name = claim.storageClassName;
  if (typeof name === 'string' && (name === '' || hasVolume(scene, name, claim))) return;
  const fallback = classes.find(({ isDefault }) => isDefault);
  const chosen = typeof name === 'string' ? classes.find((one) => one.name === name) : fallback;
  if (chosen !== undefined) checkModes(cluster, on, path, claim, chosen.provisioner, add);
  if (chosen !== undefined || textOf(claim.volumeName) !== undefined || (scene.input.unrendered?.length ?? 0) > 0)
    return;
  const here = [...path, 'storageClassName'];
  const names = classes.map((one) => one.name);
  if (typeof name !== 'string') {
    const first = classes[0];
    add({
      code: 'no-storage-class',
      stops: true,
      on,
      path: here,
      cause: 'it names no storage class, and the cluster has no default one',
      cure:
        first === undefined
          ? 'Install one that makes volumes (minikube addons enable storage-provisioner)'
          : `Write storageClassName: ${first.name}`,
      ...(first !== undefined && { fix: (copy) => put(copy, here, first.name) }),
    });
    return;
  }
  const better = fallback ?? classes[0];
  add({
    code: 'no-storage-class',
    stops: true,
    on,
    path: here,
    cause: `the cluster has no storage class ${JSON.stringify(name)}, and no volume of the manifests is of it${didYouMean(name, names)}`,
    cure:
      better === undefined
        ? 'Install one that makes volumes (minikube addons enable storage-provisioner)'
        : `Write storageClassName: ${better.name}, which the cluster has`,
    ...(better !== undefined && { fix: (copy) => put(copy, here, better.name) }),
  });
}

function classesOf({ objects }: Scene, cluster: ClusterView): ClusterView['storageClasses'] {
  const own = objects
    .filter(({ object }) => object.kind === 'StorageClass')
    .map(({ object }) => ({
      name: object.metadata.name,
      provisioner: textOf(object.provisioner) ?? '',
      isDefault: object.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true',
    }));
  return [...cluster.storageClasses, ...own];
}

/** Whether a volume of the manifests is there for the claim: of its class, with its modes, large enough. */
function hasVolume({ objects }: Scene, className: string, claim: Fields): boolean {
  const size = quantityOf(at(claim, 'resources', 'requests', 'storage')) ?? 0;
  return objects.some(({ object }) => {
    const spec = fieldsOf(object.spec);
    if (object.kind !== 'PersistentVolume' || (spec.storageClassName ?? '') !== className) return false;
    const modes = textsOf(spec.accessModes);
    return (
      (quantityOf(at(spec, 'capacity', 'storage')) ?? 0) >= size &&
      textsOf(claim.accessModes).every((mode) => modes.includes(mode))
    );
  });
}

/** Provisioners that make a folder of one node: nothing else can write there. */
function checkModes(
  { nodes }: ClusterView,
  on: SourcedObject,
  path: Path,
  claim: Fields,
  provisioner: string,
  add: Add,
): void {
  const shared = textsOf(claim.accessModes).find((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');
  const isRefused = provisioner === 'rancher.io/local-path';
  if (shared === undefined || !(isRefused || (provisioner === 'k8s.io/minikube-hostpath' && nodes.length > 1))) return;
  const here = [...path, 'accessModes'];
  add({
    code: 'claim-mode',
    stops: isRefused,
    on,
    path: here,
    cause: `it asks for ${shared}, and ${provisioner} makes folders of one node: ${isRefused ? 'it refuses that' : 'pods on other nodes do not see the same files'}`,
    cure: 'Write accessModes: [ReadWriteOnce]',
    fix: (copy) => put(copy, here, ['ReadWriteOnce']),
  });
}

/** Folders of the node's own system, which are there on every Linux. */
const systemFolders =
  /^\/(proc|sys|dev|run|etc|lib|usr|boot|var\/(log|run|lib\/(kubelet|docker|containers|containerd|cni|calico|dockershim|etcd))|opt\/cni|tmp)(\/|$)|^\/$/;

function checkHostPath(scene: Scene, on: SourcedObject, path: Path, add: Add): void {
  const folder = textOf(at(on.object, ...path, 'path'));
  if (folder === undefined || (systemFolders.test(folder) && !/docker\.sock$/.test(folder))) return;
  const base = { stops: false, on, path };
  if (/docker\.sock$/.test(folder)) {
    add({
      ...base,
      code: 'host-path',
      cause: `it mounts ${folder} of the node, which is there only where the node runs Docker`,
      cure: 'Run it without Docker: minikube and kind come with containerd',
    });
    return;
  }
  const isOwn = /^(\/Users\/|\/home\/|\/c\/|\/mnt\/[a-z]\/|[A-Za-z]:[\\/]|\.{0,2}\/?\$\{?PWD)/.test(folder);
  const minikube =
    scene.input.cluster?.provider === 'minikube'
      ? `minikube mount FOLDER:${folder} brings one of this machine there`
      : 'Use a claim, or an image that holds the files';
  add({
    ...base,
    code: 'host-path',
    cause: isOwn
      ? `${folder} looks like a folder of this machine, and is looked for on the node, which is another one`
      : `${folder} is a folder of the node, not of this machine, and is lost with it`,
    cure: minikube,
  });
  const type = textOf(at(on.object, ...path, 'type'));
  if (type === 'Directory' || type === 'File')
    add({
      ...base,
      code: 'host-path-type',
      path: [...path, 'type'],
      cause: `the pod waits until ${folder} is there as a ${type.toLowerCase()}: nobody makes it`,
      cure: `Write type: ${type}OrCreate`,
      fix: (copy) => put(copy, [...path, 'type'], `${type}OrCreate`),
    });
}
