import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t from 'tap';

t.setTimeout(1_700_000);

const starts = Number(process.env.STARTS ?? 2000);
const seed = 1;
const file = (name: string) => fileURLToPath(new URL(`starts/${name}`, import.meta.url));

// One start in some 740 hung where the pacer's last word fell between its reader's last look and its sleep.
t.test(`${starts} starts with random pauses between the steps of the threads: none hangs`, async (t) => {
  const args = ['--import', file('delays.js'), file('starts.js'), String(starts)];
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
