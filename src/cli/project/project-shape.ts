import { isMap } from 'yaml';
import { anything } from '../document/any-value.js';
import { type JsonSchema, jsonSchema } from '../document/json-schema.js';
import { field, keyOf, needed, object } from '../document/object-shape.js';
import {
  boolean,
  choose,
  filled,
  listOf,
  mapped,
  parsed,
  type Read,
  record,
  type Shape,
  text,
} from '../document/shape.js';

/** A label of Kubernetes (RFC 1123): what names of stacks, namespaces and releases may be. */
const label: Shape<string> = parsed({ type: 'string', pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' }, (value) => {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) return value;
  throw new Error(`${JSON.stringify(value)} is no name: at most 63 of a to z, 0 to 9 and -, and no - at its ends`);
});

/** Whether a text is a host's name: no scheme, port, path or wildcard. */
export function isHostName(text: string): boolean {
  return /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(text);
}

const host: Shape<string> = parsed({ type: 'string', format: 'hostname' }, (value) => {
  if (isHostName(value)) return value;
  throw new Error(`${JSON.stringify(value)} is no host name: without scheme, port and path, for example arch.homework`);
});

const path = text;
const set = listOf(
  parsed({ type: 'string', pattern: '=' }, (value) => {
    if (/^[^=]+=/s.test(value)) return value;
    throw new Error(`${JSON.stringify(value)} sets nothing: write name=value, as helm takes it`);
  }),
);

const release = object('a release', {
  manifests: field(path, 'Folder, file or URL of plain YAML, as kubectl apply -f takes it.'),
  recursive: field(boolean, 'Folders below the one of manifests too.'),
  kustomize: field(path, 'Folder of a kustomization.'),
  chart: field(text, 'Folder or archive of a chart, its name in `repository`, or an oci:// reference.'),
  release: field(label, "The chart's release name; its own name where none is given."),
  repository: field(text, "URL of the chart's repository."),
  version: field(text, "The chart's version, as helm takes it."),
  values: field(listOf(path, true), 'Files of values, the later over the earlier.'),
  set: field(set, 'Single values, as helm --set takes them.'),
  'set-string': field(set, 'Single values that are text, as helm --set-string.'),
  'set-json': field(set, 'Single values in JSON, as helm --set-json.'),
  'set-file': field(set, 'Single values that are the contents of a file, as helm --set-file.'),
  namespace: field(label, 'Namespace of what names none.'),
});

/** What only a chart has. */
const chartOnly = ['release', 'repository', 'version', 'values', 'set', 'set-string', 'set-json', 'set-file'] as const;

const checkedRelease = mapped(release, (value, reader, node) => {
  const kinds = (['manifests', 'kustomize', 'chart'] as const).filter((kind) => value[kind] !== undefined);
  if (kinds.length === 0) return reader.problem(node, 'a release is one of manifests, kustomize or chart');
  if (kinds.length > 1) return reader.problem(node, `a release is one of ${kinds.join(' and ')}, not both: write two`);
  const strange = kinds[0] === 'chart' ? [] : chartOnly.filter((name) => value[name] !== undefined);
  for (const name of strange)
    reader.problem(keyOf(node, name, reader), `${name} belongs to a chart, and this release is ${kinds[0]}`);
  if (value.recursive !== undefined && kinds[0] !== 'manifests') {
    reader.problem(
      keyOf(node, 'recursive', reader),
      `recursive belongs to manifests, and this release is a ${kinds[0]}`,
    );
    return undefined;
  }
  return strange.length > 0 ? undefined : value;
});

const image = object('an image', {
  image: needed(text, 'Its name in the objects, with or without a tag.'),
  context: field(path, 'Folder that is built; the folder of hwctl.yaml where none is given.'),
  dockerfile: field(path, 'The Dockerfile, relative to hwctl.yaml; Dockerfile in the context where none is given.'),
  target: field(text, 'Stage of the Dockerfile.'),
  platform: field(text, 'Platform, for example linux/amd64; that of the cluster where none is given.'),
  arguments: field(record(text), 'Build arguments.'),
});

const test = mapped(
  object('a test', {
    collection: field(path, 'A Postman collection.'),
    environment: field(path, 'Its environment.'),
    scenario: field(path, 'A scenario of hwctl.'),
    variables: field(record(text), 'Variables, over those of the files.'),
  }),
  (value, reader, node) => {
    if ((value.collection === undefined) === (value.scenario === undefined))
      return reader.problem(node, 'a test is a collection or a scenario: one of the two');
    if (value.environment !== undefined && value.collection === undefined)
      return reader.problem(keyOf(node, 'environment', reader), 'an environment belongs to a collection');
    return value;
  },
);

/** A file alone is a test too: `tests: [postman/shop.json]`. */
const tests = listOf(
  choose<Read<typeof test>>(
    [(node) => isMap(node), test],
    [
      () => true,
      mapped(text, (file, reader, node) => ({
        at: reader.at(node),
        ...(/\.ya?ml$/.test(file) ? { scenario: file } : { collection: file }),
      })),
    ],
  ),
);

const local = object('a local workload', {
  command: needed(filled(listOf(text), 'a command has at least the program'), 'The program and its arguments.'),
  folder: field(path, 'Folder in which it runs.'),
  environment: field(record(text), 'Variables over those of the manifests.'),
});

const stackFields = {
  host: field(host, 'The host by which it is reached; that of its Ingress where none is given.'),
  namespace: field(label, 'Namespace of what names none.'),
  addons: field(listOf(text), 'Addons of minikube that it needs.'),
  releases: field(listOf(checkedRelease), 'What is deployed, in order.'),
  images: field(listOf(image), 'Images that are built here; every other is pulled by the cluster.'),
  tests: field(tests, 'What `hwctl test` runs without a name.'),
  load: field(
    object('load', {
      path: field(text, 'Path that `hwctl load` asks for without a profile.'),
      files: field(listOf(path), 'Profiles, k6 scripts and locustfiles.'),
    }),
    'What `hwctl load` does without a name.',
  ),
  monitoring: field(
    object('monitoring', { dashboards: field(listOf(path), 'Dashboards of Grafana, in JSON.') }),
    'What is watched.',
  ),
  local: field(record(local), 'How workloads run without a cluster, by their names.'),
  edits: field(record(anything), 'Edits of objects, by Kind/name.'),
};

const stack = object('a stack', stackFields);

/** One stack, as hwctl.yaml says it. */
export type StackFile = Read<typeof stack>;

/** A hwctl.yaml. */
export const projectFile = object('a project', {
  name: field(label, "The project's name; that of its folder where none is given."),
  ...stackFields,
  stacks: field(
    record(stack, (name) =>
      /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)
        ? undefined
        : `${JSON.stringify(name)} is no name of a stack: a to z, 0 to 9 and -`,
    ),
    'Parts that are brought up by name: `hwctl up hw03`.',
  ),
});

export type ProjectFile = Read<typeof projectFile>;

/** The JSON Schema of a hwctl.yaml, for editors: schemas/project.schema.json is this. */
export function projectJsonSchema(): JsonSchema {
  return jsonSchema('hwctl.yaml', projectFile.schema, {
    description: 'How hwctl brings up, tests and loads a project.',
  });
}
