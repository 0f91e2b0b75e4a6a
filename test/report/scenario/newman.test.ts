import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { newmanSize, newmanTime } from '../../../src/cli/report/scenario/figures.js';
import { tableLines } from '../../../src/cli/report/scenario/table.js';
import { hwctl } from '../../golden.js';
import { echoServer } from '../../scenario/echo-server.js';

const require = createRequire(import.meta.url);

t.test('sizes and times as newman writes them', async (t) => {
  const { filesize } = require('filesize') as { filesize(bytes: number, options: object): string };
  for (const bytes of [0, 1, 204, 999, 1000, 1020, 1308, 9999, 24_700, 999_999, 1_000_000, 1_234_567, 5e9])
    t.equal(newmanSize(bytes), filesize(bytes, { spacer: '' }), `${bytes}`);
  const newman = require('newman/lib/util') as { prettyms(ms: number): string };
  for (const ms of [
    0.0005, 0.5, 1, 19.9, 1144, 1997.9, 1998, 2000, 2349, 59_949, 60_000, 61_500, 3_600_000, 3_725_000, 90_061_000,
  ])
    t.equal(newmanTime(ms), newman.prettyms(ms), `${ms}`);
});

t.test('the table is laid out as cli-table3 does it for newman', async (t) => {
  const Table = require('cli-table3') as new (
    options: object,
  ) => { push(...rows: unknown[]): void; toString(): string };
  const texts = [
    'total run duration: 5ms',
    'average response time: 96ms [min: 7ms, max: 364ms, s.d.: 140ms]',
    'average response time: 1m 3.2s [min: 850µs, max: 1h 2m 3.1s, s.d.: 140ms]',
  ];
  for (const text of texts)
    for (const executed of ['1', '123456789012345678901']) {
      const table = new Table({
        style: { head: [], border: [] },
        head: ['', 'executed', '  failed'],
        colAligns: ['right', 'right', 'right'],
        colWidths: [25],
      });
      table.push(['requests', executed, '0'], [{ colSpan: 3, content: text, hAlign: 'left' }]);
      const ours = tableLines(
        ['executed', '  failed'],
        [{ label: 'requests', cells: [executed, '0'] }, { text }],
        (cell) => cell,
      );
      t.equal(ours.join('\n'), table.toString(), `${text} / ${executed}`);
    }
});

t.test('below its head the terminal report is newman’s, line by line', async (t) => {
  const url = await echoServer(t);
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-newman-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const test = (...exec: string[]) => [{ listen: 'test', script: { exec } }];
  const collection = {
    info: { name: 'demo', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
    item: [
      {
        name: 'root item',
        request: { method: 'GET', url: `${url}/json` },
        event: [
          { listen: 'prerequest', script: { exec: ["console.log('before');"] } },
          ...test(
            "pm.test('good', () => {});",
            "console.log('Response body: ', { a: 1 });",
            "console.log('x');",
            "pm.test('bad', () => { pm.expect(1).to.equal(2); });",
            "pm.test.skip('later', () => {});",
          ),
        ],
      },
      {
        name: 'F',
        item: [
          { name: 'inner', request: { method: 'DELETE', url: `${url}/status/404` } },
          { name: 'G', item: [{ name: 'refused', request: 'http://127.0.0.1:1/b' }] },
        ],
      },
      { name: 'last', request: { method: 'GET', url: `${url}/text` } },
    ],
  };
  const file = join(folder, 'demo.json');
  writeFileSync(file, JSON.stringify(collection));
  const theirs = await runNewmanCli(file);
  const ours = await hwctl(['test', file], { cwd: folder });
  t.equal(ours.exitCode, 1, ours.stderr);
  t.equal(theirs.exitCode, 1);
  t.equal(beforeFailures(ours.stdout), beforeFailures(theirs.stdout).replace(/^newman$/m, 'hwctl test'));
});

/** The report up to the list of failures, figures and frame widths replaced: hwctl's failures say more than newman's. */
function beforeFailures(report: string): string {
  const head = report.split(/^.*# .*failure.*$/m)[0]!;
  return head
    .replace(/\[(\d+ [^,]*), [\d.]+k?B, [\d.]+(µs|ms|s)\]/g, '[$1, SIZE, TIME]')
    .replace(/^ *iterations.*$/gm, '')
    .replace(/│ +iterations │.*/g, '│ iterations')
    .replace(/─+/g, '─')
    .replace(/ +executed/g, ' executed')
    .replace(/ +│/g, ' │')
    .replace(/│ +(\S)/g, '│ $1')
    .replace(/(total run duration|total data received|average response time): .*/g, '$1')
    .trimEnd();
}

function runNewmanCli(file: string): Promise<{ exitCode: number | null; stdout: string }> {
  const bin = require.resolve('newman/bin/newman.js');
  const child = spawn(process.execPath, [bin, 'run', file, '--color', 'off'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  return new Promise((done) => child.on('close', (exitCode) => done({ exitCode, stdout })));
}
