import type { AnyNode } from 'acorn';
import { assignment, frameAt, update } from './assign.js';
import { callCode, newCode } from './calls.js';
import { type Code, type Compiler, constant, type FunctionCode, resultOf, strict, unread } from './code.js';
import { primitiveOf, textOf } from './coerce.js';
import { assign } from './globals.js';
import { Callable, Constructible, Fault, Namespace } from './machine.js';
import { chain, keyCode, knownValue, memberCode } from './members.js';
import { binary } from './operators.js';
import { itemsOf } from './properties.js';
import type { FunctionNode, Origin, Scope } from './scope.js';

/** Reads an expression. */
export function expressionCode(node: AnyNode, scope: Scope, compiler: Compiler): Code {
  const inner = (each: AnyNode) => compiler.expression(each, scope);
  switch (node.type) {
    case 'Literal':
      return literal(node, compiler);
    case 'Identifier':
      return identifier(node, scope, compiler);
    case 'TemplateLiteral': {
      const texts = node.quasis.map(({ value }) => value.cooked ?? value.raw);
      return strict(node.expressions.map(inner), (values) =>
        texts.reduce((text, part, i) => text + (i === 0 ? '' : textOf(values[i - 1])) + part, ''),
      );
    }
    case 'TaggedTemplateExpression':
      return taggedTemplate(node, scope, compiler);
    case 'ArrayExpression':
      return list(node, scope, compiler);
    case 'ObjectExpression':
      return objectCode(node, scope, compiler);
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression': {
      const code = compiler.function(node, scope);
      return { suspends: false, run: (frame) => code.make(frame), callable: code };
    }
    case 'UnaryExpression':
      return unary(node, scope, compiler);
    case 'BinaryExpression':
      if (node.left.type === 'PrivateIdentifier') return unread(compiler, node, 'private names are not read');
      return strict([inner(node.left), inner(node.right)], ([left, right]) => binary(node.operator, left, right));
    case 'LogicalExpression':
      return logical(node, scope, compiler);
    case 'ConditionalExpression':
      return conditional(node, scope, compiler);
    case 'MemberExpression':
      return memberCode(node, scope, compiler);
    case 'CallExpression':
      return callCode(node, scope, compiler);
    case 'NewExpression':
      return newCode(node, scope, compiler);
    case 'ChainExpression':
      return chain(inner(node.expression));
    case 'AssignmentExpression':
      return assignment(node, scope, compiler);
    case 'UpdateExpression':
      return update(node, scope, compiler);
    case 'ThisExpression':
      return thisCode(node, scope, compiler);
    case 'AwaitExpression':
      return inner(node.argument);
    case 'ParenthesizedExpression':
      return inner(node.expression);
    case 'SequenceExpression':
      return strict(node.expressions.map(inner), (values) => values.at(-1));
    default:
      return unread(compiler, node, `${wordsOf[node.type] ?? node.type} is not read`);
  }
}

const wordsOf: Record<string, string> = {
  ClassExpression: 'a class',
  YieldExpression: '`yield`',
  ImportExpression: 'an import that is made while the script runs',
  MetaProperty: '`import.meta`',
};

function thisCode(node: AnyNode, scope: Scope, compiler: Compiler): Code {
  const found = scope.find('this');
  if (found === undefined) return unread(compiler, node, '`this` outside of a function is not read');
  return { suspends: false, run: (frame) => frameAt(frame, found.hops).slots[found.binding.index] };
}

function literal(node: Extract<AnyNode, { type: 'Literal' }>, compiler: Compiler): Code {
  const { regex } = node as { regex?: { pattern: string; flags: string } };
  if ('bigint' in node && node.bigint !== undefined && node.bigint !== null)
    return unread(compiler, node, 'a BigInt is not read');
  if (regex === undefined || regex === null) return constant(node.value);
  return { suspends: false, run: () => new RegExp(regex.pattern, regex.flags) };
}

function identifier(node: Extract<AnyNode, { type: 'Identifier' }>, scope: Scope, compiler: Compiler): Code {
  const { name } = node;
  const found = scope.find(name);
  if (found === undefined) {
    const global = compiler.global(name, node);
    return global === undefined ? unread(compiler, node, `${name} is not known`) : knownValue(global.value);
  }
  const { binding, hops } = found;
  const { index, alias, from } = binding;
  if (alias?.kind === 'known') return knownValue(alias.value);
  if (alias?.kind === 'unread') return unread(compiler, node, alias.why);
  if (alias?.kind === 'module') {
    const { module } = alias;
    const target = alias.binding();
    if (target === undefined)
      return unread(compiler, node, `${name} is not exported by the file that it is imported from`);
    compiler.uses(target);
    const callable = functionOf(target.from, name, compiler);
    return { suspends: false, run: (_, machine) => machine.modules[module]!.slots[target.index], callable };
  }
  compiler.uses(binding);
  const callable = functionOf(from, name, compiler);
  switch (hops) {
    case 0:
      return { suspends: false, run: (frame) => frame.slots[index], callable };
    case 1:
      return { suspends: false, run: (frame) => frame.parent!.slots[index], callable };
    default:
      return {
        suspends: false,
        callable,
        run: (frame) => frameAt(frame, hops).slots[index],
      };
  }
}

/** The function that a name stands for, where it stands for one and no other. */
function functionOf(from: Origin | undefined, name: string, compiler: Compiler): FunctionCode | undefined {
  if (from?.kind === 'function') return compiler.function(from.node, from.scope, name);
  if (from?.kind !== 'value') return undefined;
  const { node, scope } = from;
  return /^(Arrow)?Function/.test(node.type) ? compiler.function(node as FunctionNode, scope, name) : undefined;
}

function list(node: Extract<AnyNode, { type: 'ArrayExpression' }>, scope: Scope, compiler: Compiler): Code {
  const spread = node.elements.map((each) => each?.type === 'SpreadElement');
  const parts = node.elements.map((each) =>
    each === null
      ? constant(undefined)
      : compiler.expression(each.type === 'SpreadElement' ? each.argument : each, scope),
  );
  if (!spread.includes(true)) return strict(parts, (values) => [...values]);
  return strict(parts, (values) => values.flatMap((value, i) => (spread[i] ? [...itemsOf(value)] : [value])));
}

function objectCode(node: Extract<AnyNode, { type: 'ObjectExpression' }>, scope: Scope, compiler: Compiler): Code {
  const keys: (string | undefined)[] = [];
  const parts: Code[] = [];
  for (const each of node.properties) {
    if (each.type === 'SpreadElement') {
      keys.push(undefined);
      parts.push(constant(undefined), compiler.expression(each.argument, scope));
      continue;
    }
    if (each.kind !== 'init') {
      compiler.problem(each, 'a getter or setter is not read');
      continue;
    }
    keys.push('');
    const { key } = each;
    parts.push(
      each.computed
        ? compiler.expression(key, scope)
        : constant(key.type === 'Identifier' ? key.name : (key as { value: unknown }).value),
      compiler.expression(each.value, scope),
    );
  }
  return strict(parts, (values) => {
    const made: Record<string, unknown> = {};
    for (const [i, key] of keys.entries()) {
      const value = values[2 * i + 1];
      if (key === undefined) {
        if (value !== undefined && value !== null) assign(made, value);
        continue;
      }
      const name = textOf(values[2 * i]);
      if (name !== '__proto__') made[name] = value;
    }
    return made;
  });
}

/** `` http.url`...` ``: the text of the template; its name in figures is that of the place. */
function taggedTemplate(
  node: Extract<AnyNode, { type: 'TaggedTemplateExpression' }>,
  scope: Scope,
  compiler: Compiler,
): Code {
  const tag = compiler.expression(node.tag, scope);
  if (!(tag.known?.value instanceof Callable) || tag.known.value.name !== 'url')
    return unread(compiler, node, 'a template with a function of its own before it is not read');
  return compiler.expression(node.quasi, scope);
}

function unary(node: Extract<AnyNode, { type: 'UnaryExpression' }>, scope: Scope, compiler: Compiler): Code {
  const { operator, argument } = node;
  if (operator === 'typeof' && argument.type === 'Identifier' && scope.find(argument.name) === undefined) {
    const global = compiler.global(argument.name, argument);
    if (global === undefined) return constant('undefined');
  }
  if (operator === 'delete') return deletion(argument, scope, compiler);
  return strict([compiler.expression(argument, scope)], ([value]) => {
    switch (operator) {
      case '!':
        return !value;
      case '-':
        return -Number(primitiveOf(value));
      case '+':
        return Number(primitiveOf(value));
      case '~':
        return ~Number(primitiveOf(value));
      case 'typeof':
        return value instanceof Callable || value instanceof Constructible ? 'function' : typeof value;
      default:
        return undefined;
    }
  });
}

function deletion(argument: AnyNode, scope: Scope, compiler: Compiler): Code {
  if (argument.type !== 'MemberExpression')
    return unread(compiler, argument, '`delete` of what is no member is not read');
  const object = compiler.expression(argument.object, scope);
  const key = keyCode(argument, scope, compiler);
  return strict([object, key], ([of, name]) => {
    if (of === null || typeof of !== 'object' || of instanceof Namespace) throw new Fault('there is nothing to delete');
    return delete (of as Record<string, unknown>)[textOf(name)];
  });
}

function logical(node: Extract<AnyNode, { type: 'LogicalExpression' }>, scope: Scope, compiler: Compiler): Code {
  const left = compiler.expression(node.left, scope);
  const right = compiler.expression(node.right, scope);
  const { operator } = node;
  const ends = (value: unknown) =>
    operator === '&&' ? !value : operator === '||' ? Boolean(value) : value !== null && value !== undefined;
  if (!left.suspends && !right.suspends) {
    return {
      suspends: false,
      run(frame, machine) {
        const value = left.run(frame, machine);
        return ends(value) ? value : right.run(frame, machine);
      },
    };
  }
  return {
    suspends: true,
    *run(frame, machine) {
      const value = yield* resultOf(left, frame, machine);
      return ends(value) ? value : yield* resultOf(right, frame, machine);
    },
  };
}

function conditional(
  node: Extract<AnyNode, { type: 'ConditionalExpression' }>,
  scope: Scope,
  compiler: Compiler,
): Code {
  const test = compiler.expression(node.test, scope);
  const yes = compiler.expression(node.consequent, scope);
  const no = compiler.expression(node.alternate, scope);
  if (![test, yes, no].some(({ suspends }) => suspends)) {
    return {
      suspends: false,
      run: (frame, machine) => (test.run(frame, machine) ? yes : no).run(frame, machine),
    };
  }
  return {
    suspends: true,
    *run(frame, machine) {
      return yield* resultOf((yield* resultOf(test, frame, machine)) ? yes : no, frame, machine);
    },
  };
}
