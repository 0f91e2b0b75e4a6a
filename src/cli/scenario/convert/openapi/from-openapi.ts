import { type DraftStep, type Imported, plainName, variableName } from '../draft/draft.js';
import { Given } from '../draft/given.js';
import { literal } from '../draft/literal.js';
import { bodyOf, mediaExample } from './openapi-body.js';
import { cookieText, headerText, pathText, queryPairs, styleOf } from './openapi-parameter.js';
import { isJson, isJsonType, type Json, type Reading, resolved } from './openapi-reading.js';
import { inlined } from './openapi-schema.js';
import { type Secured, Security } from './openapi-security.js';
import { Values } from './openapi-value.js';

const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];

/** Told how many operations are done, of how many; the next one waits for it. */
export type Progress = (done: number, total: number) => void | Promise<void>;

/** An OpenAPI 3 document as a scenario: one step an operation, with its examples, its first 2xx status and its schema. */
export async function fromOpenApi(document: unknown, progress: Progress = () => undefined): Promise<Imported> {
  const root = new Given(document);
  const reading: Reading = { root, variables: {}, secrets: [], losses: [] };
  const operations = operationsOf(reading);
  const { url, prefix } = serverOf(root.at('servers'), reading.losses);
  const reader = new Reader(reading, await Values.open(reading), prefix);
  const steps: DraftStep[] = [];
  for (const operation of operations) {
    await progress(steps.length, operations.length);
    steps.push(reader.step(operation));
  }
  await progress(operations.length, operations.length);
  reader.tellCuts();
  if (root.at('webhooks').members().length > 0) reading.losses.push('webhooks');
  const { variables, secrets } = reading;
  const draft = {
    name: plainName(root.at('info').at('title').text() ?? 'imported'),
    why: 'Imported from an OpenAPI document: every operation once.',
    ...(url === undefined ? {} : { url }),
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    ...(secrets.length > 0 ? { secrets } : {}),
    ...(reader.shared.auth === undefined ? {} : { auth: reader.shared.auth }),
    steps,
  };
  return { draft, losses: reading.losses, wrong: root.wrong };
}

interface Operation {
  method: string;
  path: string;
  operation: Given;
  item: Given;
}

function operationsOf(reading: Reading): Operation[] {
  const { root, losses } = reading;
  if (root.at('paths').absent) root.note('there is no "paths"');
  const found: Operation[] = [];
  for (const [path, given] of root.at('paths').members()) {
    if (path.startsWith('x-')) continue;
    const item = resolved(given, reading);
    if (!path.startsWith('/')) {
      given.note('a path begins with /');
      continue;
    }
    if (!item?.isObject()) continue;
    if (!item.at('trace').absent) losses.push(`TRACE ${path}`);
    for (const method of methods) {
      const operation = item.at(method);
      if (operation.value !== undefined && operation.isObject())
        found.push({ method: method.toUpperCase(), path, operation, item });
    }
  }
  return found;
}

/** The first server: a whole URL, or (relative to where the document is) what stands before each path. */
function serverOf(servers: Given, losses: string[]): { url?: string; prefix: string } {
  const server = servers.items()[0];
  const given = server?.at('url').text();
  if (server === undefined || given === undefined) return { prefix: '' };
  const url = given.replace(/\{([^{}]+)\}/g, (all, name: string) => {
    return server.at('variables').at(name).at('default').text() ?? all;
  });
  if (/^https?:\/\//.test(url) && !url.includes('{') && URL.canParse(url)) return { url, prefix: '' };
  losses.push(`the server ${given} (run with --url)`);
  return { prefix: /^\/[^/{][^{]*$/.test(url) ? literal(url.replace(/\/$/, '')) : '' };
}

class Reader {
  readonly #security: Security;
  readonly #pathVariables: PathVariables;
  /** What the whole document's security asks for. */
  readonly shared: Secured;
  #cuts = 0;

  constructor(
    private readonly reading: Reading,
    private readonly values: Values,
    private readonly prefix: string,
  ) {
    this.#security = new Security(reading);
    this.shared = this.#security.of(reading.root.at('security'));
    this.#pathVariables = new PathVariables(reading.variables);
  }

  /** Schemas of responses that are checked in part, told in one line. */
  tellCuts(): void {
    if (this.#cuts > 0)
      this.reading.losses.push(`${this.#cuts} schemas of responses in full: they contain themselves, or are too large`);
  }

  step({ method, path, operation, item }: Operation): DraftStep {
    const { losses } = this.reading;
    const name = plainName(operation.at('summary').text() ?? operation.at('operationId').text() ?? `${method} ${path}`);
    const request = this.#parameters(path, operation, item, name);
    const own = !operation.at('security').absent;
    const { auth, headers, query, cookies } = own ? this.#security.of(operation.at('security')) : this.shared;
    const body = bodyOf(operation, name, this.reading, this.values);
    const cookie = [...cookies, ...request.cookies].join('; ');
    const { check, accept } = this.#check(operation, name);
    const lines = {
      ...accept,
      ...(isJson(body.headers) ? body.headers : {}),
      ...headers,
      ...request.headers,
      ...(cookie === '' ? {} : { Cookie: cookie }),
    };
    const pairs = { ...query, ...request.query };
    const noAuth = own && auth === undefined && this.shared.auth !== undefined;
    const text = request.texts.length > 0 ? `?${request.texts.join('&')}` : '';
    const servers = [operation.at('servers'), item.at('servers')].find((given) => !given.absent);
    const { url = '', prefix } = servers === undefined ? { prefix: this.prefix } : serverOf(servers, losses);
    const redirected = typeof check.status === 'number' && check.status >= 300 && check.status < 400;
    return {
      name,
      request: `${method} ${url.replace(/\/$/, '')}${prefix}${request.path}${text}`,
      ...(Object.keys(pairs).length > 0 ? { query: pairs } : {}),
      ...(Object.keys(lines).length > 0 ? { headers: lines } : {}),
      ...(own && auth !== undefined ? { auth } : noAuth ? { auth: 'none' } : {}),
      ...(redirected ? { redirects: false } : {}),
      ...Object.fromEntries(Object.entries(body).filter(([key]) => key !== 'headers')),
      check: [check],
    };
  }

  /** Those that must be sent; an operation's own replace its path's of the same name and place. */
  #parameters(path: string, operation: Given, item: Given, name: string) {
    const query: Json = {};
    const texts: string[] = [];
    const headers: Record<string, string> = {};
    const cookies: string[] = [];
    const inPath = new Map<string, string>();
    const all = new Map<string, { parameter: Given; key: string; place: string }>();
    for (const given of [...item.at('parameters').items(), ...operation.at('parameters').items()]) {
      const parameter = resolved(given, this.reading);
      if (!parameter?.isObject()) continue;
      const key = parameter.at('name').neededText();
      const place = parameter.at('in').neededText();
      if (key !== undefined && place !== undefined) all.set(`${place} ${key}`, { parameter, key, place });
    }
    for (const { parameter, key, place } of all.values()) {
      if (place !== 'path' && parameter.at('required').value !== true) continue;
      // By OpenAPI a header of these names means nothing: the body, the responses and security say them.
      if (place === 'header' && /^(accept|content-type|authorization)$/i.test(key)) continue;
      const example = this.#example(parameter, `"${name}": the parameter ${key}`);
      const style = styleOf(place, parameter.at('style').value, parameter.at('explode').value);
      if (place === 'path') {
        const plain = typeof example === 'number' || typeof example === 'boolean';
        const value = plain && style.style === 'simple' ? example : pathText(key, example, style);
        inPath.set(key, this.#pathVariables.of(path, key, value, parameter));
      } else if (place === 'query') {
        const found = queryPairs(key, example, {
          ...style,
          allowReserved: parameter.at('allowReserved').value === true,
        });
        if ('text' in found) texts.push(found.text);
        else for (const [field, value] of found.pairs) query[literal(field)] = value;
      } else if (place === 'header') headers[key] = headerText(example, style);
      else if (place === 'cookie') cookies.push(cookieText(key, example, style));
      else this.reading.losses.push(`"${name}": the ${place} parameter ${key}`);
    }
    return { query, texts, headers, cookies, path: this.#placed(path, inPath) };
  }

  #example(parameter: Given, what: string): unknown {
    const content = parameter.at('content').absent ? [] : parameter.at('content').members();
    const [typed] = content;
    if (typed === undefined) return mediaExample(parameter, what, this.reading, this.values) ?? 1;
    const value = mediaExample(typed[1], what, this.reading, this.values) ?? 1;
    return isJsonType(typed[0]) && typeof value === 'object' ? JSON.stringify(value) : value;
  }

  #placed(path: string, inPath: ReadonlyMap<string, string>): string {
    return path
      .split(/\{([^{}]+)\}/)
      .map((part, i) => {
        if (i % 2 === 0) return literal(part).replace(/\s/g, '%20');
        return `{{${inPath.get(part) ?? this.#pathVariables.of(path, part, 1, undefined)}}}`;
      })
      .join('');
  }

  /** The first success that is described: a status, a range of them, or the default; else a redirect. */
  #check(operation: Given, name: string): { check: Json; accept: Record<string, string> } {
    const responses = operation.at('responses');
    const keys = responses.absent ? [] : responses.members().map(([key]) => key);
    const code =
      [/^2\d\d$/, /^2xx$/i, /^default$/, /^3\d\d$/]
        .map((wanted) => keys.find((key) => wanted.test(key)))
        .find((key) => key !== undefined) ?? '';
    const status = /^\d+$/.test(code) ? Number(code) : '2xx';
    const check: Json = { name: `status code is ${status}`, status };
    const content = code === '' ? undefined : resolved(responses.at(code), this.reading)?.at('content');
    const types = content === undefined || content.absent ? [] : content.members();
    const json = types.find(([type]) => isJsonType(type));
    if (json === undefined) {
      const told = types.filter(([, media]) => !media.at('schema').absent).map(([type]) => type);
      if (told.length > 0) this.reading.losses.push(`"${name}": the schema of its ${told.join(', ')}`);
      return { check, accept: {} };
    }
    const [type, media] = json;
    const accept: Record<string, string> = types.length > 1 && !type.includes('*') ? { Accept: type } : {};
    if (media.at('schema').value === undefined) return { check, accept };
    const { schema, cut } = inlined(media.at('schema'), this.reading, 'response');
    if (cut) this.#cuts++;
    if (!JSON.stringify(schema).includes('{{')) return { check: { ...check, schema }, accept };
    this.reading.losses.push(`"${name}": its schema, which has {{ in it`);
    return { check, accept };
  }
}

/** One variable for each parameter of a path: `{id}` of /users and `{id}` of /orders are two. */
class PathVariables {
  readonly #names = new Map<string, string>();

  constructor(private readonly variables: Json) {}

  /** The variable of a parameter; the same one wherever the same part of a path takes the same value. */
  of(path: string, parameter: string, value: unknown, described: Given | undefined): string {
    const before = path.slice(0, path.indexOf(`{${parameter}}`));
    const shared = described?.path[0] === 'components' ? described.path.join('/') : undefined;
    const places = [shared, before].filter((place) => place !== undefined);
    const keys = places.map((place) => JSON.stringify([place, parameter, value]));
    const known = keys.map((key) => this.#names.get(key)).find((name) => name !== undefined);
    const name = known ?? this.#free(before, parameter);
    this.variables[name] = value;
    for (const key of keys) this.#names.set(key, name);
    return name;
  }

  /** `id`, else `orders_id`, else with a number. */
  #free(before: string, parameter: string): string {
    const plain = variableName(parameter);
    if (!Object.hasOwn(this.variables, plain)) return plain;
    const parts = before.split('/').filter((part) => part !== '' && !part.startsWith('{'));
    const longer = variableName([parts.at(-1), parameter].filter(Boolean).join('_'));
    if (!Object.hasOwn(this.variables, longer)) return longer;
    for (let n = 2; ; n++) if (!Object.hasOwn(this.variables, `${longer}_${n}`)) return `${longer}_${n}`;
  }
}
