import { type Exchange, jsonOf } from '../check/exchange.js';
import { valueAt } from '../check/jsonpath.js';
import { show } from '../check/value-text.js';

/** What a response shows of effects: how many there are, and which, where it lists them. */
export interface EffectsView {
  count: number;
  items: readonly unknown[] | undefined;
  /** What is counted, in words. */
  countedBy: string;
}

/** Why nothing can be counted, and what to do. */
export interface NoEffects {
  problem: string;
  cure: string;
}

/** Levels of objects in which a list is looked for. */
const deepestList = 3;
const totalName = /^(?:total|count|totalcount|totalitems|totalelements|numberofelements|size)$/i;

/**
 * What counts in a response: what `countPath` selects, else the body where it is a list, else the one list in its objects
 * (with the total beside it, where it says one: a list may be a page).
 */
export function viewOf(exchange: Exchange, countPath: string | undefined): EffectsView | NoEffects {
  const json = jsonOf(exchange);
  if ('problem' in json)
    return { problem: json.problem, cure: 'Name a GET that answers JSON: a list, or an object with a number' };
  return countPath === undefined ? found(json.value) : selected(json.value, countPath);
}

function selected(body: unknown, path: string): EffectsView | NoEffects {
  const value = valueAt(body, path);
  if (Array.isArray(value)) return { count: value.length, items: value, countedBy: `the items of ${path}` };
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number))
    return { count: number, items: undefined, countedBy: `the number ${path}` };
  return {
    problem: value === undefined ? `nothing is at ${path}` : `${path} is ${show(value)}, neither a number nor a list`,
    cure: `--effects-count is the path of a number or of a list: ${examplePaths(body)}`,
  };
}

function found(body: unknown): EffectsView | NoEffects {
  if (Array.isArray(body)) return { count: body.length, items: body, countedBy: 'the items of the list' };
  const lists = listsIn(body, '$', 0);
  const ofObjects = lists.filter(({ list }) => list.length > 0 && list.every(isObject));
  const [one, ...others] = ofObjects.length === 1 ? ofObjects : lists;
  if (one === undefined || others.length > 0) {
    return {
      problem: one === undefined ? 'the answer has no list' : `the answer has ${lists.length} lists`,
      cure: `Say what counts: --effects-count ${examplePaths(body)}`,
    };
  }
  const total = Object.entries(one.around).find(
    ([name, value]) => totalName.test(name.replace(/[_-]/g, '')) && isCount(value, one.list.length),
  );
  if (total === undefined) return { count: one.list.length, items: one.list, countedBy: `the items of ${one.path}` };
  const path = `${one.path.slice(0, one.path.lastIndexOf('.'))}.${total[0]}`;
  return { count: total[1] as number, items: one.list, countedBy: `the number ${path}` };
}

function isCount(value: unknown, least: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

interface FoundList {
  path: string;
  list: unknown[];
  around: Record<string, unknown>;
}

function listsIn(value: unknown, path: string, level: number): FoundList[] {
  if (!isObject(value) || level === deepestList) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const at = /^[A-Za-z_]\w*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
    return Array.isArray(member) ? [{ path: at, list: member, around: value }] : listsIn(member, at, level + 1);
  });
}

/** Paths of this very body that would do. */
function examplePaths(body: unknown): string {
  const lists = listsIn(body, '$', 0).map(({ path }) => path);
  const numbers = isObject(body)
    ? Object.entries(body).flatMap(([name, value]) =>
        typeof value === 'number' && /^[A-Za-z_]\w*$/.test(name) ? [`$.${name}`] : [],
      )
    : [];
  const paths = [...lists, ...numbers].slice(0, 4).map((path) => `'${path}'`);
  return paths.length === 0 ? "'$.total', for example" : paths.join(' or ');
}

/** What has changed from one look to a later one. */
export interface EffectsChange {
  /** Of the count: items that came are counted one by one, so that a page that was full shows them, too. */
  change: number;
  added: string[];
  /** Nothing has changed, not even which items there are. */
  none: boolean;
}

/** Holds two looks against each other. */
export function changeOf(before: EffectsView, after: EffectsView): EffectsChange {
  const { items: old = [] } = before;
  const { items = [] } = after;
  const name = namesOf([old, items]);
  const byTotal = after.items === undefined || after.count !== items.length || before.count !== old.length;
  if (name === undefined) {
    const change = after.count - before.count;
    return { change, added: [], none: change === 0 && old.length === items.length };
  }
  const added = without(items.map(name), old.map(name));
  const removed = without(old.map(name), items.map(name));
  const change = byTotal ? after.count - before.count : added.length > 0 ? added.length : -removed.length;
  return { change, added, none: change === 0 && added.length === 0 && removed.length === 0 };
}

function without(names: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const each of others) left.set(each, (left.get(each) ?? 0) + 1);
  return names.filter((each) => {
    const count = left.get(each) ?? 0;
    left.set(each, count - 1);
    return count <= 0;
  });
}

/** How items are told apart: by what they are, where they are values; by their id, where each has one of its own. */
function namesOf(lists: readonly (readonly unknown[])[]): ((item: unknown) => string) | undefined {
  const all = lists.flat();
  if (all.length === 0 || all.every((item) => typeof item === 'string' || typeof item === 'number')) return String;
  if (!all.every(isObject)) return undefined;
  const [first] = all;
  const named = Object.keys(first!).filter((name) => /^_?id$|^uu?id$|_id$|Id$|ID$|^key$|^number$/.test(name));
  const isId = (name: string) =>
    all.every((item) => Object.hasOwn(item, name)) &&
    lists.every((list) => new Set(list.map((item) => JSON.stringify((item as Named)[name]))).size === list.length);
  const id = named.sort((a, b) => rank(a) - rank(b)).find(isId);
  return id === undefined ? undefined : (item) => String((item as Named)[id]);
}

type Named = Record<string, unknown>;

function rank(name: string): number {
  return /^_?id$|^uu?id$/i.test(name) ? 0 : 1;
}
