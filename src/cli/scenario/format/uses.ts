import { isMap, isSeq, type Node } from 'yaml';
import type { Position } from '../../document/problem.js';
import { keyText, type Listener, type Reader } from '../../document/reader.js';
import type { TemplateUse } from '../scenario.js';
import { referencesOf } from '../variables/template.js';

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
  /** Names of the steps so far that have a response body. */
  readonly bodies = new Set<string>();
}

/** Gathers the templates of a scenario, and the names that its unreadable parts may set. */
export const usesListener: Listener = {
  text(node, text, reader) {
    if (!text.includes('{{')) return;
    const at = reader.at(node);
    reader.notes(Uses).templates.push({ text, at });
    for (const message of referencesOf(text).problems) reader.problems.push({ at, message });
  },
  unread: (node, reader) => mayName(node, reader),
};

/** All keys in a part that cannot be read may be variables that it was meant to set. */
function mayName(given: Node | null | undefined, reader: Reader): void {
  const node = reader.resolve(given);
  if (isSeq(node)) for (const item of node.items) mayName(item as Node, reader);
  else if (isMap(node))
    for (const { key, value } of node.items) {
      reader.notes(Uses).names.add(keyText(key));
      mayName(value as Node, reader);
    }
}
