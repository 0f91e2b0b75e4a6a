import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../src/cli/kernel/clock.js';
import type { ClusterTargets } from '../../src/cli/target/choice.js';
import { type Purpose, resolveTarget } from '../../src/cli/target/resolve.js';
import type { Target } from '../../src/cli/target/target.js';
import { root } from '../golden.js';

/** What is up where, and where `auto` goes to find it and to deploy. `asked`: whether the cluster is asked at all. */
const table: {
  local: boolean;
  cluster: string[];
  /** What is up on a kind cluster that is recorded here. */
  kind?: string[];
  recorded?: boolean;
  usable?: boolean;
  find: string;
  deploy: string;
  asked?: boolean;
}[] = [
  {
    local: false,
    cluster: [],
    find: 'local: nothing is up, here or on minikube',
    deploy: 'minikube: minikube is installed and usable',
  },
  {
    local: false,
    cluster: ['hello'],
    find: 'minikube: it is up there',
    deploy: 'minikube: minikube is installed and usable',
  },
  {
    local: false,
    cluster: [],
    recorded: true,
    find: 'minikube: what an earlier up left there is recorded here',
    deploy: 'minikube: minikube is installed and usable',
  },
  { local: false, cluster: [], usable: false, find: 'local: no minikube', deploy: 'local: no minikube' },
  { local: true, cluster: [], find: 'local: it is up here', deploy: 'local: it is up here', asked: false },
  { local: true, cluster: [], recorded: true, find: 'local: it is up here', deploy: 'local: it is up here' },
  { local: true, cluster: ['hello'], recorded: true, find: 'two-targets', deploy: 'local: it is up here' },
  {
    local: true,
    cluster: ['hello'],
    recorded: true,
    usable: false,
    find: 'local: it is up here',
    deploy: 'local: it is up here',
  },
  {
    local: false,
    cluster: [],
    kind: ['hello'],
    recorded: true,
    usable: false,
    find: 'kind: it is up there',
    deploy: 'local: no minikube',
  },
  {
    local: false,
    cluster: [],
    kind: [],
    recorded: true,
    usable: false,
    find: 'kind: what an earlier up left there is recorded here',
    deploy: 'local: no minikube',
  },
  {
    local: false,
    cluster: [],
    kind: ['hello'],
    recorded: true,
    find: 'kind: it is up there',
    deploy: 'minikube: minikube is installed and usable',
  },
  {
    local: false,
    cluster: ['hello'],
    kind: ['hello'],
    recorded: true,
    find: 'two-targets',
    deploy: 'minikube: minikube is installed and usable',
  },
  {
    local: true,
    cluster: [],
    kind: ['hello'],
    recorded: true,
    usable: false,
    find: 'two-targets',
    deploy: 'local: it is up here',
  },
];

/** A cluster on which these stacks are up. */
function target(name: string, stacks: string[]): Target {
  return { name, status: async () => ({ target: name, stacks, services: [], endpoints: [] }) } as unknown as Target;
}

t.test('auto goes where something is up, asks where two are, and touches nothing where none is', async (t) => {
  for (const { local, cluster, kind, recorded = false, usable = true, asked, ...expected } of table) {
    const home = t.testdir();
    mkdirSync(join(home, 'hwctl', 'local'), { recursive: true });
    // A damaged record is a record.
    if (local) writeFileSync(join(home, 'hwctl', 'local', 'state.json'), '{');
    let created = 0;
    const clusters: ClusterTargets = {
      whyNotMinikube: async () => (usable ? undefined : 'no minikube'),
      isRecorded: () => recorded,
      recorded: async () => (kind === undefined ? [] : [target('kind', kind)]),
      create: async () => {
        created++;
        return target('minikube', cluster);
      },
    };
    const environment = { env: { XDG_STATE_HOME: home }, cwd: home, root, clock: systemClock, project: 'hwctl' };
    for (const purpose of ['find', 'deploy'] as Purpose[]) {
      const found = await resolveTarget({ target: 'auto' }, environment, purpose, async () => clusters).then(
        ({ target, reason }) => `${target.name}: ${reason}`,
        ({ code }) => code,
      );
      const name = `${purpose}: ${JSON.stringify({ local, cluster, kind, recorded, usable })}`;
      t.equal(found, expected[purpose as 'find'], name);
    }
    if (asked === false) t.equal(created, 0, 'a cluster that cannot matter is not asked');
  }
});
