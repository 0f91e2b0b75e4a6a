import { isMap, isScalar, type Node } from 'yaml';
import { anything } from '../../document/any-value.js';
import { reference } from '../../document/json-schema.js';
import { type Fields, field, type Infer, needed, object } from '../../document/object-shape.js';
import type { Reader } from '../../document/reader.js';
import {
  boolean,
  choose,
  integer,
  listOf,
  mapped,
  parsed,
  type Read,
  record,
  recursive,
  type Shape,
  text,
} from '../../document/shape.js';
import { parseDurationMs } from '../../kernel/duration.js';
import { didYouMean, nearest } from '../../kernel/nearest.js';
import { patternProblem } from '../../kernel/pattern.js';
import { pathProblem } from '../check/jsonpath.js';
import { operatorMeanings, operators } from '../check/operators.js';
import type { Check, Condition, ConditionFields, Expectation, Operator, SetCheck, Source } from '../scenario.js';
import { Uses } from './uses.js';

const expectationSchema = {
  anyOf: [
    { type: ['string', 'number', 'boolean', 'null', 'array'] },
    {
      type: 'object',
      properties: Object.fromEntries(
        [...operatorMeanings].map(([name, description]) => [
          name,
          operators[name].takes === 'operators' ? { description, $ref: '#/$defs/expectation' } : { description },
        ]),
      ),
      additionalProperties: false,
      minProperties: 1,
    },
  ],
};

/** A value (equality) or a mapping of operators, all of which must hold. `bare` is the operator of a value given alone. */
function expectationOf(bare: (value: unknown) => Operator): Shape<Expectation> {
  return {
    schema: reference('expectation', () => expectationSchema),
    read(given, reader) {
      const node = reader.resolve(given);
      if (!isMap(node)) {
        const value = anything.read(given, reader);
        return [{ op: bare(value), value, at: reader.at(given) }];
      }
      const parts = node.items.map((pair) => readOperator(pair.key as Node, pair.value as Node | null, reader));
      if (parts.length === 0) return reader.problem(given, 'no operator given; to compare with {} write equals: {}');
      return parts.includes(undefined) ? undefined : (parts as Expectation);
    },
  };
}

function readOperator(key: Node, value: Node | null, reader: Reader): Expectation[number] | undefined {
  const name = isScalar(key) ? String(key.value) : '';
  if (!isOperator(name)) {
    const known = [...operatorMeanings.keys()];
    const near = nearest(name, known);
    const advice = near === undefined ? `Known: ${known.join(', ')}.` : `Did you mean "${near}"?`;
    return reader.problem(key, `unknown operator "${name}". ${advice} To compare with an object write equals: {...}`);
  }
  const rule = operators[name];
  const at = reader.at(key);
  if (rule.takes === 'operators') {
    const inner = expectation.read(value, reader);
    return inner === undefined ? undefined : { op: name, value: inner, at };
  }
  const read = anything.read(value, reader);
  const template = typeof read === 'string' && read.includes('{{');
  const wrong = template ? undefined : rule.problem?.(read);
  return wrong === undefined ? { op: name, value: read, at } : reader.problem(value ?? key, wrong);
}

function isOperator(name: string): name is Operator {
  return operatorMeanings.has(name as Operator);
}

const expectation: Shape<Expectation> = expectationOf(() => 'equals');
const textExpectation = expectationOf(() => 'contains');

const statusExpectation: Shape<Expectation> = mapped(
  expectationOf((value) => {
    if (Array.isArray(value)) return 'in';
    return /^[1-5]xx$/.test(String(value)) ? 'class' : 'equals';
  }),
  (read, reader, node) => {
    for (const { op, value } of read) {
      if (op !== 'equals' && op !== 'in') continue;
      for (const each of Array.isArray(value) ? value : [value]) {
        if (typeof each === 'string' && each.includes('{{')) continue;
        if (!Number.isInteger(each) || (each as number) < 100 || (each as number) > 599)
          return reader.problem(node, `${JSON.stringify(each)} is not an HTTP status: expected 100 to 599, or 2xx`);
      }
    }
    return read;
  },
);

/** Durations become milliseconds; a duration alone is an upper bound. */
const timeExpectation: Shape<Expectation> = mapped(
  expectationOf(() => 'below'),
  (read, reader, node) => {
    try {
      return read.map((part) => ({
        ...part,
        value: typeof part.value === 'string' ? parseDurationMs(part.value, 'time') : part.value,
      }));
    } catch (error) {
      return reader.problem(node, (error as Error).message);
    }
  },
);

const jsonPathKey = (name: string) => (name.includes('{{') ? undefined : pathProblem(name));

const jsonSchema = mapped(
  choose<unknown>([(node) => isMap(node), anything], [() => true, boolean]),
  (schema, reader, node) => {
    reader.notes(Uses).schemas.push({ schema, at: reader.at(node) });
    return schema;
  },
);

const earlierStep = mapped(text, (name, reader, node) => {
  const { bodies } = reader.notes(Uses);
  if (name.includes('{{') || bodies.has(name)) return name;
  return reader.problem(
    node,
    `sameBodyAs: no earlier step that has a response is called ${JSON.stringify(name)}${didYouMean(name, bodies)}`,
  );
});

const conditionFields = {
  status: field(statusExpectation, 'HTTP status: 200, 2xx, a list, or operators'),
  header: field(record(expectation), 'Response headers by name (any case), each a value or operators'),
  cookie: field(record(expectation), 'Cookies that the response sets, by name'),
  json: field(record(expectation, jsonPathKey), 'JSONPath (RFC 9535) in the body: a value or operators'),
  regex: field(
    record(expectation, patternProblem),
    'Regular expression on the body: its first group, a value or operators',
  ),
  text: field(textExpectation, 'Body as text; a text alone must be contained in it'),
  bytes: field(expectation, 'Length of the body in bytes'),
  time: field(timeExpectation, 'Response time; a duration alone is an upper bound'),
  schema: field(jsonSchema, 'JSON Schema (2020-12) that the body must satisfy; { $ref: ./file.json } reads a file'),
  sameBodyAs: field(earlierStep, 'Name of an earlier step whose response body must be the same, byte for byte'),
  error: field(
    choose<boolean | Expectation>(
      [(node) => isScalar(node) && typeof node.value === 'boolean', boolean],
      [() => true, textExpectation],
    ),
    'true: there is no response (refused, reset, timed out); or what its message must contain',
  ),
} satisfies Fields & Record<keyof ConditionFields, unknown>;

/** A condition, by reference in the JSON Schema. */
export const conditionRef: Shape<Condition> = recursive('condition', () => condition);

const combinators = {
  any: field(listOf(conditionRef), 'At least one of these conditions holds'),
  all: field(listOf(conditionRef), 'All of these conditions hold'),
  not: field(conditionRef, 'This condition does not hold'),
} satisfies Fields;

const condition: Shape<Condition> = mapped(
  object('a condition', { ...conditionFields, ...combinators }),
  (read, reader, node) => atLeastOne(read, reader, node),
);

function atLeastOne(read: object, reader: Reader, node: Node): Condition | undefined {
  const known: string[] = [...Object.keys(conditionFields), ...Object.keys(combinators)];
  if (Object.keys(read).some((name) => known.includes(name))) return read as Condition;
  return reader.problem(node, `nothing is checked here. Add one of ${known.join(', ')}`);
}

const skip = field(
  choose<string | boolean>([(node) => isScalar(node) && typeof node.value === 'boolean', boolean], [() => true, text]),
  'true or the reason: reported as skipped, not run',
);

/** A named assertion: a condition and its name. */
export const check: Shape<Check> = mapped(
  object('a check', {
    name: needed(text, 'the sentence that the report shows'),
    skip,
    ...conditionFields,
    ...combinators,
  }),
  (read, reader, node) => {
    const { name, skip: skipped, ...rest } = read as Infer<Fields>;
    const sound = atLeastOne(rest, reader, node);
    return (
      sound && { name: name as string, at: read.at, skip: (skipped as string | boolean) ?? false, condition: sound }
    );
  },
);

const sourceObject = object('a source', sourceFields());

function checkedPath(path: string): string {
  const wrong = jsonPathKey(path);
  if (wrong !== undefined) throw new Error(wrong);
  return path;
}

function toSource(read: Read<typeof sourceObject>, reader: Reader, node: Node): Source | undefined {
  const { json, header, cookie, regex, status, text: whole } = read;
  const given = [json, header, cookie, regex, status, whole].filter((value) => value !== undefined);
  if (given.length !== 1)
    return reader.problem(node, 'a source names one of json, header, cookie, regex, status or text');
  if (json !== undefined) return { kind: 'json', path: json };
  if (header !== undefined) return { kind: 'header', name: header };
  if (cookie !== undefined) return { kind: 'cookie', name: cookie };
  if (status !== undefined) return { kind: 'status' };
  if (whole !== undefined) return { kind: 'text' };
  const wrong = patternProblem(regex!);
  return wrong === undefined ? { kind: 'regex', pattern: regex! } : reader.problem(node, wrong);
}

/** Where a value comes from: `$.id` alone is a JSONPath, or a mapping such as `header: Location`. */
export const source: Shape<Source> = choose<Source>(
  [(node) => isMap(node), mapped(sourceObject, toSource)],
  [() => true, mapped(parsed({ type: 'string', pattern: '^\\$' }, checkedPath), (path) => ({ kind: 'json', path }))],
);

/** A source, in a parallel set of the first exchange that satisfies `where`. */
export const sourceWhere: Shape<Source & { where: Condition | undefined }> = choose<
  Source & { where: Condition | undefined }
>(
  [
    (node) => isMap(node),
    mapped(
      object('a source', {
        ...sourceFields(),
        where: field(conditionRef, 'Of the first exchange that satisfies this'),
      }),
      ({ where, ...read }, reader, node) => {
        const found = toSource(read as Read<typeof sourceObject>, reader, node);
        return found && { ...found, where };
      },
    ),
  ],
  [() => true, mapped(source, (found) => ({ ...found, where: undefined }))],
);

function sourceFields() {
  return {
    json: field(parsed({ type: 'string' }, checkedPath), 'JSONPath (RFC 9535) in the body'),
    header: field(text, 'A response header'),
    cookie: field(text, 'A cookie that the response sets'),
    regex: field(text, 'First group of this regular expression on the body'),
    status: field(boolean, 'The HTTP status'),
    text: field(boolean, 'The whole body as text'),
  };
}

const count = object('count', {
  where: needed(conditionRef, 'which exchanges are counted'),
  is: needed(expectation, 'the number of them'),
});
const aggregate = object('an aggregate', {
  of: needed(source, 'the value taken from each exchange'),
  where: field(conditionRef, 'Only of exchanges that satisfy this'),
  is: needed(expectation, 'a number or operators'),
});

/** A named assertion about the exchanges of a parallel set. */
export const setCheck: Shape<SetCheck> = mapped(
  object('a check of a parallel set', {
    name: needed(text, 'the sentence that the report shows'),
    skip,
    every: field(conditionRef, 'Every exchange satisfies this'),
    some: field(conditionRef, 'At least one exchange satisfies this'),
    none: field(conditionRef, 'No exchange satisfies this'),
    count: field(count, 'How many exchanges satisfy a condition'),
    distinct: field(aggregate, 'How many different values the exchanges have'),
    sum: field(aggregate, 'Sum of a number over the exchanges'),
  }),
  (read, reader, node) => {
    const { name, skip: skipped, at, every, some, none, count: counted, distinct, sum } = read;
    const given = { every, some, none, count: counted, distinct, sum };
    if (Object.values(given).every((value) => value === undefined))
      return reader.problem(node, `nothing is checked here. Add one of ${Object.keys(given).join(', ')}`);
    return { name, at, skip: skipped ?? false, ...given } as SetCheck;
  },
);

/** An integer used by several grammars: times something is done. */
export const times = integer(1, 100_000);
