import { generatorNames } from '../generated.js';
import type { CollectionJson } from '../postman/collection.js';
import { type Draft, type DraftStep, grouped, type Imported, plainName, variableName } from './draft.js';
import { Given } from './given.js';
import { literal } from './literal.js';

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

/** What all items of one collection share. */
interface Reading {
  variables: Record<string, unknown>;
  losses: string[];
}

/** A Postman collection (v2, as `readCollection` takes it) as a scenario. Scripts are read as far as they are plain; the rest is listed as lost. */
export function fromPostman(collection: CollectionJson): Imported {
  const given = new Given(collection);
  const reading: Reading = { variables: {}, losses: [] };
  const { variables, losses } = reading;
  for (const each of given.at('variable').objects()) {
    const key = each.at('key').text();
    if (key !== undefined) variables[variableName(key)] = templated(textOf(each.at('value')), losses);
  }
  const steps = stepsOf(given.at('item'), reading);
  const { auth } = authOf(given.at('auth'), losses);
  for (const [, name] of JSON.stringify([steps, auth, variables]).matchAll(/\{\{([A-Za-z_]\w*)/g))
    variables[name!] ??= '';
  if (hasScript(given)) losses.push('scripts of the collection');
  const draft: Draft = {
    name: plainName(given.at('info').at('name').text() ?? 'imported'),
    why: 'Imported from a Postman collection.',
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    ...(auth === undefined ? {} : { auth }),
    steps,
  };
  return { draft, losses, wrong: given.wrong };
}

function hasScript(given: Given): boolean {
  return given
    .at('event')
    .objects()
    .some((event) => code(event).trim() !== '');
}

/** Text; a list or object, which Postman keeps in a variable for example, as JSON. */
function textOf(given: Given): string {
  const { value } = given;
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : (given.text() ?? '');
}

function stepsOf(items: Given, reading: Reading): DraftStep[] {
  return items
    .objects()
    .map((item) => stepOf(item, reading))
    .filter((step) => step !== undefined);
}

function stepOf(item: Given, reading: Reading): DraftStep | undefined {
  const name = plainName(item.at('name').text() ?? 'unnamed');
  const own: string[] = [];
  const done = (step: DraftStep | undefined) => {
    reading.losses.push(...own.map((loss) => `"${name}": ${loss}`));
    return step;
  };
  if (Array.isArray(item.at('item').value)) {
    if (hasScript(item)) own.push('scripts of the folder');
    if (!item.at('auth').absent) own.push('auth of the folder');
    return done({ folder: name, steps: stepsOf(item.at('item'), reading) });
  }
  const request = item.at('request');
  const text = typeof request.value === 'string';
  const method = (text ? undefined : request.at('method').text()) ?? 'GET';
  const place = (template: string) => templated(template, own);
  const address = addressOf(text ? request : request.at('url'), place);
  if (address === '') {
    own.push('it has no address');
    return done(undefined);
  }
  const headers = text ? [] : headersOf(request.at('header'), place);
  const body = text ? {} : bodyOf(request.at('body'), name, place, own, reading.variables);
  const language = request.at('body').at('options').at('raw').at('language').value;
  if (language === 'json' && 'text' in body && !headers.some(([key]) => key.toLowerCase() === 'content-type'))
    headers.push(['Content-Type', 'application/json']);
  const behavior = item.at('protocolProfileBehavior');
  const step: DraftStep = {
    name,
    request: `${method.toUpperCase()} ${address}`,
    ...(headers.length > 0 ? { headers: grouped(headers) } : {}),
    ...body,
    ...(text ? {} : authOf(request.at('auth'), own)),
    ...(behavior.at('followRedirects').value === false ? { redirects: false } : {}),
    ...(behavior.at('disableCookies').value === true ? { cookies: false } : {}),
  };
  for (const event of item.at('event').objects()) readScript(event, step, own);
  return done(step);
}

function addressOf(url: Given, place: (text: string) => string): string {
  let raw = typeof url.value === 'string' ? url.value : (url.at('raw').text() ?? '');
  if (raw === '' && typeof url.value !== 'string') {
    const words = (part: string, mark: string) =>
      typeof url.at(part).value === 'string'
        ? url.at(part).value
        : url
            .at(part)
            .items()
            .map((each) =>
              each.value !== null && typeof each.value === 'object' ? textOf(each.at('value')) : textOf(each),
            )
            .join(mark);
    const host = words('host', '.');
    const query = url
      .at('query')
      .objects()
      .filter((each) => each.at('disabled').value !== true);
    const search = query.map((each) => `${textOf(each.at('key'))}=${textOf(each.at('value'))}`).join('&');
    if (host !== '')
      raw = `${url.at('protocol').text() ?? 'http'}://${host}/${words('path', '/')}${search && `?${search}`}`;
  }
  if (raw.trim() === '') return '';
  for (const each of typeof url.value === 'string' ? [] : url.at('variable').objects()) {
    const key = each.at('key').text();
    if (key !== undefined && !each.at('value').absent)
      raw = raw.replace(
        new RegExp(`/:${key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?=[/?#]|$)`, 'g'),
        () => `/${textOf(each.at('value'))}`,
      );
  }
  const placed = place(raw.trim()).replace(/\s+(?![^{]*\}\})/g, '%20');
  return /^(https?:|\{\{|\/)/.test(placed) ? placed : `http://${placed}`;
}

function headersOf(header: Given, place: (text: string) => string): [string, string][] {
  // v2.0 also has all headers as one text.
  if (typeof header.value === 'string')
    return header.value.split(/\r?\n/).flatMap((line): [string, string][] => {
      const [, key, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      return key === undefined ? [] : [[place(key.trim()), place(value ?? '')]];
    });
  return pairsOf(header, place);
}

function pairsOf(given: Given, place: (text: string) => string): [string, string][] {
  return given
    .objects()
    .filter((each) => each.at('disabled').value !== true)
    .flatMap((each): [string, string][] => {
      const key = each.at('key').text();
      return key === undefined ? [] : [[place(key), place(textOf(each.at('value')))]];
    });
}

/** Text with Postman's variables as ours; any other two braces are only text. */
function templated(text: string, losses: string[]): string {
  return text
    .split(/(\{\{[^{}]+\}\})/)
    .map((part, i) => {
      const name = i % 2 === 1 ? part.slice(2, -2).trim() : '';
      if (name === '') return literal(part);
      if (!name.startsWith('$')) return `{{${variableName(name)}}}`;
      const generator = generatorOf[name.slice(1)] ?? name.slice(1);
      if (generatorNames.includes(generator.split('(')[0]!)) return `{{$${generator}}}`;
      losses.push(`{{${name}}} became a random word`);
      return '{{$word}}';
    })
    .join('');
}

function bodyOf(
  body: Given,
  step: string,
  place: (text: string) => string,
  losses: string[],
  variables: Record<string, unknown>,
): Json {
  if (body.absent || !body.isObject() || body.at('disabled').value === true) return {};
  // The files are where Postman found them, not beside the scenario: a variable says where.
  const fileOf = (given: Given) => {
    const src = textOf(Array.isArray(given.value) ? given.at(0) : given);
    const name = variableName(`file of ${step}`);
    variables[name] = literal(src);
    losses.push(`its file ${src === '' ? '' : `${src} `}(the variable ${name} says where it is)`);
    return `{{${name}}}`;
  };
  const mode = body.at('mode').text();
  switch (mode) {
    case 'raw': {
      const raw = place(textOf(body.at('raw')));
      try {
        return { json: JSON.parse(raw) };
      } catch {
        return raw === '' ? {} : { text: raw };
      }
    }
    case 'urlencoded':
      return { form: grouped(pairsOf(body.at('urlencoded'), place)) };
    case 'formdata': {
      const parts = body
        .at('formdata')
        .objects()
        .filter((part) => part.at('disabled').value !== true && part.at('key').text() !== undefined);
      const names = parts.map((part) => part.at('key').text()!);
      for (const name of new Set(names.filter((each, i) => names.indexOf(each) !== i)))
        losses.push(`its parts ${name} but the last`);
      return {
        multipart: Object.fromEntries(
          parts.map((part, i) => [
            names[i],
            part.at('type').value === 'file' ? { file: fileOf(part.at('src')) } : place(textOf(part.at('value'))),
          ]),
        ),
      };
    }
    case 'graphql': {
      const { query, variables: given } = {
        query: body.at('graphql').at('query'),
        variables: body.at('graphql').at('variables'),
      };
      const own = place(textOf(given));
      const graphql: Json = { query: place(textOf(query)) };
      try {
        if (own.trim() !== '') graphql.variables = JSON.parse(own);
      } catch {
        losses.push('the variables of its query, which are not JSON');
      }
      return { graphql };
    }
    case 'file':
      return { file: fileOf(body.at('file').at('src')) };
    case undefined:
    case 'none':
      return {};
    default:
      losses.push(`body: ${mode}`);
      return {};
  }
}

function authOf(auth: Given, losses: string[]): Json {
  if (auth.absent || !auth.isObject()) return {};
  const type = auth.at('type').text() ?? '';
  // v2.1 lists key and value, v2.0 has an object.
  const given = auth.at(type);
  const settings = new Map<string, Given>(
    Array.isArray(given.value)
      ? given.objects().map((each) => [textOf(each.at('key')), each.at('value')])
      : given.members(),
  );
  const text = (name: string) => templated(settings.has(name) ? textOf(settings.get(name)!) : '', losses);
  if (type === 'noauth') return { auth: 'none' };
  if (type === 'bearer') return { auth: { bearer: text('token') } };
  if (type === 'basic') return { auth: { basic: { username: text('username'), password: text('password') } } };
  losses.push(`auth: ${type}`);
  return {};
}

function code(event: Given): string {
  const exec = event.at('script').at('exec');
  if (!Array.isArray(exec.value)) return exec.text() ?? '';
  return exec
    .items()
    .map((line) => line.text() ?? '')
    .join('\n');
}

const testPattern = /pm\.test\(\s*(["'`])(.*?)\1\s*,\s*(?:function\s*\(\)|\(\)\s*=>)\s*\{([\s\S]*?)\}\s*\)\s*;?/g;
const statusPattern =
  /^pm\.(?:response\.to\.have\.status\((\d+)\)|expect\(pm\.response\.code\)\.to\.(?:equal|eql|eq)\((\d+)\))$/;
const setPattern =
  /pm\.(?:environment|collectionVariables|globals|variables)\.set\(\s*["'`](.+?)["'`]\s*,\s*(?:pm\.response\.json\(\)|jsonData|json|data|body)((?:\.\w+|\[\d+\])+)\s*\)\s*;?/g;

/** Tests of the status and captures of JSON members are carried over; any other statement is lost, and said so. */
function readScript(event: Given, step: DraftStep, losses: string[]): void {
  const source = code(event);
  if (source.trim() === '') return;
  const listen = event.at('listen').text() ?? 'unnamed';
  if (listen !== 'test') {
    losses.push(`the ${listen} script`);
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
      checks.push({ name: plainName(name), status: Number(statuses[0]![1] ?? statuses[0]![2]) });
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
