import { join } from 'node:path';
import type { ObjectSource } from './source.js';

/** The objects of folders of stacks in the form of the bundled platform: a kustomization each, edited by typed values. */
export function bundledSource(root: string, manifests = join(root, 'manifests')): ObjectSource {
  return {
    asksCluster: false,
    images: [],
    // The reader of YAML is loaded only now: most commands make a source and never ask it.
    objects: async ({ stacks, values }) =>
      (await import('./manifests/manifests.js')).readObjects({ manifests, stacks, values }),
  };
}
