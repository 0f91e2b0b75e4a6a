import { Failure } from '../../kernel/failure.js';
import { didYouMean } from '../../kernel/nearest.js';
import type { KubeObject } from '../manifests/kube-object.js';
import type { StackObject } from '../manifests/stack-object.js';
import type { Amounts, Values } from '../manifests/values-shape.js';

type Fields = Record<string, unknown>;

/** What says in a project what these values say of the bundled platform. */
const elsewhere: { [Name in keyof Values]?: string } = {
  image: 'images: in its hwctl.yaml says what is built, edits: which image an object has',
  store: 'its own manifests say where it keeps what it knows',
  namespace: 'namespace: in its hwctl.yaml says it',
  monitoring: 'it has no monitoring of hwctl that could be left out',
  grafana: 'it has no monitoring of hwctl that could be left out',
};

const scaledKinds = new Set(['Deployment', 'StatefulSet', 'ReplicaSet']);

/**
 * The objects of a project as `--set` and `--values` change them: replicas, resources, host and class of its Ingresses, or none
 * of these. Throws Failure `bad-values` for a value that would change nothing.
 */
export function applyProjectValues(entries: readonly StackObject[], values: Values): StackObject[] {
  for (const [name, reason] of Object.entries(elsewhere)) {
    if (values[name as keyof Values] !== undefined)
      throw bad(`${name} is a value of the bundled platform, not of a project`, `Leave ${name} out: ${reason}`);
  }
  const left = entries.filter(({ object }) => values.ingress !== false || object.kind !== 'Ingress');
  const edited = left.map((entry) => ({ ...entry, object: structuredClone(entry.object) }));
  const objects = edited.map(({ object }) => object);
  const ingresses = objects.filter(({ kind }) => kind === 'Ingress');
  for (const name of ['host', 'ingressClass'] as const)
    if (values[name] !== undefined && ingresses.length === 0)
      throw bad(`${name}: there is no Ingress, so it would change nothing`, `Leave ${name} out`);
  for (const ingress of ingresses) editIngress(ingress, values);
  editReplicas(objects, values.replicas);
  editResources(objects, values.resources);
  return edited;
}

function editIngress(ingress: KubeObject, { host, ingressClass }: Values): void {
  const spec = fieldsIn(ingress, 'spec');
  if (host !== undefined) for (const rule of listIn(spec, 'rules')) rule.host = host;
  if (ingressClass === undefined) return;
  spec.ingressClassName = ingressClass;
  // The field and the annotation together are refused.
  delete ingress.metadata.annotations?.['kubernetes.io/ingress.class'];
}

function editReplicas(objects: readonly KubeObject[], replicas: Values['replicas']): void {
  if (replicas === undefined) return;
  const scaled = objects.filter(({ kind }) => scaledKinds.has(kind));
  const known = scaled.map(({ metadata }) => metadata.name);
  for (const name of typeof replicas === 'object' ? Object.keys(replicas) : [])
    if (!known.includes(name)) throw unknown('replicas', name, known);
  for (const object of scaled) {
    const count = typeof replicas === 'object' ? replicas[object.metadata.name] : replicas;
    if (count === undefined) continue;
    const scaler = objects.find(({ kind, spec }) => {
      const target = (spec as { scaleTargetRef?: { kind?: string; name?: string } } | undefined)?.scaleTargetRef;
      return kind === 'HorizontalPodAutoscaler' && target?.kind === object.kind && target.name === object.metadata.name;
    });
    // The autoscaler owns the number: what can be asked for is how few there may be.
    if (scaler === undefined) fieldsIn(object, 'spec').replicas = count;
    else fieldsIn(scaler, 'spec').minReplicas = Math.max(1, count);
  }
}

function editResources(objects: readonly KubeObject[], resources: Values['resources']): void {
  const workloads = objects.filter((object) => containersOf(object).length > 0);
  const known = workloads.map(({ metadata }) => metadata.name);
  for (const [name, lists] of Object.entries(resources ?? {})) {
    if (!known.includes(name)) throw unknown('resources', name, known);
    for (const object of workloads.filter(({ metadata }) => metadata.name === name))
      for (const container of containersOf(object)) {
        const own = fieldsIn(container, 'resources');
        for (const list of ['requests', 'limits'] as const)
          if (lists[list] !== undefined) own[list] = { ...(own[list] as Amounts | undefined), ...lists[list] };
      }
  }
}

function containersOf({ spec }: KubeObject): Fields[] {
  const pod = (spec as { template?: { spec?: Fields } } | undefined)?.template?.spec;
  return pod === undefined ? [] : listIn(pod, 'containers');
}

/** A field that is a map; one is made where there is none. */
function fieldsIn(holder: Fields, name: string): Fields {
  const there = holder[name];
  if (typeof there === 'object' && there !== null && !Array.isArray(there)) return there as Fields;
  const made: Fields = {};
  holder[name] = made;
  return made;
}

function listIn(holder: Fields, name: string): Fields[] {
  const there = holder[name];
  return Array.isArray(there) ? there.filter((item) => typeof item === 'object' && item !== null) : [];
}

function unknown(value: string, name: string, known: readonly string[]): Failure {
  return bad(
    `${value}.${name}: there is no ${name} in these stacks${didYouMean(name, known)}`,
    known.length > 0 ? `There is: ${known.join(', ')}` : `Leave ${value} out: there is nothing of the kind`,
  );
}

function bad(message: string, hint: string): Failure {
  return new Failure({ code: 'bad-values', message, hint });
}
