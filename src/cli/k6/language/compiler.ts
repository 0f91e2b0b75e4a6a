import type { AnyNode } from 'acorn';
import { bindCode } from './assign.js';
import { inTurn } from './blocks.js';
import type { Act, Code, Compiler, FunctionCode } from './code.js';
import { expressionCode } from './expressions.js';
import { functionCode } from './functions.js';
import { functionsFirst, hoist, hoistVars } from './hoist.js';
import { Callable, callSteps, type Sends } from './machine.js';
import type { Binding, FunctionNode, Scope } from './scope.js';
import { statementCode } from './statements.js';

/** Something that is not read, where it is. */
export interface Unread {
  node: AnyNode;
  message: string;
  /** It hinders no request: without it less is judged. */
  judges: boolean;
}

/** What the language is told of the world that a script knows. */
export interface World {
  global(name: string, node: AnyNode): { value: unknown } | undefined;
  hostMethod(name: string): { sends?: Sends } | undefined;
  site(call: AnyNode, sends: Sends, scope: Scope): number;
  ownMember(name: string): boolean;
  called?(fn: FunctionNode, args: readonly AnyNode[], scope: Scope): void;
}

/** Reads the modules of a script into what can be followed; what it cannot read is in `unread`. */
export class ScriptCompiler implements Compiler {
  readonly unread: Unread[] = [];
  private readonly functions = new Map<FunctionNode, FunctionCode>();
  private readonly within = new Map<FunctionNode, Unread[]>();
  private readonly inner = new Map<FunctionNode, Scope>();
  /** Declared with a value that is not read: told where somebody looks at the name. */
  private readonly poisoned = new Map<Binding, Unread[]>();
  private judgingDepth = 0;

  constructor(private readonly world: World) {}

  expression(node: AnyNode, scope: Scope): Code {
    return expressionCode(node, scope, this);
  }

  statement(node: AnyNode, scope: Scope): Act {
    return statementCode(node, scope, this);
  }

  statements(nodes: readonly AnyNode[], scope: Scope): Act {
    hoist(nodes, scope);
    if (scope.isFunction) hoistVars(nodes, scope);
    return inTurn([...functionsFirst(nodes, scope, this), ...nodes.map((node) => this.statement(node, scope))]);
  }

  function(
    node: FunctionNode,
    scope: Scope,
    name = node.type !== 'ArrowFunctionExpression' ? (node.id?.name ?? '') : '',
  ): FunctionCode {
    const known = this.functions.get(node);
    if (known !== undefined) {
      // Whoever comes to it comes to what is not read in it, too.
      for (const each of this.within.get(node) ?? []) this.tell(each);
      return known;
    }
    let whole: FunctionCode | undefined;
    const itself: FunctionCode = {
      node,
      suspends: true,
      make: (frame) => {
        const made = whole!.make(frame);
        return made.suspends
          ? made
          : new Callable(name, true, (args, machine, self) => callSteps(made, args, machine, self));
      },
    };
    this.functions.set(node, itself);
    const before = this.unread.length;
    whole = functionCode(node, scope, this, name);
    this.within.set(node, this.unread.slice(before));
    this.functions.set(node, whole);
    return whole;
  }

  enters(fn: FunctionNode, scope: Scope): void {
    this.inner.set(fn, scope);
  }

  /** The scope of a function that has been read. */
  scopeOf(fn: FunctionNode): Scope | undefined {
    return this.inner.get(fn);
  }

  bind(pattern: AnyNode, scope: Scope): ReturnType<Compiler['bind']> {
    return bindCode(pattern, scope, this);
  }

  global(name: string, node: AnyNode): { value: unknown } | undefined {
    return this.world.global(name, node);
  }

  called(fn: FunctionNode, args: readonly AnyNode[], scope: Scope): void {
    this.world.called?.(fn, args, scope);
  }

  hostMethod(name: string): { sends?: Sends } | undefined {
    return this.world.hostMethod(name);
  }

  ownMember(name: string): boolean {
    return this.world.ownMember(name);
  }

  site(call: AnyNode, sends: Sends, scope: Scope): number {
    return this.world.site(call, sends, scope);
  }

  judging<T>(read: () => T): T {
    this.judgingDepth++;
    try {
      return read();
    } finally {
      this.judgingDepth--;
    }
  }

  problem(node: AnyNode, message: string): void {
    this.unread.push({ node, message, judges: this.judgingDepth > 0 });
  }

  uses(binding: Binding): void {
    for (const each of this.poisoned.get(binding) ?? []) this.tell(each);
  }

  private tell(found: Unread): void {
    this.unread.push({ ...found, judges: found.judges || this.judgingDepth > 0 });
  }

  /** Reads a declaration of a module; what is not read in it is told where the names are looked at. */
  declaring(read: () => Act, bindings: readonly Binding[]): Act {
    const before = this.unread.length;
    const act = read();
    const found = this.unread.splice(before);
    if (found.length > 0) for (const binding of bindings) this.poisoned.set(binding, found);
    return act;
  }
}
