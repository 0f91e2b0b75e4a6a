import { readReferenced } from '../check/schemas.js';
import { type Body, type Condition, type RequestStep, type Scenario, type Step, usualTimeoutMs } from '../scenario.js';
import { asText, type Reference, referencesOf } from '../variables/template.js';
import { type AsSent, asSent, baseOf, inOrder, lossesEverywhere } from './as-sent.js';
import { bodyVariable, postmanDialect as dialect, loops, script } from './postman-script.js';
import { conditionJs, type Losses, plainJs, sourceJs, valueJs } from './script-js.js';

/** Text in another tool's format, and what of the scenario it could not hold. */
export interface Converted {
  text: string;
  losses: Losses;
}

type Json = Record<string, unknown>;

/** A Postman collection v2.1 that newman runs with the same requests and assertions. `host` replaces the platform's address. */
export function toPostman(scenario: Scenario, baseUrl?: string): Converted {
  const losses = lossesEverywhere(scenario);
  const base = baseOf(scenario, baseUrl);
  const address = addressVariable(scenario);
  const writer = new Writer(scenario, `{{${address}}}`, losses);
  const items = [...scenario.setup, ...scenario.steps, ...scenario.teardown].flatMap((step) => writer.item(step));
  if (scenario.data.length > 0) losses.push('data: pass the rows to newman with --iteration-data');
  if (scenario.timeoutMs !== usualTimeoutMs)
    losses.push(`timeout: pass --timeout-request ${scenario.timeoutMs} to newman`);
  const variables = inOrder(scenario.variables).map(
    ([name, value]) =>
      `keep(${JSON.stringify(name)}, given(${JSON.stringify(name)}, ${valueJs(value, dialect, losses)}));`,
  );
  const first = [
    `if (pm.collectionVariables.get("iteration of hwctl") !== String(pm.info.iteration)) {`,
    '  pm.collectionVariables.set("iteration of hwctl", String(pm.info.iteration));',
    ...assignedNames(scenario).map((name) => `  forget(${JSON.stringify(name)});`),
    ...variables.map((line) => `  ${line}`),
    '}',
  ];
  const collection = {
    info: {
      name: scenario.name,
      description: scenario.why ?? '',
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    variable: [{ key: address, value: base }],
    item: items,
    event: [script('prerequest', first), script('test', [])],
  };
  return { text: `${JSON.stringify(collection, null, 2)}\n`, losses: [...new Set(losses)] };
}

/** What the collection calls its address: a name that nothing in the scenario has. */
function addressVariable(scenario: Scenario): string {
  const text = JSON.stringify(scenario);
  let name = 'baseUrl';
  for (let number = 2; text.includes(name); number++) name = `baseUrl${number}`;
  return name;
}

/** Generators that Postman has under another name. */
const dynamic: Record<string, string> = { uuid: 'guid', timestamp: 'timestamp', isoTimestamp: 'isoTimestamp' };

/** True where every template of a JSON value gives text without a character that JSON escapes. */
function onlyTexts(value: unknown, texts: ReadonlySet<string>): boolean {
  if (Array.isArray(value)) return value.every((item) => onlyTexts(item, texts));
  if (value !== null && typeof value === 'object') return Object.values(value).every((item) => onlyTexts(item, texts));
  if (typeof value !== 'string') return true;
  return referencesOf(value).references.every((reference) =>
    reference.kind === 'variable'
      ? reference.path.length === 0 && texts.has(reference.name)
      : ['uuid', 'isoTimestamp'].includes(reference.name),
  );
}

const numberGenerator = /^\{\{\s*\$(int|float|add|boolean|timestamp|timestampMs|iteration)\b[^}]*\}\}$/;

/** Variables that are plain texts wherever they are set, and never captured. */
function textVariables(scenario: Scenario): Set<string> {
  const isText = (value: unknown) =>
    typeof value === 'string' &&
    /^[^"\\\p{Cc}]*$/u.test(value) &&
    !numberGenerator.test(value) &&
    referencesOf(value).references.every(({ kind }) => kind === 'generated');
  const kinds = new Map<string, boolean>();
  const define = (variables: Record<string, unknown>, text: (value: unknown) => boolean) => {
    for (const [name, value] of Object.entries(variables)) kinds.set(name, text(value) && kinds.get(name) !== false);
  };
  const never = () => false;
  define(scenario.variables, isText);
  for (const row of scenario.data) define(row, never);
  walk(scenario, (step) => {
    define(step.set, isText);
    define(step.capture, never);
  });
  return new Set([...kinds].filter(([, text]) => text).map(([name]) => name));
}

/** What steps set or capture: each iteration starts without it, or with what `variables`, the command line or its row say. */
function assignedNames(scenario: Scenario): string[] {
  const names = new Set<string>();
  walk(scenario, (step) => {
    for (const name of [...Object.keys(step.set), ...Object.keys(step.capture)]) names.add(name);
  });
  return [...names];
}

function walk(scenario: Scenario, visit: (step: RequestStep) => void): void {
  const each = (step: Step) => {
    if (step.kind === 'folder') step.steps.forEach(each);
    if (step.kind === 'request') visit(step);
  };
  [...scenario.setup, ...scenario.steps, ...scenario.teardown].forEach(each);
}

class Writer {
  readonly #compared: Set<string>;
  readonly #texts: Set<string>;
  /** Set by captures alone: where they are taken, what texts use of their members is kept too. */
  readonly #captured: Set<string>;

  constructor(
    private readonly scenario: Scenario,
    /** A reference to the variable that holds where requests go. */
    private readonly address: string,
    private readonly losses: Losses,
  ) {
    this.#compared = comparedSteps(scenario);
    this.#texts = textVariables(scenario);
    this.#captured = capturedAlone(scenario);
  }

  item(step: Step): Json[] {
    const { losses } = this;
    if (step.skip !== false) {
      losses.push(`"${step.name}": skipped here, left out there`);
      return [];
    }
    switch (step.kind) {
      case 'folder':
        return [{ name: step.name, item: step.steps.flatMap((each) => this.item(each)) }];
      case 'request':
        return [this.#request(step)];
      case 'parallel':
      case 'fault':
      case 'wait':
        losses.push(`"${step.name}": ${step.kind} has no counterpart`);
        return [];
    }
  }

  #request(step: RequestStep): Json {
    const { losses, scenario } = this;
    const { request } = step;
    const own: Losses = [];
    if (step.retry > 0) own.push('retry');
    if (request.lose !== undefined) own.push(`lose: ${request.lose}`);
    if (request.as !== '') own.push(`as: ${request.as} (one cookie jar for all)`);
    if (request.timeoutMs !== undefined) own.push(`timeout: ${request.timeoutMs} ms (newman has --timeout-request)`);
    const before = Object.entries(step.set).map(
      ([name, value]) => `keep(${JSON.stringify(name)}, ${valueJs(value, dialect, own)});`,
    );
    const place = (template: string) => this.#placed(template, before, own);
    const sent = asSent(request, scenario);
    const header = sent.headers.flatMap(([key, value]) =>
      (Array.isArray(value) ? value : [value]).map((each) => ({ key: place(key), value: place(each) })),
    );
    const item: Json = {
      name: step.name,
      ...behavior(sent, request.method, request.body),
      request: {
        method: request.method,
        header,
        url: this.#url(request, before, own, place),
        ...(request.body === undefined ? {} : { body: this.#body(request.body, before, own, place) }),
        ...this.#auth(sent.auth, own, place),
      },
    };
    const after = loops(step, this.#after(step, own), own);
    const events: Json[] = [];
    if (before.length > 0) events.push(script('prerequest', before));
    if (after.length > 0) events.push(script('test', after));
    if (events.length > 0) item.event = events;
    losses.push(...own.map((loss) => `"${step.name}": ${loss}`));
    return item;
  }

  #url(request: RequestStep['request'], before: string[], own: Losses, place: (text: string) => string): string {
    let url = request.path;
    if (url.startsWith('{{')) {
      before.push(
        `pm.variables.set("address", address(pm.variables.get(${JSON.stringify(this.address.slice(2, -2))}), ${plainJs(url, dialect, own)}));`,
      );
      url = '{{address}}';
    } else url = (/^https?:/.test(url) ? '' : this.address) + place(url);
    const query = Object.entries(request.query);
    if (query.length === 0) return url;
    return `${url}${request.path.includes('?') ? '&' : '?'}${this.#pairs(query, 'query', before, own)}`;
  }

  /** Names and values as hwctl encodes them: here where they are known, else in the script. */
  #pairs(fields: [string, unknown][], name: string, before: string[], own: Losses): string {
    const known = knownPairs(fields);
    if (known !== undefined) return known.toString();
    const list = fields.map(([key, value]) => `[${plainJs(key, dialect, own)}, ${valueJs(value, dialect, own)}]`);
    before.push(`pm.variables.set("request ${name}", pairs([${list.join(', ')}]));`);
    return `{{request ${name}}}`;
  }

  #after(step: RequestStep, own: Losses): string[] {
    const lines: string[] = [];
    if (this.#compared.has(step.name))
      lines.push(`keep(${JSON.stringify(bodyVariable(step.name))}, pm.response.text());`);
    for (const check of step.check) {
      const checks = conditionJs(check.condition, dialect, own);
      const body = checks.map(
        ({ what, expression }) => `  pm.expect(${expression}, ${JSON.stringify(what)}).to.equal(true);`,
      );
      const { schema } = check.condition;
      if (schema !== undefined && schema !== true)
        body.push(`  pm.response.to.have.jsonSchema(${JSON.stringify(readReferenced(schema, this.scenario.file))});`);
      // A test without a line in it would always pass; what is lost is listed.
      if (body.length === 0 && check.skip === false && schema !== true) continue;
      const test = check.skip === false ? 'pm.test' : 'pm.test.skip';
      lines.push(`${test}(${plainJs(check.name, dialect, own)}, () => {`, ...body, '});');
    }
    for (const [name, source] of Object.entries(step.capture)) {
      const value = sourceJs(source, dialect, own);
      const word = JSON.stringify(name);
      if (value === undefined) continue;
      lines.push(`keep(${word}, taken(${word}, ${value}));`);
      if (!this.#captured.has(name)) continue;
      for (const path of dottedUses(this.scenario, name))
        lines.push(`keep(${JSON.stringify([name, ...path].join('.'))}, ${dialect.variable(name, path)});`);
    }
    for (const items of step.log) {
      const values = items.map((item) =>
        item.kind === 'literal' ? plainJs(item.value, dialect, own) : (sourceJs(item.source, dialect, own) ?? '"?"'),
      );
      lines.push(`console.log(${values.join(', ')});`);
    }
    return lines;
  }

  #body(body: Body, before: string[], own: Losses, place: (text: string) => string): Json {
    // What is text stands in the body as it is; the rest is built in a script, so that numbers stay numbers.
    const json = (value: unknown, name: string) => {
      if (onlyTexts(value, this.#texts)) return place(JSON.stringify(value));
      before.push(`pm.variables.set("request ${name}", JSON.stringify(${valueJs(value, dialect, own)}));`);
      return `{{request ${name}}}`;
    };
    switch (body.kind) {
      case 'json':
        return { mode: 'raw', raw: json(body.value, 'body') };
      case 'text':
        return { mode: 'raw', raw: place(body.value) };
      case 'graphql':
        return {
          mode: 'graphql',
          graphql: { query: place(body.query), variables: json(body.variables, 'variables') },
        };
      case 'form': {
        const fields = Object.entries(body.fields);
        const known = knownPairs(fields);
        // Postman writes a blank as %20 and leaves !'()~ alone: other bytes than hwctl's, so only plain values stand in its table.
        if (known !== undefined && /^[\w.=&-]*$/.test(known.toString()))
          return { mode: 'urlencoded', urlencoded: [...known].map(([key, value]) => ({ key, value })) };
        return { mode: 'raw', raw: this.#pairs(fields, 'form', before, own) };
      }
      case 'file':
        own.push('file: run newman with --working-dir, the folder of the scenario');
        return { mode: 'file', file: { src: place(body.path) } };
      case 'multipart':
        if (Object.values(body.fields).some((value) => typeof value !== 'string'))
          own.push('multipart: run newman with --working-dir, the folder of the scenario');
        return {
          mode: 'formdata',
          formdata: Object.entries(body.fields).map(([key, value]) =>
            typeof value === 'string'
              ? { key, type: 'text', value: place(value) }
              : { key, type: 'file', src: place(value.file), contentType: value.type ?? 'application/octet-stream' },
          ),
        };
    }
  }

  #auth(auth: AsSent['auth'], own: Losses, place: (text: string) => string): Json {
    switch (auth?.kind) {
      case undefined:
        return {};
      case 'bearer':
        return { auth: { type: 'bearer', bearer: [{ key: 'token', value: place(auth.token) }] } };
      case 'basic': {
        const pairs = [
          { key: 'username', value: place(auth.username) },
          { key: 'password', value: place(auth.password) },
        ];
        return { auth: { type: 'basic', basic: pairs } };
      }
      case 'oauth2':
        own.push('auth: oauth2 must be set up in Postman');
        return { auth: { type: 'noauth' } };
    }
  }

  /** A template in Postman's syntax; what Postman cannot expand is computed in the prerequest script. */
  #placed(template: string, before: string[], own: Losses): string {
    return template.replace(/\{\{[^}]*\}\}/g, (part) => {
      const [reference] = referencesOf(part).references;
      if (reference === undefined) return part;
      if (reference.kind === 'generated' && dynamic[reference.name] !== undefined)
        return `{{$${dynamic[reference.name]}}}`;
      if (reference.kind === 'variable' && (reference.path.length === 0 || this.#captured.has(reference.name)))
        return `{{${[reference.name, ...reference.path].join('.')}}}`;
      const name = computedName(reference, before.length);
      before.push(`pm.variables.set(${JSON.stringify(name)}, ${plainJs(part, dialect, own)});`);
      return `{{${name}}}`;
    });
  }
}

function computedName(reference: Reference, index: number): string {
  return reference.kind === 'variable' ? [reference.name, ...reference.path].join('.') : `generated ${index + 1}`;
}

/** Form fields without a variable; undefined where there is one. */
function knownPairs(fields: [string, unknown][]): URLSearchParams | undefined {
  if (JSON.stringify(fields).includes('{{')) return undefined;
  const known = new URLSearchParams();
  for (const [key, value] of fields)
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value]) known.append(key, asText(each));
  return known;
}

/** Postman's settings of one request, as far as they differ from newman's own. */
function behavior({ redirects, cookies }: AsSent, method: string, body: Body | undefined): Json {
  const settings = {
    ...(redirects ? {} : { followRedirects: false }),
    ...(cookies ? {} : { disableCookies: true }),
    ...(body !== undefined && ['GET', 'HEAD'].includes(method) ? { disableBodyPruning: true } : {}),
  };
  return Object.keys(settings).length === 0 ? {} : { protocolProfileBehavior: settings };
}

function comparedSteps(scenario: Scenario): Set<string> {
  const names = new Set<string>();
  const gather = ({ sameBodyAs, any = [], all = [], not }: Condition) => {
    if (sameBodyAs !== undefined) names.add(sameBodyAs);
    [...any, ...all, ...(not === undefined ? [] : [not])].forEach(gather);
  };
  walk(scenario, (step) => {
    for (const { condition } of step.check) gather(condition);
    if (step.until !== undefined) gather(step.until.condition);
  });
  return names;
}

function capturedAlone(scenario: Scenario): Set<string> {
  const captured = new Set<string>();
  const set = new Set([...Object.keys(scenario.variables), ...scenario.data.flatMap((row) => Object.keys(row))]);
  walk(scenario, (step) => {
    for (const name of Object.keys(step.capture)) captured.add(name);
    for (const name of Object.keys(step.set)) set.add(name);
  });
  for (const name of set) captured.delete(name);
  return captured;
}

/** Paths by which a captured variable is used in texts: `order.id`. */
function dottedUses(scenario: Scenario, name: string): string[][] {
  const uses = new Map<string, string[]>();
  for (const { text } of scenario.templates)
    for (const reference of referencesOf(text).references)
      if (reference.kind === 'variable' && reference.name === name && reference.path.length > 0)
        uses.set(reference.path.join('.'), reference.path);
  return [...uses.values()];
}
