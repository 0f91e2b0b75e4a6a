// Lie detectors of `load --find-max`: servers of known capacity, and the rate that it names. The table is docs/LOAD.md's.
// `npm run bench find-max`; exits 1 where an answer is off by more than 10 %.
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';
import type { LoadReport } from '../src/cli/report/load/timeline.js';
import { limitedServer } from '../test/load/servers.js';

const bin = fileURLToPath(new URL('../bin/hwctl.js', import.meta.url));
const servers: [name: string, options: Parameters<typeof limitedServer>[0], truth: number][] = [
  ['serves at most 20 a second', { perSecond: 20 }, 20],
  ['serves at most 80 a second', { perSecond: 80 }, 80],
  ['serves at most 500 a second', { perSecond: 500 }, 500],
  ['sheds with 503 at 80 a second', { perSecond: 80, room: 25 }, 80],
  // By Little's law its latency is base / (1 - rate * each): a second, the limit taken by default, at 190.
  ['slows down: 50 ms, and 5 for each other', { baseMs: 50, slowingMs: 5 }, 190],
];

process.stdout.write('| server | true | named | of it | after | answer | exit |\n|---|--:|--:|--:|--:|---|--:|\n');
let off = 0;
for (const [name, options, truth] of servers) {
  const server = await limitedServer(options);
  const hwctl = $({ quiet: true, nothrow: true, timeout: '200s' });
  const { stdout, exitCode } = await hwctl`${process.execPath} ${bin} load --find-max --json --url ${server.url}/`;
  server.close();
  const { findMax, totalMs } = JSON.parse(stdout) as LoadReport;
  const held = findMax?.heldPerSecond;
  const share = held === undefined ? undefined : held / truth;
  if (share === undefined || share < 0.9 || share > 1.1) off++;
  const cells = [name, `${truth}/s`, held === undefined ? '-' : `${held}/s`, share?.toFixed(2) ?? '-'];
  process.stdout.write(
    `| ${cells.join(' | ')} | ${(totalMs / 1000).toFixed(0)} s | ${findMax?.state} | ${exitCode} |\n`,
  );
}
process.exitCode = off > 0 ? 1 : 0;
