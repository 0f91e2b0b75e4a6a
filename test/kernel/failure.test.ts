import t from 'tap';
import { exitCodes, Failure, unreachable } from '../../src/cli/kernel/failure.js';

t.test('a failure carries its cure, and 2 unless told otherwise', async (t) => {
  const cause = new Error('inner');
  const failure = new Failure({ code: 'x', message: 'broken', hint: 'mend it', cause });
  t.match(failure, {
    code: 'x',
    message: 'broken',
    hint: 'mend it',
    exitCode: exitCodes.cannotRun,
    details: [],
    cause,
  });
  t.equal(new Failure({ code: 'x', message: 'm', exitCode: 1 }).exitCode, 1);
  t.throws(() => unreachable('odd' as never), /unreachable: "odd"/);
});
