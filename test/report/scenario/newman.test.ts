import { createRequire } from 'node:module';
import t from 'tap';
import { newmanSize, newmanTime } from '../../../src/cli/report/scenario/figures.js';
import { tableLines } from '../../../src/cli/report/scenario/table.js';

const require = createRequire(import.meta.url);

t.test('sizes and times as newman writes them', async (t) => {
  const { filesize } = require('filesize') as { filesize(bytes: number, options: object): string };
  for (const bytes of [0, 1, 204, 999, 1000, 1020, 1308, 9999, 24_700, 999_999, 1_000_000, 1_234_567, 5e9])
    t.equal(newmanSize(bytes), filesize(bytes, { spacer: '' }), `${bytes}`);
  const newman = require('newman/lib/util') as { prettyms(ms: number): string };
  for (const ms of [
    0.0005, 0.5, 1, 19.9, 1144, 1997.9, 1998, 2000, 2349, 59_949, 60_000, 61_500, 3_600_000, 3_725_000, 90_061_000,
  ])
    t.equal(newmanTime(ms), newman.prettyms(ms), `${ms}`);
});

t.test('the table is laid out as cli-table3 does it for newman', async (t) => {
  const Table = require('cli-table3') as new (
    options: object,
  ) => { push(...rows: unknown[]): void; toString(): string };
  const texts = [
    'total run duration: 5ms',
    'average response time: 96ms [min: 7ms, max: 364ms, s.d.: 140ms]',
    'average response time: 1m 3.2s [min: 850µs, max: 1h 2m 3.1s, s.d.: 140ms]',
  ];
  for (const text of texts)
    for (const executed of ['1', '123456789012345678901']) {
      const table = new Table({
        style: { head: [], border: [] },
        head: ['', 'executed', '  failed'],
        colAligns: ['right', 'right', 'right'],
        colWidths: [25],
      });
      table.push(['requests', executed, '0'], [{ colSpan: 3, content: text, hAlign: 'left' }]);
      const ours = tableLines(
        ['executed', '  failed'],
        [{ label: 'requests', cells: [executed, '0'] }, { text }],
        (cell) => cell,
      );
      t.equal(ours.join('\n'), table.toString(), `${text} / ${executed}`);
    }
});
