import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hwctl } from '../../golden.js';

t.setTimeout(300_000);

t.test('--baseline finds a regression of known size, and none where there is none', async (t) => {
  let delayMs = 20;
  const server = http.createServer((_, response) => setTimeout(() => response.end('Hello from hwctl!'), delayMs));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cwd = mkdtempSync(join(tmpdir(), 'hwctl-compare-'));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
    rmSync(cwd, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const args = ['load', '--requests', '200', '--concurrency', '5', '--quiet', '--url', url];
  await hwctl([...args, '--out', 'before.json'], { cwd });
  await hwctl([...args, '--out', 'again.json'], { cwd });
  // Four times as slow: far beyond what a busy machine adds to both.
  delayMs = 80;
  const slow = await hwctl([...args, '--out', 'slow.json', '--baseline', 'before.json', '--tolerance', '50%'], { cwd });
  // VOID (3) where the machine was too busy for numbers to mean anything; never a pass.
  t.match(String(slow.exitCode), /^[13]$/, slow.stdout);
  t.match(slow.stdout, slow.exitCode === 1 ? /REGRESSION: p50/ : /VOID/);
  t.match(slow.stdout, /Mann-Whitney U/);
  t.match(slow.stdout, /order statistics/);
  const same = await hwctl(['load', 'compare', 'before.json', 'again.json', '--tolerance', '150%'], { cwd });
  t.match(String(same.exitCode), /^[03]$/, same.stdout);
  const compared = await hwctl(['load', 'compare', 'slow.json', 'before.json', '--json'], { cwd });
  t.match(JSON.parse(compared.stdout).state, /^(IMPROVED|VOID)$/);
});
