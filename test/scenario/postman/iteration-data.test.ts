import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { Failure } from '../../../src/cli/kernel/failure.js';
import { readIterationData as readNamed } from '../../../src/cli/scenario/postman/iteration-data.js';

const readIterationData = (file: string) => readNamed(file, { shown: file });

const folder = mkdtempSync(join(tmpdir(), 'hwctl-data-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

type Options = (given: object, done: (error: Error | null, options: { iterationData: unknown }) => void) => void;
const newmanOptions = createRequire(import.meta.url)('newman/lib/run/options') as Options;

/** What newman's own loader makes of a file; 'refused' where it ends with an error. */
function newmanData(file: string): Promise<unknown> {
  return new Promise((done) =>
    newmanOptions({ collection: { item: [] }, iterationData: file }, (error, options) =>
      done(error ? 'refused' : options.iterationData),
    ),
  );
}

function ourData(file: string): unknown {
  try {
    return readIterationData(file);
  } catch (error) {
    if (error instanceof Failure) return 'refused';
    throw error;
  }
}

const cells = [
  ...[' 007 ', '1e3', '0x10', 'true', '-0', '1.0', '12345678901234567890', '"5"', '', ' ', '" q "', 'null', '+5', '.5'],
  ...[
    '5.',
    '-',
    '1_000',
    '0b11',
    'Infinity',
    'NaN',
    '1e400',
    '-1e-3',
    '5 5',
    '2024-01-01',
    'x"y',
    'x"y"',
    '""',
    '"a""b"',
  ],
  ...[
    '"a" ',
    ' "a"',
    '"a"b',
    '"a" "b"',
    '"" x',
    '"a\nb"',
    '"a,b"',
    '"a',
    '\t7\t',
    '\f7',
    '\u00a07\u00a0',
    'h\u00e9',
    "it's",
    '0,1',
  ],
];
const files = [
  ...['', '\n', 'row', 'row\n', 'row,n\nshort\n', 'row\n1,2,3\n', 'row,n\n\n1,2\n\n', 'row\r\n1\r\n2\r\n', 'row\r1\r2'],
  ...[
    'row\n1\r\n2\r\n',
    'row\r\n1\n2\r\n',
    '"row\nb",c\n1,2\n',
    ' row , n \n1,2',
    'row,row\n1,2\n',
    ',b\n1,2\n',
    '7,b\n1,2\n',
  ],
  ...[
    '"7",b\n1,2\n',
    '\ufeffrow\n1\n',
    '\n\nrow\n1\n',
    'row;n\n1;2\n',
    '#row\n1\n',
    'row\n"a\r\nb"\r\n"c"\n',
    '"row"\r\n1\r\n',
  ],
  ...[
    'row\n"a"\0b\n',
    '[1,2]',
    ' [{"row":1}] ',
    '[]',
    '[{"row":"1"},null]',
    '[a],b\n1,2\n',
    '{"row":',
    '0',
    'null',
    '""',
  ],
];

for (const [name, texts] of Object.entries({ cells: cells.map((cell) => `row,n\n${cell},${cell}\n`), files })) {
  t.test(`newman and hwctl read the same: ${name}`, async (t) => {
    for (const [i, text] of texts.entries()) {
      const file = join(folder, `${name}-${i}.csv`);
      writeFileSync(file, text);
      t.strictSame(ourData(file), await newmanData(file), JSON.stringify(text));
    }
  });
}

t.test('newman and hwctl read the same: random texts', async (t) => {
  let seed = 11;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const file = join(folder, 'random.csv');
  for (let i = 0; i < 400; i++) {
    const length = random(24);
    const text = `a,b\n${Array.from({ length }, () => '"",,\n\r ax10\t'[random(11)]).join('')}`;
    writeFileSync(file, text);
    const [ours, theirs] = [ourData(file), await newmanData(file)];
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) t.strictSame(ours, theirs, JSON.stringify(text));
  }
  t.pass('400 texts');
});

t.test('newman and hwctl read the same: other encodings', async (t) => {
  const file = join(folder, 'encoded.csv');
  const german = 'name,town\nM\u00fcller,Gr\u00fcnstra\u00dfe in der sch\u00f6nen Stadt\n';
  for (const bytes of [
    Buffer.from(german, 'latin1'),
    Buffer.from(`\ufeff${german}`, 'utf16le'),
    Buffer.from(`\ufeff${german}`),
  ]) {
    writeFileSync(file, bytes);
    t.strictSame(ourData(file), await newmanData(file));
    t.strictSame(ourData(file), [{ name: 'M\u00fcller', town: 'Gr\u00fcnstra\u00dfe in der sch\u00f6nen Stadt' }]);
  }
});

t.test('what cannot be data is refused with its place', async (t) => {
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  t.throws(() => readIterationData(file('a.csv', 'a,b\n1,2\n"x\n')), /a\.csv:4: a quote is never closed/);
  t.throws(() => readIterationData(file('b.csv', 'a,b\n"x"y,2\n')), /b\.csv:2: "y" stands after a closing quote/);
  t.throws(() => readIterationData(file('c.csv', '7,b\n1,2\n')), /c\.csv:1: the column 1 is named 7/);
  t.throws(() => readIterationData(file('d.json', '[{"a":}]')), /d\.json:1:7: not JSON: expected a value/);
  t.throws(() => readIterationData(join(folder, 'none.csv')), /none\.csv cannot be read/);
  t.same(readIterationData(file('e.json', '{"a":1}')), [{}], 'JSON that is no list: one iteration without data');
});
