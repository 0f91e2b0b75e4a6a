import type { AnyNode } from 'acorn';
import { inTurn } from './blocks.js';
import type { Act } from './code.js';
import { ScriptCompiler, type World } from './compiler.js';
import { functionsFirst, hoist, hoistVars } from './hoist.js';
import { type Frame, type Machine, NotRead } from './machine.js';
import { type ModuleTree, specifiersOf } from './module-tree.js';
import { type Alias, assignedNames, type Binding, namesIn, Scope } from './scope.js';

/** What an export stands for. */
export type Export = { module: number; binding: Binding; scope: Scope } | { known: unknown } | { unread: string };

/** Modules of k6 by their names, as far as they are read. */
export interface Libraries {
  members(specifier: string): Record<string, unknown> | undefined;
  whyUnread(specifier: string): string;
}

/** The modules of a script, bound to each other and read. */
export class LinkedScript {
  readonly compiler: ScriptCompiler;
  readonly scopes: Scope[];
  private readonly acts: { module: number; act: Act }[] = [];

  constructor(
    readonly modules: readonly ModuleTree[],
    world: World,
    private readonly libraries: Libraries,
  ) {
    this.compiler = new ScriptCompiler(world);
    this.scopes = modules.map(
      ({ body }) => new Scope(undefined, assignedNames({ type: 'Program', body } as never), true),
    );
    for (const [module, { body }] of modules.entries()) this.declare(module, body);
    for (const module of this.order()) this.acts.push({ module, act: this.read(module) });
  }

  /** Fresh variables for a VU, as its modules leave them once they have been gone through. */
  initialise(machine: Machine): void {
    for (const scope of this.scopes) machine.modules.push({ slots: new Array(scope.size), parent: undefined });
    for (const { module, act } of this.acts) act.run(machine.modules[module]!, machine);
  }

  /** What a name that a module exports stands for. */
  exported(name: string, module = 0, seen: ReadonlySet<number> = new Set()): Export | undefined {
    if (seen.has(module)) return undefined;
    const { body, imports } = this.modules[module]!;
    const scope = this.scopes[module]!;
    const own = (local: string): Export | undefined => {
      const binding = scope.own(local);
      if (binding?.alias === undefined) return binding && { module, binding, scope };
      return this.behind(binding.alias);
    };
    for (const node of body) {
      if (node.type === 'ExportDefaultDeclaration' && name === 'default') return own(defaultName(node));
      if (node.type === 'ExportNamedDeclaration') {
        if (node.declaration && declared(node.declaration).includes(name)) return own(name);
        const specifier = node.specifiers.find((each) => nameOf(each.exported) === name);
        if (specifier === undefined) continue;
        const local = nameOf(specifier.local);
        return node.source ? this.from(String(node.source.value), local, imports, seen, module) : own(local);
      }
    }
    for (const node of body) {
      if (node.type !== 'ExportAllDeclaration' || name === 'default') continue;
      const found = this.from(String(node.source.value), name, imports, seen, module);
      if (found !== undefined && !('unread' in found)) return found;
    }
    return undefined;
  }

  /** What an exported name is in a VU. */
  valueOf(found: Export, machine: Machine): unknown {
    if ('known' in found) return found.known;
    return 'binding' in found ? machine.modules[found.module]!.slots[found.binding.index] : undefined;
  }

  /** Reads an exported function now, so that what is wrong with it is known. */
  readFunction(found: Export): void {
    if (!('binding' in found) || found.binding.from === undefined) return;
    const { from } = found.binding;
    this.compiler.uses(found.binding);
    if (from.kind === 'function') this.compiler.function(from.node, from.scope);
    if (from.kind === 'value') this.compiler.expression(from.node, from.scope);
  }

  private behind(alias: Alias): Export | undefined {
    if (alias.kind === 'known') return { known: alias.value };
    if (alias.kind === 'unread') return { unread: alias.why };
    const binding = alias.binding();
    return binding && { module: alias.module, binding, scope: this.scopes[alias.module]! };
  }

  private from(
    specifier: string,
    name: string,
    imports: Record<string, number>,
    seen: ReadonlySet<number>,
    module: number,
  ): Export | undefined {
    const target = imports[specifier];
    if (target !== undefined) return this.exported(name, target, new Set([...seen, module]));
    const members = this.libraries.members(specifier);
    if (members === undefined) return { unread: this.libraries.whyUnread(specifier) };
    return Object.hasOwn(members, name)
      ? { known: members[name] }
      : { unread: `${specifier} has no ${name} that is read` };
  }

  private declare(module: number, body: readonly AnyNode[]): void {
    const scope = this.scopes[module]!;
    const plain = body.map(declarationOf);
    hoist(plain, scope);
    hoistVars(plain, scope);
    // What is assigned to without being declared is a variable of the module: k6 is not strict either.
    for (const name of scope.assigned) if (!this.isDeclared(name, body)) scope.declare(name);
    for (const node of body) {
      if (node.type === 'ExportDefaultDeclaration' && !isNamed(node.declaration))
        scope.declare('*default*', { kind: 'value', node: node.declaration as AnyNode, scope });
      if (node.type === 'ImportDeclaration') this.bindImports(node, module);
    }
  }

  private isDeclared(name: string, body: readonly AnyNode[]): boolean {
    return body.some(
      (node) => node.type === 'ImportDeclaration' && node.specifiers.some(({ local }) => local.name === name),
    );
  }

  private bindImports(node: Extract<AnyNode, { type: 'ImportDeclaration' }>, module: number): void {
    const specifier = String(node.source.value);
    const scope = this.scopes[module]!;
    const target = this.modules[module]!.imports[specifier];
    for (const each of node.specifiers) {
      const bind = (alias: Alias) => scope.declare(each.local.name, undefined, alias);
      const name =
        each.type === 'ImportSpecifier'
          ? nameOf(each.imported)
          : each.type === 'ImportDefaultSpecifier'
            ? 'default'
            : '*';
      if (target !== undefined) {
        if (name === '*')
          bind({ kind: 'unread', why: 'a file imported as a whole (import * as) is not read: name what is imported' });
        else bind(this.late(target, name));
        continue;
      }
      const members = this.libraries.members(specifier);
      if (members === undefined) bind({ kind: 'unread', why: this.libraries.whyUnread(specifier) });
      else if (name === '*') bind({ kind: 'known', value: members.default });
      else if (Object.hasOwn(members, name)) bind({ kind: 'known', value: members[name] });
      else bind({ kind: 'unread', why: `${name} of ${specifier} is not read` });
    }
  }

  /** An import of a file of the script: what it stands for is looked up once all files are declared. */
  private late(target: number, name: string): Alias {
    let found: Export | undefined;
    const look = () => {
      found ??= this.exported(name, target);
      return found;
    };
    return {
      get kind() {
        const there = look();
        return there !== undefined && 'known' in there
          ? 'known'
          : there !== undefined && 'unread' in there
            ? 'unread'
            : 'module';
      },
      get value() {
        return (look() as { known: unknown }).known;
      },
      get why() {
        return (look() as { unread: string }).unread;
      },
      get module() {
        const there = look();
        return there !== undefined && 'module' in there ? there.module : target;
      },
      binding: () => {
        const there = look();
        return there !== undefined && 'binding' in there ? there.binding : undefined;
      },
    } as Alias;
  }

  /** Modules so that each comes behind those that it imports, as far as they do not import each other. */
  private order(): number[] {
    const done: number[] = [];
    const seen = new Set<number>();
    const visit = (module: number) => {
      if (seen.has(module)) return;
      seen.add(module);
      const { body, imports } = this.modules[module]!;
      for (const { specifier } of specifiersOf(body)) {
        const target = imports[specifier];
        if (target !== undefined) visit(target);
      }
      done.push(module);
    };
    visit(0);
    return done;
  }

  private read(module: number): Act {
    const scope = this.scopes[module]!;
    const { body } = this.modules[module]!;
    const plain = body.map(declarationOf);
    const acts = body.flatMap((node): Act[] => {
      if (node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration') return [];
      if (node.type === 'ExportDefaultDeclaration' && !isNamed(node.declaration))
        return [this.defaultAct(node.declaration as AnyNode, scope)];
      const statement = declarationOf(node);
      if (statement.type === 'EmptyStatement') return [];
      const bindings = declared(statement).flatMap((name) => scope.own(name) ?? []);
      const read = () => this.compiler.statement(statement, scope);
      const act = bindings.length > 0 ? this.compiler.declaring(read, bindings) : read();
      if (act.suspends)
        this.compiler.problem(statement, 'a request outside of a function is not read: k6 makes none there');
      return [bindings.length > 0 ? bearing(act) : act];
    });
    return inTurn([...functionsFirst(plain, scope, this.compiler), ...acts]);
  }

  private defaultAct(node: AnyNode, scope: Scope): Act {
    const code = this.compiler.expression(node, scope);
    const { index } = scope.own('*default*')!;
    return {
      suspends: false,
      run(frame: Frame, machine: Machine) {
        frame.slots[index] = code.run(frame, machine);
      },
    };
  }
}

/** A declaration whose value is not read leaves its names empty: whoever looks at them was told. */
function bearing(act: Act): Act {
  return {
    suspends: false,
    run(frame, machine) {
      try {
        act.run(frame, machine);
      } catch (error) {
        if (!(error instanceof NotRead)) throw error;
      }
      return undefined;
    },
  };
}

function isNamed(node: AnyNode | { type: string; id?: unknown }): boolean {
  return /^(Function|Class)Declaration$/.test(node.type) && Boolean((node as { id?: unknown }).id);
}

function defaultName(node: Extract<AnyNode, { type: 'ExportDefaultDeclaration' }>): string {
  const { declaration } = node;
  return isNamed(declaration) ? (declaration as unknown as { id: { name: string } }).id.name : '*default*';
}

const empty = { type: 'EmptyStatement' } as AnyNode;

/** The statement that stands behind `export`. */
function declarationOf(node: AnyNode): AnyNode {
  if (node.type === 'ExportNamedDeclaration') return (node.declaration ?? empty) as AnyNode;
  if (node.type === 'ExportDefaultDeclaration')
    return isNamed(node.declaration) ? (node.declaration as AnyNode) : empty;
  return node.type === 'ImportDeclaration' || node.type === 'ExportAllDeclaration' ? empty : node;
}

function declared(node: AnyNode): string[] {
  if (node.type === 'VariableDeclaration') return node.declarations.flatMap(({ id }) => namesIn(id));
  if ((node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') && node.id) return [node.id.name];
  return [];
}

function nameOf(node: AnyNode): string {
  return node.type === 'Identifier' ? node.name : String((node as { value: unknown }).value);
}
