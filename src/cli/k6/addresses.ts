import type { AnyNode } from 'acorn';
import type { Vu } from './api/vu.js';
import { isPlain, textOf } from './language/coerce.js';
import type { LinkedScript } from './language/link.js';
import { Callable, HostObject } from './language/machine.js';
import { moduleOf } from './language/module-tree.js';
import { type FunctionNode, type Scope, walk } from './language/scope.js';

/** A text as far as it is known before the load: what is not stands as `{name}`. */
export type Template = readonly (string | Hole)[];

/** What comes out under way; `env`: a variable of the environment that has no value. */
export interface Hole {
  hole: string;
  env?: true;
}

/** A call of a function of the script: what it is given, and where that is read. */
export interface FunctionCall {
  args: readonly AnyNode[];
  scope: Scope;
}

/** Ways a text may come out, at most. */
const mostWays = 40;
const deepest = 12;

/** Looks at a script's expressions before the load, in a VU whose modules have been gone through. */
export class Foresight {
  constructor(
    private readonly script: LinkedScript,
    private readonly vu: Vu,
    private readonly calls: ReadonlyMap<FunctionNode, readonly FunctionCall[]>,
  ) {}

  /** The value of an expression that is the same for every VU and iteration. */
  valueOf(node: AnyNode, scope: Scope): { value: unknown } | undefined {
    const module = moduleOf(node);
    const top = this.script.scopes[module]!;
    let fixed = true;
    walk(node, (each) => {
      if (/^(Call|New|Assignment|Update|Await|Yield|TaggedTemplate|This|Arrow|Function|Import|Class)/.test(each.type))
        fixed = false;
      if (each.type !== 'Identifier' || each.name === 'undefined') return;
      const found = scope.find(each.name);
      if (found === undefined) fixed &&= each.name === '__ENV' || !/^__/.test(each.name);
      else if (found.scope !== top || top.assigned.has(each.name)) fixed = isKey(node, each) && fixed;
    });
    if (!fixed) return undefined;
    try {
      const before = this.script.compiler.unread.length;
      const code = this.script.compiler.expression(node, top);
      this.script.compiler.unread.length = before;
      if (code.suspends) return undefined;
      const value = code.run(this.vu.modules[module]!, this.vu);
      return value instanceof HostObject || value instanceof Callable ? undefined : { value };
    } catch {
      return undefined;
    }
  }

  /** Every way a text may come out, as far as that can be told. */
  templatesOf(node: AnyNode | undefined, scope: Scope, depth = 0): Template[] {
    if (node === undefined) return [['']];
    const whole = this.valueOf(node, scope);
    if (whole !== undefined && !isPlain(whole.value) && !Array.isArray(whole.value) && whole.value !== undefined)
      return [[textOf(whole.value)]];
    if (depth > deepest) return [hole(node)];
    const of = (each: AnyNode) => this.templatesOf(each, scope, depth + 1);
    switch (node.type) {
      case 'TemplateLiteral': {
        const parts = node.quasis.flatMap(({ value }, i) => {
          const text: Template[] = [[value.cooked ?? value.raw]];
          const expression = node.expressions[i];
          return expression === undefined ? [text] : [text, of(expression)];
        });
        return joined(parts);
      }
      case 'TaggedTemplateExpression':
        return of(node.quasi);
      case 'BinaryExpression':
        return node.operator === '+' && node.left.type !== 'PrivateIdentifier'
          ? joined([of(node.left), of(node.right)])
          : [hole(node)];
      case 'ConditionalExpression':
        return union([of(node.consequent), of(node.alternate)]);
      case 'LogicalExpression': {
        const left = this.valueOf(node.left, scope);
        if (left !== undefined && !left.value) return of(node.right);
        return union([of(node.left), of(node.right)]);
      }
      case 'ParenthesizedExpression':
      case 'AwaitExpression':
        return of(node.type === 'AwaitExpression' ? node.argument : node.expression);
      case 'Identifier':
        return this.ofName(node.name, node, scope, depth);
      case 'MemberExpression':
        return this.ofMember(node, scope, depth);
      case 'CallExpression':
        return this.ofCall(node, scope, depth);
      default:
        return [hole(node)];
    }
  }

  /** The object that an expression stands for, where it is written out somewhere. */
  objectOf(node: AnyNode | undefined, scope: Scope, depth = 0): { node: AnyNode; scope: Scope }[] {
    if (node === undefined || depth > deepest) return [];
    if (node.type === 'ObjectExpression' || node.type === 'ArrayExpression') return [{ node, scope }];
    if (node.type !== 'Identifier') {
      const made = node.type === 'CallExpression' ? this.returnedBy(node, scope) : undefined;
      return made === undefined ? [] : this.objectOf(made.node, made.scope, depth + 1);
    }
    const from = this.originOf(node.name, scope);
    if (from?.kind === 'value') return this.objectOf(from.node, from.scope, depth + 1);
    if (from?.kind !== 'parameter') return [];
    return (this.calls.get(from.of) ?? []).flatMap(({ args, scope: outer }) =>
      this.objectOf(args[from.position], outer, depth + 1),
    );
  }

  private originOf(name: string, scope: Scope) {
    const binding = scope.find(name)?.binding;
    return binding?.alias?.kind === 'module' ? binding.alias.binding()?.from : binding?.from;
  }

  private ofName(name: string, node: AnyNode, scope: Scope, depth: number): Template[] {
    const from = this.originOf(name, scope);
    if (from?.kind === 'value') {
      const ways = this.templatesOf(from.node, from.scope, depth + 1);
      // A name that the script gives says more than how the value is made.
      const [only, ...more] = ways[0] ?? [];
      const isUnknown = ways.length === 1 && more.length === 0 && typeof only === 'object' && !only.env;
      return isUnknown ? [hole(node)] : ways;
    }
    if (from?.kind !== 'parameter') return [hole(node)];
    const calls = this.calls.get(from.of) ?? [];
    const param = from.of.params[from.position];
    const usual = param?.type === 'AssignmentPattern' ? param.right : undefined;
    const ways = calls.map(({ args, scope: outer }) => {
      const arg = args[from.position];
      if (arg === undefined) return usual === undefined ? [] : this.templatesOf(usual, scope, depth + 1);
      return arg.type === 'SpreadElement' ? [hole(node)] : this.templatesOf(arg, outer, depth + 1);
    });
    return ways.length === 0 ? [hole(node)] : union(ways);
  }

  /** `list[i]` and `list[i].url` of a list that is known: any of its items. */
  private ofMember(node: Extract<AnyNode, { type: 'MemberExpression' }>, scope: Scope, depth: number): Template[] {
    const items = this.itemsOf(node, scope, depth);
    if (items === undefined || items.length === 0) return [hole(node)];
    const ways = items.map((item): Template[] =>
      item !== null && typeof item === 'object' ? [hole(node)] : [[textOf(item)]],
    );
    return union(ways);
  }

  private itemsOf(node: AnyNode, scope: Scope, depth: number): unknown[] | undefined {
    if (depth > deepest) return undefined;
    if (node.type === 'Identifier') {
      const from = this.originOf(node.name, scope);
      return from?.kind === 'value' ? this.itemsOf(from.node, from.scope, depth + 1) : undefined;
    }
    if (node.type === 'CallExpression') {
      const [list] = node.arguments;
      const name = node.callee.type === 'Identifier' ? node.callee.name : undefined;
      const value = name === 'randomItem' && list !== undefined ? this.valueOf(list, scope)?.value : undefined;
      if (Array.isArray(value)) return value.slice(0, mostWays);
      const made = this.returnedBy(node, scope);
      return made === undefined ? undefined : this.itemsOf(made.node, made.scope, depth + 1);
    }
    if (node.type !== 'MemberExpression') return undefined;
    if (node.computed) {
      const list = this.valueOf(node.object, scope)?.value;
      if (Array.isArray(list)) return list.slice(0, mostWays);
      return isPlain(list) ? Object.values(list).slice(0, mostWays) : undefined;
    }
    const key = (node.property as { name?: string }).name ?? '';
    return this.itemsOf(node.object, scope, depth + 1)?.map((item) =>
      isPlain(item) && Object.hasOwn(item, key) ? item[key] : null,
    );
  }

  private ofCall(node: Extract<AnyNode, { type: 'CallExpression' }>, scope: Scope, depth: number): Template[] {
    const items = this.itemsOf(node, scope, depth);
    if (items !== undefined) return union(items.map((item): Template[] => [[textOf(item)]]));
    const { callee } = node;
    if (callee.type === 'Identifier' && callee.name === 'String' && node.arguments[0] !== undefined)
      return this.templatesOf(node.arguments[0], scope, depth + 1);
    if (
      callee.type === 'MemberExpression' &&
      !callee.computed &&
      callee.property.type === 'Identifier' &&
      callee.property.name === 'toString'
    )
      return this.templatesOf(callee.object, scope, depth + 1);
    const made = this.returnedBy(node, scope);
    return made === undefined ? [hole(node)] : this.templatesOf(made.node, made.scope, depth + 1);
  }

  /** What a function of the script gives that does nothing but give it. */
  private returnedBy(
    node: Extract<AnyNode, { type: 'CallExpression' }>,
    scope: Scope,
  ): { node: AnyNode; scope: Scope } | undefined {
    if (node.callee.type !== 'Identifier') return undefined;
    const from = this.originOf(node.callee.name, scope);
    const fn =
      from !== undefined && from.kind !== 'parameter' && /^(Arrow)?Function/.test(from.node.type)
        ? (from.node as FunctionNode)
        : undefined;
    if (fn === undefined) return undefined;
    const inner = this.script.compiler.scopeOf(fn);
    if (inner === undefined) return undefined;
    if (fn.body.type !== 'BlockStatement') return { node: fn.body, scope: inner };
    const [only] = fn.body.body;
    return fn.body.body.length === 1 && only?.type === 'ReturnStatement' && only.argument
      ? { node: only.argument, scope: inner }
      : undefined;
  }
}

/** Whether a name is that of a member, not of a variable. */
function isKey(root: AnyNode, name: AnyNode): boolean {
  let key = false;
  walk(root, (each) => {
    if (each.type === 'MemberExpression' && !each.computed && each.property === name) key = true;
    if (each.type === 'Property' && !each.computed && each.key === name && each.value !== name) key = true;
  });
  return key;
}

/** A word for a part that comes out under way. */
function hole(node: AnyNode): Template[number][] {
  const env = node.type === 'MemberExpression' && node.object.type === 'Identifier' && node.object.name === '__ENV';
  return [{ hole: wordFor(node), ...(env ? { env: true as const } : {}) }];
}

function wordFor(node: AnyNode): string {
  switch (node.type) {
    case 'Identifier':
      return node.name;
    case 'MemberExpression':
      return !node.computed && node.property.type === 'Identifier' ? node.property.name : wordFor(node.object);
    case 'CallExpression':
      return node.arguments[0] !== undefined && node.callee.type === 'Identifier' && /^encodeURI/.test(node.callee.name)
        ? wordFor(node.arguments[0])
        : wordFor(node.callee);
    default:
      return 'value';
  }
}

function union(ways: readonly Template[][]): Template[] {
  const all = new Map(ways.flat().map((way) => [JSON.stringify(way), way]));
  return [...all.values()].slice(0, mostWays);
}

/** Parts one after another, in every combination. */
function joined(parts: readonly Template[][]): Template[] {
  let all: Template[] = [[]];
  for (const ways of parts) all = all.flatMap((before) => ways.map((way) => [...before, ...way])).slice(0, mostWays);
  return all.map(merged);
}

function merged(template: Template): Template {
  const made: (string | Hole)[] = [];
  for (const part of template) {
    const last = made.at(-1);
    if (typeof part === 'string' && typeof last === 'string') made[made.length - 1] = last + part;
    else made.push(part);
  }
  return made;
}
