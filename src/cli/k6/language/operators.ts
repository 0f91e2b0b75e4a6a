import { bounded, isErrorValue, mostItems, primitiveOf } from './coerce.js';
import { Constructible, Fault } from './machine.js';
import { readMember } from './properties.js';

/** The operators that take both sides as they are. */
export function binary(operator: string, left: unknown, right: unknown): unknown {
  switch (operator) {
    case '===':
      return left === right;
    case '!==':
      return left !== right;
    case 'instanceof':
      return isInstance(left, right);
    case 'in':
      return Array.isArray(right) ? Number(left) in right : readMember(right, left) !== undefined;
  }
  const a = primitiveOf(left) as never;
  const b = primitiveOf(right) as never;
  switch (operator) {
    case '==':
      // biome-ignore lint/suspicious/noDoubleEquals: the script says so
      return a == b;
    case '!=':
      // biome-ignore lint/suspicious/noDoubleEquals: the script says so
      return a != b;
    case '+': {
      const sum: unknown = a + b;
      if (typeof sum === 'string') bounded(sum.length, 10 * mostItems);
      return sum;
    }
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    case '**':
      return a ** b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '<<':
      return a << b;
    case '>>':
      return a >> b;
    case '>>>':
      return a >>> b;
    default:
      throw new Fault(`the operator ${operator} is not known`);
  }
}

function isInstance(value: unknown, of: unknown): boolean {
  if (!(of instanceof Constructible)) return false;
  if (of.name === 'Error') return isErrorValue(value);
  if (of.name === 'Array') return Array.isArray(value);
  return value instanceof Date ? of.name === 'Date' : typeof value === 'object' && of.name === 'Object';
}
