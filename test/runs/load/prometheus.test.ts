import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hwctl } from '../../golden.js';

t.setTimeout(180_000);

const skip = spawnSync('prometheus', ['--version']).error === undefined ? false : 'prometheus is not installed';

t.test('a real Prometheus receives the metrics of a run by remote write', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-prometheus-'));
  writeFileSync(join(folder, 'empty.yml'), '');
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const at = `127.0.0.1:${(probe.address() as net.AddressInfo).port}`;
  probe.close();
  const prometheus = spawn(
    'prometheus',
    [
      ...[`--config.file=${join(folder, 'empty.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`],
      ...[`--web.listen-address=${at}`, '--web.enable-remote-write-receiver', '--log.level=error'],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  t.teardown(async () => {
    prometheus.kill();
    if (prometheus.exitCode === null) await once(prometheus, 'exit');
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = async (path: string) => (await fetch(`http://${at}${path}`)).text();
  const until = Date.now() + 60_000;
  while (
    !(await ask('/-/ready').then(
      (text) => /ready/i.test(text),
      () => false,
    ))
  ) {
    if (Date.now() > until) throw new Error('Prometheus was not ready within a minute');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const server = http.createServer((_, response) => response.end('x')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  const run = await hwctl(
    ['load', '--rps', '20', '--duration', '3s', '--json', '--quiet', '--url', url].concat([
      '--push',
      `http://${at}/api/v1/write`,
    ]),
  );
  const result = JSON.parse(run.stdout);
  t.equal(result.sent, 60);
  const query = async (expression: string) => {
    const text = await ask(`/api/v1/query?query=${encodeURIComponent(expression)}`);
    return JSON.parse(text).data.result.map(({ value }: { value: [number, string] }) => Number(value[1]));
  };
  t.same(await query('hwctl_load_sent_total'), [60], 'the end');
  const [samples] = await query('count_over_time(hwctl_load_sent_total[5m])');
  t.ok(samples >= 2, `${samples} samples while it ran`);
});
