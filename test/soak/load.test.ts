import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { LoadResult } from '../../src/cli/load/metrics.js';
import { adds, httpProcess } from '../load/servers.js';

const minutes = 10;
const perSecond = 200;
const bin = fileURLToPath(new URL('../../bin/hwctl.js', import.meta.url));

t.setTimeout((minutes + 5) * 60_000);

t.test(`${minutes} minutes at ${perSecond} a second: every arrival, and memory that does not grow`, async (t) => {
  const server = await httpProcess("response.end('x')");
  const state = mkdtempSync(join(tmpdir(), 'hwctl-soak-'));
  t.teardown(() => {
    server.close();
    rmSync(state, { recursive: true, force: true });
  });
  const args = ['load', '--url', `http://127.0.0.1:${server.port}`, '--rps', String(perSecond)];
  const child = spawn(process.execPath, [bin, ...args, '--duration', `${minutes}m`, '--json', '--quiet'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, HOME: state, XDG_STATE_HOME: state },
  });
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  /** Resident set in MB, every five seconds. */
  const samples: number[] = [];
  const watch = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      samples.push(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024);
    } catch {
      // No /proc here, or it has just ended.
    }
  }, 5000);
  await once(child, 'close');
  clearInterval(watch);
  const result = JSON.parse(text) as LoadResult;
  adds(t, result);
  t.equal(result.scheduled, minutes * 60 * perSecond);
  t.equal(result.ok, result.scheduled);
  t.equal(result.durationMs, minutes * 60_000);
  const mean = (part: number[]) => part.reduce((sum, mb) => sum + mb, 0) / part.length;
  const [early, late] = [mean(samples.slice(12, 36)), mean(samples.slice(-24))];
  const peak = Math.max(...samples);
  if (samples.length > 0) {
    t.ok(late <= early * 1.1, `${early.toFixed(0)} MB in minutes 2 and 3, ${late.toFixed(0)} MB in the last two`);
    t.ok(peak < 150, `${peak.toFixed(0)} MB at most`);
  }
  const { startLag, response } = result.latencyMs;
  t.comment(
    `${result.ok} of ${result.scheduled} ok in ${minutes} min; resident ${early.toFixed(0)} MB early, ${late.toFixed(0)} MB late, ${peak.toFixed(0)} MB at most; ` +
      `start lag p50 ${startLag.p50} p99 ${startLag.p99} max ${startLag.max} ms; response p99 ${response.p99} ms; ${result.verdict.state}`,
  );
});
