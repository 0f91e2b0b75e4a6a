import t from 'tap';
import { exits, Hwctl, inventory, openClient, whyNoCluster } from './cluster.js';

const skip = whyNoCluster();

t.setTimeout(900_000);

t.test('up, test, up again, down: the cluster is as it was', { skip }, async (t) => {
  const hwctl = new Hwctl();
  t.teardown(() => hwctl.remove());
  const before = await inventory();

  const up = await hwctl.on('up', 'idempotency', 'hello', '--set', 'monitoring=false', '--json');
  exits(t, up, 0);
  const report = JSON.parse(up.stdout);
  t.match(report.endpoints, [{ name: 'app', host: 'arch.homework' }]);
  t.comment(`up took ${Math.round(report.durationMs)} ms`);

  const again = await hwctl.on('up', 'idempotency', 'hello', '--set', 'monitoring=false', '--json');
  exits(t, again, 0);
  t.same(JSON.parse(again.stdout).actions, [], 'nothing is built, loaded or applied');
  t.comment(`unchanged up took ${Math.round(JSON.parse(again.stdout).durationMs)} ms`);

  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hwctl', namespace: 'hwctl' } };
  const client = openClient();
  t.teardown(() => client.close());
  const first = (await client.get(secret))?.data as Record<string, string>;
  t.ok(first.INTERNAL_TOKEN && first.POSTGRES_PASSWORD, 'secrets are made');
  for (const value of Object.values(first)) {
    const plain = Buffer.from(value, 'base64').toString();
    t.notOk(`${up.stdout}${up.stderr}${again.stdout}`.includes(plain), 'and never printed');
  }

  const passed = await hwctl.on('test', 'idempotency', 'hello');
  t.equal(passed.code, 0, 'the scenarios pass through the Ingress');

  await t.test('somebody edits an object: the next up puts it right', async (t) => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'hello', namespace: 'hwctl' } };
    await client.call('PATCH', await client.pathOf(service), {
      query: { fieldManager: 'somebody' },
      contentType: 'application/merge-patch+json',
      body: { spec: { selector: { 'app.kubernetes.io/name': 'nobody' } } },
    });
    const conflict = await hwctl.on('up', 'hello', '--set', 'monitoring=false');
    t.equal(conflict.code, 2);
    t.match(conflict.stderr, /somebody else owns fields of Service\/hwctl\/hello[\s\S]*"somebody"/);
    const forced = await hwctl.on('up', 'hello', '--set', 'monitoring=false', '--force-conflicts');
    exits(t, forced, 0);
    t.match((await client.get(service))?.spec, { selector: { 'app.kubernetes.io/name': 'hello' } });
    t.same((await client.get(secret))?.data, first, 'secrets are kept');
  });

  await t.test('down of one stack leaves the other', async (t) => {
    const down = await hwctl.on('down', 'hello', '--json');
    exits(t, down, 0);
    const { deleted, remaining } = JSON.parse(down.stdout);
    t.same(remaining, []);
    t.ok(deleted.includes('Deployment/hwctl/hello'));
    t.notOk(deleted.some((ref: string) => ref.includes('orders')));
    t.equal((await hwctl.on('test', 'idempotency')).code, 0);
  });

  await t.test('a foreign object keeps the namespace, and is reported', async (t) => {
    const theirs = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs', namespace: 'hwctl' } };
    await client.call('POST', '/api/v1/namespaces/hwctl/configmaps', { body: theirs });
    const down = await hwctl.on('down', '--json');
    exits(t, down, 0);
    t.match(
      JSON.parse(down.stdout).kept.map(({ ref }: { ref: string }) => ref),
      ['ConfigMap/hwctl/theirs', 'Namespace/hwctl'],
    );
    await client.call('DELETE', await client.pathOf(theirs));
  });

  const down = await hwctl.on('down', '--json');
  exits(t, down, 0);
  t.same(JSON.parse(down.stdout).remaining, []);
  t.same(await inventory(), before, 'inventory before = inventory after');
  const empty = await hwctl.on('down');
  t.match(empty.stdout, /nothing was up/);
});
