import t from 'tap';
import type { Exchange } from '../../../src/cli/scenario/check/exchange.js';
import { changeOf, type EffectsView, viewOf } from '../../../src/cli/scenario/probe/effects-view.js';

function answered(value: unknown): Exchange {
  const body = Buffer.from(JSON.stringify(value));
  const sizes = { bodyBytes: body.length, headerBytes: 0, firstByteMs: 0, totalMs: 0 };
  const response = { status: 200, reason: '', headers: [], body, ...sizes };
  const request = { method: 'GET', shownUrl: '/', url: 'http://h/', headers: [], body: undefined };
  return { ...request, response, error: undefined, timeMs: 0, startedAt: 0 };
}

function view(value: unknown, path?: string): EffectsView {
  const found = viewOf(answered(value), path);
  if ('problem' in found) throw new Error(found.problem);
  return found;
}

t.test('what counts', (t) => {
  const table: [unknown, string | undefined, number, string][] = [
    [[], undefined, 0, 'the items of the list'],
    [[1, 2], undefined, 2, 'the items of the list'],
    [{ orders: [{ id: 1 }] }, undefined, 1, 'the items of $.orders'],
    [{ orders: [{ id: 1 }], total: 17 }, undefined, 17, 'the number $.total'],
    [{ orders: [{ id: 1 }], total_count: 17 }, undefined, 17, 'the number $.total_count'],
    [{ orders: [{ id: 1 }], total: 0 }, undefined, 1, 'the items of $.orders'],
    [{ data: { page: { items: [{ id: 1 }, { id: 2 }] } } }, undefined, 2, 'the items of $.data.page.items'],
    [{ _embedded: { 'order-list': [{}] } }, undefined, 1, 'the items of $._embedded["order-list"]'],
    [{ orders: [{ id: 1 }], links: ['a', 'b'] }, undefined, 1, 'the items of $.orders'],
    [{ a: 5 }, '$.a', 5, 'the number $.a'],
    [{ a: '12.50' }, '$.a', 12.5, 'the number $.a'],
    [{ a: { b: [1, 2, 3] } }, '$.a.b', 3, 'the items of $.a.b'],
    [{ a: [{ n: 1 }, { n: 2 }, { n: 2 }] }, '$.a[?@.n == 2]', 2, 'the items of $.a[?@.n == 2]'],
    [{ a: { x: {}, y: {} } }, '$.a.*', 2, 'the items of $.a.*'],
  ];
  for (const [value, path, count, countedBy] of table)
    t.match(view(value, path), { count, countedBy }, `${JSON.stringify(value)} ${path ?? ''}`);
  const none: [unknown, string | undefined, RegExp, RegExp][] = [
    [{}, undefined, /no list/, /'\$\.total', for example/],
    [{ a: [], b: [] }, undefined, /2 lists/, /'\$\.a' or '\$\.b'/],
    [{ n: 3 }, undefined, /no list/, /'\$\.n'/],
    ['text', undefined, /no list/, /--effects-count/],
    [{ a: 'x' }, '$.a', /neither a number nor a list/, /--effects-count/],
    [{ a: '' }, '$.a', /neither/, /--effects-count/],
    [{ a: null }, '$.a', /neither/, /--effects-count/],
    [{ a: 1 }, '$.b', /nothing is at \$\.b/, /'\$\.a'/],
  ];
  for (const [value, path, problem, cure] of none)
    t.match(viewOf(answered(value), path), { problem, cure }, `${JSON.stringify(value)} ${path ?? ''}`);
  t.end();
});

t.test('what has changed', (t) => {
  const ids = (...list: number[]) => list.map((id) => ({ id, user_id: 1 }));
  const table: [string, unknown, unknown, string | undefined, number, string[]][] = [
    ['nothing', ids(1, 2), ids(1, 2), undefined, 0, []],
    ['another order', ids(1, 2), ids(2, 1), undefined, 0, []],
    ['one more', ids(1), ids(1, 2), undefined, 1, ['2']],
    ['the first', [], ids(7), undefined, 1, ['7']],
    ['one less', ids(1, 2), ids(1), undefined, -1, []],
    ['a page that was full', ids(3, 2, 1), ids(5, 4, 3), undefined, 2, ['5', '4']],
    ['a page that became full', ids(2, 1), ids(5, 4, 3), undefined, 3, ['5', '4', '3']],
    ['the total', { o: ids(3, 2), total: 9 }, { o: ids(5, 4), total: 12 }, undefined, 3, ['5', '4']],
    ['a state', [{ id: 1, state: 'a' }], [{ id: 1, state: 'b' }], undefined, 0, []],
    ['values', ['a'], ['a', 'b', 'b'], undefined, 2, ['b', 'b']],
    ['without ids', [{ p: 1 }], [{ p: 1 }, { p: 1 }], undefined, 1, []],
    ['ids that are none', [{ user_id: 1 }, { user_id: 1 }], [{ user_id: 1 }], undefined, -1, []],
    [
      'uuids',
      [{ uuid: 'x', n: 1 }],
      [
        { uuid: 'x', n: 1 },
        { uuid: 'y', n: 1 },
      ],
      undefined,
      1,
      ['y'],
    ],
    ['a balance', { b: 100 }, { b: 90.5 }, '$.b', -9.5, []],
  ];
  for (const [what, before, after, path, change, added] of table) {
    const found = changeOf(view(before, path), view(after, path));
    t.equal(found.change, change, what);
    t.same(found.added, added, `${what}: which`);
    t.equal(found.none, change === 0, `${what}: or nothing`);
  }
  t.end();
});
