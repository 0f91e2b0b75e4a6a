// docs/ERRORS.md has a row for every code that the source gives a failure, and for no other.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { failureCodes } from './failure-codes.js';
import { root } from './golden.js';

const page = readFileSync(`${root}docs/ERRORS.md`, 'utf8');
const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (.+?) \| (.+?) \|$/gm)];

t.test('every code has a row, with its meaning and what to do', (t) => {
  const codes = failureCodes();
  t.ok(codes.size > 140, `${codes.size} codes`);
  const told = rows.map(([, code]) => code!);
  t.same(
    [...codes].filter(([code]) => !told.includes(code)).map((each) => each.join(' of ')),
    [],
    'without a row',
  );
  t.same(
    told.filter((code) => !codes.has(code)),
    [],
    'rows that no failure has',
  );
  t.equal(new Set(told).size, told.length, 'no row twice');
  for (const [, code, meaning, cure] of rows) t.ok(/\.$/.test(meaning!) && cure!.length > 5, `${code} says both`);
  t.equal(page.match(/^\| `/gm)?.length, rows.length, 'every row is read');
  t.end();
});

t.test('codes are found where they are given', (t) => {
  const codes = failureCodes();
  // As a field, by a condition, as an argument, of a kind of value, of a document's problems.
  for (const code of [
    'nothing-is-up',
    'no-such-file',
    'unreadable',
    'no-answer',
    'bad-number',
    'bad-scenario',
    'quota-exceeded',
  ])
    t.ok(codes.has(code), code);
  for (const other of ['lost-response', 'bad-encoding', 'too-many-redirects'])
    t.notOk(codes.has(other), `${other} is of an exchange`);
  t.end();
});
