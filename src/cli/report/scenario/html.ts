import { htmlText } from '../../kernel/text.js';
import type { ScenarioFailure, StepResult } from '../../scenario/result.js';
import { type CollectedRun, type FileReport, titleOf } from './collect.js';
import { newmanSize, newmanTime } from './figures.js';

const style = `
:root{color-scheme:light dark;--good:#1a7f37;--bad:#cf222e;--dim:#6e7781;--line:#d0d7de;--box:#f6f8fa}
@media(prefers-color-scheme:dark){:root{--good:#3fb950;--bad:#f85149;--dim:#8b949e;--line:#30363d;--box:#161b22}}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid var(--line)}
table{border-collapse:collapse}td,th{padding:.15rem .8rem;border:1px solid var(--line);text-align:right}th:first-child{text-align:left}
details{border:1px solid var(--line);border-radius:6px;margin:.35rem 0;padding:.3rem .7rem}summary{cursor:pointer}
ul{list-style:none;padding-left:1rem;margin:.3rem 0}
a{color:inherit}nav>ul{padding-left:0}h1,h2,li,summary,code{overflow-wrap:anywhere}
pre{background:var(--box);padding:.6rem;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere}
.passed{color:var(--good)}.failed{color:var(--bad)}.skipped,.dim{color:var(--dim)}`;

/** One page that needs nothing else: no scripts, no fonts, no links but within it. What came of the run and where it failed is on top. */
export const htmlReport: FileReport = (runs, version) => {
  const failed = runs.filter(({ result }) => !result.passed).length;
  const passed = failed === 0;
  const started = runs
    .map(({ result }) => result.startedAt)
    .reduce((min, at) => Math.min(min, at), Number.POSITIVE_INFINITY);
  const date = Number.isFinite(started)
    ? ` · ${new Date(started).toISOString().replace('T', ' ').slice(0, 19)} UTC`
    : '';
  const words = passed
    ? `PASSED</span> ${count(runs.length, 'scenario')}`
    : `FAILED</span> ${failed} of ${count(runs.length, 'scenario')}`;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${passed ? 'passed' : 'failed'}: ${htmlText(runs.map(({ result }) => result.name).join(', '))}</title>`,
    `<style>${style}</style></head><body>`,
    `<p class="dim">hwctl${version === undefined ? '' : ` ${htmlText(version)}`} test${date}</p>`,
    `<h1><span class="${passed ? 'passed' : 'failed'}">${words}</h1>`,
    ...askedHtml(runs),
    totalsHtml(runs),
    indexHtml(runs),
    ...runs.map(scenarioHtml),
    '</body></html>',
    '',
  ].join('\n');
};

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** The servers that were asked, most of which a scenario does not name. */
function askedHtml(runs: readonly CollectedRun[]): string[] {
  const urls = runs.flatMap(({ steps }) => steps.flatMap(({ exchanges }) => exchanges.map(({ url }) => url)));
  const origins = new Set(urls.filter((url) => URL.canParse(url)).map((url) => new URL(url).origin));
  if (origins.size === 0) return [];
  const shown = [...origins].slice(0, 5).join(', ');
  return [`<p>asked <code>${htmlText(shown)}</code>${origins.size > 5 ? ` and ${origins.size - 5} more` : ''}</p>`];
}

function totalsHtml(runs: readonly CollectedRun[]): string {
  const sum = (pick: (run: CollectedRun) => { executed: number; failed: number }) =>
    runs
      .map(pick)
      .reduce((all, { executed, failed }) => ({ executed: all.executed + executed, failed: all.failed + failed }), {
        executed: 0,
        failed: 0,
      });
  const durationMs = runs.reduce((all, { result }) => all + result.durationMs, 0);
  return [
    '<table><tr><th>in all</th><th>executed</th><th>failed</th></tr>',
    countsRow(
      'scenarios',
      sum(({ result }) => ({ executed: 1, failed: result.passed ? 0 : 1 })),
    ),
    countsRow(
      'iterations',
      sum(({ result }) => result.iterations),
    ),
    countsRow(
      'requests',
      sum(({ result }) => result.requests),
    ),
    countsRow(
      'assertions',
      sum(({ result }) => result.assertions),
    ),
    `</table><p class="dim">${newmanTime(durationMs)} of running</p>`,
  ].join('');
}

function countsRow(name: string, counts: { executed: number; failed: number }): string {
  return `<tr><th>${name}</th><td>${counts.executed}</td><td class="${counts.failed > 0 ? 'failed' : 'dim'}">${counts.failed}</td></tr>`;
}

/** What is on the page: each scenario, the failed ones with their failures, each a link. */
function indexHtml(runs: readonly CollectedRun[]): string {
  const items = runs.map(({ result }, run) => {
    const failures = result.failures.map(
      (failure) =>
        `<li><a href="#s${run + 1}-f${failure.number}">${failure.number}. ${htmlText(failure.name)}</a> <span class="dim">in ${htmlText(placeOf(failure))}</span></li>`,
    );
    const list = failures.length === 0 ? '' : `<ul>${failures.join('')}</ul>`;
    return `<li>${mark(result.passed ? 'passed' : 'failed')} <a href="#s${run + 1}">${htmlText(result.name)}</a> <span class="dim">${result.requests.executed} requests, ${result.assertions.executed} assertions, ${newmanTime(result.durationMs)}</span>${list}</li>`;
  });
  return `<nav><ul>${items.join('\n')}</ul></nav>`;
}

function scenarioHtml({ result, steps }: CollectedRun, run: number): string {
  const { iterations, requests, assertions, responseMs } = result;
  const times = `average ${newmanTime(responseMs.average)}, min ${newmanTime(responseMs.min)}, max ${newmanTime(responseMs.max)}`;
  return [
    `<h2 id="s${run + 1}">${mark(result.passed ? 'passed' : 'failed')} ${htmlText(result.name)} <small class="dim">${htmlText(result.file)}</small></h2>`,
    // What failed is read first.
    ...(result.failures.length > 0
      ? ['<h3>Failures</h3>', ...result.failures.map((failure) => failureHtml(failure, run))]
      : []),
    '<table><tr><th></th><th>executed</th><th>failed</th></tr>',
    countsRow('iterations', iterations),
    countsRow('requests', requests),
    countsRow('assertions', assertions),
    '</table>',
    `<p class="dim">${newmanTime(result.durationMs)} in all, ${newmanSize(result.receivedBytes)} received, responses: ${times}</p>`,
    ...steps.map((step) => stepHtml(step, iterations.executed)),
  ].join('\n');
}

/** The step's last exchange in a few words: `GET 200, 12ms`. */
function stepBrief({ exchanges }: StepResult): string {
  const last = exchanges.at(-1);
  if (last === undefined) return '';
  const more = exchanges.length > 1 ? `${exchanges.length} exchanges, last ` : '';
  const outcome = last.status === undefined ? 'no response' : `${last.status}, ${newmanTime(last.timeMs)}`;
  return ` <span class="dim">${more}${htmlText(`${last.method} ${outcome}`)}</span>`;
}

function stepHtml(step: StepResult, iterations: number): string {
  const lines = [
    `<details${step.state === 'failed' ? ' open' : ''}><summary>${mark(step.state)} ${htmlText(titleOf(step, iterations))}${stepBrief(step)}</summary><ul>`,
  ];
  if (step.reason !== undefined) lines.push(`<li class="skipped">skipped: ${htmlText(step.reason)}</li>`);
  for (const { method, url, count, status, reason, bytes, timeMs, error } of step.exchanges) {
    const outcome = error ?? `${status} ${reason}, ${newmanSize(bytes)}, ${newmanTime(timeMs)}`;
    const copies = count === 1 ? '' : ` × ${count}`;
    lines.push(
      `<li><code>${htmlText(`${method} ${url}`)}</code> <span class="dim">[${htmlText(outcome)}]${copies}</span></li>`,
    );
  }
  for (const { name, state, messages } of step.checks)
    lines.push(
      `<li>${mark(state)} ${htmlText(name)}${messages.map((message) => `<br><span class="dim">${htmlText(message)}</span>`).join('')}</li>`,
    );
  for (const { message } of step.errors) lines.push(`<li>${mark('failed')} ${htmlText(message)}</li>`);
  return `${lines.join('\n')}</ul></details>`;
}

function placeOf({ step }: ScenarioFailure): string {
  return [...step.path, step.name].join(' / ');
}

function failureHtml(failure: ScenarioFailure, run: number): string {
  const text = [
    ...failure.messages,
    ...failure.diff.map((line) => `  ${line}`),
    `at ${failure.where}`,
    '',
    failure.exchange,
    '',
    failure.rerun,
  ];
  return `<details open id="s${run + 1}-f${failure.number}"><summary>${failure.number}. ${htmlText(failure.name)} <span class="dim">in ${htmlText(placeOf(failure))}</span></summary><pre>${htmlText(text.join('\n'))}</pre></details>`;
}

function mark(state: StepResult['state']): string {
  return {
    passed: '<span class="passed">✓ passed</span>',
    failed: '<span class="failed">✖ failed</span>',
    skipped: '<span class="skipped">– skipped</span>',
  }[state];
}
