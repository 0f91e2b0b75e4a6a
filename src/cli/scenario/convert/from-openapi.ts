import { type DraftStep, draftYaml, variableName } from './draft.js';
import type { Converted } from './to-postman.js';

type Json = Record<string, unknown>;

const methods = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];

/** An OpenAPI 3 document as a scenario: one step an operation, with its examples, its first 2xx status and its schema. */
export function fromOpenApi(document: Json): Converted {
  const losses: string[] = [];
  const variables: Record<string, unknown> = {};
  const steps: DraftStep[] = [];
  for (const [path, item] of Object.entries((document.paths ?? {}) as Record<string, Json>)) {
    for (const method of methods) {
      const operation = item[method] as Json | undefined;
      if (operation !== undefined) steps.push(stepOf(method, path, operation, item, document, variables, losses));
    }
  }
  const info = (document.info ?? {}) as Json;
  const server = ((document.servers as Json[] | undefined) ?? [])[0]?.url;
  const url = typeof server === 'string' && /^https?:\/\//.test(server) && !server.includes('{') ? { url: server } : {};
  if (Object.keys((document.webhooks ?? {}) as Json).length > 0) losses.push('webhooks');
  const draft = {
    name: String(info.title ?? 'imported'),
    why: 'Imported from an OpenAPI document: every operation once.',
    ...url,
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    steps,
  };
  return draftYaml(draft, [...new Set(losses)]);
}

function stepOf(
  method: string,
  path: string,
  operation: Json,
  item: Json,
  document: Json,
  variables: Record<string, unknown>,
  losses: string[],
): DraftStep {
  const name = String(operation.summary ?? operation.operationId ?? `${method.toUpperCase()} ${path}`);
  const all = [...((item.parameters as Json[]) ?? []), ...((operation.parameters as Json[]) ?? [])].map((each) =>
    resolved(each, document),
  );
  const query: Record<string, unknown> = {};
  const headers: Record<string, string> = {};
  for (const parameter of all) {
    const key = String(parameter.name);
    const example = parameter.example ?? exampleOf(parameter.schema as Json | undefined, document);
    if (parameter.in === 'path') variables[variableName(key)] ??= example;
    else if (parameter.required !== true) continue;
    else if (parameter.in === 'query') query[key] = example;
    else if (parameter.in === 'header') headers[key] = String(example);
    else losses.push(`"${name}": the ${String(parameter.in)} parameter ${key}`);
  }
  const placed = path.replace(/\{(\w[\w-]*)\}/g, (_all, key: string) => {
    variables[variableName(key)] ??= 1;
    return `{{${variableName(key)}}}`;
  });
  if (operation.security !== undefined) losses.push(`"${name}": its security (give the scenario an auth:)`);
  return {
    name,
    request: `${method.toUpperCase()} ${placed}`,
    ...(Object.keys(query).length > 0 ? { query } : {}),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...bodyOf(operation, document, name, losses),
    check: [checkOf(operation, document)],
  };
}

function bodyOf(operation: Json, document: Json, name: string, losses: string[]): Json {
  const content = resolved((operation.requestBody ?? {}) as Json, document).content as Record<string, Json> | undefined;
  if (content === undefined) return {};
  const media = content['application/json'];
  if (media !== undefined) return { json: media.example ?? exampleOf(media.schema as Json | undefined, document) };
  const form = content['application/x-www-form-urlencoded'];
  if (form !== undefined) return { form: exampleOf(form.schema as Json | undefined, document) };
  losses.push(`"${name}": body of type ${Object.keys(content).join(', ')}`);
  return {};
}

function checkOf(operation: Json, document: Json): Json {
  const responses = (operation.responses ?? {}) as Record<string, Json>;
  const code = Object.keys(responses).find((key) => /^2\d\d$/.test(key));
  if (code === undefined) return { name: 'status code is 2xx', status: '2xx' };
  const content = resolved(responses[code]!, document).content as Record<string, Json> | undefined;
  const schema = content?.['application/json']?.schema as Json | undefined;
  const check = { name: `status code is ${code}`, status: Number(code) };
  return schema === undefined ? check : { ...check, schema: inlined(schema, document, 0) };
}

function resolved(value: Json, document: Json): Json {
  const reference = value.$ref;
  if (typeof reference !== 'string' || !reference.startsWith('#/')) return value;
  let at: unknown = document;
  for (const key of reference.slice(2).split('/'))
    at = (at as Json | undefined)?.[key.replaceAll('~1', '/').replaceAll('~0', '~')];
  return (at ?? {}) as Json;
}

/** A schema without references into the document; beyond ten levels (recursive schemas) anything is allowed. */
function inlined(value: unknown, document: Json, depth: number): unknown {
  if (Array.isArray(value)) return value.map((each) => inlined(each, document, depth));
  if (value === null || typeof value !== 'object') return value;
  if (depth > 10) return {};
  const target = resolved(value as Json, document);
  return Object.fromEntries(Object.entries(target).map(([key, each]) => [key, inlined(each, document, depth + 1)]));
}

function exampleOf(given: Json | undefined, document: Json, depth = 0): unknown {
  if (given === undefined || depth > 8) return null;
  const schema = resolved(given, document);
  if (schema.example !== undefined) return schema.example;
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const first = ((schema.allOf ?? schema.anyOf ?? schema.oneOf) as Json[] | undefined)?.[0];
  if (first !== undefined) return exampleOf(first, document, depth + 1);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'integer':
    case 'number':
      return typeof schema.minimum === 'number' ? Math.max(1, schema.minimum) : 1;
    case 'boolean':
      return true;
    case 'array':
      return [exampleOf(schema.items as Json | undefined, document, depth + 1)];
    case 'string':
      return schema.format === 'uuid' ? '{{$uuid}}' : schema.format === 'email' ? '{{$email}}' : '{{$word}}';
    default: {
      const required = new Set((schema.required as string[] | undefined) ?? []);
      const members = Object.entries((schema.properties ?? {}) as Record<string, Json>).filter(
        ([key]) => required.size === 0 || required.has(key),
      );
      return Object.fromEntries(members.map(([key, member]) => [key, exampleOf(member, document, depth + 1)]));
    }
  }
}
