import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type Scalar,
} from 'yaml';
import { type Position, positionOf } from '../../document/problem.js';
import { yamlProblems } from '../../document/read-document.js';
import { syntaxMessage } from '../../kernel/json.js';
import { type PlainNumber, plainScalar, taggedScalar } from './plain-scalar.js';
import type { FieldPath } from './varying-fields.js';

/** One document of a text of manifests, as plain JSON data; a document of comments alone is left out. */
export interface ManifestDocument {
  value: unknown;
  /** Where the document begins. */
  at: Position & { offset: number };
  /** The place of a field, or of its nearest parent that is there, as messages show it. */
  placeOf(path: FieldPath): string;
}

/** How a text is read, and where what is wrong with it goes. */
export interface ManifestReading {
  /** A place of the text, as messages show it: `k8s/app.yaml:3:7`. */
  place(at: Position & { offset: number }): string;
  /** What keeps the text from being used: `PLACE: what`. */
  problem(line: string): void;
  /** A key that is given twice: the last one counts for kubectl and helm. */
  duplicateKey(line: string): void;
}

/** Documents of one text: each costs some thousand bytes, however short it is. */
const mostDocuments = 5_000;

/**
 * Every document of a text, its values what kubectl and helm make of them (`plainScalar`): keys are text, merge keys and
 * aliases are resolved, what JSON cannot hold is a problem. JSON is YAML.
 */
export function readManifestText(text: string, reading: ManifestReading): ManifestDocument[] {
  const lines = new LineCounter();
  const placeOf = (offset: number) => reading.place({ ...positionOf(lines, offset), offset });
  return parsed(text, lines, reading).flatMap((document): ManifestDocument[] => {
    const offset = document.contents?.range?.[0] ?? document.range?.[0] ?? 0;
    const unsound = yamlProblems(document, text, lines, 'object');
    for (const { at, message } of unsound) reading.problem(`${reading.place({ ...at, offset })}: ${message}`);
    if (unsound.length > 0 || document.contents === null) return [];
    const converter = new Converter(document, placeOf, reading);
    const value = converter.valueOf(document.contents as Node, []);
    if (value === null || value === undefined || converter.isUnsound) return [];
    const contents = document.contents as Node;
    return [
      {
        value,
        at: { ...positionOf(lines, offset), offset },
        placeOf: (path) => placeOf(offsetOf(contents, path, document)),
      },
    ];
  });
}

function parsed(text: string, lines: LineCounter, reading: ManifestReading): Document[] {
  if ((text.match(/^---/gm)?.length ?? 0) > mostDocuments) {
    reading.problem(`${reading.place({ line: 1, column: 1, offset: 0 })}: more than ${mostDocuments} documents`);
    return [];
  }
  try {
    // Every scalar as its text: what it means is decided by the rules of go-yaml, not by those of this library.
    const documents = parseAllDocuments(text, {
      schema: 'failsafe',
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'silent',
    });
    return Array.isArray(documents) ? (documents as unknown as Document[]) : [];
  } catch (error) {
    const why = syntaxMessage((error as Error).message);
    reading.problem(`${reading.place({ line: 1, column: 1, offset: 0 })}: not YAML: ${why}`);
    return [];
  }
}

class Converter {
  /** A part of it could not be read, which has been told: the rest says nothing true. */
  isUnsound = false;
  readonly #isSchema: boolean;

  constructor(
    private readonly document: Document,
    private readonly placeAt: (offset: number) => string,
    private readonly reading: ManifestReading,
  ) {
    const { contents } = document;
    const kind: unknown = isMap(contents) ? contents.get('kind') : undefined;
    this.#isSchema = kind === 'CustomResourceDefinition';
  }

  valueOf(node: Node | null, path: FieldPath): unknown {
    if (node === null) return null;
    // Bounded, and with an end: yamlProblems has looked.
    if (isAlias(node)) return this.valueOf(node.resolve(this.document) ?? null, path);
    if (isSeq(node)) return node.items.map((item, index) => this.valueOf(item as Node | null, [...path, index]));
    if (isMap(node)) return this.#mapOf(node.items as Pair<Node, Node | null>[], path);
    return this.#scalarOf(node as Scalar, path);
  }

  #mapOf(pairs: Pair<Node, Node | null>[], path: FieldPath): unknown {
    const map: Record<string, unknown> = {};
    for (const { key, value } of pairs) {
      const name = this.#keyOf(key);
      if (name === undefined) continue;
      if (Object.hasOwn(map, name))
        this.reading.duplicateKey(`${this.#place(key)}: ${JSON.stringify(name)} is given twice`);
      // Not assigned: `__proto__` is a key like any other here.
      Object.defineProperty(map, name, {
        value: this.valueOf(value, [...path, name]),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return map;
  }

  #keyOf(node: Node): string | undefined {
    const key = isAlias(node) ? (node.resolve(this.document) ?? node) : node;
    const value = isScalar(key) ? readScalar(key) : undefined;
    if (typeof value === 'string') return value;
    if (typeof value === 'boolean') return String(value);
    if (isNumber(value)) return String(value.value);
    const braces = isMap(key) ? '. A value with {{...}} needs quotes here' : '';
    this.#problem(node, `a key is text, and this is ${isScalar(key) ? 'nothing' : 'a map or a list'}${braces}`);
    return undefined;
  }

  #scalarOf(node: Scalar, path: FieldPath): unknown {
    const value = readScalar(node);
    if (value === undefined)
      return this.#problem(
        node,
        `${JSON.stringify(node.value)} is no value that JSON has${node.tag === undefined ? '' : `, or not one of ${node.tag.replace('tag:yaml.org,2002:', '!!')}`}: quote it where text is meant`,
      );
    if (!isNumber(value)) return value;
    // The API server holds numbers of a schema as doubles, too.
    if (value.isExact || this.#isSchema) return value.value;
    if (path.some((step) => quantityFields.has(String(step)))) return String(node.value);
    return this.#problem(
      node,
      `${node.value} is beyond what a JSON number holds exactly: quote it where text is taken`,
    );
  }

  #problem(node: Node, message: string): undefined {
    this.isUnsound = true;
    this.reading.problem(`${this.#place(node)}: ${message}`);
    return undefined;
  }

  #place(node: Node): string {
    return this.placeAt(node.range?.[0] ?? 0);
  }
}

/** Below these stand quantities, which may be text as well as numbers. */
const quantityFields = new Set([
  ...['limits', 'requests', 'capacity', 'allocatable', 'hard', 'max', 'min', 'default', 'defaultRequest'],
  ...['sizeLimit', 'divisor', 'averageValue', 'podFixed', 'storage', 'memory', 'cpu'],
]);

function readScalar(node: Scalar): ReturnType<typeof plainScalar> {
  // The library knows this one tag in every schema.
  if (node.value instanceof Uint8Array) return Buffer.from(node.value).toString();
  const text = String(node.value ?? '');
  if (node.tag !== undefined && node.tag !== '!' && !/^(?:!!|tag:yaml\.org,2002:)str$/.test(node.tag))
    return taggedScalar(node.tag, text);
  return node.type === 'PLAIN' && node.tag === undefined ? plainScalar(text) : text;
}

function isNumber(value: unknown): value is PlainNumber {
  return typeof value === 'object' && value !== null;
}

function offsetOf(contents: Node, path: FieldPath, document: Document): number {
  let node = contents;
  for (const step of path) {
    const whole = isAlias(node) ? node.resolve(document) : node;
    const child: unknown = isMap(whole)
      ? (whole.items as Pair<Node, Node | null>[]).find(
          ({ key }) => isScalar(key) && String(key.value) === String(step),
        )?.value
      : isSeq(whole)
        ? whole.items[Number(step)]
        : undefined;
    if (child === null || child === undefined) break;
    node = child as Node;
  }
  return node.range?.[0] ?? 0;
}
