import { TooSlow } from '../../kernel/deadline.js';
import { parseJson } from '../../kernel/json.js';
import { patternOf } from '../../kernel/pattern.js';
import type { Condition, Expectation } from '../scenario.js';
import { cookieOf, type Exchange, headerOf, jsonOf, textOf } from './exchange.js';
import { mismatchOf } from './expect.js';
import { valueAt } from './jsonpath.js';
import type { Mismatch } from './operators.js';
import { absent, show } from './value-text.js';

/** One thing that a condition asked for and the exchange does not show. */
export interface Finding extends Mismatch {
  /** `status`, `header Location`, `$.id`, `body`, ... */
  what: string;
  line: number;
}

/** What a condition may refer to beside the exchange. */
export interface Surroundings {
  expand(value: unknown): unknown;
  /** The exchange of an earlier step, by name. */
  earlier(step: string): Exchange | undefined;
  /** Problems of the body by a JSON Schema; compiled before the run. */
  schemaProblems(schema: unknown, body: unknown): string[];
}

/** What is expected of a condition that did not come to an end. */
export const anAnswer = 'an answer';

/**
 * Everything the exchange does not satisfy; empty where the condition holds. A pattern or path that does not come to an end
 * on what the server said is a finding of the whole condition, also within `not`.
 */
export function findingsOf(condition: Condition, exchange: Exchange, around: Surroundings): Finding[] {
  try {
    return allFindings(condition, exchange, around);
  } catch (error) {
    if (!(error instanceof TooSlow)) throw error;
    return [{ what: 'check', line: condition.at.line, expected: anAnswer, actual: error.message }];
  }
}

function allFindings(condition: Condition, exchange: Exchange, around: Surroundings): Finding[] {
  const findings: Finding[] = [];
  const expect = (what: string, actual: unknown, expectation: Expectation | undefined, loose = false) => {
    if (expectation === undefined) return;
    const wrong = mismatchOf(actual, expectation, around.expand, loose);
    if (wrong !== undefined) findings.push({ what, line: expectation[0]?.at.line ?? condition.at.line, ...wrong });
  };
  if (condition.error !== undefined) checkError(condition.error, exchange, condition.at.line, findings, expect);
  if (exchange.response === undefined) {
    if (needsResponse(condition)) {
      const actual = `no response: ${exchange.error?.message ?? 'not sent'}`;
      findings.push({ what: 'response', line: condition.at.line, expected: 'a response', actual });
    }
  } else checkResponse(condition, exchange, around, findings, expect);
  checkCombined(condition, exchange, around, findings);
  return findings;
}

type Expect = (what: string, actual: unknown, expectation: Expectation | undefined, loose?: boolean) => void;

function needsResponse(condition: Condition): boolean {
  const { error, any, all, not, at, ...rest } = condition;
  return Object.values(rest).some((value) => value !== undefined);
}

function checkError(
  wanted: boolean | Expectation,
  exchange: Exchange,
  line: number,
  findings: Finding[],
  expect: Expect,
): void {
  const { error, response } = exchange;
  if (typeof wanted !== 'boolean') {
    expect('error', error === undefined ? absent : `${error.code}: ${error.message}`, wanted);
    return;
  }
  if (wanted === (response === undefined)) return;
  const actual =
    response === undefined ? `no response: ${error?.message}` : `a response with status ${response.status}`;
  findings.push({ what: 'error', line, expected: wanted ? 'no response' : 'a response', actual });
}

function checkResponse(
  condition: Condition,
  exchange: Exchange,
  around: Surroundings,
  findings: Finding[],
  expect: Expect,
): void {
  const response = exchange.response!;
  expect('status', response.status, condition.status);
  for (const [name, expectation] of Object.entries(condition.header ?? {})) {
    const values = headerOf(response, name);
    expect(`header ${name}`, values.length === 0 ? absent : values.join(', '), expectation, true);
  }
  for (const [name, expectation] of Object.entries(condition.cookie ?? {}))
    expect(`cookie ${name}`, cookieOf(response, name) ?? absent, expectation, true);
  if (condition.json !== undefined) checkJson(condition.json, exchange, condition.at.line, around, findings, expect);
  for (const [pattern, expectation] of Object.entries(condition.regex ?? {})) {
    const match = patternOf(pattern, 'mu').exec(textOf(response));
    expect(`body by /${pattern}/`, match?.[1] ?? match?.[0] ?? absent, expectation, true);
  }
  if (condition.text !== undefined) expect('body', textOf(response), condition.text, true);
  expect('body length in bytes', response.body.length, condition.bytes);
  expect('response time in ms', Math.round(exchange.timeMs * 100) / 100, condition.time);
  if (condition.schema !== undefined) checkSchema(condition, exchange, around, findings);
  if (condition.sameBodyAs !== undefined)
    checkSameBody(condition.sameBodyAs, exchange, condition.at.line, around, findings);
}

function checkJson(
  paths: Record<string, Expectation>,
  exchange: Exchange,
  line: number,
  around: Surroundings,
  findings: Finding[],
  expect: Expect,
): void {
  const json = jsonOf(exchange);
  if ('problem' in json) {
    findings.push({ what: 'body', line, expected: 'JSON', actual: json.found });
    return;
  }
  for (const [template, expectation] of Object.entries(paths)) {
    const path = String(around.expand(template));
    const value = valueAt(json.value, path);
    expect(path, value === undefined ? absent : value, expectation);
  }
}

function checkSchema(condition: Condition, exchange: Exchange, around: Surroundings, findings: Finding[]): void {
  const json = jsonOf(exchange);
  const problems = 'problem' in json ? [json.problem] : around.schemaProblems(condition.schema, json.value);
  for (const problem of problems)
    findings.push({ what: 'body', line: condition.at.line, expected: 'to satisfy the JSON Schema', actual: problem });
}

function checkSameBody(
  step: string,
  exchange: Exchange,
  line: number,
  around: Surroundings,
  findings: Finding[],
): void {
  const name = String(around.expand(step));
  const earlier = around.earlier(name)?.response;
  const what = 'body';
  if (earlier === undefined) {
    findings.push({ what, line, expected: `the body of "${name}"`, actual: `"${name}" has no response` });
    return;
  }
  const actual = exchange.response!.body;
  if (actual.equals(earlier.body)) return;
  const values = bothJson(earlier.body, actual);
  findings.push({
    what,
    line,
    expected: `the ${earlier.body.length} bytes of "${name}": ${show(earlier.body.toString('utf8'))}`,
    actual: `${actual.length} bytes: ${show(actual.toString('utf8'))}`,
    ...(values === undefined ? {} : { values }),
  });
}

function bothJson(expected: Buffer, actual: Buffer): { expected: unknown; actual: unknown } | undefined {
  try {
    return { expected: parseJson(expected.toString('utf8')), actual: parseJson(actual.toString('utf8')) };
  } catch {
    return undefined;
  }
}

function checkCombined(condition: Condition, exchange: Exchange, around: Surroundings, findings: Finding[]): void {
  for (const each of condition.all ?? []) findings.push(...allFindings(each, exchange, around));
  if (condition.any !== undefined) {
    const tried = condition.any.map((each) => allFindings(each, exchange, around));
    if (!tried.some((found) => found.length === 0)) {
      const wanted = tried.map((found) => found.map(({ what, expected }) => `${what} ${expected}`).join(' and '));
      const actual = [...new Set(tried.flat().map(({ what, actual }) => `${what} ${actual}`))].join('; ');
      findings.push({ what: 'one of', line: condition.at.line, expected: wanted.join(', or '), actual });
    }
  }
  if (condition.not !== undefined && allFindings(condition.not, exchange, around).length === 0) {
    const actual = exchange.response === undefined ? 'no response' : `status ${exchange.response.status}`;
    findings.push({ what: 'not', line: condition.not.at.line, expected: 'the condition not to hold', actual });
  }
}
