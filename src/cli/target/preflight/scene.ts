import { groupOf, type KubeObject } from '../manifests/kube-object.js';
import { builtInApi, isBuiltIn, isClusterScoped } from './built-in-kinds.js';
import type { ClusterView } from './cluster-view.js';
import { at, type Fields, fieldsOf, isMap, labelsOf, mapsOf, type Path } from './fields.js';
import type { ImageAnswer } from './image-answer.js';
import { nameOf, type SourcedObject } from './problem.js';

/** What preflight looks at. */
export interface PreflightInput {
  /** In the order in which they are applied, namespaces already placed. */
  objects: readonly SourcedObject[];
  /** Names of images that are built here, with or without a tag. */
  built: readonly string[];
  releases: readonly PreflightRelease[];
  /** Undefined where no cluster is asked: what depends on one is judged by the newest that hwctl knows. */
  cluster: ClusterView | undefined;
  /** Version of the cluster that is meant where none is asked. */
  version?: string;
  /** Namespaces that are made before the objects are applied. */
  namespaces?: readonly string[];
  /** Addons of minikube that are enabled before. */
  addons?: readonly string[];
  /** ConfigMaps and Secrets that a page says to make by hand, and the command that it says. */
  handmade?: readonly { kind: string; name: string; command: string; source: string }[];
  /** What registries say of images, where they were asked (`askRegistries`). */
  images?: ReadonlyMap<string, ImageAnswer>;
  /** Releases whose objects are not among `objects`: what refers to something else may mean theirs. */
  unrendered?: readonly string[];
}

/** A release as far as preflight looks at it. */
export interface PreflightRelease {
  kind: 'manifests' | 'kustomize' | 'chart';
  chart?: string;
  repository?: string;
  version?: string;
  /** `README.md:12`. */
  where: string;
}

/** What a check finds; `fix` mends a copy of the object, or leaves the object out. */
export interface Finding {
  code: string;
  stops: boolean;
  on: SourcedObject;
  path?: Path;
  cause: string;
  cure: string;
  fix?: 'drop' | ((copy: KubeObject) => void);
  addon?: string;
  nothingToDo?: true;
}

/** One kind of check: a pure look at the scene. */
export type Check = (scene: Scene, add: (finding: Finding) => void) => void;

/** A pod, or the template of pods, of an object. */
export interface PodView {
  on: SourcedObject;
  /** To the pod or template within the object: `spec`, `metadata` lie below it. */
  path: Path;
  namespace: string;
  labels: Record<string, string>;
  annotations: Fields;
  spec: Fields;
  /** Every container with its path, init containers first. */
  containers: { path: Path; container: Fields; isInit: boolean }[];
  /** How many there are at once; 0 for what comes by the clock. */
  count: number;
}

/** Whether something that is referred to will be there: among the objects, in the cluster, or made by something else. */
type Presence = 'here' | 'there' | 'maybe' | 'absent';

/** The objects of a preflight with what each check asks of them. */
export interface Scene {
  input: PreflightInput;
  objects: readonly SourcedObject[];
  pods: readonly PodView[];
  /** Objects of kinds that Kubernetes does not bring: their operators make others. */
  custom: readonly SourcedObject[];
  /** An object of a built-in kind. */
  find(kind: string, namespace: string | undefined, name: string): KubeObject | undefined;
  presence(kind: string, namespace: string | undefined, name: string, from?: SourcedObject): Presence;
  named(kind: string, namespace?: string): string[];
}

/** The namespace that an object is in; undefined for one that is in none. */
export function namespaceOf(object: KubeObject): string | undefined {
  return isBuiltIn(object) && isClusterScoped(object.kind) ? undefined : (object.metadata.namespace ?? 'default');
}

/** Indexes the objects once for all checks. */
export function sceneOf(input: PreflightInput, objects: readonly SourcedObject[]): Scene {
  const byRef = new Map<string, KubeObject>();
  const keyOf = (kind: string, namespace: string | undefined, name: string) => `${kind}/${namespace ?? ''}/${name}`;
  for (const { object } of objects) {
    if (isBuiltIn(object)) byRef.set(keyOf(object.kind, namespaceOf(object), nameOf(object)), object);
  }
  const find: Scene['find'] = (kind, namespace, name) =>
    byRef.get(keyOf(kind, isClusterScoped(kind) ? undefined : namespace, name));
  const custom = objects.filter(({ object }) => !isBuiltIn(object));
  let said: string | undefined;
  const isMentioned = (name: string) => {
    said ??= objects.map(({ object }) => commandText(object)).join('\n');
    return said.includes(name);
  };
  return {
    input,
    objects,
    custom,
    pods: objects.flatMap(podsOf),
    find,
    named: (kind, namespace) =>
      objects
        .filter(({ object }) => object.kind === kind && (namespace === undefined || namespaceOf(object) === namespace))
        .map(({ object }) => nameOf(object)),
    presence(kind, namespace, name, from) {
      if (find(kind, namespace, name) !== undefined) return 'here';
      const live = input.cluster?.lookup(builtInApi(kind) ?? 'v1', kind, namespace, name);
      if (live !== undefined && live !== 'unknown') return 'there';
      if ((input.unrendered?.length ?? 0) > 0) return 'maybe';
      // What an operator or a Job makes by name is told nowhere else.
      const isMade = (object: KubeObject) =>
        (isPart(nameOf(object), name) && (makesPods(object) || kind === 'Secret')) ||
        ((kind === 'Secret' || kind === 'ConfigMap') && isIn(object.spec ?? object, name));
      const byOperator = custom.some(
        (other) => other !== from && namespaceOf(other.object) === namespace && isMade(other.object),
      );
      return byOperator || isMentioned(name) ? 'maybe' : 'absent';
    },
  };
}

/** Kinds of others that stand for configuration alone make no pods. */
export function makesPods({ kind, apiVersion }: KubeObject): boolean {
  const isConfiguration =
    /(^|\.)(istio\.io|traefik\.io|traefik\.containo\.us|cert-manager\.io|gateway\.networking\.k8s\.io)\//.test(
      apiVersion,
    ) ||
    /^(ServiceMonitor|PodMonitor|PrometheusRule|Probe|AlertmanagerConfig|ScrapeConfig|ScaledObject|TriggerAuthentication|SealedSecret|ExternalSecret|VerticalPodAutoscaler)$/.test(
      kind,
    );
  return !isConfiguration;
}

/** `shop-default-user` is what an operator makes for `shop`. */
function isPart(owner: string, name: string): boolean {
  return owner !== '' && (name === owner || name.startsWith(`${owner}-`) || name.startsWith(`${owner}.`));
}

function isIn(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value === text;
  if (Array.isArray(value)) return value.some((item) => isIn(item, text));
  return isMap(value) && Object.values(value).some((item) => isIn(item, text));
}

/** What the containers of an object run, and the scripts of a ConfigMap: where a name of something that is made may stand. */
function commandText(object: KubeObject): string {
  if (object.kind === 'ConfigMap') {
    const scripts = Object.values(labelsOf(object.data)).filter((text) => /kubectl|api\/v1\/namespaces/.test(text));
    return scripts.join('\n');
  }
  return podsOf({ object, source: '' })
    .flatMap(({ containers }) => containers.flatMap(({ container }) => [container.command, container.args]))
    .flatMap((words) => (Array.isArray(words) ? words.map(String) : []))
    .filter((word) => /secret|config-?map|kubectl|service-?account/i.test(word))
    .join('\n');
}

const templatePaths: Readonly<Record<string, Path>> = {
  Pod: [],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/** The pods of an object; of a kind that nobody knows, those of `spec.template` (Rollout, ...). */
function podsOf(on: SourcedObject): PodView[] {
  const { object } = on;
  const path = (isBuiltIn(object) && templatePaths[object.kind]) || ['spec', 'template'];
  const template = at(object, ...path);
  const spec = at(template, 'spec');
  if (!isMap(spec) || !Array.isArray(spec.containers)) return [];
  const listed = (field: string) =>
    mapsOf(spec[field]).length === 0
      ? []
      : (spec[field] as unknown[]).flatMap((container, i) =>
          isMap(container)
            ? [{ path: [...path, 'spec', field, i], container, isInit: field === 'initContainers' }]
            : [],
        );
  return [
    {
      on,
      path,
      spec,
      namespace: namespaceOf(object) ?? 'default',
      labels: labelsOf(at(template, 'metadata', 'labels')),
      annotations: fieldsOf(at(template, 'metadata', 'annotations')),
      containers: [...listed('initContainers'), ...listed('containers')],
      count: countOf(object),
    },
  ];
}

function countOf(object: KubeObject): number {
  const spec = fieldsOf(object.spec);
  if (object.kind === 'CronJob' || object.kind === 'DaemonSet') return 0;
  const count = object.kind === 'Job' ? spec.parallelism : spec.replicas;
  return object.kind === 'Pod' || typeof count !== 'number' ? 1 : count;
}

/** Whether labels have all that a selector asks for (`matchLabels` and `matchExpressions`). */
export function isSelected(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(fieldsOf(fieldsOf(selector).matchLabels));
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  return mapsOf(fieldsOf(selector).matchExpressions).every(({ key, operator, values }) => {
    const own = labels[String(key)];
    const among = Array.isArray(values) && own !== undefined && values.includes(own);
    if (operator === 'In') return among;
    if (operator === 'NotIn') return !among;
    return operator === 'Exists' ? own !== undefined : own === undefined;
  });
}

/** Whether the API group of an object is that of Kubernetes' own kind of this name. */
export function isKindOf(object: KubeObject, kind: string): boolean {
  return object.kind === kind && (isBuiltIn(object) || groupOf(object.apiVersion) === '');
}
