import { type Fields, fieldsOf } from './fields.js';
import { placedRef, type SourcedObject } from './problem.js';
import type { Check } from './scene.js';

/** Meshes by the mark that asks for their sidecar: a label or annotation of pods or namespaces. */
const meshes: readonly { name: string; group: string; mark: (marks: Fields) => string | undefined; cure: string }[] = [
  {
    name: 'Istio',
    group: 'networking.istio.io',
    mark: (marks) => marked(marks, 'sidecar.istio.io/inject', 'true') ?? marked(marks, 'istio-injection', 'enabled'),
    cure: 'Install Istio before (istioctl install, or the addons istio-provisioner and istio of minikube), or take the label out',
  },
  {
    name: 'Linkerd',
    group: 'linkerd.io',
    mark: (marks) => marked(marks, 'linkerd.io/inject', 'enabled'),
    cure: 'Install Linkerd before (linkerd install --crds, then linkerd install), or take the annotation out',
  },
];

function marked(marks: Fields, key: string, value: string): string | undefined {
  return marks[key] === value || (value === 'true' && marks[key] === true) ? `${key}: ${value}` : undefined;
}

/** Sidecars that a mesh would add and that nothing adds: told once a mesh, since pods start without. */
export const checkMesh: Check = ({ input, objects, pods }, add) => {
  if (input.cluster === undefined || (input.unrendered?.length ?? 0) > 0) return;
  const isServed = (group: string) =>
    [...(input.cluster?.served ?? [])].some((kind) => kind.includes(`${group}/`)) ||
    objects.some(
      ({ object }) => object.kind === 'CustomResourceDefinition' && String(fieldsOf(object.spec).group).endsWith(group),
    );
  for (const { name, group, mark, cure } of meshes) {
    if (isServed(group)) continue;
    const asking: { on: SourcedObject; words: string }[] = [
      ...objects
        .filter(({ object }) => object.kind === 'Namespace')
        .map((on) => ({ on, marks: { ...on.object.metadata.labels, ...on.object.metadata.annotations } })),
      ...pods.map(({ on, labels, annotations }) => ({ on, marks: { ...labels, ...annotations } })),
    ].flatMap(({ on, marks }) => {
      const words = mark(marks);
      return words === undefined ? [] : [{ on, words }];
    });
    const [first, ...others] = asking;
    if (first === undefined) continue;
    const [second] = others;
    const also =
      second === undefined
        ? ''
        : others.length === 1
          ? `, as ${placedRef(second.on.object)} does`
          : `, as ${placedRef(second.on.object)} and ${others.length - 1} more do`;
    add({
      code: 'no-mesh',
      stops: false,
      on: first.on,
      cause: `it asks for a sidecar of ${name} (${first.words})${also}, and the cluster has no ${name}: it runs without`,
      cure,
    });
  }
};
