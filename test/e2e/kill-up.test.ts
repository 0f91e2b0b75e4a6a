import t from 'tap';
import { addon, exits, Hwctl, inventory, profile, whyNoCluster } from './cluster.js';

const skip = whyNoCluster();
/** Lines of progress that an `up` prints, more or less: each may be the last. KILL_MOMENTS=N takes N of them, spread out. */
const lines = 20;
const moments = Number(process.env.KILL_MOMENTS ?? lines);

t.setTimeout(1_700_000);

t.test('up is killed at any moment: down leaves nothing', { skip }, async (t) => {
  // The addons are there beforehand, so that each turn is about hwctl's own steps; lifecycle.test.ts covers the addons.
  for (const name of ['ingress', 'metrics-server']) addon('enable', name);
  t.teardown(() => {
    for (const name of ['metrics-server', 'ingress']) addon('disable', name);
  });
  const hwctl = new Hwctl();
  t.teardown(() => hwctl.remove());
  const prepared = await hwctl.on('up', 'hello', '--set', 'monitoring=false');
  exits(t, prepared, 0);
  t.equal((await hwctl.on('down')).code, 0);
  const before = await inventory();
  for (let turn = 0; turn < moments; turn++) {
    const moment = Math.floor((turn * lines) / moments);
    let seen = 0;
    let last = 'before its first step';
    const argv = ['up', 'hello', '--set', 'monitoring=false', '--target', 'minikube', '--profile', profile];
    const killed = await hwctl.run(argv, {
      onLine: (line, kill) => {
        last = line.trim();
        // Not at the line itself: somewhere in what follows it.
        if (seen++ === moment) setTimeout(kill, (moment * 137) % 400);
      },
    });
    const down = await hwctl.on('down', '--json');
    exits(t, down, 0);
    t.same(JSON.parse(down.stdout).remaining, []);
    const how = killed.code === null ? 'killed' : `ended with ${killed.code}`;
    t.same(await inventory(), before, `moment ${moment}: ${how} after: ${last}`);
  }
});
