import { formatPath } from '../manifests/yaml-source.js';
import { builtInApi, isBuiltIn } from './built-in-kinds.js';
import { at, fieldsOf, type Path, placedMaps, textOf } from './fields.js';
import { nameOf, type SourcedObject } from './problem.js';
import { type Check, type Finding, namespaceOf } from './scene.js';

type Add = (finding: Finding) => void;

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const dnsLabel = { pattern: new RegExp(`^${label}$`), longest: 63, what: 'a to z, 0 to 9 and - inside, 63 at most' };
const dnsName = {
  pattern: new RegExp(`^${label}(\\.${label})*$`),
  longest: 253,
  what: 'a to z, 0 to 9, - and . inside, 253 at most',
};
/** A Service's (RFC 1035). */
const serviceName = {
  ...dnsLabel,
  pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
  what: `${dnsLabel.what}, and a letter first`,
};
const pathSegment = { pattern: /^(?!\.{1,2}$)[^/%]+$/, longest: 253, what: 'no / or %' };

/** Kinds whose names need only be one segment of a path. */
const segmentKinds = new Set(['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition']);

/** Names, labels and annotations that an API server refuses, and objects that are there twice. */
export const checkNames: Check = (scene, add) => {
  const seen = new Map<string, SourcedObject>();
  for (const on of scene.objects) {
    checkName(on, add);
    checkLabels(on, ['metadata'], add);
    for (const field of ['containers', 'initContainers'] as const) {
      for (const pod of scene.pods.filter((one) => one.on === on))
        checkParts(pod.on, [...pod.path, 'spec', field], add);
    }
    if (on.object.metadata?.name !== undefined) checkTwin(on, seen, add);
  }
  for (const { on, path } of scene.pods) if (path.length > 0) checkLabels(on, [...path, 'metadata'], add);
};

function checkName(on: SourcedObject, add: Add): void {
  const { object } = on;
  const name = nameOf(object);
  const here: Path = ['metadata', 'name'];
  if (name === '') {
    add({
      code: 'no-name',
      stops: true,
      on,
      path: here,
      cause: `the ${object.kind} has no name`,
      cure: 'Write metadata.name',
    });
    return;
  }
  const rule = ruleOf(object);
  const isStart = object.metadata.name === undefined;
  const whole = isStart ? `${name.replace(/[-.]$/, '')}` : name;
  if (!rule.pattern.test(whole) || whole.length > rule.longest) {
    const better = probableName(name);
    add({
      code: 'bad-name',
      stops: true,
      on,
      path: here,
      cause: `${JSON.stringify(name)} is no name for a ${object.kind}: ${rule.what}`,
      cure: rule.pattern.test(better)
        ? `Name it ${better}, here and wherever it is referred to`
        : 'Give it another name',
    });
  }
  const { namespace } = object.metadata;
  if (namespace !== undefined && !dnsLabel.pattern.test(namespace)) {
    const better = probableName(namespace).replaceAll('.', '-');
    const here = ['metadata', 'namespace'];
    add({
      code: 'bad-name',
      stops: true,
      on,
      path: here,
      cause: `${JSON.stringify(namespace)} is no name for a namespace: ${dnsLabel.what}`,
      cure: `Name it ${better}, in all its objects`,
    });
  }
}

function ruleOf(object: SourcedObject['object']) {
  if (!isBuiltIn(object)) return dnsName;
  if (object.kind === 'Service') return serviceName;
  if (object.kind === 'Namespace') return dnsLabel;
  return segmentKinds.has(object.kind) ? pathSegment : dnsName;
}

function probableName(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '');
}

/** Names of containers and their ports. */
function checkParts(on: SourcedObject, path: Path, add: Add): void {
  for (const [i, container] of placedMaps(at(on.object, ...path))) {
    const name = textOf(container.name);
    if (name !== undefined && !(dnsLabel.pattern.test(name) && name.length <= 63))
      add({
        code: 'bad-name',
        stops: true,
        on,
        path: [...path, i, 'name'],
        cause: `${JSON.stringify(name)} is no name for a container: ${dnsLabel.what}`,
        cure: `Name it ${probableName(name)}`,
      });
    for (const [p, port] of placedMaps(container.ports)) {
      const portName = textOf(port.name);
      if (
        portName === undefined ||
        (/^(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(portName) && portName.length <= 15)
      )
        continue;
      const cure = 'Shorten it, here and in Services and probes';
      add({
        code: 'bad-name',
        stops: true,
        on,
        path: [...path, i, 'ports', p, 'name'],
        cause: `${JSON.stringify(portName)} is no name for a port (RFC 6335): a to z, 0 to 9 and - inside, 15 at most`,
        cure,
      });
    }
  }
}

function checkLabels(on: SourcedObject, path: Path, add: Add): void {
  const metadata = fieldsOf(at(on.object, ...path));
  for (const [key, value] of Object.entries(fieldsOf(metadata.labels))) {
    const here = [...path, 'labels', key];
    if (!isQualified(key))
      add({
        code: 'bad-label',
        stops: true,
        on,
        path: here,
        cause: `${JSON.stringify(key)} is no key for a label`,
        cure: 'Use letters, digits, -, _ and ., 63 at most, with a DNS name and / before it at most',
      });
    if (
      typeof value !== 'string' ||
      (value.length <= 63 && /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(value))
    )
      continue;
    add({
      code: 'bad-label',
      stops: true,
      on,
      path: here,
      cause: `${formatPath(here)} cannot be ${JSON.stringify(value)}: letters, digits, -, _ and . inside, 63 at most`,
      cure: 'Write another value, or make an annotation of it',
    });
  }
  for (const key of Object.keys(fieldsOf(metadata.annotations))) {
    if (isQualified(key.toLowerCase())) continue;
    add({
      code: 'bad-label',
      stops: true,
      on,
      path: [...path, 'annotations', key],
      cause: `${JSON.stringify(key)} is no key for an annotation`,
      cure: 'Use letters, digits, -, _ and ., 63 at most, with a DNS name and / before it at most',
    });
  }
}

/** `app`, `app.kubernetes.io/name` (apimachinery's IsQualifiedName). */
function isQualified(key: string): boolean {
  const parts = key.split('/');
  const name = parts.pop() ?? '';
  const [prefix] = parts;
  if (parts.length > 1 || name.length > 63 || !/^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name)) return false;
  return prefix === undefined || (dnsName.pattern.test(prefix) && prefix.length <= 253);
}

/** Two objects of one name: whichever comes last holds, in whatever order the files are read. */
function checkTwin(on: SourcedObject, seen: Map<string, SourcedObject>, add: Add): void {
  const { object } = on;
  const group = isBuiltIn(object) ? builtInApi(object.kind) : object.apiVersion.split('/')[0];
  const id = `${group}/${object.kind}/${namespaceOf(object) ?? ''}/${nameOf(object)}`;
  const twin = seen.get(id);
  if (twin === undefined) {
    seen.set(id, on);
    return;
  }
  if (JSON.stringify(twin.object) === JSON.stringify(object)) return;
  add({
    code: 'twin-object',
    stops: true,
    on,
    cause: `it is there twice, and differs from the one of ${twin.source}`,
    cure: 'Keep one of the two, or bring them up as two stacks',
  });
}
