import type { AnyNode } from 'acorn';
import { type Code, type Compiler, resultOf, strict, unread } from './code.js';
import { primitiveOf, textOf } from './coerce.js';
import { Fault, type Frame, type Machine } from './machine.js';
import { keyCode } from './members.js';
import { binary } from './operators.js';
import { itemsOf, ownEntries, readMember, writeMember } from './properties.js';
import type { Scope } from './scope.js';

/** The frame so many blocks and calls further out. */
export function frameAt(frame: Frame, hops: number): Frame {
  let at = frame;
  for (let hop = hops; hop > 0; hop--) at = at.parent!;
  return at;
}

type Bind = ReturnType<Compiler['bind']>;

/** Binds a name, or the names of a pattern, to a value. Defaults in patterns may not send. */
export function bindCode(pattern: AnyNode, scope: Scope, compiler: Compiler): Bind {
  const nothing: Bind = () => undefined;
  switch (pattern.type) {
    case 'Identifier': {
      const found = scope.find(pattern.name);
      if (found === undefined || found.binding.alias !== undefined) {
        compiler.problem(pattern, `${pattern.name} cannot be assigned to`);
        return nothing;
      }
      const { hops, binding } = found;
      if (hops === 0)
        return (value, frame) => {
          frame.slots[binding.index] = value;
        };
      return (value, frame) => {
        frameAt(frame, hops).slots[binding.index] = value;
      };
    }
    case 'MemberExpression': {
      const object = compiler.expression(pattern.object, scope);
      const key = keyCode(pattern, scope, compiler);
      if (object.suspends || key.suspends)
        compiler.problem(pattern, 'a request within what is assigned to is not read');
      return (value, frame, machine) => writeMember(object.run(frame, machine), key.run(frame, machine), value);
    }
    case 'AssignmentPattern': {
      const bind = compiler.bind(pattern.left, scope);
      const other = compiler.expression(pattern.right, scope);
      if (other.suspends) compiler.problem(pattern, 'a request as a default is not read');
      return (value, frame, machine) => bind(value === undefined ? other.run(frame, machine) : value, frame, machine);
    }
    case 'ObjectPattern':
      return objectPattern(pattern, scope, compiler);
    case 'ArrayPattern': {
      const each = pattern.elements.map((element) =>
        element === null ? nothing : compiler.bind(element.type === 'RestElement' ? element.argument : element, scope),
      );
      const rest = pattern.elements.at(-1)?.type === 'RestElement';
      return (value, frame, machine) => {
        const items = [...itemsOf(value)];
        for (const [i, bind] of each.entries())
          bind(rest && i === each.length - 1 ? items.slice(i) : items[i], frame, machine);
      };
    }
    default:
      compiler.problem(pattern, 'this assignment is not read');
      return nothing;
  }
}

function objectPattern(pattern: Extract<AnyNode, { type: 'ObjectPattern' }>, scope: Scope, compiler: Compiler): Bind {
  const parts = pattern.properties.map((each) => {
    if (each.type === 'RestElement') return { key: undefined, bind: compiler.bind(each.argument, scope) };
    const key = each.computed
      ? compiler.expression(each.key, scope)
      : { run: () => (each.key.type === 'Identifier' ? each.key.name : (each.key as { value: unknown }).value) };
    return { key: key.run, bind: compiler.bind(each.value, scope) };
  });
  return (value, frame, machine) => {
    const taken = new Set<string>();
    if (value === undefined || value === null) throw new Fault(`Cannot destructure ${value}`);
    for (const { key, bind } of parts) {
      if (key === undefined) {
        bind(Object.fromEntries(ownEntries(value).filter(([name]) => !taken.has(name))), frame, machine);
        continue;
      }
      const name = textOf(key(frame, machine));
      taken.add(name);
      bind(readMember(value, name), frame, machine);
    }
  };
}

type Assignment = Extract<AnyNode, { type: 'AssignmentExpression' }>;

/** Reads `a = b`, `a.b += c`, `a ||= b`. */
export function assignment(node: Assignment, scope: Scope, compiler: Compiler): Code {
  const { operator, left } = node;
  const right = compiler.expression(node.right, scope);
  const bind = compiler.bind(left, scope);
  if (operator === '=') return assigned(right, bind);
  if (left.type !== 'Identifier' && left.type !== 'MemberExpression')
    return unread(compiler, node, 'this assignment is not read');
  const before = compiler.expression(left, scope);
  const word = operator.slice(0, -1);
  if (!['&&', '||', '??'].includes(word))
    return assigned(
      strict([before, right], ([a, b]) => binary(word, a, b)),
      bind,
    );
  if (right.suspends) return unread(compiler, node, `a request behind ${operator} is not read`);
  return {
    suspends: false,
    run(frame, machine) {
      const value = before.run(frame, machine);
      const stays = word === '&&' ? !value : word === '||' ? Boolean(value) : value !== undefined && value !== null;
      if (stays) return value;
      const given = right.run(frame, machine);
      bind(given, frame, machine);
      return given;
    },
  };
}

function assigned(right: Code, bind: Bind): Code {
  const done = (value: unknown, frame: Frame, machine: Machine) => {
    bind(value, frame, machine);
    return value;
  };
  if (!right.suspends)
    return { suspends: false, run: (frame, machine) => done(right.run(frame, machine), frame, machine) };
  return {
    suspends: true,
    *run(frame, machine) {
      return done(yield* resultOf(right, frame, machine), frame, machine);
    },
  };
}

/** Reads `i++` and the like. */
export function update(node: Extract<AnyNode, { type: 'UpdateExpression' }>, scope: Scope, compiler: Compiler): Code {
  const before = compiler.expression(node.argument, scope);
  const bind = compiler.bind(node.argument, scope);
  const by = node.operator === '++' ? 1 : -1;
  const { prefix } = node;
  return {
    suspends: false,
    run(frame, machine) {
      const value = Number(primitiveOf(before.run(frame, machine)));
      bind(value + by, frame, machine);
      return prefix ? value + by : value;
    },
  };
}
