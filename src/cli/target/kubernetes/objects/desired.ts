import { createHash } from 'node:crypto';
import { digest, finishObject } from '../../manifests/derived-fields.js';
import type { KubeObject } from '../../manifests/kube-object.js';
import { bundledProject } from '../../project-name.js';

/** Label of every member of an ApplySet (KEP 3659). */
export const partOfLabel = 'applyset.kubernetes.io/part-of';
/** Annotation with the hash of what was last applied: tells a field that was taken away, which a comparison cannot. */
export const appliedAnnotation = 'hwctl.dev/applied';
/** Label of the claims that our StatefulSets make: not members, so that no prune takes data away, but ours. */
export const claimLabel = 'hwctl.dev/claim-of';
/** Annotation with the stacks an object belongs to, comma-separated. */
export const stacksAnnotation = 'hwctl.dev/stacks';
/** Annotation with the project that a namespace or a record belongs to; the bundled platform's have none. */
const projectAnnotation = 'hwctl.dev/project';

/** The annotation that says which project an object belongs to. */
export function projectMark(project: string): Record<string, string> {
  return project === bundledProject ? {} : { [projectAnnotation]: project };
}

/** The project that an object says it belongs to. */
export function projectOf({ metadata }: KubeObject): string {
  return metadata.annotations?.[projectAnnotation] ?? bundledProject;
}

export interface DesiredOptions {
  /** Full name of the server's image. */
  image: string;
  /** Class for Ingresses that name none; undefined leaves it to the cluster. */
  ingressClass?: string;
  applySetId: string;
  project: string;
}

/**
 * The objects as they are applied: image, Ingress class, membership label, names of Jobs, configuration hashes. Pure;
 * Namespaces come back without the membership label, since they are only ours where hwctl made them.
 */
export function desiredObjects(
  entries: readonly { object: KubeObject; stacks: string[] }[],
  options: DesiredOptions,
): KubeObject[] {
  const all = entries.map(({ object }) => object);
  return entries.map(({ object, stacks }) => {
    const copy = withoutStringData(
      finishObject(object, all, options.image, { namesJobs: options.project === bundledProject }),
    );
    if (copy.kind === 'Ingress' && options.ingressClass !== undefined && ingressClassOf(copy) === undefined) {
      copy.spec = { ...(copy.spec as object), ingressClassName: options.ingressClass };
    }
    for (const template of claimTemplatesOf(copy)) {
      template.metadata.labels = { ...template.metadata.labels, [claimLabel]: options.applySetId };
    }
    copy.metadata.labels =
      copy.kind === 'Namespace'
        ? { ...copy.metadata.labels, ...managed }
        : { ...managed, ...copy.metadata.labels, [partOfLabel]: options.applySetId };
    if (copy.kind === 'Namespace') {
      copy.metadata.annotations = { ...copy.metadata.annotations, ...projectMark(options.project) };
    }
    copy.metadata.annotations = { ...copy.metadata.annotations, [stacksAnnotation]: [...stacks].sort().join(',') };
    copy.metadata.annotations[appliedAnnotation] = digest(copy);
    return copy;
  });
}

/** The API server keeps `stringData` in `data`, over what is there, and shows it nowhere: what is applied is what is compared. */
function withoutStringData(object: KubeObject): KubeObject {
  const { stringData, ...rest } = object as KubeObject & { stringData?: Record<string, unknown> };
  if (object.kind !== 'Secret' || stringData === undefined || stringData === null) return object;
  const texts = Object.entries(stringData);
  // Anything else is for the API server to refuse, in its words.
  if (!texts.every(([, text]) => typeof text === 'string')) return object;
  const added = Object.fromEntries(texts.map(([key, text]) => [key, Buffer.from(text as string).toString('base64')]));
  return { ...rest, data: { ...(rest.data as object | undefined), ...added } };
}

const managed = { 'app.kubernetes.io/managed-by': 'hwctl' };

/** The class that an Ingress names, by its field or by the annotation that was before the field. */
export function ingressClassOf(ingress: KubeObject): string | undefined {
  const spec = ingress.spec as { ingressClassName?: string } | undefined;
  return spec?.ingressClassName ?? ingress.metadata.annotations?.['kubernetes.io/ingress.class'];
}

/** What a StatefulSet makes claims from; the controller gives their labels to the claims. */
export function claimTemplatesOf(object: { kind: string; spec?: unknown }): KubeObject[] {
  if (object.kind !== 'StatefulSet') return [];
  return (object.spec as { volumeClaimTemplates?: KubeObject[] } | undefined)?.volumeClaimTemplates ?? [];
}

/** Id of an ApplySet by its parent (KEP 3659). */
export function applySetId(parent: { name: string; namespace: string; kind: string; group: string }): string {
  const text = `${parent.name}.${parent.namespace}.${parent.kind}.${parent.group}`;
  return `applyset-${createHash('sha256').update(text).digest('base64url')}-v1`;
}

/**
 * Whether everything `wanted` says is so in `live`. Lists must agree in length and order, but for fields that the API
 * server fills in below each element.
 */
export function isWithin(wanted: unknown, live: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(live) && wanted.length === live.length && wanted.every((item, index) => isWithin(item, live[index]))
    );
  }
  if (wanted !== null && typeof wanted === 'object') {
    if (live === null || typeof live !== 'object') return Object.keys(wanted).length === 0 && live === undefined;
    return Object.entries(wanted).every(
      ([key, item]) => item === undefined || isWithin(item, (live as Record<string, unknown>)[key]),
    );
  }
  return wanted === live;
}

/** Label of what a running command made for itself. */
export const clientLabel = 'hwctl.dev/client';

/** Whether a running command made the object for itself (a load's Job, a debug pod): it is not of any stack, and goes with its command or with `down`. */
export function isOfCommand({ metadata }: KubeObject): boolean {
  return metadata.labels?.[clientLabel] === 'true';
}
