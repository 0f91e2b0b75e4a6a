import { spawnSync } from 'node:child_process';
import t from 'tap';
import { Hwctl, inventory, profile, whyNoCluster } from './cluster.js';

const skip = whyNoCluster();
const moments = 20;

t.test('up is killed at any moment: down leaves nothing', { skip }, async (t) => {
  // The addons are there beforehand, so that each turn is about hwctl's own steps; lifecycle.test.ts covers the addons.
  const addon = (verb: string, name: string) => spawnSync('minikube', ['-p', profile, 'addons', verb, name]);
  for (const name of ['ingress', 'metrics-server']) addon('enable', name);
  t.teardown(() => {
    for (const name of ['metrics-server', 'ingress']) addon('disable', name);
  });
  const hwctl = new Hwctl();
  t.teardown(() => hwctl.remove());
  const prepared = await hwctl.on('up', 'hello', '--set', 'monitoring=false');
  t.equal(prepared.code, 0, prepared.stderr);
  t.equal((await hwctl.on('down')).code, 0);
  const before = await inventory();
  for (let moment = 0; moment < moments; moment++) {
    let lines = 0;
    let last = 'before its first step';
    const argv = ['up', 'hello', '--set', 'monitoring=false', '--target', 'minikube', '--profile', profile];
    const killed = await hwctl.run(argv, {
      onLine: (line, kill) => {
        last = line.trim();
        // Not at the line itself: somewhere in what follows it.
        if (lines++ === moment) setTimeout(kill, (moment * 137) % 400);
      },
    });
    const down = await hwctl.on('down', '--json');
    t.equal(down.code, 0, down.stderr);
    t.same(JSON.parse(down.stdout).remaining, []);
    const how = killed.code === null ? 'killed' : `ended with ${killed.code}`;
    t.same(await inventory(), before, `moment ${moment}: ${how} after: ${last}`);
  }
});
