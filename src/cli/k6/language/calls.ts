import type { AnyNode, CallExpression } from 'acorn';
import { type Code, type Compiler, constant, resultOf, strict, unread } from './code.js';
import { textOf } from './coerce.js';
import {
  Callable,
  Constructible,
  callNow,
  callSteps,
  Fault,
  type Machine,
  Namespace,
  NotRead,
  type Steps,
  spend,
} from './machine.js';
import { brokenChain, isBroken, keyCode } from './members.js';
import { isMethodName, waitingMethods } from './methods.js';
import { callMember, itemsOf, readMember } from './properties.js';
import type { Scope } from './scope.js';

/** Reads a call: of a function that hwctl knows, of the script's own, of a method. */
export function callCode(node: CallExpression, scope: Scope, compiler: Compiler): Code {
  const { callee } = node;
  if (callee.type === 'Super') return unread(compiler, node, '`super` is not read');
  if (callee.type === 'MemberExpression' && callee.object.type !== 'Super') {
    const object = compiler.expression(callee.object, scope);
    const of = object.known?.value;
    if (!(of instanceof Namespace || of instanceof Constructible)) return methodCall(node, object, scope, compiler);
    if (callee.computed && !isKnownKey(callee, scope, compiler)) return namedLate(node, of, scope, compiler);
  }
  const code = compiler.expression(callee, scope);
  if (code.isUnread) return code;
  const target = code.known?.value instanceof Constructible ? code.known.value.asFunction : code.known?.value;
  if (target instanceof Callable) return knownCall(node, target, scope, compiler);
  if (code.known !== undefined) return unread(compiler, node, 'what is called here is not a function that is read');
  const args = argumentsCode(node, scope, compiler);
  if (code.callable?.node !== undefined) compiler.called(code.callable.node, node.arguments, scope);
  if (code.callable?.suspends === false)
    return strict([code, args], ([fn, given], machine) => {
      if (node.optional && (fn === undefined || fn === null)) return brokenChain();
      return callNow(fn, given as unknown[], machine);
    });
  return {
    suspends: true,
    *run(frame, machine): Steps {
      const fn = yield* resultOf(code, frame, machine);
      if (node.optional && (fn === undefined || fn === null)) return brokenChain();
      const given = (yield* resultOf(args, frame, machine)) as unknown[];
      return yield* callSteps(fn, given, machine);
    },
  };
}

function isKnownKey(callee: Extract<AnyNode, { type: 'MemberExpression' }>, scope: Scope, compiler: Compiler): boolean {
  return keyCode(callee, scope, compiler).known !== undefined;
}

/** A call of a function that hwctl knows. */
function knownCall(node: CallExpression, target: Callable, scope: Scope, compiler: Compiler): Code {
  // What would be logged is not worked out.
  if (target.name === 'console') return constant(undefined);
  const args = target.name === 'check' ? checkArguments(node, scope, compiler) : argumentsCode(node, scope, compiler);
  const site = target.sends === undefined ? -1 : compiler.site(node, target.sends, scope);
  if (!target.suspends) {
    refuseWaiting(node, scope, compiler);
    return strict([args], ([given], machine) => target.call(given as unknown[], machine, undefined));
  }
  return {
    suspends: true,
    *run(frame, machine): Steps {
      const given = (yield* resultOf(args, frame, machine)) as unknown[];
      machine.site = site;
      return yield* target.call(given, machine, undefined) as Steps;
    },
  };
}

/** The value that a check looks at may matter to the requests; the conditions only judge. */
function checkArguments(node: CallExpression, scope: Scope, compiler: Compiler): Code {
  const [value, ...rest] = node.arguments;
  if (value === undefined || node.arguments.some(({ type }) => type === 'SpreadElement'))
    return argumentsCode(node, scope, compiler);
  const looked = compiler.expression(value, scope);
  const conditions = compiler.judging(() =>
    rest.map((each) => {
      const code = compiler.expression(each, scope);
      if (code.suspends || within(each, scope, compiler))
        compiler.problem(each, 'a request within a check is not read');
      return code;
    }),
  );
  return strict([looked, ...conditions], (values) => values);
}

/** Whether a function written here sends or sleeps. */
function within(node: AnyNode, scope: Scope, compiler: Compiler): boolean {
  if (node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression')
    return compiler.function(node, scope).suspends;
  return node.type === 'ObjectExpression'
    ? node.properties.some((each) => each.type === 'Property' && within(each.value, scope, compiler))
    : false;
}

/** `http[method](...)`: which it is comes out as the script runs. */
function namedLate(node: CallExpression, of: Namespace | Constructible, scope: Scope, compiler: Compiler): Code {
  const callee = node.callee as Extract<AnyNode, { type: 'MemberExpression' }>;
  const key = keyCode(callee, scope, compiler);
  const sends = [...of.members.values()].some((each) => each instanceof Callable && each.sends !== undefined);
  const site = sends ? compiler.site(node, { method: undefined, shape: 'url and body' }, scope) : -1;
  const args = argumentsCode(node, scope, compiler);
  return {
    suspends: true,
    *run(frame, machine): Steps {
      const name = textOf(yield* resultOf(key, frame, machine));
      const given = (yield* resultOf(args, frame, machine)) as unknown[];
      machine.site = site;
      const target = of.members.get(name);
      if (target === undefined) throw new Fault(`${of.name}.${name} is not known`);
      return yield* callSteps(target, given, machine);
    },
  };
}

function methodCall(node: CallExpression, object: Code, scope: Scope, compiler: Compiler): Code {
  const callee = node.callee as Extract<AnyNode, { type: 'MemberExpression' }>;
  if (object.isUnread) return object;
  const key = keyCode(callee, scope, compiler);
  const name = key.known === undefined ? undefined : textOf(key.known.value);
  // What is called only where it is there may be anything.
  const own = name === undefined || node.optional || compiler.ownMember(name);
  const host = name === undefined ? undefined : compiler.hostMethod(name);
  if (name !== undefined && !own && host === undefined && !isMethodName(name))
    return unread(compiler, node, `the method ${name} is not read`);
  const judges = name === 'add' && host !== undefined;
  const args = judges
    ? compiler.judging(() => argumentsCode(node, scope, compiler))
    : argumentsCode(node, scope, compiler);
  const gone = (value: unknown) =>
    isBroken(value) || (callee.optional && (value === undefined || value === null)) || false;
  if (!own && host?.sends === undefined) {
    const waits = node.arguments.some((each) => waitsIn(each, scope, compiler));
    if (waits && waitingMethods.has(name!)) return throughSteps(name!, object, args, gone);
    if (waits) compiler.problem(node, `a request within .${name}() is not read; a loop is`);
    if (judges) return judged(object, args);
    return strict([object, args], ([of, given], machine) => {
      if (gone(of)) return brokenChain();
      if (node.optional && readMember(of, name) === undefined) return brokenChain();
      return callMember(of, name, given as unknown[], machine);
    });
  }
  const site = host?.sends === undefined ? -1 : compiler.site(node, host.sends, scope);
  return {
    suspends: true,
    *run(frame, machine): Steps {
      const of = yield* resultOf(object, frame, machine);
      if (gone(of)) return brokenChain();
      const member = yield* resultOf(key, frame, machine);
      const given = (yield* resultOf(args, frame, machine)) as unknown[];
      const fn = readMember(of, member);
      if (node.optional && (fn === undefined || fn === null)) return brokenChain();
      if (site >= 0) machine.site = site;
      if (!(fn instanceof Callable)) throw new Fault(`${textOf(member)} is not a function`);
      return yield* callSteps(fn, given, machine, of);
    },
  };
}

/** `metric.add(value)`: a value that is not read is not counted. */
function judged(object: Code, args: Code): Code {
  if (object.suspends || args.suspends)
    return strict([object, args], ([of, given], machine) => callMember(of, 'add', given as unknown[], machine));
  return {
    suspends: false,
    run(frame, machine) {
      const of = object.run(frame, machine);
      try {
        return callMember(of, 'add', args.run(frame, machine) as unknown[], machine);
      } catch (error) {
        if (error instanceof NotRead) return undefined;
        throw error;
      }
    },
  };
}

/** Whether an argument is a function that sends or sleeps. */
function waitsIn(node: AnyNode, scope: Scope, compiler: Compiler): boolean {
  if (!['ArrowFunctionExpression', 'FunctionExpression', 'Identifier'].includes(node.type)) return false;
  return compiler.expression(node, scope).callable?.suspends === true;
}

function refuseWaiting(node: CallExpression, scope: Scope, compiler: Compiler): void {
  for (const each of node.arguments)
    if (waitsIn(each, scope, compiler))
      compiler.problem(each, 'a function that sends or sleeps cannot be given to this one');
}

/** `list.forEach(...)` and `list.map(...)` of a function that sends. */
function throughSteps(name: string, object: Code, args: Code, gone: (value: unknown) => boolean): Code {
  return {
    suspends: true,
    *run(frame, machine): Steps {
      const of = yield* resultOf(object, frame, machine);
      if (gone(of)) return brokenChain();
      const [fn] = (yield* resultOf(args, frame, machine)) as unknown[];
      const made: unknown[] = [];
      let index = 0;
      for (const item of itemsOf(of)) {
        spend(machine);
        made.push(yield* callSteps(fn, [item, index++, of], machine));
      }
      return name === 'map' ? made : undefined;
    },
  };
}

/** The arguments as one list. */
function argumentsCode(node: { arguments: readonly AnyNode[] }, scope: Scope, compiler: Compiler): Code {
  const spread = node.arguments.map(({ type }) => type === 'SpreadElement');
  const parts = node.arguments.map((each) =>
    compiler.expression(each.type === 'SpreadElement' ? each.argument : each, scope),
  );
  if (!spread.includes(true)) return strict(parts, (values) => values);
  return strict(parts, (values) => values.flatMap((value, i) => (spread[i] ? [...itemsOf(value)] : [value])));
}

/** Reads `new Name(...)`. */
export function newCode(node: Extract<AnyNode, { type: 'NewExpression' }>, scope: Scope, compiler: Compiler): Code {
  const code = compiler.expression(node.callee, scope);
  if (code.isUnread) return code;
  const args = argumentsCode(node, scope, compiler);
  if (code.known !== undefined && !(code.known.value instanceof Constructible))
    return unread(compiler, node, 'this `new` is not read');
  for (const each of node.arguments)
    if (waitsIn(each, scope, compiler)) compiler.problem(each, 'a request while an object is made is not read');
  return strict([code, args], ([of, given], machine: Machine) => {
    if (!(of instanceof Constructible)) throw new Fault('what stands behind `new` is no class');
    return of.construct(given as unknown[], machine);
  });
}
