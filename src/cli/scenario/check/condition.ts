import { TooSlow } from '../../kernel/deadline.js';
import type { HttpResponse } from '../../kernel/http/http.js';
import { parseJson } from '../../kernel/json.js';
import { patternOf } from '../../kernel/pattern.js';
import type { Condition, ConditionFields, Expectation } from '../scenario.js';
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
export interface CheckContext {
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
export function findingsOf(condition: Condition, exchange: Exchange, around: CheckContext): Finding[] {
  try {
    return allFindings(condition, exchange, around);
  } catch (error) {
    if (!(error instanceof TooSlow)) throw error;
    return [{ what: 'check', line: condition.at.line, expected: anAnswer, actual: error.message }];
  }
}

function allFindings(condition: Condition, exchange: Exchange, around: CheckContext): Finding[] {
  const findings: Finding[] = [];
  const look: Look = {
    exchange,
    around,
    find: (finding) => findings.push({ line: condition.at.line, ...finding }),
    expect(what, actual, expectation, loose = false) {
      const wrong = mismatchOf(actual, expectation, around.expand, loose);
      if (wrong !== undefined) findings.push({ what, line: expectation[0]?.at.line ?? condition.at.line, ...wrong });
    },
  };
  if (condition.error !== undefined) checkError(condition.error, look);
  const wanted = Object.entries(responseChecks).filter(([name]) => condition[name as ResponseField] !== undefined);
  const { response } = exchange;
  if (response !== undefined) {
    for (const [name, check] of wanted as [ResponseField, ResponseCheck<unknown>][])
      check(condition[name], response, look);
  } else if (wanted.length > 0) {
    const actual = `no response: ${exchange.error?.message ?? 'not sent'}`;
    look.find({ what: 'response', expected: 'a response', actual });
  }
  checkCombined(condition, exchange, around, findings);
  return findings;
}

/** What a check has at hand. */
interface Look {
  exchange: Exchange;
  around: CheckContext;
  find(finding: Omit<Finding, 'line'>): void;
  /** Finds the mismatch of a value, if there is one, at the line of its operator. */
  expect(what: string, actual: unknown, expectation: Expectation, loose?: boolean): void;
}

type Expectations = Record<string, Expectation>;
type ResponseField = Exclude<keyof ConditionFields, 'error'>;
type ResponseCheck<T> = (wanted: T, response: HttpResponse, look: Look) => void;

/** How each field of a condition is held against a response, in the order of the findings. */
const responseChecks: { readonly [F in ResponseField]-?: ResponseCheck<NonNullable<ConditionFields[F]>> } = {
  status: (wanted, { status }, { expect }) => expect('status', status, wanted),
  header(wanted, response, { expect }) {
    for (const [name, expectation] of Object.entries(wanted)) {
      const values = headerOf(response, name);
      expect(`header ${name}`, values.length === 0 ? absent : values.join(', '), expectation, true);
    }
  },
  cookie(wanted, response, { expect }) {
    for (const [name, expectation] of Object.entries(wanted))
      expect(`cookie ${name}`, cookieOf(response, name) ?? absent, expectation, true);
  },
  json: checkJson,
  regex(wanted, response, { expect }) {
    for (const [pattern, expectation] of Object.entries(wanted)) {
      const match = patternOf(pattern, 'mu').exec(textOf(response));
      expect(`body by /${pattern}/`, match?.[1] ?? match?.[0] ?? absent, expectation, true);
    }
  },
  text: (wanted, response, { expect }) => expect('body', textOf(response), wanted, true),
  bytes: (wanted, { body }, { expect }) => expect('body length in bytes', body.length, wanted),
  time: (wanted, _, { exchange, expect }) =>
    expect('response time in ms', Math.round(exchange.timeMs * 100) / 100, wanted),
  schema: checkSchema,
  sameBodyAs: checkSameBody,
};

function checkError(wanted: boolean | Expectation, { exchange, find, expect }: Look): void {
  const { error, response } = exchange;
  if (typeof wanted !== 'boolean') {
    expect('error', error === undefined ? absent : `${error.code}: ${error.message}`, wanted);
    return;
  }
  if (wanted === (response === undefined)) return;
  const actual =
    response === undefined ? `no response: ${error?.message}` : `a response with status ${response.status}`;
  find({ what: 'error', expected: wanted ? 'no response' : 'a response', actual });
}

function checkJson(paths: Expectations, _: HttpResponse, { exchange, around, find, expect }: Look): void {
  const json = jsonOf(exchange);
  if ('problem' in json) {
    find({ what: 'body', expected: 'JSON', actual: json.found });
    return;
  }
  for (const [template, expectation] of Object.entries(paths)) {
    const path = String(around.expand(template));
    const value = valueAt(json.value, path);
    expect(path, value === undefined ? absent : value, expectation);
  }
}

function checkSchema(schema: unknown, _: HttpResponse, { exchange, around, find }: Look): void {
  const json = jsonOf(exchange);
  const problems = 'problem' in json ? [json.problem] : around.schemaProblems(schema, json.value);
  for (const problem of problems) find({ what: 'body', expected: 'to satisfy the JSON Schema', actual: problem });
}

function checkSameBody(step: string, { body: actual }: HttpResponse, { around, find }: Look): void {
  const name = String(around.expand(step));
  const earlier = around.earlier(name)?.response;
  const what = 'body';
  if (earlier === undefined) {
    find({ what, expected: `the body of "${name}"`, actual: `"${name}" has no response` });
    return;
  }
  if (actual.equals(earlier.body)) return;
  const values = bothJson(earlier.body, actual);
  find({
    what,
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

function checkCombined(condition: Condition, exchange: Exchange, around: CheckContext, findings: Finding[]): void {
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
