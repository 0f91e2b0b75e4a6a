import { type Document, isAlias, isMap, isSeq, type LineCounter, type Node, type ParsedNode } from 'yaml';
import type { Position, TemplateUse } from '../scenario.js';
import { referencesOf } from '../variables/template.js';

/** One thing that is wrong with a file, where it is. */
export interface Problem {
  at: Position;
  message: string;
}

/** A variable with a value of its own, and the variables that this value needs. */
export interface Definition {
  at: Position;
  needs: string[];
}

/** What a file says of names and of other files, gathered while it is read: whatever else is wrong with it, this can be checked. */
export class Uses {
  readonly templates: TemplateUse[] = [];
  /** `variables:`, and each row of an inline `data:`. */
  readonly variables = new Map<string, Definition>();
  readonly rows: Map<string, Definition>[] = [];
  /** Everything that `set` and `capture` set, and, where a part cannot be read, what it may set. */
  readonly names = new Set<string>();
  /** False where a part that sets variables cannot be read at all: then no name is known to be unknown. */
  complete = true;
  readonly schemas: { schema: unknown; at: Position }[] = [];
  /** Files that requests send. */
  readonly files: { path: string; at: Position }[] = [];
  dataFile: { path: string; at: Position } | undefined;
}

/** One reading of one document: problems and uses gather here. */
export class Reader {
  readonly problems: Problem[] = [];
  readonly uses = new Uses();
  /** Names of the steps so far that have a response body. */
  readonly bodies = new Set<string>();
  readonly #doc: Document;
  readonly #lines: LineCounter;
  /** YAML text has anchors and aliases; an alias stands for its anchor's node. */
  constructor(doc: Document, lines: LineCounter) {
    this.#doc = doc;
    this.#lines = lines;
  }

  at(node: Node | null | undefined): Position {
    const offset = node?.range?.[0] ?? 0;
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  problem(node: Node | null | undefined, message: string): undefined {
    this.problems.push({ at: this.at(node), message });
    return undefined;
  }

  /** As `problem`, where a part is not what it should be, and nothing in it is read. */
  unread(node: Node | null | undefined, message: string): undefined {
    this.mayName(node);
    return this.problem(node, message);
  }

  /** All keys in a part that cannot be read may be variables that it was meant to set. */
  mayName(given: Node | null | undefined): void {
    const node = this.resolve(given);
    if (isSeq(node)) for (const item of node.items) this.mayName(item as Node);
    else if (isMap(node))
      for (const { key, value } of node.items) {
        this.uses.names.add(keyText(key));
        this.mayName(value as Node);
      }
  }

  resolve(node: Node | null | undefined): ParsedNode | null {
    return (isAlias(node) ? node.resolve(this.#doc) : (node ?? null)) as ParsedNode | null;
  }

  toJs(node: Node): unknown {
    // Bounded before anything is read (aliases.ts).
    return node.toJS(this.#doc, { maxAliasCount: -1 });
  }

  template(node: Node, text: string): void {
    if (!text.includes('{{')) return;
    const at = this.at(node);
    this.uses.templates.push({ text, at });
    for (const message of referencesOf(text).problems) this.problems.push({ at, message });
  }
}

/** The key of a pair as text. */
export function keyText(key: unknown): string {
  return String((key as { value?: unknown } | null)?.value);
}
