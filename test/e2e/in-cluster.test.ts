// Load from pods of the cluster: one schedule over all of them, exact sums, a pod that is lost, and nothing left behind.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { LoadResult } from '../../src/cli/load/measure/metrics.js';
import { podResource } from '../../src/cli/target/kubernetes/api/list.js';

import { exits, Hwctl, openClient, whyNoCluster } from './cluster.js';

const skip = whyNoCluster();
t.setTimeout(900_000);

t.test('load --in-cluster', { skip }, async (t) => {
  const hwctl = new Hwctl();
  t.teardown(() => hwctl.remove());
  const up = await hwctl.on('up', 'hello', 'idempotency', '--set', 'monitoring=false');
  exits(t, up, 0);
  const left = async () => {
    const client = openClient();
    const found = [];
    for (const resource of await client.resources()) {
      if (!['Job', 'Pod', 'ConfigMap'].includes(resource.kind)) continue;
      found.push(...(await client.list(resource, { labelSelector: 'app.kubernetes.io/name=hwctl-load' })));
    }
    client.close();
    return found.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  };

  /** A load from two pods that runs on, once the first responses are in. */
  const answered = async (...flags: string[]) => {
    const where = ['--target', 'minikube', '--profile', hwctl.profileName];
    const child = hwctl.start('load', '--in-cluster', '--pods', '2', ...flags, ...where);
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const until = Date.now() + 120_000;
    while (!/200 ×\d/.test(text) && Date.now() < until) await sleep(200);
    return { ended, text: () => text };
  };

  await t.test('three pods share one schedule', async (t) => {
    const run = await hwctl.on('load', '--in-cluster', '--pods', '3', '--rps', '90', '--duration', '10s', '--json');
    t.ok([0, 3].includes(run.code ?? -1), `exit ${run.code}: ${run.stderr.slice(-2000)}`);
    const result = JSON.parse(run.stdout) as LoadResult;
    t.match(result, {
      pods: 3,
      scheduled: 900,
      dropped: 0,
      failed: 0,
      timedOut: 0,
      ok: 900,
      targetIterationsPerSecond: 90,
    });
    t.equal(result.latencyMs.response.count, 900);
    t.comment(
      `${result.verdict.state}: ${result.verdict.reasons.map(({ message }) => message).join('; ')}; response p99 ${result.latencyMs.response.p99} ms, start lag p99 ${result.latencyMs.startLag.p99} ms`,
    );
    t.notOk(result.verdict.reasons.some(({ code }) => code === 'lost-pod'));
    t.same(await left(), [], 'nothing is left');
  });

  await t.test('a scenario as a journey, closed, with the report of a person', async (t) => {
    const more = ['--scenario', 'idempotency', '--requests', '20', '--concurrency', '4'];
    const run = await hwctl.on('load', '--in-cluster', '--pods', '2', ...more);
    t.ok([0, 3].includes(run.code ?? -1), `exit ${run.code}: ${run.stdout.slice(-3000)} ${run.stderr}`);
    t.match(run.stdout, /from 2 pods/);
    t.match(run.stdout, /iterations: 20 started, 20 ok, 0 failed/);
    t.same(await left(), []);
  });

  await t.test('a pod that is deleted is reported, and the numbers are VOID', async (t) => {
    const out = join(hwctl.stateHome, 'lost.json');
    const load = await answered('--rps', '40', '--duration', '18s', '--out', out);
    const client = openClient();
    const pods = await client.list(podResource, {
      namespace: 'hwctl',
      labelSelector: 'app.kubernetes.io/name=hwctl-load',
    });
    const victim = pods[0]!;
    await client.call('DELETE', `/api/v1/namespaces/hwctl/pods/${victim.metadata.name}`, {
      body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 },
    });
    client.close();
    t.equal(await load.ended, 3, load.text());
    t.match(load.text().replace(/\s+/g, ' '), `pod ${victim.metadata.name} was lost`);
    t.same(await left(), []);
  });

  await t.test('beside a running load: diff leaves its Job alone, and an update rolls through it', async (t) => {
    const out = join(hwctl.stateHome, 'rolling.json');
    const load = await answered('--rps', '30', '--duration', '40s', '--out', out);
    const diff = await hwctl.on('diff', '--set', 'monitoring=false');
    t.notMatch(diff.stdout, 'hwctl-load', 'up would not prune a running load');
    const rolled = await hwctl.on('up', 'hello', '--set', 'monitoring=false', '--set', 'replicas.hello=2', '--json');
    exits(t, rolled, 0);
    t.notMatch(JSON.stringify(JSON.parse(rolled.stdout).actions), 'hwctl-load');
    const code = await load.ended;
    t.ok([0, 3].includes(code ?? -1), `exit ${code}: ${load.text().slice(-3000)}`);
    const result = JSON.parse(readFileSync(out, 'utf8')) as LoadResult;
    t.match(result, { scheduled: 1200, failed: 0, timedOut: 0 }, 'nobody noticed');
    t.notOk(result.verdict.reasons.some(({ code }) => code === 'lost-pod'));
    t.same(await left(), []);
  });

  await t.test('pods that find no room are told at once', async (t) => {
    const began = Date.now();
    const run = await hwctl.on('load', '--in-cluster', '--pods', '60', '--rps', '60', '--duration', '5s');
    exits(t, run, 2);
    t.match(run.stderr, /of 60 run: no node takes pod .*Insufficient cpu/);
    t.match(run.stderr, /cure: .*--pods \d+/);
    t.ok(Date.now() - began < 60_000, `${Date.now() - began} ms, not two minutes`);
    t.same(await left(), []);
  });

  await t.test('a scenario that reads a file pods do not have', async (t) => {
    const file = join(hwctl.stateHome, 'upload.yaml');
    writeFileSync(join(hwctl.stateHome, 'body.txt'), 'x');
    writeFileSync(
      file,
      'name: upload\nsteps:\n  - name: send\n    request: POST /\n    file: ./body.txt\n    check: [{ name: ok, status: 200 }]\n',
    );
    const run = await hwctl.on('load', '--in-cluster', '--scenario', file);
    exits(t, run, 2);
    t.match(run.stderr, 'which pods do not have');
    t.same(await left(), []);
  });

  const down = await hwctl.on('down', '--json');
  exits(t, down, 0);
  t.same(JSON.parse(down.stdout).remaining, []);
});
