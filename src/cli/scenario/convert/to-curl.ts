import type { RequestStep, Scenario, Step } from '../scenario.js';
import { referencesOf } from '../template.js';
import type { Losses } from './script-js.js';
import type { Converted } from './to-postman.js';

/** A shell script of curl commands: the requests without their checks, variables as shell variables. */
export function toCurl(scenario: Scenario, baseUrl?: string): Converted {
  const losses: Losses = [];
  const base = baseUrl ?? scenario.url ?? `http://${scenario.host ?? 'localhost'}`;
  const lines = [
    '#!/bin/sh',
    `# ${scenario.name}: written by hwctl scenario export --to curl`,
    'set -eu',
    `base=\${BASE_URL:-${base}}`,
  ];
  lines.push('uuid() { cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen; }', 'jar=$(mktemp)', '');
  for (const [name, value] of Object.entries(scenario.variables))
    lines.push(`${name}=${shell(typeof value === 'string' ? value : JSON.stringify(value), losses)}`);
  const visit = (steps: readonly Step[]) => {
    for (const step of steps) {
      if (step.kind === 'folder') visit(step.steps);
      else if (step.kind === 'request') lines.push(...command(step, scenario, losses));
      else losses.push(`"${step.name}": ${step.kind} has no counterpart`);
    }
  };
  visit([...scenario.setup, ...scenario.steps, ...scenario.teardown]);
  return { text: `${lines.join('\n')}\n`, losses: [...new Set(losses)] };
}

function command(step: RequestStep, scenario: Scenario, losses: Losses): string[] {
  const { request } = step;
  const lines = ['', `# ${step.name}`];
  for (const [name, value] of Object.entries(step.set)) lines.push(`${name}=${shell(String(value), losses)}`);
  const absolute = /^https?:/.test(request.path);
  const words = ['curl -sS -i -b "$jar" -c "$jar"', `-X ${request.method}`];
  for (const [key, value] of Object.entries({ ...scenario.headers, ...request.headers }))
    for (const each of Array.isArray(value) ? value : [value]) words.push(`-H ${shell(`${key}: ${each}`, losses)}`);
  const { body } = request;
  if (body?.kind === 'json')
    words.push("-H 'Content-Type: application/json'", `--data ${shell(JSON.stringify(body.value), losses)}`);
  else if (body?.kind === 'text') words.push(`--data-binary ${shell(body.value, losses)}`);
  else if (body?.kind === 'file') words.push(`--data-binary ${shell(`@${body.path}`, losses)}`);
  else if (body?.kind === 'form')
    for (const [key, value] of Object.entries(body.fields))
      words.push(`--data-urlencode ${shell(`${key}=${String(value)}`, losses)}`);
  else if (body?.kind === 'multipart')
    for (const [key, value] of Object.entries(body.fields))
      words.push(`-F ${shell(typeof value === 'string' ? `${key}=${value}` : `${key}=@${value.file}`, losses)}`);
  else if (body?.kind === 'graphql')
    words.push(`--data ${shell(JSON.stringify({ query: body.query, variables: body.variables }), losses)}`);
  for (const [key, value] of Object.entries(request.query))
    words.push(`--url-query ${shell(`${key}=${String(value)}`, losses)}`);
  words.push(absolute ? shell(request.path, losses) : `"$base"${shell(request.path, losses)}`);
  lines.push(words.join(' \\\n  '));
  const captured = Object.keys(step.capture);
  if (captured.length > 0) {
    losses.push(`"${step.name}": capture of ${captured.join(', ')}`);
    for (const name of captured) lines.push(`${name}=\${${name}:?set ${name} from the response above}`);
  }
  if (step.check.length > 0)
    losses.push(`"${step.name}": ${step.check.length === 1 ? 'its check' : `its ${step.check.length} checks`}`);
  return lines;
}

/** A shell word: single quotes around texts, variables and generated values in double quotes between them. */
function shell(template: string, losses: Losses): string {
  return template
    .split(/(\{\{[^}]*\}\})/)
    .filter((part) => part !== '')
    .map((part) => {
      if (!part.startsWith('{{')) return `'${part.replaceAll("'", "'\\''")}'`;
      const [reference] = referencesOf(part).references;
      if (reference?.kind === 'variable') {
        if (reference.path.length > 0)
          losses.push(`{{${reference.name}.${reference.path.join('.')}}}: set ${reference.name} to that value`);
        return `"$${reference.name}"`;
      }
      return '"$(uuid)"';
    })
    .join('');
}
