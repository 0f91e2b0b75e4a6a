import type { Body, RequestStep, Scenario, Step } from '../scenario.js';
import { asSent, baseOf, firstVariables, inOrder, lossesEverywhere, oneLine, skipNote } from './as-sent.js';
import type { Losses } from './script-js.js';
import { quoted, ShellWords, shellFunctions } from './shell-words.js';
import type { Converted } from './to-postman.js';

/** A shell script of curl commands: the requests without their checks, variables as shell variables. */
export function toCurl(scenario: Scenario, baseUrl?: string): Converted {
  const losses = lossesEverywhere(scenario);
  const words = new ShellWords();
  const body: string[] = [];
  if (scenario.data.length > 0) losses.push('data: only the first row is used');
  for (const [name, value] of inOrder(firstVariables(scenario))) body.push(words.assign(name, value, losses));
  const visit = (steps: readonly Step[]) => {
    for (const step of steps) {
      if (step.skip !== false) body.push('', `# ${skipNote(step)}`);
      else if (step.kind === 'folder') visit(step.steps);
      else if (step.kind === 'request') body.push(...commands(step, scenario, words, losses));
      else if (step.kind === 'wait') body.push('', `# ${oneLine(step.name)}`, `sleep ${step.waitMs / 1000}`);
      else losses.push(`"${step.name}": ${step.kind} has no counterpart`);
    }
  };
  visit([...scenario.setup, ...scenario.steps, ...scenario.teardown]);
  const lines = [
    '#!/bin/sh',
    `# ${oneLine(scenario.name)}: written by hwctl scenario export --to curl`,
    ...(scenario.why === undefined ? [] : [`# ${oneLine(scenario.why)}`]),
    'set -eu',
    `base=\${BASE_URL:-${quoted([{ text: baseOf(scenario, baseUrl) }])}}`,
    ...shellFunctions(body),
    'jars=$(mktemp -d)',
    '',
    ...body,
  ];
  return { text: `${lines.join('\n')}\n`, losses: [...new Set(losses)] };
}

function commands(step: RequestStep, scenario: Scenario, words: ShellWords, losses: Losses): string[] {
  const own: Losses = [];
  const { request } = step;
  const lines: string[] = [];
  for (const [name, value] of Object.entries(step.set)) lines.push(words.assign(name, value, own));
  lines.push(curl(request, scenario, words, own).join(' \\\n  '));
  if (step.until !== undefined) own.push('until: asked once');
  if (step.retry > 0) own.push('retry');
  if (request.lose !== undefined) own.push(`lose: ${request.lose}`);
  if (step.log.length > 0) own.push('log');
  const captured = Object.keys(step.capture);
  if (captured.length > 0) own.push(`capture of ${captured.join(', ')}`);
  for (const name of captured) {
    words.forget(name);
    lines.push(`v_${name}=\${v_${name}:?set v_${name} from the response above}`);
  }
  if (step.check.length > 0) own.push(step.check.length === 1 ? 'its check' : `its ${step.check.length} checks`);
  losses.push(...own.map((loss) => `"${step.name}": ${loss}`));
  const comment = ['', `# ${oneLine(step.name)}`];
  if (step.repeat === 1) return [...comment, ...lines];
  return [...comment, `i=0; while [ $i -lt ${step.repeat} ]; do i=$((i + 1))`, ...lines, 'done'];
}

function curl(request: RequestStep['request'], scenario: Scenario, words: ShellWords, own: Losses): string[] {
  const sent = asSent(request, scenario);
  const jar = `"$jars"/${quoted([{ text: encodeURIComponent(request.as || 'all') }])}`;
  // -g: brackets in an address are no pattern. A POST that is redirected goes on as GET only where -X does not say POST.
  const options = [`curl -sS -i -g${sent.redirects ? ' -L' : ''} --max-time ${sent.timeoutMs / 1000}`];
  if (sent.cookies) options.push(`-b ${jar} -c ${jar}`);
  const body = request.body && bodyOptions(request.body, words, own);
  if (request.method === 'HEAD') {
    options.push('--head');
    if (body !== undefined) own.push('body: curl sends none with HEAD');
  } else if (request.method !== 'POST') options.push(`-X ${request.method}`);
  for (const [name, value] of sent.headers)
    for (const each of Array.isArray(value) ? value : [value]) {
      options.push(`-H ${headerLine(name, each, words, own)}`);
    }
  const { auth } = sent;
  if (auth?.kind === 'bearer') options.push(`-H ${words.text(`Authorization: Bearer ${auth.token}`, own)}`);
  else if (auth?.kind === 'basic') options.push(`-u ${words.text(`${auth.username}:${auth.password}`, own)}`);
  else if (auth !== undefined) own.push(`auth: ${auth.kind}`);
  // Without a type of its own curl calls every body a form.
  const typed = sent.headers.some(([name]) => name.toLowerCase() === 'content-type');
  const untyped = request.body === undefined ? request.method === 'POST' : request.body.kind === 'file';
  if (untyped && !typed) options.push("-H 'Content-Type:'");
  if (body === undefined && request.method === 'POST') options.push("--data-raw ''");
  if (body !== undefined && request.method !== 'HEAD') options.push(...body);
  const parameters = words.pairs(request.query, own);
  const known = parameters.flatMap((each) => ('known' in each ? [each.known] : []));
  const later = parameters.flatMap((each) => ('later' in each ? [`--url-query ${each.later}`] : []));
  return [...options, ...later, address(request.path, known.join('&'), words, own)];
}

/** curl leaves a header without a value out unless it ends with a semicolon: where only the run knows, the shell decides. */
function headerLine(name: string, value: string, words: ShellWords, own: Losses): string {
  if (value === '') return words.text(`${name};`, own);
  if (value.replace(/\{\{[^}]*\}\}/g, '') !== '') return words.text(`${name}: ${value}`, own);
  return `"$(header ${words.text(name, own)} ${words.text(value, own)})"`;
}

function address(path: string, query: string, words: ShellWords, own: Losses): string {
  const known = words.known(path);
  const start = known === undefined ? path : String(known.value);
  const whole = query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
  if (/^https?:/i.test(start)) return words.url(whole, own);
  if (known === undefined && path.startsWith('{{')) return `"$(address ${words.url(whole, own)})"`;
  return `"$base"${known !== undefined || start.startsWith('/') ? '' : '/'}${words.url(whole, own)}`;
}

function bodyOptions(body: Body, words: ShellWords, own: Losses): string[] {
  switch (body.kind) {
    case 'json':
      return [`--data-raw ${words.json(body.value, own)}`];
    case 'graphql':
      return [`--data-raw ${words.json({ query: body.query, variables: body.variables }, own)}`];
    case 'text':
      return [`--data-raw ${words.text(body.value, own)}`];
    case 'form': {
      const fields = words.pairs(body.fields, own);
      if (fields.length === 0) return ["--data-raw ''"];
      return fields.map((each) =>
        'known' in each ? `--data-raw ${quoted([{ text: each.known }])}` : `--data-urlencode ${each.later}`,
      );
    }
    case 'file':
      own.push('file: run the script in the folder of the scenario');
      return [`--data-binary ${words.text(`@${body.path}`, own)}`];
    case 'multipart':
      if (Object.values(body.fields).some((value) => typeof value !== 'string'))
        own.push('multipart: run the script in the folder of the scenario');
      return Object.entries(body.fields).map(([name, value]) =>
        typeof value === 'string'
          ? `--form-string ${words.text(`${name}=${value}`, own)}`
          : `-F ${words.text(`${name}=@"${value.file.replace(/["\\]/g, '\\$&')}";type=${value.type ?? 'application/octet-stream'}`, own)}`,
      );
  }
}
