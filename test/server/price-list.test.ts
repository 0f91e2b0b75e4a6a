import t from 'tap';
import { parsePriceList } from '../../src/server/price-list.js';

const good = '\uFEFF# prices\r\n1 199.90\r\n\r\n2,5\n3;0.5\n4=1\n5: 2\n6 -> 3.10\n 0007\t8 \n';
t.same(
  [...parsePriceList(good)],
  [
    ['1', '199.90'],
    ['2', '5'],
    ['3', '0.5'],
    ['4', '1'],
    ['5', '2'],
    ['6', '3.10'],
    ['7', '8'],
  ],
);

const bad: [string, RegExp][] = [
  ['', /no price/],
  ['# only a comment\n', /no price/],
  ['1 2\nx 3\n', /line 2: expected "ID PRICE", found "x 3"/],
  ['1 -2', /line 1/],
  ['1 1.999', /line 1/],
  ['1 01', /line 1/],
  ['0 1', /line 1/],
  ['1', /line 1/],
  ['1 2 3', /line 1/],
  ['1 1e3', /line 1/],
  ['1 2\n\n01 3', /line 3: product 1 has a price already/],
  [Array.from({ length: 13 }, () => '?').join('\n'), /line 10: .*; and 3 more/],
];
for (const [text, message] of bad) t.throws(() => parsePriceList(text), { message }, JSON.stringify(text).slice(0, 30));
