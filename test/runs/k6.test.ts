// What `scenario export --to k6` writes, run by the real k6 beside hwctl: the same requests, the same checks, the same
// verdicts. K6=FILE names the program; without it and without one on the PATH the test is skipped.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { toK6 } from '../../src/cli/scenario/convert/to-k6.js';
import { hwctl } from '../golden.js';
import { checks } from '../scenario/checks.js';
import { remembering, requests } from '../scenario/convert/sent.js';
import { echoServer } from '../scenario/echo-server.js';
import { platform } from '../scenario/platform.js';
import { runText, scenarioOf } from '../scenario/run-text.js';

t.setTimeout(300_000);

function findK6(): string | undefined {
  const candidates = [process.env.K6, 'k6', join(homedir(), '.cache/hwctl-bench/bin/k6')];
  return candidates.find((file) => file !== undefined && spawnSync(file, ['version']).status === 0);
}
const k6 = findK6();
const skip = k6 === undefined ? 'k6 is not installed: go install go.k6.io/k6@v1.8.1' : false;

interface Summary {
  requests: number;
  passes: number;
  fails: number;
}

async function runK6(t: Test, script: string): Promise<Summary> {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-k6-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const summary = join(folder, 'summary.json');
  writeFileSync(join(folder, 'script.js'), script);
  const args = ['run', '--quiet', '--no-usage-report', '--summary-export', summary, join(folder, 'script.js')];
  // Not spawnSync: the servers of these tests are in this process.
  const { stderr } = await execa(k6!, args, {
    reject: false,
    timeout: 120_000,
    env: { HOME: folder },
  });
  if (!existsSync(summary)) throw new Error(`k6 wrote no summary: ${stderr}`);
  const { metrics } = JSON.parse(readFileSync(summary, 'utf8')) as {
    metrics: Record<string, { count?: number; passes?: number; fails?: number }>;
  };
  if (/GoError|TypeError|ReferenceError|SyntaxError/.test(stderr)) throw new Error(stderr);
  return {
    requests: metrics.http_reqs?.count ?? 0,
    passes: metrics.checks?.passes ?? 0,
    fails: metrics.checks?.fails ?? 0,
  };
}

t.test('the built-in scenarios', { skip }, async (t) => {
  const url = await platform(t);
  for (const name of ['idempotency', 'orders', 'users', 'prices', 'hello']) {
    const ours = await hwctl(['test', name, '--url', url, '--host', 'arch.homework', '--json']);
    const [{ requests, assertions }] = JSON.parse(ours.stdout).scenarios;
    const { stdout: script, stderr: losses } = await hwctl(['scenario', 'export', name, '--to', 'k6', '--url', url]);
    const theirs = await runK6(t, script);
    t.same(theirs, { requests: requests.executed, passes: assertions.executed, fails: 0 }, `${name} ${losses}`);
  }
});

/** What k6 has no counterpart for; said at the export. */
const lost = new Set(['schema', 'json wildcard', 'json filter', 'error']);

t.test('each kind of check that can be carried over', { skip }, async (t) => {
  const url = await echoServer(t);
  const kept = checks.filter(([feature]) => !lost.has(feature));
  const steps = kept.map(
    ([feature, request, holds, fails]) =>
      `  - name: ${feature}\n    request: ${request}\n    check:\n      - { name: 'holds: ${feature}', ${holds} }\n      - { name: 'fails: ${feature}', ${fails} }\n`,
  );
  const yaml = `name: features\nsteps:\n${steps.join('')}`;
  const { text, losses } = toK6(scenarioOf(yaml), url);
  t.same(losses, [], 'nothing is lost');
  const { result } = await runText(yaml, url);
  t.equal(result.assertions.failed, kept.length);
  t.same(await runK6(t, text), { requests: result.requests.executed, passes: kept.length, fails: kept.length });
  for (const [feature, request, holds] of checks.filter(([feature]) => lost.has(feature) && feature !== 'error')) {
    const one = `name: x\nsteps:\n  - request: ${request}\n    check: [{ name: holds, ${holds} }]\n`;
    t.not(toK6(scenarioOf(one), url).losses.length, 0, `${feature} is told as lost`);
  }
});

t.test('k6 sends what hwctl sends', { skip }, async (t) => {
  const { url, take } = await remembering(t);
  const yaml = requests(url, true);
  const { result } = await runText(yaml, url);
  t.ok(result.passed);
  const ours = take();
  const { text, losses } = toK6(scenarioOf(yaml));
  t.same(losses, ['"POST /echo/multipart": body: multipart']);
  await runK6(t, text);
  const without = (lines: string[]) => lines.filter((line) => !line.includes('/echo/multipart'));
  t.same(without(take()), without(ours));
});
