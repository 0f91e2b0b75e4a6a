/** `up`, `up` again and `down` of the local target, each beside `node -e 0` in the same run: `npx tsx bench/local.ts [STACK...]`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const rounds = 5;
const stacks = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['idempotency'];
/** The bars are those of the default stack. */
const bar = (ms: number) => (stacks.join() === 'idempotency' ? ms : undefined);
const home = mkdtempSync(join(tmpdir(), 'hwctl-bench-'));
const env = { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: home };

function timeMs(argv: string[]): number {
  const began = process.hrtime.bigint();
  const run = spawnSync(process.execPath, argv, { env, encoding: 'utf8', timeout: 120_000 });
  const tookMs = Number(process.hrtime.bigint() - began) / 1e6;
  if (run.status !== 0) throw new Error(`${argv.join(' ')} ended with ${run.status}:\n${run.stdout}${run.stderr}`);
  return tookMs;
}

const hwctl = (...args: string[]) => [join(root, 'bin', 'hwctl.js'), ...args, '--target', 'local'];
const rows: Record<string, { bar?: number; samples: number[] }> = {
  'node -e 0': { samples: [] },
  [`up ${stacks.join(' ')}, to ready`]: { bar: bar(2000), samples: [] },
  'up again, unchanged': { bar: bar(500), samples: [] },
  down: { bar: bar(1000), samples: [] },
};
const [base, up, again, down] = Object.values(rows) as [
  { samples: number[] },
  { samples: number[] },
  { samples: number[] },
  { samples: number[] },
];
try {
  for (let round = 0; round < rounds; round++) {
    base.samples.push(timeMs(['-e', '0']));
    up.samples.push(timeMs(hwctl('up', ...stacks)));
    again.samples.push(timeMs(hwctl('up', ...stacks)));
    down.samples.push(timeMs(hwctl('down')));
  }
} finally {
  spawnSync(process.execPath, hwctl('down'), { env });
}
const left = readdirSync(home);
rmSync(home, { recursive: true, force: true });

const median = (samples: number[]) => [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0;
const unit = median(base.samples);
console.log(`local target, median (min to max) of ${rounds} runs, ms; ratio to node -e 0`);
for (const [name, { bar, samples }] of Object.entries(rows)) {
  const range = `(${Math.min(...samples).toFixed(0)} to ${Math.max(...samples).toFixed(0)})`;
  const verdict = bar === undefined ? '' : `  bar ${bar}: ${median(samples) <= bar ? 'met' : 'MISSED'}`;
  const figures = `${median(samples).toFixed(0).padStart(6)} ${range.padEnd(16)} ${(median(samples) / unit).toFixed(1).padStart(6)}x`;
  console.log(`${name.padEnd(28)} ${figures}${verdict}`);
}
console.log(left.length === 0 ? 'nothing is left after down' : `LEFT after down: ${left.join(', ')}`);
