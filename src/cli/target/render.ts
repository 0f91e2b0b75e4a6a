import { join } from 'node:path';
import { contentTag, imageName, readContext } from './kubernetes/provider/image.js';
import { finishObject } from './manifests/derived-fields.js';
import { namesIn } from './manifests/edits.js';
import { chartOf } from './manifests/helm/chart.js';
import type { KubeObject } from './manifests/kube-object.js';
import { type ObjectsRequest, readObjects } from './manifests/manifests.js';
import { describeStack } from './manifests/stacks.js';
import type { Values } from './manifests/values-shape.js';
import { yamlText } from './manifests/yaml-text.js';

/** What `render` reads, and the package whose server the objects run. */
export interface RenderRequest extends ObjectsRequest {
  /** Package root. */
  root: string;
  version: string;
}

/**
 * The objects as `up` would apply them to a cluster that nobody has looked at: every edit of the values, the image by its
 * content, names of Jobs and hashes of configuration. Throws Failure `bad-manifests`, `bad-values` or `no-image-context`.
 */
export function renderObjects(request: RenderRequest): KubeObject[] {
  const objects = readObjects(request).map(({ object }) => object);
  const image = request.values.image ?? contentImage(request.root);
  return objects.map((object) => finishObject(object, objects, image, { namesJobs: true }));
}

/** A Helm chart for each stack, in a folder of its name: file names and texts. */
export function renderCharts(request: RenderRequest): Record<string, string> {
  // What one stack lacks another may have: the names in values are checked against all of them.
  readObjects(request);
  const files: Record<string, string> = {};
  for (const name of request.stacks) {
    const entries = readObjects({ manifests: request.manifests, stacks: [name], values: {} });
    const objects = entries.filter(({ part }) => part === 'application').map(({ object }) => object);
    const chart = chartOf({
      name,
      description: describeStack(request.manifests, name),
      version: request.version,
      entries,
      values: valuesFor(request.values, namesIn(objects)),
      image: contentImage(request.root),
    });
    for (const [file, text] of Object.entries(chart)) files[`${name}/${file}`] = text;
  }
  return files;
}

function contentImage(root: string): string {
  return imageName(contentTag(readContext(join(root, 'dist', 'image'))), undefined);
}

/** The values without what they say of services that are not there. */
function valuesFor(values: Values, names: { replicas: string[]; resources: string[] }): Values {
  const only = <T>(map: Record<string, T>, known: string[]) =>
    Object.fromEntries(Object.entries(map).filter(([name]) => known.includes(name)));
  return {
    ...values,
    ...(typeof values.replicas === 'object' ? { replicas: only(values.replicas, names.replicas) } : {}),
    ...(values.resources === undefined ? {} : { resources: only(values.resources, names.resources) }),
  };
}

/** Objects as one stream of YAML documents, which `kubectl apply -f -` accepts. */
export function renderYaml(objects: readonly KubeObject[]): string {
  return objects.map((object) => `---\n${yamlText(object)}`).join('');
}

/** Objects as a folder that `kubectl apply -k` accepts: file names and texts. */
export function renderFolder(objects: readonly KubeObject[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const object of objects) {
    const { name, namespace } = object.metadata;
    const file = [namespace, object.kind.toLowerCase(), name].filter((part) => part !== undefined).join('-');
    files[`${file.replaceAll(/[^a-z0-9.-]/g, '-')}.yaml`] = yamlText(object);
  }
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: Object.keys(files),
  };
  return { 'kustomization.yaml': yamlText(kustomization), ...files };
}
