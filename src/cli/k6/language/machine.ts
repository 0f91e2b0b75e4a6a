/** What a k6 script asks of the world; whoever drives it answers. */
export type Effect =
  | { ask: 'request'; request: WireRequest }
  /** Think time. */
  | { ask: 'sleep'; ms: number };

/** One request as it goes on the wire: redirects are further ones. */
export interface WireRequest {
  /** Index of the figures that it counts in. */
  step: number;
  method: string;
  url: URL;
  headers: [name: string, value: string][];
  body: string | Uint8Array | undefined;
  timeoutMs: number;
}

/** What came of a request. */
export type WireOutcome =
  | {
      status: number;
      /** By lower-case name. */
      headers: ReadonlyMap<string, readonly string[]>;
      body: Uint8Array;
      /** Milliseconds from the write to the last byte. */
      serviceMs: number;
    }
  | { error: string; waitedMs: number };

/** A part of a script under way: it gives what it asks for, and goes on with the answer. */
export type Steps = Generator<Effect, unknown, unknown>;

/** Where a script's variables are while it is at it: those of a module, a call, a block. */
export interface Frame {
  readonly slots: unknown[];
  readonly parent: Frame | undefined;
}

/** What one VU of a script has while it is read: the state of its modules, and the bound of what it may do between two requests. */
export interface Machine {
  /** By module, in the order in which they were found. */
  readonly modules: Frame[];
  /** Turns of loops and calls left until it must have asked for something. */
  budget: number;
  /** The place of the call that is being made, of those that send. */
  site: number;
  random(): number;
  nowMs(): number;
}

/** Turns and calls between two requests. */
export const usualBudget = 5_000_000;

/** Counts a turn. Throws Fault where a script does not come to an end. */
export function spend(machine: Machine): void {
  if (--machine.budget < 0) throw new Fault('the script goes on without an end and without a request');
}

/** What is wrong while a script is followed: a TypeError of its own, or a bound of hwctl's. It ends the iteration. */
export class Fault extends Error {}

/** A part of a script that is not read was come to: it ends what depends on it. */
export class NotRead extends Fault {}

/** A value that the script threw. */
export class Thrown extends Error {
  constructor(readonly value: unknown) {
    super(thrownText(value));
  }
}

function thrownText(value: unknown): string {
  if (value !== null && typeof value === 'object' && 'message' in value) return String(value.message);
  return String(value);
}

/** What a function sends: by which method, where its name says it, and where in its arguments the rest stands. */
export interface Sends {
  method: string | undefined;
  shape: 'url' | 'url and body' | 'method' | 'batch' | 'path';
}

type Call = (args: readonly unknown[], machine: Machine, self: unknown) => unknown;

/** What a script can call: a function of its own, or one that hwctl knows. */
export class Callable {
  /** Of a function that sends: that it does, and by which method, where its name says it. */
  sends: Sends | undefined;
  /** What hangs on it: words of a chain that are called and looked into alike. */
  member: ((name: string) => unknown) | undefined;
  private made: Callable | undefined;

  /** `suspends`: it may ask for something, and a call gives `Steps` then, else the value. Or what makes it, when it is first looked at. */
  constructor(
    readonly name: string,
    private readonly waits: boolean | (() => Callable),
    private readonly does?: Call,
  ) {}

  get suspends(): boolean {
    return typeof this.waits === 'boolean' ? this.waits : this.target.suspends;
  }

  call(args: readonly unknown[], machine: Machine, self: unknown): unknown {
    return this.does === undefined ? this.target.call(args, machine, self) : this.does(args, machine, self);
  }

  private get target(): Callable {
    this.made ??= (this.waits as () => Callable)();
    return this.made;
  }

  toJSON(): undefined {
    return undefined;
  }
}

/** What stands behind `new`. */
export class Constructible {
  constructor(
    readonly name: string,
    readonly construct: (args: readonly unknown[], machine: Machine) => unknown,
    /** Called without `new`, and what hangs on its name: `Date.now`. */
    readonly asFunction?: Callable,
    readonly members: ReadonlyMap<string, unknown> = new Map(),
  ) {}

  toJSON(): undefined {
    return undefined;
  }
}

/** Names that hang together: `http`, `Math`; what is not among them is a problem of the script, found before anything runs. */
export class Namespace {
  constructor(
    readonly name: string,
    readonly members: ReadonlyMap<string, unknown>,
  ) {}

  toJSON(): undefined {
    return undefined;
  }
}

/** A value of hwctl's own that scripts look into: a response, a metric. */
export abstract class HostObject {
  /** What `object.name` is; undefined where there is no such thing. */
  abstract get(name: string): unknown;
}

/** A call of a function that asks for nothing. Throws Fault for one that may, and for what is no function. */
export function callNow(callee: unknown, args: readonly unknown[], machine: Machine, self?: unknown): unknown {
  if (callee instanceof Constructible && callee.asFunction !== undefined)
    return callNow(callee.asFunction, args, machine, self);
  if (!(callee instanceof Callable)) throw new Fault('what is called is not a function');
  if (callee.suspends) throw new Fault(`${callee.name} sends or sleeps where nothing can wait for it`);
  return callee.call(args, machine, self);
}

/** A call of any function. */
export function* callSteps(callee: unknown, args: readonly unknown[], machine: Machine, self?: unknown): Steps {
  if (callee instanceof Callable && callee.suspends) return yield* callee.call(args, machine, self) as Steps;
  return callNow(callee, args, machine, self);
}

/** A function that hwctl knows and that asks for nothing. */
export function known(name: string, call: Call): Callable {
  return new Callable(name, false, call);
}

/** Names that hang together. */
export function namespace(name: string, members: Record<string, unknown>): Namespace {
  return new Namespace(name, new Map(Object.entries(members)));
}
