import type { AnyNode } from 'acorn';
import { type Act, type Compiler, completionOf } from './code.js';
import type { Frame } from './machine.js';
import { Scope } from './scope.js';

/** Does nothing. */
export const nothing: Act = { suspends: false, run: () => undefined };

/** Statements one after another, until one does not go on. */
export function inTurn(acts: readonly Act[]): Act {
  const done = acts.filter((act) => act !== nothing);
  if (done.length === 1) return done[0]!;
  if (!done.some(({ suspends }) => suspends)) {
    return {
      suspends: false,
      run(frame, machine) {
        for (const act of done) {
          const completion = act.run(frame, machine);
          if (completion !== undefined) return completion;
        }
        return undefined;
      },
    };
  }
  return {
    suspends: true,
    *run(frame, machine) {
      for (const act of done) {
        const completion = yield* completionOf(act, frame, machine);
        if (completion !== undefined) return completion;
      }
      return undefined;
    },
  };
}

/** Statements in a scope of their own; none is made where nothing is declared. */
export function block(nodes: readonly AnyNode[], outer: Scope, compiler: Compiler): Act {
  const declares = nodes.some(
    (node) =>
      /^(Function|Class)Declaration$/.test(node.type) || (node.type === 'VariableDeclaration' && node.kind !== 'var'),
  );
  if (!declares) return inTurn(nodes.map((node) => compiler.statement(node, outer)));
  const scope = new Scope(outer, outer.assigned);
  return inFrame(compiler.statements(nodes, scope), scope);
}

/** Does something in a frame of its own. */
export function inFrame(act: Act, scope: Scope): Act {
  const frameOf = (parent: Frame): Frame => ({ slots: new Array(scope.size), parent });
  if (!act.suspends) return { suspends: false, run: (frame, machine) => act.run(frameOf(frame), machine) };
  return {
    suspends: true,
    *run(frame, machine) {
      return yield* completionOf(act, frameOf(frame), machine);
    },
  };
}
