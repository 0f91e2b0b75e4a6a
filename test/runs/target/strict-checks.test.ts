import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { listStacks } from '../../../src/cli/target/manifests/stacks.js';
import { renderObjects, renderYaml } from '../../../src/cli/target/render.js';
import { root } from '../../golden.js';

const manifests = join(root, 'manifests');
const render = (stacks: string[]) => renderObjects({ manifests, stacks, values: {}, root, version: '0.1.0' });

/** kube-score as it is on PATH, or where the bench keeps its tools. */
const program = ['kube-score', join(homedir(), '.cache', 'hwctl-bench', 'bin', 'kube-score')].find(
  (candidate) => spawnSync(candidate, ['version'], { timeout: 30_000 }).status === 0,
);
const skip = program === undefined ? 'kube-score is not installed' : false;

interface Scored {
  object_meta: { name: string };
  type_meta: { kind: string };
  checks: { check: { id: string }; skipped: boolean; grade: number; comments: { summary: string }[] | null }[];
}

for (const stack of ['all', ...listStacks(manifests)]) {
  t.test(`${stack}: kube-score finds nothing that is not explained beside the field`, { skip }, async (t) => {
    const stacks = stack === 'all' ? listStacks(manifests) : [stack];
    const done = spawnSync(
      program as string,
      ['score', '-', '--output-format', 'json', '--enable-optional-test', 'container-ports-check'],
      { input: renderYaml(render(stacks)), encoding: 'utf8', timeout: 60_000, maxBuffer: 32 * 1024 * 1024 },
    );
    const found = (JSON.parse(done.stdout) as Scored[]).flatMap(({ object_meta, type_meta, checks }) =>
      checks
        .filter(({ skipped, grade }) => !skipped && grade < 10)
        .map(({ check, comments }) => `${type_meta.kind}/${object_meta.name} ${check.id}: ${comments?.[0]?.summary}`),
    );
    t.strictSame(found, []);
  });
}
