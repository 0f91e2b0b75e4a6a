import {
  type ConfigMap,
  type Container,
  generateAnnotation,
  type Ingress,
  isKind,
  isWorkload,
  type PodSpec,
  type Probe,
  type Secret,
} from './kube-object.js';
import type { SourcedObject } from './kustomize.js';
import type { FieldPath, Problems } from './yaml-source.js';

/** Notes a problem with a field. */
type Report = (path: FieldPath, message: string) => void;

interface Rule {
  pattern: RegExp;
  longest: number;
  /** Completes "must be ...". */
  what: string;
}

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
/** As apimachinery's pkg/util/validation has them. */
const rules = {
  label: { pattern: new RegExp(`^${label}$`), longest: 63, what: 'a DNS label (RFC 1123): a-z, 0-9 and - inside' },
  subdomain: {
    pattern: new RegExp(`^${label}(\\.${label})*$`),
    longest: 253,
    what: 'a DNS name (RFC 1123): labels of a-z, 0-9 and -, with dots between',
  },
  host: {
    pattern: new RegExp(`^(\\*\\.)?${label}(\\.${label})*$`),
    longest: 253,
    what: 'a DNS name, or *. and one',
  },
  segment: { pattern: /^(?!\.{1,2}$)[^/%\0]+$/, longest: 253, what: 'one segment of a path' },
  key: { pattern: /^(?!\.{1,2}$|\.\.)[-._a-zA-Z0-9]+$/, longest: 253, what: 'a key: letters, digits, -, _ and .' },
  envName: {
    pattern: /^(?!\.{1,2}$|\.\.)[-._a-zA-Z][-._a-zA-Z0-9]*$/,
    longest: 1024,
    what: 'the name of a variable: letters, digits, -, _ and ., no digit first',
  },
  portName: {
    pattern: /^(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    longest: 15,
    what: 'the name of a port (RFC 6335): a-z, 0-9 and - inside, 15 at most',
  },
  relativePath: {
    // validateLocalNonReservedPath: relative, without a step up, and no first element that begins with two dots.
    pattern: /^(?!\/|\.\.)(?!.*(^|\/)\.\.(\/|$))[^\0]+$/s,
    longest: 4096,
    what: 'a relative path without ..',
  },
  mountPath: { pattern: /^[^:\0]+$/, longest: 4096, what: 'a path without a colon' },
  /** Ingress, of Exact and Prefix: absolute, and already in its normal form. */
  routePath: {
    pattern: /^\/(?!.*(\/\/|\/\.\.?(\/|$)|%2f))(?!\/|\.\.?(\/|$))[^\0]*$/is,
    longest: 4096,
    what: 'an absolute path without //, /./, /../ and %2F',
  },
} satisfies Record<string, Rule>;

/** Kinds whose names are no DNS names but only segments of a path (system:node, ...); Kubernetes is as lenient. */
const segmentKinds = /^(Cluster)?Role(Binding)?$|^CustomResourceDefinition$|^PriorityClass$/;
const labelKinds = new Set(['Namespace', 'Service']);

/**
 * Checks the names, keys, paths and ports of an object as the API server would: on the local target they become names of
 * files, processes and variables of this machine. Its shape must have been checked.
 */
export function checkRules({ object, source }: SourcedObject, problems: Problems): void {
  const add: Report = (path, message) => problems.add(source, path, message);
  const rule = labelKinds.has(object.kind) ? 'label' : segmentKinds.test(object.kind) ? 'segment' : 'subdomain';
  check(object.metadata.name, rule, ['metadata', 'name'], add);
  check(object.metadata.namespace, 'label', ['metadata', 'namespace'], add);
  if (object.kind === 'ConfigMap' || object.kind === 'Secret') checkData(object as ConfigMap | Secret, add);
  if (isKind(object, 'Service')) {
    for (const [i, { name, port, targetPort, nodePort }] of (object.spec.ports ?? []).entries()) {
      const at: FieldPath = ['spec', 'ports', i];
      check(name, 'label', [...at, 'name'], add);
      checkPort(port, [...at, 'port'], add);
      checkPort(targetPort, [...at, 'targetPort'], add);
      if (nodePort !== 0) checkPort(nodePort, [...at, 'nodePort'], add);
    }
  }
  if (isKind(object, 'Ingress')) checkIngress(object, add);
  if (isWorkload(object)) {
    const { replicas } = object.spec;
    if (replicas !== undefined && replicas !== null && replicas < 0) add(['spec', 'replicas'], 'must not be below 0');
    checkPod(object.spec.template.spec, ['spec', 'template', 'spec'], add);
  }
}

function checkData(object: ConfigMap | Secret, add: Report): void {
  for (const field of ['data', 'stringData', 'binaryData']) {
    for (const key of Object.keys((object[field] as object | undefined) ?? {})) check(key, 'key', [field, key], add);
  }
  const generated = object.metadata.annotations?.[generateAnnotation];
  for (const key of typeof generated === 'string' ? generated.split(',') : []) {
    if (key.trim() !== '') check(key.trim(), 'key', ['metadata', 'annotations', generateAnnotation], add);
  }
}

function checkIngress({ spec }: Ingress, add: Report): void {
  for (const [r, { host, http }] of (spec.rules ?? []).entries()) {
    check(host, 'host', ['spec', 'rules', r, 'host'], add);
    for (const [p, { path, pathType, backend }] of (http?.paths ?? []).entries()) {
      const at: FieldPath = ['spec', 'rules', r, 'http', 'paths', p];
      if (pathType !== 'ImplementationSpecific') check(path, 'routePath', [...at, 'path'], add);
      check(backend.service.name, 'label', [...at, 'backend', 'service', 'name'], add);
      check(backend.service.port.name, 'label', [...at, 'backend', 'service', 'port', 'name'], add);
      checkPort(backend.service.port.number, [...at, 'backend', 'service', 'port', 'number'], add);
    }
  }
}

function checkPod(pod: PodSpec, at: FieldPath, add: Report): void {
  checkSeconds(pod.terminationGracePeriodSeconds, [...at, 'terminationGracePeriodSeconds'], add);
  checkTwins(pod.volumes ?? [], [...at, 'volumes'], add);
  for (const [v, volume] of (pod.volumes ?? []).entries()) {
    const place: FieldPath = [...at, 'volumes', v];
    check(volume.name, 'label', [...place, 'name'], add);
    check(volume.configMap?.name, 'subdomain', [...place, 'configMap', 'name'], add);
    check(volume.secret?.secretName, 'subdomain', [...place, 'secret', 'secretName'], add);
    check(volume.persistentVolumeClaim?.claimName, 'subdomain', [...place, 'persistentVolumeClaim', 'claimName'], add);
    for (const kind of ['configMap', 'secret'] as const) {
      for (const [i, { key, path }] of (volume[kind]?.items ?? []).entries()) {
        check(key, 'key', [...place, kind, 'items', i, 'key'], add);
        check(path, 'relativePath', [...place, kind, 'items', i, 'path'], add);
      }
    }
  }
  checkTwins([...pod.containers, ...(pod.initContainers ?? [])], [...at, 'containers'], add);
  for (const field of ['containers', 'initContainers'] as const) {
    for (const [c, container] of (pod[field] ?? []).entries()) checkContainer(container, [...at, field, c], add);
  }
}

function checkContainer(container: Container, at: FieldPath, add: Report): void {
  check(container.name, 'label', [...at, 'name'], add);
  for (const [e, { name, valueFrom }] of (container.env ?? []).entries()) {
    check(name, 'envName', [...at, 'env', e, 'name'], add);
    for (const kind of ['configMapKeyRef', 'secretKeyRef'] as const) {
      check(valueFrom?.[kind]?.name, 'subdomain', [...at, 'env', e, 'valueFrom', kind, 'name'], add);
      check(valueFrom?.[kind]?.key, 'key', [...at, 'env', e, 'valueFrom', kind, 'key'], add);
    }
  }
  for (const [e, source] of (container.envFrom ?? []).entries()) {
    if (source.prefix !== '') check(source.prefix, 'envName', [...at, 'envFrom', e, 'prefix'], add);
    for (const kind of ['configMapRef', 'secretRef'] as const) {
      check(source[kind]?.name, 'subdomain', [...at, 'envFrom', e, kind, 'name'], add);
    }
  }
  for (const [p, { name, containerPort }] of (container.ports ?? []).entries()) {
    check(name, 'portName', [...at, 'ports', p, 'name'], add);
    checkPort(containerPort, [...at, 'ports', p, 'containerPort'], add);
  }
  for (const [m, { name, mountPath, subPath }] of (container.volumeMounts ?? []).entries()) {
    check(name, 'label', [...at, 'volumeMounts', m, 'name'], add);
    check(mountPath, 'mountPath', [...at, 'volumeMounts', m, 'mountPath'], add);
    if (subPath !== '') check(subPath, 'relativePath', [...at, 'volumeMounts', m, 'subPath'], add);
  }
  for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
    checkProbe(container[kind], [...at, kind], add);
  }
}

function checkProbe(probe: Probe | undefined, at: FieldPath, add: Report): void {
  if (probe === undefined || probe === null) return;
  checkPort(probe.httpGet?.port, [...at, 'httpGet', 'port'], add);
  for (const field of [
    'initialDelaySeconds',
    'periodSeconds',
    'timeoutSeconds',
    'failureThreshold',
    'successThreshold',
  ] as const) {
    checkSeconds(probe[field], [...at, field], add);
  }
}

function check(value: string | null | undefined, rule: keyof typeof rules, path: FieldPath, add: Report): void {
  if (value === undefined || value === null) return;
  const { pattern, longest, what } = rules[rule];
  if (value.length <= longest && pattern.test(value)) return;
  add(path, `must be ${what}, is ${JSON.stringify(value)}`);
}

function checkPort(value: number | string | null | undefined, path: FieldPath, add: Report): void {
  if (value === undefined || value === null) return;
  if (typeof value === 'string') check(value, 'portName', path, add);
  else if (value < 1 || value > 65_535) add(path, `must be from 1 to 65535, is ${value}`);
}

function checkSeconds(value: number | null | undefined, path: FieldPath, add: Report): void {
  if (value !== undefined && value !== null && (value < 0 || value > 2 ** 31 - 1)) {
    add(path, `must be from 0 to ${2 ** 31 - 1}, is ${value}`);
  }
}

function checkTwins(named: readonly { name: string }[], path: FieldPath, add: Report): void {
  const names = named.map(({ name }) => name);
  const twins = new Set(names.filter((name, i) => names.indexOf(name) !== i));
  for (const name of twins) add(path, `${JSON.stringify(name)} is there twice`);
}
