import type { AnyNode } from 'acorn';
import { type Callable, type Effect, type Frame, type Machine, NotRead, type Sends, type Steps } from './machine.js';
import type { Binding, FunctionNode, Scope } from './scope.js';

/** An expression as it is followed: `run` gives its value, or, where it `suspends`, the steps to it. */
export interface Code {
  readonly suspends: boolean;
  readonly run: (frame: Frame, machine: Machine) => unknown;
  /** What is known of its value before anything runs: one that hwctl knows, or that it is a function, and of which kind. */
  readonly known?: { value: unknown } | undefined;
  /** It is not read, and that has been told. */
  readonly isUnread?: true;
  readonly callable?: { suspends: boolean; node?: FunctionNode } | undefined;
}

/** How a statement ends where it does not go on to the next. */
export type Completion = { does: 'return'; value: unknown } | { does: 'break' | 'continue'; label: string | undefined };

/** A statement as it is followed: `run` gives a completion or undefined, or, where it `suspends`, the steps to that. */
export interface Act {
  readonly suspends: boolean;
  readonly run: (frame: Frame, machine: Machine) => unknown;
}

/** A function of the script as it is read. */
export interface FunctionCode {
  readonly node: FunctionNode;
  readonly suspends: boolean;
  make(frame: Frame): Callable;
}

/** What the parts of the reader ask of each other. */
export interface Compiler {
  expression(node: AnyNode, scope: Scope): Code;
  statement(node: AnyNode, scope: Scope): Act;
  /** Statements of a list one after another, their declarations hoisted into `scope`. */
  statements(nodes: readonly AnyNode[], scope: Scope): Act;
  function(node: FunctionNode, scope: Scope, name?: string): FunctionCode;
  /** Binds a name or a pattern to a value. */
  bind(pattern: AnyNode, scope: Scope): (value: unknown, frame: Frame, machine: Machine) => void;
  /** A function's own scope, before it is read. */
  enters(fn: FunctionNode, scope: Scope): void;
  /** A name is looked at: what is wrong with its value matters now. */
  uses(binding: Binding): void;
  /** A method of hwctl's own values (a response, a session): whether it sends. */
  hostMethod(name: string): { sends?: Sends } | undefined;
  /** Whether the script itself gives some object a member of this name. */
  ownMember(name: string): boolean;
  /** Names that stand for something whatever the script says. */
  global(name: string, node: AnyNode): { value: unknown } | undefined;
  /** A function of the script is called here with these. */
  called(fn: FunctionNode, args: readonly AnyNode[], scope: Scope): void;
  /** The place of a call that sends. */
  site(call: AnyNode, sends: Sends, scope: Scope): number;
  /** Reads a part that only judges what came back: what is wrong in it hinders no request. */
  judging<T>(read: () => T): T;
  problem(node: AnyNode, message: string): void;
}

/** Tells that a part cannot be read, and goes on. */
export function unread(compiler: Compiler, node: AnyNode, message: string): Code {
  compiler.problem(node, message);
  return untold(message);
}

/** A part of what is not read, of which nothing more need be said. */
function untold(message: string): Code {
  return {
    suspends: false,
    isUnread: true,
    run() {
      throw new NotRead(message);
    },
  };
}

/** A value that is known before anything runs. */
export function constant(value: unknown): Code {
  return { suspends: false, run: () => value, known: { value } };
}

/** A value made of others, each worked out in turn. */
export function strict(parts: readonly Code[], make: (values: unknown[], machine: Machine) => unknown): Code {
  const [first, second] = parts;
  if (parts.some(({ suspends }) => suspends)) {
    return {
      suspends: true,
      *run(frame, machine) {
        const values: unknown[] = [];
        for (const part of parts) values.push(yield* resultOf(part, frame, machine));
        return make(values, machine);
      },
    };
  }
  if (parts.length === 1)
    return { suspends: false, run: (frame, machine) => make([first!.run(frame, machine)], machine) };
  if (parts.length === 2) {
    return {
      suspends: false,
      run: (frame, machine) => make([first!.run(frame, machine), second!.run(frame, machine)], machine),
    };
  }
  return {
    suspends: false,
    run: (frame, machine) =>
      make(
        parts.map((part) => part.run(frame, machine)),
        machine,
      ),
  };
}

/** The value of a part, whether or not it has to be waited for. */
export function* resultOf(part: Code, frame: Frame, machine: Machine): Steps {
  return part.suspends ? yield* part.run(frame, machine) as Steps : part.run(frame, machine);
}

/** The completion of a statement, whether or not it has to be waited for. */
export function* completionOf(act: Act, frame: Frame, machine: Machine): Generator<Effect, Completion | undefined> {
  const done = act.suspends ? yield* act.run(frame, machine) as Steps : act.run(frame, machine);
  return done as Completion | undefined;
}
