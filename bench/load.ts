// The generator's CPU per request beside its peers, and how punctual it is. nginx serves on the other core.
// Bars: <= 1.25 x wrk, <= 0.6 x autocannon; start lag p99 <= 0.5 ms at 5,000 rps; 100 arrivals +- 2 per 100 ms at 1,000 rps.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuPerRequest } from './load/cpu.js';
import { startNginx } from './load/nginx.js';
import { peersAtRate, punctuality } from './load/punctual.js';

const rounds = Number(process.env.ROUNDS ?? 5);
const requests = Number(process.env.REQUESTS ?? 1_000_000);
const seconds = Number(process.env.OPEN_SECONDS ?? 5);
const bin = fileURLToPath(new URL('../bin/hwctl.js', import.meta.url));

const nginx = await startNginx();
if (nginx === undefined) console.log('skipped: nginx is not installed (apt-get install nginx wrk)');
else {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-bench-load-'));
  try {
    cpuPerRequest(nginx.url, bin, folder, rounds, requests);
    await punctuality(nginx.url, bin, rounds, seconds);
    await peersAtRate(nginx.url, bin, seconds);
  } finally {
    nginx.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
