import type { FileTree } from '../../src/cli/project/file-tree.js';

/** A repository that is nowhere but here: paths and their texts. */
export function treeOf(texts: Record<string, string>, root = '/repositories/shop'): FileTree {
  const files = Object.keys(texts).sort();
  return { root, files, leftOut: [], isWhole: true, text: (path) => texts[path] };
}

/** An object of one kind, as a manifest has it. */
export const objectText = (apiVersion: string, kind: string, name: string, spec = '') =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name} }\n${spec}`;

export const deployment = (name: string, image: string) =>
  objectText(
    'apps/v1',
    'Deployment',
    name,
    `spec: { template: { spec: { containers: [{ name: ${name}, image: ${image} }] } } }\n`,
  );

export const ingress = (host: string) =>
  objectText('networking.k8s.io/v1', 'Ingress', 'front', `spec: { rules: [{ host: ${host} }] }\n`);

export const collection = (name: string, baseUrl = 'http://arch.homework') =>
  JSON.stringify({
    info: { name, schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
    item: [
      { name: 'folder', item: [{ name: 'a', request: 'http://x' }] },
      { name: 'b', request: 'http://x' },
    ],
    variable: [{ key: 'baseUrl', value: baseUrl }],
  });
