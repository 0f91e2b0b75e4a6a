import { Failure } from '../../kernel/failure.js';
import { didYouMean } from '../../kernel/nearest.js';
import { type Expression, evaluate, resourceNames } from './expression.js';
import {
  type Container,
  imageBaseName,
  isKind,
  isWorkload,
  type KubeObject,
  partLabel,
  serverImageName,
  storeLabel,
  type Workload,
} from './kube-object.js';
import type { StackObject } from './stack-object.js';
import type { Values } from './values-shape.js';
import type { FieldPath } from './yaml-source.js';

/** One field of one object that values decide. */
export interface Edit {
  object: KubeObject;
  path: FieldPath;
  to: Expression;
}

/** What must be so for an object to be there. */
export type ObjectCondition = 'ingress' | 'postgres' | 'monitoring' | 'grafana';

/** The conditions of an object, all of which must hold. */
export function conditionsOf({ object, part }: StackObject): ObjectCondition[] {
  const conditions: ObjectCondition[] = [];
  if (part === 'monitoring') conditions.push('monitoring');
  if (object.metadata.labels?.[partLabel] === 'grafana') conditions.push('grafana');
  if (object.metadata.labels?.[storeLabel] === 'postgres') conditions.push('postgres');
  if (object.kind === 'Ingress') conditions.push('ingress');
  return conditions;
}

/** Whether a condition holds for these values; what they do not say holds. */
function holds(condition: ObjectCondition, values: Values): boolean {
  return condition === 'postgres' ? values.store !== 'sqlite' : values[condition] !== false;
}

/**
 * Every field that values decide, with what it becomes: the one description of what `--set` does, evaluated here and
 * printed as templates for a chart.
 */
export function editsOf(entries: readonly StackObject[]): Edit[] {
  const application = entries.filter(({ part }) => part === 'application').map(({ object }) => object);
  return [
    ...application.flatMap(namespaceEdits),
    ...entries.flatMap(({ object }) => [...ingressEdits(object), ...imageEdits(object), ...storeEdits(object)]),
    ...application.flatMap((object) => [...replicaEdits(object, application), ...resourceEdits(object)]),
  ];
}

/**
 * Applies values to the objects as structural edits, for every target alike; gives new objects and leaves the given ones
 * alone. Throws Failure `bad-values` where a value names a service that is not there.
 */
export function applyValues(objects: readonly StackObject[], values: Values): StackObject[] {
  const present = objects.filter((entry) => conditionsOf(entry).every((condition) => holds(condition, values)));
  const edited = present.map((entry) => ({ ...entry, object: structuredClone(entry.object) }));
  const application = edited.filter(({ part }) => part === 'application').map(({ object }) => object);
  checkNames(application, values);
  checkUse(objects, values);
  for (const { object, path, to } of editsOf(edited)) setField(object, path, evaluate(to, values));
  for (const { object } of edited) dropAbsentItems(object);
  return edited;
}

/** Sets a field, or takes it away with undefined; an item of a list leaves a hole, which `dropAbsentItems` closes. */
export function setField(object: KubeObject, path: FieldPath, value: unknown): void {
  let at = object as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) {
    if (at[step] === undefined && value === undefined) return;
    at[step] ??= {};
    at = at[step] as Record<string | number, unknown>;
  }
  const last = path[path.length - 1] as string | number;
  if (value === undefined && !Array.isArray(at)) delete at[last];
  else at[last] = value;
}

function dropAbsentItems(value: unknown): void {
  if (Array.isArray(value)) {
    for (let at = value.length - 1; at >= 0; at--) if (value[at] === undefined) value.splice(at, 1);
  }
  if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) dropAbsentItems(child);
}

function namespaceEdits(object: KubeObject): Edit[] {
  const edit = (path: FieldPath, or: string): Edit => ({ object, path, to: { kind: 'value', name: 'namespace', or } });
  const { name, namespace } = object.metadata;
  const edits: Edit[] = [];
  if (object.kind === 'Namespace') edits.push(edit(['metadata', 'name'], name));
  else if (namespace !== undefined) edits.push(edit(['metadata', 'namespace'], namespace));
  const subjects = (object.subjects as { kind: string; namespace?: string }[] | undefined) ?? [];
  for (const [index, subject] of subjects.entries()) {
    if (subject.kind !== 'ServiceAccount' || subject.namespace === undefined) continue;
    edits.push(edit(['subjects', index, 'namespace'], subject.namespace));
  }
  return edits;
}

function ingressEdits(object: KubeObject): Edit[] {
  if (!isKind(object, 'Ingress')) return [];
  const { ingressClassName, rules = [] } = object.spec;
  return [
    { object, path: ['spec', 'ingressClassName'], to: { kind: 'value', name: 'ingressClass', or: ingressClassName } },
    ...rules.map(
      ({ host }, index): Edit => ({
        object,
        path: ['spec', 'rules', index, 'host'],
        to: { kind: 'value', name: 'host', or: host },
      }),
    ),
  ];
}

const containerLists = ['containers', 'initContainers'] as const;

/** The containers of the bundled server, each with its place. */
function serverContainers(object: KubeObject): { container: Container; path: FieldPath }[] {
  if (!isWorkload(object)) return [];
  const { spec } = object.spec.template;
  return containerLists.flatMap((list) =>
    (spec[list] ?? []).flatMap((container, index) =>
      imageBaseName(container.image) === serverImageName
        ? [{ container, path: ['spec', 'template', 'spec', list, index] }]
        : [],
    ),
  );
}

function imageEdits(object: KubeObject): Edit[] {
  return serverContainers(object).map(({ container, path }) => ({
    object,
    path: [...path, 'image'],
    to: { kind: 'value', name: 'image', or: container.image },
  }));
}

/** A service that keeps something: with SQLite it has a file of its own, so it is there once. */
function isStateful(object: KubeObject): boolean {
  return object.kind === 'Deployment' && serverContainers(object).some(({ container }) => usesPostgres(container));
}

function usesPostgres({ env = [] }: Container): boolean {
  return env.some(isPostgresSetting);
}

function isPostgresSetting({ name }: { name: string }): boolean {
  return name === 'POSTGRES_URL' || name === 'POSTGRES_PASSWORD';
}

function storeEdits(object: KubeObject): Edit[] {
  const edit = (path: FieldPath, postgres: unknown, sqlite: unknown): Edit => ({
    object,
    path,
    to: { kind: 'by-store', postgres, sqlite },
  });
  if (isKind(object, 'ConfigMap')) {
    const store = object.data?.STORE;
    return store === undefined ? [] : [edit(['data', 'STORE'], store, 'sqlite')];
  }
  const edits = serverContainers(object).flatMap(({ container, path }) =>
    (container.env ?? []).flatMap((entry, index) =>
      isPostgresSetting(entry) ? [edit([...path, 'env', index], entry, undefined)] : [],
    ),
  );
  // Two processes must not share the file while one takes over from the other.
  if (isStateful(object))
    edits.push(edit(['spec', 'strategy'], (object as Workload).spec.strategy, { type: 'Recreate' }));
  return edits;
}

interface Autoscaler extends KubeObject {
  spec: { scaleTargetRef: { name: string }; minReplicas?: number; maxReplicas: number };
}

function isService(object: KubeObject): object is Workload {
  return object.kind === 'Deployment' && serverContainers(object).length > 0;
}

function replicaEdits(object: KubeObject, all: readonly KubeObject[]): Edit[] {
  if (!isService(object)) return [];
  const service = object.metadata.name;
  const single = isStateful(object);
  const edit = (target: KubeObject, field: string, or: number | undefined, atLeast: number): Edit => ({
    object: target,
    path: ['spec', field],
    to: { kind: 'replicas', service, or, atLeast, single },
  });
  const scaler = all.find(
    (other): other is Autoscaler =>
      other.kind === 'HorizontalPodAutoscaler' && (other as Autoscaler).spec.scaleTargetRef.name === service,
  );
  if (scaler === undefined) return [edit(object, 'replicas', object.spec.replicas, 0)];
  // The autoscaler owns the number: what can be asked for is how few there may be.
  const { minReplicas, maxReplicas } = scaler.spec;
  return [edit(scaler, 'minReplicas', minReplicas, 1), edit(scaler, 'maxReplicas', maxReplicas, maxReplicas)];
}

function resourceEdits(object: KubeObject): Edit[] {
  if (!isWorkload(object)) return [];
  const service = object.metadata.name;
  return object.spec.template.spec.containers.flatMap((container, index) =>
    (['requests', 'limits'] as const).flatMap((list) =>
      resourceNames.map(
        (resource): Edit => ({
          object,
          path: ['spec', 'template', 'spec', 'containers', index, 'resources', list, resource],
          to: { kind: 'amount', service, list, resource, or: container.resources?.[list]?.[resource] },
        }),
      ),
    ),
  );
}

/** Names of the services whose replicas, and of the workloads whose resources, values may set. */
export function namesIn(application: readonly KubeObject[]): { replicas: string[]; resources: string[] } {
  const nameOf = ({ metadata }: KubeObject) => metadata.name;
  return { replicas: application.filter(isService).map(nameOf), resources: application.filter(isWorkload).map(nameOf) };
}

function checkNames(application: readonly KubeObject[], values: Values): void {
  const known = namesIn(application);
  const counts = typeof values.replicas === 'object' ? values.replicas : {};
  for (const [name, count] of Object.entries(counts)) {
    if (!known.replicas.includes(name)) throw unknownService('replicas', name, known.replicas);
    const stateful = application.some((object) => object.metadata.name === name && isStateful(object));
    if (values.store !== 'sqlite' || count <= 1 || !stateful) continue;
    throw new Failure({
      code: 'bad-values',
      message: `replicas.${name}: ${count} replicas cannot share one SQLite file`,
      hint: 'Leave store=sqlite out, or ask for one replica',
    });
  }
  for (const name of Object.keys(values.resources ?? {})) {
    if (!known.resources.includes(name)) throw unknownService('resources', name, known.resources);
  }
}

/** What each value changes; where it is given and none of the objects has it, it would be swallowed. */
const uses: { name: keyof Values; of: string; isOne: (edit: Edit) => boolean }[] = [
  { name: 'image', of: `container of the image ${serverImageName}`, isOne: ({ to }) => isValue(to, 'image') },
  { name: 'host', of: 'Ingress', isOne: ({ to }) => isValue(to, 'host') },
  { name: 'ingressClass', of: 'Ingress', isOne: ({ to }) => isValue(to, 'ingressClass') },
  { name: 'replicas', of: `Deployment of the image ${serverImageName}`, isOne: ({ to }) => to.kind === 'replicas' },
];

function isValue(to: Expression, name: string): boolean {
  return to.kind === 'value' && to.name === name;
}

function checkUse(objects: readonly StackObject[], values: Values): void {
  const edits = editsOf(objects);
  for (const { name, of, isOne } of uses) {
    if (values[name] === undefined || typeof values[name] === 'object' || edits.some(isOne)) continue;
    throw new Failure({
      code: 'bad-values',
      message: `${name}: these stacks have no ${of}, so it would change nothing`,
      hint: `Leave ${name} out, or set it in the manifests`,
    });
  }
}

function unknownService(value: string, name: string, names: string[]): Failure {
  return new Failure({
    code: 'bad-values',
    message: `${value}.${name}: there is no ${name} in these stacks${didYouMean(name, names)}`,
    hint:
      names.length > 0 ? `There is: ${names.join(', ')}` : `Leave ${value}.${name} out: there is nothing of the kind`,
  });
}
