import type { AnyNode } from 'acorn';
import { type Act, type Code, type Compiler, type Completion, completionOf, resultOf } from './code.js';
import { hoist } from './hoist.js';
import { type Effect, type Frame, type Machine, spend } from './machine.js';
import { itemsOf, ownEntries } from './properties.js';
import { namesIn, Scope } from './scope.js';

type Loop = Extract<
  AnyNode,
  { type: 'ForStatement' | 'ForOfStatement' | 'ForInStatement' | 'WhileStatement' | 'DoWhileStatement' }
>;

/** How a loop goes on after its body: on, or out with this completion. */
function after(done: Completion | undefined): { out: Completion | undefined } | undefined {
  if (done === undefined || (done.does === 'continue' && done.label === undefined)) return undefined;
  return { out: done.does === 'break' && done.label === undefined ? undefined : done };
}

/** Reads a loop. Each turn has a frame of its own, and counts against what a script may do between two requests. */
export function loopCode(node: Loop, outer: Scope, compiler: Compiler): Act {
  switch (node.type) {
    case 'WhileStatement':
    case 'DoWhileStatement':
      return whileCode(node, outer, compiler);
    case 'ForStatement':
      return forCode(node, outer, compiler);
    default:
      return eachCode(node, outer, compiler);
  }
}

function whileCode(
  node: Extract<AnyNode, { type: 'WhileStatement' | 'DoWhileStatement' }>,
  scope: Scope,
  compiler: Compiler,
): Act {
  const test = compiler.expression(node.test, scope);
  const body = compiler.statement(node.body, scope);
  const looksFirst = node.type === 'WhileStatement';
  return settled([test, body], function* (frame, machine) {
    for (let first = true; ; first = false) {
      if ((looksFirst || !first) && !(yield* resultOf(test, frame, machine))) return undefined;
      spend(machine);
      const end = after(yield* completionOf(body, frame, machine));
      if (end !== undefined) return end.out;
    }
  });
}

function forCode(node: Extract<AnyNode, { type: 'ForStatement' }>, outer: Scope, compiler: Compiler): Act {
  const scope = new Scope(outer, outer.assigned);
  const declares = node.init?.type === 'VariableDeclaration';
  if (declares) hoist([node.init as AnyNode], scope);
  const init = node.init ? compiler.statement(declares ? node.init : expressionStatement(node.init), scope) : undefined;
  const test = node.test ? compiler.expression(node.test, scope) : undefined;
  const update = node.update ? compiler.expression(node.update, scope) : undefined;
  const body = compiler.statement(node.body, scope);
  return settled([init, test, update, body], function* (outerFrame, machine) {
    let frame: Frame = { slots: new Array(scope.size), parent: outerFrame };
    if (init !== undefined) yield* completionOf(init, frame, machine);
    for (;;) {
      if (test !== undefined && !(yield* resultOf(test, frame, machine))) return undefined;
      spend(machine);
      const end = after(yield* completionOf(body, frame, machine));
      if (end !== undefined) return end.out;
      // Functions made in a turn keep that turn's variables.
      frame = { slots: [...frame.slots], parent: outerFrame };
      if (update !== undefined) yield* resultOf(update, frame, machine);
    }
  });
}

function expressionStatement(expression: AnyNode): AnyNode {
  return {
    type: 'ExpressionStatement',
    expression,
    start: expression.start,
    end: expression.end,
    loc: expression.loc,
  } as AnyNode;
}

function eachCode(
  node: Extract<AnyNode, { type: 'ForOfStatement' | 'ForInStatement' }>,
  outer: Scope,
  compiler: Compiler,
): Act {
  const items = compiler.expression(node.right, outer);
  const scope = new Scope(outer, outer.assigned);
  const { left } = node;
  const target = left.type === 'VariableDeclaration' ? left.declarations[0]!.id : left;
  if (left.type === 'VariableDeclaration') for (const name of namesIn(target)) scope.declare(name);
  const bind = compiler.bind(target, scope);
  const body = compiler.statement(node.body, scope);
  const isOf = node.type === 'ForOfStatement';
  return settled([items, body], function* (outerFrame, machine) {
    const list = yield* resultOf(items, outerFrame, machine);
    for (const item of isOf ? itemsOf(list) : ownEntries(list ?? {}).map(([key]) => key)) {
      spend(machine);
      const frame: Frame = { slots: new Array(scope.size), parent: outerFrame };
      bind(item, frame, machine);
      const end = after(yield* completionOf(body, frame, machine));
      if (end !== undefined) return end.out;
    }
    return undefined;
  });
}

/** Steps, or, where no part of them suspends, what is done at once. */
function settled(
  parts: readonly (Code | Act | undefined)[],
  steps: (frame: Frame, machine: Machine) => Generator<Effect, Completion | undefined>,
): Act {
  if (parts.some((part) => part?.suspends)) return { suspends: true, run: steps };
  return { suspends: false, run: (frame, machine) => steps(frame, machine).next().value };
}
