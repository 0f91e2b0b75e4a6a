/** A number of a YAML text, and whether a JSON number of this program is that same number. */
export interface PlainNumber {
  value: number;
  isExact: boolean;
}

/** What a scalar means: a number keeps whether it is exact until somebody knows the field. */
export type PlainValue = string | boolean | null | undefined | PlainNumber;

const words = new Map<string, boolean | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
]);

const unbounded = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const decimalFloat = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const integer = /^([-+]?)(?:0[xX]([\da-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))$/;

/**
 * What kubectl and helm read an unquoted scalar as: sigs.k8s.io/yaml, which is go-yaml v2, a mixture of YAML 1.1 (`yes`, `on`,
 * `y` are booleans, 0644 is octal) and 1.2 (0o644; no numbers to the base 60), with dates left as text. Undefined for infinities
 * and NaN, which JSON, and so Kubernetes, does not have.
 */
export function plainScalar(text: string): PlainValue {
  const word = words.get(text);
  if (word !== undefined) return word;
  if (unbounded.test(text)) return undefined;
  if (!/^[-+\d.]/.test(text)) return text;
  const plain = text.replaceAll('_', '');
  const parts = integer.exec(plain);
  if (parts !== null) {
    const whole = integerOf(parts);
    if (whole >= -(2n ** 63n) && whole < 2n ** 64n)
      return { value: Number(whole), isExact: BigInt(Number(whole)) === whole };
  }
  if (!decimalFloat.test(plain)) return text;
  const value = Number(plain);
  return Number.isFinite(value) ? { value, isExact: true } : text;
}

function integerOf([, sign, hex, binary, octal, decimal]: RegExpExecArray): bigint {
  const digits = hex ? `0x${hex}` : binary ? `0b${binary}` : octal ? `0o${octal}` : (decimal ?? '0');
  return sign === '-' ? -BigInt(digits) : BigInt(digits);
}

/** The value of a scalar with a tag of YAML's own (`!!int "5"`); undefined where the tag does not fit it. */
export function taggedScalar(tag: string, text: string): PlainValue {
  const name = /^(?:!!|tag:yaml\.org,2002:)(int|float|bool|null)$/.exec(tag)?.[1];
  if (name === undefined) return text;
  const value = plainScalar(text);
  const kind = value === null ? 'null' : typeof value === 'object' ? 'number' : typeof value;
  const wanted = { int: 'number', float: 'number', bool: 'boolean', null: 'null' }[name];
  return kind === wanted ? value : undefined;
}
