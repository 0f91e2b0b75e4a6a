import { type AnyNode, parse } from 'acorn';
import type { Item, ScriptEvent } from 'postman-collection';
import { plainName } from '../draft/draft.js';
import type { PostmanNames } from '../postman/postman-variables.js';
import { type ReadScripts, rankOf, ScriptWalk } from './script-walk.js';

/**
 * Reads the scripts of a collection: tests, variables taken from the response, variables set before the request. Only what is
 * done whatever happens is carried over; anything else is told, statement by statement.
 */
export class PostmanScripts {
  /** The highest scope that a variable was set in so far: one set below it is not seen. */
  readonly #ranks = new Map<string, number>();

  /** `variables`: names that the collection itself sets. */
  constructor(
    private readonly names: PostmanNames,
    variables: ReadonlySet<string>,
  ) {
    for (const name of variables) this.#ranks.set(name, rankOf.collectionVariables);
  }

  /** Those of the collection, of each folder and of the request, in the order in which the runtime does them. */
  of(item: Item, losses: string[]): ReadScripts {
    const read: ReadScripts = { set: {}, checks: [], captures: {} };
    const levels: { events: ScriptEvent[]; of: string }[] = [{ events: item.events.all(), of: '' }];
    item.forEachParent({ withRoot: true }, (parent) => {
      levels.unshift({
        events: parent.events?.all() ?? [],
        of: ` of ${JSON.stringify(plainName(String(parent.name ?? '')))}`,
      });
    });
    for (const { events, of } of levels)
      for (const event of events) {
        const source = event.disabled ? '' : sourceOf(event);
        if (source.trim() !== '') this.#read(source, event.listen ?? '', of, read, losses);
      }
    return read;
  }

  #read(source: string, listen: string, of: string, read: ReadScripts, losses: string[]): void {
    const script = `the ${listen} script${of}`;
    if (listen !== 'test' && listen !== 'prerequest') {
      losses.push(script);
      return;
    }
    let body: AnyNode[];
    try {
      body = parse(source, {
        ecmaVersion: 'latest',
        allowReturnOutsideFunction: true,
        allowAwaitOutsideFunction: true,
      }).body as AnyNode[];
    } catch (error) {
      losses.push(`${script}, which is not JavaScript: ${(error as Error).message}`);
      return;
    }
    const walk = new ScriptWalk(source, listen === 'test', script, read, this.names, this.#ranks, losses);
    walk.all(body);
  }
}

function sourceOf(event: ScriptEvent): string {
  const { exec } = event.script ?? {};
  return Array.isArray(exec) ? exec.join('\n') : typeof exec === 'string' ? exec : '';
}
