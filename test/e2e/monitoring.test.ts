import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { exits, Hwctl, inventory, openClient, output, profile, waitUntil, whyNoCluster } from './cluster.js';

const skip = whyNoCluster();
const folder = fileURLToPath(new URL('../../manifests/shared/monitoring/dashboards', import.meta.url));
const files = readdirSync(folder).map((file) => ({
  file,
  uid: (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { uid: string }).uid,
}));
const panels = readdirSync(folder).flatMap((file) => {
  const board = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  return board.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ file, title, expr })));
});

t.test('Prometheus sees everything, and every panel has data under load', { skip }, async (t) => {
  t.setTimeout(1_800_000);
  const hwctl = new Hwctl();
  t.teardown(() => hwctl.remove());
  const before = await inventory();
  const started = Date.now();
  const up = await hwctl.on('up', 'all', '--timeout', '10m');
  exits(t, up, 0);
  t.comment(`up all with Prometheus and Grafana took ${Date.now() - started} ms`);
  const client = openClient();
  t.teardown(() => client.close());
  const ask = <T>(path: string) =>
    client.call<{ status: string; data: T }>(
      'GET',
      `/api/v1/namespaces/monitoring/services/prometheus:http/proxy${path}`,
    );
  const query = async (expr: string) =>
    (await ask<{ result: { value: [number, string] }[] }>(`/api/v1/query?query=${encodeURIComponent(expr)}`)).data
      .result;

  await t.test('LoadBalancer prices has no address, and up did not wait for one', async (t) => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'prices', namespace: 'hwctl' } };
    const live = await client.get(service);
    t.match(live, { spec: { type: 'LoadBalancer' } });
    t.same(live?.status, { loadBalancer: {} });
  });

  await t.test('Grafana has its data source and every dashboard, and reads Prometheus through it', async (t) => {
    const grafana = <T>(path: string) =>
      client.call<T>('GET', `/api/v1/namespaces/monitoring/services/grafana:http/proxy${path}`);
    t.match(await grafana('/api/health'), { database: 'ok' });
    const sources = await grafana<{ uid: string; type: string; isDefault: boolean }[]>('/api/datasources');
    t.match(sources, [{ type: 'prometheus', isDefault: true }]);
    const boards = await grafana<{ uid: string; title: string; type: string }[]>('/api/search?type=dash-db');
    t.same(boards.map(({ uid }) => uid).sort(), files.map(({ uid }) => uid).sort());
    for (const { uid, file } of files) {
      const { dashboard } = await grafana<{ dashboard: { refresh: string } }>(`/api/dashboards/uid/${uid}`);
      t.equal(dashboard.refresh, '5s', file);
    }
    const path = `/api/datasources/proxy/uid/${sources[0]?.uid}/api/v1/query?query=up`;
    t.match(await grafana(path), { status: 'success' });
  });

  await t.test(
    'a part that open shows keeps its URL: over another forward, and without any state that is kept',
    async (t) => {
      const url = async (from = hwctl) => (await from.on('open', 'grafana')).stdout.trim().split('\n').at(-1) ?? '';
      const first = await url();
      t.match(await fetch(`${first}/api/health`).then((response) => response.json()), { database: 'ok' });
      exits(t, await hwctl.on('forward'), 0);
      t.equal(await url(), first);
      exits(t, await hwctl.on('forward', '--stop'), 0);
      t.equal(await url(), first, 'a daemon that is started anew has the same ports');
      exits(t, await hwctl.on('forward', '--stop'), 0);
      // As after down and up: nothing that was written down is left.
      const other = new Hwctl();
      t.teardown(() => rmSync(other.stateHome, { recursive: true, force: true }));
      t.equal(await url(other), first);
      exits(t, await other.on('forward', '--stop'), 0);
    },
  );

  await t.test('the rules load without errors', async (t) => {
    const log = output('kubectl', '--context', profile, '-n', 'monitoring', 'logs', 'deployment/prometheus');
    t.notMatch(log, /level=(error|ERROR)/);
    const { data } = await ask<{
      groups: { name: string; rules: { name: string; health: string; lastError?: string }[] }[];
    }>('/api/v1/rules');
    const rules = data.groups.flatMap((group) => group.rules);
    t.ok(rules.length >= 10, `${rules.length} rules`);
    await waitUntil(
      'every rule was evaluated',
      async () => {
        const now = (await ask<typeof data>('/api/v1/rules')).data.groups.flatMap((group) => group.rules);
        return now.every(({ health }) => health === 'ok');
      },
      60_000,
    );
    t.same(
      rules.filter(({ lastError }) => lastError),
      [],
    );
  });

  await t.test('every target answers: services, exporter, kubelet, cAdvisor', async (t) => {
    type Targets = { activeTargets: { labels: Record<string, string>; health: string; lastError: string }[] };
    const wanted = ['auth', 'billing', 'hello', 'notifications', 'orders', 'prices', 'users', 'postgres-exporter'];
    const look = async () => (await ask<Targets>('/api/v1/targets?state=active')).data.activeTargets;
    await waitUntil(
      'every target is up',
      async () => {
        const targets = await look();
        const apps = new Set(targets.map(({ labels }) => labels.app));
        return wanted.every((app) => apps.has(app)) && targets.every(({ health }) => health === 'up');
      },
      120_000,
    ).catch(() => undefined);
    const targets = await look();
    t.same(
      targets.filter(({ health }) => health !== 'up').map(({ labels, lastError }) => [labels, lastError]),
      [],
    );
    const jobs = new Set(targets.map(({ labels }) => labels.job));
    t.same([...jobs].sort(), ['cadvisor', 'kubelet', 'prometheus', 'services']);
    t.comment(`${targets.length} targets are up`);
  });

  await t.test('under load every expression of every dashboard returns data', async (t) => {
    let over = false;
    const busy = (async () => {
      while (!over) {
        await hwctl.on('test', 'all');
        await hwctl.on('load', '--path', '/price/1', '--rps', '20', '--duration', '10s');
      }
    })();
    let empty = panels;
    await waitUntil(
      'every panel has data',
      async () => {
        const results = await Promise.all(panels.map(async (panel) => ({ panel, result: await query(panel.expr) })));
        empty = results
          .filter(({ result }) => !result.some(({ value }) => value[1] !== 'NaN'))
          .map(({ panel }) => panel);
        return empty.length === 0;
      },
      300_000,
    ).catch(() => undefined);
    over = true;
    await busy;
    t.same(empty, [], 'no panel stays empty');
    t.comment(`${panels.length} expressions returned data`);
  });

  const down = await hwctl.on('down', '--json', '--timeout', '5m');
  exits(t, down, 0);
  t.same(JSON.parse(down.stdout).remaining, []);
  t.same(await inventory(), before, 'inventory before = inventory after');
});
