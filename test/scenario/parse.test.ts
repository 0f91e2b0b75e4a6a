import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { parse } from 'yaml';
import { scenarioJsonSchema } from '../../src/cli/scenario/grammar.js';
import { listScenarios, loadScenario } from '../../src/cli/scenario/load.js';
import { parseScenario } from '../../src/cli/scenario/parse.js';
import { nameProblems } from '../../src/cli/scenario/references.js';
import { matchGolden, root } from '../golden.js';
import { brokenScenarios } from './broken.js';

t.test('what is wrong with a file is said with line, column and the nearest word, all at once', async (t) => {
  const lines: string[] = [];
  for (const [what, yaml] of brokenScenarios) {
    const { scenario, problems } = parseScenario(yaml);
    const names = scenario === undefined ? [] : nameProblems({ ...scenario, file: 'x', data: [] }, []);
    const all = [...problems, ...names];
    t.ok(all.length > 0, `${what}: a problem is found`);
    lines.push(`${what}:`, ...all.map(({ at, message }) => `    ${at.line}:${at.column}: ${message}`));
  }
  matchGolden(t, 'scenario/broken', `${lines.join('\n')}\n`);
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
  t.same(schema, JSON.parse(JSON.stringify(scenarioJsonSchema())), 'npm run docs, or write scenarioJsonSchema() there');
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
  for (const { file, name } of listScenarios(root)) {
    t.ok(validate(parse(readFileSync(file, 'utf8'))), `${name}: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
    await t.resolves(loadScenario(name, { root, cwd: root }));
  }
  t.notOk(validate({ name: 'x', steps: [{ request: 'GET /', chek: [] }] }));
});

t.test('an unknown scenario suggests the nearest', async (t) => {
  await t.rejects(loadScenario('idempotancy', { root, cwd: root }), /Did you mean "idempotency"/);
  await t.rejects(loadScenario('./none.yaml', { root, cwd: root }), /there is no file/);
});
