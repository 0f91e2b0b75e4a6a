import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { OutFiles } from '../../src/cli/commands/load/out.js';
import { Failure } from '../../src/cli/kernel/failure.js';
import { definePlan } from '../../src/cli/load/plan/plan-define.js';
import { withFileLimit } from '../file-limit.js';
import { resultOf, running } from '../report/fixtures.js';

const result = resultOf(running);
const plan = definePlan({
  endpoint: { url: 'http://h.test' },
  arrivals: { model: 'open', stages: [{ durationMs: 1000, from: 1, to: 1 }], poisson: false },
  work: [{ kind: 'requests', name: 'w', weight: 1, requests: [{ step: 'GET /', method: 'GET', path: '/' }] }],
});
const record = { dueUs: 0, sentUs: 0, firstByteUs: 0, doneUs: 1000, step: 0, status: 200, bytes: 1 };
const kinds = ['json', 'csv', 'ndjson', 'html', 'md'];

/** Writes one file of each kind. */
async function writeAll(cwd: string) {
  const files = new OutFiles(
    kinds.map((kind) => `run.${kind}`),
    { cwd },
  );
  const take = files.recorder(plan)!;
  for (let i = 0; i < 100; i++) take([record, record]);
  return files.write(result, plan);
}

t.test('a file that cannot be written whole is lost alone, said so, and the earlier one kept', async (t) => {
  const whole = t.testdir();
  await writeAll(whole);
  const sizes = new Map(kinds.map((kind) => [`run.${kind}`, statSync(join(whole, `run.${kind}`)).size]));
  for (const [longest, limit] of sizes) {
    const cwd = t.testdir(Object.fromEntries([...sizes.keys()].map((name) => [name, 'earlier'])));
    const { paths, lost } = await withFileLimit(limit - 1, () => writeAll(cwd));
    const fits = [...sizes.keys()].filter((name) => sizes.get(name)! < limit);
    t.same(
      paths,
      fits.map((name) => join(cwd, name)),
      `files smaller than ${longest}`,
    );
    t.equal(lost.length, kinds.length - fits.length);
    for (const { message, hint } of lost) {
      t.match(message, /^--out: run\.\w+ cannot be written: the file is as large as it may be$/);
      t.match(hint, /run again/);
    }
    for (const [name, size] of sizes) {
      const text = readFileSync(join(cwd, name), 'utf8');
      t.equal(text === 'earlier', size >= limit, name);
      if (name === 'run.ndjson' && size < limit) t.equal(text.trimEnd().split('\n').length, 200);
    }
    t.same(readdirSync(cwd).sort(), [...sizes.keys()].sort(), 'nothing is left behind');
  }
});

t.test('nothing that lies beside the files is written to, whatever its name', async (t) => {
  const cwd = t.testdir({ 'private.txt': 'mine' });
  for (const kind of kinds)
    for (const end of ['.part', '.tmp', '~', `.${process.pid}.tmp`])
      symlinkSync('private.txt', join(cwd, `run.${kind}${end}`));
  const before = readdirSync(cwd);
  t.same((await writeAll(cwd)).lost, []);
  t.equal(readFileSync(join(cwd, 'private.txt'), 'utf8'), 'mine');
  t.same(readdirSync(cwd).sort(), [...before, ...kinds.map((kind) => `run.${kind}`)].sort());
});

t.test('every .ndjson has the records; one path given twice is one file', async (t) => {
  const cwd = t.testdir();
  const files = new OutFiles(['a.ndjson', 'b.ndjson', './a.ndjson'], { cwd });
  files.recorder(plan)!([record, record]);
  const { paths, lost } = await files.write(result, plan);
  t.same(lost, []);
  t.same(paths, [join(cwd, 'a.ndjson'), join(cwd, 'b.ndjson')]);
  for (const path of paths) t.equal(readFileSync(path, 'utf8').trimEnd().split('\n').length, 2);
});

t.test('what cannot be written is refused before the run, and nothing is left behind', async (t) => {
  const cwd = t.testdir();
  mkdirSync(join(cwd, 'folder.json'));
  for (const bad of ['folder.json', 'missing/run.json']) {
    t.throws(() => new OutFiles(['ok.json', bad], { cwd }), Failure, bad);
    t.same(readdirSync(cwd), ['folder.json'], bad);
  }
});

t.test('a place that went away during the run is told', async (t) => {
  const cwd = t.testdir();
  const files = new OutFiles(['run.json', 'run.csv'], { cwd });
  mkdirSync(join(cwd, 'run.json'));
  const { paths, lost } = await files.write(result, plan);
  t.same(paths, [join(cwd, 'run.csv')]);
  t.match(lost, [{ message: /^--out: run\.json cannot be written: it is a folder$/, hint: /run again/ }]);
});
