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
pre{background:var(--box);padding:.6rem;border-radius:6px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
.passed{color:var(--good)}.failed{color:var(--bad)}.skipped,.dim{color:var(--dim)}`;

/** One page that needs nothing else: no scripts, no fonts, no links to elsewhere. */
export const htmlReport: FileReport = (runs) => {
  const passed = runs.every(({ result }) => result.passed);
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${passed ? 'passed' : 'failed'}: ${htmlText(runs.map(({ result }) => result.name).join(', '))}</title>`,
    `<style>${style}</style></head><body>`,
    `<h1>hwctl test: <span class="${passed ? 'passed">passed' : 'failed">failed'}</span></h1>`,
    ...runs.map(scenarioHtml),
    '</body></html>',
    '',
  ].join('\n');
};

function scenarioHtml({ result, steps }: CollectedRun): string {
  const { iterations, requests, assertions, responseMs } = result;
  const row = (name: string, counts: { executed: number; failed: number }) =>
    `<tr><th>${name}</th><td>${counts.executed}</td><td class="${counts.failed > 0 ? 'failed' : 'dim'}">${counts.failed}</td></tr>`;
  const times = `average ${newmanTime(responseMs.average)}, min ${newmanTime(responseMs.min)}, max ${newmanTime(responseMs.max)}`;
  return [
    `<h2>${mark(result.passed ? 'passed' : 'failed')} ${htmlText(result.name)} <small class="dim">${htmlText(result.file)}</small></h2>`,
    '<table><tr><th></th><th>executed</th><th>failed</th></tr>',
    row('iterations', iterations),
    row('requests', requests),
    row('assertions', assertions),
    '</table>',
    `<p class="dim">${newmanTime(result.durationMs)} in all, ${newmanSize(result.receivedBytes)} received, responses: ${times}</p>`,
    ...steps.map((step) => stepHtml(step, iterations.executed)),
    ...(result.failures.length > 0 ? ['<h3>Failures</h3>', ...result.failures.map(failureHtml)] : []),
  ].join('\n');
}

function stepHtml(step: StepResult, iterations: number): string {
  const lines = [
    `<details${step.state === 'failed' ? ' open' : ''}><summary>${mark(step.state)} ${htmlText(titleOf(step, iterations))}</summary><ul>`,
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

function failureHtml(failure: ScenarioFailure): string {
  const place = [...failure.step.path, failure.step.name].join(' / ');
  const text = [
    ...failure.messages,
    ...failure.diff.map((line) => `  ${line}`),
    `at ${failure.where}`,
    '',
    failure.exchange,
    '',
    failure.rerun,
  ];
  return `<details open><summary>${failure.number}. ${htmlText(failure.name)} <span class="dim">in ${htmlText(place)}</span></summary><pre>${htmlText(text.join('\n'))}</pre></details>`;
}

function mark(state: StepResult['state']): string {
  return {
    passed: '<span class="passed">✓ passed</span>',
    failed: '<span class="failed">✖ failed</span>',
    skipped: '<span class="skipped">– skipped</span>',
  }[state];
}
