import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import schema from '../../../../schemas/profile.schema.json' with { type: 'json' };
import { syntaxMessage } from '../../kernel/json.js';
import { didYouMean } from '../../kernel/nearest.js';

/** Something wrong with a profile, and where. */
export interface ProfileProblem {
  line: number;
  column: number;
  message: string;
}

/** A YAML text checked against the schema, with a way from a path in the data to the place in the text. */
export interface ShapedProfile {
  data: unknown;
  problems: ProfileProblem[];
  problemAt(path: readonly (string | number)[], message: string): ProfileProblem;
}

/** Parses a profile's YAML and finds everything that is wrong with its shape. */
export function shapeProfile(text: string): ShapedProfile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const problems = document.errors.map(({ pos, message }) => ({ ...at(pos[0]), message: syntaxMessage(message) }));
  const problemAt = (path: readonly (string | number)[], message: string): ProfileProblem => ({
    ...at(offsetOf(document, path)),
    message,
  });
  if (problems.length > 0) return { data: undefined, problems, problemAt };
  const data: unknown = document.toJS();
  return { data, problems: schemaProblems(data).map(({ path, message }) => problemAt(path, message)), problemAt };
}

let compiled: ValidateFunction | undefined;

/** Compiling the schema takes longer than all else here. */
function schemaValidator(): ValidateFunction {
  compiled ??= new Ajv({ allErrors: true, verbose: true, strict: false }).compile(schema);
  return compiled;
}

function schemaProblems(data: unknown): { path: (string | number)[]; message: string }[] {
  const validate = schemaValidator();
  if (validate(data)) return [];
  const errors = validate.errors ?? [];
  // Of alternatives, the complaints about the one that was meant say more than `oneOf`; of the others they say nothing.
  const kept = errors.filter((error) => !isAboutOtherForm(error));
  const found = new Map<string, { path: (string | number)[]; message: string }>();
  for (const error of kept) {
    const { path, message } = describe(error, data);
    const key = `${path.join('/')} ${message}`;
    if (!found.has(key)) found.set(key, { path, message });
  }
  return [...found.values()];
}

function isAboutOtherForm(error: ErrorObject): boolean {
  if (error.keyword === 'oneOf') return true;
  // A text where a mapping may stand, or the other way round.
  return (
    error.schemaPath.includes('/oneOf/') &&
    error.keyword === 'type' &&
    ['string', 'object'].includes(error.schema as string)
  );
}

function describe(error: ErrorObject, data: unknown): { path: (string | number)[]; message: string } {
  const path = pathOf(error.instancePath, data);
  const name = path.length === 0 ? 'the profile' : fieldName(path);
  switch (error.keyword) {
    case 'additionalProperties': {
      const unknown = String(error.params.additionalProperty);
      const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
      return {
        path: [...path, unknown],
        message: `unknown field ${JSON.stringify(unknown)}${didYouMean(unknown, known)}`,
      };
    }
    case 'required':
      return { path, message: `${name} needs ${JSON.stringify(error.params.missingProperty)}` };
    case 'pattern': {
      const isDuration = String(error.schemaPath).includes('duration');
      const want = isDuration
        ? 'a duration (500ms, 10s, 1m30s)'
        : (error.parentSchema?.description ?? 'as the schema says');
      return { path, message: `${name}: ${JSON.stringify(error.data)} is not ${want}` };
    }
    default:
      return { path, message: `${name} ${error.message ?? 'is wrong'}` };
  }
}

function fieldName(path: readonly (string | number)[]): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}

function pathOf(pointer: string, data: unknown): (string | number)[] {
  let value = data;
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => {
      const key = Array.isArray(value) ? Number(part) : part;
      value = (value as Record<string | number, unknown>)?.[key];
      return key;
    });
}

/** Where in the text a path is: its key where it has one, else the nearest thing around it. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true) as Node | undefined;
    const last = path[length - 1]!;
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === last);
      const range = (pair?.key as Node | undefined)?.range;
      if (range) return range[0];
    }
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}
