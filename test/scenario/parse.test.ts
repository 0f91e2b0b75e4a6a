import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { parse } from 'yaml';
import { scenarioJsonSchema } from '../../src/cli/scenario/grammar.js';
import { listScenarios, loadScenario } from '../../src/cli/scenario/load.js';
import { parseScenario } from '../../src/cli/scenario/parse.js';
import { nameProblems } from '../../src/cli/scenario/references.js';
import { matchGolden, root } from '../golden.js';

const step = (fields: string) => `name: x\nsteps:\n  - { name: a, request: GET /a, ${fields} }\n`;
const check = (fields: string) => step(`check: [{ name: c, ${fields} }]`);

/** Broken files; what is said about each is in the golden file. */
const broken: [what: string, yaml: string][] = [
  ['empty', ''],
  ['only a comment', '# nothing\n'],
  ['a text', 'hello\n'],
  ['a list', '- a\n'],
  ['not YAML', 'name: "x\n'],
  ['a tab', 'name: x\nsteps:\n\t- a\n'],
  ['braces unquoted', 'name: x\nsteps:\n  - { name: a, request: GET /x/{{id}}/y }\n'],
  ['twice the same key', 'name: x\nname: y\nsteps: []\n'],
  ['no name', 'steps: []\n'],
  ['no steps', 'name: x\n'],
  ['steps is no list', 'name: x\nsteps: GET /\n'],
  ['unknown field', 'name: x\nstesp: []\nsteps: []\n'],
  [
    'several problems',
    'nam: x\nsteps:\n  - { request: FETCH /a, chek: [] }\n  - { request: GET a }\n  - { wait: soon }\n',
  ],
  ['a step without request', 'name: x\nsteps:\n  - { name: a }\n'],
  ['a step that is a text', 'name: x\nsteps: [GET /]\n'],
  ['unknown field of a step', step('chekc: []')],
  ['unknown method', 'name: x\nsteps: [{ request: PSOT /a }]\n'],
  ['no path', 'name: x\nsteps: [{ request: GET }]\n'],
  ['path without slash', 'name: x\nsteps: [{ request: GET orders }]\n'],
  ['two bodies', step('json: 1, text: a')],
  ['header name', step("headers: { 'a b': c }")],
  ['variable name', step('capture: { 1a: $.id }')],
  ['JSONPath', step("capture: { a: '$.[' }")],
  ['JSONPath without $', check('json: { id: 1 }')],
  ['check without name', step('check: [{ status: 200 }]')],
  ['check without condition', step('check: [{ name: c }]')],
  ['status 999', check('status: 999')],
  ['status text', check('status: OK')],
  ['unknown operator', check('json: { $.a: { biger: 1 } }')],
  ['operator without number', check('json: { $.a: { above: many } }')],
  ['in without list', check('json: { $.a: { in: 1 } }')],
  ['type', check('json: { $.a: { type: strnig } }')],
  ['regular expression', check("json: { $.a: { matches: '(' } }")],
  ['duration', check('time: 5 parsecs')],
  ['duration without unit', step('timeout: 5')],
  ['until without deadline', step('until: { is: { status: 200 } }')],
  ['repeat', step('repeat: 0')],
  ['retry', step('retry: many')],
  ['two sources', step('capture: { a: { json: $.a, header: b } }')],
  ['auth', step('auth: { basic: { user: a } }')],
  ['auth word', step('auth: nonne')],
  ['fault', 'name: x\nsteps: [{ fault: { kil: orders } }]\n'],
  ['two faults', 'name: x\nsteps: [{ fault: { kill: a, stop: b } }]\n'],
  ['parallel with steps', 'name: x\nsteps: [{ parallel: [{ name: a, request: GET / }] }]\n'],
  ['set check', 'name: x\nsteps: [{ parallel: [{ request: GET / }], check: [{ name: c, evry: { status: 200 } }] }]\n'],
  ['lose', step('lose: everything')],
  ['unknown variable', "name: x\nvariables: { order: 1 }\nsteps: [{ request: 'GET /{{ordr}}' }]\n"],
  ['unknown generator', "name: x\nsteps: [{ request: 'GET /{{$uid}}' }]\n"],
  ['unclosed braces', "name: x\nsteps: [{ request: 'GET /{{id' }]\n"],
  ['no earlier step', check('sameBodyAs: b')],
  ['url', 'name: x\nurl: arch.homework\nsteps: []\n'],
  ['folder without steps', 'name: x\nsteps: [{ folder: f }]\n'],
];

t.test('what is wrong with a file is said with line, column and the nearest word, all at once', async (t) => {
  const lines: string[] = [];
  for (const [what, yaml] of broken) {
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
