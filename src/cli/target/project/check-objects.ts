import { Failure } from '../../kernel/failure.js';
import type { KubeObject } from '../manifests/kube-object.js';
import { editsOf } from '../preflight/edit-objects.js';
import { registryLookup } from '../preflight/image-registry.js';
import { isMonitoringKind, monitoringCrds } from '../preflight/monitoring-crds.js';
import { lookupsOf, preflightAsking } from '../preflight/preflight.js';
import type { PreflightProblem } from '../preflight/problem.js';
import { problemLines } from '../preflight/problem-lines.js';
import type { PreflightInput } from '../preflight/scene.js';
import type { ClusterFacts } from '../source.js';

/** What is to be applied, as preflight looks at it, but for the cluster. */
export type CheckedInput = Omit<PreflightInput, 'cluster'>;

/** What came of a look at objects before they are applied. */
export interface CheckedObjects {
  /** Definitions of kinds that hwctl reads by itself and that the cluster has not. */
  crds: KubeObject[];
  problems: PreflightProblem[];
}

/** All that will not work of these objects in this cluster. Registries are asked for images that no node has. */
export async function checkObjects(input: CheckedInput, cluster: ClusterFacts): Promise<CheckedObjects> {
  const view = await cluster.view();
  const seen = { ...input, cluster: view };
  const lookups = lookupsOf(seen);
  const found = await cluster.find(lookups);
  const key = (apiVersion: string, kind: string, namespace: string | undefined, name: string) =>
    `${apiVersion}/${kind}/${namespace ?? ''}/${name}`;
  const live = new Map(
    lookups.map(({ apiVersion, kind, namespace, name }, at) => [key(apiVersion, kind, namespace, name), found[at]]),
  );
  const lookup = (...asked: Parameters<typeof key>) => (live.has(key(...asked)) ? live.get(key(...asked)) : 'unknown');
  const whole = { ...seen, cluster: { ...view, lookup } };
  const registries = registryLookup();
  try {
    return { crds: missingDefinitions(input.objects), problems: await preflightAsking(whole, registries.lookup) };
  } finally {
    await registries.close();
  }
}

/** The definitions of the monitoring kinds that these objects are of and do not bring; where somebody else's are there, those are used. */
export function missingDefinitions(objects: CheckedInput['objects']): KubeObject[] {
  const kinds = objects.filter(({ object }) => isMonitoringKind(object)).map(({ object }) => object.kind);
  const brought = new Set(objects.map(({ object }) => `${object.kind}/${object.metadata.name}`));
  return monitoringCrds(kinds).filter(({ kind, metadata }) => !brought.has(`${kind}/${metadata.name}`));
}

/** Throws Failure `preflight` (exit 2) with all that stops it; gives what else is to be told. */
export function refuseProblems(problems: readonly PreflightProblem[], project: string): string[] {
  const stopping = problems.filter(({ stops }) => stops);
  const lines = problemLines(problems);
  if (stopping.length === 0) return lines.slice(1);
  const edits = Object.keys(editsOf(stopping)).length;
  throw new Failure({
    code: 'preflight',
    message: `${project} would not work in this cluster: ${stopping.length} ${stopping.length === 1 ? 'problem stops' : 'problems stop'} it`,
    details: lines.slice(1),
    hint:
      edits > 0
        ? 'hwctl up --fix writes the edits that cure it into hwctl.yaml; the rest is told above'
        : 'Mend what is told above, in the files that are named',
  });
}
