import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { httpProcess } from '../../load/servers.js';

t.setTimeout(180_000);

const bin = fileURLToPath(new URL('../../../bin/hwctl.js', import.meta.url));

/** A control group that may use a quarter of a core; undefined where this user may not make one. */
function quarterOfACore(): string | undefined {
  const second = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const folder = join(second ? '/sys/fs/cgroup' : '/sys/fs/cgroup/cpu', `hwctl-test-${process.pid}`);
  try {
    mkdirSync(folder);
    if (second) writeFileSync(join(folder, 'cpu.max'), '25000 100000');
    else {
      writeFileSync(join(folder, 'cpu.cfs_period_us'), '100000');
      writeFileSync(join(folder, 'cpu.cfs_quota_us'), '25000');
    }
    return folder;
  } catch {
    if (existsSync(folder)) rmdirSync(folder);
    return undefined;
  }
}

const group = quarterOfACore();

t.test(
  'a container limit that throttles the generator: the verdict says so and by how much',
  { skip: group === undefined ? 'no right to make a control group for CPU here' : false },
  async (t) => {
    const server = await httpProcess("response.end('x')");
    t.teardown(() => {
      server.close();
      rmdirSync(group!);
    });
    const args = ['--url', `http://127.0.0.1:${server.port}`, '--rps', '3000', '--duration', '4s', '--json', '--quiet'];
    const command = `echo $$ > ${group}/cgroup.procs && exec "$@"`;
    const run = spawnSync('sh', ['-c', command, 'sh', process.execPath, bin, 'load', ...args], {
      encoding: 'utf8',
      timeout: 120_000,
    });
    const { verdict } = JSON.parse(run.stdout);
    t.not(verdict.state, 'VALID');
    const reason = verdict.reasons.find(({ code }: { code: string }) => code === 'throttled');
    t.match(reason, { message: /^the control group throttled the generator for [\d.]+% of the time/ });
    t.equal(run.status, verdict.state === 'VOID' ? 3 : 0);
    t.comment(verdict.reasons.map(({ message }: { message: string }) => message).join('; '));
  },
);
