import type { AnyNode } from 'acorn';
import type { Act, Compiler } from './code.js';
import { Callable, type Frame } from './machine.js';
import { namesIn, type Scope } from './scope.js';

/** Declares what a list of statements declares: functions and `let`, `const`, `class` here, `var` in the function. */
export function hoist(nodes: readonly AnyNode[], scope: Scope): void {
  for (const node of nodes) {
    if (node.type === 'FunctionDeclaration' && node.id) scope.declare(node.id.name, { kind: 'function', node, scope });
    else if (node.type === 'ClassDeclaration' && node.id) scope.declare(node.id.name);
    else if (node.type === 'VariableDeclaration') declareAll(node, scope);
  }
}

function declareAll(node: Extract<AnyNode, { type: 'VariableDeclaration' }>, scope: Scope): void {
  let target = scope;
  if (node.kind === 'var') while (!target.isFunction && target.parent !== undefined) target = target.parent;
  for (const { id, init } of node.declarations)
    for (const name of namesIn(id))
      target.declare(name, id.type === 'Identifier' && init ? { kind: 'value', node: init, scope } : undefined);
}

/** What is hoisted into `scope` beside its own list: `var` within blocks. */
export function hoistVars(nodes: readonly AnyNode[], scope: Scope): void {
  for (const node of nodes) hoistVarsOf(node, scope);
}

function hoistVarsOf(node: AnyNode, scope: Scope): void {
  if (node.type === 'VariableDeclaration' && node.kind === 'var') declareAll(node, scope);
  if (/Function|Class/.test(node.type)) return;
  for (const value of Object.values(node))
    for (const each of Array.isArray(value) ? value : [value])
      if (
        each !== null &&
        typeof each === 'object' &&
        typeof each.type === 'string' &&
        /Statement|Declaration|SwitchCase|CatchClause/.test(each.type)
      )
        hoistVarsOf(each, scope);
}

/** The functions that a list declares are there before its first statement. */
export function functionsFirst(nodes: readonly AnyNode[], scope: Scope, compiler: Compiler): Act[] {
  return nodes.flatMap((node) => {
    if (node.type !== 'FunctionDeclaration' || !node.id) return [];
    const { index } = scope.own(node.id.name)!;
    const { name } = node.id;
    // Read when somebody looks at it: what nobody calls may hold anything.
    return {
      suspends: false,
      run(frame: Frame) {
        frame.slots[index] = new Callable(name, () => compiler.function(node, scope, name).make(frame));
      },
    };
  });
}
