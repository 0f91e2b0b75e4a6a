// docs/SCENARIOS.md: its examples are sound scenarios, and nothing that the format knows is missing from it.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { operatorMeanings } from '../../src/cli/scenario/check/operators.js';
import { generatorNames } from '../../src/cli/scenario/variables/generated.js';
import { root } from '../golden.js';
import { scenarioOf } from './run-text.js';
import { SchemaKeywords } from './schema-keywords.js';

const text = readFileSync(`${root}docs/SCENARIOS.md`, 'utf8');

t.test('the examples of the page are sound', async (t) => {
  const examples = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml]) => yaml!);
  t.ok(examples.length >= 4);
  for (const yaml of examples) t.doesNotThrow(() => scenarioOf(yaml), yaml.split('\n')[0]!);
});

t.test('every field, operator and generator is named', async (t) => {
  const schema = JSON.parse(readFileSync(`${root}schemas/scenario.schema.json`, 'utf8')) as Record<string, unknown>;
  const fields = [...new SchemaKeywords(schema).all].map((keyword) => keyword.split('.').at(-1)!);
  const words = new Set(text.match(/[\w$]+/g));
  const all = [...new Set([...fields, ...operatorMeanings.keys(), ...generatorNames.map((name) => `$${name}`)])];
  // The four faults are one thing: two stand as examples.
  t.same(
    all.filter((name) => !words.has(name) && !['stop', 'continue'].includes(name)),
    [],
  );
});
