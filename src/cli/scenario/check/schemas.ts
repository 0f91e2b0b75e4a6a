import { dirname, resolve } from 'node:path';
import type { Problem } from '../../document/problem.js';
import { readText } from '../../kernel/files.js';
import { parseJson } from '../../kernel/json.js';
import { patternOf } from '../../kernel/pattern.js';
import type { Uses } from '../format/uses.js';
import type { Condition, Scenario, Step } from '../scenario.js';
import type { CheckContext } from './condition.js';

type Validate = ((body: unknown) => boolean) & {
  errors?: { instancePath: string; message?: string; params: object }[] | null;
};

/** Compiles every JSON Schema of a sound scenario (2020-12, by ajv, loaded only where there is one). */
export async function compileSchemas(scenario: Scenario): Promise<CheckContext['schemaProblems']> {
  const conditions = [...scenario.setup, ...scenario.steps, ...scenario.teardown]
    .flatMap(conditionsOf)
    .filter((condition) => condition.schema !== undefined);
  if (conditions.length === 0) return () => [];
  const compile = await compiler(scenario.file);
  const compiled = new Map<unknown, Validate>();
  for (const { schema } of conditions) if (!compiled.has(schema)) compiled.set(schema, compile(schema));
  return (schema, body) => {
    const validate = compiled.get(schema)!;
    if (validate(body)) return [];
    return (validate.errors ?? []).slice(0, 10).map(({ instancePath, message, params }) => {
      const extra = 'additionalProperty' in params ? ` (${String(params.additionalProperty)})` : '';
      return `${instancePath === '' ? 'the document' : instancePath} ${message ?? 'is wrong'}${extra}`;
    });
  };
}

/** The JSON Schemas of a file that are none. */
export async function schemaProblems({ schemas }: Uses, file: string): Promise<Problem[]> {
  if (schemas.length === 0) return [];
  const compile = await compiler(file);
  const problems: Problem[] = [];
  for (const { schema, at } of schemas) {
    try {
      compile(schema);
    } catch (error) {
      problems.push({ at, message: `schema: ${(error as Error).message}` });
    }
  }
  return problems;
}

/** What the schema of schemas says of the first that is none. Compiling many takes minutes; this takes a moment. */
export async function shapeProblem(schemas: readonly unknown[]): Promise<string | undefined> {
  if (schemas.length === 0) return undefined;
  const { Ajv2020 } = (await import('ajv/dist/2020.js')).default;
  const ajv = new Ajv2020({ strict: false });
  const wrong = schemas.some((schema) => ajv.validateSchema(schema as object) !== true);
  return wrong ? `schema: ${ajv.errorsText(ajv.errors, { dataVar: 'schema' })}` : undefined;
}

/** Judges bodies by JSON Schemas of draft 7, as scripts of Postman give them; a schema that is none allows nothing. */
export async function schemaJudge(): Promise<(schema: unknown, body: unknown) => boolean> {
  const { Ajv } = (await import('ajv')).default as unknown as typeof import('ajv');
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false, code: { regExp: schemaPattern } });
  return (schema, body) => {
    try {
      return ajv.validate(schema as object, body);
    } catch {
      return false;
    }
  };
}

/** The engine for `pattern` and `patternProperties`: its matches have a deadline. */
const schemaPattern = Object.assign((source: string, flags: string) => patternOf(source, flags), {
  code: 'new RegExp',
});

/** By the value that stands in a scenario: what was compiled to be checked is what runs. */
const compiled = new WeakMap<object, Validate>();

/** Compiles schemas of one file, each text once. ajv's passes to shorten its code take the square of a schema's depth: left out. */
async function compiler(file: string): Promise<(schema: unknown) => Validate> {
  const { Ajv2020 } = (await import('ajv/dist/2020.js')).default;
  const code = { regExp: schemaPattern, optimize: false };
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false, code });
  const byText = new Map<string, Validate>();
  return (schema) => {
    const key = schema !== null && typeof schema === 'object' ? schema : {};
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const whole = readReferenced(schema, file);
    const text = JSON.stringify(whole);
    const made = byText.get(text) ?? (ajv.compile(whole as object) as unknown as Validate);
    byText.set(text, made);
    compiled.set(key, made);
    return made;
  };
}

/** `{ $ref: ./order.json }` reads the schema from a file beside the scenario. */
export function readReferenced(schema: unknown, file: string): unknown {
  const reference = schema !== null && typeof schema === 'object' && '$ref' in schema ? schema.$ref : undefined;
  if (typeof reference !== 'string' || !reference.startsWith('.')) return schema;
  const path = resolve(dirname(file), reference);
  const text = readText(path, { shown: reference });
  try {
    return parseJson(text);
  } catch (error) {
    throw new Error(`${reference}: ${(error as Error).message}`);
  }
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
