import fc from 'fast-check';

type Json = Record<string, unknown>;

/** Texts that mean something to a URL, to JSON, to a form or to a template. */
const awkward = fc.constantFrom(
  'a b',
  "it's",
  'x&y',
  'q=1',
  '50%',
  '%41',
  'ä€',
  '"q"',
  'a+b',
  '~*!()',
  '{x}',
  '{{',
  '}}',
  '<t>',
  'a/b',
  '#h',
  ':c',
  'a;b',
  '|',
  '0',
  '',
);
const plain = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
const known = fc.constantFrom('{{v}}', '{{user-id}}', '{{user_id}}', '{{n}}', '{{chain}}', 'p{{v}}s');
const text = fc.oneof(
  { weight: 3, arbitrary: plain },
  { weight: 2, arbitrary: awkward },
  { weight: 2, arbitrary: known },
);
const list = (values: Json) => Object.entries(values).map(([key, value]) => ({ key, value, type: 'string' }));

const auth: fc.Arbitrary<Json | undefined> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: fc.constant({ type: 'noauth' }) },
  fc.record({ username: text, password: text }).map((basic) => ({ type: 'basic', basic: list(basic) })),
  fc.record({ token: text }).map((bearer) => ({ type: 'bearer', bearer: list(bearer) })),
  fc
    .record({ key: fc.constantFrom('X-Key', 'key', 'X-A'), value: text, in: fc.constantFrom('header', 'query') })
    .map((apikey) => ({ type: 'apikey', apikey: list(apikey) })),
  fc
    .record({
      accessToken: plain,
      addTokenTo: fc.constantFrom('header', 'queryParams'),
      headerPrefix: fc.constantFrom('Bearer', 'Token', ''),
    })
    .map((oauth2) => ({ type: 'oauth2', oauth2: list(oauth2) })),
  fc.constant({ type: 'hawk', hawk: list({ authId: 'a', authKey: 'b' }) }),
);

const query = fc.array(
  fc.record({ key: text, value: fc.option(text), disabled: fc.boolean() }, { requiredKeys: ['key', 'value'] }),
  { maxLength: 3 },
);

const segment = fc.oneof(
  { weight: 4, arbitrary: plain },
  known,
  fc.constantFrom('a b', 'ä', "it's", 'a;b', 'x|y', '%41', ':id', ':id.json', '{x}', ''),
);

/** Addresses: a text, an object with its text, an object of parts alone; with and without a scheme, with userinfo. */
function url(base: string): fc.Arbitrary<unknown> {
  const { hostname, port } = new URL(base);
  const head = fc.constantFrom(
    '{{base}}',
    base,
    `${hostname}:${port}`,
    '{{hostport}}',
    'http://{{hostport}}',
    '{{scheme}}://{{hostport}}',
    base.replace('http', 'HTTP'),
    `http://us%40er:p%3Ass@${hostname}:${port}`,
    `http://{{v}}:{{n}}@${hostname}:${port}`,
  );
  const search = (pairs: { key: string; value: string | null; disabled?: boolean }[]) => {
    const shown = pairs
      .filter(({ disabled }) => !disabled)
      .map(({ key, value }) => (value === null ? key : `${key}=${value}`));
    return shown.length === 0 ? '' : `?${shown.join('&')}`;
  };
  const asText = fc
    .record({
      head,
      path: fc.array(segment, { minLength: 1, maxLength: 3 }),
      query,
      hash: fc.constantFrom('', '#part'),
    })
    .map((parts) => `${parts.head}/${parts.path.join('/')}${search(parts.query)}${parts.hash}`);
  const variable = fc.record({ key: fc.constant('id'), value: text });
  const asParts = fc
    .record({
      path: fc.array(segment, { maxLength: 3 }),
      query,
      variable,
      byVariable: fc.boolean(),
      listed: fc.boolean(),
    })
    .map((parts) => ({
      ...(parts.byVariable
        ? { host: ['{{base}}'] }
        : { protocol: 'http', host: parts.listed ? hostname.split('.') : hostname, port }),
      path: parts.listed ? parts.path : parts.path.join('/'),
      query: parts.query,
      variable: [parts.variable],
    }));
  return fc.oneof(asText, asParts);
}

const header = fc.record(
  {
    key: fc.constantFrom('X-A', 'x-a', 'X-B', 'X-Key', 'Content-Type', 'Authorization', 'Accept', 'Cookie'),
    value: fc.oneof(plain, known, fc.constantFrom('a b', 'text/csv', 'application/json', 'multipart/form-data', '')),
    disabled: fc.boolean(),
  },
  { requiredKeys: ['key', 'value'] },
);

const jsonText = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.constantFrom(
    '{"id": 12345678901234567890}',
    '{\n // why\n "a": 1, /* b */ "u": "http://x//y"\n}',
    '{"a":{{n}},"b":"{{v}}"}',
    '[1,\n  2]',
    '{"a":"{{user-id}}"}',
    '// all',
    '{"x":"\\"//"}',
    '{"a": 1, }',
  ),
);

const form = fc.array(
  fc.record({ key: text, value: text, disabled: fc.boolean() }, { requiredKeys: ['key', 'value'] }),
  { maxLength: 4 },
);

const body: fc.Arbitrary<Json | undefined> = fc.oneof(
  fc.constant(undefined),
  fc
    .record({
      raw: fc.oneof(jsonText, text),
      language: fc.constantFrom(undefined, 'json', 'xml', 'html', 'javascript', 'text'),
    })
    .map(({ raw, language }) => ({
      mode: 'raw',
      raw,
      ...(language === undefined ? {} : { options: { raw: { language } } }),
    })),
  form.map((urlencoded) => ({ mode: 'urlencoded', urlencoded })),
  fc
    .uniqueArray(fc.record({ key: plain, value: text, disabled: fc.boolean() }, { requiredKeys: ['key', 'value'] }), {
      maxLength: 3,
      selector: ({ key }) => key,
    })
    .map((formdata) => ({ mode: 'formdata', formdata: formdata.map((each) => ({ ...each, type: 'text' })) })),
  fc
    .record({
      query: fc.constantFrom('{ me }', 'query A { a }\nquery B { b }', '{ a(b: "{{v}}") }'),
      operationName: fc.constantFrom(undefined, 'A'),
      variables: fc.constantFrom(undefined, '', '{}', '{ "x": 1 }', '{"x":"{{v}}"}', { x: 1 }),
    })
    .map((graphql) => ({ mode: 'graphql', graphql })),
  fc.constant({ mode: 'raw', raw: 'x', disabled: true }),
);

const behavior = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  fc.constantFrom<Json>({ disableBodyPruning: true }, { followRedirects: false }, { disableCookies: true }),
);

function item(base: string): fc.Arbitrary<Json> {
  return fc
    .record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'post'),
      url: url(base),
      header: fc.array(header, { maxLength: 3 }),
      body,
      auth,
      behavior,
    })
    .map(({ behavior, ...request }) => ({
      request: JSON.parse(JSON.stringify(request)) as Json,
      ...(behavior === undefined ? {} : { protocolProfileBehavior: behavior }),
    }));
}

/**
 * A collection with requests at its head and in two folders, whose variables have values. Each request tells its name, which
 * no other has, in the header X-Item.
 */
export function anyCollection(base: string): fc.Arbitrary<Json> {
  const each = item(base);
  const { host } = new URL(base);
  const variable = [
    { key: 'base', value: base },
    { key: 'hostport', value: host },
    { key: 'scheme', value: 'http' },
    { key: 'v', value: 'val' },
    { key: 'n', value: 42 },
    { key: 'user-id', value: 'dash' },
    { key: 'user_id', value: 'under' },
    { key: 'chain', value: '{{v}}-{{user-id}}' },
    { key: 'n', value: 'off', disabled: true },
  ];
  const folder = fc.record({ auth, item: fc.array(each, { minLength: 3, maxLength: 5 }) });
  return fc
    .record({ auth, items: fc.array(each, { minLength: 5, maxLength: 8 }), outer: folder, inner: folder, behavior })
    .map(({ auth, items, outer, inner, behavior }) => {
      const within = { name: 'inner', ...inner };
      const item = [...items, { name: 'outer', ...outer, item: [...outer.item, within] }];
      const all = JSON.parse(JSON.stringify({ variable, auth, protocolProfileBehavior: behavior, item })) as Json;
      let count = 0;
      const number = (items: Json[]) => {
        for (const each of items) {
          if (each.item !== undefined) number(each.item as Json[]);
          else {
            each.name = `r${count++}`;
            ((each.request as Json).header as Json[]).push({ key: 'X-Item', value: each.name });
          }
        }
      };
      number(all.item as Json[]);
      const schema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';
      return { info: { name: 'generated', schema }, ...all };
    });
}
