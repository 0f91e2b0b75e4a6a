import { ok, deepStrictEqual as same } from 'node:assert/strict';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { verifyMarkdown } from '../../src/cli/commands/verify-report.js';
import { markdownBlock, markdownCode, markdownText, oneLine, printable } from '../../src/cli/kernel/text.js';
import type { Comparison } from '../../src/cli/load/measure/compare.js';
import { compareMarkdown } from '../../src/cli/report/load/compare-markdown.js';
import { locustMarkdown } from '../../src/cli/report/load/locust-markdown.js';
import { loadMarkdown } from '../../src/cli/report/load/markdown.js';
import type { LoadReport } from '../../src/cli/report/load/timeline.js';
import { markdownDocument, markdownTable, markdownWithin } from '../../src/cli/report/markdown.js';
import type { CollectedRun } from '../../src/cli/report/scenario/collect.js';
import { markdownReport, scenarioMarkdown } from '../../src/cli/report/scenario/markdown.js';
import type { ScenarioFailure, StepRef } from '../../src/cli/scenario/result.js';
import { hwctlInside, matchGolden } from '../golden.js';
import { runnerCommands, screen } from '../terminal.js';
import { failed, heading, latency, resultOf, states, workloads } from './fixtures.js';
import { readMarkdown } from './read-markdown.js';

const seed = 20_2607;
const nasty = [
  ...[
    '`',
    '``',
    '```\n',
    '~~~',
    '|',
    '\\|',
    '\\',
    '\\`',
    '|---|',
    '\n|---|\n',
    ' ',
    '\t',
    '    x',
    '\n\n',
    '\r',
    '\u2028',
  ],
  ...['<img src=x onerror=y>', '</code>', '</details>', '<!--', '<b>', '&amp;', '&#64;', '&', '<https://e.test>'],
  ...['[a](javascript:x)', '![x](http://e.test/p)', '[x]: http://e.test', 'http://e.test', 'www.e.test', 'a@e.test'],
  ...[
    '@octocat',
    '#12',
    'GH-1',
    'a/b#1',
    ':tada:',
    '$x$',
    '$`x`$',
    '*b*',
    '__b__',
    '~~s~~',
    '# h',
    '- l',
    '1. l',
    '> q',
  ],
  ...[
    '---',
    '===',
    '- [ ] x',
    '[^1]',
    '\u001b[31m',
    '\ud800',
    '\n::error::y',
    '##[error]v1',
    '##vso[a]',
    '\u202e',
    '0',
    '',
  ],
];
/** A text of a stranger. */
const stranger = fc
  .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 6 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => parts.join(''));

t.test('a text of a stranger is what it was, in code, as a sentence and as a block, and does nothing', (t) => {
  fc.assert(
    fc.property(stranger, (text) => {
      const cell = readMarkdown(markdownTable(['a', 'b'], [[markdownCode(text), '1']]));
      same(cell, { parts: ['table 3x2'], codes: [oneLine(text)], acts: [] });
      same(readMarkdown(`in ${markdownCode(text)}, there`), { parts: ['paragraph'], codes: [oneLine(text)], acts: [] });
      same(readMarkdown(`- ${markdownText(text)}.`).acts, []);
      same(readMarkdown(markdownTable(['a'], [[markdownText(text)]])).parts, ['table 3x1']);
      const block = readMarkdown(markdownBlock(text));
      same(block.parts, ['fence']);
      same(block.acts, []);
      // But for a space that keeps a runner from taking it for a command.
      const steady = (all: string) => all.replace(/: :|# #/g, (two) => two.replace(' ', ''));
      same(steady(block.codes[0]!), steady(printable(text)));
    }),
    { seed, numRuns: 1500 },
  );
  t.end();
});

function collected(text: (place: string) => string): CollectedRun[] {
  const step: StepRef = {
    name: text('step'),
    path: [text('folder')],
    section: 'steps',
    iteration: 2,
    at: { line: 3, column: 1 },
  };
  const failure: ScenarioFailure = {
    number: 1,
    kind: 'assertion',
    name: text('check'),
    messages: [text('message'), text('second')],
    step,
    where: `${text('file')}:4`,
    diff: [text('diff')],
    exchange: text('exchange'),
    rerun: text('rerun'),
  };
  const counts = { executed: 1, failed: 1 };
  const result = {
    ...{ name: text('name'), file: text('file'), passed: false, failures: [failure, { ...failure, number: 2 }] },
    ...{ iterations: counts, requests: counts, testScripts: counts, prerequestScripts: counts },
    ...{ assertions: { ...counts, skipped: 0 }, durationMs: 5, startedAt: 0, receivedBytes: 3 },
    responseMs: { average: 1, min: 1, max: 1, sd: 0 },
  };
  const flaky = { ref: step, state: 'passed', flaky: true, exchanges: [], checks: [], errors: [], durationMs: 1 };
  return [{ result, steps: [flaky] }] as unknown as CollectedRun[];
}

function loaded(text: (place: string) => string): [LoadReport, typeof heading] {
  const base = resultOf(failed);
  const report = {
    ...{ ...base, errors: { [text('error')]: 3 }, checks: { [text('check')]: { passed: 1, failed: 2 } } },
    steps: ['one', 'two'].map((place) => ({ ...base.steps[0]!, step: text(place) })),
    thresholds: [{ ...base.thresholds[0]!, text: text('limit'), message: text('message') }],
    verdict: { state: 'VOID', reasons: [{ code: 'cpu', severity: 'VOID', message: text('reason') }] },
    hwctl: { version: text('version') },
    command: ['hwctl', 'load', text('word')],
    timeline: {
      statuses: { intervalMs: 1000, rows: [] },
      workloads: {
        rows: workloads.map((row) => ({
          ...row,
          workloads: row.workloads.map((one) => ({ ...one, name: text(one.name) })),
        })),
        missing: [text('missing')],
      },
    },
    comparison: comparison([text('note')]),
    findMax: {
      ...{ state: 'found', unit: 'requests', why: [], limits: [text('limit')], sentence: text('sentence') },
      probes: [
        {
          ...{ atMs: 0, durationMs: 9, ratePerSecond: 5, kind: 'probe', outcome: 'held', why: [] },
          failed: 0,
          timedOut: 0,
          dropped: 0,
        },
      ],
    },
  } as unknown as LoadReport;
  return [report, { name: text('name'), target: text('target'), model: text('model') }];
}

function comparison(notes: string[]): Comparison {
  const change = { figure: 'p50', unit: 'ms', before: 3, after: 4, change: 0.33, low: 0.2, high: 0.5 } as const;
  return {
    schema: 'hwctl.dev/load-comparison/v1',
    ...{ state: 'REGRESSION', passed: false, tolerance: 0.1, confidence: 0.99, notes },
    changes: [{ ...change, verdict: 'worse' }],
    rankTest: { name: 'Mann-Whitney U', slowerShare: 0.7, p: 0 },
  };
}

const reports: Record<string, (text: (place: string) => string) => readonly string[]> = {
  test: (text) => scenarioMarkdown(collected(text), text('version'), 1),
  load: (text) => loadMarkdown(...loaded(text)),
  compare: (text) => compareMarkdown(comparison([text('note'), text('other')]), 1),
  verify: (text) =>
    verifyMarkdown(
      {
        ...{ target: 'local', reason: text('reason'), durationMs: 1, passed: false, exitCode: 2 },
        failures: [{ stage: 'up', code: 'not-ready', message: text('message'), hint: text('hint') }],
        test: { passed: false, scenarios: collected(text).map(({ result }) => result) },
        load: loaded(text)[0],
      },
      [{ stage: 'up', good: false, text: text('what') }],
      [text('stack')],
      loaded(text)[1],
    ),
};

for (const [name, make] of Object.entries(reports)) {
  t.test(`the summary of ${name}, with strangers' texts in every place`, (t) => {
    fc.assert(
      fc.property(fc.uniqueArray(stranger, { minLength: 9, maxLength: 9 }), (texts) => {
        const index = (place: string) => (place.length * 7 + place.charCodeAt(0)) % texts.length;
        const at = (place: string) => texts[index(place)]!;
        // As many parts as with texts that do nothing; one of blanks alone may have none.
        const plain = (place: string) => (at(place).trim() === '' ? at(place) : `x${index(place)}`);
        const text = markdownDocument(make(at));
        const read = readMarkdown(text);
        same(read.acts, []);
        same(read.parts, readMarkdown(markdownDocument(make(plain))).parts);
        same(screen(text).acts, []);
        same(runnerCommands(text), []);
      }),
      { seed, numRuns: 60 },
    );
    t.end();
  });
}

for (const [name, snapshot] of Object.entries(states)) {
  t.test(`the summary of a load, ${name}`, (t) => {
    const exitCode = { empty: 0, running: 0, failed: 1, void: 3 }[name]!;
    const blocks = loadMarkdown({ ...resultOf(snapshot), exitCode }, heading);
    matchGolden(t, `report/summary-${name}.md`, markdownDocument(blocks));
    t.notMatch(blocks.join('\n'), /NaN|undefined|Infinity/);
    t.end();
  });
}

t.test('the summaries of what else there is', (t) => {
  matchGolden(t, 'report/summary-all.md', markdownDocument(loadMarkdown(...loaded((place) => place))));
  matchGolden(
    t,
    'report/comparison.md',
    markdownDocument(compareMarkdown(comparison(['the URL changed: a before']), 1)),
  );
  matchGolden(t, 'report/verify.md', markdownDocument(reports.verify!((place) => place)));
  const steps = [{ step: 'GET /', ok: 3, failed: 1, response: latency(2, 4) }];
  const locust = {
    ...{ schema: 'hwctl.dev/locust-result/v1', file: 'locustfile.py', url: 'http://h.test', users: 5, spawnRate: 1 },
    ...{
      processes: undefined,
      durationMs: 2000,
      sent: 4,
      ok: 3,
      failed: 1,
      bytesReceived: 99,
      response: latency(2, 4),
    },
    ...{ statusCodes: { 200: 3 }, errors: { 'HTTPError(500)': 1 }, steps, series: [], locust: undefined },
    ...{ thresholds: [{ text: 'error_rate<1%', passed: false, message: 'it was 25 %', actual: 0.25 }] },
    ...{ ended: 'completed', exitCode: 1 },
  } as unknown as Parameters<typeof locustMarkdown>[0];
  matchGolden(t, 'report/locust.md', markdownDocument(locustMarkdown(locust)));
  t.end();
});

t.test('a pass, a forgiven failure and a run that was broken off begin as what they are', (t) => {
  const runs = collected((place) => place);
  const passed = runs.map((run) => ({ ...run, result: { ...run.result, passed: true, failures: [] } }));
  const first = (...of: Parameters<typeof markdownReport>) =>
    markdownReport(...of)
      .split('\n')
      .slice(0, 3)
      .join(' ');
  t.match(first(passed, '1.2.3', 0), /^## ✅ PASS: test, 1 scenario {2}Exit code 0\. 5ms of running; hwctl `1\.2\.3`/);
  t.match(
    first(runs, '1.2.3', 0),
    /^## ❌ FAIL: test, 1 of 1 scenario failed {2}Exit code 0 \(`--suppress-exit-code`\)\./,
  );
  t.match(first(passed, '1.2.3', 130), /^## ⚠️ BROKEN OFF: test, 1 scenario {2}Exit code 130\./);
  t.match(first([], '1.2.3', 2), /^## ⚠️ BROKEN OFF: test, 0 scenarios {2}Exit code 2\./);
  t.end();
});

t.test('what does not fit is left out whole, and told', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { maxLength: 12 }),
      fc.nat(600),
      (texts, most) => {
        const blocks = texts.map((text, i) => `${i} ${text}`);
        const text = markdownWithin(blocks, most);
        ok(Buffer.byteLength(text) <= most);
        const whole = markdownDocument(blocks);
        if (text === whole || text === '') return;
        const kept = text.slice(0, text.lastIndexOf('\n\n**Cut here**'));
        ok(whole.startsWith(`${kept}\n\n`));
        const left = Number(/the last (\d+) of/.exec(text)![1]);
        same(kept, blocks.slice(0, blocks.length - left).join('\n\n'));
      },
    ),
    { seed, numRuns: 300 },
  );
  t.end();
});

t.test('a step of GitHub Actions: what is there stays, 1 MiB is the most, trouble changes no exit code', async (t) => {
  const cwd = t.testdir({ 'a.json': JSON.stringify(resultOf(failed)), summary: '' });
  const summary = join(cwd, 'summary');
  const env = { GITHUB_STEP_SUMMARY: summary };
  const compare = () => hwctlInside(['load', 'compare', 'a.json', 'a.json'], { cwd, env });
  const { exitCode } = await compare();
  t.equal(exitCode, 3, 'two runs of nothing');
  t.match(readFileSync(summary, 'utf8'), /^## ❌ UNCLEAR: load compare \(exit code 3\)\n\n/);
  const almost = statSync(summary).size - 5;
  await compare();
  t.equal(readFileSync(summary, 'utf8').match(/^## ❌ UNCLEAR/gm)?.length, 2, 'appended');
  for (const room of [0, 100, almost]) {
    writeFileSync(summary, '');
    appendFileSync(summary, 'x'.repeat(1024 * 1024 - room));
    const run = await compare();
    t.equal(run.exitCode, 3);
    t.ok(statSync(summary).size <= 1024 * 1024, `${room} bytes of room`);
    if (room < almost) t.match(run.stderr, /the summary of this step is full/);
    else
      t.match(
        readFileSync(summary, 'utf8').slice(-room),
        /\n\n## ❌ UNCLEAR[\s\S]*\*\*Cut here\*\*: the last \d of \d parts/,
      );
  }
  const unwritable = await hwctlInside(['load', 'compare', 'a.json', 'a.json'], {
    cwd,
    env: { GITHUB_STEP_SUMMARY: cwd },
  });
  t.equal(unwritable.exitCode, 3);
  t.match(unwritable.stderr, /GITHUB_STEP_SUMMARY: .* cannot be written/);
});

t.test('what could not run says why in the summary of the step', async (t) => {
  const cwd = t.testdir({});
  const summary = join(cwd, 'summary');
  const env = { GITHUB_STEP_SUMMARY: summary };
  for (const argv of [
    ['test', 'nosuch'],
    ['load', '--rps', 'x'],
    ['verify', 'nosuch'],
    ['load', 'http://u:s3cret@h.test:1/'],
  ]) {
    writeFileSync(summary, '');
    const run = await hwctlInside(argv, { cwd, env });
    const text = readFileSync(summary, 'utf8');
    t.equal(run.exitCode, 2);
    t.match(
      text,
      new RegExp(`^## ❌ COULD NOT RUN: ${argv[0]}\n\nExit code 2, \`[a-z-]+\`: .*\n\nCure: `),
      argv.join(' '),
    );
    t.notMatch(text, /s3cret/);
    t.same(readMarkdown(text).acts, []);
  }
  t.notOk((await hwctlInside(['status', '--nosuch'], { cwd, env })).exitCode === 0);
  t.notMatch(readFileSync(summary, 'utf8'), /status/);
});

t.test('load compare writes its comparison where --out says, and refuses what it cannot write', async (t) => {
  const cwd = t.testdir({ 'a.json': JSON.stringify(resultOf(failed)) });
  const run = await hwctlInside(['load', 'compare', 'a.json', 'a.json', '--out', 'c.md', '--out', 'c.json'], { cwd });
  t.equal(run.exitCode, 3);
  t.match(readFileSync(join(cwd, 'c.md'), 'utf8'), /^## ❌ UNCLEAR: load compare/);
  t.equal(JSON.parse(readFileSync(join(cwd, 'c.json'), 'utf8')).schema, 'hwctl.dev/load-comparison/v1');
  const odd = await hwctlInside(['load', 'compare', 'a.json', 'a.json', '--out', 'c.html'], { cwd });
  t.match(odd, { exitCode: 2, stderr: /--out c\.html: a comparison is written as \.json or \.md/ });
});
