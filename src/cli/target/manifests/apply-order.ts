/**
 * What must be there before what: the kinds in the order of application and of `render`, each with its wave. A wave is ready
 * before the next begins (a database before its migration before its users); kinds that are not named come last.
 */
const waveByKind = new Map<string, number>([
  ['Namespace', 0],
  ['CustomResourceDefinition', 0],
  ['ServiceAccount', 1],
  ['ClusterRole', 1],
  ['Role', 1],
  ['ClusterRoleBinding', 1],
  ['RoleBinding', 1],
  ['NetworkPolicy', 1],
  ['ResourceQuota', 1],
  ['LimitRange', 1],
  ['Secret', 1],
  ['ConfigMap', 1],
  ['PersistentVolumeClaim', 1],
  ['Service', 2],
  ['StatefulSet', 2],
  ['Job', 3],
  ['Deployment', 4],
  ['PodDisruptionBudget', 1],
  ['HorizontalPodAutoscaler', 4],
  ['Ingress', 4],
]);
const kinds = [...waveByKind.keys()];
const lastWave = Math.max(...waveByKind.values());

/** Place of an object's kind in the order, from 0. */
export function rankOf({ kind }: { kind: string }): number {
  const at = kinds.indexOf(kind);
  return at < 0 ? kinds.length : at;
}

/** The wave in which an object is applied, from 0. */
export function waveOf({ kind }: { kind: string }): number {
  return waveByKind.get(kind) ?? lastWave;
}
