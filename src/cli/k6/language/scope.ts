import type { AnyNode } from 'acorn';

/** A function as it is written. */
export type FunctionNode = Extract<
  AnyNode,
  { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }
>;

/** A name of a script, as far as it is known before anything runs. */
export interface Binding {
  readonly index: number;
  /** What declares it: a function, the expression of a `const`, a parameter. */
  readonly from?: Origin | undefined;
  /** It stands for something else than a place of this scope. */
  readonly alias?: Alias | undefined;
}

/** Where the value of a name comes from, and in which scope that is read. */
export type Origin =
  | { kind: 'function'; node: FunctionNode; scope: Scope }
  | { kind: 'value'; node: AnyNode; scope: Scope }
  | { kind: 'parameter'; of: FunctionNode; position: number };

/** A name that another module, or hwctl, gives. */
export type Alias =
  | { kind: 'known'; value: unknown }
  | { kind: 'module'; module: number; binding: () => Binding | undefined }
  /** Imported from a place that is not read. */
  | { kind: 'unread'; why: string };

/** The names of a block, a call or a module; each is a frame where the script runs. */
export class Scope {
  private readonly names = new Map<string, Binding>();
  private count = 0;

  constructor(
    readonly parent: Scope | undefined,
    /** Names of the module that something assigns to after their declaration: of these nothing is known beforehand. */
    readonly assigned: ReadonlySet<string>,
    /** A function's own: where `var` goes to. */
    readonly isFunction = false,
  ) {}

  /** How many places a frame of it needs. */
  get size(): number {
    return this.count;
  }

  declare(name: string, from?: Origin, alias?: Alias): Binding {
    const known = this.names.get(name);
    if (known !== undefined && alias === undefined && (from === undefined || known.from !== undefined)) return known;
    const index = known?.index ?? this.count++;
    const binding = { index, from: this.assigned.has(name) && from?.kind !== 'parameter' ? undefined : from, alias };
    this.names.set(name, binding);
    return binding;
  }

  own(name: string): Binding | undefined {
    return this.names.get(name);
  }

  /** The binding of a name, how many frames up it is, and whose it is. */
  find(name: string): { binding: Binding; hops: number; scope: Scope } | undefined {
    let hops = 0;
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      const binding = scope.names.get(name);
      if (binding !== undefined) return { binding, hops, scope };
      hops++;
    }
    return undefined;
  }
}

/** Names that a pattern binds. */
export function namesIn(pattern: AnyNode): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((each) => namesIn(each.type === 'Property' ? each.value : each));
    case 'ArrayPattern':
      return pattern.elements.flatMap((each) => (each === null ? [] : namesIn(each)));
    case 'AssignmentPattern':
      return namesIn(pattern.left);
    case 'RestElement':
      return namesIn(pattern.argument);
    default:
      return [];
  }
}

/** Every name that is assigned to somewhere in a module. */
export function assignedNames(root: AnyNode): Set<string> {
  const names = new Set<string>();
  walk(root, (node) => {
    const target =
      node.type === 'AssignmentExpression'
        ? node.left
        : node.type === 'UpdateExpression'
          ? node.argument
          : (node.type === 'ForOfStatement' || node.type === 'ForInStatement') &&
              node.left.type !== 'VariableDeclaration'
            ? node.left
            : undefined;
    if (target !== undefined) for (const name of namesIn(target)) names.add(name);
  });
  return names;
}

/** Visits a node and all that is within it. */
export function walk(node: AnyNode, visit: (node: AnyNode) => void): void {
  visit(node);
  for (const [key, value] of Object.entries(node)) {
    if (key === 'loc') continue;
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== null && typeof each === 'object' && typeof each.type === 'string') walk(each, visit);
  }
}
