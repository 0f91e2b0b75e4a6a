// Runs the tests with tap: `node scripts/test.mjs [runs|faults|e2e|soak|FILE or FOLDER...]`. Without an argument: all but the slow suites.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { $ } from 'zx';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const slowSuites = ['faults', 'e2e', 'runs', 'soak'];

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
  const { exitCode } = await $({ stdio: ['ignore', 'ignore', 'inherit'], nothrow: true })`npx tap build`;
  if (exitCode !== 0) process.exit(exitCode ?? 1);
  writeFileSync(mark, '');
}

/** Without a terminal: one line a file, the whole block of a file that failed, and every skip, so that none is silent. */
function printOutcomes(tap) {
  let block = [];
  for (const line of tap.split('\n')) {
    if (line.startsWith('ok ') || line.startsWith('not ok ')) {
      if (line.startsWith('not ok ')) process.stdout.write(`${block.join('\n')}\n`);
      else for (const skip of block.filter((text) => / # (SKIP|TODO)\b/i.test(text))) process.stdout.write(`${skip}\n`);
      process.stdout.write(`${line}\n`);
      block = [];
    } else if (!/^# (Subtest|No coverage)/.test(line)) block.push(line);
  }
}

const [suite, ...rest] = process.argv.slice(2);
let files;
if (suite === undefined)
  files = testFiles('test').filter((file) => !slowSuites.some((slow) => file.startsWith(`test/${slow}/`)));
else if (slowSuites.includes(suite)) files = existsSync(`test/${suite}`) ? testFiles(`test/${suite}`) : [];
// A folder is every test in it: tap leaves folders out without a word.
else
  files = [suite, ...rest].flatMap((path) =>
    existsSync(path) && statSync(path).isDirectory() ? testFiles(path) : [path],
  );
const slow = files.some((file) => slowSuites.some((name) => file.startsWith(`test/${name}/`)));
if (files.length === 0) {
  process.stderr.write(`no tests in ${suite ?? 'test'}\n`);
  process.exit(1);
}
const options = slow ? ['--timeout=1800', '--jobs=1'] : [];
// The raw TAP goes to a file, so that the last line can say what passed whatever reporter the terminal gets.
const reporter = process.stdout.isTTY ? ['--reporter=terse'] : ['--reporter=silent'];
mkdirSync('.tap', { recursive: true });
const raw = `.tap/${suite?.replaceAll('/', '-') ?? 'test'}.tap`;
const tap = $({ stdio: 'inherit', nothrow: true });
const { exitCode } = await tap`npx tap ${options} --output-file=${raw} ${reporter} ${files.sort()}`;
if (!process.stdout.isTTY) printOutcomes(readFileSync(raw, 'utf8'));
const totals = /^# \{ (total: .*) \}$/m.exec(readFileSync(raw, 'utf8'))?.[1] ?? '';
const count = (name) => Number(new RegExp(`${name}: (\\d+)`).exec(totals)?.[1] ?? 0);
const skipped = count('skip') + count('todo');
process.stdout.write(`${count('pass')} passed, ${count('fail')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exit(exitCode ?? 1);
