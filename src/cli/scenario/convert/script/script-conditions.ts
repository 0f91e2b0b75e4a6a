import type { AnyNode, Expression } from 'acorn';
import { literalValue } from '../draft/literal.js';
import { keyOf, meaningOf, type Reading, type ScriptValue } from './script-values.js';

/** A condition as the format's YAML has it. */
export type DraftCondition = Record<string, unknown>;
/** Operators of the format, all of which must hold. */
type Operators = Record<string, unknown>;

/** That a value satisfies operators; undefined where the format has no check of such a value. */
export function expected(value: ScriptValue, operators: Operators): DraftCondition | undefined {
  switch (value.kind) {
    case 'json':
      return { json: { [value.path]: operators } };
    case 'header':
      return { header: { [value.name]: operators } };
    case 'text':
    case 'status':
    case 'time':
      return { [value.kind]: operators };
    case 'length':
      return expected(value.of, { length: operators });
    default:
      return undefined;
  }
}

/** The opposite. What cannot be asked of the body at all does not make it true. */
export function negated(condition: DraftCondition): DraftCondition {
  const { json } = condition;
  return json === undefined ? { not: condition } : { all: [{ json: { $: { exists: true } } }, { not: condition }] };
}

/** All of them: side by side where they name different things. */
export function together(conditions: readonly DraftCondition[]): DraftCondition {
  const merged: DraftCondition = {};
  const rest: DraftCondition[] = [];
  for (const each of conditions) {
    const free = Object.entries(each).every(([field, value]) => {
      const known = merged[field];
      if (known === undefined) return true;
      return (
        (field === 'json' || field === 'header') &&
        Object.keys(value as object).every((key) => !Object.hasOwn(known as object, key))
      );
    });
    if (!free) rest.push(each);
    else
      for (const [field, value] of Object.entries(each))
        merged[field] =
          field === 'json' || field === 'header' ? { ...(merged[field] as object), ...(value as object) } : value;
  }
  if (rest.length === 0) return merged;
  return { all: [...(Object.keys(merged).length > 0 ? [merged] : []), ...rest] };
}

/** A value that something is compared with: of a constant or a variable, as the format writes it. */
export function operand(value: ScriptValue | undefined): { value: unknown } | undefined {
  if (value?.kind === 'template') return { value: value.text };
  if (value?.kind !== 'constant' || value.value === undefined) return undefined;
  return { value: literalValue(value.value) };
}

/** That a value has a JavaScript type, in chai's words or typeof's; undefined for one that JSON has not. */
export function typed(subject: ScriptValue, name: string): DraftCondition | undefined {
  if (subject.kind === 'text' || subject.kind === 'header')
    return name === 'string' ? expected(subject, { exists: true }) : undefined;
  if (name === 'undefined') return expected(subject, { exists: false });
  return ['string', 'number', 'boolean', 'object', 'array', 'null'].includes(name)
    ? expected(subject, { type: name })
    : undefined;
}

const mirrored: Record<string, string> = { above: 'below', below: 'above', atLeast: 'atMost', atMost: 'atLeast' };
const comparison: Record<string, string> = { '>': 'above', '<': 'below', '>=': 'atLeast', '<=': 'atMost' };

/** A boolean expression as a condition; undefined where a part of it is unknown. */
export function conditionOf(node: AnyNode | undefined, reading: Reading): DraftCondition | undefined {
  switch (node?.type) {
    case 'ParenthesizedExpression':
    case 'ChainExpression':
      return conditionOf(node.expression, reading);
    case 'LogicalExpression': {
      const both = [conditionOf(node.left, reading), conditionOf(node.right, reading)];
      if (both[0] === undefined || both[1] === undefined || node.operator === '??') return undefined;
      return node.operator === '&&' ? together(both as DraftCondition[]) : { any: both };
    }
    case 'UnaryExpression': {
      const inner = node.operator === '!' ? conditionOf(node.argument, reading) : undefined;
      return inner && negated(inner);
    }
    case 'BinaryExpression':
      return node.left.type === 'PrivateIdentifier'
        ? undefined
        : compared(node.left, node.operator, node.right, reading);
    case 'CallExpression':
      return asked(node.callee as Expression, node.arguments as Expression[], reading) ?? truth(node, reading);
    default:
      return node && truth(node, reading);
  }
}

/** The truth of a value itself: of a header, that it is there. */
function truth(node: AnyNode, reading: Reading): DraftCondition | undefined {
  const value = meaningOf(node, reading);
  return value?.kind === 'header' ? expected(value, { exists: true, not: '' }) : undefined;
}

function compared(left: AnyNode, operator: string, right: AnyNode, reading: Reading): DraftCondition | undefined {
  const found = foundBy(left, operator, right, reading);
  if (found !== undefined) return found;
  const [a, b] = [meaningOf(left, reading), meaningOf(right, reading)];
  if (a === undefined || b === undefined) return undefined;
  const turned = operand(a) !== undefined;
  const [subject, other] = turned ? [b, a] : [a, b];
  const value = operand(other);
  if (value === undefined || operand(subject) !== undefined) return undefined;
  const order = comparison[operator];
  if (order !== undefined)
    return typeof value.value === 'number'
      ? expected(subject, { [turned ? mirrored[order]! : order]: value.value })
      : undefined;
  const equal = equality(subject, value.value, operator.length === 2);
  if (equal === undefined) return undefined;
  if (operator === '===' || operator === '==') return equal;
  return operator === '!==' || operator === '!=' ? negated(equal) : undefined;
}

/** `==` of a number takes the text of it, too. */
function equality(subject: ScriptValue, value: unknown, loose: boolean): DraftCondition | undefined {
  if (subject.kind === 'type') return typeof value === 'string' ? typed(subject.of, value) : undefined;
  if (value !== null && typeof value === 'object') return undefined;
  if (loose && value === null) return undefined;
  const twin =
    typeof value === 'number'
      ? String(value)
      : typeof value === 'string' && String(Number(value)) === value
        ? Number(value)
        : undefined;
  if (loose && subject.kind === 'json' && twin !== undefined) return expected(subject, { in: [value, twin] });
  return expected(subject, { equals: value });
}

/** `text.indexOf(part) !== -1` and the like. */
function foundBy(left: AnyNode, operator: string, right: AnyNode, reading: Reading): DraftCondition | undefined {
  if (
    left.type !== 'CallExpression' ||
    left.callee.type !== 'MemberExpression' ||
    keyOf(left.callee, reading) !== 'indexOf'
  )
    return undefined;
  const bound = meaningOf(right, reading);
  const object = meaningOf(left.callee.object, reading);
  const part = operand(meaningOf(left.arguments[0], reading));
  if (object === undefined || part === undefined || bound?.kind !== 'constant') return undefined;
  const inside = expected(object, { contains: part.value });
  const test = `${operator} ${String(bound.value)}`;
  if (['!== -1', '!= -1', '> -1', '>= 0'].includes(test)) return inside;
  return ['=== -1', '== -1', '< 0'].includes(test) ? inside && negated(inside) : undefined;
}

/** Methods that answer yes or no. */
function asked(callee: Expression, args: Expression[], reading: Reading): DraftCondition | undefined {
  if (callee.type !== 'MemberExpression') return undefined;
  const method = keyOf(callee, reading);
  const first = meaningOf(args[0], reading);
  if (callee.object.type === 'Identifier' && !reading.bindings.has(callee.object.name)) {
    if (callee.object.name === 'Array' && method === 'isArray') return first && typed(first, 'array');
    if (callee.object.name === 'tv4' && method === 'validate') {
      const schema = meaningOf(args[1], reading);
      return first?.kind === 'json' && first.path === '$' && schema?.kind === 'constant'
        ? { schema: schema.value }
        : undefined;
    }
  }
  const object = meaningOf(callee.object, reading);
  if (object === undefined) return undefined;
  const part = operand(first);
  switch (method) {
    case 'has':
    case 'includes':
      if (object.kind === 'headers')
        return first?.kind === 'constant' ? { header: { [String(first.value)]: { exists: true } } } : undefined;
      if (object.kind === 'constant' && Array.isArray(object.value) && first !== undefined)
        return expected(first, { in: literalValue(object.value) });
      return part && expected(object, { contains: part.value });
    case 'startsWith':
    case 'endsWith':
      return part && expected(object, { [method]: part.value });
    case 'hasOwnProperty':
      if (object.kind !== 'json' || first?.kind !== 'constant' || typeof first.value !== 'string') return undefined;
      return expected(
        { kind: 'json', path: `${object.path}['${first.value.replace(/[\\']/g, '\\$&')}']` },
        { exists: true },
      );
    case 'test':
      return object.kind === 'pattern' && first !== undefined
        ? expected(first, { matches: object.pattern })
        : undefined;
    default:
      return undefined;
  }
}
