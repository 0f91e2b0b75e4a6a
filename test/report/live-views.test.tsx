import { renderToString } from 'ink';
import t from 'tap';
import { LoadView } from '../../src/cli/report/views/load-view.js';
import { matchGolden } from '../golden.js';
import { heading, running, states, workloads } from './fixtures.js';

// The frames at both widths are golden files: look at them when they change.
for (const [name, snapshot] of Object.entries(states)) {
  for (const columns of [60, 120]) {
    t.test(`the live view, ${name}, ${columns} columns`, (t) => {
      const frame = renderToString(
        <LoadView
          snapshot={snapshot}
          heading={heading}
          columns={columns}
          rows={24}
          rateFactor={1}
          finishing={false}
          workloads={[]}
        />,
        { columns },
      );
      matchGolden(t, `report/live-${name}-${columns}`, `${frame}\n`);
      const lines = frame.split('\n');
      t.ok(lines.length <= 23, `fits into 24 rows with one to spare (${lines.length})`);
      t.ok(
        lines.every((line) => line.length <= columns),
        'no line is wider than the terminal',
      );
      t.end();
    });
  }
}

for (const columns of [60, 120]) {
  t.test(`the live view of a platform that hwctl deployed, ${columns} columns`, (t) => {
    const frame = renderToString(
      <LoadView
        snapshot={running}
        heading={heading}
        columns={columns}
        rows={30}
        rateFactor={1}
        finishing={false}
        workloads={workloads}
      />,
      { columns },
    );
    matchGolden(t, `report/live-services-${columns}`, `${frame}\n`);
    t.ok(frame.split('\n').every((line) => line.length <= columns));
    t.end();
  });
}

t.test('a small terminal drops the gaps and keeps the figures', (t) => {
  const frame = renderToString(
    <LoadView
      snapshot={running}
      heading={heading}
      columns={60}
      rows={20}
      rateFactor={1.2}
      finishing={true}
      workloads={workloads}
    />,
    { columns: 60 },
  );
  t.ok(frame.split('\n').length <= 19);
  t.match(frame, /p99/);
  t.match(frame, /VALID/);
  t.match(frame, /Finishing/);
  t.match(frame, /target 100 x1\.20/);
  t.end();
});
