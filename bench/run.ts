// `npm run bench [NAME...]`: the figures of the README, each beside its peer from the same run. One heavy thing at a time.
import { readdirSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';

const folder = fileURLToPath(new URL('.', import.meta.url));
const benches = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && !['run.ts', 'peers.ts'].includes(file))
  .map((file) => file.slice(0, -3))
  .sort();
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !benches.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no such bench: ${unknown.join(', ')}. There are: ${benches.join(', ')}\n`);
  process.exit(2);
}

const memory = `${(totalmem() / 1e9).toFixed(0)} GB`;
process.stdout.write(`${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, ${memory}, Node ${process.version}\n`);
let failed = 0;
for (const name of asked.length > 0 ? asked : benches) {
  const [load = 0] = loadavg();
  process.stdout.write(`\n## ${name} (npm run bench ${name}; load average before: ${load.toFixed(2)})\n\n`);
  const bench = $({ stdio: 'inherit', nothrow: true, timeout: '30m' });
  const { exitCode } = await bench`${process.execPath} --import tsx ${folder}${name}.ts`;
  if (exitCode !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
