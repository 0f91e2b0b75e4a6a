import type { KubeObject } from '../manifests/kube-object.js';
import type { Path } from './fields.js';

/** An object and where it comes from. */
export interface SourcedObject {
  object: KubeObject;
  /** `k8s/01-deployment.yaml:12`, or the template of a chart. */
  source: string;
  /** The line of one of its fields, where whoever read it knows. */
  placeOf?: (path: Path) => string;
}

/** An edit of one object, as `edits:` of hwctl.yaml holds it. */
interface ObjectEdit {
  /** `Kind/name`, with the namespace and the API version where less would mean several. */
  ref: string;
  /** A merge patch; null leaves the object out. */
  patch: unknown;
}

/** One thing that will not work, or that is worth knowing before. */
export interface PreflightProblem {
  /** kebab-case, stable. */
  code: string;
  /** Applying it would fail, or what is applied could never work; false for what is only told. */
  stops: boolean;
  /** `Deployment/default/orders`; `chart/postgresql` for what is no object. */
  ref: string;
  source: string;
  /** What will not work, and why. One sentence, no final full stop. */
  cause: string;
  /** What cures it. */
  cure: string;
  /** The edit that cures it by itself. */
  edit?: ObjectEdit;
  /** The addon of minikube that cures it. */
  addon?: string;
  /** Told for who wonders: hwctl copes with it by itself. */
  nothingToDo?: true;
}

/** `Deployment/default/orders`, `ClusterRole/reader`; an object without a name goes by the beginning of the one it will get. */
export function placedRef({ kind, metadata }: KubeObject): string {
  return [kind, metadata?.namespace, nameOf({ metadata })].filter((part) => part !== undefined).join('/');
}

/** The name of an object; the prefix of it for one that gets its name when it is made (`generateName`). */
export function nameOf({ metadata }: Pick<KubeObject, 'metadata'>): string {
  return metadata?.name ?? (typeof metadata?.generateName === 'string' ? metadata.generateName : '');
}
