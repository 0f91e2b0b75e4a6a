import type { Collection, ItemGroup } from 'postman-collection';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { type Position, positionOf } from '../../document/problem.js';

const start: Position = { line: 1, column: 1 };

/** Where the items of a collection and their tests stand in its file; the text is parsed for it only when it is asked for. */
export class CollectionPlaces {
  readonly #paths = new Map<string, (string | number)[]>();
  #parsed: { at(node: Node): Position; get(path: readonly (string | number)[]): Node | undefined } | undefined;

  /** `text`: the collection's JSON, from which `collection` was made. */
  constructor(
    private readonly text: string,
    collection: Collection,
  ) {
    this.#index(collection, ['item']);
  }

  /** The item's own position; the file's start where it is not known. */
  ofItem(id: string): Position {
    const node = this.#node(id);
    return node === undefined ? start : this.#parsed!.at(node);
  }

  /** The first line of the item's scripts that names the test; else the item. */
  ofTest(id: string, test: string): Position {
    const events = this.#node(id, ['event']);
    for (const event of isSeq(events) ? events.items : []) {
      const exec = isMap(event) ? event.getIn(['script', 'exec'], true) : undefined;
      const lines = isSeq(exec) ? exec.items : [exec];
      const found = lines.find((line) => isScalar(line) && String(line.value).includes(test));
      if (found !== undefined) return this.#parsed!.at(found as Node);
    }
    return this.ofItem(id);
  }

  #index(group: ItemGroup, path: (string | number)[]): void {
    for (const [i, item] of group.items.all().entries()) {
      const here = [...path, i];
      this.#paths.set(item.id, here);
      if ('items' in item) this.#index(item, [...here, 'item']);
    }
  }

  #node(id: string, below: string[] = []): Node | undefined {
    const path = this.#paths.get(id);
    if (path === undefined) return undefined;
    this.#parsed ??= parse(this.text);
    return this.#parsed.get([...path, ...below]);
  }
}

/** Where the value at each path of a JSON text stands; its nearest container's place for one that is not there. */
export function placesIn(text: string): (path: readonly (string | number)[]) => Position {
  const parsed = parse(text);
  return (path) => {
    for (let length = path.length; length >= 0; length--) {
      const node = parsed.get(path.slice(0, length));
      if (node !== undefined && node !== null && typeof node === 'object') return parsed.at(node);
    }
    return start;
  };
}

/** JSON is YAML 1.2: its parser keeps positions. */
function parse(text: string) {
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false });
  const outer = doc.has('collection') ? ['collection'] : [];
  return {
    at: (node: Node): Position => positionOf(lines, node.range?.[0] ?? 0),
    get: (path: readonly (string | number)[]) => doc.getIn([...outer, ...path], true) as Node | undefined,
  };
}
