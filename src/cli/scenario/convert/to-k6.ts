import type {
  Body,
  Condition,
  Expectation,
  ParallelStep,
  RequestStep,
  RequestTemplate,
  Scenario,
  SetCheck,
  Step,
} from '../scenario.js';
import { conditionJs, type Dialect, type Losses, operatorJs, scriptHelpers, sourceJs, valueJs } from './script-js.js';
import type { Converted } from './to-postman.js';

const dialect: Dialect = {
  status: 'res.status',
  header: (name) => `header(res, ${JSON.stringify(name)})`,
  text: 'res.body',
  json: 'bodyJson(res)',
  timeMs: 'res.timings.duration',
  cookie: (name) => `res.cookies[${JSON.stringify(name)}]?.[0]?.value`,
  error: 'res.status === 0',
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
    'import { check, group, sleep } from "k6";',
    '',
    `const base = __ENV.BASE_URL || ${JSON.stringify(base.replace(/\/$/, ''))};`,
    `const host = __ENV.HOST || ${JSON.stringify(scenario.host ?? '')};`,
    ...scriptHelpers,
    'const header = (res, name) => { const key = Object.keys(res.headers).find((k) => k.toLowerCase() === name.toLowerCase()); return key === undefined ? undefined : res.headers[key]; };',
    'const bodyJson = (res) => { try { return JSON.parse(res.body); } catch (error) { return undefined; } };',
    'const prepare = (method, path, body, headers) => [method, /^https?:/.test(path) ? path : base + path, body, { headers: host && __ENV.BASE_URL ? Object.assign({ Host: host }, headers) : headers }];',
    'const send = (...args) => http.request(...prepare(...args));',
    '',
    'export const options = { vus: 1, iterations: 1, thresholds: { checks: ["rate==1"] } };',
    '',
    'export default function () {',
    '  const v = {};',
    '  const bodies = {};',
    '  let res, all, batch;',
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
      return batchLines(step, scenario, losses);
    case 'wait':
      return [`sleep(${step.waitMs / 1000});`];
    case 'fault':
      losses.push(`"${step.name}": ${step.kind} has no counterpart`);
      return [];
  }
}

function requestLines(step: RequestStep, scenario: Scenario, losses: Losses): string[] {
  const own: Losses = [];
  if (step.request.lose !== undefined) own.push(`lose: ${step.request.lose}`);
  if (step.request.as !== '') own.push(`as: ${step.request.as} (one cookie jar for all)`);
  const asked = `res = send(${argumentsJs(step.request, scenario, own)});`;
  const lines = [`// ${step.name}`, ...setLines(step.set, own), ...askLines(step, asked, own)];
  lines.push(`bodies[${JSON.stringify(step.name)}] = res.body;`);
  for (const [name, source] of Object.entries(step.capture)) {
    const value = sourceJs(source, dialect, own);
    if (value !== undefined) lines.push(`v[${JSON.stringify(name)}] = ${value};`);
  }
  for (const check of step.check) {
    if (check.skip !== false) continue;
    lines.push(`check(res, { ${JSON.stringify(check.name)}: (res) => ${allJs(check.condition, own)} });`);
  }
  losses.push(...own.map((loss) => `"${step.name}": ${loss}`));
  if (step.repeat === 1) return lines;
  return [`for (let i = 0; i < ${step.repeat}; i++) {`, ...lines.map((line) => `  ${line}`), '}'];
}

/** The arguments of `send`: method, path, body, headers. */
function argumentsJs(request: RequestTemplate, scenario: Scenario, own: Losses): string {
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
  return `${JSON.stringify(request.method)}, ${path}, ${body}, ${valueJs(headers, dialect, own)}`;
}

function setLines(set: Record<string, unknown>, own: Losses): string[] {
  return Object.entries(set).map(([name, value]) => `v[${JSON.stringify(name)}] = ${valueJs(value, dialect, own)};`);
}

/** Once, or until the condition holds or its time is over. */
function askLines({ until }: RequestStep, asked: string, own: Losses): string[] {
  if (until === undefined) return [asked];
  return [
    `for (const end = Date.now() + ${until.withinMs}; ; sleep(${until.everyMs / 1000})) {`,
    `  ${asked}`,
    `  if ((${allJs(until.condition, own)}) || Date.now() > end) break;`,
    '}',
  ];
}

function allJs(condition: Condition, own: Losses): string {
  if (condition.schema !== undefined) own.push('JSON Schema');
  const all = conditionJs(condition, dialect, own).map(({ expression }) => `(${expression})`);
  return all.length === 0 ? 'true' : all.join(' && ');
}

/** Requests at once: http.batch, judged as a set. */
function batchLines(step: ParallelStep, scenario: Scenario, losses: Losses): string[] {
  const own: Losses = [];
  const lines = [`// ${step.name}`, ...setLines(step.set, own), 'batch = [];'];
  for (const member of step.members) {
    if (member.kind === 'fault') own.push(`${member.fault.kind} ${member.fault.service}`);
    else {
      if (member.delayMs > 0) own.push('delay');
      const call = `batch.push(prepare(${argumentsJs(member.request, scenario, own)}));`;
      lines.push(`for (let copy = 1; copy <= ${member.times}; copy++) { v.copy = copy; ${call} }`);
    }
  }
  lines.push('all = http.batch(batch);');
  for (const [name, { where, ...source }] of Object.entries(step.capture)) {
    const value = sourceJs(source, dialect, own);
    const filter = where === undefined ? '' : `.filter((res) => ${allJs(where, own)})`;
    if (value !== undefined) lines.push(`v[${JSON.stringify(name)}] = all${filter}.map((res) => ${value})[0];`);
  }
  for (const each of step.check) {
    if (each.skip !== false) continue;
    lines.push(`check(all, { ${JSON.stringify(each.name)}: (all) => ${setJs(each, own)} });`);
  }
  losses.push(...own.map((loss) => `"${step.name}": ${loss}`));
  return lines;
}

function setJs(check: SetCheck, own: Losses): string {
  const parts: (string | undefined)[] = [];
  const number = (actual: string, is: Expectation) => {
    const operators = is.map((part) => operatorJs(part, actual, dialect, own, false));
    parts.push(...operators.map((each) => each && `(${each})`));
  };
  const fitting = (where: Condition | undefined) =>
    where === undefined ? 'all' : `all.filter((res) => ${allJs(where, own)})`;
  if (check.every !== undefined) parts.push(`all.every((res) => ${allJs(check.every, own)})`);
  if (check.some !== undefined) parts.push(`all.some((res) => ${allJs(check.some, own)})`);
  if (check.none !== undefined) parts.push(`!all.some((res) => ${allJs(check.none, own)})`);
  if (check.count !== undefined) number(`${fitting(check.count.where)}.length`, check.count.is);
  for (const [kind, given] of [
    ['distinct', check.distinct],
    ['sum', check.sum],
  ] as const) {
    const value = given && sourceJs(given.of, dialect, own);
    if (given === undefined || value === undefined) continue;
    const values = `${fitting(given.where)}.map((res) => ${value})`;
    number(
      kind === 'sum'
        ? `${values}.reduce((sum, v) => sum + Number(v), 0)`
        : `new Set(${values}.filter((v) => v !== undefined).map((v) => JSON.stringify(v))).size`,
      given.is,
    );
  }
  return parts.filter((part) => part !== undefined).join(' && ') || 'true';
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
