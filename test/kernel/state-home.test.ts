/** One rule for where state is kept: `doctor`, the local target and the clusters' records never say different things. */
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { systemClock } from '../../src/cli/kernel/clock.js';
import { Failure } from '../../src/cli/kernel/failure.js';
import { ignoredStateHome, stateHome } from '../../src/cli/kernel/state-home.js';
import { checkPrerequisites, type Prerequisite } from '../../src/cli/target/doctor.js';
import { openState } from '../../src/cli/target/kubernetes/provider/cluster-access.js';
import { stateFolder } from '../../src/cli/target/local/state/state-folder.js';

type Environment = Record<string, string | undefined>;

const nothingIsInstalled = async () => ({ exitCode: undefined, stdout: '', stderr: '', failure: 'ENOENT' });

async function doctor(env: Environment): Promise<Prerequisite> {
  const checks = await checkPrerequisites({ run: nothingIsInstalled, root: '/none', env, nodeVersion: 'v20.19.0' });
  return checks.find(({ name }) => name === 'state folder')!;
}

/** What each of the three says for an environment: a folder, or the code of the failure. */
async function answers(env: Environment) {
  const orCode = (ask: () => string) => {
    try {
      return ask();
    } catch (error) {
      if (error instanceof Failure) return error.code;
      throw error;
    }
  };
  const environment = { env, cwd: '/somewhere', root: '/none', clock: systemClock, project: 'hwctl' };
  const options = { name: 'kube', environment, run: nothingIsInstalled, context: 'c' } as const;
  const told = await doctor(env);
  return {
    local: orCode(() => stateFolder(env).path.replace(/\/local$/, '')),
    cluster: orCode(() => openState(options).folder.replace(/\/clusters$/, '')),
    doctor: /^\//.test(told.found) ? told.found.replace(/[,:;].*/, '') : 'no-home',
    state: told.state,
    found: told.found,
    cure: told.cure,
  };
}

t.test('a relative XDG_STATE_HOME is ignored by all, and doctor says so', async (t) => {
  const HOME = t.testdir();
  const found = await answers({ HOME, XDG_STATE_HOME: 'rel' });
  const folder = join(HOME, '.local/state/hwctl');
  t.match(found, { local: folder, cluster: folder, doctor: folder, state: 'warning', cure: /absolute path/ });
  t.match(found.found, /; XDG_STATE_HOME is ignored: "rel" is a relative path$/);
  t.equal(ignoredStateHome({ HOME, XDG_STATE_HOME: HOME }), undefined);
});

t.test('without a home all three refuse, with the cure', async (t) => {
  for (const env of [{}, { HOME: '' }, { HOME: 'rel' }, { XDG_STATE_HOME: 'rel' }, { XDG_STATE_HOME: '', HOME: '.' }]) {
    const found = await answers(env);
    t.match(found, { local: 'no-home', cluster: 'no-home', doctor: 'no-home', state: 'missing' }, JSON.stringify(env));
    t.match(found.cure, /Set XDG_STATE_HOME/);
    t.throws(() => stateHome(env), { code: 'no-home', hint: /absolute path/ });
  }
});

t.test('whatever the environment: one answer, absolute, never below the current directory', async () => {
  const value = fc.option(
    fc.constantFrom('', '.', 'rel', './rel', '../up', '~/state', '/none/abs', '/none/a b', '/none/../none2', ' /none'),
    { nil: undefined },
  );
  const property = fc.asyncProperty(value, value, value, async (XDG_STATE_HOME, HOME, USERPROFILE) => {
    const { local, cluster, doctor } = await answers({ XDG_STATE_HOME, HOME, USERPROFILE });
    return local === cluster && local === doctor && (local === 'no-home' || local.startsWith('/none'));
  });
  await fc.assert(property, { seed: 20_262, numRuns: 60 });
});
