import type { Body, HeaderValue, RequestStep, Scenario, Step } from '../scenario.js';
import { referencesOf } from '../template.js';
import { conditionJs, type Dialect, type Losses, scriptHelpers, sourceJs, valueJs } from './script-js.js';

/** Text in another tool's format, and what of the scenario it could not hold. */
export interface Converted {
  text: string;
  losses: Losses;
}

type Json = Record<string, unknown>;

const dialect: Dialect = {
  status: 'pm.response.code',
  header: (name) => `(pm.response.headers.get(${JSON.stringify(name)}) ?? undefined)`,
  text: 'pm.response.text()',
  json: 'pm.response.json()',
  timeMs: 'pm.response.responseTime',
  variable: (name, path) => `recall(${[name, ...path].map((word) => JSON.stringify(word)).join(', ')})`,
  bodyOf: (step) => `recall(${JSON.stringify(bodyVariable(step))})`,
};

// A variable is kept as text, for {{name}}, and as JSON, for scripts and for JSON bodies.
const memory = [
  'const keep = (name, value) => { pm.collectionVariables.set(name, typeof value === "object" ? JSON.stringify(value) : value); pm.collectionVariables.set(name + ":json", JSON.stringify(value)); };',
  'const recall = (name, ...path) => path.reduce((value, key) => value?.[key], JSON.parse(pm.collectionVariables.get(name + ":json") ?? pm.iterationData.get(name + ":json") ?? JSON.stringify(pm.variables.get(name) ?? null)));',
];

function bodyVariable(step: string): string {
  return `body of ${step}`;
}

/** A Postman collection v2.1 that newman runs with the same requests and assertions. `host` replaces the platform's address. */
export function toPostman(scenario: Scenario, baseUrl?: string): Converted {
  const losses: Losses = [];
  const base = baseUrl ?? scenario.url ?? `http://${scenario.host ?? 'localhost'}`;
  const writer = new Writer(scenario, base, losses);
  const items = [...scenario.setup, ...scenario.steps, ...scenario.teardown].flatMap((step) => writer.item(step));
  if (scenario.teardown.length > 0) losses.push('teardown: it runs last, but not after a failure that ends the run');
  if (scenario.data.length > 0) losses.push('data: pass the rows to newman with --iteration-data');
  const variables = Object.entries(scenario.variables).map(
    ([name, value]) => `keep(${JSON.stringify(name)}, ${valueJs(value, dialect, losses)});`,
  );
  const first = [
    `if (pm.collectionVariables.get("iteration of hwctl") !== String(pm.info.iteration)) {`,
    '  pm.collectionVariables.set("iteration of hwctl", String(pm.info.iteration));',
    ...variables.map((line) => `  ${line}`),
    '}',
  ];
  const collection = {
    info: {
      name: scenario.name,
      description: scenario.why ?? '',
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    item: items,
    event: [script('prerequest', [...scriptHelpers, ...memory, ...first]), script('test', [''])],
  };
  return { text: `${JSON.stringify(collection, null, 2)}\n`, losses: [...new Set(losses)] };
}

function script(listen: string, exec: string[]): Json {
  return { listen, script: { type: 'text/javascript', exec } };
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

/** Variables that are plain texts: set by the scenario, not captured. */
function textVariables(scenario: Scenario): Set<string> {
  const names = new Set<string>();
  const keep = (variables: Record<string, unknown>) => {
    for (const [name, value] of Object.entries(variables))
      if (typeof value === 'string' && /^[^"\\]*$/.test(value) && !numberGenerator.test(value)) names.add(name);
  };
  keep(scenario.variables);
  const visit = (steps: readonly Step[]) => {
    for (const step of steps) {
      if (step.kind === 'folder') visit(step.steps);
      if (step.kind === 'request') keep(step.set);
    }
  };
  visit([...scenario.setup, ...scenario.steps, ...scenario.teardown]);
  const forget = (steps: readonly Step[]) => {
    for (const step of steps) {
      if (step.kind === 'folder') forget(step.steps);
      if (step.kind === 'request') for (const name of Object.keys(step.capture)) names.delete(name);
    }
  };
  forget([...scenario.setup, ...scenario.steps, ...scenario.teardown]);
  return names;
}

class Writer {
  readonly #compared: Set<string>;
  readonly #texts: Set<string>;

  constructor(
    private readonly scenario: Scenario,
    private readonly base: string,
    private readonly losses: Losses,
  ) {
    this.#compared = comparedSteps(scenario);
    this.#texts = textVariables(scenario);
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
    const own: Losses = [];
    if (step.until !== undefined) own.push('until: asked once');
    if (step.retry > 0) own.push('retry');
    if (step.repeat > 1) own.push(`repeat: done once instead of ${step.repeat} times`);
    if (step.request.lose !== undefined) own.push(`lose: ${step.request.lose}`);
    if (step.request.as !== '') own.push(`as: ${step.request.as} (one cookie jar for all)`);
    const before: string[] = [];
    for (const [name, value] of Object.entries(step.set))
      before.push(`keep(${JSON.stringify(name)}, ${valueJs(value, dialect, own)});`);
    const place = (template: string) => this.#placed(template, before, own);
    const { request } = step;
    const absolute = /^(https?:|\{\{)/.test(request.path) && !request.path.startsWith('{{');
    const query = Object.entries(request.query).flatMap(([key, value]) =>
      (Array.isArray(value) ? value : [value]).map((each) => `${encodeURIComponent(key)}=${place(String(each))}`),
    );
    const url = (absolute ? '' : this.base) + place(request.path);
    const suffix = query.length === 0 ? '' : `${url.includes('?') ? '&' : '?'}${query.join('&')}`;
    const headers = this.#headers({ ...scenario.headers, ...request.headers }, request.body, place);
    const item: Json = {
      name: step.name,
      request: {
        method: request.method,
        header: headers,
        url: url + suffix,
        ...(request.body === undefined ? {} : { body: this.#body(request.body, before, own, place) }),
        ...this.#auth(request.auth ?? scenario.auth, place),
      },
    };
    const after = this.#after(step, own);
    const events: Json[] = [];
    if (before.length > 0) events.push(script('prerequest', [...scriptHelpers, ...memory, ...before]));
    if (after.length > 0) events.push(script('test', [...scriptHelpers, ...memory, ...after]));
    if (events.length > 0) item.event = events;
    losses.push(...own.map((loss) => `"${step.name}": ${loss}`));
    return item;
  }

  #after(step: RequestStep, own: Losses): string[] {
    const lines: string[] = [];
    if (this.#compared.has(step.name))
      lines.push(`keep(${JSON.stringify(bodyVariable(step.name))}, pm.response.text());`);
    for (const [name, source] of Object.entries(step.capture)) {
      const value = sourceJs(source, dialect, own);
      if (value === undefined) continue;
      lines.push(`keep(${JSON.stringify(name)}, ${value});`);
      for (const path of dottedUses(this.scenario, name))
        lines.push(`keep(${JSON.stringify([name, ...path].join('.'))}, ${dialect.variable(name, path)});`);
    }
    for (const items of step.log) {
      const values = items.map((item) =>
        item.kind === 'literal' ? valueJs(item.value, dialect, own) : (sourceJs(item.source, dialect, own) ?? '"?"'),
      );
      lines.push(`console.log(${values.join(', ')});`);
    }
    for (const check of step.check) {
      const checks = conditionJs(check.condition, dialect, own);
      const body = checks.map(
        ({ what, expression }) => `  pm.expect(${expression}, ${JSON.stringify(what)}).to.equal(true);`,
      );
      if (check.condition.schema !== undefined)
        body.push(`  pm.response.to.have.jsonSchema(${JSON.stringify(check.condition.schema)});`);
      const test = check.skip === false ? 'pm.test' : 'pm.test.skip';
      lines.push(`${test}(${JSON.stringify(check.name)}, () => {`, ...body, '});');
    }
    return lines;
  }

  #headers(headers: Record<string, HeaderValue>, body: Body | undefined, place: (text: string) => string): Json[] {
    const list = Object.entries(headers).flatMap(([key, value]) =>
      (Array.isArray(value) ? value : [value]).map((each) => ({ key, value: place(each) })),
    );
    const typed = list.some(({ key }) => key.toLowerCase() === 'content-type');
    const type = { json: 'application/json', graphql: 'application/json', text: 'text/plain' }[body?.kind as 'json'];
    return typed || type === undefined ? list : [{ key: 'Content-Type', value: type }, ...list];
  }

  #body(body: Body, before: string[], own: Losses, place: (text: string) => string): Json {
    switch (body.kind) {
      case 'json': {
        // What is text stands in the body as it is; the rest is built in a script, so that numbers stay numbers.
        if (onlyTexts(body.value, this.#texts)) return { mode: 'raw', raw: place(JSON.stringify(body.value)) };
        before.push(`pm.variables.set("request body", JSON.stringify(${valueJs(body.value, dialect, own)}));`);
        return { mode: 'raw', raw: '{{request body}}' };
      }
      case 'text':
        return { mode: 'raw', raw: place(body.value) };
      case 'graphql':
        return {
          mode: 'graphql',
          graphql: { query: place(body.query), variables: place(JSON.stringify(body.variables)) },
        };
      case 'form':
        return {
          mode: 'urlencoded',
          urlencoded: Object.entries(body.fields).map(([key, value]) => ({ key, value: place(String(value)) })),
        };
      case 'file':
        return { mode: 'file', file: { src: body.path } };
      case 'multipart':
        return {
          mode: 'formdata',
          formdata: Object.entries(body.fields).map(([key, value]) =>
            typeof value === 'string'
              ? { key, type: 'text', value: place(value) }
              : {
                  key,
                  type: 'file',
                  src: value.file,
                  ...(value.type === undefined ? {} : { contentType: value.type }),
                },
          ),
        };
    }
  }

  #auth(auth: Scenario['auth'], place: (text: string) => string): Json {
    if (auth === undefined) return {};
    if (auth.kind === 'bearer')
      return { auth: { type: 'bearer', bearer: [{ key: 'token', value: place(auth.token) }] } };
    if (auth.kind === 'basic') {
      const pairs = [
        { key: 'username', value: place(auth.username) },
        { key: 'password', value: place(auth.password) },
      ];
      return { auth: { type: 'basic', basic: pairs } };
    }
    if (auth.kind === 'oauth2') this.losses.push('auth: oauth2 must be set up in Postman');
    return { auth: { type: 'noauth' } };
  }

  /** A template in Postman's syntax; what Postman cannot expand is computed in the prerequest script. */
  #placed(template: string, before: string[], own: Losses): string {
    return template.replace(/\{\{[^}]*\}\}/g, (part) => {
      const [reference] = referencesOf(part).references;
      if (reference === undefined) return part;
      if (reference.kind === 'generated' && dynamic[reference.name] !== undefined)
        return `{{$${dynamic[reference.name]}}}`;
      if (reference.kind === 'variable') return `{{${[reference.name, ...reference.path].join('.')}}}`;
      const name = `generated ${before.length + 1}`;
      before.push(`pm.variables.set(${JSON.stringify(name)}, ${valueJs(part, dialect, own)});`);
      return `{{${name}}}`;
    });
  }
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

function comparedSteps(scenario: Scenario): Set<string> {
  const names = new Set<string>();
  const visit = (steps: readonly Step[]) => {
    for (const step of steps) {
      if (step.kind === 'folder') visit(step.steps);
      if (step.kind !== 'request') continue;
      for (const { condition } of step.check) if (condition.sameBodyAs !== undefined) names.add(condition.sameBodyAs);
    }
  };
  visit([...scenario.setup, ...scenario.steps, ...scenario.teardown]);
  return names;
}
