import type { Body, RequestStep, Scenario, Step } from '../scenario.js';
import { conditionJs, type Dialect, type Losses, scriptHelpers, sourceJs, valueJs } from './script-js.js';
import type { Converted } from './to-postman.js';

const dialect: Dialect = {
  status: 'res.status',
  header: (name) => `header(res, ${JSON.stringify(name)})`,
  text: 'res.body',
  json: 'bodyJson(res)',
  timeMs: 'res.timings.duration',
  variable: (name, path) => [`v[${JSON.stringify(name)}]`, ...path.map((key) => `?.[${JSON.stringify(key)}]`)].join(''),
  bodyOf: (step) => `bodies[${JSON.stringify(step)}]`,
};

/** A k6 script: one iteration is the scenario once, each check a k6 check of the same name. */
export function toK6(scenario: Scenario, baseUrl?: string): Converted {
  const losses: Losses = [];
  const base = baseUrl ?? scenario.url ?? `http://${scenario.host ?? 'localhost'}`;
  const steps = [...scenario.setup, ...scenario.steps, ...scenario.teardown].flatMap((step) =>
    stepLines(step, scenario, losses),
  );
  if (scenario.data.length > 0) losses.push('data: only the first row is used');
  const variables = Object.entries({ ...scenario.variables, ...(scenario.data[0] ?? {}) }).map(
    ([name, value]) => `  v[${JSON.stringify(name)}] = ${valueJs(value, dialect, losses)};`,
  );
  const text = [
    `// ${scenario.name}: written by hwctl scenario export --to k6. Run: k6 run FILE, or BASE_URL=... k6 run FILE`,
    'import http from "k6/http";',
    'import { check, group } from "k6";',
    '',
    `const base = __ENV.BASE_URL || ${JSON.stringify(base.replace(/\/$/, ''))};`,
    `const host = __ENV.HOST || ${JSON.stringify(scenario.host ?? '')};`,
    ...scriptHelpers,
    'const header = (res, name) => { const key = Object.keys(res.headers).find((k) => k.toLowerCase() === name.toLowerCase()); return key === undefined ? null : res.headers[key]; };',
    'const bodyJson = (res) => { try { return JSON.parse(res.body); } catch (error) { return undefined; } };',
    'const send = (method, path, body, headers) => http.request(method, /^https?:/.test(path) ? path : base + path, body, { headers: host && __ENV.BASE_URL ? Object.assign({ Host: host }, headers) : headers });',
    '',
    'export const options = { vus: 1, iterations: 1, thresholds: { checks: ["rate==1"] } };',
    '',
    'export default function () {',
    '  const v = {};',
    '  const bodies = {};',
    '  let res;',
    ...variables,
    ...steps.map((line) => `  ${line}`),
    '}',
    '',
  ].join('\n');
  return { text, losses: [...new Set(losses)] };
}

function stepLines(step: Step, scenario: Scenario, losses: Losses): string[] {
  if (step.skip !== false) return [];
  switch (step.kind) {
    case 'folder': {
      const inner = step.steps.flatMap((each) => stepLines(each, scenario, losses));
      return [`group(${JSON.stringify(step.name)}, () => {`, ...inner.map((line) => `  ${line}`), '});'];
    }
    case 'request':
      return requestLines(step, scenario, losses);
    case 'parallel':
    case 'fault':
    case 'wait':
      losses.push(`"${step.name}": ${step.kind} has no counterpart`);
      return [];
  }
}

function requestLines(step: RequestStep, scenario: Scenario, losses: Losses): string[] {
  const own: Losses = [];
  if (step.until !== undefined) own.push('until: asked once');
  if (step.request.lose !== undefined) own.push(`lose: ${step.request.lose}`);
  if (step.request.as !== '') own.push(`as: ${step.request.as} (one cookie jar for all)`);
  const { request } = step;
  const query = Object.entries(request.query).map(
    ([key, value]) => `${JSON.stringify(`${key}=`)} + encodeURIComponent(${valueJs(value, dialect, own)})`,
  );
  const path = [
    valueJs(request.path, dialect, own),
    ...query.map((each, i) => `${i === 0 ? '"?"' : '"&"'} + ${each}`),
  ].join(' + ');
  const { body, type } = bodyJs(request.body, own);
  const headers = { ...(type === undefined ? {} : { 'Content-Type': type }), ...scenario.headers, ...request.headers };
  const auth = request.auth ?? scenario.auth;
  if (auth?.kind === 'bearer') Object.assign(headers, { Authorization: `Bearer ${auth.token}` });
  else if (auth !== undefined && auth.kind !== 'none') own.push(`auth: ${auth.kind}`);
  const lines = Object.entries(step.set).map(
    ([name, value]) => `v[${JSON.stringify(name)}] = ${valueJs(value, dialect, own)};`,
  );
  lines.push(`// ${step.name}`);
  const times = step.repeat > 1 ? `for (let i = 0; i < ${step.repeat}; i++) ` : '';
  lines.push(
    `${times}res = send(${JSON.stringify(request.method)}, ${path}, ${body}, ${valueJs(headers, dialect, own)});`,
  );
  lines.push(`bodies[${JSON.stringify(step.name)}] = res.body;`);
  for (const [name, source] of Object.entries(step.capture)) {
    const value = sourceJs(source, dialect, own);
    if (value !== undefined) lines.push(`v[${JSON.stringify(name)}] = ${value};`);
  }
  for (const check of step.check) {
    if (check.skip !== false) continue;
    if (check.condition.schema !== undefined) own.push('JSON Schema');
    const all = conditionJs(check.condition, dialect, own).map(({ expression }) => `(${expression})`);
    lines.push(
      `check(res, { ${JSON.stringify(check.name)}: (res) => ${all.length === 0 ? 'true' : all.join(' && ')} });`,
    );
  }
  losses.push(...own.map((loss) => `"${step.name}": ${loss}`));
  return lines;
}

function bodyJs(body: Body | undefined, losses: Losses): { body: string; type?: string } {
  switch (body?.kind) {
    case undefined:
      return { body: 'null' };
    case 'json':
      return { body: `JSON.stringify(${valueJs(body.value, dialect, losses)})`, type: 'application/json' };
    case 'text':
      return { body: valueJs(body.value, dialect, losses), type: 'text/plain; charset=utf-8' };
    case 'graphql': {
      const payload = valueJs({ query: body.query, variables: body.variables }, dialect, losses);
      return { body: `JSON.stringify(${payload})`, type: 'application/json' };
    }
    case 'form':
      return { body: valueJs(body.fields, dialect, losses), type: 'application/x-www-form-urlencoded' };
    case 'multipart':
    case 'file':
      losses.push(`body: ${body.kind}`);
      return { body: 'null' };
  }
}
