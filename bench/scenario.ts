// hwctl test beside newman on the same collection and server: start to end, cost of a request, memory of many iterations.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const newman = createRequire(import.meta.url).resolve('newman/bin/newman.js');
const iterations = Number(process.env.ITERATIONS ?? 2_000);

const server = createServer((_request, response) => response.end('{"ok":true}'));
await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const folder = mkdtempSync(join(tmpdir(), 'hwctl-bench-'));
const names = Array.from({ length: 9 }, (_, i) => `request ${i + 1}`);
writeFileSync(
  join(folder, 'nine.yaml'),
  `name: nine\nsteps:\n${names.map((name) => `  - { name: ${name}, request: GET /, check: [{ name: ok, status: 200 }] }\n`).join('')}`,
);
const exec = ["pm.test('ok', () => pm.response.to.have.status(200));"];
const item = names.map((name) => ({ name, request: `${url}/`, event: [{ listen: 'test', script: { exec } }] }));
const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
writeFileSync(join(folder, 'nine.json'), JSON.stringify({ info: { name: 'nine', schema }, item }));

interface Cost {
  wallMs: number;
  peakMb: number;
}

/** One run; GNU time is not everywhere, so the peak is read from the child itself at its end. */
function cost(argv: string[]): Promise<Cost> {
  const hook = `data:text/javascript,process.on("exit",()=>process.stderr.write("\\nPEAK "+process.resourceUsage().maxRSS))`;
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', hook, ...argv], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 600_000,
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  return new Promise((done, fail) =>
    child.on('close', (code) => {
      const peak = Number(/PEAK (\d+)/.exec(stderr)?.[1]) / 1024;
      if (code === 0) done({ wallMs: performance.now() - started, peakMb: peak });
      else fail(new Error(`${argv.join(' ')} exited with ${code}: ${stderr}`));
    }),
  );
}

const programs: Record<string, (n: number) => string[]> = {
  'hwctl, YAML': (n) => [join(root, 'bin/hwctl.js'), 'test', './nine.yaml', '--url', url, '-n', String(n)],
  'hwctl, collection': (n) => [join(root, 'bin/hwctl.js'), 'test', './nine.json', '-n', String(n)],
  newman: (n) => [newman, 'run', 'nine.json', '-n', String(n)],
};
const rows: string[] = [];
for (const [name, argv] of Object.entries(programs)) {
  const once = [await cost(argv(1)), await cost(argv(1)), await cost(argv(1))].sort((a, b) => a.wallMs - b.wallMs)[1]!;
  // A collection's runtime takes seconds where YAML takes milliseconds: fewer rounds say the same.
  const rounds = name === 'hwctl, YAML' ? iterations : Math.ceil(iterations / 20);
  const many = await cost(argv(rounds));
  const perRequest = (many.wallMs - once.wallMs) / ((rounds - 1) * names.length);
  rows.push(
    `| ${name} | ${once.wallMs.toFixed(0)} ms | ${perRequest.toFixed(2)} ms | ${once.peakMb.toFixed(0)} MB | ${many.peakMb.toFixed(0)} MB (${rounds} iterations) |`,
  );
}
const node = performance.now();
spawnSync(process.execPath, ['-e', '0']);
process.stdout.write(`node -e 0: ${(performance.now() - node).toFixed(0)} ms\n\n`);
process.stdout.write(
  '| program | nine requests, start to end (median of 3) | each further request | peak memory, 1 iteration | many |\n|---|---|---|---|---|\n',
);
process.stdout.write(`${rows.join('\n')}\n`);
server.closeAllConnections();
server.close();
rmSync(folder, { recursive: true, force: true });
