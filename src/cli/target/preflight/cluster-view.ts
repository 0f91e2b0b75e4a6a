import type { KubeObject } from '../manifests/kube-object.js';
import { at, fieldsOf, labelsOf, mapsOf, textOf, textsOf } from './fields.js';

/** What a cluster has, as far as it decides whether objects will work on it. */
export interface ClusterView {
  /** `v1.34.4`. */
  version: string;
  /** Every kind that it serves, in every version: `apps/v1/Deployment`. */
  served: ReadonlySet<string>;
  ingressClasses: readonly { name: string; controller: string; isDefault: boolean }[];
  nodes: readonly NodeView[];
  storageClasses: readonly { name: string; provisioner: string; isDefault: boolean }[];
  namespaces: readonly { name: string; isTerminating: boolean }[];
  /** Ports of nodes that are taken, and by which Service (`Service/default/web`). */
  nodePorts: readonly { port: number; ref: string }[];
  /** Who made it, where that is known: what cures a problem depends on it. */
  provider?: 'minikube' | 'kind';
  /** Whether something gives addresses to Services of type LoadBalancer; undefined where nobody knows. */
  loadBalancers?: boolean;
  /** What is there under this name; undefined for nothing. `unknown` where nobody has looked. */
  lookup(
    apiVersion: string,
    kind: string,
    namespace: string | undefined,
    name: string,
  ): KubeObject | undefined | 'unknown';
}

export interface NodeView {
  name: string;
  /** As the node gives them: cpu, memory, pods, ephemeral-storage. */
  allocatable: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  taints: readonly { key: string; value?: string; effect: string }[];
  /** Names of the images that it has; the kubelet tells of fifty at most. */
  images: readonly string[];
}

/** Answers of an API server that facts are read from: lists as `GET` gives them, each undefined where it may not be read. */
interface ClusterAnswers {
  version: unknown;
  /** Aggregated discovery (KEP 3352), of `/api` and of `/apis`. */
  discovery: readonly unknown[];
  ingressClasses?: unknown;
  nodes?: unknown;
  storageClasses?: unknown;
  namespaces?: unknown;
  services?: unknown;
}

/** The facts that the answers of an API server hold; whoever asked adds the provider and what is looked up. */
export function clusterViewOf(answers: ClusterAnswers, lookup: ClusterView['lookup'] = () => 'unknown'): ClusterView {
  const items = (answer: unknown) => mapsOf(at(answer, 'items'));
  const nameOf = (item: unknown) => textOf(at(item, 'metadata', 'name')) ?? '';
  const isDefault = (item: unknown, kind: string) =>
    at(item, 'metadata', 'annotations', `${kind}.kubernetes.io/is-default-class`) === 'true';
  return {
    version: textOf(at(answers.version, 'gitVersion')) ?? '',
    served: new Set(answers.discovery.flatMap(servedKinds)),
    ingressClasses: items(answers.ingressClasses).map((item) => ({
      name: nameOf(item),
      controller: textOf(at(item, 'spec', 'controller')) ?? '',
      isDefault: isDefault(item, 'ingressclass'),
    })),
    nodes: items(answers.nodes).map(nodeView),
    storageClasses: items(answers.storageClasses).map((item) => ({
      name: nameOf(item),
      provisioner: textOf(item.provisioner) ?? '',
      isDefault: isDefault(item, 'storageclass'),
    })),
    namespaces: items(answers.namespaces).map((item) => ({
      name: nameOf(item),
      isTerminating: at(item, 'status', 'phase') === 'Terminating',
    })),
    nodePorts: items(answers.services).flatMap((item) =>
      mapsOf(at(item, 'spec', 'ports')).flatMap(({ nodePort }) =>
        typeof nodePort === 'number'
          ? [{ port: nodePort, ref: `Service/${textOf(at(item, 'metadata', 'namespace'))}/${nameOf(item)}` }]
          : [],
      ),
    ),
    lookup,
  };
}

function nodeView(node: unknown): NodeView {
  return {
    name: textOf(at(node, 'metadata', 'name')) ?? '',
    allocatable: labelsOf(at(node, 'status', 'allocatable')),
    labels: labelsOf(at(node, 'metadata', 'labels')),
    taints: mapsOf(at(node, 'spec', 'taints')).map(({ key, value, effect }) => ({
      key: String(key),
      effect: String(effect),
      ...(typeof value === 'string' && { value }),
    })),
    images: mapsOf(at(node, 'status', 'images')).flatMap(({ names }) => textsOf(names)),
  };
}

/** `apps/v1/Deployment` for each kind and version of a discovery document; servers that do not answer (`Stale`) count, too. */
function servedKinds(document: unknown): string[] {
  return mapsOf(at(document, 'items')).flatMap((group) => {
    const name = textOf(at(group, 'metadata', 'name'));
    return mapsOf(group.versions).flatMap(({ version, resources }) =>
      mapsOf(resources).flatMap(({ responseKind }) => {
        const kind = textOf(fieldsOf(responseKind).kind);
        return kind === undefined ? [] : [`${name === undefined ? '' : `${name}/`}${String(version)}/${kind}`];
      }),
    );
  });
}
