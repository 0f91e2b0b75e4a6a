export type JsonSchema = Record<string, unknown>;

/** On a schema that refers to another by name, that other one: a symbol survives spreading, and no JSON shows it. */
const referred = Symbol('referred');

/** A schema that is written once, under `$defs/name`, and referred to wherever it stands. */
export function reference(name: string, schema: () => JsonSchema): JsonSchema {
  return { $ref: `#/$defs/${name}`, [referred]: { name, schema } };
}

/** What a shape describes as a whole document of JSON Schema (2020-12), with all that it refers to under `$defs`. */
export function jsonSchema(title: string, schema: JsonSchema, about: JsonSchema = {}): JsonSchema {
  const $defs: Record<string, JsonSchema> = {};
  const gather = (part: unknown): void => {
    if (part === null || typeof part !== 'object') return;
    const to = (part as { [referred]?: { name: string; schema: () => JsonSchema } })[referred];
    if (to !== undefined && $defs[to.name] === undefined) {
      $defs[to.name] = to.schema();
      gather($defs[to.name]);
    }
    for (const inner of Object.values(part)) gather(inner);
  };
  gather(schema);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    ...about,
    ...schema,
    ...(Object.keys($defs).length > 0 ? { $defs } : {}),
  };
}
