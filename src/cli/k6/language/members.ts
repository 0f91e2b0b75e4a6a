import type { AnyNode } from 'acorn';
import { type Code, type Compiler, constant, strict, unread } from './code.js';
import { textOf } from './coerce.js';
import { Callable, Constructible, type Machine, Namespace } from './machine.js';
import { readMember } from './properties.js';
import type { Scope } from './scope.js';

/** A name whose value is each VU's own: `__VU`, `__ITER`. */
export class LateValue {
  constructor(readonly of: (machine: Machine) => unknown) {}
}

/** A value of hwctl's own. */
export function knownValue(value: unknown): Code {
  if (value instanceof Callable) return { ...constant(value), callable: value };
  if (value instanceof LateValue) return { suspends: false, run: (_, machine) => value.of(machine) };
  return constant(value);
}

/** The name of a member: as written, or worked out. */
export function keyCode(node: Extract<AnyNode, { type: 'MemberExpression' }>, scope: Scope, compiler: Compiler): Code {
  const { property, computed } = node;
  if (computed) return compiler.expression(property, scope);
  if (property.type === 'PrivateIdentifier') return unread(compiler, property, 'private names are not read');
  return constant((property as { name: string }).name);
}

/** Ends a chain `a?.b.c` where what stands before `?.` is not there. */
const broken = Symbol('broken chain');

/** Reads `object.name` and `object[key]`. */
export function memberCode(
  node: Extract<AnyNode, { type: 'MemberExpression' }>,
  scope: Scope,
  compiler: Compiler,
): Code {
  if (node.object.type === 'Super') return unread(compiler, node, '`super` is not read');
  const object = compiler.expression(node.object, scope);
  if (object.isUnread) return object;
  const key = keyCode(node, scope, compiler);
  const of = object.known?.value;
  if ((of instanceof Namespace || of instanceof Constructible) && key.known !== undefined) {
    const name = textOf(key.known.value);
    if (!of.members.has(name)) return unread(compiler, node, `${of.name}.${name} is not known`);
    return knownValue(of.members.get(name));
  }
  return strict([object, key], ([value, name]) => {
    if (value === broken || (node.optional && (value === undefined || value === null))) return broken;
    return readMember(value, name);
  });
}

/** A whole chain: what stands behind an end of it is not looked at. */
export function chain(code: Code): Code {
  return strict([code], ([value]) => (value === broken ? undefined : value));
}

/** Whether a chain has ended before this part of it. */
export function isBroken(value: unknown): boolean {
  return value === broken;
}

/** What a part of a chain gives that has ended. */
export function brokenChain(): unknown {
  return broken;
}
