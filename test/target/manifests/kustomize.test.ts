import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../src/cli/target/manifests/kube-object.js';
import { buildKustomization } from '../../../src/cli/target/manifests/kustomize.js';
import { listStacks } from '../../../src/cli/target/manifests/stacks.js';
import { Problems } from '../../../src/cli/target/manifests/yaml-source.js';
import { root } from '../../golden.js';

const manifests = join(root, 'manifests');

function kubectlKustomize(folder: string): KubeObject[] {
  const text = execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

function hasKubectl(): boolean {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const byId = (objects: KubeObject[]) =>
  Object.fromEntries(objects.map((o) => [`${o.kind}/${o.metadata.namespace ?? ''}/${o.metadata.name}`, o]));

const skip = hasKubectl() ? false : 'kubectl is not installed';
for (const folder of [...listStacks(manifests), 'shared/monitoring']) {
  t.test(`${folder}: hwctl reads what kubectl kustomize prints`, { skip }, async (t) => {
    const problems = new Problems();
    const ours = buildKustomization(join(manifests, folder), root, problems).map(({ object }) => object);
    t.strictSame(problems.details, []);
    // kustomize drops comments and sorts fields; as data they are the same.
    t.strictSame(byId(ours), byId(kubectlKustomize(join(manifests, folder))));
  });
}
