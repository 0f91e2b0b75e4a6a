import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import t from 'tap';

t.setTimeout(1_700_000);

const starts = Number(process.env.STARTS ?? 2000);
const seed = 1;
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

// One start in some 740 hung where the pacer's last word fell between its reader's last look and its sleep.
t.test(`${starts} starts with random pauses between the steps of the threads: none hangs`, async (t) => {
  // The engine and its threads side by side, as the build leaves them.
  const outdir = mkdtempSync(join(tmpdir(), 'hwctl-starts-'));
  t.teardown(() => rmSync(outdir, { recursive: true, force: true }));
  const engine = ['io-thread', 'pacer-thread'].map((name) => `../../../src/cli/load/engine/${name}.main.ts`);
  const entryPoints = ['starts/starts.ts', ...engine].map(file);
  await build({
    entryPoints,
    outdir,
    entryNames: '[name]',
    bundle: true,
    platform: 'node',
    format: 'esm',
    splitting: true,
  });
  const args = ['--import', file('starts/delays.js'), join(outdir, 'starts.js'), String(starts)];
  const child = spawn(process.execPath, args, { env: { ...process.env, STARTS_SEED: String(seed) } });
  t.teardown(() => child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
    });
  }
  const [code] = await once(child, 'close');
  t.equal(code, 0, `seed ${seed}: ${said.trim().slice(-2000)}`);
  t.match(said, `${starts} starts, 0 wrong`);
});
