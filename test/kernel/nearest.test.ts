import t from 'tap';
import { didYouMean, nearest } from '../../src/cli/kernel/nearest.js';

const words = ['up', 'down', 'test', 'load', 'verify', 'status', 'idempotency'];

t.test('a typo finds its word', async (t) => {
  const table: [string, string | undefined][] = [
    ['laod', 'load'],
    ['tset', 'test'],
    ['Verfiy', 'verify'],
    ['idempotancy', 'idempotency'],
    ['pu', 'up'],
    ['xyzzy', undefined],
    ['', undefined],
  ];
  for (const [typed, wanted] of table) t.equal(nearest(typed, words), wanted, typed);
});

t.test('the suggestion is ready to follow a sentence', async (t) => {
  t.equal(didYouMean('stauts', words), '. Did you mean "status"?');
  t.equal(didYouMean('zzzzzz', words), '');
});
