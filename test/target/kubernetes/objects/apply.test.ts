import t from 'tap';
import type { LiveObject } from '../../../../src/cli/target/kubernetes/api/live-object.js';
import { planObjects } from '../../../../src/cli/target/kubernetes/objects/apply.js';
import { emptyApplySet } from '../../../../src/cli/target/kubernetes/objects/apply-set.js';
import { clientLabels } from '../../../../src/cli/target/kubernetes/pods/client-pod.js';

const live = (apiVersion: string, kind: string, name: string, labels: Record<string, string> = {}) =>
  ({ apiVersion, kind, metadata: { name, namespace: 'hwctl', uid: name, labels } }) as unknown as LiveObject;

t.test('what a running command made is not pruned, what no stack has any more is', async (t) => {
  const labels = clientLabels('hwctl-load', emptyApplySet('hwctl', 'hwctl'));
  const members = [
    live('batch/v1', 'Job', 'hwctl-load-1', labels),
    live('v1', 'ConfigMap', 'hwctl-load-1', labels),
    live('v1', 'Pod', 'hwctl-debug-1', clientLabels('hwctl-debug', emptyApplySet('hwctl', 'hwctl'))),
    live('v1', 'ConfigMap', 'old', { 'app.kubernetes.io/name': 'old' }),
  ];
  t.same(
    planObjects([], members).prune.map(({ metadata }) => metadata.name),
    ['old'],
  );
});
