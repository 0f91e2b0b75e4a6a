import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { addon, exits, Hwctl, inventory, profile, whyNoCluster } from './cluster.js';

const examples = fileURLToPath(new URL('../../examples', import.meta.url));
const path = [process.env.PATH, join(homedir(), '.cache', 'hwctl-bench', 'bin')].join(delimiter);
const hasHelm = spawnSync('helm', ['version'], { timeout: 30_000, env: { ...process.env, PATH: path } }).status === 0;
const skip = whyNoCluster();
const skipCharts = skip || (hasHelm ? false : 'helm is not installed');
/** Moments at which `up` is killed. */
const moments = Number(process.env.KILL_MOMENTS ?? 6);
const seed = Number(process.env.SEED ?? 20_261_128);

t.setTimeout(1_500_000);

/** A copy of an example, outside of this repository: nothing above it says what it is. */
class Project {
  readonly hwctl = new Hwctl();
  readonly folder: string;
  readonly #parent = mkdtempSync(join(tmpdir(), 'hwctl-project-'));

  constructor(name: string) {
    this.folder = join(this.#parent, name);
    cpSync(join(examples, name), this.folder, { recursive: true });
  }

  on(command: string, argv: readonly string[] = [], timeoutMs?: number) {
    const all = [command, ...argv, '-f', this.folder, '--target', 'minikube', '--profile', profile];
    return this.hwctl.run(all, { timeoutMs, env: { PATH: path } });
  }

  async remove(): Promise<void> {
    await this.on('down');
    rmSync(this.hwctl.stateHome, { recursive: true, force: true });
    rmSync(this.#parent, { recursive: true, force: true });
  }
}

function open(t: Test, name: string): Project {
  const project = new Project(name);
  t.teardown(() => project.remove());
  return project;
}

/** Up, up again, tests, a load. */
async function proves(t: Test, project: Project, stacks: readonly string[] = []) {
  const began = Date.now();
  if (!exits(t, await project.on('up', stacks), 0)) return;
  t.comment(`up took ${Date.now() - began} ms`);
  const again = await project.on('up', [...stacks, '--json']);
  exits(t, again, 0);
  t.same(JSON.parse(again.stdout).actions, [], 'nothing is done a second time');
  exits(t, await project.on('test'), 0);
  await loads(t, project);
}

async function loads(t: Test, project: Project): Promise<void> {
  const loaded = await project.on('load', ['--rps', '20', '--duration', '5s']);
  // What a busy machine makes void says nothing about the project.
  if (loaded.code === 3) t.comment('the load is void: this machine is busy');
  else exits(t, loaded, 0);
}

/** Layers without a name that a docker build leaves when it is killed with hwctl: docker's cache, until its next build or prune. */
const isLayer = (one: string) => one.startsWith('image <none>:<none> ');

async function leavesNothing(t: Test, project: Project, before: readonly string[], killed = false): Promise<void> {
  const down = await project.on('down', ['--json']);
  exits(t, down, 0);
  t.same(JSON.parse(down.stdout).remaining, []);
  const after = (await inventory()).filter((one) => !killed || before.includes(one) || !isLayer(one));
  t.same(after, before, 'inventory before = inventory after');
}

t.test('examples on the cluster', { skip }, async (t) => {
  // Once for all of them; lifecycle.test.ts covers the addons.
  for (const name of ['ingress', 'metrics-server']) addon('enable', name);
  t.teardown(() => {
    for (const name of ['metrics-server', 'ingress']) addon('disable', name);
  });
  const before = await inventory();

  t.test('two at once: numbered YAML, and a price service; each down removes its own', async (t) => {
    const greeter = open(t, 'numbered-yaml');
    const prices = open(t, 'prices-hpa');
    await proves(t, greeter);
    if (!exits(t, await prices.on('up'), 0)) return;
    exits(t, await greeter.on('down'), 0);
    const left = (await inventory()).filter((one) => !before.includes(one));
    t.notMatch(left.join('\n'), /greeter|numbered-yaml/, 'nothing of the first is left');
    t.match(left.join('\n'), /Deployment\/default\/prices /, 'and the second is there');
    await loads(t, prices);
    await leavesNothing(t, prices, before);
  });

  t.test('skaffold, four services behind one login', async (t) => {
    const project = open(t, 'skaffold-auth');
    await proves(t, project);
    await leavesNothing(t, project, before);
  });

  t.test('releases in the order of a README, dependencies vendored', { skip: skipCharts }, async (t) => {
    const project = open(t, 'release-order');
    await proves(t, project);
    await leavesNothing(t, project, before);
  });

  t.test('homework folders with a hwctl.yaml', { skip: skipCharts }, async (t) => {
    const project = open(t, 'homeworks');
    await proves(t, project, ['all']);
    await leavesNothing(t, project, before);
  });

  t.test('a chart with a database, then up is killed at any moment', { skip: skipCharts }, async (t) => {
    const project = open(t, 'chart-postgres');
    const began = Date.now();
    await proves(t, project);
    const tookMs = Math.min(40_000, Date.now() - began);
    await leavesNothing(t, project, before);
    const random = randomOf(seed);
    for (let moment = 0; moment < moments; moment += 1) {
      const afterMs = Math.floor(random() * tookMs * 0.8);
      const killed = await project.on('up', [], afterMs);
      const how = `${killed.code === null ? 'killed' : `ended with ${killed.code}`} after ${afterMs} ms (seed ${seed})`;
      await t.test(how, async (t) => leavesNothing(t, project, before, true));
    }
  });
});

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomOf(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
