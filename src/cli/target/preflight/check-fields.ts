import { nearest } from '../../kernel/nearest.js';
import type { KubeObject } from '../manifests/kube-object.js';
import { formatPath } from '../manifests/yaml-source.js';
import { isOlder } from './built-in-kinds.js';
import { type FieldType, type ObjectType, objectType, placeOfField, typeOfKind } from './field-types.js';
import { at, type Fields, isMap, type Path, placedMaps, put, same } from './fields.js';
import { fieldsVersion } from './kube-fields.js';
import type { SourcedObject } from './problem.js';
import { probableQuantity, quantityOf } from './quantity.js';
import type { Check, Finding } from './scene.js';

/** Values that a field may have where it is a text with a fixed set, by type and field (the API's own validation). */
const choices: Readonly<Record<string, readonly string[]>> = {
  'Container.imagePullPolicy': ['Always', 'IfNotPresent', 'Never'],
  'PodSpec.restartPolicy': ['Always', 'OnFailure', 'Never'],
  'PodSpec.dnsPolicy': ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'],
  'HTTPIngressPath.pathType': ['Exact', 'Prefix', 'ImplementationSpecific'],
  'ServiceSpec.type': ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'],
  'ServiceSpec.sessionAffinity': ['ClientIP', 'None'],
  'ServiceSpec.externalTrafficPolicy': ['Cluster', 'Local'],
  'ServicePort.protocol': ['TCP', 'UDP', 'SCTP'],
  'ContainerPort.protocol': ['TCP', 'UDP', 'SCTP'],
  'DeploymentStrategy.type': ['Recreate', 'RollingUpdate'],
  'StatefulSetUpdateStrategy.type': ['OnDelete', 'RollingUpdate'],
  'StatefulSetSpec.podManagementPolicy': ['OrderedReady', 'Parallel'],
  'CronJobSpec.concurrencyPolicy': ['Allow', 'Forbid', 'Replace'],
  'PersistentVolumeSpec.persistentVolumeReclaimPolicy': ['Retain', 'Delete', 'Recycle'],
  'HTTPGetAction.scheme': ['HTTP', 'HTTPS'],
  'TopologySpreadConstraint.whenUnsatisfiable': ['DoNotSchedule', 'ScheduleAnyway'],
  'RoleRef.kind': ['Role', 'ClusterRole'],
};

type Report = (finding: Omit<Finding, 'on' | 'stops'> & { stops?: boolean }) => void;

/**
 * Fields that Kubernetes does not know, values of a wrong type, fields that are missing and entries that are there twice: what
 * an API server refuses of an object by its shape alone, for each kind that it brings.
 */
export const checkFields: Check = ({ input, objects }, add) => {
  const isNewer = input.cluster !== undefined && isOlder(fieldsVersion, input.cluster.version);
  for (const on of objects) {
    const root = typeOfKind(on.object.apiVersion, on.object.kind);
    if (root === undefined) {
      // Somebody else's kind: its metadata is still Kubernetes'.
      const metadata = objectType('ObjectMeta');
      if (metadata !== undefined) checkObject(on.object.metadata, metadata, ['metadata'], reporter(on, false, add));
      continue;
    }
    const { status: _, ...object } = on.object;
    checkObject(object, root, [], reporter(on, isNewer, add), root);
  }
};

function reporter(on: SourcedObject, isNewer: boolean, add: (finding: Finding) => void): Report {
  return (finding) => add({ stops: !(isNewer && finding.code === 'unknown-field'), ...finding, on });
}

function checkObject(value: unknown, type: ObjectType, path: Path, report: Report, root = type): void {
  if (!isMap(value)) {
    report(typeFinding(path, value, 'a map of fields'));
    return;
  }
  for (const [name, child] of Object.entries(value)) {
    const field = type.fields.get(name);
    if (field === undefined) report(unknownField(value, name, type, path, root));
    else if (child !== null && child !== undefined) {
      const allowed = choices[`${type.name}.${name}`];
      if (allowed !== undefined && typeof child === 'string' && child !== '' && !allowed.includes(child))
        report(choiceFinding([...path, name], child, allowed));
      else checkValue(child, field.type, [...path, name], report, root);
    }
  }
  for (const [name, { needed }] of type.fields) {
    if (needed && (value[name] === undefined || value[name] === null)) report(missingField(type, name, path, value));
  }
}

function checkValue(value: unknown, type: FieldType, path: Path, report: Report, root: ObjectType): void {
  switch (type.is) {
    case 'object': {
      const inner = objectType(type.name);
      if (inner !== undefined) checkObject(value, inner, path, report, root);
      return;
    }
    case 'map':
      if (!isMap(value)) {
        report(typeFinding(path, value, 'a map'));
        return;
      }
      for (const [key, item] of Object.entries(value))
        if (item !== null && item !== undefined) checkValue(item, type.of, [...path, key], report, root);
      return;
    case 'list':
      if (!Array.isArray(value)) {
        report(typeFinding(path, value, 'a list', listed(value, type.of)));
        return;
      }
      for (const [i, item] of value.entries()) checkValue(item, type.of, [...path, i], report, root);
      checkTwins(value, type.keys, path, report);
      return;
    default: {
      const wrong = scalarFinding(value, type.is, path);
      if (wrong !== undefined) report(wrong);
    }
  }
}

/** One entry without its dash is a list of that entry; words of a command line are not taken apart. */
function listed(value: unknown, of: FieldType): unknown {
  if (isMap(value) && of.is === 'object') return [value];
  return typeof value === 'string' && of.is === 'text' && !/\s/.test(value) ? [value] : undefined;
}

function scalarFinding(value: unknown, is: FieldType['is'], path: Path): Parameters<Report>[0] | undefined {
  const isScalar = ['string', 'number', 'boolean'].includes(typeof value);
  switch (is) {
    case 'text':
      if (typeof value === 'string') return undefined;
      return typeFinding(path, value, 'text', isScalar ? String(value) : undefined);
    case 'boolean':
      if (typeof value === 'boolean') return undefined;
      return typeFinding(path, value, 'true or false', value === 'true' ? true : value === 'false' ? false : undefined);
    case 'integer':
      if (Number.isSafeInteger(value)) return undefined;
      return typeFinding(
        path,
        value,
        'a whole number',
        typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : undefined,
      );
    case 'number':
      return typeof value === 'number' ? undefined : typeFinding(path, value, 'a number');
    case 'port':
      return typeof value === 'string' || Number.isSafeInteger(value)
        ? undefined
        : typeFinding(path, value, 'a number or a name');
    case 'quantity': {
      if (quantityOf(value) !== undefined) return undefined;
      return {
        ...typeFinding(path, value, 'an amount as 500m, 2 or 256Mi', probableQuantity(value)),
        code: 'bad-quantity',
      };
    }
    default:
      return undefined;
  }
}

function typeFinding(path: Path, value: unknown, wanted: string, better?: unknown): Parameters<Report>[0] {
  const cure =
    better === undefined
      ? `Write ${wanted} there`
      : typeof better === 'string'
        ? `Write ${JSON.stringify(better)}, with the quotes`
        : `Write ${JSON.stringify(better)}`;
  return {
    code: 'wrong-type',
    path,
    cause: `${formatPath(path)} must be ${wanted}, and is ${described(value)}`,
    cure,
    ...(better !== undefined && { fix: (copy) => put(copy, path, better) }),
  };
}

function described(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (isMap(value)) {
    // `{{ image }}` without quotes is a map whose key is a map.
    return Object.keys(value).some((key) => key.startsWith('{'))
      ? 'a placeholder in braces, which YAML reads as a map'
      : 'a map';
  }
  return `${typeof value === 'string' ? 'the text' : typeof value === 'number' ? 'the number' : 'the value'} ${JSON.stringify(value)}`;
}

function unknownField(
  fields: Fields,
  name: string,
  type: ObjectType,
  path: Path,
  root: ObjectType,
): Parameters<Report>[0] {
  const near = nearest(name, type.fields.keys());
  const known = near !== undefined && fields[near] === undefined ? near : undefined;
  const elsewhere = near === undefined ? placeOfField(root, name) : undefined;
  const here = [...path, name];
  const cure =
    known !== undefined
      ? `Write ${known}`
      : elsewhere !== undefined
        ? `Move it: ${name} belongs in ${elsewhere}`
        : 'Take it out: it has no effect';
  return {
    code: 'unknown-field',
    path: here,
    cause: `${formatPath(here)} is no field of Kubernetes`,
    cure,
    fix: (copy) => {
      const value = at(copy, ...here);
      put(copy, here, undefined);
      if (known !== undefined) put(copy, [...path, known], value);
    },
  };
}

function missingField(type: ObjectType, name: string, path: Path, fields: Fields): Parameters<Report>[0] {
  const value = type.name === 'HTTPIngressPath' && name === 'pathType' ? pathTypeOf(fields.path) : undefined;
  const here = [...path, name];
  return {
    code: 'missing-field',
    path: here,
    cause: `${formatPath(here)} is missing`,
    cure: value === undefined ? `Write ${formatPath([name])}` : `Write ${name}: ${value}`,
    ...(value !== undefined && { fix: (copy) => put(copy, here, value) }),
  };
}

/** A path with a pattern in it, or none at all, is the controller's business. */
function pathTypeOf(path: unknown): string {
  return typeof path === 'string' && /^\/[\w\-./~]*$/.test(path) ? 'Prefix' : 'ImplementationSpecific';
}

function choiceFinding(path: Path, value: string, allowed: readonly string[]): Parameters<Report>[0] {
  const near = nearest(value, allowed);
  return {
    code: 'wrong-value',
    path,
    cause: `${formatPath(path)} must be ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}, and is ${JSON.stringify(value)}`,
    cure: near === undefined ? `Write one of these` : `Write ${near}`,
    ...(near !== undefined && { fix: (copy) => put(copy, path, near) }),
  };
}

/** Entries of a list that nothing tells apart: server-side apply refuses them. */
function checkTwins(list: readonly unknown[], keys: readonly string[], path: Path, report: Report): void {
  if (keys.length === 0) return;
  const seen = new Map<string, { place: number; item: Fields }>();
  for (const [place, item] of placedMaps(list)) {
    const values = valuesOf(item, keys);
    if (values[0] === undefined) continue;
    const id = idOf(item, keys);
    const twin = seen.get(id);
    if (twin === undefined) {
      seen.set(id, { place, item });
      continue;
    }
    // Of a variable the last one holds; of all else only a plain repetition may go.
    const isEnv = path.at(-1) === 'env';
    const what = keys.map((key, i) => `${key} ${String(values[i])}`).join(', ');
    const entries = (copy: KubeObject) => placedMaps(at(copy, ...path)).filter(([, other]) => idOf(other, keys) === id);
    report({
      code: 'twin-entry',
      path: [...path, place],
      cause: `${formatPath(path)} has ${what} twice: server-side apply refuses that`,
      cure: isEnv
        ? 'Keep the last, which is the one that holds'
        : same(twin.item, item)
          ? 'Take the repetition out'
          : 'Keep one of the two',
      ...((isEnv || same(twin.item, item)) && {
        fix: (copy: KubeObject) => {
          const [first, ...others] = entries(copy);
          if (first !== undefined && others.length > 0) put(copy, [...path, first[0]], undefined);
        },
      }),
    });
    seen.set(id, { place, item });
  }
}

function valuesOf(item: Fields, keys: readonly string[]): unknown[] {
  return keys.map((key) => item[key] ?? (key === 'protocol' ? 'TCP' : undefined));
}

function idOf(item: Fields, keys: readonly string[]): string {
  return JSON.stringify(valuesOf(item, keys));
}
