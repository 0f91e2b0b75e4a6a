// Every field of the format is carried over or listed, by every export: a field that is new fails here until it has a
// sample, and a sample that changes neither the text nor the losses of an export is a field that is dropped in silence.
import t from 'tap';
import { toCurl } from '../../../src/cli/scenario/convert/to-curl.js';
import { toK6 } from '../../../src/cli/scenario/convert/to-k6.js';
import { toPostman } from '../../../src/cli/scenario/convert/to-postman.js';
import { scenarioJsonSchema } from '../../../src/cli/scenario/format/grammar.js';
import { scenarioOf } from '../run-text.js';

type Json = Record<string, unknown>;

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
}

/** `step.request`, `condition.status`, `until.every`: each field under the name of what holds it. */
function fieldsOf(root: Schema & { $defs: Record<string, Schema> }): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const walk = (schema: Schema | boolean | undefined, label: string) => {
    if (schema === undefined || typeof schema === 'boolean') return;
    const name = schema.$ref?.split('/').at(-1);
    if (name !== undefined) {
      if (seen.has(name)) return;
      seen.add(name);
      walk(root.$defs[name], name);
      return;
    }
    for (const [key, value] of Object.entries(schema.properties ?? {})) {
      found.add(`${label}.${key}`);
      walk(value, key);
    }
    for (const each of schema.anyOf ?? []) walk(each, label);
    walk(schema.items, label);
    walk(schema.additionalProperties, label);
  };
  walk(root, 'scenario');
  return [...found];
}

const check = { name: 'c', status: 200 };
const before = { name: 'earlier', request: 'GET /earlier' };
const scenario = (more: Json = {}): Json => ({
  name: 'x',
  url: 'http://server',
  variables: { v: 'a b' },
  steps: [before, { name: 's', request: 'POST /a', check: [check] }],
  ...more,
});
const step = (more: Json): Json =>
  scenario({ steps: [before, { name: 's', request: 'POST /a', check: [check], ...more }] });
const plain = step({});
const checked = (more: Json) => step({ check: [{ ...check, ...more }] });
const expected = (expectation: unknown) => checked({ json: { '$.a': expectation } });
const member = (more: Json) => scenario({ steps: [{ name: 'p', parallel: [{ request: 'POST /a', ...more }] }] });
const set = (more: Json) =>
  scenario({
    steps: [{ name: 'p', parallel: [{ request: 'POST /a' }], check: [{ name: 'e', every: { status: 200 }, ...more }] }],
  });
const captureAll = (more: Json) =>
  scenario({ steps: [{ name: 'p', parallel: [{ request: 'GET /a' }], capture: { got: { json: '$.a', ...more } } }] });
const only = (more: Json) => scenario({ steps: [{ name: 'f', ...more }] });
const basic = { username: 'u', password: 'p' };
const oauth2 = { tokenUrl: '/t', clientId: 'c', clientSecret: 's' };
const is200 = { status: 200 };

/** Fields of what an export leaves out whole, and the loss that says so. */
const ofSets = /^(parallel|count|distinct|sum|of|capture)\.|^check\.(every|some|none|count|distinct|sum)$/;
const whole: Record<'postman' | 'k6' | 'curl', [field: RegExp, loss: RegExp][]> = {
  postman: [
    [ofSets, /parallel has no counterpart/],
    [/^fault\./, /fault has no counterpart/],
    [/^oauth2\./, /auth: oauth2/],
  ],
  k6: [
    [/^multipart\./, /body: multipart/],
    [/^fault\./, /fault has no counterpart/],
    [/^oauth2\./, /auth: oauth2/],
  ],
  curl: [
    [ofSets, /parallel has no counterpart/],
    [/^(check|condition|expectation)\./, /its check/],
    [/^until\./, /until/],
    [/^fault\./, /fault has no counterpart/],
    [/^oauth2\./, /auth: oauth2/],
  ],
};

/** Which platform it needs and who can run it say nothing of what is sent and checked. */
const nothingToCarry = new Set(['scenario.stack']);

/** A scenario without the field, or with another value, and one with it. */
const samples: Record<string, [without: Json, having: Json]> = {
  'scenario.name': [plain, scenario({ name: 'y' })],
  'scenario.why': [plain, scenario({ why: 'because' })],
  'scenario.host': [scenario({ url: undefined }), scenario({ url: undefined, host: 'shop.example' })],
  'scenario.url': [plain, scenario({ url: 'http://other' })],
  'scenario.tags': [plain, scenario({ tags: ['slow'] })],
  'scenario.variables': [plain, scenario({ variables: { v: 'c' } })],
  'scenario.secrets': [plain, scenario({ secrets: ['v'] })],
  'scenario.headers': [plain, scenario({ headers: { 'X-A': '1' } })],
  'scenario.auth': [plain, scenario({ auth: { bearer: 't' } })],
  'auth.basic': [plain, step({ auth: { basic } })],
  'basic.username': [step({ auth: { basic } }), step({ auth: { basic: { ...basic, username: 'w' } } })],
  'basic.password': [step({ auth: { basic } }), step({ auth: { basic: { ...basic, password: 'w' } } })],
  'auth.bearer': [plain, step({ auth: { bearer: 't' } })],
  'auth.oauth2': [plain, step({ auth: { oauth2 } })],
  'oauth2.tokenUrl': [plain, step({ auth: { oauth2 } })],
  'oauth2.clientId': [plain, step({ auth: { oauth2 } })],
  'oauth2.clientSecret': [plain, step({ auth: { oauth2 } })],
  'oauth2.scope': [plain, step({ auth: { oauth2: { ...oauth2, scope: 'read' } } })],
  'scenario.cookies': [plain, scenario({ cookies: false })],
  'scenario.redirects': [plain, scenario({ redirects: false })],
  'scenario.timeout': [plain, scenario({ timeout: '5s' })],
  'scenario.data': [plain, scenario({ data: [{ v: 1 }, { v: 2 }] })],
  'scenario.setup': [plain, scenario({ setup: [{ request: 'GET /setup' }] })],
  'scenario.steps': [plain, scenario({ steps: [before] })],
  'scenario.teardown': [plain, scenario({ teardown: [{ request: 'GET /teardown' }] })],
  'step.name': [plain, step({ name: 'other' })],
  'step.skip': [plain, step({ skip: 'not yet' })],
  'step.only': [plain, step({ only: true })],
  'step.tags': [plain, step({ tags: ['slow'] })],
  'step.folder': [scenario({ steps: [before] }), scenario({ steps: [{ folder: 'f', only: true, steps: [before] }] })],
  'step.steps': [only({ folder: 'f', steps: [] }), only({ folder: 'f', steps: [before] })],
  'step.request': [plain, step({ request: 'PUT /b' })],
  'step.set': [plain, step({ set: { w: 1 } })],
  'step.check': [step({ check: [] }), plain],
  'step.capture': [plain, step({ capture: { got: '$.a' } })],
  'step.log': [plain, step({ log: ['hello'] })],
  'step.until': [plain, step({ until: { within: '2s', is: is200 } })],
  'until.within': [step({ until: { within: '2s', is: is200 } }), step({ until: { within: '3s', is: is200 } })],
  'until.every': [
    step({ until: { within: '2s', is: is200 } }),
    step({ until: { within: '2s', every: '1s', is: is200 } }),
  ],
  'until.is': [step({ until: { within: '2s', is: is200 } }), step({ until: { within: '2s', is: { status: 201 } } })],
  'step.retry': [plain, step({ retry: 2 })],
  'step.repeat': [plain, step({ repeat: 2 })],
  'step.fault': [plain, scenario({ steps: [{ fault: { kill: 'orders' } }] })],
  'step.wait': [plain, scenario({ steps: [{ wait: '2s' }] })],
  'step.parallel': [plain, member({})],
  'parallel.request': [member({}), member({ request: 'GET /b' })],
  'parallel.times': [member({}), member({ times: 3 })],
  'parallel.delay': [member({}), member({ delay: '5ms' })],
  'parallel.fault': [plain, scenario({ steps: [{ parallel: [{ fault: { kill: 'orders' } }] }] })],
  'graphql.query': [step({ graphql: { query: 'q' } }), step({ graphql: { query: 'r' } })],
  'graphql.variables': [step({ graphql: { query: 'q' } }), step({ graphql: { query: 'q', variables: { a: 1 } } })],
  'multipart.file': [step({ multipart: { f: { file: './a' } } }), step({ multipart: { f: { file: './b' } } })],
  'multipart.type': [
    step({ multipart: { f: { file: './a' } } }),
    step({ multipart: { f: { file: './a', type: 'a/b' } } }),
  ],
  'check.name': [plain, checked({ name: 'other' })],
  'check.skip': [plain, checked({ skip: 'not yet' })],
  'check.every': [set({}), set({ every: { status: 201 } })],
  'check.some': [set({}), set({ some: is200 })],
  'check.none': [set({}), set({ none: is200 })],
  'check.count': [set({}), set({ count: { where: is200, is: 1 } })],
  'count.where': [set({ count: { where: is200, is: 1 } }), set({ count: { where: { status: 201 }, is: 1 } })],
  'count.is': [set({ count: { where: is200, is: 1 } }), set({ count: { where: is200, is: 2 } })],
  'capture.where': [captureAll({}), captureAll({ where: is200 })],
};
for (const kind of ['kill', 'stop', 'continue', 'restart'])
  samples[`fault.${kind}`] = [plain, scenario({ steps: [{ fault: { [kind]: 'orders' } }] })];
const requestFields: Json = {
  query: { q: ['a b', '{{v}}'] },
  headers: { 'X-A': ['1', '2'] },
  json: { a: 1 },
  text: 'hello',
  form: { a: 'x y&z' },
  multipart: { a: 'b' },
  file: './a',
  graphql: { query: 'q' },
  auth: { bearer: 't' },
  as: 'ada',
  cookies: false,
  redirects: false,
  timeout: '2s',
  lose: 'response',
};
for (const [name, value] of Object.entries(requestFields)) {
  samples[`step.${name}`] = [plain, step({ [name]: value })];
  samples[`parallel.${name}`] = [member({}), member({ [name]: value })];
}
const conditions: Json = {
  status: 201,
  header: { 'X-A': '1' },
  cookie: { sid: 'a' },
  json: { '$.a': 1 },
  regex: { 'a(b)': 'b' },
  text: 'a',
  bytes: 2,
  time: '2s',
  schema: { type: 'object' },
  sameBodyAs: 'earlier',
  error: true,
  any: [{ status: 201 }],
  all: [{ status: 201 }],
  not: { status: 201 },
};
for (const [name, value] of Object.entries(conditions)) {
  samples[`check.${name}`] = [plain, checked({ [name]: value })];
  // The same within another condition, where a part that is lost must not turn the outcome round.
  samples[`condition.${name}`] = [plain, checked({ not: { [name]: value } })];
}
const operators: Json = {
  equals: { b: 1 },
  not: 1,
  exists: true,
  type: 'integer',
  contains: 'a',
  excludes: 'a',
  startsWith: 'a',
  endsWith: 'a',
  matches: 'a',
  above: 1,
  atLeast: 1,
  below: 1,
  atMost: 1,
  in: [1],
  length: 1,
  each: { type: 'string' },
  includes: { type: 'string' },
  unordered: [1],
};
for (const [name, value] of Object.entries(operators))
  samples[`expectation.${name}`] = [plain, expected({ [name]: value })];
const sources: Json = { json: '$.a', header: 'X-A', cookie: 'sid', regex: 'a(b)', status: true, text: true };
for (const [name, value] of Object.entries(sources)) {
  samples[`capture.${name}`] = [plain, step({ capture: { got: { [name]: value } } })];
  samples[`log.${name}`] = [plain, step({ log: [{ [name]: value }] })];
  samples[`of.${name}`] = [set({}), set({ distinct: { of: { [name]: value }, is: 1 } })];
}
for (const kind of ['distinct', 'sum']) {
  const one = { of: '$.a', is: 1 };
  samples[`check.${kind}`] = [set({}), set({ [kind]: one })];
  samples[`${kind}.of`] = [set({ [kind]: one }), set({ [kind]: { ...one, of: '$.b' } })];
  samples[`${kind}.where`] = [set({ [kind]: one }), set({ [kind]: { ...one, where: is200 } })];
  samples[`${kind}.is`] = [set({ [kind]: one }), set({ [kind]: { ...one, is: 2 } })];
}

t.test('each field of the format has a sample', async (t) => {
  const fields = fieldsOf(scenarioJsonSchema() as unknown as Parameters<typeof fieldsOf>[0]);
  t.ok(fields.length > 100);
  t.same(
    fields.filter((field) => !Object.hasOwn(samples, field) && !nothingToCarry.has(field)),
    [],
  );
  t.same(
    Object.keys(samples).filter((field) => !fields.includes(field)),
    [],
    'no sample of a field that is no more',
  );
});

for (const [tool, exported] of Object.entries({ postman: toPostman, k6: toK6, curl: toCurl })) {
  t.test(`${tool}: each field is carried over or listed`, async (t) => {
    for (const [field, pair] of Object.entries(samples)) {
      const [without, having] = pair.map((each) => exported(scenarioOf(JSON.stringify(each))));
      const carried = having!.text !== without!.text;
      const told = whole[tool as keyof typeof whole].filter(([fields]) => fields.test(field)).map(([, loss]) => loss);
      const listed = having!.losses.some(
        (loss) => !without!.losses.includes(loss) || told.some((each) => each.test(loss)),
      );
      t.ok(carried || listed, field, { losses: having!.losses });
    }
  });
}
