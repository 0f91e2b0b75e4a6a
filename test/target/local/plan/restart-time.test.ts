import t from 'tap';
import { restartWithinMs } from '../../../../src/cli/target/local/plan/process-spec.js';

t.test('a restart on purpose has the time that its workload asks for, a minute at least', (t) => {
  const table: [graceMs: number, startTimeoutMs: number, withinMs: number][] = [
    [5_000, 30_000, 60_000],
    [30_000, 300_000, 335_000],
    [0, 0, 60_000],
  ];
  for (const [graceMs, startTimeoutMs, withinMs] of table)
    t.equal(restartWithinMs({ graceMs, startTimeoutMs }), withinMs, `${graceMs} and ${startTimeoutMs}`);
  t.end();
});
