import type { AnyNode, Expression } from 'acorn';
import { literalValue } from '../draft/literal.js';
import { conditionOf, type DraftCondition, expected, negated, operand, together, typed } from './script-conditions.js';
import { keyOf, meaningOf, type Reading, type ScriptValue } from './script-values.js';

/** Words of chai that only make a sentence. */
const filler = new Set(
  'to be been is that which and has have with at of same but does still also deep own itself nested'.split(' '),
);

const statusOf: Record<string, unknown> = {
  ok: '2xx',
  success: '2xx',
  info: '1xx',
  redirection: '3xx',
  clientError: '4xx',
  serverError: '5xx',
  accepted: 202,
  withoutContent: 204,
  badRequest: 400,
  unauthorised: 401,
  unauthorized: 401,
  forbidden: 403,
  notFound: 404,
  notAcceptable: 406,
  rateLimited: 429,
};

const operatorOf: Record<string, string> = {
  above: 'above',
  gt: 'above',
  greaterThan: 'above',
  below: 'below',
  lt: 'below',
  lessThan: 'below',
  least: 'atLeast',
  gte: 'atLeast',
  greaterThanOrEqual: 'atLeast',
  most: 'atMost',
  lte: 'atMost',
  lessThanOrEqual: 'atMost',
};

interface Link {
  name: string;
  args: Expression[] | undefined;
}

/** What one assertion is about: a value, or an expression that is true or false. */
type Subject = ScriptValue | { kind: 'truth'; condition: DraftCondition };

/** `pm.expect(a).to.b(c)` or `pm.response.to.b(c)` as a condition; undefined where a word of it is unknown. */
export function assertionOf(node: AnyNode, reading: Reading): DraftCondition | undefined {
  const links: Link[] = [];
  const base = chainOf(node, links, reading);
  const subject = base && subjectOf(base, links, reading);
  return subject && saidOf(subject, links, reading);
}

/** The links of a chain, outermost last, and what it begins with. */
function chainOf(node: AnyNode, links: Link[], reading: Reading): AnyNode | undefined {
  if (node.type === 'CallExpression') {
    if (node.callee.type !== 'MemberExpression' || isExpect(node.callee, reading)) return node;
    const name = keyOf(node.callee, reading);
    if (typeof name !== 'string') return undefined;
    const base = chainOf(node.callee.object, links, reading);
    links.push({ name, args: node.arguments as Expression[] });
    return base;
  }
  if (node.type !== 'MemberExpression') return node;
  const name = keyOf(node, reading);
  if (typeof name !== 'string') return undefined;
  if (meaningOf(node, reading)?.kind === 'response') return node;
  const base = chainOf(node.object, links, reading);
  links.push({ name, args: undefined });
  return base;
}

function isExpect(callee: AnyNode, reading: Reading): boolean {
  if (callee.type === 'Identifier') return callee.name === 'expect' && !reading.bindings.has('expect');
  return (
    callee.type === 'MemberExpression' &&
    keyOf(callee, reading) === 'expect' &&
    meaningOf(callee.object, reading)?.kind === 'pm'
  );
}

function subjectOf(base: AnyNode, links: readonly Link[], reading: Reading): Subject | undefined {
  if (links.length === 0) return undefined;
  const value = meaningOf(base, reading);
  if (value?.kind === 'response') return value;
  if (base.type !== 'CallExpression' || !isExpect(base.callee, reading)) return undefined;
  const [asked] = base.arguments;
  const known = meaningOf(asked, reading);
  if (known !== undefined && known.kind !== 'constant' && known.kind !== 'template') return known;
  const condition = conditionOf(asked, reading);
  return condition && { kind: 'truth', condition };
}

function saidOf(first: Subject, links: readonly Link[], reading: Reading): DraftCondition | undefined {
  let subject = first;
  let no = false;
  const said: DraftCondition[] = [];
  for (const [i, { name, args }] of links.entries()) {
    if (args === undefined && filler.has(name)) continue;
    if (name === 'not') {
      no = !no;
      continue;
    }
    // `length.above(1)`, `responseTime.below(1)`: the words after it are about that.
    const last = links.slice(i + 1).every((link) => link.args === undefined && filler.has(link.name));
    if (args === undefined && !last && (name === 'length' || name === 'lengthOf')) {
      subject = { kind: 'length', of: subject as ScriptValue };
      continue;
    }
    if (args === undefined && name === 'responseTime' && subject.kind === 'response') {
      subject = { kind: 'time' };
      continue;
    }
    const word = said.length;
    const values = (args ?? []).map((each) => meaningOf(each, reading));
    const condition = wordOf(subject, name, args === undefined ? undefined : values);
    if (condition === undefined) return undefined;
    said[word] = no ? negated(condition) : condition;
    if ((name === 'property' || name === 'ownProperty') && subject.kind === 'json' && values[0]?.kind === 'constant')
      subject = propertyOf(subject, String(values[0].value));
  }
  return said.length === 0 ? undefined : together(said);
}

function propertyOf(
  subject: Extract<ScriptValue, { kind: 'json' }>,
  name: string,
): Extract<ScriptValue, { kind: 'json' }> {
  return { kind: 'json', path: `${subject.path}['${name.replace(/[\\']/g, '\\$&')}']` };
}

type Values = (ScriptValue | undefined)[] | undefined;

function wordOf(subject: Subject, name: string, values: Values): DraftCondition | undefined {
  if (subject.kind === 'response') return responseWord(name, values);
  if (subject.kind === 'truth') return truthWord(subject.condition, name, values);
  return values === undefined ? propertyWord(subject, name) : methodWord(subject, name, values);
}

function truthWord(condition: DraftCondition, name: string, values: Values): DraftCondition | undefined {
  const said = values === undefined ? name : values[0]?.kind === 'constant' ? String(values[0].value) : '';
  if (values !== undefined && !['equal', 'equals', 'eq', 'eql', 'eqls'].includes(name)) return undefined;
  if (said === 'true' || said === 'ok') return condition;
  return said === 'false' ? negated(condition) : undefined;
}

function propertyWord(subject: ScriptValue, name: string): DraftCondition | undefined {
  switch (name) {
    case 'true':
    case 'false':
      return expected(subject, { equals: name === 'true' });
    case 'null':
      return subject.kind === 'json' ? expected(subject, { equals: null }) : undefined;
    case 'undefined':
      return subject.kind === 'json' || subject.kind === 'header' ? expected(subject, { exists: false }) : undefined;
    case 'exist':
      return subject.kind === 'json'
        ? expected(subject, { exists: true, not: null })
        : expected(subject, { exists: true });
    case 'ok': {
      const empty =
        subject.kind === 'json' ? expected(subject, { in: [null, false, 0, ''] }) : expected(subject, { equals: '' });
      const there = expected(subject, { exists: true });
      return empty && there && subject.kind !== 'status' && subject.kind !== 'time'
        ? { all: [there, { not: empty }] }
        : undefined;
    }
    case 'empty':
      return subject.kind === 'json' || subject.kind === 'text' ? expected(subject, { length: 0 }) : undefined;
    default:
      return undefined;
  }
}

function methodWord(
  subject: ScriptValue,
  name: string,
  values: (ScriptValue | undefined)[],
): DraftCondition | undefined {
  const [first, second] = values;
  const value = operand(first);
  const constant = first?.kind === 'constant' ? first.value : undefined;
  const order = operatorOf[name];
  if (order !== undefined) return typeof constant === 'number' ? expected(subject, { [order]: constant }) : undefined;
  switch (name) {
    case 'equal':
    case 'equals':
    case 'eq':
      // Two objects are never the same one.
      if (value === undefined || (constant !== null && typeof constant === 'object')) return undefined;
      return subject.kind === 'type' ? typed(subject.of, String(constant)) : expected(subject, { equals: value.value });
    case 'eql':
    case 'eqls':
      return (
        value &&
        (subject.kind === 'type' ? typed(subject.of, String(constant)) : expected(subject, { equals: value.value }))
      );
    case 'a':
    case 'an':
      return typeof constant === 'string' ? typed(subject, constant.toLowerCase()) : undefined;
    case 'include':
    case 'includes':
    case 'contain':
    case 'contains':
    case 'string':
      return value && expected(subject, { contains: value.value });
    case 'match':
    case 'matches':
      return first?.kind === 'pattern' ? expected(subject, { matches: first.pattern }) : undefined;
    case 'oneOf':
      return Array.isArray(constant) ? expected(subject, { in: literalValue(constant) }) : undefined;
    case 'members':
      return Array.isArray(constant) ? expected(subject, { unordered: literalValue(constant) }) : undefined;
    case 'lengthOf':
    case 'length':
      return typeof constant === 'number' ? expected(subject, { length: constant }) : undefined;
    case 'within': {
      const high = second?.kind === 'constant' ? second.value : undefined;
      return typeof constant === 'number' && typeof high === 'number'
        ? expected(subject, { atLeast: constant, atMost: high })
        : undefined;
    }
    case 'property':
    case 'ownProperty': {
      if (subject.kind !== 'json' || typeof constant !== 'string') return undefined;
      const of = propertyOf(subject, constant);
      if (values.length < 2) return expected(of, { exists: true });
      const wanted = operand(second);
      return wanted && expected(of, { equals: wanted.value });
    }
    default:
      return undefined;
  }
}

function responseWord(name: string, values: Values): DraftCondition | undefined {
  const [first, second] = values ?? [];
  const constant = first?.kind === 'constant' ? first.value : undefined;
  if (values === undefined) {
    if (name === 'error') return { any: [{ status: '4xx' }, { status: '5xx' }] };
    if (name === 'json') return { json: { $: { exists: true } } };
    if (name === 'withBody') return { text: { length: { above: 0 } } };
    return Object.hasOwn(statusOf, name) ? { status: statusOf[name] } : undefined;
  }
  switch (name) {
    case 'status':
    case 'statusCode':
      return Number.isInteger(Number(constant)) && constant !== '' && constant !== null
        ? { status: Number(constant) }
        : undefined;
    case 'header': {
      if (typeof constant !== 'string') return undefined;
      const wanted = second === undefined && values.length < 2 ? { value: undefined } : operand(second);
      return (
        wanted && { header: { [constant]: wanted.value === undefined ? { exists: true } : { equals: wanted.value } } }
      );
    }
    case 'body':
      if (values.length === 0) return { text: { length: { above: 0 } } };
      if (first?.kind === 'pattern') return { text: { matches: first.pattern } };
      return typeof constant === 'string' ? { text: { equals: literalValue(constant) } } : undefined;
    case 'jsonBody':
      return values.length === 0 ? { json: { $: { exists: true } } } : undefined;
    case 'jsonSchema':
      return constant !== null && typeof constant === 'object' ? { schema: constant } : undefined;
    default:
      return undefined;
  }
}
