import { generatorNames } from '../generated.js';
import type { CollectionJson } from '../postman/collection.js';
import { type Draft, type DraftStep, draftYaml, variableName } from './draft.js';
import type { Converted } from './to-postman.js';

type Json = Record<string, unknown>;

const generatorOf: Record<string, string> = {
  guid: 'uuid',
  randomUUID: 'uuid',
  timestamp: 'timestamp',
  isoTimestamp: 'isoTimestamp',
  randomInt: 'int',
  randomBoolean: 'boolean',
  randomAlphaNumeric: 'text(1)',
  randomPassword: 'password',
  randomFirstName: 'firstName',
  randomLastName: 'lastName',
  randomFullName: 'fullName',
  randomUserName: 'userName',
  randomEmail: 'email',
  randomPhoneNumber: 'phone',
  randomCity: 'city',
  randomStreetAddress: 'street',
  randomWord: 'word',
};

/** A Postman collection as a scenario. Scripts are read as far as they are plain; the rest is listed as lost. */
export function fromPostman(collection: CollectionJson): Converted {
  const losses: string[] = [];
  const variables: Record<string, unknown> = {};
  for (const { key, value } of list(collection.variable))
    if (typeof key === 'string') variables[variableName(key)] = templated(String(value ?? ''), losses);
  const steps = list(collection.item).map((item) => stepOf(item, losses));
  const { auth } = authOf(collection.auth, losses);
  for (const [, name] of JSON.stringify([steps, auth]).matchAll(/\{\{([A-Za-z_]\w*)/g)) variables[name!] ??= '';
  if (list(collection.event).some((event) => code(event).trim() !== '')) losses.push('scripts of the collection');
  const draft: Draft = {
    name: String(collection.info?.name ?? 'imported'),
    why: 'Imported from a Postman collection.',
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    ...(auth === undefined ? {} : { auth }),
    steps,
  };
  return draftYaml(draft, [...new Set(losses)]);
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]).filter((each) => each !== null && typeof each === 'object') : [];
}

function stepOf(item: Json, losses: string[]): DraftStep {
  const name = String(item.name ?? 'unnamed');
  if (Array.isArray(item.item)) {
    if (list(item.event).some((event) => code(event).trim() !== '')) losses.push(`"${name}": scripts of the folder`);
    return { folder: name, steps: list(item.item).map((each) => stepOf(each, losses)) };
  }
  const own: string[] = [];
  const request = (typeof item.request === 'string' ? { url: item.request } : (item.request ?? {})) as Json;
  const method = String(request.method ?? 'GET').toUpperCase();
  const place = (text: string) => templated(text, own);
  const url = typeof request.url === 'string' ? request.url : String((request.url as Json | undefined)?.raw ?? '');
  const absolute = /^(https?:|\{\{|\/)/.test(url) ? url : `http://${url}`;
  const headers: Record<string, string> = {};
  for (const { key, value, disabled } of list(request.header))
    if (disabled !== true) headers[String(key)] = place(String(value ?? ''));
  const step: DraftStep = {
    name,
    request: `${method} ${place(absolute)}`,
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...bodyOf(request.body as Json | undefined, place, own),
    ...authOf(request.auth, own),
  };
  for (const event of list(item.event)) readScript(event, step, own);
  losses.push(...own.map((loss) => `"${name}": ${loss}`));
  return step;
}

function templated(text: string, losses: string[]): string {
  return text.replace(/\{\{\s*([^}]+?)\s*\}\}/g, (_all, name: string) => {
    if (!name.startsWith('$')) return `{{${variableName(name)}}}`;
    const generator = generatorOf[name.slice(1)] ?? name.slice(1);
    if (generatorNames.includes(generator.split('(')[0]!)) return `{{$${generator}}}`;
    losses.push(`{{${name}}} became a random word`);
    return '{{$word}}';
  });
}

function bodyOf(body: Json | undefined, place: (text: string) => string, losses: string[]): Json {
  const pairs = (value: unknown) =>
    Object.fromEntries(
      list(value)
        .filter((each) => each.disabled !== true)
        .map((each) => [String(each.key), place(String(each.value ?? ''))]),
    );
  switch (body?.mode) {
    case 'raw': {
      const raw = place(String(body.raw ?? ''));
      try {
        return { json: JSON.parse(raw) };
      } catch {
        return raw === '' ? {} : { text: raw };
      }
    }
    case 'urlencoded':
      return { form: pairs(body.urlencoded) };
    case 'formdata':
      return {
        multipart: Object.fromEntries(
          list(body.formdata).map((part) => [
            String(part.key),
            part.type === 'file' ? { file: String(part.src) } : place(String(part.value ?? '')),
          ]),
        ),
      };
    case 'graphql': {
      const { query, variables } = body.graphql as { query?: string; variables?: string };
      return {
        graphql: { query: place(query ?? ''), ...(variables ? { variables: JSON.parse(variables) as unknown } : {}) },
      };
    }
    case 'file':
      return { file: String((body.file as Json | undefined)?.src ?? '') };
    case undefined:
      return {};
    default:
      losses.push(`body: ${String(body?.mode)}`);
      return {};
  }
}

function authOf(auth: unknown, losses: string[]): Json {
  if (auth === null || typeof auth !== 'object') return {};
  const { type, ...kinds } = auth as Json & { type?: string };
  // v2.1 lists key and value, v2.0 has an object.
  const given = kinds[String(type)];
  const settings = Array.isArray(given)
    ? Object.fromEntries(list(given).map(({ key, value }) => [String(key), value]))
    : ((given ?? {}) as Json);
  const text = (name: string) => templated(String(settings[name] ?? ''), losses);
  if (type === 'noauth') return { auth: 'none' };
  if (type === 'bearer') return { auth: { bearer: text('token') } };
  if (type === 'basic') return { auth: { basic: { username: text('username'), password: text('password') } } };
  losses.push(`auth: ${String(type)}`);
  return {};
}

function code(event: Json): string {
  const exec = (event.script as Json | undefined)?.exec;
  return Array.isArray(exec) ? exec.join('\n') : String(exec ?? '');
}

const testPattern = /pm\.test\(\s*(["'`])(.*?)\1\s*,\s*(?:function\s*\(\)|\(\)\s*=>)\s*\{([\s\S]*?)\}\s*\)\s*;?/g;
const statusPattern =
  /^pm\.(?:response\.to\.have\.status\((\d+)\)|expect\(pm\.response\.code\)\.to\.(?:equal|eql|eq)\((\d+)\))$/;
const setPattern =
  /pm\.(?:environment|collectionVariables|globals|variables)\.set\(\s*["'`](.+?)["'`]\s*,\s*(?:pm\.response\.json\(\)|jsonData|json|data|body)((?:\.\w+|\[\d+\])+)\s*\)\s*;?/g;

/** Tests of the status and captures of JSON members are carried over; any other statement is lost, and said so. */
function readScript(event: Json, step: DraftStep, losses: string[]): void {
  const source = code(event);
  if (source.trim() === '') return;
  if (event.listen !== 'test') {
    losses.push(`the ${String(event.listen)} script`);
    return;
  }
  const checks: Json[] = [];
  let rest = source.replace(testPattern, (_all, _quote, name: string, inner: string) => {
    const statements = inner
      .split(/[;\n]/)
      .map((line) => line.trim())
      .filter((line) => line !== '');
    const statuses = statements.map((line) => statusPattern.exec(line)).filter((match) => match !== null);
    if (statuses.length === statements.length && statuses.length > 0)
      checks.push({ name, status: Number(statuses[0]![1] ?? statuses[0]![2]) });
    else losses.push(`the test "${name}"`);
    return '';
  });
  const capture: Record<string, string> = {};
  rest = rest.replace(setPattern, (_all, name: string, path: string) => {
    capture[variableName(name)] = `$${path}`;
    return '';
  });
  rest = rest
    .replace(
      /(?:var|let|const)\s+(?:jsonData|json|data|body)\s*=\s*(?:pm\.response\.json\(\)|JSON\.parse\(responseBody\))\s*;?/g,
      '',
    )
    .replace(/\/\/.*$/gm, '');
  if (rest.trim() !== '') losses.push(`of the test script: ${rest.trim().slice(0, 80)}`);
  if (checks.length > 0) step.check = checks;
  if (Object.keys(capture).length > 0) step.capture = capture;
}
