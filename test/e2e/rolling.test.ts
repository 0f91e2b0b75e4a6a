import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { exits, Hwctl, openClient, whyNoCluster } from './cluster.js';

const skip = whyNoCluster();
const bundle = fileURLToPath(new URL('../../dist/image/server.mjs', import.meta.url));

t.setTimeout(900_000);

t.test('new code under load: not one request is lost', { skip }, async (t) => {
  const hwctl = new Hwctl();
  const before = readFileSync(bundle);
  t.teardown(async () => {
    writeFileSync(bundle, before);
    await hwctl.remove();
  });
  const up = await hwctl.on('up', 'hello', '--set', 'monitoring=false');
  exits(t, up, 0);
  const client = openClient();
  t.teardown(() => client.close());
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'hello', namespace: 'hwctl' } };
  const imageOf = async () => {
    const spec = (await client.get(deployment))?.spec as {
      template: { spec: { containers: { image: string }[] } };
    };
    return spec.template.spec.containers[0]?.image;
  };
  const old = await imageOf();

  const load = hwctl.on('load', '--rps', '100', '--duration', '60s', '--json');
  appendFileSync(bundle, '\n// Another version, for the rolling update.\n');
  const again = await hwctl.on('up', 'hello', '--set', 'monitoring=false');
  exits(t, again, 0);
  t.not(await imageOf(), old, 'the change has another tag');
  const { stdout, stderr } = await load;
  const counts = JSON.parse(stdout);
  t.match(counts, { failed: 0, timedOut: 0 }, `no request is lost: ${stderr}`);
  t.comment(`${counts.sent} sent, ${counts.ok} ok, ${counts.failed} failed, ${counts.timedOut} timed out`);
});
