/** What proves without minikube that a cluster runs and has an image; whatever is not certain is asked of it. */
import t from 'tap';
import type { KubeClient } from '../../../../src/cli/target/kubernetes/api/client.js';
import type { LiveObject } from '../../../../src/cli/target/kubernetes/api/live-object.js';
import { isOnNodes, readyNodes } from '../../../../src/cli/target/kubernetes/provider/nodes.js';

const image = 'hwctl-server:1';
const node = (ready: string, ...names: string[]) =>
  ({
    kind: 'Node',
    status: { conditions: [{ type: 'Ready', status: ready }], images: [{ names }] },
  }) as unknown as LiveObject;
const deployment = (named: string, readyReplicas: number, updatedReplicas: number) =>
  ({
    kind: 'Deployment',
    spec: { template: { spec: { containers: [{ image: named }] } } },
    status: { readyReplicas, updatedReplicas },
  }) as unknown as LiveObject;

t.test('nodes', async (t) => {
  const ask = (items: LiveObject[] | Error) =>
    readyNodes(
      () =>
        ({ call: async () => (items instanceof Error ? Promise.reject(items) : { items }) }) as unknown as KubeClient,
    );
  t.equal((await ask([node('True'), node('True')]))?.length, 2);
  t.equal(await ask([node('True'), node('Unknown')]), undefined, 'a node that is off is for the provider to start');
  t.equal(await ask([]), undefined);
  t.equal(await ask(new Error('forbidden')), undefined);
  t.equal(
    await readyNodes(() => {
      throw new Error('no such context');
    }),
    undefined,
  );
});

t.test('images', async (t) => {
  const has = node('True', 'docker.io/library/hwctl-server:1');
  const runs = deployment(image, 2, 2);
  t.ok(isOnNodes(image, [has], [runs]));
  t.notOk(isOnNodes(image, [], [runs]), 'no node, no proof');
  t.notOk(isOnNodes(image, [has, node('True')], [runs]), 'on one of two');
  t.notOk(isOnNodes(image, [has], []), 'the list of a node outlives an image for some seconds');
  t.notOk(isOnNodes(image, [has], [deployment('hwctl-server:2', 2, 2)]), 'another one runs');
  t.notOk(isOnNodes(image, [has], [deployment(image, 1, 2)]), 'it does not run yet');
  t.notOk(isOnNodes(image, [has], [deployment(image, 0, 0)]), 'nobody runs it');
});
