import fc from 'fast-check';
import { renderToString } from 'ink';
import t from 'tap';
import { LoadView } from '../../src/cli/report/load/views/load-view.js';
import { matchGolden } from '../golden.js';
import { heading, running, series, states, workloads } from './fixtures.js';

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

for (const columns of [60, 120, 200]) {
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

const seed = 20_260_703;
const bars = /[▁▂▃▄▅▆▇█]+$/;

/** A run of `elapsedMs` at which so many services were looked at every two seconds. */
function frameOf(options: {
  columns: number;
  rows: number;
  elapsedMs: number;
  services: number;
  reasons: number;
  errors: number;
  busy?: number;
}): string[] {
  const { columns, rows, elapsedMs, services, reasons, errors, busy = 0.5 } = options;
  const names = Array.from({ length: services }, (_, i) => `service-${i}`);
  const usage = (name: string, i: number, atMs: number) => ({
    name,
    replicasReady: 1,
    replicasWanted: 1,
    // The last look is an odd one: who was idle is the busiest.
    cpuCores: atMs + 2000 > elapsedMs ? 0.01 * i : i === 0 ? busy : 0.001 * i,
    memoryBytes: 5e7,
  });
  const looks = Array.from({ length: Math.ceil(elapsedMs / 2000) }, (_, i) => i * 2000);
  const frame = renderToString(
    <LoadView
      snapshot={{
        ...running,
        elapsedMs,
        series: series(Math.ceil(elapsedMs / 1000)),
        errors: Object.fromEntries(Array.from({ length: errors }, (_, i) => [`cause ${i}`, i + 1])),
        verdict: {
          state: 'DEGRADED',
          reasons: Array.from({ length: reasons }, (_, i) => ({
            code: (['clock', 'cpu', 'gc'] as const)[i]!,
            severity: 'DEGRADED' as const,
            message: `reason ${i}: the generator began its requests late, and a whole sentence says by how much and what to do END`,
          })),
        },
      }}
      heading={heading}
      columns={columns}
      rows={rows}
      rateFactor={1}
      finishing={false}
      workloads={looks.map((atMs) => ({ atMs, workloads: names.map((name, i) => usage(name, i, atMs)) }))}
    />,
    { columns },
  );
  return frame.split('\n');
}

t.test('a frame of any size: it fits, its sparklines share one axis, and no reason is cut while a row is free', (t) => {
  const sizes = fc.record({
    columns: fc.integer({ min: 60, max: 210 }),
    rows: fc.integer({ min: 20, max: 60 }),
    elapsedMs: fc.integer({ min: 1, max: 60 }).map((tenths) => tenths * 2000),
    services: fc.integer({ min: 0, max: 9 }),
    reasons: fc.integer({ min: 0, max: 3 }),
    errors: fc.integer({ min: 0, max: 5 }),
  });
  fc.assert(
    fc.property(sizes, (size) => {
      const lines = frameOf(size);
      if (lines.length > size.rows - 1) throw new Error(`${lines.length} lines`);
      const wide = lines.find((line) => line.length > size.columns);
      if (wide !== undefined) throw new Error(`wider than the terminal: ${wide}`);
      const ends = lines.join('\n').split(' END').length - 1;
      const isFull = lines.length === size.rows - 1;
      if (ends < size.reasons && !isFull)
        throw new Error(`a reason is cut, and ${size.rows - 1 - lines.length} rows are free`);
      const charts = lines
        .filter((line) => /^ {2}(█|p\d\d|service-)/.test(line))
        .map((line) => bars.exec(line.trimEnd()));
      const places = new Set(charts.map((match) => `${match?.index} + ${match?.[0].length}`));
      if (places.size > 1) throw new Error(`sparklines begin and end at ${[...places].join(', ')}`);
    }),
    { seed, numRuns: 25 },
  );
  t.end();
});

t.test('services keep their rows, the busiest of the run are there, and an idle one draws no full block', (t) => {
  const size = { columns: 120, rows: 40, elapsedMs: 20_000, services: 9, reasons: 0, errors: 0 };
  const rowsOf = (lines: string[]) => lines.filter((line) => line.startsWith('  service-'));
  const names = rowsOf(frameOf(size)).map((line) => line.trim().split(' ')[0]);
  t.same(names, names.toSorted());
  t.equal(names.length, 9, 'all of them where there is room');
  const few = frameOf({ ...size, rows: 27 });
  t.match(rowsOf(few)[0], /service-0/, 'the busiest over the run, though the last look found it idle');
  t.match(few.join('\n'), /and \d more, less busy: service-\d, /);
  const idle = rowsOf(frameOf({ ...size, busy: 0.004 }));
  t.ok(idle.length > 0 && idle.every((line) => !line.includes('█')));
  t.match(frameOf({ ...size, columns: 200 }).join('\n'), /.{170}/, 'a wide terminal is used');
  t.end();
});
