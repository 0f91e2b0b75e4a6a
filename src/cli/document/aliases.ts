import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import { didYouMean } from '../kernel/nearest.js';

/** Values that the aliases of one file may stand for together: nine lists of nine aliases each would be hundreds of millions. */
const maxAliased = 100_000;

interface NodeProblem {
  node: Node;
  message: string;
}

/**
 * What is wrong with the aliases and merge keys of a document. Where nothing is, the merge keys (`<<`) are replaced by the
 * fields that they stand for, and every alias has an end and is small enough to be read wherever it stands.
 */
export function resolveAliases(doc: Document): NodeProblem[] {
  const problems = aliasProblems(doc);
  if (problems.length === 0) merge(doc.contents as Node | null, doc, new Set(), problems);
  return problems;
}

/** What stands directly in a node: items, or keys and values. */
export function children(node: Node | null): (Node | null)[] {
  if (isSeq(node)) return node.items as (Node | null)[];
  return isMap(node) ? (node.items as Pair<Node, Node | null>[]).flatMap(({ key, value }) => [key, value]) : [];
}

function aliasProblems(doc: Document): NodeProblem[] {
  const problems: NodeProblem[] = [];
  const sizes = new Map<Node, number>();
  const open = new Set<Node>();
  const anchors = new Map<string, Node>();
  let aliased = 0;
  /** Values in a node, those of aliases counted each time. */
  const size = (node: Node | null): number => {
    if (node === null) return 1;
    if (isAlias(node)) {
      const { source } = node;
      const target = anchors.get(source);
      if (target === undefined) {
        const near = didYouMean(source, anchors.keys());
        problems.push({ node, message: `no anchor &${source} stands before this${near}` });
        return 1;
      }
      if (open.has(target)) {
        problems.push({ node, message: `*${source} stands inside of its own anchor &${source}: it would have no end` });
        return 1;
      }
      bind(node, target, doc);
      const values = sizes.get(target) ?? 1;
      const before = aliased;
      aliased += values;
      if (before <= maxAliased && aliased > maxAliased)
        problems.push({ node, message: `the aliases up to here stand for more than ${maxAliased} values` });
      return values;
    }
    if ('anchor' in node && node.anchor !== undefined) anchors.set(node.anchor, node);
    open.add(node);
    const values = children(node).reduce((sum, child) => sum + size(child), 1);
    open.delete(node);
    sizes.set(node, values);
    return values;
  };
  size(doc.contents as Node | null);
  return problems;
}

/** Has an alias know its node: the library walks through the whole document for each that it meets. */
function bind(alias: Alias, target: Node, doc: Document): void {
  alias.resolve = () => target as ReturnType<Alias['resolve']>;
  alias.toJSON = () => target.toJS(doc, { maxAliasCount: -1 });
}

/** A field of the mapping itself wins over a merged one, a mapping merged before over one merged after. */
function merge(node: Node | null, doc: Document, done: Set<Node>, problems: NodeProblem[]): void {
  if (node === null || isAlias(node) || done.has(node)) return;
  done.add(node);
  for (const child of children(node)) merge(child, doc, done, problems);
  if (!isMap(node) || !node.items.some(isMerge)) return;
  const own = node.items.filter((pair) => !isMerge(pair));
  const names = new Set(own.map(({ key }) => nameOf(key)));
  for (const { key, value } of node.items.filter(isMerge)) {
    for (const source of isSeq(value) ? value.items : [value]) {
      const from = isAlias(source) ? source.resolve(doc) : source;
      if (!isMap(from)) {
        problems.push({ node: key as Node, message: '<< takes a mapping, such as an alias of one, or a list of them' });
        continue;
      }
      own.push(...from.items.filter((pair) => !names.has(nameOf(pair.key))));
      for (const pair of from.items) names.add(nameOf(pair.key));
    }
  }
  (node as YAMLMap).items = own;
}

const isMerge = ({ key }: Pair) => isScalar(key) && key.type === 'PLAIN' && key.value === '<<';
const nameOf = (key: unknown) => (isScalar(key) ? key.value : key);
