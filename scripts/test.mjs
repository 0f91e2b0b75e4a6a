// Runs the tests: `node scripts/test.mjs [runs|faults|e2e|soak|FILE or FOLDER...]`. Without an argument: all but the slow suites.
// Each file is a process that prints TAP (tap is what it asserts with); the whole goes to .tap/NAME.tap, for who wants to read it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitDrained } from './exit-drained.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const slowSuites = ['faults', 'e2e', 'runs', 'soak'];

function testFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.test\.tsx?$/.test(name))
    .map((name) => join(folder, name));
}

function isSlow(file) {
  return slowSuites.some((name) => file.startsWith(`test/${name}/`));
}

/** What is asked for, by the words of the command line. */
function asked([suite, ...rest]) {
  if (suite === undefined) return testFiles('test').filter((file) => !isSlow(file));
  if (slowSuites.includes(suite)) return existsSync(`test/${suite}`) ? testFiles(`test/${suite}`) : [];
  return [suite, ...rest].flatMap((path) => (statSync(path).isDirectory() ? testFiles(path) : [path]));
}

/** How long each file took when this was run last, by its name: whoever takes longest begins first, lest it be alone at the end. */
function lastTimes(raw) {
  if (!existsSync(raw)) return new Map();
  const lines = readFileSync(raw, 'utf8').matchAll(/^(?:not )?ok \d+ - (\S+) # time=([\d.]+)ms$/gm);
  return new Map(Array.from(lines, ([, file, ms]) => [file, Number(ms)]));
}

/** One line a file, the whole block of one that failed, and every skip, so that none is silent. */
function print({ ok, block }) {
  const skips = block.filter((line) => / # (SKIP|TODO)\b/i.test(line));
  const summary = block.find((line) => /^(not )?ok /.test(line));
  process.stdout.write(`${(ok ? [...skips.filter((line) => line !== summary), summary] : block).join('\n')}\n`);
}

const paths = process.argv.slice(2);
const missing = paths.filter((path) => !slowSuites.includes(path) && !existsSync(path));
const files = missing.length > 0 ? [] : asked(paths).sort();
if (files.length === 0) {
  process.stderr.write(
    missing.length > 0 ? `no such file: ${missing.join(', ')}\n` : `no tests in ${paths[0] ?? 'test'}\n`,
  );
  process.exit(1);
}

// tap generates its plugin set once per install (.taprc leaves out what is not used).
const mark = 'node_modules/.tap-built';
const installed = 'node_modules/.package-lock.json';
if (!existsSync(mark) || (existsSync(installed) && statSync(mark).mtimeMs < statSync(installed).mtimeMs)) {
  execFileSync('npx', ['tap', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] });
  writeFileSync(mark, '');
}
const { buildTests } = await import('./test-build.mjs');
const { runTestFile } = await import('./test-run.mjs');
await buildTests();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
mkdirSync('.tap', { recursive: true });
const raw = `.tap/${paths[0]?.replaceAll('/', '-') ?? 'test'}.tap`;
const slow = files.some(isSlow);
const times = slow ? new Map() : lastTimes(raw);
const queue = files.sort((a, b) => (times.get(b) ?? 0) - (times.get(a) ?? 0) || (a < b ? -1 : 1));
writeFileSync(raw, '');
const all = { pass: 0, fail: 0, skip: 0, todo: 0 };
let done = 0;

async function runNext(id) {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const timeoutSeconds = slow ? 1800 : 120;
    const outcome = await runTestFile(file, { id, number: () => ++done, timeoutSeconds });
    writeFileSync(raw, `${outcome.block.join('\n')}\n\n`, { flag: 'a' });
    for (const name of Object.keys(all)) all[name] += outcome.counts[name];
    print(outcome);
  }
}

await Promise.all(Array.from({ length: slow ? 1 : 3 }, (_, index) => runNext(index)));
writeFileSync(raw, `1..${done}\n`, { flag: 'a' });
const skipped = all.skip + all.todo;
process.stdout.write(`${all.pass} passed, ${all.fail} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
exitDrained(all.fail > 0 || done === 0 ? 1 : 0);
