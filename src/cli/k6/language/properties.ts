import { bounded, isPlain, mostItems, textOf } from './coerce.js';
import { Callable, Constructible, Fault, HostObject, type Machine, Namespace } from './machine.js';
import { methodOf } from './methods.js';

/**
 * Members of a script's values. A script sees what its own objects hold and the methods listed in methods.ts; nothing of what
 * JavaScript gives every object (constructor, __proto__) is within its reach.
 */
export function readMember(object: unknown, key: unknown): unknown {
  if (object === undefined || object === null)
    throw new Fault(`Cannot read properties of ${object} (reading '${textOf(key)}')`);
  if (object instanceof HostObject) return object.get(textOf(key));
  if (object instanceof Callable && object.member !== undefined) return object.member(textOf(key));
  if (object instanceof Namespace || object instanceof Constructible) return object.members.get(textOf(key));
  if (typeof object === 'string' || Array.isArray(object)) {
    if (key === 'length') return object.length;
    if (typeof key === 'number' || (typeof key === 'string' && /^\d+$/.test(key))) return object[Number(key)];
  } else if (isPlain(object)) {
    const name = textOf(key);
    if (Object.hasOwn(object, name)) return object[name];
  }
  const name = textOf(key);
  if (name === 'size' && (object instanceof Map || object instanceof Set)) return object.size;
  const method = methodOf(object, name);
  return method && new Callable(name, false, (args, machine) => method(object, args, machine));
}

/** Sets a member. Throws Fault where the script has no such power. */
export function writeMember(object: unknown, key: unknown, value: unknown): void {
  const name = textOf(key);
  if (Array.isArray(object)) {
    const index = Number(name);
    if (name === 'length') object.length = bounded(Number(value), mostItems);
    else if (Number.isInteger(index) && index >= 0) object[bounded(index, mostItems)] = value;
    else throw new Fault(`a list has no member ${name} that could be set`);
    return;
  }
  if (!isPlain(object) || name === '__proto__') throw new Fault(`${name} cannot be set here`);
  object[name] = value;
}

/** `object.name(args)`, without making a value of the method. */
export function callMember(object: unknown, key: unknown, args: readonly unknown[], machine: Machine): unknown {
  const name = textOf(key);
  if (!(isPlain(object) && Object.hasOwn(object, name)) && !(object instanceof HostObject)) {
    const method = methodOf(object, name);
    if (method !== undefined) return method(object, args, machine);
  }
  const callee = readMember(object, key);
  const of = callee instanceof Constructible ? callee.asFunction : callee;
  if (!(of instanceof Callable)) throw new Fault(`${name} is not a function`);
  if (of.suspends) throw new Fault(`${name} sends or sleeps where nothing can wait for it`);
  return of.call(args, machine, object);
}

/** Own members of an object, list or text, as `Object.entries` and `for in` give them. */
export function ownEntries(value: unknown): [string, unknown][] {
  if (value === undefined || value === null) throw new Fault('Cannot convert undefined or null to object');
  if (value instanceof HostObject) return value.get('entries of') as [string, unknown][];
  if (value instanceof Namespace) return [...value.members];
  return typeof value === 'object' || typeof value === 'string' ? Object.entries(value) : [];
}

/** Items in the order of `for of`. Throws Fault for what has none. */
export function itemsOf(value: unknown): Iterable<unknown> {
  if (typeof value === 'string' || Array.isArray(value) || value instanceof Map || value instanceof Set) return value;
  if (value instanceof HostObject) {
    const items = value.get('items of');
    if (Array.isArray(items)) return items;
  }
  throw new Fault('what is gone through has no items');
}
