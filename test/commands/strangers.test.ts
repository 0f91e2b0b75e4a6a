import { deepStrictEqual as same } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { Parser } from 'tap-parser';
import { formatFailure } from '../../src/cli/commands/context/failure-text.js';
import { createOutput, type Output } from '../../src/cli/commands/context/output.js';
import { peerSummary } from '../../src/cli/commands/load/out.js';
import { Failure } from '../../src/cli/kernel/failure.js';
import { shown } from '../../src/cli/kernel/text.js';
import { compareRuns } from '../../src/cli/load/measure/compare.js';
import type { LoadPlan } from '../../src/cli/load/plan/plan.js';
import { parseProfile } from '../../src/cli/load/plan/profile.js';
import { comparisonText } from '../../src/cli/report/load/compare-text.js';
import { htmlReport as loadHtml } from '../../src/cli/report/load/html.js';
import { layoutNames } from '../../src/cli/report/load/layouts/layouts.js';
import { loadSummary } from '../../src/cli/report/load/summary.js';
import { recordLine } from '../../src/cli/report/load/table-files.js';
import { headingLine, snapshotLine } from '../../src/cli/report/load/text.js';
import { Collector } from '../../src/cli/report/scenario/collect.js';
import { debugLines } from '../../src/cli/report/scenario/debug.js';
import { githubAnnotations } from '../../src/cli/report/scenario/github.js';
import { HarRecorder } from '../../src/cli/report/scenario/har.js';
import { htmlReport } from '../../src/cli/report/scenario/html.js';
import { jsonReport } from '../../src/cli/report/scenario/json.js';
import { junitReport } from '../../src/cli/report/scenario/junit.js';
import { NewmanReport } from '../../src/cli/report/scenario/newman.js';
import { tapReport } from '../../src/cli/report/scenario/tap.js';
import { parseScenario, scenarioFailure } from '../../src/cli/scenario/format/parse.js';
import type { ScenarioEvent, ScenarioFailure, StepRef } from '../../src/cli/scenario/result.js';
import { root } from '../golden.js';
import { failed, heading, resultOf } from '../report/fixtures.js';
import { runText } from '../scenario/run-text.js';
import { runnerCommands, screen } from '../terminal.js';

const seed = 20_2606;
const nasty = [
  '\u001b[31m',
  '\u001b[1A\u001b[2K',
  '\u001b]52;c;ZXZpbA==\u0007',
  '\u009b2J',
  '\u0090q\u009c',
  '\r',
  '\n',
  '\r\n',
  '\n::error::y',
  '  ::add-mask::a',
  '##[error]v1',
  '##vso[task.complete]',
  '\u2028',
  '\u2029::warning::z',
  '\u0085::stop-commands::q',
  '\u202e',
  '\u2066',
  '\ud800',
  '\udc00',
  '\u007f',
  '\u0000',
  '\b\b\b',
  '\v\f',
  ' # SKIP',
  '# TODO',
  '\n  ✓  fake',
  '\nnot ok 99 - faked',
  '<script>&"',
  ']]>',
  '%0A::error::',
  '{{x}}',
];
/** A text of a stranger. */
const stranger = fc
  .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary', maxLength: 8 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => parts.join(''));

/** A text of as many characters that does nothing. */
const plain = (text: string) => text.replace(/[^ ]/g, 'x');
/** The same for what may have several lines. */
const plainLines = (text: string) => text.replaceAll('\r\n', '\n').replace(/[^ \n]/g, 'x');

interface Capture {
  output: Output;
  text(): string;
}

function capture(env: Record<string, string> = {}, isTTY = false): Capture {
  let all = '';
  const stream = {
    isTTY,
    write: (text: string) => {
      all += text;
      return true;
    },
  } as unknown as NodeJS.WriteStream;
  return { output: createOutput({ stdout: stream, stderr: stream }, env), text: () => all };
}

/** What is wrong with showing `make`'s text with strangers' texts in it, beside the same with plain ones. */
function wrongs(
  make: (output: Output, told: (text: string) => string, body: (text: string) => string) => void,
): string[] {
  const itself = (text: string) => text;
  const found: string[] = [];
  const there = capture();
  make(there.output, itself, itself);
  const usual = capture();
  make(usual.output, plain, plainLines);
  const seen = screen(there.text());
  found.push(...seen.acts);
  const wanted = screen(usual.text()).lines.length;
  if (seen.lines.length !== wanted) found.push(`${seen.lines.length} lines instead of ${wanted}`);
  const runner = capture({ GITHUB_ACTIONS: 'true' });
  make(runner.output, itself, itself);
  runner.output.endReport();
  found.push(...runnerCommands(runner.text()));
  return found;
}

function events(text: (place: string) => string, body: (place: string) => string): ScenarioEvent[] {
  const step: StepRef = {
    name: text('name'),
    path: [text('folder')],
    section: 'steps',
    iteration: 1,
    at: { line: 3, column: 1 },
  };
  const exchange = (error: string | undefined) => ({
    method: text('method'),
    url: text('url'),
    count: 1,
    status: error === undefined ? 200 : undefined,
    reason: text('reason'),
    bytes: 3,
    timeMs: 4,
    error,
  });
  const checked = (state: 'passed' | 'failed' | 'skipped') => ({
    name: text('check'),
    at: { line: 4, column: 1 },
    state,
    messages: [text('message'), text('second')],
  });
  const failure: ScenarioFailure = {
    number: 1,
    kind: 'assertion',
    name: text('check'),
    messages: [text('message')],
    step,
    where: `${text('file')}:4`,
    diff: [text('diff'), text('diff2')],
    exchange: body('exchange'),
    rerun: text('rerun'),
  };
  const result = {
    name: text('scenario'),
    file: text('file'),
    passed: false,
    iterations: { executed: 1, failed: 1 },
    requests: { executed: 1, failed: 0 },
    testScripts: { executed: 1, failed: 0 },
    prerequestScripts: { executed: 1, failed: 0 },
    assertions: { executed: 1, failed: 2, skipped: 0 },
    failures: [failure, { ...failure, number: 2 }],
    durationMs: 5,
    startedAt: 0,
    receivedBytes: 3,
    responseMs: { average: 1, min: 1, max: 1, sd: 0 },
  };
  const stepResult = {
    ref: step,
    state: 'skipped' as const,
    flaky: false,
    reason: text('skip'),
    exchanges: [exchange(undefined), exchange(text('error'))],
    checks: [checked('passed'), checked('failed'), checked('skipped')],
    errors: [{ message: text('broken'), line: 4 }],
    durationMs: 1,
  };
  return [
    { type: 'scenario-start', name: text('scenario'), file: text('file'), iterations: 2 },
    { type: 'iteration-start', iteration: 1, iterations: 2 },
    { type: 'step-start', step },
    { type: 'request', step, method: text('method'), url: text('url') },
    { type: 'log', step, values: [text('log'), 1] },
    { type: 'exchange', step, exchange: exchange(undefined) },
    { type: 'exchange', step, exchange: exchange(text('error')) },
    ...(['passed', 'failed', 'skipped'] as const).map(
      (state): ScenarioEvent => ({ type: 'check', step, check: checked(state), failureNumber: 1 }),
    ),
    { type: 'error', step, message: text('broken'), failureNumber: 2 },
    { type: 'note', step, text: text('note') },
    { type: 'step-end', step: stepResult },
    { type: 'scenario-end', result },
  ];
}

t.test('the report of a run, in every place of its events', (t) => {
  fc.assert(
    fc.property(fc.array(stranger, { minLength: 9, maxLength: 9 }), fc.boolean(), (texts, interactive) => {
      const at = (place: string) => texts[(place.length * 7 + place.charCodeAt(0)) % texts.length]!;
      return same(
        wrongs((output, told, body) => {
          output.beginReport();
          const report = new NewmanReport({ write: output.write, color: true, columns: 80, interactive });
          for (const event of events(
            (place) => told(at(place)),
            (place) => body(at(place)),
          ))
            report.on(event);
        }),
        [],
      );
    }),
    { seed, numRuns: 30 },
  );
  t.end();
});

t.test('the files of a run', (t) => {
  fc.assert(
    fc.property(fc.array(stranger, { minLength: 9, maxLength: 9 }), (texts) => {
      const at = (place: string) => texts[(place.length * 7 + place.charCodeAt(0)) % texts.length]!;
      const collect = (text: (place: string) => string) => {
        const collector = new Collector();
        for (const event of events(text, text)) collector.on(event);
        return collector.runs;
      };
      const runs = collect(at);
      const usual = collect((place) => plain(at(place)));
      for (const [name, report] of Object.entries({ tapReport, junitReport, htmlReport, jsonReport })) {
        const text = report(runs);
        same(screen(text).acts, [], name);
        // A message of several lines stays so in XML and HTML; nothing else does.
        if (report === tapReport || report === jsonReport)
          same(screen(text).lines.length, screen(report(usual)).lines.length, name);
      }
      same(JSON.parse(jsonReport(runs)).scenarios[0].name, at('scenario'));
      const parser = new Parser({ strict: true });
      const points: { ok: boolean }[] = [];
      parser.on('child', (child: Parser) => child.on('assert', (point) => points.push(point)));
      parser.end(tapReport(runs));
      same(
        points.map(({ ok }) => ok),
        [true, false, true, false, true],
      );
      const annotations = runs.flatMap(({ result }) => githubAnnotations(result));
      const runner = capture({ GITHUB_ACTIONS: 'true' });
      runner.output.annotate(annotations);
      same(runnerCommands(runner.text()).length, annotations.length, 'one command a failure');
    }),
    { seed, numRuns: 25 },
  );
  t.end();
});

t.test('print, note and failures take lines: none of a stranger begins one', (t) => {
  fc.assert(
    fc.property(stranger, stranger, stranger, (a, b, c) =>
      same(
        wrongs((output, told) => {
          const failure = new Failure({
            code: 'x',
            message: told(a),
            hint: told(b),
            details: [told(c), `${told(a)}:1`],
          });
          output.note(formatFailure(failure, { color: true }));
          output.print(told(b));
          output.print([`  ${told(c)}`, told(a)]);
        }),
        [],
      ),
    ),
    { seed, numRuns: 100 },
  );
  t.end();
});

t.test('a scenario and a profile that are refused', (t) => {
  fc.assert(
    fc.property(stranger, stranger, (a, b) => {
      const quoted = (text: string) => JSON.stringify(Buffer.from(text).toString());
      const yaml = (told: (text: string) => string) =>
        `name: ${quoted(told(a))}\n${quoted(`q${told(b)}`)}: 1\nsteps: [{ request: ${quoted(told(a))}, ${quoted(`z${told(a)}`)}: 2, check: [{ regex: { ${quoted(`(${told(b)}`)}: ${quoted(told(a))} } }] }]\n`;
      return same(
        wrongs((output, told) => {
          const { problems } = parseScenario(yaml(told));
          output.note(formatFailure(scenarioFailure(told(a), problems.slice(0, 2)), { color: true }));
          const profile = parseProfile(`why: ${quoted(told(a))}\n${quoted(`q${told(b)}`)}: 1\n`);
          output.note(profile.problems.slice(0, 1).map(({ message }) => message));
        }),
        [],
      );
    }),
    { seed, numRuns: 20 },
  );
  t.end();
});

t.test('the result of a load that someone handed over', async (t) => {
  const base = resultOf(failed);
  await fc.assert(
    fc.asyncProperty(stranger, stranger, async (a, b) => {
      const result = (told: (text: string) => string) => {
        const errors = { [told(a)]: 3, [`${told(b)} 2`]: 1 };
        const steps = [a, b].map((name) => ({ ...base.steps[0]!, step: told(name) }));
        const thresholds = [{ ...base.thresholds[0]!, text: told(a) }];
        const verdict = { state: 'VOID', reasons: [{ code: 'x', message: told(b), share: 1 }] };
        return {
          ...resultOf(failed),
          name: told(a),
          url: told(b),
          errors,
          thresholds,
          verdict,
          steps,
        } as unknown as ReturnType<typeof resultOf>;
      };
      const about = (told: (text: string) => string) => ({ ...heading, name: told(a), target: told(b) });
      same(
        wrongs((output, told) => {
          output.print(headingLine(about(told)));
          output.print(snapshotLine({ ...failed, errors: { [told(a)]: 3 } }));
          output.write(comparisonText(compareRuns(result(told), resultOf(failed), 0.1), { color: true, columns: 80 }));
        }),
        [],
      );
      const { output, text } = capture({ GITHUB_ACTIONS: 'true' });
      const hostile = result((told) => told);
      output.write(
        loadSummary(
          hostile,
          about((told) => told),
          { color: true, columns: 80, conclusion: a },
        ),
      );
      output.json(hostile);
      output.document(
        loadHtml(
          hostile,
          about((told) => told),
        ),
      );
      output.document(
        recordLine({ step: 0, dueUs: 0, sentUs: 0, firstByteUs: 0, doneUs: 1, status: 0, error: b, bytes: 0 }, [a]),
      );
      const seen = screen(text());
      same([...seen.acts, ...runnerCommands(text())], []);
    }),
    { seed, numRuns: 12 },
  );
  t.end();
});

t.test('any bytes of a server', async (t) => {
  let answer = Buffer.alloc(0);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const bytes = fc
    .array(
      fc.oneof(
        fc.constantFrom(...nasty).map((text) => Buffer.from(text)),
        fc.uint8Array({ maxLength: 8 }),
      ),
      { maxLength: 4 },
    )
    .map((parts) => Buffer.concat(parts));
  const yaml = `
name: hostile
steps:
  - request: GET /
    check:
      - { name: status, status: 201 }
      - { name: header, header: { X-A: b } }
      - { name: body, json: { $.a: 1 } }
      - { name: text, text: b }
    capture: { c: { header: x-a } }
`;
  await fc.assert(
    fc.asyncProperty(bytes, bytes, bytes, async (reason, value, body) => {
      // Line ends would end the head.
      const inHead = (part: Buffer) => part.filter((byte) => byte !== 10 && byte !== 13 && byte !== 0);
      const length = Buffer.from(`\r\nContent-Length: ${body.length}\r\n\r\n`);
      answer = Buffer.concat([
        Buffer.from('HTTP/1.1 200 '),
        inHead(reason),
        Buffer.from('\r\nX-A: '),
        inHead(value),
        length,
        body,
      ]);
      const { output, text } = capture({ GITHUB_ACTIONS: 'true' });
      output.beginReport();
      const report = new NewmanReport({ write: output.write, color: true, columns: 80, interactive: false });
      const har = new HarRecorder();
      await runText(yaml, url, {
        traffic: true,
        onEvent: (event) => {
          report.on(event);
          har.on(event);
          if (event.type === 'traffic') output.note(debugLines(event.traffic));
        },
      });
      output.endReport();
      same([...screen(text()).acts, ...runnerCommands(text())], []);
      same(screen(har.text('1')).acts, []);
    }),
    { seed, numRuns: 25 },
  );
});

t.test('the layouts of other tools', async () => {
  const result = resultOf(failed);
  for (const name of layoutNames)
    for (const told of nasty) {
      const hostile = { ...result, errors: { [told]: 1 } } as typeof result;
      const plan = {
        name: told,
        endpoint: { url: 'http://h' },
        arrivals: { model: 'open', stages: [{ from: 1, to: 1, durationMs: 1000 }] },
        work: [{ kind: 'requests', name: told, weight: 1, requests: [{ method: 'GET', path: `/${told}` }] }],
        thresholds: [],
      } as unknown as LoadPlan;
      const { output, text } = capture();
      output.write(await peerSummary(name, hostile, plan));
      same(screen(text()).acts, [], `${name} ${JSON.stringify(told)}`);
    }
});

t.test('colours of our own pass, and where GitHub reads, what follows the report is a command', (t) => {
  const { output, text } = capture({ GITHUB_ACTIONS: 'true' });
  output.beginReport();
  output.print('::error::no');
  output.annotate(['::error::yes']);
  output.note('::error::no');
  t.match(text(), /^::stop-commands::(\S+)\n: :error::no\n::\1::\n::error::yes\n: :error::no\n$/);
  t.strictSame(shown({ 'a\n': ['b\r'] }), { 'a\u240a': ['b\u240d'] });
  t.end();
});

t.test('nothing else writes to the streams', (t) => {
  const allowed = {
    'target/doctor.ts': 'a probe in a process of its own',
    'commands/status.ts': 'clears the terminal',
    'main.ts': 'the version, and that stdout is lost',
    'report/load/views/live.tsx': 'its own screen',
  };
  const folder = `${root}src/cli/`;
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .filter((file) =>
      /(stdout|stderr)\.write\(|console\.(log|error|info|warn)\(/.test(readFileSync(folder + file, 'utf8')),
    );
  // In texts only: the scripts of collections.
  const texts = found.filter((file) => !file.startsWith('scenario/'));
  t.same(texts.sort(), Object.keys(allowed).sort());
  t.end();
});
