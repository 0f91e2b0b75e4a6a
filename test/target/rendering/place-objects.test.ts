import t from 'tap';
import { builtInScope, builtInVersions } from '../../../src/cli/target/rendering/kind-scope.js';
import { createNamespaces, missingNamespaces, placeObjects } from '../../../src/cli/target/rendering/place-objects.js';
import type { RenderedObject } from '../../../src/cli/target/rendering/rendered-object.js';

function rendered(apiVersion: string, kind: string, namespace?: string, spec?: object): RenderedObject {
  const metadata = { name: kind.toLowerCase(), ...(namespace === undefined ? {} : { namespace }) };
  return {
    object: { apiVersion, kind, metadata, ...(spec && { spec }) },
    defaultNamespace: 'shop',
    source: 'a.yaml:1',
    release: 0,
  };
}

const places = (
  objects: readonly RenderedObject[],
  known: (apiVersion: string, kind: string) => boolean | undefined,
) => {
  const placed = placeObjects(objects, known);
  return {
    placed: placed.objects.map(({ object }) => `${object.kind} ${object.metadata.namespace ?? '-'}`),
    unknown: placed.unknown.map(({ object }) => object.kind),
  };
};

t.test('a namespace for what lives in one, none for what does not', async (t) => {
  const crd = (kind: string, scope: string) =>
    rendered('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'x', { group: 'a.b', names: { kind }, scope });
  const objects = [
    rendered('v1', 'ConfigMap'),
    rendered('v1', 'ConfigMap', 'other'),
    rendered('v1', 'Namespace', 'shop'),
    rendered('rbac.authorization.k8s.io/v1', 'ClusterRole', 'shop'),
    rendered('networking.k8s.io/v1beta1', 'Ingress'),
    crd('Wide', 'Cluster'),
    crd('Small', 'Namespaced'),
    rendered('a.b/v1', 'Wide', 'shop'),
    rendered('a.b/v1', 'Small'),
    rendered('cert-manager.io/v1', 'ClusterIssuer', 'shop'),
    rendered('strange.io/v1', 'Strange'),
  ];
  const known = (_apiVersion: string, kind: string) => (kind === 'ClusterIssuer' ? false : undefined);
  t.same(places(objects, known), {
    placed: [
      'ConfigMap shop',
      'ConfigMap other',
      'Namespace -',
      'ClusterRole -',
      'Ingress shop',
      'CustomResourceDefinition -',
      'CustomResourceDefinition -',
      'Wide -',
      'Small shop',
      'ClusterIssuer -',
      'Strange shop',
    ],
    unknown: ['Strange'],
  });
  t.equal(objects[0]?.object.metadata.namespace, undefined, 'what was rendered stays as it was');
});

t.test('a kind of another group is another kind', async (t) => {
  t.equal(builtInScope('v1', 'Namespace'), false);
  t.equal(builtInScope('example.com/v1', 'Namespace'), undefined);
  t.equal(builtInScope('apps/v1beta2', 'Deployment'), true);
  t.equal(builtInScope('apps/v1', 'Ingress'), undefined);
  t.equal(builtInVersions.get('Ingress'), 'networking.k8s.io/v1');
  t.equal(builtInVersions.get('Deployment'), 'apps/v1');
});

t.test('namespaces that nobody makes are made', async (t) => {
  const { objects } = placeObjects(
    [
      rendered('v1', 'ConfigMap', 'made'),
      rendered('v1', 'Secret', 'shopp'),
      rendered('v1', 'Pod', 'shopp'),
      rendered('v1', 'Pod', 'kube-system'),
      { ...rendered('v1', 'Namespace'), object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'made' } } },
      rendered('v1', 'Service'),
    ],
    () => undefined,
  );
  const missing = missingNamespaces(objects, ['default', 'kube-system', 'shop']);
  t.match(missing, [{ name: 'shopp', needed: { object: { kind: 'Secret' } }, near: '. Did you mean "shop"?' }]);
  t.same(createNamespaces(missing), [
    {
      object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shopp' } },
      defaultNamespace: 'shopp',
      source: 'a.yaml:1',
      release: 0,
    },
  ]);
});
