import type { AnyNode } from 'acorn';
import { type Act, type Compiler, type Completion, completionOf, type FunctionCode } from './code.js';
import { Callable, Constructible, type Frame, type Machine, type Steps, spend } from './machine.js';
import { type FunctionNode, namesIn, Scope } from './scope.js';

/**
 * Reads a function. One that is asked for while it is read itself (it calls itself) counts as one that may send, so that it
 * can be waited for either way.
 */
export function functionCode(node: FunctionNode, outer: Scope, compiler: Compiler, name: string): FunctionCode {
  const scope = new Scope(outer, outer.assigned, true);
  compiler.enters(node, scope);
  const isArrow = node.type === 'ArrowFunctionExpression';
  const self = isArrow ? undefined : scope.declare('this');
  for (const [position, param] of node.params.entries())
    for (const each of namesIn(param)) {
      const plain =
        param.type === 'Identifier' || (param.type === 'AssignmentPattern' && param.left.type === 'Identifier');
      scope.declare(each, plain ? { kind: 'parameter', of: node, position } : undefined);
    }
  if (node.generator) compiler.problem(node, 'a generator function is not read');
  const rest = node.params.findIndex(({ type }) => type === 'RestElement');
  const binds = node.params.map((param) => compiler.bind(param.type === 'RestElement' ? param.argument : param, scope));
  const body: Act =
    node.body.type === 'BlockStatement'
      ? compiler.statements(node.body.body, scope)
      : returning(node.body, scope, compiler);
  const enter = (frame: Frame, args: readonly unknown[], machine: Machine, of: unknown): Frame => {
    spend(machine);
    const inner: Frame = { slots: new Array(scope.size), parent: frame };
    if (self !== undefined) inner.slots[self.index] = of;
    for (const [i, bind] of binds.entries()) bind(i === rest ? args.slice(i) : args[i], inner, machine);
    return inner;
  };
  const { suspends } = body;
  const call = (frame: Frame) => (args: readonly unknown[], machine: Machine, of: unknown) =>
    suspends
      ? stepsOf(body, enter(frame, args, machine, of), machine)
      : valueIn(body, enter(frame, args, machine, of), machine);
  return { node, suspends, make: (frame) => new Callable(name, suspends, call(frame)) };
}

function valueIn(body: Act, frame: Frame, machine: Machine): unknown {
  const done = body.run(frame, machine) as Completion | undefined;
  return done?.does === 'return' ? done.value : undefined;
}

function* stepsOf(body: Act, frame: Frame, machine: Machine): Steps {
  const done = yield* completionOf(body, frame, machine);
  return done?.does === 'return' ? done.value : undefined;
}

/** The body of `x => x + 1`. */
function returning(node: AnyNode, scope: Scope, compiler: Compiler): Act {
  const code = compiler.expression(node, scope);
  const done = (value: unknown): Completion => ({ does: 'return', value });
  if (!code.suspends) return { suspends: false, run: (frame, machine) => done(code.run(frame, machine)) };
  return {
    suspends: true,
    *run(frame, machine) {
      return done(yield* code.run(frame, machine) as Steps);
    },
  };
}

type ClassNode = Extract<AnyNode, { type: 'ClassDeclaration' | 'ClassExpression' }>;

/** Reads a class without a base: its methods are members of what it makes. */
export function classCode(node: ClassNode, scope: Scope, compiler: Compiler): (frame: Frame) => Constructible {
  if (node.superClass) compiler.problem(node.superClass, 'a class with a base class is not read');
  const methods: { name: string; code: FunctionCode; isStatic: boolean }[] = [];
  const fields: { name: string; code: ReturnType<Compiler['expression']> | undefined }[] = [];
  let start: FunctionCode | undefined;
  // Initial values of fields see `this`.
  const inner = new Scope(scope, scope.assigned, true);
  const self = inner.declare('this');
  for (const each of node.body.body) {
    const key = 'key' in each && !each.computed && each.key.type === 'Identifier' ? each.key.name : undefined;
    if (
      each.type === 'MethodDefinition' &&
      key !== undefined &&
      (each.kind === 'method' || each.kind === 'constructor')
    ) {
      const code = compiler.function(each.value, scope, key);
      if (each.kind === 'constructor') {
        start = code;
        if (code.suspends) compiler.problem(each, 'a request while an object is made is not read');
      } else methods.push({ name: key, code, isStatic: each.static });
    } else if (each.type === 'PropertyDefinition' && key !== undefined && !each.static) {
      fields.push({ name: key, code: each.value ? compiler.expression(each.value, inner) : undefined });
    } else compiler.problem(each, 'this part of a class is not read');
  }
  return (frame) => {
    const statics = new Map<string, unknown>(
      methods.filter(({ isStatic }) => isStatic).map(({ name, code }) => [name, code.make(frame)]),
    );
    const construct = (args: readonly unknown[], machine: Machine) => {
      const made: Record<string, unknown> = {};
      for (const { name, code, isStatic } of methods)
        if (!isStatic)
          Object.defineProperty(made, name, { value: code.make(frame), enumerable: false, writable: true });
      const within: Frame = { slots: new Array(inner.size), parent: frame };
      within.slots[self.index] = made;
      for (const { name, code } of fields) made[name] = code?.run(within, machine);
      start?.make(frame).call(args, machine, made);
      return made;
    };
    return new Constructible(node.id?.name ?? 'class', construct, undefined, statics);
  };
}
