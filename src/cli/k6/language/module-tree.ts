import type { AnyNode } from 'acorn';

/** A module of a script as it is read: plain data, that a thread or a pod takes along. */
export interface ModuleTree {
  /** As messages call it. */
  file: string;
  body: AnyNode[];
  /** The modules of the script that it imports, by what it calls them; the others are k6's, or not read. */
  imports: Record<string, number>;
}

/** Which module of the script a node is of. */
export function moduleOf(node: AnyNode): number {
  return (node as unknown as { module?: number }).module ?? 0;
}

/** What a module imports or exports from elsewhere, in its order, and where it says so. */
export function specifiersOf(body: readonly AnyNode[]): { specifier: string; node: AnyNode }[] {
  return body.flatMap((node) =>
    (node.type === 'ImportDeclaration' ||
      node.type === 'ExportNamedDeclaration' ||
      node.type === 'ExportAllDeclaration') &&
    node.source
      ? [{ specifier: String(node.source.value), node }]
      : [],
  );
}
