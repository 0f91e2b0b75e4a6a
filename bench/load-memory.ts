// Memory of a long run: resident set at 100 thousand and at 10 million requests, closed loop with full recording; and
// 10,000 users with a connection each, once a second. Bars: <= 1.1 x, < 150 MB; every turn taken.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startNginx } from './load/nginx.js';

const bin = fileURLToPath(new URL('../bin/hwctl.js', import.meta.url));
const many = Number(process.env.REQUESTS ?? 10_000_000);
const users = Number(process.env.USERS ?? 10_000);

/** Runs hwctl and follows its resident set, in MB. */
async function run(args: string[]) {
  const child = spawn(process.execPath, [bin, 'load', '--json', '--quiet', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20 * 60_000,
  });
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  let peakMb = 0;
  const watch = setInterval(() => {
    try {
      const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      if (match !== null) peakMb = Number(match[1]) / 1024;
    } catch {
      // It has just ended.
    }
  }, 100);
  await once(child, 'close');
  clearInterval(watch);
  return { peakMb, result: JSON.parse(text) };
}

const nginx = await startNginx();
if (nginx === undefined) console.log('skipped: nginx is not installed (apt-get install nginx)');
else {
  try {
    const closed = (requests: number) => ['--url', nginx.url, '--requests', String(requests), '--concurrency', '50'];
    const few = await run(closed(100_000));
    const all = await run(closed(many));
    const rate = (all.result.achievedRequestsPerSecond / 1000).toFixed(1);
    console.log(`${few.result.ok} requests: at most ${few.peakMb.toFixed(0)} MB`);
    console.log(`${all.result.ok} requests (${rate} thousand/s): at most ${all.peakMb.toFixed(0)} MB`);
    console.log(`ratio ${(all.peakMb / few.peakMb).toFixed(2)} (bar 1.1; and 150 MB)`);

    const args = ['--url', nginx.url, '--users', String(users), '--pace', '1s', '--duration', '20s'];
    const { peakMb, result } = await run([...args, '--max-in-flight', String(users)]);
    const { connections, droppedBy, latencyMs, verdict } = result;
    console.log(
      `${users} users, each once a second for 20 s: ${connections.peak} connections at once, ${result.ok} of ${result.scheduled} ok, ` +
        `${droppedBy.userBusy} turns missed, response p99 ${latencyMs.response.p99} ms, at most ${peakMb.toFixed(0)} MB, ${verdict.state}`,
    );
  } finally {
    nginx.stop();
  }
}
