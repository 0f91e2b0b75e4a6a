import { didYouMean, nearest } from '../../kernel/nearest.js';
import type { KubeObject } from '../manifests/kube-object.js';
import { at, fieldsOf, labelsOf, mapsOf, type Path, placedMaps, put, textOf } from './fields.js';
import { nameOf, type SourcedObject } from './problem.js';
import { type Check, type Finding, isKindOf, makesPods, namespaceOf, type Scene } from './scene.js';

type Add = (finding: Finding) => void;

/** Ways to Services: from Ingress and HTTPRoute to a port of a Service, and from a Service to the ports of its pods. */
export const checkRoutes: Check = (scene, add) => {
  for (const on of scene.objects) {
    if (isKindOf(on.object, 'Ingress'))
      for (const backend of backendsOf(on.object)) checkBackend(scene, on, backend, add);
    if (/^(HTTPRoute|GRPCRoute|TCPRoute)$/.test(on.object.kind))
      for (const backend of routeBackends(on.object)) checkBackend(scene, on, backend, add);
    if (isKindOf(on.object, 'Service')) checkService(scene, on, add);
    if (on.object.kind === 'StatefulSet') checkGoverning(scene, on, add);
  }
};

interface Backend {
  service: string;
  port: { name?: string; number?: number };
  path: Path;
  namespace?: string;
  /** What is asked for: the host and path. */
  route: string;
}

function backendsOf(object: KubeObject): Backend[] {
  const backends: Backend[] = [];
  const take = (backend: unknown, path: Path, route: string) => {
    const service = textOf(at(backend, 'service', 'name'));
    const port = fieldsOf(at(backend, 'service', 'port'));
    if (service === undefined) return;
    const { name, number } = port;
    backends.push({
      service,
      path: [...path, 'service'],
      route,
      port: { ...(typeof name === 'string' && { name }), ...(typeof number === 'number' && { number }) },
    });
  };
  take(at(object, 'spec', 'defaultBackend'), ['spec', 'defaultBackend'], 'the default');
  for (const [r, rule] of placedMaps(at(object, 'spec', 'rules'))) {
    for (const [p, path] of placedMaps(at(rule, 'http', 'paths')))
      take(
        path.backend,
        ['spec', 'rules', r, 'http', 'paths', p, 'backend'],
        `${textOf(rule.host) ?? '*'}${textOf(path.path) ?? '/'}`,
      );
  }
  return backends;
}

function routeBackends(object: KubeObject): Backend[] {
  return placedMaps(at(object, 'spec', 'rules')).flatMap(([r, rule]) =>
    placedMaps(rule.backendRefs).flatMap(([b, backend]) => {
      const service = textOf(backend.name);
      if (service === undefined || (backend.kind ?? 'Service') !== 'Service' || textOf(backend.group) !== undefined)
        return [];
      const number = typeof backend.port === 'number' ? backend.port : undefined;
      const namespace = textOf(backend.namespace);
      return [
        {
          service,
          port: { ...(number !== undefined && { number }) },
          path: ['spec', 'rules', r, 'backendRefs', b],
          route: `rule ${r + 1}`,
          ...(namespace && { namespace }),
        },
      ];
    }),
  );
}

function checkBackend(
  scene: Scene,
  on: SourcedObject,
  { service: name, port, path, route, ...other }: Backend,
  add: Add,
): void {
  const namespace = other.namespace ?? namespaceOf(on.object);
  const service = scene.find('Service', namespace, name);
  if (service === undefined) {
    if (scene.presence('Service', namespace, name, on) !== 'absent') return;
    const twin = scene.objects.find(({ object }) => isKindOf(object, 'Service') && nameOf(object) === name);
    add({
      code: 'no-service',
      stops: true,
      on,
      path,
      cause: `${route} goes to the Service ${JSON.stringify(name)}, which is not in the namespace ${namespace}${twin === undefined ? didYouMean(name, scene.named('Service', namespace)) : ''}`,
      cure:
        twin === undefined
          ? `Add the Service, or name one that is there: ${scene.named('Service', namespace).slice(0, 8).join(', ') || 'there is none'}`
          : `It is in the namespace ${namespaceOf(twin.object)}: an Ingress reaches those of its own alone, so give both one namespace`,
    });
    return;
  }
  const ports = mapsOf(at(service, 'spec', 'ports'));
  if (at(service, 'spec', 'type') === 'ExternalName' || (port.name === undefined && port.number === undefined)) return;
  const fits = ports.some((one) => (port.name !== undefined ? one.name === port.name : one.port === port.number));
  if (fits) return;
  const [only] = ports;
  const single =
    ports.length === 1 && typeof only?.port === 'number' && on.object.kind === 'Ingress' ? only.port : undefined;
  add({
    code: 'no-service-port',
    stops: true,
    on,
    path: [...path, 'port'],
    cause: `${route} goes to port ${port.name ?? port.number} of the Service ${name}, which has ${portWords(ports)}`,
    cure: single === undefined ? 'Name a port that the Service has' : `Write number: ${single}`,
    ...(single !== undefined && { fix: (copy) => put(copy, [...path, 'port'], { number: single }) }),
  });
}

function portWords(ports: readonly Record<string, unknown>[]): string {
  const words = ports.map(({ name, port }) =>
    textOf(name) === undefined ? String(port) : `${String(port)} (${String(name)})`,
  );
  return words.length === 0 ? 'none' : words.join(', ');
}

function checkService(scene: Scene, on: SourcedObject, add: Add): void {
  const spec = fieldsOf(on.object.spec);
  const selector = labelsOf(spec.selector);
  const namespace = namespaceOf(on.object);
  if (Object.keys(selector).length === 0 || spec.type === 'ExternalName') return;
  const near = scene.pods.filter((pod) => pod.namespace === namespace);
  const pods = near.filter(({ labels }) => Object.entries(selector).every(([key, value]) => labels[key] === value));
  if (pods.length === 0) {
    // The cluster's own parts, and pods that an operator or an unseen release makes.
    const isForeign =
      /^kube-/.test(namespace ?? '') ||
      scene.custom.some(({ object }) => makesPods(object) && namespaceOf(object) === namespace);
    if (!isForeign && (scene.input.unrendered?.length ?? 0) === 0) add(selectsNothing(on, selector, near));
    return;
  }
  for (const [i, port] of placedMaps(spec.ports)) {
    const target = port.targetPort ?? port.port;
    const declared = pods.flatMap(({ containers }) => containers.flatMap(({ container }) => mapsOf(container.ports)));
    const names = declared.flatMap(({ name }) => textOf(name) ?? []);
    const numbers = declared.map(({ containerPort }) => containerPort);
    const isNumber = typeof target === 'number' || /^\d+$/.test(String(target));
    // Beside several declared ports one more is common; beside a single one it is a slip more often than not.
    const isSeveral = new Set(numbers).size !== 1;
    if (isNumber ? isSeveral || numbers.includes(Number(target)) : names.includes(String(target))) continue;
    const [only] = numbers;
    const single = new Set(numbers).size === 1 && typeof only === 'number' ? only : undefined;
    const here = ['spec', 'ports', i, 'targetPort'];
    add({
      code: 'no-target-port',
      // What a container does not declare it may listen on all the same.
      stops: !isNumber,
      on,
      path: here,
      cause: `port ${String(port.port)} goes to the port ${String(target)} of its pods, which declare ${[...names, ...numbers].join(', ') || 'none'}`,
      cure:
        single === undefined
          ? 'Name a port that the containers declare'
          : `Write targetPort: ${single}, if that is where it listens`,
      ...(single !== undefined && !isNumber && { fix: (copy) => put(copy, here, single) }),
    });
  }
}

function selectsNothing(on: SourcedObject, selector: Record<string, string>, near: Scene['pods']): Finding {
  const twin = probablyMeant(on, selector, near);
  const own = twin && labelsOf(at(twin.on.object, 'spec', 'selector', 'matchLabels'));
  const labels = own !== undefined && Object.keys(own).length > 0 ? own : (twin?.labels ?? {});
  return {
    code: 'selects-nothing',
    stops: true,
    on,
    path: ['spec', 'selector'],
    cause: `it selects pods with ${labelWords(selector)}, and no workload of its namespace has such`,
    cure:
      twin === undefined
        ? 'Write the labels of the pods that it is for, or leave it out'
        : `The pods of ${twin.on.object.kind}/${nameOf(twin.on.object)} have ${labelWords(labels) || 'no labels'}: write these`,
    ...(Object.keys(labels).length > 0 && { fix: (copy) => put(copy, ['spec', 'selector'], { ...labels }) }),
  };
}

/**
 * The pods that a Service without any was most likely for: those of the workload of its name, or the only ones whose labels
 * differ by a slip. Any other guess would send requests to somebody else.
 */
function probablyMeant(on: SourcedObject, selector: Record<string, string>, near: Scene['pods']) {
  const named = near.find((pod) => nameOf(pod.on.object) === nameOf(on.object));
  const alike = near.filter(({ labels }) =>
    Object.entries(selector).every(
      ([key, value]) => labels[key] !== undefined && nearest(value, [labels[key]]) !== undefined,
    ),
  );
  return named ?? (alike.length === 1 ? alike[0] : undefined);
}

function labelWords(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

/** The names of a StatefulSet's pods are made by the Service that it names. */
function checkGoverning(scene: Scene, on: SourcedObject, add: Add): void {
  const name = textOf(at(on.object, 'spec', 'serviceName'));
  const namespace = namespaceOf(on.object);
  if (name === undefined || scene.presence('Service', namespace, name) !== 'absent') return;
  add({
    code: 'no-governing-service',
    stops: false,
    on,
    path: ['spec', 'serviceName'],
    cause: `there is no Service ${JSON.stringify(name)}: its pods have no names of their own${didYouMean(name, scene.named('Service', namespace))}`,
    cure: 'Add a Service of that name with clusterIP: None, or name the one that is there',
  });
}

/** The hosts and paths of an Ingress, as the controller's admission webhook compares them. */
export function routesOf(object: KubeObject): { host: string; path: string; pathType: unknown; at: Path }[] {
  return placedMaps(at(object, 'spec', 'rules')).flatMap(([r, rule]) =>
    placedMaps(at(rule, 'http', 'paths')).map(([p, path]) => ({
      host: textOf(rule.host) ?? '*',
      path: textOf(path.path) ?? '/',
      pathType: path.pathType,
      at: ['spec', 'rules', r, 'http', 'paths', p],
    })),
  );
}
