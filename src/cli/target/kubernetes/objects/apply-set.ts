import type { KubeObject } from '../../manifests/kube-object.js';
import type { Values } from '../../manifests/values-shape.js';
import { bundledProject } from '../../project-name.js';
import { ApiError } from '../api/api-error.js';
import type { KubeClient } from '../api/client.js';
import type { ApiResource } from '../api/discovery.js';
import { listOrFail } from '../api/list.js';
import { groupKindOf, type LiveObject } from '../api/live-object.js';
import { applySetId, partOfLabel, projectMark, projectOf, stacksAnnotation } from './desired.js';

/** Name of the record of a project; two projects may have theirs in one namespace. */
function parentName(project: string): string {
  return project === bundledProject ? 'hwctl-applyset' : `hwctl-applyset-${project}`;
}

const parentLabel = 'hwctl.dev/applyset';
const kindsAnnotation = 'applyset.kubernetes.io/contains-group-kinds';
const namespacesAnnotation = 'applyset.kubernetes.io/additional-namespaces';
const valuesAnnotation = 'hwctl.dev/values';

/** The record of what hwctl applied, kept in the cluster as an ApplySet parent (KEP 3659). */
export interface ApplySet {
  id: string;
  project: string;
  namespace: string;
  /** Group-kinds that members may be of: a superset while an apply or a prune is under way. */
  groupKinds: string[];
  /** Namespaces that members may be in. */
  namespaces: string[];
  stacks: string[];
  values: Values;
  /** The parent as it is in the cluster; undefined where it is not yet there. */
  live?: LiveObject;
}

/** An ApplySet that is not yet in the cluster. */
export function emptyApplySet(namespace: string, project: string): ApplySet {
  const id = applySetId({ name: parentName(project), namespace, kind: 'ConfigMap', group: '' });
  return { id, project, namespace, groupKinds: [], namespaces: [], stacks: [], values: {} };
}

/** Reads every ApplySet of hwctl in the cluster, whatever its project. Throws Failure `forbidden` where it may not look. */
export async function findAllApplySets(client: KubeClient): Promise<ApplySet[]> {
  const parents = await listOrFail(client, configMaps, { labelSelector: `${parentLabel}=true` });
  return parents.map(parseParent);
}

/** The ApplySets of one project. Throws Failure `forbidden`. */
export async function findApplySets(client: KubeClient, project: string): Promise<ApplySet[]> {
  return (await findAllApplySets(client)).filter((set) => set.project === project);
}

const configMaps: ApiResource = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
  verbs: ['list'],
};

/** Reads an ApplySet from its parent. */
export function parseParent(live: LiveObject): ApplySet {
  const namespace = live.metadata.namespace ?? '';
  const annotations = live.metadata.annotations ?? {};
  const list = (name: string) => (annotations[name] ?? '').split(',').filter((word) => word !== '');
  return {
    ...emptyApplySet(namespace, projectOf(live)),
    groupKinds: list(kindsAnnotation),
    namespaces: [...new Set([namespace, ...list(namespacesAnnotation)])],
    stacks: list(stacksAnnotation),
    values: JSON.parse(annotations[valuesAnnotation] ?? '{}') as Values,
    live,
  };
}

/** The parent object that records `set`. */
export function parentObject(set: ApplySet): KubeObject {
  const others = set.namespaces.filter((namespace) => namespace !== set.namespace).sort();
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: parentName(set.project),
      namespace: set.namespace,
      labels: {
        'applyset.kubernetes.io/id': set.id,
        'app.kubernetes.io/managed-by': 'hwctl',
        [parentLabel]: 'true',
      },
      annotations: {
        'applyset.kubernetes.io/tooling': 'hwctl/v1',
        ...projectMark(set.project),
        [kindsAnnotation]: [...new Set(set.groupKinds)].sort().join(','),
        [namespacesAnnotation]: others.join(','),
        [stacksAnnotation]: [...set.stacks].sort().join(','),
        [valuesAnnotation]: JSON.stringify(set.values),
      },
    },
  };
}

/** Whether the cluster has the parent as `set` wants it. */
export function isRecorded(set: ApplySet): boolean {
  const now = set.live?.metadata.annotations;
  const wanted = Object.entries(parentObject(set).metadata.annotations ?? {});
  return now !== undefined && wanted.every(([name, value]) => now[name] === value);
}

/** Writes the parent, unless the cluster has it so already. */
export async function writeParent(client: KubeClient, set: ApplySet): Promise<ApplySet> {
  return isRecorded(set) ? set : { ...set, live: await client.apply(parentObject(set), { force: true }) };
}

/** All live members of a project. */
export async function projectMembers(client: KubeClient, project: string): Promise<LiveObject[]> {
  return (await Promise.all((await findApplySets(client, project)).map((set) => listMembers(client, set)))).flat();
}

/** All live members, of every kind and in every namespace that the parent names. Any list that fails fails the whole. */
export async function listMembers(
  client: KubeClient,
  set: ApplySet,
  more: { groupKinds: readonly string[]; namespaces: readonly string[] } = { groupKinds: [], namespaces: [] },
): Promise<LiveObject[]> {
  const wanted = new Set([...set.groupKinds, ...more.groupKinds]);
  const namespaces = [...new Set([...set.namespaces, ...more.namespaces])];
  const resources = (await client.resources()).filter(
    (resource) => wanted.has(groupKindOf(resource)) && resource.verbs.includes('list'),
  );
  const labelSelector = `${partOfLabel}=${set.id}`;
  const lists = await Promise.all(
    resources.flatMap((resource) =>
      resource.namespaced
        ? namespaces.map((namespace) => listServed(client, resource, { namespace, labelSelector }))
        : [listServed(client, resource, { labelSelector })],
    ),
  );
  return lists.flat();
}

/** A kind whose definition has gone since it was discovered has no objects. */
async function listServed(client: KubeClient, ...asked: [ApiResource, { namespace?: string; labelSelector: string }]) {
  try {
    return await listOrFail(client, ...asked);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}
