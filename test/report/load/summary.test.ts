import t from 'tap';
import { terminalText } from '../../../src/cli/kernel/text.js';
import { loadSummary } from '../../../src/cli/report/load/summary.js';
import { snapshotLine } from '../../../src/cli/report/load/text.js';
import { matchGolden } from '../../golden.js';
import { heading, resultOf, states } from '../fixtures.js';

const exitCodeOf: Record<string, number> = { empty: 0, running: 0, failed: 1, void: 3 };

for (const [name, snapshot] of Object.entries(states)) {
  t.test(`the final summary, ${name}`, (t) => {
    const text = loadSummary(resultOf(snapshot), heading, { color: false, columns: 80, exitCode: exitCodeOf[name]! });
    matchGolden(t, `report/summary-${name}`, text);
    t.ok(
      text.split('\n').every((line) => line.length <= 80),
      'fits into 80 columns',
    );
    const narrow = loadSummary(resultOf(snapshot), heading, { color: false, columns: 60, exitCode: exitCodeOf[name]! });
    t.same(
      narrow.split('\n').filter((line) => line.length > 60),
      [],
      'and into 60',
    );
    t.notMatch(narrow, /^ .*…$/m, 'where no figure is cut off');
    t.notMatch(text, /\u001b/, 'no colours unless asked for');
    t.match(
      terminalText(loadSummary(resultOf(snapshot), heading, { color: true, columns: 80, exitCode: exitCodeOf[name]! })),
      /\u001b\[1m/,
    );
    t.end();
  });
}

t.test('one line a second says how the run stands', (t) => {
  const lines = Object.values(states).map((snapshot) => snapshotLine(snapshot));
  matchGolden(t, 'report/lines', `${lines.join('\n')}\n`);
  t.end();
});
