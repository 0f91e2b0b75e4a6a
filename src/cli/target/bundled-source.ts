import { join } from 'node:path';
import { readObjects } from './manifests/manifests.js';
import type { ObjectSource } from './source.js';

/** The objects of folders of stacks in the form of the bundled platform: a kustomization each, edited by typed values. */
export function bundledSource(root: string, manifests = join(root, 'manifests')): ObjectSource {
  return {
    asksCluster: false,
    images: [],
    objects: async ({ stacks, values }) => readObjects({ manifests, stacks, values }),
  };
}
