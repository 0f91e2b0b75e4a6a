import { type Fields, put, textOf } from './fields.js';
import { type ImageReference, isOfficial, isSameImage, readImage } from './image-reference.js';
import type { Check, Finding, PodView, PreflightInput, Scene } from './scene.js';

type Add = (finding: Finding) => void;

/** Images that cannot be pulled, were moved, or are for another machine. */
export const checkImages: Check = (scene, add) => {
  for (const pod of scene.pods) {
    for (const { path, container } of pod.containers) {
      const where = { pod, path: [...path, 'image'], container };
      const image = container.image;
      if (image === undefined || image === null || image === '') {
        // Who looks for pods in a kind that is not Kubernetes' own does not know what it fills in.
        add(found(where, 'no-image', true, `container ${String(container.name)} has no image`, 'Write image'));
        continue;
      }
      if (typeof image !== 'string') continue;
      const reference = readImage(image);
      if (reference === undefined) add(badReference(where, image));
      else checkOne(scene.input, where, image, reference, add);
    }
  }
};

interface Where {
  pod: PodView;
  path: Finding['path'] & {};
  container: Fields;
}

function found({ pod, path }: Where, code: string, stops: boolean, cause: string, cure: string): Finding {
  return { code, stops, on: pod.on, path, cause, cure };
}

/** The image is replaced by another one. */
function withImage(finding: Finding, image: string): Finding {
  const { path = [] } = finding;
  return { ...finding, fix: (copy) => put(copy, path, image) };
}

function badReference(where: Where, image: string): Finding {
  const isOpen = /\{\{|\$\{?\w|<[^>]*>|%\w+%/.test(image);
  const lower = image.trim().toLowerCase();
  const cause = isOpen
    ? `${JSON.stringify(image)} holds a placeholder that nothing has filled`
    : `${JSON.stringify(image)} is no name of an image`;
  const isSound = !isOpen && lower !== image && readImage(lower) !== undefined;
  const finding = found(
    where,
    'bad-image',
    true,
    cause,
    isSound
      ? `Write ${lower}`
      : isOpen
        ? 'Fill it in, or have images of hwctl.yaml build it'
        : 'Write REGISTRY/OWNER/NAME:TAG: no capitals and no blanks',
  );
  return isSound ? withImage(finding, lower) : finding;
}

function checkOne(input: PreflightInput, where: Where, image: string, reference: ImageReference, add: Add): void {
  const policy = textOf(where.container.imagePullPolicy);
  const policyPath = [...where.path.slice(0, -1), 'imagePullPolicy'];
  // It gets the name under which the nodes have it, and a pull policy with which they look for it there.
  if (input.built.some((name) => isSameImage(name, image))) return;
  const nodes = input.cluster?.nodes ?? [];
  if (nodes.length > 0 && nodes.every(({ images }) => images.some((name) => isSameImage(name, image)))) return;
  const moved = movedImage(reference, image);
  if (moved !== undefined) {
    add(movedFinding(where, image, reference, moved));
    return;
  }
  if (policy === 'Never') {
    add(neverPulled(input, where, image, reference, policyPath));
    return;
  }
  const answer = input.images?.get(image);
  if (answer?.state === 'no') {
    const isPrivate = Array.isArray(where.pod.spec.imagePullSecrets) && where.pod.spec.imagePullSecrets.length > 0;
    add(
      found(
        where,
        'image-missing',
        !isPrivate,
        `${reference.registry} has no image ${image} that anybody may pull`,
        'Write a tag that it has, push it, or have images of hwctl.yaml build it',
      ),
    );
    return;
  }
  checkArchitecture(input, where, image, reference, add);
  if (answer?.state !== 'yes') checkLocal(where, image, reference, add);
}

/** Registries and owners that moved: where their images are today. */
function movedImage({ registry, repository }: ImageReference, image: string): string | undefined {
  const rest = image.slice(image.indexOf(repository) + repository.length);
  if (registry === 'docker.io' && repository.startsWith('bitnami/')) return image.replace('bitnami/', 'bitnamilegacy/');
  if (registry === 'k8s.gcr.io') return `registry.k8s.io/${repository}${rest}`;
  if (registry === 'gcr.io' && repository.startsWith('google_containers/'))
    return `registry.k8s.io/${repository.slice('google_containers/'.length)}${rest}`;
  return undefined;
}

function movedFinding(
  where: Where,
  image: string,
  { registry, repository, tag, digest }: ImageReference,
  moved: string,
): Finding {
  const cure = `Write ${moved}`;
  if (registry !== 'docker.io')
    return withImage(
      found(
        where,
        'image-moved',
        false,
        `the registry ${registry} is closed to what is new, and images of Kubernetes are in registry.k8s.io`,
        cure,
      ),
      moved,
    );
  // Of a few, bitnami keeps the newest under its old name.
  const isNewest = (tag === undefined || tag === 'latest') && digest === undefined;
  const cause = isNewest
    ? `bitnami took its free images away in 2025, and keeps the newest of some: ${image} may be gone`
    : `bitnami took its free images away in 2025: docker.io has no ${repository}:${tag ?? digest}`;
  return withImage(
    found(where, 'bitnami-image', !isNewest, cause, `${cure}, which is kept as it was and no longer mended`),
    moved,
  );
}

function neverPulled(
  input: PreflightInput,
  where: Where,
  image: string,
  reference: ImageReference,
  policyPath: (string | number)[],
): Finding {
  // A node tells of fifty images at most.
  const isCertain = (input.cluster?.nodes ?? []).every(({ images }) => images.length < 50);
  const isOwned =
    reference.registry !== 'docker.io' || !reference.repository.startsWith('library/') || isOfficial(reference);
  const finding = found(
    where,
    'image-never',
    isCertain,
    `imagePullPolicy Never forbids to pull ${image}, and nothing builds it here`,
    isOwned
      ? 'Write imagePullPolicy: IfNotPresent, or have images of hwctl.yaml build it'
      : 'Have images of hwctl.yaml build it: its name, and the folder of its Dockerfile',
  );
  return isOwned ? { ...finding, fix: (copy) => put(copy, policyPath, 'IfNotPresent') } : finding;
}

/** By what the registry says; else by the end of its tag, which is only told. */
function checkArchitecture(
  input: PreflightInput,
  where: Where,
  image: string,
  { tag = '' }: ImageReference,
  add: Add,
): void {
  const own = [...new Set((input.cluster?.nodes ?? []).flatMap(({ labels }) => labels['kubernetes.io/arch'] ?? []))];
  const known = input.images?.get(image)?.architectures;
  const said = /(?:^|[-_.])(arm64|aarch64|arm|armv7|armhf|amd64|x86_64|ppc64le|s390x)(?:v\d)?$/.exec(tag)?.[1];
  const architectures =
    known ??
    (said === undefined
      ? undefined
      : [
          said
            .replace(/^aarch64$/, 'arm64')
            .replace(/^x86_64$/, 'amd64')
            .replace(/^arm(v7|hf)$/, 'arm'),
        ]);
  if (
    own.length === 0 ||
    architectures === undefined ||
    architectures.length === 0 ||
    own.some((one) => architectures.includes(one))
  )
    return;
  // `arm` in a tag is what people write for arm64, too.
  if (known === undefined && architectures[0] === 'arm' && own.includes('arm64')) return;
  add(
    found(
      where,
      'image-architecture',
      known !== undefined,
      `${image} is for ${architectures.join(', ')}${known === undefined ? ' by its tag' : ''}, and the nodes are ${own.join(', ')}`,
      `Write a tag for ${own[0]}, or have images of hwctl.yaml build it with platform: linux/${own[0]}`,
    ),
  );
}

/** A name that only a machine with its build has. */
function checkLocal(where: Where, image: string, reference: ImageReference, add: Add): void {
  const { registry } = reference;
  if (
    registry.startsWith('localhost') ||
    /^(127\.|host\.docker\.internal|kind-registry|registry\.local)/.test(registry)
  ) {
    add(
      found(
        where,
        'image-local',
        false,
        `${image} is in a registry of this machine, which is another one to a node`,
        'Have images of hwctl.yaml build it, or name a registry that the nodes reach',
      ),
    );
  } else if (!isOfficial(reference)) {
    add(
      found(
        where,
        'image-local',
        false,
        `Docker Hub has no official image ${image}, and nothing builds it here`,
        'Have images of hwctl.yaml build it (its name, and the folder of its Dockerfile), or write OWNER/NAME as it was pushed',
      ),
    );
  }
}

/** The images that a registry would be asked for: not those that are built here, or on every node already. */
export function imagesToAsk({ pods, input }: Scene): string[] {
  const nodes = input.cluster?.nodes ?? [];
  const images = pods.flatMap(({ containers }) => containers.flatMap(({ container }) => textOf(container.image) ?? []));
  return [...new Set(images)].filter(
    (image) =>
      readImage(image) !== undefined &&
      !input.built.some((name) => isSameImage(name, image)) &&
      !(nodes.length > 0 && nodes.every((node) => node.images.some((name) => isSameImage(name, image)))),
  );
}
