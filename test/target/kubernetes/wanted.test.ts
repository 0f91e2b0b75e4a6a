import { join } from 'node:path';
import t from 'tap';
import { homeOf } from '../../../src/cli/target/kubernetes/wanted.js';
import { readObjects } from '../../../src/cli/target/manifests/manifests.js';
import { listStacks } from '../../../src/cli/target/manifests/stacks.js';
import { root } from '../../golden.js';

t.test('whatever is brought up, with monitoring or without, has its record where the services live', async (t) => {
  const manifests = join(root, 'manifests');
  const all = listStacks(manifests);
  t.ok(all.length > 1);
  for (const stacks of [all, ...all.map((name) => [name])]) {
    for (const monitoring of [true, false]) {
      const entries = readObjects({ manifests, stacks, values: { monitoring } });
      t.equal(homeOf(entries), 'hwctl', `${stacks.join(', ')}, monitoring: ${monitoring}`);
      const moved = readObjects({ manifests, stacks, values: { monitoring, namespace: 'elsewhere' } });
      t.equal(homeOf(moved), 'elsewhere', `${stacks.join(', ')} elsewhere, monitoring: ${monitoring}`);
    }
  }
});
