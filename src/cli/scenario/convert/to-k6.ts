import type {
  Body,
  Check,
  Condition,
  Expectation,
  ParallelStep,
  RequestStep,
  RequestTemplate,
  Scenario,
  SetCheck,
  Step,
} from '../scenario.js';
import { asSent, baseOf, firstVariables, inOrder, lossesEverywhere, oneLine, skipNote } from './as-sent.js';
import {
  conditionJs,
  type Dialect,
  keyJs,
  type Losses,
  operatorJs,
  plainJs,
  scriptHelpers,
  sourceJs,
  valueJs,
} from './script-js.js';
import type { Converted } from './to-postman.js';

const dialect: Dialect = {
  status: 'res.status',
  header: (name) => `header(res, ${JSON.stringify(name)})`,
  text: 'res.body',
  json: 'bodyJson(res)',
  timeMs: 'res.timings.duration',
  iteration: '(__ITER + 1)',
  cookie: (name) => `res.cookies[${JSON.stringify(name)}]?.[0]?.value`,
  error: 'res.status === 0',
  variable: (name, path) => [`v[${JSON.stringify(name)}]`, ...path.map((key) => `?.[${JSON.stringify(key)}]`)].join(''),
  bodyOf: (step) => `bodies[${JSON.stringify(step)}]`,
};

/** A k6 script: one iteration is the scenario once, each check a k6 check of the same name. */
export function toK6(scenario: Scenario, baseUrl?: string): Converted {
  const losses = lossesEverywhere(scenario);
  const base = baseOf(scenario, baseUrl);
  const steps = [...scenario.setup, ...scenario.steps, ...scenario.teardown].flatMap((step) =>
    stepLines(step, scenario, losses),
  );
  if (scenario.data.length > 0) losses.push('data: only the first row is used');
  const variables = inOrder(firstVariables(scenario)).map(
    ([name, value]) => `  v[${JSON.stringify(name)}] = ${valueJs(value, dialect, losses)};`,
  );
  const body = [...variables, ...steps.map((line) => `  ${line}`)];
  const prepare = [
    `const prepare = (method, path, body, headers, params) => [method, address(base, path), body, Object.assign({ timeout: ${scenario.timeoutMs}, headers: host && __ENV.BASE_URL ? Object.assign({ Host: host }, headers) : headers }, params)];`,
    'const taken = (name, value) => { if (value === undefined) check(null, { ["capture " + name]: () => false }); return value; };',
  ];
  const text = [
    `// ${oneLine(scenario.name)}: written by hwctl scenario export --to k6. Run: k6 run FILE, or BASE_URL=... k6 run FILE`,
    ...(scenario.why === undefined ? [] : [`// ${oneLine(scenario.why)}`]),
    'import http from "k6/http";',
    'import { check, group, sleep } from "k6";',
    ...(body.some((line) => line.includes('encoding.b64encode')) ? ['import encoding from "k6/encoding";'] : []),
    '',
    `const base = __ENV.BASE_URL || ${JSON.stringify(base)};`,
    `const host = __ENV.HOST || ${JSON.stringify(scenario.host ?? '')};`,
    ...scriptHelpers([...prepare, ...body]),
    'const header = (res, name) => { const key = Object.keys(res.headers).find((k) => k.toLowerCase() === name.toLowerCase()); return key === undefined ? undefined : res.headers[key]; };',
    'const bodyJson = (res) => { try { return JSON.parse(res.body); } catch (error) { return undefined; } };',
    ...prepare,
    'const send = (...args) => http.request(...prepare(...args));',
    '',
    'export const options = { vus: 1, iterations: 1, thresholds: { checks: ["rate==1"] } };',
    '',
    'export default function () {',
    '  const v = {};',
    '  const bodies = {};',
    '  const jars = {};',
    '  const jar = (user) => (jars[user] = jars[user] || new http.CookieJar());',
    '  let res, all, batch;',
    ...body,
    '}',
    '',
  ].join('\n');
  return { text, losses: [...new Set(losses)] };
}

function stepLines(step: Step, scenario: Scenario, losses: Losses): string[] {
  if (step.skip !== false) return [`// ${skipNote(step)}`];
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
  if (step.retry > 0) own.push('retry');
  const asked = `res = send(${argumentsJs(step.request, scenario, own)});`;
  const lines = [`// ${oneLine(step.name)}`, ...setLines(step.set, own), ...askLines(step, asked, own)];
  lines.push(`bodies[${JSON.stringify(step.name)}] = res.body;`);
  for (const check of step.check) {
    lines.push(checkLine(check, 'res', allJs(check.condition, own), own));
  }
  for (const [name, source] of Object.entries(step.capture)) {
    const value = sourceJs(source, dialect, own);
    const word = JSON.stringify(name);
    if (value !== undefined) lines.push(`v[${word}] = taken(${word}, ${value});`);
  }
  for (const items of step.log) {
    const values = items.map((item) =>
      item.kind === 'literal' ? plainJs(item.value, dialect, own) : (sourceJs(item.source, dialect, own) ?? '"?"'),
    );
    lines.push(`console.log(${values.join(', ')});`);
  }
  losses.push(...own.map((loss) => `"${step.name}": ${loss}`));
  if (step.repeat === 1) return lines;
  return [`for (let i = 0; i < ${step.repeat}; i++) {`, ...lines.map((line) => `  ${line}`), '}'];
}

/** The arguments of `send`: method, path, body, headers, params. */
function argumentsJs(request: RequestTemplate, scenario: Scenario, own: Losses): string {
  if (request.lose !== undefined) own.push(`lose: ${request.lose}`);
  const sent = asSent(request, scenario);
  const path = plainJs(request.path, dialect, own);
  const query = Object.keys(request.query).length === 0 ? '' : `pairs(${pairsJs(request.query, own)})`;
  const asked = query === '' ? path : `${path} + ${request.path.includes('?') ? '"&"' : '"?"'} + ${query}`;
  const headers = sent.headers.map(([name, value]) => {
    const [first = '', ...more] = Array.isArray(value) ? value : [value];
    if (more.length > 0) own.push(`the header ${name} is sent once`);
    return `${keyJs(name, dialect, own)}: ${plainJs(first, dialect, own)}`;
  });
  const { auth } = sent;
  if (auth?.kind === 'bearer') headers.push(`"Authorization": ${plainJs(`Bearer ${auth.token}`, dialect, own)}`);
  else if (auth?.kind === 'basic') {
    const pair = plainJs(`${auth.username}:${auth.password}`, dialect, own);
    headers.push(`"Authorization": "Basic " + encoding.b64encode(${pair})`);
  } else if (auth !== undefined) own.push(`auth: ${auth.kind}`);
  const params: string[] = [];
  if (!sent.redirects) params.push('redirects: 0');
  if (sent.timeoutMs !== scenario.timeoutMs) params.push(`timeout: ${sent.timeoutMs}`);
  if (!sent.cookies) params.push('jar: new http.CookieJar()');
  else if (request.as !== '') params.push(`jar: jar(${JSON.stringify(request.as)})`);
  const words = [JSON.stringify(request.method), asked, bodyJs(request.body, own), `{ ${headers.join(', ')} }`];
  if (params.length > 0) words.push(`{ ${params.join(', ')} }`);
  return words.join(', ');
}

function pairsJs(fields: Record<string, unknown>, own: Losses): string {
  const list = Object.entries(fields).map(
    ([key, value]) => `[${plainJs(key, dialect, own)}, ${valueJs(value, dialect, own)}]`,
  );
  return `[${list.join(', ')}]`;
}

function setLines(set: Record<string, unknown>, own: Losses): string[] {
  return Object.entries(set).map(([name, value]) => `v[${JSON.stringify(name)}] = ${valueJs(value, dialect, own)};`);
}

/** Once, or until the condition holds or its time is over. */
function askLines({ name, until }: RequestStep, asked: string, own: Losses): string[] {
  if (until === undefined) return [asked];
  return [
    `for (const end = Date.now() + ${until.withinMs}; ; sleep(${until.everyMs / 1000})) {`,
    `  ${asked}`,
    `  if (${allJs(until.condition, own)}) break;`,
    `  if (Date.now() + ${until.everyMs} > end) { check(res, { ${JSON.stringify(`${name}: so within ${until.withinMs} ms`)}: () => false }); break; }`,
    '}',
  ];
}

function allJs(condition: Condition, own: Losses): string {
  if (condition.schema !== undefined) own.push('JSON Schema');
  const all = conditionJs(condition, dialect, own).map(({ expression }) => `(${expression})`);
  return all.length === 0 ? 'true' : all.join(' && ');
}

/** A k6 check; a comment where it is skipped or nothing of it is left, for an empty one would always pass. */
function checkLine(check: Check | SetCheck, subject: 'res' | 'all', expression: string, own: Losses): string {
  if (check.skip !== false) return `// ${skipNote(check)}`;
  if (expression === 'true') return `// ${oneLine(check.name)}: nothing of it can be checked here`;
  return `check(${subject}, { ${keyJs(check.name, dialect, own)}: (${subject}) => ${expression} });`;
}

/** Requests at once: http.batch, judged as a set. */
function batchLines(step: ParallelStep, scenario: Scenario, losses: Losses): string[] {
  const own: Losses = [];
  const lines = [`// ${oneLine(step.name)}`, ...setLines(step.set, own), 'batch = [];'];
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
    const word = JSON.stringify(name);
    if (value !== undefined) lines.push(`v[${word}] = taken(${word}, all${filter}.map((res) => ${value})[0]);`);
  }
  for (const each of step.check) {
    lines.push(checkLine(each, 'all', setJs(each, own), own));
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

function bodyJs(body: Body | undefined, losses: Losses): string {
  switch (body?.kind) {
    case undefined:
      return 'null';
    case 'json':
      return `JSON.stringify(${valueJs(body.value, dialect, losses)})`;
    case 'text':
      return plainJs(body.value, dialect, losses);
    case 'graphql': {
      const query = plainJs(body.query, dialect, losses);
      return `JSON.stringify({ query: ${query}, variables: ${valueJs(body.variables, dialect, losses)} })`;
    }
    case 'form':
      return `pairs(${pairsJs(body.fields, losses)})`;
    case 'multipart':
    case 'file':
      losses.push(`body: ${body.kind}`);
      return 'null';
  }
}
