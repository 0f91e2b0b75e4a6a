import { type DraftStep, type Imported, plainName, variableName } from './draft.js';
import { Given } from './given.js';
import { literal, literalValue } from './literal.js';

type Json = Record<string, unknown>;

const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];

/** What all operations of one document share. */
interface Reading {
  root: Given;
  variables: Json;
  losses: string[];
  /** References that schemas still may follow: recursion and fan-out end. */
  references: number;
}

const maxReferences = 5_000;

/** An OpenAPI 3 document as a scenario: one step an operation, with its examples, its first 2xx status and its schema. */
export function fromOpenApi(document: unknown): Imported {
  const root = new Given(document);
  const losses: string[] = [];
  const reading: Reading = { root, variables: {}, losses, references: maxReferences };
  const { variables } = reading;
  const steps: DraftStep[] = [];
  if (root.at('paths').absent) root.note('there is no "paths"');
  for (const [path, given] of root.at('paths').members()) {
    if (path.startsWith('x-')) continue;
    const item = resolved(given, reading);
    if (!path.startsWith('/')) given.note('a path begins with /');
    else if (item?.isObject()) steps.push(...operationsOf(path, item, reading));
  }
  const url = serverOf(root, losses);
  if (root.at('webhooks').members().length > 0) losses.push('webhooks');
  if (root.at('security').items().length > 0) losses.push('its security (give the scenario an auth:)');
  const draft = {
    name: plainName(root.at('info').at('title').text() ?? 'imported'),
    why: 'Imported from an OpenAPI document: every operation once.',
    ...(url === undefined ? {} : { url }),
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    steps,
  };
  return { draft, losses, wrong: root.wrong };
}

function serverOf(root: Given, losses: string[]): string | undefined {
  const server = root.at('servers').items()[0];
  const given = server?.at('url').text();
  if (server === undefined || given === undefined) return undefined;
  const url = given.replace(/\{([^{}]+)\}/g, (all, name: string) => {
    return server.at('variables').at(name).at('default').text() ?? all;
  });
  if (/^https?:\/\//.test(url) && !url.includes('{') && URL.canParse(url)) return url;
  losses.push(`the server ${given} (run with --url)`);
  return undefined;
}

function operationsOf(path: string, item: Given, reading: Reading): DraftStep[] {
  if (!item.at('trace').absent) reading.losses.push(`TRACE ${path}`);
  return methods.flatMap((method) => {
    const operation = item.at(method);
    if (operation.value === undefined || !operation.isObject()) return [];
    return [stepOf(method.toUpperCase(), path, operation, item, reading)];
  });
}

function stepOf(method: string, path: string, operation: Given, item: Given, reading: Reading): DraftStep {
  const { variables, losses } = reading;
  const name = plainName(operation.at('summary').text() ?? operation.at('operationId').text() ?? `${method} ${path}`);
  const query: Json = {};
  const headers: Record<string, string> = {};
  for (const given of [...item.at('parameters').items(), ...operation.at('parameters').items()]) {
    const parameter = resolved(given, reading);
    if (!parameter?.isObject()) continue;
    const key = parameter.at('name').neededText();
    const place = parameter.at('in').neededText();
    if (key === undefined || place === undefined) continue;
    const example = mediaExample(parameter, reading) ?? 1;
    if (place === 'path') variables[variableName(key)] ??= example;
    else if (parameter.at('required').value !== true) continue;
    else if (place === 'query') query[literal(key)] = example;
    // By OpenAPI a parameter of these names means nothing: the body, the responses and security say them.
    else if (place === 'header' && /^(accept|content-type|authorization)$/i.test(key)) continue;
    else if (place === 'header') headers[key] = typeof example === 'object' ? JSON.stringify(example) : String(example);
    else losses.push(`"${name}": the ${place} parameter ${key}`);
  }
  const placed = path
    .split(/\{([^{}]+)\}/)
    .map((part, i) => {
      if (i % 2 === 0) return literal(part).replace(/\s/g, '%20');
      variables[variableName(part)] ??= 1;
      return `{{${variableName(part)}}}`;
    })
    .join('');
  if (operation.at('security').items().length > 0) losses.push(`"${name}": its security (give the scenario an auth:)`);
  return {
    name,
    request: `${method} ${placed}`,
    ...(Object.keys(query).length > 0 ? { query } : {}),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...bodyOf(operation, name, reading),
    check: [checkOf(operation, name, reading)],
  };
}

function bodyOf(operation: Given, name: string, reading: Reading): Json {
  const { losses } = reading;
  const content = resolved(operation.at('requestBody'), reading)?.at('content');
  if (content === undefined || content.absent || !content.isObject()) return {};
  const json = content.at('application/json');
  const example = json.absent || !json.isObject() ? undefined : mediaExample(json, reading);
  if (example !== undefined) return { json: example };
  const form = content.at('application/x-www-form-urlencoded');
  const fields = form.absent || !form.isObject() ? undefined : mediaExample(form, reading);
  if (fields !== null && typeof fields === 'object' && !Array.isArray(fields)) return { form: fields };
  losses.push(`"${name}": body of type ${Object.keys(content.value as Json).join(', ')}`);
  return {};
}

/** The example of a parameter or media type, or one made of its schema; undefined where it has neither. */
function mediaExample(media: Given, reading: Reading): unknown {
  const { value } = media.at('example');
  if (value !== undefined) return literalValue(value);
  const [, first] = media.at('examples').members()[0] ?? [];
  const named = first && resolved(first, reading)?.at('value').value;
  if (named !== undefined) return literalValue(named);
  const schema = media.at('schema');
  return schema.absent ? undefined : exampleOf(schema, reading);
}

function checkOf(operation: Given, name: string, reading: Reading): Json {
  const responses = operation.at('responses');
  const code = responses.members().find(([key]) => /^2\d\d$/.test(key))?.[0];
  if (code === undefined) return { name: 'status code is 2xx', status: '2xx' };
  const schema = resolved(responses.at(code), reading)?.at('content').at('application/json').at('schema');
  const check = { name: `status code is ${code}`, status: Number(code) };
  if (schema === undefined || schema.absent) return check;
  const whole = inlined(schema, reading, []);
  if (!JSON.stringify(whole).includes('{{')) return { ...check, schema: whole };
  reading.losses.push(`"${name}": its schema, which has {{ in it`);
  return check;
}

/** What a reference stands for; undefined, and noted, where there is nothing. */
function resolved(given: Given, { root }: Reading): Given | undefined {
  let at = given;
  for (let hops = 0; hops < 20; hops++) {
    const reference = at.at('$ref').value;
    if (typeof reference !== 'string') return at;
    if (!reference.startsWith('#/')) return at.note(`the reference ${reference} leads out of the document`);
    let target = root;
    for (const key of reference.slice(2).split('/'))
      target = target.at(decoded(key).replaceAll('~1', '/').replaceAll('~0', '~'));
    if (target.absent) return at.note(`there is nothing at ${reference}`);
    at = target;
  }
  return given.note('the reference leads back to itself');
}

/** A JSON pointer in a URI fragment (RFC 6901, section 6). */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** A schema without references into the document, in the terms of 2020-12; where it contains itself anything is allowed. */
function inlined(given: Given, reading: Reading, open: readonly unknown[]): unknown {
  const { value } = given;
  if (Array.isArray(value)) return given.items().map((each) => inlined(each, reading, open));
  if (value === null || typeof value !== 'object') return value;
  let target: Given | undefined = given;
  if (typeof given.at('$ref').value === 'string') {
    target = reading.references-- > 0 ? resolved(given, reading) : undefined;
    if (target === undefined || open.includes(target.value)) return {};
  }
  if (!target.isObject()) return {};
  const inner = target === given ? open : [...open, target.value];
  const schema: Json = {};
  for (const [key, each] of target.members()) schema[key] = inlined(each, reading, inner);
  return modern(schema);
}

/** OpenAPI 3.0 has two words of its own: `nullable`, and exclusive bounds that are true or false. */
function modern(schema: Json): Json {
  const { nullable, exclusiveMinimum, exclusiveMaximum, minimum, maximum, ...rest } = schema;
  if (typeof schema.type !== 'string' && typeof exclusiveMinimum !== 'boolean' && typeof exclusiveMaximum !== 'boolean')
    return schema;
  return {
    ...rest,
    ...(nullable === true && typeof rest.type === 'string' ? { type: [rest.type, 'null'] } : {}),
    ...(nullable !== undefined && nullable !== true && nullable !== false ? { nullable } : {}),
    ...bounds('minimum', 'exclusiveMinimum', minimum, exclusiveMinimum),
    ...bounds('maximum', 'exclusiveMaximum', maximum, exclusiveMaximum),
  };
}

function bounds(inclusive: string, exclusive: string, bound: unknown, strict: unknown): Json {
  if (strict === true) return bound === undefined ? {} : { [exclusive]: bound };
  return {
    ...(bound === undefined ? {} : { [inclusive]: bound }),
    ...(strict === undefined || strict === false ? {} : { [exclusive]: strict }),
  };
}

function exampleOf(given: Given, reading: Reading, depth = 0): unknown {
  const schema = depth > 8 ? undefined : resolved(given, reading);
  if (schema === undefined || schema.absent || schema.value === true || !schema.isObject()) return null;
  const stated = [
    schema.at('example'),
    ...(Array.isArray(schema.at('examples').value) ? [schema.at('examples').at(0)] : []),
    schema.at('default'),
    schema.at('const'),
    ...(Array.isArray(schema.at('enum').value) ? [schema.at('enum').at(0)] : []),
  ].find(({ value }) => value !== undefined);
  if (stated !== undefined) return literalValue(stated.value);
  const parts = schema.at('allOf').items();
  if (parts.length > 0) {
    const examples = parts.map((part) => exampleOf(part, reading, depth + 1));
    return examples.every((each) => each !== null && typeof each === 'object' && !Array.isArray(each))
      ? Object.assign({}, ...examples)
      : examples[0];
  }
  const [first] = [...schema.at('anyOf').items(), ...schema.at('oneOf').items()];
  if (first !== undefined) return exampleOf(first, reading, depth + 1);
  const type = schema.at('type');
  const minimum = schema.at('minimum').value;
  switch (Array.isArray(type.value) ? type.value[0] : type.value) {
    case 'integer':
    case 'number':
      return typeof minimum === 'number' ? Math.max(1, minimum) : 1;
    case 'boolean':
      return true;
    case 'array':
      return [exampleOf(schema.at('items'), reading, depth + 1)];
    case 'string': {
      const format = schema.at('format').value;
      return format === 'uuid' ? '{{$uuid}}' : format === 'email' ? '{{$email}}' : '{{$word}}';
    }
    default:
      return objectExample(schema, reading, depth);
  }
}

function objectExample(schema: Given, reading: Reading, depth: number): Json {
  const required = schema.at('required').value;
  const members = schema
    .at('properties')
    .members()
    .filter(([key]) => !Array.isArray(required) || required.length === 0 || required.includes(key));
  return Object.fromEntries(members.map(([key, member]) => [literal(key), exampleOf(member, reading, depth + 1)]));
}
