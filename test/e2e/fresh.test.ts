// From no minikube profile at all to a proven service, and back to no profile.
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { loadKubeConfig } from '../../src/cli/target/kubernetes/api/kube-context.js';
import { exits, Hwctl, output } from './cluster.js';

const installed = spawnSync('minikube', ['version'], { timeout: 30_000 }).error === undefined;
/** A profile of its own, so that nobody's is deleted. */
const fresh = process.env.HWCTL_E2E_FRESH || 'hwctl-fresh';
/** HWCTL_E2E_SHORT=1 takes one stack, and leaves load and verify out. */
const short = Boolean(process.env.HWCTL_E2E_SHORT);
const stack = short ? 'hello' : 'all';

t.setTimeout(1_500_000);

t.test('from no profile: up, test, load, verify, down', { skip: !installed && 'no minikube' }, async (t) => {
  const profiles = () => output('minikube', 'profile', 'list', '-o', 'json');
  spawnSync('minikube', ['-p', fresh, 'delete'], { timeout: 120_000 });
  const context = () => loadKubeConfig(process.env).getCurrentContext();
  const contextBefore = context();
  const hwctl = new Hwctl(fresh);
  t.teardown(async () => {
    spawnSync('minikube', ['-p', fresh, 'delete'], { timeout: 120_000 });
    await hwctl.remove();
  });

  const up = await hwctl.run(['up', stack, '--target', 'minikube', '--profile', fresh, '--timeout', '12m', '--json'], {
    timeoutMs: 780_000,
  });
  if (!t.equal(up.code, 0, `up: ${up.stderr}`)) return;
  t.comment(`up ${stack} from no profile took ${Math.round(JSON.parse(up.stdout).durationMs / 1000)} s`);

  const began = Date.now();
  const again = await hwctl.on('up', stack, '--json');
  exits(t, again, 0);
  t.same(JSON.parse(again.stdout).actions, [], 'nothing is built, loaded or applied');
  t.comment(`unchanged up took ${Date.now() - began} ms`);

  const passed = await hwctl.on('test', stack);
  t.equal(passed.code, 0, `every scenario passes through the Ingress: ${passed.stdout.slice(-3_000)}${passed.stderr}`);

  if (!short) {
    const load = await hwctl.on('load', '--rps', '100', '--duration', '15s', '--json');
    const result = JSON.parse(load.stdout);
    t.match(result, { failed: 0, timedOut: 0 }, 'no request fails');
    t.comment(`load: exit ${load.code}, ${result.verdict.state} ${JSON.stringify(result.verdict.reasons)}`);
    // A busy machine makes numbers void, and hwctl says so; what it may not do is call them valid or fail a request.
    t.equal(load.code, result.verdict.state === 'VOID' ? 3 : 0, load.stderr);

    const down = await hwctl.on('down', '--json');
    exits(t, down, 0);
    t.same(JSON.parse(down.stdout).remaining, []);

    const verify = await hwctl.on('verify', '--json');
    const report = JSON.parse(verify.stdout);
    t.equal(report.test?.passed, true, verify.stderr);
    t.same(report.failures, []);
    t.equal(verify.code, report.load.verdict.state === 'VOID' ? 3 : 0, 'verify');
    t.comment(
      `verify: exit ${verify.code}, ${Math.round(report.durationMs / 1000)} s, load ${report.load.verdict.state}`,
    );
  }

  const gone = await hwctl.on('down', '--delete-cluster', '--json');
  exits(t, gone, 0);
  t.ok(
    JSON.parse(gone.stdout).deleted.includes(`profile/${fresh}`),
    `the profile is among what is deleted: ${gone.stdout}`,
  );
  t.notMatch(profiles(), fresh, 'the profile that hwctl made is gone');
  t.equal(context(), contextBefore, 'kubectl is where it was');
});
