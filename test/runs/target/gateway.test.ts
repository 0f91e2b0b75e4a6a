// The gateway is watched like every service: one that hangs is not ready, and comes back by itself; silent clients do not
// keep others out.
import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { root } from '../../golden.js';
import { get, LocalPlatform } from '../../target/local-platform.js';

t.setTimeout(300_000);

t.test('a stopped gateway is not ready; it is started anew, and up waits for that', async (t) => {
  const platform = new LocalPlatform(t);
  const { endpoints } = await platform.up('hello');
  const url = `${endpoints.find(({ name }) => name === 'app')?.url}/`;
  const pid = platform.pidOf('gateway');
  process.kill(pid, 'SIGSTOP');
  const stateOf = ({ services }: Awaited<ReturnType<typeof platform.status>>) =>
    services.find(({ name }) => name === 'gateway')?.state;
  await platform.until('the gateway is not ready', (status) => stateOf(status) !== 'ready');
  t.match(await platform.run(['up', 'hello']), { exitCode: 0 });
  t.equal(stateOf(await platform.status()), 'ready');
  t.not(platform.pidOf('gateway'), pid, 'another process');
  t.equal((await get(url)).status, 200);
});

t.test('a gateway with few descriptors, and more silent connections than it has', async (t) => {
  const platform = new LocalPlatform(t);
  const up = `ulimit -n 128; exec "${process.execPath}" "${join(root, 'bin/hwctl.js')}" up hello --target local --json`;
  const { endpoints } = JSON.parse(
    execFileSync('/bin/sh', ['-c', up], { env: { ...process.env, XDG_STATE_HOME: platform.home }, encoding: 'utf8' }),
  ) as Awaited<ReturnType<typeof platform.up>>;
  const url = new URL(endpoints.find(({ name }) => name === 'app')?.url ?? '');
  const silent = Array.from({ length: 200 }, () => connect(Number(url.port), '127.0.0.1').on('error', () => undefined));
  t.teardown(() => silent.forEach((socket) => void socket.destroy()));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  for (let i = 0; i < 10; i++) {
    const beganMs = performance.now();
    t.equal((await get(`${url.origin}/`)).status, 200);
    t.ok(performance.now() - beganMs < 3000);
  }
});
