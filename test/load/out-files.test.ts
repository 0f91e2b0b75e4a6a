import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { OutFiles } from '../../src/cli/commands/load/out.js';
import { Failure } from '../../src/cli/kernel/failure.js';
import { definePlan } from '../../src/cli/load/plan/plan-define.js';
import { resultOf, running } from '../report/fixtures.js';

const result = resultOf(running);
const plan = definePlan({
  endpoint: { url: 'http://h.test' },
  arrivals: { model: 'open', stages: [{ durationMs: 1000, from: 1, to: 1 }], poisson: false },
  work: [{ kind: 'requests', name: 'w', weight: 1, requests: [{ step: 'GET /', method: 'GET', path: '/' }] }],
});
const record = { dueUs: 0, sentUs: 0, firstByteUs: 0, doneUs: 1000, step: 0, status: 200, bytes: 1 };
const kinds = ['json', 'csv', 'ndjson', 'html'];

// Where a file is written before it is put in its place there is a device that is always full.
t.test(
  'a full disk loses that file alone, says so, and keeps the earlier one',
  { skip: !existsSync('/dev/full') },
  async (t) => {
    for (const full of kinds) {
      const cwd = t.testdir();
      const names = kinds.map((kind) => `run.${kind}`);
      for (const name of names) writeFileSync(join(cwd, name), 'earlier');
      symlinkSync('/dev/full', join(cwd, `run.${full}.part`));
      const files = new OutFiles(names, { cwd });
      const take = files.recorder(plan)!;
      for (let i = 0; i < 100; i++) take([record, record]);
      const { paths, lost } = await files.write(result, plan);
      t.equal(lost.length, 1, full);
      t.match(lost[0]!.message, new RegExp(`^--out: run\\.${full} cannot be written: the disk is full$`));
      t.match(lost[0]!.hint, /room/);
      t.same(
        paths,
        names.filter((name) => name !== `run.${full}`).map((name) => join(cwd, name)),
      );
      for (const name of names) {
        const text = readFileSync(join(cwd, name), 'utf8');
        t.equal(text === 'earlier', name === `run.${full}`, name);
        if (name === 'run.ndjson' && full !== 'ndjson') t.equal(text.trimEnd().split('\n').length, 200);
      }
      t.same(readdirSync(cwd).sort(), names.sort(), 'nothing is left behind');
    }
  },
);

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
