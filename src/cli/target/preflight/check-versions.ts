import { groupOf, type KubeObject } from '../manifests/kube-object.js';
import { builtInApi, isBuiltIn, isOlder, type RemovedApi, removedApi } from './built-in-kinds.js';
import { convertObject } from './convert-object.js';
import { at, mapsOf, textOf } from './fields.js';
import { isMonitoringKind } from './monitoring-crds.js';
import { operatorOf, toolOf } from './operators.js';
import type { SourcedObject } from './problem.js';
import type { Check, Finding, PreflightInput } from './scene.js';

/** The Kubernetes that is judged by where no cluster is asked. */
const newestKnown = '1.34';

/** Kinds and versions that the cluster does not serve: removed ones are converted, others need who brings them. */
export const checkVersions: Check = ({ input, objects }, add) => {
  const isServed = servedBy(input, objects);
  const told = new Set<string>();
  for (const on of objects) {
    const { object } = on;
    const tool = toolOf(object);
    if (tool !== undefined) add(toolFile(on, tool));
    else if (isServed(object)) continue;
    else if (isMonitoringKind(object)) {
      if (!told.has(object.kind)) add(monitoring(on));
      told.add(object.kind);
    } else add(unserved(on, input, isServed));
  }
};

/** Whether an object can be applied: the cluster serves its kind, or a definition among the objects makes it do so. */
function servedBy(input: PreflightInput, objects: readonly SourcedObject[]): (object: KubeObject) => boolean {
  const defined = new Set<string>();
  for (const { object } of objects) {
    if (object.kind !== 'CustomResourceDefinition') continue;
    const [group, kind] = [at(object, 'spec', 'group'), at(object, 'spec', 'names', 'kind')];
    const versions = mapsOf(at(object, 'spec', 'versions'));
    const single = at(object, 'spec', 'version');
    for (const { name, served } of [...versions, ...(single === undefined ? [] : [{ name: single, served: true }])])
      if (served !== false) defined.add(`${group}/${name}/${kind}`);
  }
  const version = input.version ?? newestKnown;
  return ({ apiVersion, kind }) => {
    const id = `${apiVersion}/${kind}`;
    if (defined.has(id)) return true;
    if (input.cluster !== undefined) return input.cluster.served.has(id);
    const removed = removedApi(apiVersion, kind);
    if (removed !== undefined) return isOlder(version, removed.removedIn);
    return (
      builtInApi(kind) === apiVersion ||
      id === 'autoscaling/v1/HorizontalPodAutoscaler' ||
      id === 'events.k8s.io/v1/Event'
    );
  };
}

function unserved(on: SourcedObject, input: PreflightInput, isServed: (object: KubeObject) => boolean): Finding {
  const { object } = on;
  const { apiVersion, kind } = object;
  const removed = removedApi(apiVersion, kind);
  if (removed !== undefined) return removedFinding(on, removed);
  const today = builtInApi(kind);
  if (
    today !== undefined &&
    (groupOf(apiVersion) === '' || isBuiltIn(object) || /^[a-z]+$/.test(groupOf(apiVersion)))
  ) {
    return {
      code: 'wrong-api-version',
      stops: true,
      on,
      path: ['apiVersion'],
      cause: `there is no ${kind} of ${apiVersion} in any Kubernetes`,
      cure: `Write apiVersion: ${today}`,
      fix: convertObject,
    };
  }
  if (groupOf(apiVersion) === 'traefik.containo.us' && isServed({ ...object, apiVersion: 'traefik.io/v1alpha1' })) {
    return {
      code: 'removed-api',
      stops: true,
      on,
      path: ['apiVersion'],
      cause: `${apiVersion} is the API of Traefik 2, and this cluster has Traefik 3`,
      cure: 'Write apiVersion: traefik.io/v1alpha1',
      fix: (copy) => {
        copy.apiVersion = 'traefik.io/v1alpha1';
      },
    };
  }
  return needsOperator(on, input);
}

function removedFinding(on: SourcedObject, { apiVersion, kind, removedIn, replacement }: RemovedApi): Finding {
  const cause = `${kind} of ${apiVersion} was removed in Kubernetes ${removedIn}`;
  if (replacement === undefined) {
    const instead = kind === 'PodSecurityPolicy' ? ': label the namespace for Pod Security admission instead' : '';
    return {
      code: 'removed-kind',
      stops: true,
      on,
      path: ['apiVersion'],
      cause: `${cause}, and nothing took its place`,
      cure: `Leave it out${instead}`,
      fix: 'drop',
    };
  }
  return {
    code: 'removed-api',
    stops: true,
    on,
    path: ['apiVersion'],
    cause,
    cure: `Write it for ${replacement}`,
    fix: convertObject,
  };
}

/** A kind that nobody serves; where no cluster was asked, or a release may bring it, that is only told. */
function needsOperator(on: SourcedObject, input: PreflightInput): Finding {
  const { apiVersion, kind } = on.object;
  const group = groupOf(apiVersion);
  const operator = operatorOf(group);
  const isCertain = input.cluster !== undefined && (input.unrendered?.length ?? 0) === 0;
  const needs = operator === undefined ? '' : `: it comes with ${operator.name}`;
  return {
    code: 'unserved-kind',
    stops: isCertain,
    on,
    path: ['apiVersion'],
    cause: `${isCertain ? 'the cluster has' : 'Kubernetes by itself has'} no kind ${kind} of ${apiVersion}${needs}`,
    cure:
      operator?.cure ??
      `Install what brings ${group || kind} before, as a release in hwctl.yaml, or leave the object out (an edit of null)`,
    ...(isDispensable(apiVersion, kind) && { fix: 'drop' as const }),
  };
}

/** What works without the object just as well: it makes or routes nothing that others are reached by. */
function isDispensable(apiVersion: string, kind: string): boolean {
  return (
    /^(VerticalPodAutoscaler|CiliumNetworkPolicy|CiliumClusterwideNetworkPolicy)$/.test(kind) ||
    (groupOf(apiVersion) === 'monitoring.coreos.com' &&
      /^(Prometheus|PrometheusAgent|Alertmanager|ThanosRuler)$/.test(kind))
  );
}

function monitoring(on: SourcedObject): Finding {
  const { kind } = on.object;
  return {
    code: 'monitoring-crds',
    stops: false,
    nothingToDo: true,
    on,
    cause: `the cluster has no Prometheus Operator, which brings ${kind}`,
    cure: 'Nothing to do: hwctl puts the definition in place, and its own Prometheus reads the object',
  };
}

function toolFile(on: SourcedObject, tool: string): Finding {
  const kind = textOf(on.object.kind) ?? 'it';
  return {
    code: 'no-object',
    stops: true,
    on,
    cause: `${kind} of ${on.object.apiVersion} is a file of ${tool}, and no object of a cluster`,
    cure: 'Leave it out: name the files that are applied under releases',
    fix: 'drop',
  };
}
