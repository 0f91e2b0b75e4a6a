import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { parse } from 'yaml';
import { inOrder } from '../../../src/cli/document/problem.js';
import type { Failure } from '../../../src/cli/kernel/failure.js';
import { listScenarios, loadScenario } from '../../../src/cli/scenario/format/find.js';
import { scenarioJsonSchema } from '../../../src/cli/scenario/format/grammar.js';
import { parseScenario, scenarioFailure } from '../../../src/cli/scenario/format/parse.js';
import { nameProblems } from '../../../src/cli/scenario/format/references.js';
import { matchGolden, root } from '../../golden.js';
import { brokenScenarios } from '../broken.js';

t.test('what is wrong with a file is said with line, column and the nearest word, all at once', async (t) => {
  const lines: string[] = [];
  for (const [what, yaml] of brokenScenarios) {
    const { problems, uses } = parseScenario(yaml);
    const all = inOrder([...problems, ...nameProblems(uses, [])]);
    t.ok(all.length > 0, `${what}: a problem is found`);
    lines.push(`${what}:`, ...all.map(({ at, message }) => `    ${at.line}:${at.column}: ${message}`));
  }
  matchGolden(t, 'scenario/broken', `${lines.join('\n')}\n`);
});

t.test('what is wrong beside the text is told with the rest: schemas, files, data', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hwctl-parse-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'photo.png'), '');
  writeFileSync(join(folder, 'no.json'), '{');
  writeFileSync(
    join(folder, 'x.yaml'),
    `name: x
data: none.csv
steps:
  - { request: FETCH / }
  - { request: 'GET /{{column}}', check: [{ name: a, schema: { type: foo } }, { name: b, not: { schema: { $ref: ./none.json } } }] }
  - { parallel: [{ request: POST /, file: ./phto.png }], check: [{ name: c, every: { schema: { $ref: ./no.json } } }] }
  - { request: POST /, multipart: { a: { file: none.txt }, b: { file: '{{name}}.txt' }, c: { file: photo.png } } }
`,
  );
  const { message, details } = await loadScenario('./x.yaml', { root, cwd: folder }).then(
    () => t.fail('not refused') as never,
    (error) => error as Failure,
  );
  t.equal(message, 'x.yaml has 7 problems');
  const expected = [
    /^x.yaml:2:7: data: .*none.csv/,
    /^x.yaml:4:16: unknown method/,
    /^x.yaml:5:62: schema: schema is invalid/,
    /^x.yaml:5:105: schema: .\/none.json cannot be read: there is no such file. Did you mean "no.json"\?$/,
    /^x.yaml:6:43: \.\/phto.png cannot be read: there is no such file. Did you mean "photo.png"\?$/,
    /^x.yaml:6:94: schema: .\/no.json: /,
    /^x.yaml:7:48: none.txt cannot be read: there is no such file$/,
  ];
  t.match(details, expected);
  t.equal(details.length, expected.length);
});

t.test('twenty thousand times the same mistake fills no terminal', async (t) => {
  const { problems } = parseScenario(`name: x\nsteps:\n${'  - { request: GET a }\n'.repeat(20_000)}`);
  const { message, details } = scenarioFailure('x.yaml', problems);
  t.equal(message, 'x.yaml has 20000 problems');
  t.equal(details.length, 101);
  t.equal(details.at(-1), 'and 19900 more');
});

t.test('anchors, aliases and merge keys', async (t) => {
  const { scenario, problems } = parseScenario(`name: x
steps:
  - &base { request: GET /a, timeout: 1s, headers: &h { A: 1, B: 1 } }
  - { <<: *base, name: b, headers: { <<: [{ B: 2 }, *h], C: 3 } }
  - *base
  - { request: POST /, json: { '<<': 1 } }
`);
  t.same(problems, []);
  const requests = scenario!.steps.map((step) => (step.kind === 'request' ? step.request : undefined));
  t.match(requests[1], { path: '/a', timeoutMs: 1000 });
  t.same({ ...requests[1]!.headers }, { A: '1', B: '2', C: '3' });
  t.equal(requests[2]!.path, '/a');
  t.same(requests[3]!.body, { kind: 'json', value: { '<<': 1 } });
});

t.test('a number as text stays as it is written', async (t) => {
  const { scenario } = parseScenario(
    'name: x\nsteps: [{ request: GET /, headers: { A: 1.0, B: 12345678901234567890 } }]\n',
  );
  const [step] = scenario!.steps;
  t.same(step?.kind === 'request' && { ...step.request.headers }, { A: '1.0', B: '12345678901234567890' });
});

t.test('any bytes give problems, never an exception', async (t) => {
  const sound = readFileSync(`${root}scenarios/idempotency-strict.yaml`, 'utf8');
  // A fixed sequence: a failure can be repeated.
  let seed = 42;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let i = 0; i < 100; i++) {
    const at = random(sound.length);
    const cut =
      sound.slice(0, at) +
      ['', '{', ']', ': ', '\n', '- ', '&a ', '*a', '"', '\u0000', '!!js/x '][random(11)] +
      sound.slice(at + random(40));
    const { scenario, problems } = parseScenario(cut);
    if (scenario === undefined && problems.length === 0) t.fail('refused without a word', { cut });
  }
  t.pass('100 broken files');
});

t.test('the published JSON Schema is the grammar, and accepts every built-in scenario', async (t) => {
  const schema = JSON.parse(readFileSync(`${root}schemas/scenario.schema.json`, 'utf8')) as object;
  t.same(schema, JSON.parse(JSON.stringify(scenarioJsonSchema())), 'npm run docs writes it');
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
  for (const { file, name } of listScenarios(root)) {
    t.ok(validate(parse(readFileSync(file, 'utf8'))), `${name}: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
    await t.resolves(loadScenario(name, { root, cwd: root }));
  }
  t.notOk(validate({ name: 'x', steps: [{ request: 'GET /', chek: [] }] }));
});

t.test('an unknown scenario suggests the nearest', async (t) => {
  await t.rejects(loadScenario('idempotancy', { root, cwd: root }), /Did you mean "idempotency"/);
  await t.rejects(loadScenario('./none.yaml', { root, cwd: root }), /none.yaml cannot be read: there is no such file/);
  await t.rejects(loadScenario('.', { root, cwd: root }), {
    message: '. cannot be read: it is a folder',
    hint: /\.\/\*\.yaml/,
  });
  await t.rejects(loadScenario('', { root, cwd: root }), {
    message: /unknown scenario ""/,
    hint: /as in \.\/shop\.yaml$/,
  });
});
