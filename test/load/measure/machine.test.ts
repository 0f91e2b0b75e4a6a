import { spawnSync } from 'node:child_process';
import t from 'tap';
import { checkPorts, MachineWatch } from '../../../src/cli/load/measure/machine.js';
import { planFor, rate } from '../servers.js';

/** A machine whose files and time of day the test sets. */
function machine(files: Record<string, string>) {
  const state = { files, wallMs: Date.now() };
  const sources = {
    read: (file: string) => state.files[file] ?? '',
    list: (folder: string) =>
      Object.keys(state.files)
        .filter((file) => file.startsWith(`${folder}/`))
        .map((file) => file.slice(folder.length + 1).split('/')[0]!),
    wallMs: () => state.wallMs,
  };
  return { state, sources };
}

t.test('throttling by the control group, in both versions, wherever the group is mounted', async (t) => {
  const table: [string, Record<string, string>, string, (ms: number) => string][] = [
    [
      'version 2',
      { '/proc/self/cgroup': '0::/user.slice/run-1.scope\n' },
      '/sys/fs/cgroup/user.slice/run-1.scope/cpu.stat',
      (ms) => `usage_usec 9\nnr_throttled 3\nthrottled_usec ${ms * 1000}\n`,
    ],
    [
      "version 2, a container's own namespace",
      { '/proc/self/cgroup': '0::/../../pod7\n' },
      '/sys/fs/cgroup/cpu.stat',
      (ms) => `throttled_usec ${ms * 1000}\n`,
    ],
    [
      'version 1',
      { '/proc/self/cgroup': '5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n' },
      '/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.stat',
      (ms) => `nr_periods 100\nnr_throttled 3\nthrottled_time ${ms * 1e6}\n`,
    ],
    [
      "version 1, a container's own namespace",
      { '/proc/self/cgroup': '4:cpu:/docker/abc\n' },
      '/sys/fs/cgroup/cpu/cpu.stat',
      (ms) => `throttled_time ${ms * 1e6}\n`,
    ],
  ];
  for (const [what, files, file, text] of table) {
    const { state, sources } = machine({ ...files, [file]: text(1200) });
    const watch = new MachineWatch(sources);
    t.equal(watch.sample().throttledMs, 0, `${what}: what was before the run is not its own`);
    state.files[file] = text(1550);
    t.equal(watch.sample().throttledMs, 350, what);
  }
  t.equal(new MachineWatch(machine({}).sources).sample().throttledMs, 0, 'no control groups');
});

t.test('a step of the wall clock, forward or back, is seen once and kept', async (t) => {
  for (const stepMs of [3_600_000, -3_600_000]) {
    const { state, sources } = machine({});
    const watch = new MachineWatch(sources);
    const before = watch.sample().clockStepMs;
    state.wallMs += stepMs;
    const after = watch.sample().clockStepMs;
    t.ok(before < 60_000, `${before} ms before`);
    t.ok(Math.abs(after - 3_600_000) < 60_000, `${after} ms after`);
    t.equal(watch.sample().clockStepMs, after, 'an old step is not forgotten');
  }
});

t.test('time that threads waited for a core: of the worst off, since the watch began', async (t) => {
  const files = { '/proc/self/task/7/schedstat': '100 5000000000 9', '/proc/self/task/8/schedstat': '100 10 9' };
  const { state, sources } = machine(files);
  const watch = new MachineWatch(sources);
  t.equal(watch.sample().waitingShare, 0);
  state.files['/proc/self/task/8/schedstat'] = `100 ${3600e9 + 10} 9`;
  t.ok(watch.sample().waitingShare > 1, 'an hour of waiting within this moment');
});

t.test('local ports that closed connections hold', async (t) => {
  const { sources } = machine({
    '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
    '/proc/net/sockstat': 'sockets: used 9\nTCP: inuse 5 orphan 0 tw 14116 alloc 9 mem 1\nUDP: inuse 1 mem 1\n',
  });
  t.equal(new MachineWatch(sources).sample().portsHeld, 0.5);
  t.equal(new MachineWatch(machine({}).sources).sample().portsHeld, 0, 'where it cannot be told');
});

t.test('more connections than local ports is an error before the load', async (t) => {
  const plan = planFor(1, rate(10, 100), { maxInFlight: 30_000 });
  t.throws(() => checkPorts(plan, 1, 28_232), {
    code: 'too-few-ports',
    message: /30000 connections at once, and this machine has 28232 local ports/,
    hint: /ip_local_port_range.*--max-in-flight to 28232/,
  });
  t.doesNotThrow(() => checkPorts(plan, 2, 28_232), 'each address of the server has its own');
});

t.test('a real process that may open few files is refused before the load', async (t) => {
  const bin = new URL('../../../bin/hwctl.js', import.meta.url).pathname;
  const command = `ulimit -n 256; exec "$0" "$1" load --url http://127.0.0.1:9/ --rps 10 --max-in-flight 1000`;
  const { status, stderr } = spawnSync('sh', ['-c', command, process.execPath, bin], { encoding: 'utf8' });
  t.equal(status, 2);
  t.match(stderr, /may need 1064 open files at once, and this process may open 256/);
  t.match(stderr, /ulimit -n 1064.*--max-in-flight to 192/);
});
