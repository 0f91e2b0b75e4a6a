import type { AnyNode } from 'acorn';
import { block, inTurn, nothing } from './blocks.js';
import { switchCode, tryCode } from './branches.js';
import { type Act, type Code, type Compiler, type Completion, completionOf, resultOf } from './code.js';
import { classCode } from './functions.js';
import { loopCode } from './loops.js';
import { type Frame, type Machine, type Steps, Thrown } from './machine.js';
import type { Scope } from './scope.js';

/** Reads a statement. */
export function statementCode(node: AnyNode, scope: Scope, compiler: Compiler): Act {
  switch (node.type) {
    case 'EmptyStatement':
    case 'FunctionDeclaration':
      return nothing;
    case 'ExpressionStatement':
      return effectOf(compiler.expression(node.expression, scope));
    case 'VariableDeclaration':
      return inTurn(node.declarations.map(({ id, init }) => declaration(id, init, node.kind, scope, compiler)));
    case 'ClassDeclaration': {
      const make = classCode(node, scope, compiler);
      const bind = compiler.bind(node.id!, scope);
      return {
        suspends: false,
        run(frame, machine) {
          bind(make(frame), frame, machine);
        },
      };
    }
    case 'BlockStatement':
      return block(node.body, scope, compiler);
    case 'ReturnStatement': {
      const code = node.argument ? compiler.expression(node.argument, scope) : undefined;
      return completes(code, (value): Completion => ({ does: 'return', value }));
    }
    case 'ThrowStatement':
      return completes(compiler.expression(node.argument, scope), (value) => {
        throw new Thrown(value);
      });
    case 'BreakStatement':
    case 'ContinueStatement': {
      const does = node.type === 'BreakStatement' ? 'break' : 'continue';
      const done: Completion = { does, label: node.label?.name };
      return { suspends: false, run: () => done };
    }
    case 'IfStatement':
      return ifCode(node, scope, compiler);
    case 'SwitchStatement':
      return switchCode(node, scope, compiler);
    case 'TryStatement':
      return tryCode(node, scope, compiler);
    case 'ForStatement':
    case 'ForOfStatement':
    case 'ForInStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
      return loopCode(node, scope, compiler);
    default:
      compiler.problem(node, `${node.type === 'LabeledStatement' ? 'a label' : node.type} is not read`);
      return nothing;
  }
}

function declaration(
  id: AnyNode,
  init: AnyNode | null | undefined,
  kind: string,
  scope: Scope,
  compiler: Compiler,
): Act {
  const bind = compiler.bind(id, scope);
  if (!init) {
    // `var` without a value leaves what is there.
    if (kind === 'var') return nothing;
    return {
      suspends: false,
      run(frame, machine) {
        bind(undefined, frame, machine);
      },
    };
  }
  return completes(compiler.expression(init, scope), (value, frame, machine) => {
    bind(value, frame, machine);
    return undefined;
  });
}

function effectOf(code: Code): Act {
  return completes(code, () => undefined);
}

/** A statement that does something with one value. */
function completes(
  code: Code | undefined,
  done: (value: unknown, frame: Frame, machine: Machine) => Completion | undefined,
): Act {
  if (code === undefined) return { suspends: false, run: (frame, machine) => done(undefined, frame, machine) };
  if (!code.suspends)
    return { suspends: false, run: (frame, machine) => done(code.run(frame, machine), frame, machine) };
  return {
    suspends: true,
    *run(frame, machine) {
      return done(yield* code.run(frame, machine) as Steps, frame, machine);
    },
  };
}

function ifCode(node: Extract<AnyNode, { type: 'IfStatement' }>, scope: Scope, compiler: Compiler): Act {
  const test = compiler.expression(node.test, scope);
  const yes = compiler.statement(node.consequent, scope);
  const no = node.alternate ? compiler.statement(node.alternate, scope) : nothing;
  if (![test, yes, no].some(({ suspends }) => suspends)) {
    return {
      suspends: false,
      run: (frame, machine) => (test.run(frame, machine) ? yes : no).run(frame, machine),
    };
  }
  return {
    suspends: true,
    *run(frame, machine) {
      return yield* completionOf((yield* resultOf(test, frame, machine)) ? yes : no, frame, machine);
    },
  };
}
