import { type AnyNode, type Program, parse } from 'acorn';
import type { Position } from '../../document/problem.js';
import type { ModuleTree } from './module-tree.js';
import { walk } from './scope.js';

/** A text that is no JavaScript, and where that shows. */
export class BadSyntax extends Error {
  constructor(
    message: string,
    readonly at: Position,
  ) {
    super(message);
  }
}

/** A module's text as a tree; `module` is its number in the script. Throws BadSyntax. */
export function parseModule(text: string, file: string, module: number): ModuleTree {
  const tree = treeOf(text);
  walk(tree, (node) => {
    const plain = node as unknown as Record<string, unknown>;
    delete plain.end;
    if (plain.regex !== undefined) delete plain.value;
    plain.module = module;
  });
  // Nodes of a class do not cross threads as themselves: plain objects from here on, everywhere.
  const { body } = JSON.parse(JSON.stringify(tree)) as Program;
  return { file, body: body as AnyNode[], imports: {} };
}

function treeOf(text: string): Program {
  try {
    return parse(text, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true });
  } catch (error) {
    const { message, loc } = error as SyntaxError & { loc?: { line: number; column: number } };
    throw new BadSyntax(message.replace(/ \(\d+:\d+\)$/, ''), { line: loc?.line ?? 1, column: (loc?.column ?? 0) + 1 });
  }
}
