// Startup of `hwctl --version` against `node -e 0`, interleaved, so that both meet the same noise. Bar: <= 1.5 x.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const rounds = 31;
const bin = fileURLToPath(new URL('../bin/hwctl.js', import.meta.url));

function wallMs(args: string[]): number {
  const before = process.hrtime.bigint();
  const result = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (result.status !== 0) throw new Error(`node ${args.join(' ')} exited with ${result.status}`);
  return Number(process.hrtime.bigint() - before) / 1e6;
}

function quantile(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

const samples: Record<string, number[]> = { 'node -e 0': [], 'hwctl --version': [], 'hwctl --help': [] };
for (let i = 0; i < rounds; i++) {
  samples['node -e 0']?.push(wallMs(['-e', '0']));
  samples['hwctl --version']?.push(wallMs([bin, '--version']));
  samples['hwctl --help']?.push(wallMs([bin, '--help']));
}
const base = quantile(samples['node -e 0'] ?? [], 0.5);
console.log('command           median    p25    p75   ratio to node -e 0 (bar 1.5 for --version)');
for (const [name, values] of Object.entries(samples)) {
  const cells = [0.5, 0.25, 0.75].map((q) => `${quantile(values, q).toFixed(1)} ms`.padStart(8)).join(' ');
  console.log(`${name.padEnd(15)} ${cells}   ${(quantile(values, 0.5) / base).toFixed(2)}`);
}
