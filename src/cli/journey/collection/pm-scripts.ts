import { type AnyNode, type FunctionExpression, getLineInfo, type Program, parse } from 'acorn';
import { ScriptCompiler, type World } from '../../k6/language/compiler.js';
import { type Callable, callSteps, type Frame, type Steps } from '../../k6/language/machine.js';
import { assignedNames, type FunctionNode, Scope, walk } from '../../k6/language/scope.js';
import type { PmMachine } from './pm-machine.js';
import { isPmMethod, libraries, pmGlobals } from './pm-words.js';

/** A script of a collection, of its request or of what that stands in. */
export interface PmScript {
  source: string;
  /** As messages call it: `the test script of "Folder"`. */
  shown: string;
}

/** What of a script is not read, and where in it. */
export interface UnreadScript {
  script: number;
  line: number;
  message: string;
}

/** The scripts of a collection, read into what can be followed. */
export class PmScripts {
  readonly unread: UnreadScript[] = [];
  private readonly outer: Scope;
  private readonly made: ({ make(frame: Frame): Callable } | undefined)[];

  constructor(scripts: readonly PmScript[]) {
    const trees = scripts.map(({ source }, script) => this.parsed(source, script));
    const bodies = trees.map((tree) => tree?.body ?? []);
    const everything = { type: 'Program', body: bodies.flat() } as never;
    const assigned = assignedNames(everything);
    // What is assigned to without being declared is there for the scripts after it, too.
    this.outer = new Scope(undefined, assigned, true);
    for (const name of assigned) if (!pmGlobals.has(name)) this.outer.declare(name);
    const own = ownMembers(everything);
    const world: World = {
      hostMethod: (name) => (isPmMethod(name) ? {} : undefined),
      ownMember: (name) => own.has(name),
      global: (name) => (pmGlobals.has(name) ? { value: pmGlobals.get(name) } : undefined),
      site: () => -1,
    };
    const compiler = new ScriptCompiler(world);
    this.made = bodies.map((body, script) => {
      if (trees[script] === undefined) return undefined;
      const before = compiler.unread.length;
      const code = compiler.function(wholeOf(body), this.outer);
      for (const { node, message } of compiler.unread.slice(before))
        this.unread.push({ script, line: getLineInfo(scripts[script]!.source, node.start).line, message });
      return code;
    });
  }

  /** The names that the scripts of one iteration share. */
  frame(): Frame {
    return { slots: new Array(this.outer.size), parent: undefined };
  }

  /** Follows a script. Throws what it throws. */
  follow(script: number, frame: Frame, machine: PmMachine): void {
    const code = this.made[script];
    if (code !== undefined) atOnce(callSteps(code.make(frame), [], machine));
  }

  private parsed(source: string, script: number): Program | undefined {
    try {
      const tree = parse(source, {
        ecmaVersion: 'latest',
        allowReturnOutsideFunction: true,
        allowAwaitOutsideFunction: true,
      });
      walk(tree, (node) => this.look(node, source, script));
      return tree;
    } catch (error) {
      const { message, loc } = error as SyntaxError & { loc?: { line: number } };
      const words = `it is not JavaScript: ${message.replace(/ \(\d+:\d+\)$/, '')}`;
      this.unread.push({ script, line: loc?.line ?? 1, message: words });
      return undefined;
    }
  }

  /** What the language would read otherwise than Postman does. */
  private look(node: AnyNode, source: string, script: number): void {
    const refuse = (message: string) =>
      this.unread.push({ script, line: getLineInfo(source, node.start).line, message });
    if (node.type === 'AwaitExpression' && /\bsendRequest\b/.test(source.slice(node.start, node.end)))
      refuse('`await` of pm.sendRequest is not read; a callback is');
    if (node.type !== 'CallExpression') return;
    const { callee } = node;
    const [first, second] = node.arguments;
    if (callee.type === 'Identifier' && callee.name === 'require' && first?.type === 'Literal') {
      if (!libraries.has(String(first.value))) refuse(`the library ${String(first.value)} is not known`);
    }
    if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier') return;
    const { name } = callee.property;
    const of = callee.object.type === 'Identifier' ? callee.object.name : '';
    if (name === 'then' && /\bsendRequest\b/.test(source.slice(node.start, node.end)))
      refuse('a Promise of pm.sendRequest is not read; a callback is');
    const takesDone = /Function/.test(second?.type ?? '') && (second as unknown as FunctionNode).params.length > 0;
    if (of === 'pm' && name === 'test' && takesDone) refuse('a test that says itself when it is done is not read');
    // Postman gives every text this method.
    if (of === 'responseBody' && name === 'has') callee.property.name = 'includes';
  }
}

/** Names that scripts give members of their own objects, where these may be functions. */
function ownMembers(root: AnyNode): Set<string> {
  const names = new Set<string>();
  walk(root, (node) => {
    const isFunction = /Function/.test((node as { value?: AnyNode }).value?.type ?? '');
    const key =
      node.type === 'MethodDefinition' || (node.type === 'Property' && isFunction)
        ? node.key
        : node.type === 'AssignmentExpression' && node.left.type === 'MemberExpression'
          ? node.left.property
          : undefined;
    if (key?.type === 'Identifier') names.add(key.name);
    if (key?.type === 'Literal') names.add(String(key.value));
  });
  return names;
}

/** A script as the body of a function. */
function wholeOf(body: readonly AnyNode[]): FunctionExpression {
  const block = { type: 'BlockStatement', start: 0, end: 0, body };
  return { type: 'FunctionExpression', start: 0, end: 0, params: [], body: block } as unknown as FunctionExpression;
}

/** Steps that ask for nothing, done at once: what a script sends and waits for stands in its queue. */
export function atOnce(steps: Steps): unknown {
  const { done, value } = steps.next();
  if (done !== true) throw new Error('a script of a collection asks for nothing while it is at it');
  return value;
}
