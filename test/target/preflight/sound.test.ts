import { join } from 'node:path';
import t from 'tap';
import { finishObject } from '../../../src/cli/target/manifests/derived-fields.js';
import { readObjects } from '../../../src/cli/target/manifests/manifests.js';
import { listStacks } from '../../../src/cli/target/manifests/stacks.js';
import { preflight } from '../../../src/cli/target/preflight/preflight.js';
import { problemLines } from '../../../src/cli/target/preflight/problem-lines.js';
import type { PreflightInput } from '../../../src/cli/target/preflight/scene.js';
import { root } from '../../golden.js';
import { minikube, objectsOf } from './objects.js';
import { sound } from './sound.js';

/** What asks for something to be done. */
const told = (input: PreflightInput) => problemLines(preflight(input));

const nothing = { built: [], releases: [] };

t.test('of sound objects nothing is told, with a cluster and without', async (t) => {
  let count = 0;
  for (const [name, yaml] of Object.entries(sound)) {
    const objects = objectsOf(yaml);
    count += objects.length;
    t.strictSame(preflight({ ...nothing, objects, cluster: minikube }), [], name);
    t.strictSame(preflight({ ...nothing, objects, cluster: undefined }), [], `${name}, no cluster asked`);
  }
  const all = objectsOf(Object.values(sound).join('---'));
  t.equal(all.length, count);
  t.strictSame(preflight({ ...nothing, objects: all, cluster: minikube }), [], 'all together');
  t.ok(count >= 30, `${count} objects`);
});

t.test('of the bundled platform nothing is told: each stack, all of them, with both stores', async (t) => {
  const manifests = join(root, 'manifests');
  const stacks = listStacks(manifests);
  const image = 'localhost:5000/hwctl-server:abc';
  for (const some of [...stacks.map((stack) => [stack]), stacks]) {
    for (const store of ['postgres', 'sqlite'] as const) {
      const rendered = readObjects({ manifests, stacks: some, values: { store } }).map(({ object }) => object);
      const objects = rendered.map((object) => ({
        object: finishObject(object, rendered, image, { namesJobs: true }),
        source: 'manifests',
      }));
      const input = { ...nothing, objects, built: [image] };
      // A laptop's cluster holds all of it.
      const nodes = minikube.nodes.map((node) => ({ ...node, allocatable: { ...node.allocatable, cpu: '4' } }));
      t.strictSame(told({ ...input, cluster: { ...minikube, nodes } }), [], `${some.join(', ')} on ${store}`);
      t.strictSame(told({ ...input, cluster: undefined }), []);
    }
  }
});

t.test(
  'an image that is built here may be pulled by whatever policy: it gets the one by which it is found',
  async (t) => {
    for (const policy of ['Always', 'IfNotPresent', 'Never', '']) {
      const field = policy === '' ? '' : `, imagePullPolicy: ${policy}`;
      const objects = objectsOf(
        `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: me/a${field}}]}\n`,
      );
      for (const cluster of [minikube, undefined])
        t.strictSame(told({ ...nothing, objects, built: ['me/a'], cluster }), [], `${policy} ${cluster?.provider}`);
    }
  },
);

t.test('nothing that comes as YAML makes it fail', async (t) => {
  const strange = [null, 1, 'a', [], {}, [null], { a: null }];
  const kinds =
    'Deployment Service Ingress HorizontalPodAutoscaler CustomResourceDefinition Shop CronJob StatefulSet Job'.split(
      ' ',
    );
  const failed: string[] = [];
  for (const kind of kinds) {
    for (const spec of [
      ...strange,
      { containers: strange, rules: strange, ports: strange, template: { spec: { containers: [{}] } } },
    ]) {
      for (const metadata of [{ name: 'a' }, null, 'a', {}]) {
        for (const apiVersion of ['apps/v1', 'v1', 'extensions/v1beta1', 'autoscaling/v2beta1']) {
          const object = { apiVersion, kind, metadata, spec, data: spec } as never;
          try {
            preflight({ ...nothing, objects: [{ object, source: 'a' }], cluster: minikube });
          } catch (error) {
            failed.push(`${JSON.stringify(object)}: ${String(error)}`);
          }
        }
      }
    }
  }
  t.strictSame(failed, []);
});

t.test('a Job or Pod of a project that has changed is made anew by up: that stops nothing', async (t) => {
  const podOf = (image: string) => `{restartPolicy: Never, containers: [{name: a, image: '${image}'}]}`;
  const jobOf = (image: string, more = '') =>
    `apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate${more}}\nspec: {template: {spec: ${podOf(image)}}}\n`;
  const codesWith = (labels: string) => {
    const [live] = objectsOf(jobOf('me/a:1', labels));
    const lookup: typeof minikube.lookup = (apiVersion, kind, ...rest) =>
      kind === 'Job' ? live!.object : minikube.lookup(apiVersion, kind, ...rest);
    const found = preflight({ ...nothing, objects: objectsOf(jobOf('me/a:2')), cluster: { ...minikube, lookup } });
    return found.map(({ code }) => code);
  };
  t.same(codesWith(', labels: {applyset.kubernetes.io/part-of: applyset-x-v1}'), []);
  t.same(codesWith(''), ['job-changed'], "somebody else's is theirs");
});
