import type { AnyNode, Expression } from 'acorn';

/** What an expression of a Postman script stands for, as far as the format knows it. */
export type ScriptValue =
  | { kind: 'constant'; value: unknown }
  /** A template of the format. */
  | { kind: 'template'; text: string }
  | { kind: 'json'; path: string }
  | { kind: 'header'; name: string }
  | { kind: 'length' | 'type'; of: ScriptValue }
  | { kind: 'pattern'; pattern: string }
  | { kind: 'scope'; scope: Scope }
  | { kind: 'text' | 'status' | 'time' | 'pm' | 'postman' | 'response' | 'responseCode' | 'headers' | 'now' };

/** Scopes of variables; a name is looked for in the later ones first. */
export type Scope = 'globals' | 'collectionVariables' | 'environment' | 'variables';

const scopes: readonly string[] = ['globals', 'collectionVariables', 'environment', 'variables'];

/** What the names of a script stand for; undefined for one that is known to be something else. */
export type Bindings = Map<string, ScriptValue | undefined>;

/** Names that every script has. */
const given: Record<string, ScriptValue> = {
  pm: { kind: 'pm' },
  postman: { kind: 'postman' },
  responseBody: { kind: 'text' },
  responseTime: { kind: 'time' },
  responseCode: { kind: 'responseCode' },
};

/** How the values of one script are found. */
export interface Reading {
  bindings: Bindings;
  /** A text of Postman's as a template of the format; undefined where that would lose something. */
  template(text: string): string | undefined;
  /** The format's name for a variable of Postman's. */
  nameOf(name: string): string;
}

/** What an expression stands for; undefined where the format has no word for it. */
export function meaningOf(node: AnyNode | null | undefined, reading: Reading): ScriptValue | undefined {
  if (node === null || node === undefined) return undefined;
  switch (node.type) {
    case 'Literal':
      if (node.regex !== undefined && node.regex !== null) return patternOf(node.regex);
      return node.bigint ? undefined : { kind: 'constant', value: node.value };
    case 'Identifier':
      if (reading.bindings.has(node.name)) return reading.bindings.get(node.name);
      return Object.hasOwn(given, node.name) ? given[node.name] : undefined;
    case 'ChainExpression':
    case 'ParenthesizedExpression':
      return meaningOf(node.expression, reading);
    case 'TemplateLiteral':
      return templateOf(
        node.quasis.map(({ value }) => value.cooked ?? ''),
        node.expressions,
        reading,
      );
    case 'BinaryExpression':
      if (node.operator !== '+' || node.left.type === 'PrivateIdentifier') return undefined;
      return templateOf(['', '', ''], [node.left, node.right], reading);
    case 'UnaryExpression': {
      const value = meaningOf(node.argument, reading);
      if (node.operator === 'typeof' && value !== undefined) return { kind: 'type', of: value };
      if (node.operator === '-' && value?.kind === 'constant' && typeof value.value === 'number')
        return { kind: 'constant', value: -value.value };
      return undefined;
    }
    case 'ArrayExpression': {
      const items = node.elements.map((each) => (each === null ? undefined : meaningOf(each, reading)));
      return items.every((each) => each?.kind === 'constant')
        ? { kind: 'constant', value: items.map((each) => (each as { value: unknown }).value) }
        : undefined;
    }
    case 'ObjectExpression':
      return objectOf(node, reading);
    case 'MemberExpression':
      return memberOf(meaningOf(node.object, reading), keyOf(node, reading));
    case 'NewExpression':
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0)
        return { kind: 'now' };
      return undefined;
    case 'CallExpression':
      return callOf(node.callee as Expression, node.arguments as Expression[], reading);
    default:
      return undefined;
  }
}

/** The key of a member; undefined where it is computed of something unknown. */
export function keyOf(
  node: Extract<AnyNode, { type: 'MemberExpression' }>,
  reading: Reading,
): string | number | undefined {
  if (!node.computed) return node.property.type === 'Identifier' ? node.property.name : undefined;
  const value = meaningOf(node.property, reading);
  if (value?.kind !== 'constant') return undefined;
  return typeof value.value === 'string' || typeof value.value === 'number' ? value.value : undefined;
}

/** A regular expression as the format has them: with the flag u alone. */
function patternOf({ pattern, flags }: { pattern: string; flags: string }): ScriptValue | undefined {
  if (/[^gu]/.test(flags)) return undefined;
  try {
    new RegExp(pattern, 'u');
    return { kind: 'pattern', pattern };
  } catch {
    return undefined;
  }
}

function objectOf(node: Extract<AnyNode, { type: 'ObjectExpression' }>, reading: Reading): ScriptValue | undefined {
  const members: Record<string, unknown> = {};
  for (const each of node.properties) {
    if (each.type !== 'Property' || each.kind !== 'init') return undefined;
    const key = each.computed
      ? undefined
      : each.key.type === 'Identifier'
        ? each.key.name
        : each.key.type === 'Literal'
          ? String(each.key.value)
          : undefined;
    const value = meaningOf(each.value, reading);
    if (key === undefined || key === '__proto__' || value?.kind !== 'constant') return undefined;
    members[key] = value.value;
  }
  return { kind: 'constant', value: members };
}

/** Texts with expressions between them: `a${b}c`, 'a' + b. */
function templateOf(texts: string[], expressions: readonly AnyNode[], reading: Reading): ScriptValue | undefined {
  const parts = expressions.map((each) => meaningOf(each, reading));
  if (parts.every((each) => each?.kind === 'constant')) {
    const values = parts.map((each) => (each as { value: unknown }).value);
    // Of two numbers + is their sum.
    if (!values.some((value) => typeof value === 'string') && texts.join('') === '') return undefined;
    return {
      kind: 'constant',
      value: texts.map((text, i) => text + (i < values.length ? String(values[i]) : '')).join(''),
    };
  }
  const written = parts.map((each) => textIn(each, reading));
  const around = texts.map((text) => reading.template(text));
  if (written.includes(undefined) || around.includes(undefined)) return undefined;
  if (texts.join('') === '' && !parts.some((each) => each?.kind === 'constant' && typeof each.value === 'string'))
    return undefined;
  return { kind: 'template', text: around.map((text, i) => text! + (written[i] ?? '')).join('') };
}

/** A value as a part of a text, in the format's templates. */
function textIn(value: ScriptValue | undefined, { template }: Reading): string | undefined {
  if (value?.kind === 'template') return value.text;
  return value?.kind === 'constant' && typeof value.value !== 'object' ? template(String(value.value)) : undefined;
}

function memberOf(object: ScriptValue | undefined, key: string | number | undefined): ScriptValue | undefined {
  if (object === undefined || key === undefined) return undefined;
  switch (object.kind) {
    case 'pm':
      if (key === 'response') return { kind: 'response' };
      return scopes.includes(String(key)) ? { kind: 'scope', scope: key as Scope } : undefined;
    case 'response':
      if (key === 'code') return { kind: 'status' };
      if (key === 'responseTime') return { kind: 'time' };
      return key === 'headers' ? { kind: 'headers' } : undefined;
    case 'responseCode':
      return key === 'code' ? { kind: 'status' } : undefined;
    case 'json':
      if (key === 'length') return { kind: 'length', of: object };
      return { kind: 'json', path: object.path + segment(key) };
    case 'text':
      return key === 'length' ? { kind: 'length', of: object } : undefined;
    case 'constant': {
      const { value } = object;
      return value !== null && typeof value === 'object' && Object.hasOwn(value, key)
        ? { kind: 'constant', value: (value as Record<string | number, unknown>)[key] }
        : undefined;
    }
    default:
      return undefined;
  }
}

function segment(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  if (/^\d+$/.test(key)) return `[${key}]`;
  return /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `['${key.replace(/[\\']/g, '\\$&')}']`;
}

function callOf(callee: Expression, args: Expression[], reading: Reading): ScriptValue | undefined {
  const first = meaningOf(args[0], reading);
  if (callee.type === 'Identifier') return callee.name === 'String' && first !== undefined ? textual(first) : undefined;
  if (callee.type !== 'MemberExpression') return undefined;
  const method = keyOf(callee, reading);
  if (callee.object.type === 'Identifier' && !reading.bindings.has(callee.object.name)) {
    const { name } = callee.object;
    if (name === 'JSON' && method === 'parse') return first?.kind === 'text' ? { kind: 'json', path: '$' } : undefined;
    if (name === 'Date' && method === 'now') return { kind: 'template', text: '{{$timestampMs}}' };
  }
  const object = meaningOf(callee.object, reading);
  const text = first?.kind === 'constant' && typeof first.value === 'string' ? first.value : undefined;
  switch (object?.kind) {
    case 'response':
      if (method === 'json' && args.length === 0) return { kind: 'json', path: '$' };
      return method === 'text' && args.length === 0 ? { kind: 'text' } : undefined;
    case 'headers':
      return method === 'get' && text !== undefined ? { kind: 'header', name: text } : undefined;
    case 'postman':
      if (text === undefined) return undefined;
      if (method === 'getResponseHeader') return { kind: 'header', name: text };
      if (method !== 'getEnvironmentVariable' && method !== 'getGlobalVariable') return undefined;
      return { kind: 'template', text: `{{${reading.nameOf(text)}}}` };
    case 'scope': {
      if (text === undefined) return undefined;
      if (method === 'get') return { kind: 'template', text: `{{${reading.nameOf(text)}}}` };
      const written = method === 'replaceIn' ? reading.template(text) : undefined;
      return written === undefined ? undefined : { kind: 'template', text: written };
    }
    case 'now':
      if (method === 'toISOString') return { kind: 'template', text: '{{$isoTimestamp}}' };
      return method === 'getTime' || method === 'valueOf' ? { kind: 'template', text: '{{$timestampMs}}' } : undefined;
    default:
      return method === 'toString' && object !== undefined && args.length === 0 ? textual(object) : undefined;
  }
}

/** As text: the same for what is text already. */
function textual(value: ScriptValue): ScriptValue | undefined {
  if (value.kind === 'constant' && typeof value.value !== 'object')
    return { kind: 'constant', value: String(value.value) };
  return ['text', 'template', 'header'].includes(value.kind) ? value : undefined;
}
