import { isMap, isScalar, isSeq, type Node } from 'yaml';
import type { Reader } from './reader.js';
import type { Shape } from './shape.js';

/** Any YAML value, as plain data. */
export const anything: Shape<unknown> = {
  schema: {},
  read(given, reader) {
    const node = reader.resolve(given);
    if (node === null) return null;
    return checkLeaves(node, reader) ? (reader.toJs(node) ?? null) : undefined;
  },
};

/** Gathers the templates of a value; false where a number in it is none that can be sent. */
function checkLeaves(given: Node | null, reader: Reader): boolean {
  const node = reader.resolve(given);
  if (isScalar(node)) {
    if (typeof node.value === 'string') reader.text(node, node.value);
    const wrong = typeof node.value === 'number' ? numberProblem(node.value, node.source) : undefined;
    if (wrong !== undefined) reader.problem(given, wrong);
    return wrong === undefined;
  }
  const parts = isSeq(node) ? node.items : isMap(node) ? node.items.flatMap(({ key, value }) => [key, value]) : [];
  return parts.map((part) => checkLeaves(part as Node | null, reader)).every(Boolean);
}

function numberProblem(value: number, source = String(value)): string | undefined {
  if (!Number.isFinite(value)) return `${source} is no number that JSON or a URL can hold. Quote it to send it as text`;
  const digits = /^[+-]?(\d+)$/.exec(source)?.[1];
  if (digits === undefined || BigInt(digits) === BigInt(Math.abs(value))) return undefined;
  return `${source} would be sent as ${BigInt(value)}: a whole number beyond 2^53 loses digits. Quote it, or write the body with text:`;
}
