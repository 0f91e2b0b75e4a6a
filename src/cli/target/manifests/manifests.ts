import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { didYouMean } from '../../kernel/nearest.js';
import { rankOf } from './apply-order.js';
import { applyValues } from './edits.js';
import { isKind, isWorkload, type KubeObject, type PodTemplate, refOf, type Service } from './kube-object.js';
import { buildKustomization, type SourcedObject } from './kustomize.js';
import { checkRules } from './object-rules.js';
import { checkShape } from './shape.js';
import { manifestShapes } from './shapes.js';
import type { StackObject } from './stack-object.js';
import type { Values } from './values-shape.js';
import { type FieldPath, Problems } from './yaml-source.js';

/** What `up` and `render` begin with. */
export interface ObjectsRequest {
  /** Folder of the stacks, absolute. */
  manifests: string;
  stacks: readonly string[];
  values: Values;
}

/**
 * The objects of a request, edited as its values say, in the order in which they can be applied. Monitoring is part of it
 * unless the values leave it out or the folder has none. Throws Failure `bad-manifests` or `bad-values`.
 */
export function readObjects({ manifests, stacks, values }: ObjectsRequest): StackObject[] {
  const objects = loadStacks(manifests, stacks);
  const monitoring = values.monitoring === false ? [] : loadMonitoring(manifests);
  return applyValues([...objects, ...monitoring], values).sort(byOrder);
}

/** Folder of Prometheus and Grafana, below the folder of the stacks. */
const monitoringFolder = join('shared', 'monitoring');

function loadMonitoring(manifests: string): StackObject[] {
  const folder = join(manifests, monitoringFolder);
  if (!existsSync(join(folder, 'kustomization.yaml'))) return [];
  const problems = new Problems();
  const objects = buildKustomization(folder, dirname(manifests), problems);
  for (const sourced of objects) checkKind(sourced, problems);
  if (problems.details.length === 0) checkReferences(objects, problems);
  problems.throwIfAny('bad-manifests', 'the manifests of the monitoring cannot be used', 'Edit the lines above');
  return objects.map(({ object }) => ({ object, stacks: [], part: 'monitoring' }));
}

/**
 * Loads stacks and merges them: an object that several stacks share is there once. Throws Failure `bad-manifests` with
 * every problem, each with its file, line and field.
 */
export function loadStacks(manifests: string, stacks: readonly string[]): StackObject[] {
  const problems = new Problems();
  const merged = new Map<string, { sourced: SourcedObject; stacks: string[] }>();
  for (const stack of stacks) {
    for (const sourced of buildKustomization(join(manifests, stack), dirname(manifests), problems)) {
      const { object, source } = sourced;
      const id = `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
      const twin = merged.get(id);
      if (twin === undefined) {
        merged.set(id, { sourced, stacks: [stack] });
      } else if (JSON.stringify(twin.sourced.object) === JSON.stringify(object)) {
        twin.stacks.push(stack);
      } else {
        const other = twin.sourced.source.placeOf([]);
        problems.add(source, [], `${refOf(object)} differs from the one of stack ${twin.stacks[0]} in ${other}`);
      }
    }
  }
  const objects = [...merged.values()];
  for (const { sourced } of objects) checkKind(sourced, problems);
  // What refers to what is worth telling only where each object is sound by itself.
  if (problems.details.length === 0) {
    checkReferences(
      objects.map(({ sourced }) => sourced),
      problems,
    );
  }
  problems.throwIfAny('bad-manifests', `the manifests of ${stacks.join(', ')} cannot be used`, 'Edit the lines above');
  return objects
    .map(({ sourced, stacks: members }) => ({ object: sourced.object, stacks: members, part: 'application' as const }))
    .sort(byOrder);
}

function byOrder(a: StackObject, b: StackObject): number {
  return rankOf(a.object) - rankOf(b.object) || compare(refOf(a.object), refOf(b.object));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function checkKind(sourced: SourcedObject, problems: Problems): void {
  const { object, source } = sourced;
  const shape = Object.hasOwn(manifestShapes, object.kind) ? manifestShapes[object.kind] : undefined;
  if (shape === undefined || checkShape(object, shape, source, [], problems)) checkRules(sourced, problems);
}

/** References that dangle: an Ingress without its Service, a Service without its pods, env without its ConfigMap. */
function checkReferences(all: SourcedObject[], problems: Problems): void {
  const find = (kind: string, near: KubeObject, name: string) =>
    all.find(
      ({ object }) =>
        object.kind === kind && object.metadata.name === name && object.metadata.namespace === near.metadata.namespace,
    )?.object;
  for (const { object, source } of all) {
    const missing = (path: FieldPath, kind: string, name: string) => {
      const names = all.filter((other) => other.object.kind === kind).map((other) => other.object.metadata.name);
      problems.add(source, path, `there is no ${kind} ${JSON.stringify(name)}${didYouMean(name, names)}`);
    };
    if (isKind(object, 'Ingress')) {
      for (const [r, rule] of (object.spec.rules ?? []).entries()) {
        for (const [p, { pathType, backend }] of (rule.http?.paths ?? []).entries()) {
          const at: FieldPath = ['spec', 'rules', r, 'http', 'paths', p];
          if (!['Exact', 'Prefix', 'ImplementationSpecific'].includes(pathType)) {
            problems.add(source, [...at, 'pathType'], `must be Exact or Prefix, is ${JSON.stringify(pathType)}`);
          }
          const service = find('Service', object, backend.service.name) as Service | undefined;
          if (service === undefined) missing([...at, 'backend', 'service', 'name'], 'Service', backend.service.name);
          else if (servicePort(service, backend.service.port) === undefined) {
            problems.add(
              source,
              [...at, 'backend', 'service', 'port'],
              `Service ${backend.service.name} has no such port`,
            );
          }
        }
      }
    }
    if (isKind(object, 'Service') && object.spec.selector !== undefined) {
      if (!all.some((other) => selects(object, other.object))) {
        problems.add(source, ['spec', 'selector'], 'no pod template in these stacks carries these labels');
      }
    }
    if (isWorkload(object)) {
      for (const [c, container] of object.spec.template.spec.containers.entries()) {
        const at: FieldPath = ['spec', 'template', 'spec', 'containers', c];
        for (const [e, { configMapRef, secretRef }] of (container.envFrom ?? []).entries()) {
          if (configMapRef && !configMapRef.optional && !find('ConfigMap', object, configMapRef.name)) {
            missing([...at, 'envFrom', e, 'configMapRef', 'name'], 'ConfigMap', configMapRef.name);
          }
          if (secretRef && !secretRef.optional && !find('Secret', object, secretRef.name)) {
            missing([...at, 'envFrom', e, 'secretRef', 'name'], 'Secret', secretRef.name);
          }
        }
        const volumes = (object.spec.template.spec.volumes ?? []).map((volume) => volume.name);
        const claims = (object.spec.volumeClaimTemplates as { metadata: { name: string } }[] | undefined) ?? [];
        const mountable = [...volumes, ...claims.map((claim) => claim.metadata.name)];
        for (const [m, mount] of (container.volumeMounts ?? []).entries()) {
          if (mountable.includes(mount.name)) continue;
          const near = didYouMean(mount.name, mountable);
          problems.add(
            source,
            [...at, 'volumeMounts', m, 'name'],
            `there is no volume ${JSON.stringify(mount.name)}${near}`,
          );
        }
      }
    }
  }
}

/** The port of a Service that an Ingress backend means, by name or by number. */
function servicePort(service: Service, wanted: { name?: string; number?: number }) {
  return (service.spec.ports ?? []).find((port) =>
    wanted.name !== undefined ? port.name === wanted.name : port.port === wanted.number,
  );
}

/** Whether a Service sends to the pods of this object. */
export function selects(service: Service, object: KubeObject): boolean {
  if (!isWorkload(object) || object.metadata.namespace !== service.metadata.namespace) return false;
  const labels = (object.spec.template as PodTemplate).metadata?.labels ?? {};
  const wanted = Object.entries(service.spec.selector ?? {});
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value);
}
