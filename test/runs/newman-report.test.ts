// The terminal report of a collection beside newman's own, each run for real.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hwctl } from '../golden.js';
import { echoServer } from '../scenario/echo-server.js';

const require = createRequire(import.meta.url);

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
