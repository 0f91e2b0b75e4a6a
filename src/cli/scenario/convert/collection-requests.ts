import type { Collection, Item, ItemGroup, ScriptEvent, VariableScope } from 'postman-collection';
import { Failure } from '../../kernel/failure.js';
import { parseScenario } from '../format/parse.js';
import { readCollection } from '../postman/collection.js';
import { checkFolders } from '../postman/run.js';
import type { RequestStep, Scenario, Step } from '../scenario.js';
import { plainName, written } from './draft/draft.js';
import { requestsOfPostman } from './postman/from-postman.js';
import { generatorOf } from './postman/postman-variables.js';

/** A script of a collection, whose it is, and for what. */
interface CollectionScript {
  listen: 'prerequest' | 'test';
  source: string;
  /** As messages call it: `the test script of "Folder"`. */
  shown: string;
}

/** A request of a collection with its scripts, those of the collection first. */
interface CollectionRequest {
  id: string;
  step: RequestStep;
  scripts: CollectionScript[];
}

/** A collection's requests as steps, and what its variables are. */
export interface CollectionRequests {
  name: string;
  /** What the requests have in common; without steps. */
  scenario: Scenario;
  requests: CollectionRequest[];
  scopes: Record<'environment' | 'collectionVariables' | 'globals', Record<string, unknown>>;
  words: {
    names: Record<string, string>;
    generators: Record<string, string>;
    pools: Record<string, unknown[]>;
    fixed: Record<string, unknown>;
  };
  /** What is sent otherwise than the runtime sends it. */
  losses: string[];
  /** The requests that cannot be sent, and why. */
  unsendable: string[];
}

/** What the command line gives a collection beside its file. */
export interface CollectionGiven {
  folders: readonly string[];
  environment: VariableScope;
  globals: VariableScope;
}

/** How many values of a dynamic name are made beforehand, where the format has no generator for it. */
const poolSize = 200;

/** Reads a collection into what a load sends. Throws Failure as a run of it does. */
export async function collectionRequests(
  file: string,
  shown: string,
  { folders, environment, globals }: CollectionGiven,
): Promise<CollectionRequests> {
  const { collection, json, text } = await readCollection(file, shown);
  checkFolders(collection, folders, shown);
  const sdk = (await import('postman-collection')).default;
  const wanted = itemsIn(collection, folders);
  const { imported, items, names } = await requestsOfPostman(collection, structuredClone(json), {
    only: (item) => wanted === undefined || wanted.has(item),
    scopes: [environment.values, globals.values],
  });
  const { text: yaml, losses } = await written(imported);
  const { scenario } = parseScenario(yaml);
  if (scenario === undefined) throw nothingIn(shown, losses);
  const steps = new Map(requestsOf(scenario.steps).map((step) => [step.tags[0], step]));
  const unsendable = losses.filter((loss) => /: (auth: |its protocol |it has no address)/.test(loss));
  const requests = items.flatMap(({ item, tag }) => {
    const step = steps.get(tag);
    if (step !== undefined) return [{ id: item.id, step, scripts: scriptsOf(item) }];
    unsendable.push(`${JSON.stringify(item.name)} cannot be sent`);
    return [];
  });
  const dynamic = new Set([...text.matchAll(/\{\{(\$\w+)\}\}/g)].map(([, name]) => name!));
  const pools: Record<string, unknown[]> = {};
  for (const name of dynamic) {
    const one = () => sdk.Property.replaceSubstitutions(`{{${name}}}`, []);
    if (generatorOf[name.slice(1)] === undefined && one() !== `{{${name}}}`)
      pools[name] = Array.from({ length: poolSize }, one);
  }
  const fixed = Object.fromEntries(Object.entries(scenario.variables).filter(([own]) => !Object.hasOwn(names, own)));
  return {
    name: plainName(String(collection.name ?? shown)),
    scenario: { ...scenario, file: shown, data: [], setup: [], steps: [], teardown: [], templates: [] },
    requests,
    scopes: {
      environment: valuesOf(environment.values),
      collectionVariables: valuesOf(collection.variables),
      globals: valuesOf(globals.values),
    },
    words: { names, generators: { ...generatorOf }, pools, fixed },
    losses: losses.filter((loss) => !unsendable.includes(loss)),
    unsendable: [...new Set(unsendable)],
  };
}

function nothingIn(shown: string, losses: string[]): Failure {
  return new Failure({
    code: 'nothing-to-import',
    message: `${shown} has no request that can be sent`,
    details: losses,
    hint: 'Give a Postman collection with at least one request',
  });
}

function requestsOf(steps: readonly Step[]): RequestStep[] {
  return steps.flatMap((step) =>
    step.kind === 'folder' ? requestsOf(step.steps) : step.kind === 'request' ? [step] : [],
  );
}

/** Those that are not disabled; of a name the last counts. */
function valuesOf(variables: VariableScope['values'] | Collection['variables']): Record<string, unknown> {
  return Object.fromEntries(
    variables
      .all()
      .filter(({ disabled, key }) => !disabled && typeof key === 'string')
      .map(({ key, value }) => [key!, value]),
  );
}

/** Scripts in the order in which the runtime does them. */
function scriptsOf(item: Item): CollectionScript[] {
  const levels: { events: ScriptEvent[]; of: string }[] = [
    { events: item.events.all(), of: ` of ${JSON.stringify(item.name)}` },
  ];
  item.forEachParent({ withRoot: true }, (parent) => {
    const of = ` of ${JSON.stringify(plainName(String(parent.name ?? '')))}`;
    levels.unshift({ events: parent.events?.all() ?? [], of });
  });
  return levels.flatMap(({ events, of }) =>
    events.flatMap(({ listen, disabled, script }) => {
      const { exec } = script ?? {};
      const source = Array.isArray(exec) ? exec.join('\n') : typeof exec === 'string' ? exec : '';
      if (disabled || source.trim() === '' || (listen !== 'test' && listen !== 'prerequest')) return [];
      return [{ listen, source, shown: `the ${listen} script${of}` }];
    }),
  );
}

type Group = ItemGroup['items'] extends { all(): (infer T)[] } ? T : never;

/** The requests that `--folder` names, as the runtime finds them; undefined where it is not given. Throws Failure. */
function itemsIn(collection: Collection, folders: readonly string[]): Set<Item> | undefined {
  if (folders.length === 0) return undefined;
  const found = folders.length === 1 ? [firstOf(collection, folders[0]!)] : allOf(collection, new Set(folders));
  return new Set(found.flatMap((each) => (each === undefined ? [] : flat(each))));
}

/** Level by level. */
function firstOf(group: ItemGroup, name: string): Group | undefined {
  const own = group.items.all().find((each) => each.id === name || each.name === name);
  if (own !== undefined) return own;
  for (const each of group.items.all()) {
    const inner = 'items' in each ? firstOf(each, name) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** In the order of the file, each name once. */
function allOf(group: ItemGroup, names: Set<string>): Group[] {
  return group.items.all().flatMap((each): Group[] => {
    const name = [each.id, each.name].find((one) => names.has(one));
    if (name !== undefined) {
      names.delete(name);
      return [each];
    }
    return 'items' in each ? allOf(each, names) : [];
  });
}

function flat(of: Group): Item[] {
  return 'items' in of ? of.items.all().flatMap(flat) : [of];
}
