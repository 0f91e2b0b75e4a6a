import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import t from 'tap';
import { fromOpenApi } from '../../../src/cli/scenario/convert/openapi/from-openapi.js';
import {
  cookieText,
  headerText,
  pathText,
  queryPairs,
  styleOf,
} from '../../../src/cli/scenario/convert/openapi/openapi-parameter.js';

const shades = ['blue', 'black'];
const rgb = { R: 100, G: 200 };

// OpenAPI 3.1, "Style Examples".
t.test('a parameter is written in its style', async (t) => {
  const query: [style: string, explode: boolean, value: unknown, text: string][] = [
    ['form', true, 'blue', 'color=blue'],
    ['form', false, 'blue', 'color=blue'],
    ['form', true, shades, 'color=blue&color=black'],
    ['form', false, shades, 'color=blue,black'],
    ['form', true, rgb, 'R=100&G=200'],
    ['form', false, rgb, 'color=R,100,G,200'],
    ['spaceDelimited', false, shades, 'color=blue%20black'],
    ['spaceDelimited', true, shades, 'color=blue&color=black'],
    ['pipeDelimited', false, shades, 'color=blue|black'],
    ['pipeDelimited', false, rgb, 'color=R|100|G|200'],
    ['deepObject', true, rgb, 'color[R]=100&color[G]=200'],
    ['form', false, ['a,b', 'c d'], 'color=a%2Cb,c%20d'],
  ];
  for (const [style, explode, value, text] of query) {
    const found = queryPairs('color', value, { style, explode });
    const written =
      'text' in found
        ? found.text
        : found.pairs.flatMap(([key, each]) => [each].flat().map((one) => `${key}=${String(one)}`)).join('&');
    t.equal(written, text, `query ${style} ${explode} ${JSON.stringify(value)}`);
  }
  const path: [style: string, explode: boolean, value: unknown, text: string][] = [
    ['simple', false, 'blue', 'blue'],
    ['simple', false, shades, 'blue,black'],
    ['simple', false, rgb, 'R,100,G,200'],
    ['simple', true, rgb, 'R=100,G=200'],
    ['label', false, 'blue', '.blue'],
    ['label', false, shades, '.blue,black'],
    ['label', true, shades, '.blue.black'],
    ['label', false, rgb, '.R,100,G,200'],
    ['label', true, rgb, '.R=100.G=200'],
    ['matrix', false, 'blue', ';color=blue'],
    ['matrix', false, shades, ';color=blue,black'],
    ['matrix', true, shades, ';color=blue;color=black'],
    ['matrix', false, rgb, ';color=R,100,G,200'],
    ['matrix', true, rgb, ';R=100;G=200'],
    ['simple', false, 'a/b c', 'a%2Fb%20c'],
  ];
  for (const [style, explode, value, text] of path)
    t.equal(pathText('color', value, { style, explode }), text, `path ${style} ${explode} ${JSON.stringify(value)}`);
  t.equal(headerText(shades, styleOf('header', undefined, undefined)), 'blue,black');
  t.equal(headerText(rgb, styleOf('header', undefined, undefined)), 'R,100,G,200');
  t.equal(headerText(rgb, styleOf('header', undefined, true)), 'R=100,G=200');
  t.equal(cookieText('color', shades, styleOf('cookie', undefined, false)), 'color=blue,black');
});

const document = (schema: unknown, version = '3.1.0') => ({
  openapi: version,
  info: { title: 'x' },
  paths: { '/n': { post: { requestBody: { content: { 'application/json': { schema } } }, responses: {} } } },
});

/** Schemas of many kinds, deep and with bounds; each can be satisfied. */
const { schema: anySchema } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<object>({ type: 'null' }, { type: 'boolean' }, { const: { a: 1 } }, { enum: ['x', 2, null] }, {}),
    fc.record({ type: fc.constant('integer'), minimum: fc.integer({ min: -50, max: 50 }) }),
    fc
      .integer({ min: -9, max: 9 })
      .map((low) => ({ type: 'number', exclusiveMinimum: low, exclusiveMaximum: low + 1 })),
    fc.integer({ min: 1, max: 99 }).map((step) => ({ type: 'number', multipleOf: step / 100, minimum: 3 })),
    fc.record({ type: fc.constant('string'), minLength: fc.nat(40) }),
    fc.nat(3).map((maxLength) => ({ type: 'string', maxLength })),
    fc.constantFrom('^[A-Z]{3}-\\d{4}$', '^a+b?$', '^(x|y)z$').map((pattern) => ({ type: 'string', pattern })),
    fc.constantFrom('uuid', 'email', 'date', 'uri', 'int64').map((format) => ({ type: ['null', 'string'], format })),
    fc.tuple(tie('schema'), fc.nat(3)).map(([items, minItems]) => ({ type: 'array', items, minItems })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 2 }).map((all) => ({ anyOf: [{ type: 'null' }, ...all] })),
    fc
      .tuple(fc.dictionary(fc.constantFrom('a', 'b', '{{c}}'), tie('schema'), { noNullPrototype: true }), fc.boolean())
      .map(([properties, all]) => ({ type: 'object', properties, required: all ? Object.keys(properties) : [] })),
  ),
}));

t.test('a value that is made satisfies its schema', async () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, multipleOfPrecision: 6, addUsedSchema: false });
  const samples = {
    '{{$uuid}}': '3fa85f64-5717-4562-b3fc-2c963f66afa6',
    '{{$email}}': 'a.bcdefgh@example.com',
    '{{$word}}': 'word',
  };
  await fc.assert(
    fc.asyncProperty(anySchema, async (schema) => {
      const { draft, losses } = await fromOpenApi(document(schema));
      const text = JSON.stringify(draft.steps[0]!.json).replaceAll('{{$repeat({,2)}}', '{{');
      const value = JSON.parse(
        text.replace(/\{\{\$(uuid|email|word)\}\}/g, (all) => samples[all as keyof typeof samples]),
      );
      if (losses.length > 0) throw new Error(losses.join('\n'));
      if (!ajv.validate(schema, value)) throw new Error(`${JSON.stringify(value)}: ${ajv.errorsText()}`);
    }),
    { numRuns: 60, seed: 12 },
  );
});

t.test('schemas that contain themselves end', async (t) => {
  const members = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [`m${i}`, { $ref: '#/components/schemas/N' }]),
  );
  const schemas = {
    N: { type: 'object', properties: { name: { type: 'string' }, ...members } },
    Endless: { type: 'object', required: ['next'], properties: { next: { $ref: '#/components/schemas/Endless' } } },
    List: {
      type: 'object',
      required: ['kids'],
      properties: { kids: { type: 'array', items: { $ref: '#/components/schemas/List' } } },
    },
    Either: {
      type: 'object',
      required: ['next'],
      properties: { next: { oneOf: [{ $ref: '#/components/schemas/Either' }, { type: 'null' }] } },
    },
  };
  const json = async (name: string) => {
    const made = await fromOpenApi({ ...document({ $ref: `#/components/schemas/${name}` }), components: { schemas } });
    return { value: made.draft.steps[0]!.json, losses: made.losses };
  };
  t.same((await json('N')).value, { name: '{{$word}}' });
  t.same((await json('List')).value, { kids: [] });
  t.same((await json('Either')).value, { next: null });
  t.match(await json('Endless'), { value: undefined, losses: [/no value satisfies its schema: it contains itself/] });
});
