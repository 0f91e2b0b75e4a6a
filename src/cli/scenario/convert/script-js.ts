import parsePath from 'jsonpath-rfc9535/parser';
import { operators } from '../check/operators.js';
import type { Condition, ConditionFields, Expectation, Source } from '../scenario.js';
import { isVariableName } from '../variables/generated.js';
import { referencesOf } from '../variables/template.js';

/** How a script of another tool reaches the response and the variables; all are JavaScript expressions. */
export interface Dialect {
  status: string;
  header(name: string): string;
  text: string;
  json: string;
  timeMs: string;
  /** The iteration, from 1. */
  iteration: string;
  /** A cookie that the response sets; undefined where the tool does not tell. */
  cookie?(name: string): string;
  /** True where there is no response; undefined where the tool runs no checks then. */
  error?: string;
  /** A variable, with its path into it. */
  variable(name: string, path: readonly string[]): string;
  /** The body text of an earlier step; undefined where the tool cannot keep it. */
  bodyOf(step: string): string | undefined;
}

/** What could not be carried over, in words for the user. */
export type Losses = string[];

const helpers: Record<string, string> = {
  plain: '(v) => typeof v === "string" ? v : v !== null && typeof v === "object" ? JSON.stringify(v) : String(v)',
  sorted:
    '(v) => Array.isArray(v) ? v.map(sorted) : v && typeof v === "object" ? Object.fromEntries(Object.keys(v).sort().map((k) => [k, sorted(v[k])])) : v',
  same: '(a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))',
  number: '(v) => typeof v === "number" ? v : typeof v === "string" && v.trim() !== "" ? Number(v) : NaN',
  first: '(match) => match ? match[1] ?? match[0] : undefined',
  lengthOf:
    '(v) => v === null || v === undefined ? undefined : typeof v === "object" && !Array.isArray(v) ? Object.keys(v).length : v.length',
  bytesOf: '(text) => encodeURIComponent(text).replace(/%../g, "x").length',
  has: '(v, part) => typeof v === "string" ? v.includes(String(part)) : Array.isArray(v) ? v.some((item) => same(item, part)) : v !== null && typeof v === "object" && part !== null && typeof part === "object" && Object.keys(part).every((k) => k in v && same(v[k], part[k]))',
  // As URLSearchParams writes it, which k6 does not have.
  quoted:
    '(v) => encodeURIComponent(plain(v)).replace(/%20/g, "+").replace(/[!\'()~]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase())',
  pairs:
    '(list) => list.flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).map((each) => quoted(key) + "=" + quoted(each))).join("&")',
  address: '(base, path) => /^https?:/i.test(path) ? path : base + (path.startsWith("/") ? "" : "/") + path',
  letters:
    '(n) => Array.from({ length: n }, () => "abcdefghijklmnopqrstuvwxyz0123456789"[Math.floor(Math.random() * 36)]).join("")',
  digits: '(n) => Array.from({ length: n }, () => Math.floor(Math.random() * 16).toString(16)).join("")',
  between: '(a, b) => a + Math.floor(Math.random() * (b - a + 1))',
  uuid: '() => "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => Math.floor(Math.random() * 16).toString(16))',
};

/** The functions that the expressions of `lines` use, for the head of a script. */
export function scriptHelpers(lines: readonly string[]): string[] {
  let text = lines.join('\n');
  const used = new Set<string>();
  for (let before = -1; used.size !== before; ) {
    before = used.size;
    for (const [name, source] of Object.entries(helpers)) {
      if (used.has(name) || !new RegExp(`\\b${name}[()]`).test(text)) continue;
      used.add(name);
      text += source;
    }
  }
  return Object.entries(helpers)
    .filter(([name]) => used.has(name))
    .map(([name, source]) => `const ${name} = ${source};`);
}

/** A value with templates as an expression; a text that is one reference keeps the variable's type. */
export function valueJs(value: unknown, dialect: Dialect, losses: Losses): string {
  if (typeof value === 'string') return textJs(value, dialect, losses);
  if (Array.isArray(value)) return `[${value.map((item) => valueJs(item, dialect, losses)).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).map(
      ([key, item]) => `${keyJs(key, dialect, losses)}: ${valueJs(item, dialect, losses)}`,
    );
    return `{ ${members.join(', ')} }`;
  }
  return JSON.stringify(value);
}

/** The key of a member; one with templates is computed. */
export function keyJs(key: string, dialect: Dialect, losses: Losses): string {
  return key.includes('{{') ? `[${plainJs(key, dialect, losses)}]` : JSON.stringify(key);
}

/** A template as an expression that gives text, whatever the type of its variables. */
export function plainJs(template: string, dialect: Dialect, losses: Losses): string {
  const expression = textJs(template, dialect, losses);
  return referencesOf(template).references.length === 0 || /^(uuid|letters|digits)\(|\.join\(""\)$/.test(expression)
    ? expression
    : `plain(${expression})`;
}

function textJs(text: string, dialect: Dialect, losses: Losses): string {
  const parts = text.split(/(\{\{[^}]*\}\})/).filter((part) => part !== '');
  if (parts.length === 0) return '""';
  const expressions = parts.map((part) =>
    part.startsWith('{{') ? referenceJs(part, dialect, losses) : JSON.stringify(part),
  );
  if (expressions.length === 1) return expressions[0]!;
  const variable = referencesOf(text).references.some(({ kind }) => kind === 'variable');
  return `[${expressions.join(', ')}]${variable ? '.map(plain)' : ''}.join("")`;
}

function referenceJs(part: string, dialect: Dialect, losses: Losses): string {
  const [reference] = referencesOf(part).references;
  if (reference === undefined) return JSON.stringify(part);
  if (reference.kind === 'variable') return dialect.variable(reference.name, reference.path);
  return generatorJs(reference.name, reference.args, dialect, losses);
}

function generatorJs(name: string, args: string[], dialect: Dialect, losses: Losses): string {
  const [first, second] = args;
  const simple: Record<string, string> = {
    uuid: 'uuid()',
    timestamp: 'Math.floor(Date.now() / 1000)',
    timestampMs: 'Date.now()',
    isoTimestamp: 'new Date().toISOString()',
    boolean: '(Math.random() < 0.5)',
    int: `between(${Number(first ?? 0)}, ${Number(second ?? 1000)})`,
    float: `(${Number(first ?? 0)} + Math.random() * ${Number(second ?? 1) - Number(first ?? 0)})`,
    text: `letters(${Number(first ?? 10)})`,
    hex: `digits(${Number(first ?? 16)})`,
    iteration: dialect.iteration,
    password: `letters(${Math.max(8, Number(first ?? 16))})`,
    userName: '("user_" + letters(8))',
    email: '("user." + letters(8) + "@example.com")',
    repeat: `${JSON.stringify(first ?? 'a')}.repeat(${Number(second ?? 1)})`,
    pick: `${JSON.stringify(args)}[between(0, ${Math.max(0, args.length - 1)})]`,
    add: `(${args.map((arg) => (isVariableName(arg) ? `Number(${dialect.variable(arg, [])})` : String(Number(arg)))).join(' + ')})`,
  };
  const known = simple[name];
  if (known !== undefined) return known;
  losses.push(`{{$${name}}} became random letters`);
  return 'letters(10)';
}

/** The expression for a JSONPath; only singular ones can be written as plain JavaScript. */
function pathJs(path: string, root: string, losses: Losses): string | undefined {
  if (path.includes('{{')) return lostPath(`the JSONPath ${path} has a variable`, losses);
  let chain = `(${root})`;
  for (const { type, node } of parsePath(path).segments) {
    if (type === 'ChildSegment' && node.type === 'MemberNameShorthand') chain += `?.[${JSON.stringify(node.value)}]`;
    else if (type === 'ChildSegment' && node.type === 'BracketedSelection' && node.selectors.length === 1) {
      const selector = node.selectors[0]!;
      if (selector.type === 'NameSelector') chain += `?.[${JSON.stringify(selector.value)}]`;
      else if (selector.type === 'IndexSelector') chain += `?.at?.(${selector.value})`;
      else return lostPath(`the JSONPath ${path} selects several values`, losses);
    } else return lostPath(`the JSONPath ${path} selects several values`, losses);
  }
  return chain;
}

function lostPath(loss: string, losses: Losses): undefined {
  losses.push(loss);
  return undefined;
}

/** A source as an expression; undefined where it cannot be written. */
export function sourceJs(source: Source, dialect: Dialect, losses: Losses): string | undefined {
  switch (source.kind) {
    case 'json':
      return pathJs(source.path, dialect.json, losses);
    case 'header':
      return dialect.header(source.name);
    case 'regex':
      return `first(new RegExp(${JSON.stringify(source.pattern)}, "mu").exec(${dialect.text}))`;
    case 'status':
      return dialect.status;
    case 'text':
      return dialect.text;
    case 'cookie':
      if (dialect.cookie !== undefined) return dialect.cookie(source.name);
      losses.push(`the cookie ${source.name}`);
      return undefined;
  }
}

export interface ScriptCheck {
  what: string;
  expression: string;
}

/** What the field of a condition is written into. */
interface Script {
  dialect: Dialect;
  losses: Losses;
  /** Adds a check for each operator; none where the value cannot be written, which is among the losses then. */
  add(what: string, actual: string | undefined, expectation: Expectation, loose?: boolean): void;
  check(what: string, expression: string): void;
}

type FieldJs<T> = (wanted: T, script: Script) => void;

/** Each field of a condition as checks of a script. */
const fieldsJs: { readonly [F in keyof ConditionFields]-?: FieldJs<NonNullable<ConditionFields[F]>> } = {
  status: (wanted, { dialect, add }) => add('status', dialect.status, wanted),
  header(wanted, { dialect, add }) {
    for (const [name, expectation] of Object.entries(wanted)) add(name, dialect.header(name), expectation, true);
  },
  json(wanted, { dialect, losses, add, check }) {
    // What is not JSON fails here, also where nothing is expected at a path.
    if (Object.values(wanted).some((parts) => parts.some(mayHoldOfNothing)))
      check('body', `${dialect.json} !== undefined`);
    for (const [path, expectation] of Object.entries(wanted))
      add(path, pathJs(path, dialect.json, losses), expectation);
  },
  regex(wanted, { dialect, losses, add }) {
    for (const [pattern, expectation] of Object.entries(wanted))
      add(pattern, sourceJs({ kind: 'regex', pattern }, dialect, losses), expectation, true);
  },
  text: (wanted, { dialect, add }) => add('body', dialect.text, wanted, true),
  bytes: (wanted, { dialect, add }) => add('body length', `bytesOf(${dialect.text})`, wanted),
  time: (wanted, { dialect, add }) => add('response time', dialect.timeMs, wanted),
  // Each format has a way of its own for a whole schema; within others it is a loss (wholeJs).
  schema: () => undefined,
  sameBodyAs(wanted, { dialect, losses, check }) {
    const other = wanted.includes('{{') ? undefined : dialect.bodyOf(wanted);
    if (other === undefined) losses.push(`the comparison with the body of "${wanted}"`);
    else check(`body of "${wanted}"`, `${dialect.text} === ${other}`);
  },
  cookie(wanted, { dialect, losses, add }) {
    for (const [name, expectation] of Object.entries(wanted))
      add(`cookie ${name}`, sourceJs({ kind: 'cookie', name }, dialect, losses), expectation, true);
  },
  error(wanted, { dialect, losses, check }) {
    if (typeof wanted === 'boolean' && dialect.error !== undefined) check('error', `(${dialect.error}) === ${wanted}`);
    else losses.push('the check that there is no response');
  },
};

/** A condition as expressions that must all be true. */
export function conditionJs(condition: Condition, dialect: Dialect, losses: Losses): ScriptCheck[] {
  const checks: ScriptCheck[] = [];
  const add: Script['add'] = (what, actual, expectation, loose = false) => {
    if (actual === undefined) return;
    for (const part of expectation) {
      const expression = operatorJs(part, actual, dialect, losses, loose);
      if (expression !== undefined) checks.push({ what, expression });
    }
  };
  const script: Script = { dialect, losses, add, check: (what, expression) => checks.push({ what, expression }) };
  for (const [name, write] of Object.entries(fieldsJs) as [keyof ConditionFields, FieldJs<unknown>][])
    if (condition[name] !== undefined) write(condition[name], script);
  for (const each of condition.all ?? []) {
    checks.push(...conditionJs(each, dialect, losses));
    if (each.schema !== undefined) losses.push('a JSON Schema within any, all or not');
  }
  if (condition.any !== undefined) {
    const options = condition.any.map((each) => wholeJs(each, dialect, losses));
    if (!options.includes(undefined)) checks.push({ what: 'one of', expression: `(${options.join(' || ')})` });
  }
  if (condition.not !== undefined) {
    const inner = wholeJs(condition.not, dialect, losses);
    if (inner !== undefined) checks.push({ what: 'not', expression: `!(${inner})` });
  }
  return checks;
}

function mayHoldOfNothing({ op }: Expectation[number]): boolean {
  const rule = operators[op];
  return rule.takes === 'value' && rule.ofNothing === true;
}

/** A condition within another as one expression; undefined where a part of it is lost, which could turn the outcome round. */
function wholeJs(condition: Condition, dialect: Dialect, losses: Losses): string | undefined {
  const own: Losses = [];
  const checks = conditionJs(condition, dialect, own);
  if (condition.schema !== undefined) own.push('a JSON Schema within any, all or not');
  losses.push(...own);
  if (own.length > 0) return undefined;
  return checks.map(({ expression }) => `(${expression})`).join(' && ');
}

/** One operator as an expression; undefined where it cannot be written, which is then among the losses. */
export function operatorJs(
  { op, value }: Expectation[number],
  actual: string,
  dialect: Dialect,
  losses: Losses,
  loose: boolean,
): string | undefined {
  const rule = operators[op];
  if (rule.takes === 'operators') {
    const subject = rule.js.subject(actual);
    const inner = (value as Expectation).map((part) => operatorJs(part, subject, dialect, losses, false));
    if (inner.includes(undefined)) return undefined;
    return rule.js.whole(actual, inner.map((each) => `(${each})`).join(' && '));
  }
  const expected = valueJs(value, dialect, losses);
  if (rule.literal === true && typeof value === 'string' && value.includes('{{')) {
    losses.push(`the operator ${op} with a variable`);
    return undefined;
  }
  return rule.js({ actual, expected, value, loose });
}
