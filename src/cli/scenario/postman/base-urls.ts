import type { Collection, Item, ItemGroup, VariableScope } from 'postman-collection';
import type { Redirections } from '../variables/redirect.js';
import type { CollectionFile } from './collection.js';
import { scopeJson } from './scope-file.js';

/** What of a collection goes elsewhere than it says. */
export type CollectionRedirection = Redirections;

/** What is known before a run of where a collection's requests go. */
export interface CollectionUrls {
  /** The beginnings of its requests' URLs as they are written, `http://{{host}}:8080`. */
  urls: string[];
  /** A variable's value as a request would get it; undefined for none, and for one that comes out under way. */
  lookUp(name: string): string | undefined;
  /** Variables that its scripts or rows of data set. */
  underWay: ReadonlySet<string>;
  /** Hosts that its scripts name. */
  mentioned: string[];
}

/** The files and variables that go with a collection. */
export interface CollectionScopes {
  environment?: string | undefined;
  globals?: string | undefined;
  environmentVariables?: Readonly<Record<string, string>>;
  globalVariables?: Readonly<Record<string, string>>;
  /** Columns of its data. */
  columns?: readonly string[];
  cwd: string;
}

/** Where a collection's requests go, as far as its files tell. Throws Failure for an environment that cannot be read. */
export function collectionUrls({ collection, json, text }: CollectionFile, scopes: CollectionScopes): CollectionUrls {
  const { environment, globals, cwd } = scopes;
  const levels = [
    scopes.environmentVariables ?? {},
    valuesIn(scopeJson('--environment', environment, cwd).values),
    valuesIn(json.variable),
    scopes.globalVariables ?? {},
    valuesIn(scopeJson('--globals', globals, cwd).values),
  ];
  // In JSON the quotes of a script are escaped.
  const set = [...text.matchAll(/\.set\(\s*(?:\\"|'|`)([^"'`\\]+)(?:\\"|'|`)/g)].map(([, name]) => name as string);
  const legacy = [...text.matchAll(/\bset(?:Environment|Global)Variable\(\s*(?:\\"|'|`)([^"'`\\]+)/g)].map(
    ([, name]) => name as string,
  );
  return {
    urls: itemsIn(collection).map(({ request }) => headIn(request.url)),
    lookUp: (name) => levels.find((level) => Object.hasOwn(level, name))?.[name],
    underWay: new Set([...set, ...legacy, ...(scopes.columns ?? [])]),
    mentioned: [...new Set([...text.matchAll(/https?:\/\/([a-z0-9.-]*[a-z0-9])/gi)].map(([, host]) => host as string))]
      // The file says by it what it is.
      .filter((host) => !host.endsWith('getpostman.com')),
  };
}

/** The last one of a name counts, as in the runtime; what is switched off does not. */
function valuesIn(list: unknown): Record<string, string> {
  const values: Record<string, string> = Object.create(null);
  if (!Array.isArray(list)) return values;
  for (const each of list as ({ key?: unknown; value?: unknown; disabled?: unknown; enabled?: unknown } | null)[]) {
    if (typeof each?.key !== 'string' || each.disabled === true || each.enabled === false) continue;
    values[each.key] = typeof each.value === 'string' ? each.value : JSON.stringify(each.value ?? '');
  }
  return values;
}

function itemsIn(group: ItemGroup): Item[] {
  return group.items.all().flatMap((item) => ('items' in item ? itemsIn(item) : [item]));
}

type Url = Item['request']['url'];

function headIn({ protocol, host, port }: Url): string {
  const name = Array.isArray(host) ? host.join('.') : (host ?? '');
  return `${protocol ? `${protocol}://` : ''}${name}${port ? `:${port}` : ''}`;
}

/** Changes variables where they are defined (in the environment where they are nowhere), and URLs, before a run. */
export function applyRedirection(
  { variables, urls }: CollectionRedirection,
  collection: Collection,
  [environment, ...others]: readonly [VariableScope, ...VariableScope[]],
): void {
  for (const [name, value] of variables) {
    const own = collection.variables.all().filter(({ key }) => key === name);
    const scopes = [environment, ...others].filter(({ values }) => values.all().some(({ key }) => key === name));
    for (const variable of own) variable.value = value;
    for (const scope of own.length + scopes.length === 0 ? [environment] : scopes) scope.set(name, value, 'string');
  }
  for (const { request } of itemsIn(collection)) {
    const changed = urls.get(headIn(request.url));
    if (changed === undefined) continue;
    const { scheme, host, port } = changed;
    if (scheme !== undefined) request.url.protocol = scheme;
    if (host !== undefined) request.url.host = host.split('.');
    if (port !== undefined) request.url.port = port === '' ? undefined : port;
  }
}
