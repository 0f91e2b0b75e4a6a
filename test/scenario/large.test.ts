// Reading a large scenario: what is done for it grows with its length, not with the square of it.
import { Ajv2020 } from 'ajv/dist/2020.js';
import t, { type Test } from 'tap';
import { type Document, parseDocument, visit } from 'yaml';
import { resolveAliases } from '../../src/cli/document/aliases.js';
import { compileSchemas, schemaProblems } from '../../src/cli/scenario/check/schemas.js';
import { parseScenario } from '../../src/cli/scenario/format/parse.js';
import { nameProblems } from '../../src/cli/scenario/format/references.js';
import { scenarioOf } from './run-text.js';

const scenario = (count: number, fields: (index: number) => string, head = '') =>
  [
    'name: x',
    'url: http://127.0.0.1:1',
    head,
    'steps:',
    ...Array.from({ length: count }, (_, index) => `  - { name: s${index}, request: GET /${index}, ${fields(index)} }`),
    '',
  ].join('\n');

/** What a method was called with while a test ran. */
function calls<K extends string>(
  t: Test,
  owner: Record<K, (...given: never[]) => unknown>,
  method: K,
): () => unknown[][] {
  const own = owner[method];
  const seen: unknown[][] = [];
  owner[method] = function (this: unknown, ...given: never[]) {
    seen.push(given);
    return own.apply(this, given);
  };
  t.teardown(() => {
    owner[method] = own;
  });
  return () => seen;
}

/** How often an alias is looked for in the whole document: the library's way of finding it. */
function walks(doc: Document, read: () => void): number {
  let count = 0;
  const { contents } = doc;
  Object.defineProperty(doc, 'contents', {
    get: () => {
      count++;
      return contents;
    },
  });
  read();
  return count;
}

t.test('an alias is found without a walk through the document', (t) => {
  const counts = [50, 200].map((count) => {
    const doc = parseDocument(scenario(count, () => 'headers: *h, json: { a: *h }', 'variables: { o: &h { A: b } }'));
    return walks(doc, () => {
      t.same(resolveAliases(doc), []);
      const values = doc.contents!.toJS(doc, { maxAliasCount: -1 }) as { steps: { json: unknown }[] };
      t.same(values.steps.at(-1)!.json, { a: { A: 'b' } });
      visit(doc, { Alias: (_, alias) => void alias.resolve(doc) });
    });
  });
  t.equal(counts[1], counts[0], 'as often for 400 aliases as for 100');
  t.end();
});

t.test('an anchor that is set again holds from there on, and an alias gives a value of its own', (t) => {
  const { scenario: read, problems } = parseScenario(
    scenario(2, (index) => `headers: *h, set: { o: &h { A: c${index} } }`, 'variables: { o: &h { A: b } }'),
  );
  t.same(problems, []);
  const headers = read!.steps.map((step) => (step.kind === 'request' ? step.request.headers : undefined));
  t.same(headers, [{ A: 'b' }, { A: 'c0' }]);
  t.end();
});

t.test('a near name is looked for as often as it is shown', (t) => {
  const { uses } = parseScenario(scenario(500, (index) => `text: '{{vv${index}}}', set: { v${index}: a }`));
  const problems = nameProblems(uses, []);
  t.equal(problems.length, 500);
  t.equal(problems.filter(({ message }) => message.includes('Did you mean')).length, 100);
  t.end();
});

t.test('each schema is compiled once, to be checked and to run', async (t) => {
  const check = (schema: string) => `check: [{ name: c, schema: ${schema} }]`;
  for (const [count, schema] of [
    [20, () => '{ type: object, required: [a] }'],
    [20, (index: number) => `{ type: object, required: [a${index}] }`],
  ] as const) {
    const compiles = calls(t, Ajv2020.prototype, 'compile');
    const yaml = scenario(count, (index) => check(schema(index)));
    const made = scenarioOf(yaml);
    const schemas = made.steps.flatMap((step) =>
      step.kind === 'request' ? step.check.map(({ condition }) => ({ schema: condition.schema, at: step.at })) : [],
    );
    t.same(await schemaProblems({ ...parseScenario(yaml).uses, schemas }, 'x.yaml'), []);
    const judge = await compileSchemas(made);
    t.match(judge(schemas[3]!.schema, {}), [/required property 'a/]);
    t.equal(compiles().length, new Set(schemas.map((each) => JSON.stringify(each.schema))).size);
  }
});

t.test('a deep schema is compiled without passes over what was compiled', async (t) => {
  const { CodeGen } = await import('ajv/dist/compile/codegen/index.js');
  const passes = calls(t, CodeGen.prototype, 'optimize');
  const schema = { type: 'object', properties: { a: { type: 'object', required: ['b'] } } };
  const schemas = [{ schema, at: { line: 1, column: 1 } }];
  t.same(await schemaProblems({ ...parseScenario('').uses, schemas }, 'x.yaml'), []);
  t.ok(passes().length > 0);
  t.ok(passes().every(([count]) => count === 0));
});
