import type { AnyNode } from 'acorn';
import { inFrame, inTurn } from './blocks.js';
import { type Act, type Compiler, type Completion, completionOf, resultOf } from './code.js';
import { faultValue } from './coerce.js';
import { functionsFirst, hoist } from './hoist.js';
import { Fault, type Frame, type Steps, Thrown } from './machine.js';
import { namesIn, Scope } from './scope.js';

/** Reads `switch`. */
export function switchCode(node: Extract<AnyNode, { type: 'SwitchStatement' }>, outer: Scope, compiler: Compiler): Act {
  const scope = new Scope(outer, outer.assigned);
  const bodies = node.cases.flatMap(({ consequent }) => consequent);
  hoist(bodies, scope);
  const before = functionsFirst(bodies, scope, compiler);
  const subject = compiler.expression(node.discriminant, scope);
  const tests = node.cases.map(({ test }) => (test ? compiler.expression(test, scope) : undefined));
  if (tests.some((test) => test?.suspends)) compiler.problem(node, 'a request behind `case` is not read');
  const acts = node.cases.map(({ consequent }) => inTurn(consequent.map((each) => compiler.statement(each, scope))));
  const whole: Act = {
    suspends: true,
    *run(frame, machine) {
      for (const act of before) act.run(frame, machine);
      const value = yield* resultOf(subject, frame, machine);
      const matches = tests.findIndex((test) => test !== undefined && test.run(frame, machine) === value);
      const from = matches >= 0 ? matches : tests.indexOf(undefined);
      for (const act of from < 0 ? [] : acts.slice(from)) {
        const done = yield* completionOf(act, frame, machine);
        if (done?.does === 'break' && done.label === undefined) return undefined;
        if (done !== undefined) return done;
      }
      return undefined;
    },
  };
  if (subject.suspends || acts.some(({ suspends }) => suspends)) return inFrame(whole, scope);
  return inFrame(withoutWaiting(whole), scope);
}

/** Steps that ask for nothing, done at once. */
function withoutWaiting(act: Act): Act {
  return {
    suspends: false,
    run(frame, machine) {
      const step = (act.run(frame, machine) as Steps).next();
      return step.value;
    },
  };
}

/** Reads `try`. */
export function tryCode(node: Extract<AnyNode, { type: 'TryStatement' }>, scope: Scope, compiler: Compiler): Act {
  const body = compiler.statement(node.block, scope);
  const inner = new Scope(scope, scope.assigned);
  const { handler } = node;
  if (handler?.param) for (const name of namesIn(handler.param)) inner.declare(name);
  const bind = handler?.param ? compiler.bind(handler.param, inner) : undefined;
  const caught = handler ? compiler.statement(handler.body, inner) : undefined;
  const last = node.finalizer ? compiler.statement(node.finalizer, scope) : undefined;
  const whole: Act = {
    suspends: true,
    *run(frame, machine) {
      let done: Completion | undefined;
      try {
        done = yield* completionOf(body, frame, machine);
      } catch (error) {
        if (caught === undefined || !isOfScript(error)) throw error;
        const within: Frame = { slots: new Array(inner.size), parent: frame };
        bind?.(error instanceof Thrown ? error.value : faultValue(error as Error), within, machine);
        done = yield* completionOf(caught, within, machine);
      } finally {
        const end = last && (yield* completionOf(last, frame, machine));
        // biome-ignore lint/correctness/noUnsafeFinally: as in the script, a `return` of `finally` wins
        if (end !== undefined) return end;
      }
      return done;
    },
  };
  const waits = [body, caught, last].some((act) => act?.suspends);
  return waits ? whole : withoutWaiting(whole);
}

/** Whether a script may catch it: what it threw itself, and what JavaScript would have thrown. */
function isOfScript(error: unknown): boolean {
  return error instanceof Thrown || error instanceof Fault || error instanceof RangeError;
}
