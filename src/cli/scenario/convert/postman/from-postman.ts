import type { Collection, Item, ItemGroup, ParsedUrl, Url, VariableScope } from 'postman-collection';
import type { CollectionJson } from '../../postman/collection.js';
import { referencesOf, variablesOf } from '../../variables/template.js';
import { type Imported, plainName } from '../draft/draft.js';
import {
  type ImportedAuth,
  type ImportedRequest,
  type ImportedStep,
  requestsIn,
  sendable,
  toImported,
} from '../draft/imported-request.js';
import { literal } from '../draft/literal.js';
import { PostmanScripts } from '../script/read-scripts.js';
import { addressOf } from './postman-address.js';
import { type SignIn, signInOf } from './postman-auth.js';
import { bodyOf } from './postman-body.js';
import { namesIn, PostmanNames, type PostmanValues, postmanValues } from './postman-variables.js';

/** Settings of a request that the format has, and the value of each other one that changes nothing. */
const carried = new Set(['followRedirects', 'disableCookies', 'disableBodyPruning']);

/**
 * A Postman collection (v2, as `readCollection` takes it) as a scenario: each request as postman-collection resolves it and
 * the runtime would send it. What cannot be carried over is left out and listed.
 */
export async function fromPostman(json: CollectionJson): Promise<Imported> {
  const sdk = (await import('postman-collection')).default;
  return new PostmanReader(new sdk.Collection(structuredClone(json)), json, sdkOf(sdk)).read();
}

/** What a load does with the requests of a collection beside sending them. */
export interface PostmanItem {
  item: Item;
  /** Of `only`, the requests that are wanted; by the tag of their steps. */
  tag: string;
}

/** The requests of a collection by themselves: their scripts and the values of their variables are somebody else's. */
export async function requestsOfPostman(
  collection: Collection,
  json: CollectionJson,
  { only, scopes }: { only(item: Item): boolean; scopes: VariableScope['values'][] },
): Promise<{ imported: Imported; items: PostmanItem[]; names: Record<string, string> }> {
  const sdk = (await import('postman-collection')).default;
  const reader = new PostmanReader(collection, json, sdkOf(sdk), { only, scopes });
  return { imported: reader.read(), items: reader.items, names: reader.names };
}

function sdkOf(sdk: typeof import('postman-collection').default): Sdk {
  return {
    parse: (text) => sdk.Url.parse(text),
    url: (text, variable) => new sdk.Url({ ...sdk.Url.parse(text), variable }),
    replace: (text, variables) => sdk.Property.replaceSubstitutions(text, variables),
  };
}

type GivenUrl = { raw?: unknown; variable?: unknown } | undefined;

interface GivenItem {
  item?: unknown;
  request?: { url?: GivenUrl };
}

interface Sdk {
  parse(text: string): ParsedUrl;
  /** A URL of its text, with values of its path's variables. */
  url(text: string, variable: unknown): Url;
  replace(text: string, variables: unknown[]): string;
}

class PostmanReader {
  readonly #losses: string[] = [];
  readonly #variables: Record<string, unknown> = {};
  readonly #values: PostmanValues;
  readonly #names: PostmanNames;
  readonly #scripts: PostmanScripts;
  readonly items: PostmanItem[] = [];

  constructor(
    private readonly collection: Collection,
    private readonly json: CollectionJson,
    private readonly sdk: Sdk,
    /** Requests alone, of which some; values of variables that hide those of the collection. */
    private readonly alone?: { only(item: Item): boolean; scopes: VariableScope['values'][] },
  ) {
    this.#values = postmanValues(sdk.replace, ...(alone?.scopes ?? []), collection.variables);
    const given = collection.variables.all().filter(({ disabled, key }) => !disabled && typeof key === 'string');
    const mentioned = namesIn(allTexts(json).join('\n'));
    const told = alone === undefined ? this.#losses : [];
    this.#names = new PostmanNames(
      [...given.map(({ key }) => key!), ...mentioned],
      this.#values,
      told,
      alone !== undefined,
    );
    this.#scripts = new PostmanScripts(this.#names, new Set(given.map(({ key }) => key!)));
    if (alone !== undefined) return;
    for (const variable of given) {
      const own = this.#names.of(variable.key!);
      const told: string[] = [];
      this.#variables[own] = this.#names.template(String(variable), told);
      if (/\{\{\$/.test(String(variable)) && /\{\{\$(?!repeat)/.test(String(this.#variables[own])))
        told.push('it is made once an iteration, not anew at each use');
      this.#losses.push(...told.map((loss) => `the variable ${variable.key}: ${loss}`));
    }
  }

  get names(): Record<string, string> {
    return this.#names.originals;
  }

  read(): Imported {
    const steps = this.#stepsOf(this.collection.items.all(), this.json.item);
    this.#nameUnset(requestsIn(steps));
    return toImported({
      name: nameOf(this.collection.name, 'imported'),
      why: 'Imported from a Postman collection.',
      variables: this.#variables,
      steps,
      losses: this.#losses,
      wrong: [],
    });
  }

  /** `given`: the same items as their file has them, for what postman-collection does not keep. */
  #stepsOf(items: (Item | (ItemGroup & { name: string }))[], given: unknown): ImportedStep[] {
    return items.flatMap((item, i): ImportedStep[] => {
      const name = nameOf(item.name, 'unnamed');
      const json = (Array.isArray(given) ? given[i] : undefined) as GivenItem | undefined;
      if ('items' in item) {
        const steps = this.#stepsOf(item.items.all(), json?.item);
        return steps.length === 0 && this.alone !== undefined ? [] : [{ folder: name, steps }];
      }
      if (this.alone?.only(item) === false) return [];
      const own: string[] = [];
      const request = this.#requestOf(item, name, json?.request?.url, own);
      this.#losses.push(...own.map((loss) => `"${name}": ${loss}`));
      return request === undefined ? [] : [request];
    });
  }

  #requestOf(item: Item, name: string, given: GivenUrl, losses: string[]): ImportedRequest | undefined {
    const { request } = item;
    const place = (text: string) => this.#names.template(text, losses);
    const behavior = item.getProtocolProfileBehaviorResolved();
    const signIn = signInOf(item.getAuth(), losses);
    // A URL that is one text and has no parts is more than the runtime reads.
    const isText = request.url.toString() === '' && typeof given?.raw === 'string';
    const url = isText ? this.sdk.url(given.raw as string, given.variable) : request.url;
    if (signIn.query !== undefined) withParameter(url, signIn.query);
    if (signIn.replacesAuthorization && signIn.query === undefined) url.auth = undefined;
    const address = addressOf(url, this.sdk.parse, this.#names, this.#values, losses);
    if (address === undefined) {
      if (url.toString().trim() === '') losses.push('it has no address');
      return undefined;
    }
    const method = request.method.toUpperCase();
    const headers = this.#headersOf(item, signIn, losses);
    const body = bodyOf(request.body, {
      method,
      headers,
      keepsBody: behavior.disableBodyPruning === true,
      names: this.#names,
      values: this.#values,
      losses,
      fileOf: (source) => this.#fileOf(source, name, losses),
    });
    for (const [setting, value] of Object.entries(behavior))
      if (!carried.has(setting) && changesSomething(value)) losses.push(`protocolProfileBehavior.${setting}`);
    const scripts = this.#scriptsOf(item, losses);
    return {
      name,
      method,
      address,
      headers: sendable(headers, losses),
      auth: templated(signIn.auth, place),
      body,
      redirects: behavior.followRedirects !== false,
      cookies: behavior.disableCookies !== true,
      ...scripts,
    };
  }

  #scriptsOf(item: Item, losses: string[]): Pick<ImportedRequest, 'set' | 'checks' | 'captures' | 'tags'> {
    if (this.alone === undefined) return this.#scripts.of(item, losses);
    const tag = `request-${this.items.length}`;
    this.items.push({ item, tag });
    return { set: {}, checks: [], captures: {}, tags: [tag] };
  }

  #headersOf(item: Item, { header, replacesAuthorization }: SignIn, losses: string[]): [string, string][] {
    const place = (text: string) => this.#names.template(text, losses);
    const replaced = new Set([header?.[0].toLowerCase(), replacesAuthorization ? 'authorization' : undefined]);
    const lines = item.request.headers
      .all()
      .filter(
        ({ disabled, key }) => !disabled && typeof key === 'string' && key !== '' && !replaced.has(key.toLowerCase()),
      )
      .map(({ key, value }): [string, string] => [key, value === null || value === undefined ? '' : String(value)]);
    if (header !== undefined) lines.push(header);
    // Of names that differ in their case alone, the one that came up last is sent; cookies are one line.
    const last = new Map([...new Set(lines.map(([key]) => key))].map((key) => [key.toLowerCase(), key]));
    const sent = lines.filter(([key]) => last.get(key.toLowerCase()) === key);
    const cookies = sent.filter(([key]) => key.toLowerCase() === 'cookie');
    const merged = cookies
      .slice(0, 1)
      .map(([key]): [string, string] => [key, cookies.map(([, value]) => value).join('; ')]);
    return [...sent.filter((line) => !cookies.includes(line)), ...merged].map(([key, value]): [string, string] => [
      place(key),
      place(value),
    ]);
  }

  /** The files are where Postman found them, not beside the scenario: a variable says where. */
  #fileOf(source: string, step: string, losses: string[]): string {
    const name = this.#names.made(`file of ${step}`);
    this.#variables[name] = literal(source);
    if (this.alone === undefined)
      losses.push(`its file ${source === '' ? '' : `${source} `}(the variable ${name} says where it is)`);
    return `{{${name}}}`;
  }

  /** What nothing sets is sent as Postman sends it, two braces and all, until somebody sets it; and told. */
  #nameUnset(requests: readonly ImportedRequest[]): void {
    const known = new Set(Object.keys(this.#variables));
    const unset = new Map<string, string | undefined>();
    const need = (texts: unknown, step?: string) => {
      for (const name of neededBy(texts)) if (!known.has(name) && !unset.has(name)) unset.set(name, step);
    };
    need(this.#variables);
    for (const { name, checks, captures, set, ...rest } of requests) {
      for (const [variable, value] of Object.entries(set)) {
        need(value, name);
        known.add(variable);
      }
      need(rest, name);
      need(checks, name);
      for (const variable of Object.keys(captures)) known.add(variable);
    }
    for (const [own, step] of unset) {
      const name = this.#names.original(own);
      this.#variables[own] = literal(`{{${name}}}`);
      const first = step === undefined ? '' : ` (needed first by "${step}")`;
      const head = requests.some(({ address }) => address.startsWith(`{{${own}}}`))
        ? ', with http:// or https:// before it'
        : '';
      if (this.alone !== undefined) continue;
      this.#losses.push(
        `a value of the variable ${own}: the collection has none, so it is sent as {{${name}}}${first}; set it${head}`,
      );
    }
  }
}

/** A name for a report; what is no text as JSON. */
function nameOf(given: unknown, otherwise: string): string {
  if (given === undefined || given === null || given === '') return otherwise;
  return plainName(typeof given === 'string' ? given : JSON.stringify(given));
}

function neededBy(texts: unknown): string[] {
  if (typeof texts === 'string') return referencesOf(texts).references.flatMap(variablesOf);
  if (texts === null || typeof texts !== 'object') return [];
  return Object.entries(texts).flatMap(([key, value]) => [...neededBy(key), ...neededBy(value)]);
}

/** All texts of a document, those of scripts left out. */
function allTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, each]) => (key === 'event' || key === 'response' ? [] : allTexts(each)));
}

function templated(auth: ImportedAuth, place: (text: string) => string): ImportedAuth {
  if (auth.kind === 'bearer') return { ...auth, token: place(auth.token) };
  if (auth.kind === 'basic') return { ...auth, username: place(auth.username), password: place(auth.password) };
  return auth;
}

/** As the runtime adds it: in the place of those of its name, `&` and `#` escaped. */
function withParameter(url: Url, [key, value]: [string, string]): void {
  const escaped = (text: string) => text.replace(/[&#]/g, encodeURIComponent);
  url.query.remove((each) => each.key === key);
  url.query.add({ key: escaped(key).replace(/=/g, '%3D'), value: escaped(value) });
}

function changesSomething(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
