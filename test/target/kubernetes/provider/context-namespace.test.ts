import { chmodSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../../src/cli/kernel/clock.js';
import { StateFile } from '../../../../src/cli/target/kubernetes/provider/cluster-state.js';
import {
  contextNamespace,
  restoreContextNamespace,
  setContextNamespace,
} from '../../../../src/cli/target/kubernetes/provider/context-namespace.js';

const kubeconfig = (namespace: string) => `apiVersion: v1
kind: Config
# kept as it is
contexts:
  - name: one
    context:
      cluster: c
${namespace}      user: u
current-context: one
`;

for (const [title, line, before] of [
  ['none', '', undefined],
  ['another', '      namespace: mine\n', 'mine'],
] as const) {
  t.test(`a context with ${title}: set, and brought back`, async (t) => {
    const folder = t.testdir({ real: kubeconfig(line), other: 'apiVersion: v1\n' });
    chmodSync(join(folder, 'real'), 0o600);
    symlinkSync(join(folder, 'real'), join(folder, 'config'));
    const KUBECONFIG = ['missing', 'other', 'config'].map((file) => join(folder, file)).join(':');
    const environment = { env: { KUBECONFIG }, cwd: folder, root: folder, clock: systemClock, project: 'hwctl' };
    const state = () => new StateFile(join(folder, 'state'), 'one', 'hwctl');
    t.equal(contextNamespace(environment, 'one'), before);
    setContextNamespace(environment, 'one', 'hwctl', state());
    t.equal(contextNamespace(environment, 'one'), 'hwctl');
    t.match(readFileSync(join(folder, 'real'), 'utf8'), /# kept as it is/);
    t.equal(statSync(join(folder, 'real')).mode & 0o777, 0o600);

    const report = { deleted: [], kept: [] };
    restoreContextNamespace(environment, 'one', state(), report);
    t.equal(contextNamespace(environment, 'one'), before);
    t.strictSame(report, { deleted: ['context/one namespace hwctl'], kept: [] });
    restoreContextNamespace(environment, 'one', state(), { deleted: [], kept: [] });
    t.equal(contextNamespace(environment, 'one'), before, 'a second time changes nothing');
    t.ok(state().isEmpty());
  });
}

t.test('what somebody chose since stays; a context that is gone is no trouble', async (t) => {
  const folder = t.testdir({ config: kubeconfig('') });
  const environment = {
    env: { KUBECONFIG: join(folder, 'config') },
    cwd: folder,
    root: folder,
    clock: systemClock,
    project: 'hwctl',
  };
  const state = new StateFile(join(folder, 'state'), 'one', 'hwctl');
  setContextNamespace(environment, 'one', 'hwctl', state);
  setContextNamespace(environment, 'one', 'theirs', new StateFile(join(folder, 'elsewhere'), 'one', 'hwctl'));
  const report: { deleted: string[]; kept: { ref: string; reason: string }[] } = { deleted: [], kept: [] };
  restoreContextNamespace(environment, 'one', state, report);
  t.equal(contextNamespace(environment, 'one'), 'theirs');
  t.match(report.kept, [{ ref: 'context/one', reason: /theirs/ }]);
  t.throws(() => setContextNamespace(environment, 'two', 'hwctl', state), { code: 'no-context' });
});
