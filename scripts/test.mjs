// Runs the tests with tap: `node scripts/test.mjs [faults|e2e|FILE...]`. Without an argument: all but the slow suites.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const slowSuites = ['faults', 'e2e'];

function testFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    return /\.test\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

// tap generates its plugin set once per install (.taprc leaves the TypeScript plugin out: tsx loads the tests).
const mark = 'node_modules/.tap-built';
const installed = 'node_modules/.package-lock.json';
if (!existsSync(mark) || (existsSync(installed) && statSync(mark).mtimeMs < statSync(installed).mtimeMs)) {
  const built = spawnSync('npx', ['tap', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (built.status !== 0) process.exit(built.status ?? 1);
  writeFileSync(mark, '');
}

const [suite, ...rest] = process.argv.slice(2);
let files;
if (suite === undefined)
  files = testFiles('test').filter((file) => !slowSuites.some((slow) => file.startsWith(`test/${slow}/`)));
else if (slowSuites.includes(suite)) files = existsSync(`test/${suite}`) ? testFiles(`test/${suite}`) : [];
else files = [suite, ...rest];
const slow = slowSuites.includes(suite);
if (files.length === 0) {
  process.stderr.write(`no tests in ${suite ?? 'test'}\n`);
  process.exit(1);
}
const options = slow ? ['--timeout=1800', '--jobs=1'] : [];
const run = spawnSync('npx', ['tap', ...options, ...files.sort()], { stdio: 'inherit' });
process.exit(run.status ?? 1);
