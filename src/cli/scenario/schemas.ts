import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { Surroundings } from './condition.js';
import type { Condition, Scenario, Step } from './scenario.js';

type Validate = ((body: unknown) => boolean) & {
  errors?: { instancePath: string; message?: string; params: object }[] | null;
};

/** Compiles every JSON Schema of a scenario (2020-12, by ajv, loaded only where there is one). Throws Failure for an unsound one. */
export async function compileSchemas(scenario: Scenario): Promise<Surroundings['schemaProblems']> {
  const conditions = [...scenario.setup, ...scenario.steps, ...scenario.teardown]
    .flatMap(conditionsOf)
    .filter((condition) => condition.schema !== undefined);
  if (conditions.length === 0) return () => [];
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false });
  const compiled = new Map<unknown, Validate>();
  const problems: string[] = [];
  for (const { schema, at } of conditions) {
    if (compiled.has(schema)) continue;
    try {
      compiled.set(schema, ajv.compile(readReferenced(schema, scenario.file) as object) as unknown as Validate);
    } catch (error) {
      problems.push(`${scenario.file}:${at.line}:${at.column}: schema: ${(error as Error).message}`);
    }
  }
  if (problems.length > 0)
    throw new Failure({
      code: 'bad-scenario',
      message: `${scenario.file} has an unsound JSON Schema`,
      details: problems,
    });
  return (schema, body) => {
    const validate = compiled.get(schema)!;
    if (validate(body)) return [];
    return (validate.errors ?? []).slice(0, 10).map(({ instancePath, message, params }) => {
      const extra = 'additionalProperty' in params ? ` (${String(params.additionalProperty)})` : '';
      return `${instancePath === '' ? 'the document' : instancePath} ${message ?? 'is wrong'}${extra}`;
    });
  };
}

/** `{ $ref: ./order.json }` reads the schema from a file beside the scenario. */
function readReferenced(schema: unknown, file: string): unknown {
  const reference = schema !== null && typeof schema === 'object' && '$ref' in schema ? schema.$ref : undefined;
  if (typeof reference !== 'string' || !reference.startsWith('.')) return schema;
  return JSON.parse(readFileSync(resolve(dirname(file), reference), 'utf8'));
}

function conditionsOf(step: Step): Condition[] {
  switch (step.kind) {
    case 'folder':
      return step.steps.flatMap(conditionsOf);
    case 'request':
      return [...step.check.map((check) => check.condition), ...(step.until ? [step.until.condition] : [])].flatMap(
        deep,
      );
    case 'parallel':
      return step.check
        .flatMap(({ every, some, none, count, distinct, sum }) => [
          every,
          some,
          none,
          count?.where,
          distinct?.where,
          sum?.where,
        ])
        .concat(Object.values(step.capture).map(({ where }) => where))
        .flatMap((condition) => (condition === undefined ? [] : deep(condition)));
    case 'fault':
    case 'wait':
      return [];
  }
}

function deep(condition: Condition): Condition[] {
  const inner = [...(condition.any ?? []), ...(condition.all ?? []), ...(condition.not ? [condition.not] : [])];
  return [condition, ...inner.flatMap(deep)];
}
