import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { Parser } from 'tap-parser';
import { validateXML } from 'xmllint-wasm';
import { Collector } from '../../../src/cli/report/scenario/collect.js';
import { githubAnnotations } from '../../../src/cli/report/scenario/github.js';
import { HarRecorder } from '../../../src/cli/report/scenario/har.js';
import { htmlReport } from '../../../src/cli/report/scenario/html.js';
import { jsonReport } from '../../../src/cli/report/scenario/json.js';
import { junitReport } from '../../../src/cli/report/scenario/junit.js';
import { markdownReport } from '../../../src/cli/report/scenario/markdown.js';
import { tapReport } from '../../../src/cli/report/scenario/tap.js';
import { matchGolden, root } from '../../golden.js';
import { echoServer } from '../../scenario/echo-server.js';
import { runText } from '../../scenario/run-text.js';
import { readMarkdown } from '../read-markdown.js';

const yaml = `
name: all <kinds> & "signs"
steps:
  - folder: F # 1
    steps:
      - name: mixed
        request: GET /json
        check:
          - { name: 'good # not a directive', status: 200 }
          - { name: 'bad <b>', status: 500, json: { $.id: 8 } }
          - { name: left out, skip: later, status: 200 }
      - { name: refused, request: GET /reset }
  - { name: skipped step, skip: true, request: GET /json }
  - { name: no checks, request: GET /json }
`;

t.test('the reports that are written at the end', async (t) => {
  const url = await echoServer(t);
  const { events, result } = await runText(yaml, url, { traffic: true });
  const collector = new Collector();
  const har = new HarRecorder();
  for (const event of events) {
    collector.on(event);
    har.on(event);
  }
  const { runs } = collector;
  const steady = (text: string) =>
    text
      .replaceAll(url, 'http://server')
      .replace(/(time|timestamp)="[^"]*"/g, '$1=""')
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, 'DATE')
      .replace(/host: .*/gi, 'host')
      .replace(/date: .*/gi, 'date')
      .replace(/[\d.]+(µs|ms)\b/g, 'TIME')
      .replace(/[\d.]+k?B\b/g, 'SIZE');

  t.test('JUnit', async (t) => {
    const xml = junitReport(runs);
    matchGolden(t, 'report/scenario/junit.xml', steady(xml));
    t.match(xml, /tests="6" failures="1" errors="1"/);
    // A real validator: libxml2.
    const schema = { fileName: 'junit.xsd', contents: readFileSync(`${root}test/report/scenario/junit.xsd`, 'utf8') };
    const validated = async (contents: string) =>
      validateXML({ xml: { fileName: 'report.xml', contents }, schema }).then(({ errors }) => errors.map(String));
    t.same(await validated(xml), []);
    t.not((await validated(xml.replace('failures="1"', 'failures="no"'))).length, 0, 'the validator is at work');
  });

  t.test('TAP 14, as tap-parser reads it', async (t) => {
    const text = tapReport(runs);
    matchGolden(t, 'report/scenario/tap.txt', steady(text));
    const parser = new Parser({ strict: true });
    const asserts: { ok: boolean; name: string }[] = [];
    parser.on('child', (child: Parser) => child.on('assert', (assert) => asserts.push(assert)));
    parser.end(text);
    t.equal(parser.failures.length, 1, 'the scenario failed');
    t.equal(parser.results?.count, 1);
    t.same(
      asserts.map(({ ok }) => ok),
      [true, false, true, false, true, true],
    );
    t.equal(asserts[0]?.name, 'F / mixed: good # not a directive');
  });

  t.test('HTML needs nothing else and escapes everything', async (t) => {
    const html = htmlReport(runs, '9.8.7');
    matchGolden(t, 'report/scenario/report.html', steady(html));
    t.notMatch(html, /<script|<link|src=|@import|bad <b>/);
    const before = html.slice(0, html.indexOf('<h2'));
    for (const part of ['hwctl 9.8.7 test', 'FAILED</span> 1 of 1 scenario', `asked <code>${url}`, 'in all'])
      t.ok(before.includes(part), `on top: ${part}`);
    t.match(before, /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
    const links = [...before.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    t.equal(links.length, 1 + runs[0]!.result.failures.length, 'a link to the scenario and to each failure');
    for (const id of links) t.equal(html.split(`id="${id}"`).length, 2, `#${id} is there once`);
    t.match(html, /mixed <span class="dim">GET 200, \S+<\/span>/);
  });

  t.test('Markdown: verdict, scenarios, failures with their places', async (t) => {
    const text = markdownReport(runs, '9.8.7', 1);
    matchGolden(t, 'report/scenario/report.md', steady(text));
    t.match(text, /^## ❌ FAIL: test, 1 of 1 scenario failed\n\nExit code 1\. /);
    for (const { where } of result.failures) t.ok(text.includes(`\`${where}\`, in `), where);
    t.same(readMarkdown(text).acts, []);
  });

  t.test('JSON', async (t) => {
    const json = JSON.parse(jsonReport(runs)) as {
      passed: boolean;
      scenarios: { steps: unknown[]; failures: unknown[] }[];
    };
    const schema = JSON.parse(readFileSync(`${root}schemas/scenario-report.schema.json`, 'utf8')) as object;
    const valid = new Ajv2020({ allErrors: true }).compile(schema);
    t.ok(valid(json), JSON.stringify(valid.errors));
    t.equal(json.passed, false);
    t.equal(json.scenarios[0]?.steps.length, 4);
    t.equal(json.scenarios[0]?.failures.length, 2);
  });

  t.test('GitHub annotations', async (t) => {
    const lines = githubAnnotations(result);
    matchGolden(t, 'report/scenario/github.txt', `${lines.join('\n')}\n`);
    // The runner's own reading (actions/toolkit, command.ts): ::NAME KEY=VALUE,...::MESSAGE, escaped by per cent.
    for (const line of lines) t.match(line, /^::error file=[^,:]+,line=\d+,title=[^,:]+::[^\r\n]+$/);
  });

  t.test('HAR', async (t) => {
    const { log } = JSON.parse(har.text('1.2.3')) as {
      log: {
        version: string;
        entries: {
          request: { url: string };
          response: { status: number; headers: { name: string; value: string }[] };
        }[];
      };
    };
    t.equal(log.version, '1.2');
    t.same(
      log.entries.map(({ response }) => response.status),
      [200, 0, 200],
    );
    t.equal(log.entries[0]?.response.headers.find(({ name }) => name === 'set-cookie')?.value, '••••••');
  });
});
