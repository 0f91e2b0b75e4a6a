import { stringify } from 'yaml';
import type { KubeObject } from './kube-object.js';

/** Objects as one stream of YAML documents, which `kubectl apply -f -` accepts. */
export function renderYaml(objects: readonly KubeObject[]): string {
  return objects.map((object) => `---\n${stringify(object, { lineWidth: 0 })}`).join('');
}

/** Objects as a folder that `kubectl apply -k` accepts: file names and texts. */
export function renderFolder(objects: readonly KubeObject[]): Record<string, string> {
  const files: Record<string, string> = {};
  for (const object of objects) {
    const { name, namespace } = object.metadata;
    const file = [namespace, object.kind.toLowerCase(), name].filter((part) => part !== undefined).join('-');
    files[`${file.replaceAll(/[^a-z0-9.-]/g, '-')}.yaml`] = stringify(object, { lineWidth: 0 });
  }
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: Object.keys(files),
  };
  return { 'kustomization.yaml': stringify(kustomization), ...files };
}
