import t from 'tap';
import { faultProblems, faultWords, parseFault, parseObjective } from '../../../src/cli/load/plan/faults.js';
import { parseProfile } from '../../../src/cli/load/plan/profile.js';

t.test('faults as they are written', (t) => {
  const table: [string, object, string][] = [
    ['kill orders at 30s', { kind: 'kill', workload: 'orders', atMs: 30_000 }, 'kill orders'],
    ['  KILL   orders  AT 1m30s ', { kind: 'kill', workload: 'orders', atMs: 90_000 }, 'kill orders'],
    ['kill at-work at 500ms', { kind: 'kill', workload: 'at-work', atMs: 500 }, 'kill at-work'],
    ['kill orders at 0s', { kind: 'kill', workload: 'orders', atMs: 0 }, 'kill orders'],
    ['stop orders at 5s', { kind: 'stop', workload: 'orders', atMs: 5000 }, 'stop orders'],
    ['stop orders at 5s for 2s', { kind: 'stop', workload: 'orders', atMs: 5000, forMs: 2000 }, 'stop orders for 2.0s'],
    ['stop orders for 2s at 5s', { kind: 'stop', workload: 'orders', atMs: 5000, forMs: 2000 }, 'stop orders for 2.0s'],
    ['restart a.b-c at 1s', { kind: 'restart', workload: 'a.b-c', atMs: 1000 }, 'restart a.b-c'],
    ['scale orders to 3 at 20s', { kind: 'scale', workload: 'orders', atMs: 20_000, replicas: 3 }, 'scale orders to 3'],
    [
      'scale orders at 20s to 0 for 9s',
      { kind: 'scale', workload: 'orders', atMs: 20_000, replicas: 0, forMs: 9000 },
      'scale orders to 0 for 9.0s',
    ],
    ['delete pod orders at 3s', { kind: 'delete-pod', workload: 'orders', atMs: 3000 }, 'delete pod orders'],
  ];
  for (const [text, fault, words] of table) {
    t.strictSame(parseFault(text), fault, text);
    t.equal(faultWords(parseFault(text)), words);
  }
  t.end();
});

t.test('what is no fault says why, with what was probably meant', (t) => {
  const table: [string, RegExp][] = [
    ['', /it says nothing/],
    ['kil orders at 3s', /"kil" is none of kill, stop, restart, scale, delete pod. Did you mean "kill"\?/],
    ['restrat orders at 3s', /Did you mean "restart"\?/],
    ['pause orders at 3s', /Did you mean "stop"\?/],
    ['crash orders at 3s', /Did you mean "kill"\?/],
    ['delete orders at 3s', /what is deleted is a pod: 'delete pod orders/],
    ['delete-pod orders at 3s', /none of kill.*Did you mean "delete pod"\?/],
    ['explode orders at 3s', /none of kill/],
    ['kill', /which workload/],
    ['kill at 3s', /which workload/],
    ['kill -rf at 3s', /no name of a workload/],
    ['kill orders', /when: 'kill orders at 30s'/],
    ['kill orders 3s', /"3s" is none of at, to, for/],
    ['kill orders at', /nothing follows at/],
    ['kill orders at 3', /it has no unit, as 3s has/],
    ['kill orders at soon', /"soon" is not a duration/],
    ['kill orders at -3s', /not a duration/],
    ['kill orders at 3s at 4s', /says at twice/],
    ['kill orders for 3s at 4s', /nothing undoes a kill/],
    ['stop orders for 0s at 4s', /no time at all/],
    ['scale orders at 3s', /to how many/],
    ['scale orders to many at 3s', /no number of replicas/],
    ['scale orders to -1 at 3s', /no number of replicas/],
    ['scale orders to 1001 at 3s', /from 0 to 1000/],
    ['kill orders to 3 at 3s', /to 3 belongs to scale/],
  ];
  for (const [text, why] of table) t.throws(() => parseFault(text), { code: 'bad-fault', message: why }, text);
  t.end();
});

t.test('objectives', (t) => {
  t.strictSame(parseObjective(' recovers<10s '), { text: 'recovers<10s', operator: '<', boundMs: 10_000 });
  t.strictSame(parseObjective('Recovers <= 1m30s'), { text: 'Recovers <= 1m30s', operator: '<=', boundMs: 90_000 });
  const table: [string, RegExp][] = [
    ['', /not of the form/],
    ['recovers', /not of the form/],
    ['recovers<', /not of the form/],
    ['recovery<10s', /Did you mean "recovers"\?/],
    ['p(95)<200', /not of the form/],
    ['errors<1s', /only recovers/],
    ['recovers<10', /it has no unit, as 10s has/],
    ['recovers>10s', /is to be short/],
    ['recovers<0s', /no time/],
  ];
  for (const [text, why] of table) t.throws(() => parseObjective(text), { code: 'bad-objective', message: why }, text);
  t.end();
});

t.test('moments that a load cannot have', (t) => {
  const faults = ['kill orders at 10s', 'stop orders at 3s', 'restart orders at 3s', 'kill auth at 3s'].map(parseFault);
  t.strictSame(faultProblems(faults, 10_000), [
    'kill orders at 10.0s: the load is over by then, after 10.0s',
    'restart orders at 3.0s: another fault harms orders at the same moment',
  ]);
  t.strictSame(faultProblems([faults[0]!], Number.POSITIVE_INFINITY), [], 'nobody knows how long requests take');
  t.end();
});

t.test('a profile has them too, and tells every one that is wrong', (t) => {
  const text = (faults: string) => `arrivals: { rate: 5, duration: 10s }\nwork: [{ request: GET / }]\n${faults}`;
  const { profile, problems } = parseProfile(text("faults: ['kill orders at 3s']\nobjectives: ['recovers<8s']"));
  t.same(problems, []);
  t.match(profile, { faults: [{ kind: 'kill', atMs: 3000 }], objectives: [{ boundMs: 8000 }] });
  const wrong = parseProfile(text("faults: ['kil orders at 3s', 'kill orders']\nobjectives: ['recovers<8']"));
  t.equal(wrong.problems.length, 3, JSON.stringify(wrong.problems));
  t.end();
});
