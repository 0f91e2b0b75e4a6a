/** `down` with real processes: a supervisor that is stopped, a disk that is full or read-only, folders and containers of others. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findMarked, isRunning } from '../../../src/cli/target/local/state/process-identity.js';
import { hwctl, root } from '../../golden.js';
import { get, LocalPlatform } from '../../target/local-platform.js';

t.setTimeout(600_000);

const isRoot = process.getuid?.() === 0;
// Tried in a mount namespace of its own, so that nothing is left over.
const canMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
const noMount = !canMount && 'no disk can be mounted here';
const hasNamespaces = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0;

/** A small disk of its own, for the state of one test. */
function smallDisk(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'none', folder]);
  t.teardown(() => {
    spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function fill(folder: string): void {
  // A block at a time, so that not a byte is left.
  spawnSync('dd', ['if=/dev/zero', `of=${join(folder, 'fill')}`, 'bs=4096']);
}

t.test('a stopped supervisor costs seconds, and everything ends', async (t) => {
  for (const stopped of ['supervisor', 'all'] as const) {
    const platform = new LocalPlatform(t);
    await platform.up('hello');
    const { supervisor } = platform.runtime();
    process.kill(supervisor.pid, 'SIGSTOP');
    if (stopped === 'all') for (const { pid } of platform.processes()) process.kill(pid, 'SIGSTOP');
    const startedMs = performance.now();
    t.match(await platform.run(['down']), { exitCode: 0, stdout: / 0 remaining/ });
    t.ok(performance.now() - startedMs < 5000, `down took ${Math.round(performance.now() - startedMs)} ms`);
    t.strictSame(platform.processes(), []);
  }
});

t.test(
  'a full disk: services, supervisor and platform go on without their logs, and down makes room',
  { skip: noMount },
  async (t) => {
    const disk = smallDisk(t);
    const env = { XDG_STATE_HOME: disk };
    const up = await hwctl(['up', 'hello', '--target', 'local', '--json'], { env });
    t.equal(up.exitCode, 0, up.stderr);
    const url = (JSON.parse(up.stdout) as { endpoints: { url: string }[] }).endpoints[0]?.url ?? '';
    fill(disk);
    const folder = join(disk, 'hwctl', 'local');
    const before = findMarked(folder).length;
    // Enough lines to fill what was left in the last blocks of the logs.
    for (let i = 0; i < 300; i++) t.equal((await get(`${url}/`)).status, 200);
    t.equal(findMarked(folder).length, before, 'nothing has ended');
    const hello = JSON.parse((await hwctl(['status', '--target', 'local', '--json'], { env })).stdout) as {
      services: { name: string; instances: string[] }[];
    };
    process.kill(
      Number(/\d+/.exec(String(hello.services.find(({ name }) => name === 'hello')?.instances[0]))?.[0]),
      'SIGKILL',
    );
    for (let i = 0; i < 100 && (await get(`${url}/`)).status !== 200; i++) await new Promise((r) => setTimeout(r, 50));
    t.equal((await get(`${url}/`)).status, 200, 'a service that crashed is started again');
    const down = await hwctl(['down', '--target', 'local'], { env });
    t.match(down, { exitCode: 0, stdout: / 0 remaining/ });
    t.strictSame(findMarked(folder), []);
    t.strictSame(readdirSync(disk), ['fill']);
  },
);

t.test('a read-only disk: everything ends, and what cannot be removed is told', { skip: noMount }, async (t) => {
  const disk = smallDisk(t);
  const env = { XDG_STATE_HOME: disk };
  t.equal((await hwctl(['up', 'hello', '--target', 'local'], { env })).exitCode, 0);
  // As after an error of the disk: the files that are open stay open.
  execFileSync('mount', ['-o', 'bind', disk, disk]);
  t.teardown(() => spawnSync('umount', ['-l', disk]));
  execFileSync('mount', ['-o', 'remount,bind,ro', disk]);
  const down = await hwctl(['down', '--target', 'local'], { env });
  t.match(down, {
    exitCode: 1,
    stdout: /REMAINING .*state\.json {2}\(it cannot be removed: the file system is read-only\)/,
  });
  t.strictSame(findMarked(join(disk, 'hwctl', 'local')), []);
});

t.test("another user's state folder: each command has a sentence", { skip: !isRoot && 'needs root' }, async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'hwctl-other-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  execFileSync('chmod', ['755', home]);
  mkdirSync(join(home, 'hwctl', 'local'), { recursive: true, mode: 0o755 });
  writeFileSync(join(home, 'hwctl', 'local', 'state.json'), '{}', { mode: 0o600 });
  for (const argv of [['up', 'hello'], ['down'], ['status'], ['logs'], ['verify', 'hello'], ['test', 'hello']]) {
    // `env -i`: what tap hands down to every child would write into this checkout.
    const run = spawnSync(
      'setpriv',
      [
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        'env',
        '-i',
        `HOME=${home}`,
        `XDG_STATE_HOME=${home}`,
      ].concat([process.execPath, join(root, 'bin/hwctl.js'), ...argv, '--target', 'local']),
      { cwd: '/', encoding: 'utf8' },
    );
    t.equal(run.status, 2, argv.join(' '));
    t.match(run.stderr, /^error: .*permission denied\ncure: /m, argv.join(' '));
    t.notMatch(run.stderr, /\n {4}at /, argv.join(' '));
  }
});

t.test(
  'in a PID namespace of its own',
  { skip: !hasNamespaces && 'unshare needs rights that are not given here' },
  async (t) => {
    const platform = new LocalPlatform(t);
    const unshared = (...command: string[]) =>
      spawnSync('unshare', ['--pid', '--fork', '--mount-proc', ...command], {
        env: { PATH: process.env.PATH, HOME: platform.home, XDG_STATE_HOME: platform.home },
        encoding: 'utf8',
        timeout: 60_000,
      });
    t.test('hostile process ids reach no bystander', async (t) => {
      for (const pid of ['-1', '0', '1', '$bystander', '-$bystander', '999999', 'null']) {
        for (const rest of ['', ',"identity":""', ',"identity":"x"']) {
          const id = `{"pid":${pid}${rest},"controlPort":1,"token":"x","name":"x"}`;
          const script = `setsid sleep 60 & bystander=$!
          mkdir -p ${platform.folder}; cat > ${platform.folder}/runtime.json <<END
{"version":1,"supervisor":${id},"ports":{},"processes":[${id}]}
END
          ${process.execPath} ${root}bin/hwctl.js down --target local; echo "exit $?"
          kill -0 $bystander && echo "bystander lives"; kill $bystander`;
          t.match(unshared('bash', '-c', script).stdout, /exit 0\n.*bystander lives/s, id);
        }
      }
    });
    t.test('the platform of another namespace with the same path is not ended', async (t) => {
      const mine = mkdtempSync(join(tmpdir(), 'hwctl-inner-'));
      t.teardown(() => rmSync(mine, { recursive: true, force: true }));
      // The container's folder is another one at the same path.
      const script = `mount --bind ${mine} ${platform.home} && ${process.execPath} ${root}bin/hwctl.js up hello --target local && echo up && read line
      ${process.execPath} ${root}bin/hwctl.js down --target local`;
      const inner = spawn('unshare', ['--pid', '--fork', '--mount-proc', 'bash', '-c', script], {
        env: { PATH: process.env.PATH, HOME: platform.home, XDG_STATE_HOME: platform.home },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let said = '';
      inner.stdout.on('data', (chunk) => {
        said += chunk;
      });
      const ended = new Promise((resolve) => inner.on('close', resolve));
      for (let i = 0; i < 400 && !/^up$/m.test(said); i++) await new Promise((r) => setTimeout(r, 50));
      t.match(said, /^up$/m);
      const marked = readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/environ`))
        .filter(
          (name) =>
            spawnSync('grep', ['-qaF', `HWCTL_INSTANCE=${platform.folder}`, `/proc/${name}/environ`]).status === 0,
        );
      t.ok(marked.length >= 3, 'its processes can be seen from here');
      t.match(await platform.run(['down']), { exitCode: 0, stdout: /nothing was up/ });
      t.ok(
        marked.every((name) => existsSync(`/proc/${name}/environ`)),
        'and all of them run on',
      );
      inner.stdin.end('\n');
      await ended;
      t.match(said, / 0 remaining/);
      t.notOk(platform.processes().some((id) => isRunning(id)));
    });
  },
);
