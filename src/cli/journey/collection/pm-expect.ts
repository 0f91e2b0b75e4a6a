import { Assertion, AssertionError } from 'chai';
import { errorValue, textOf } from '../../k6/language/coerce.js';
import { Callable, callNow, Fault, HostObject, known, type Machine, Thrown } from '../../k6/language/machine.js';
import type { PmMachine } from './pm-machine.js';
import { ResponseValue } from './pm-response.js';

/** A failed assertion as a script can catch it. */
export function failed(message: string): Thrown {
  return new Thrown(errorValue('AssertionError', message));
}

/** A value of a script as chai knows values. */
function native(value: unknown, machine: Machine): unknown {
  if (value instanceof ResponseValue) return value.plain();
  if (value instanceof Callable) return (...args: unknown[]) => callNow(value, args, machine);
  if (Array.isArray(value) && value.some((each) => each instanceof Callable || each instanceof HostObject))
    return value.map((each) => native(each, machine));
  return value;
}

/** What chai throws is thrown within the script. */
function asking<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (error instanceof AssertionError) throw failed(error.message);
    // What chai refuses to judge: an argument of the wrong kind.
    if (error instanceof TypeError) throw new Fault(error.message);
    throw error;
  }
}

/** `pm.expect(value)`: chai's own chain, whose words are looked up as the script says them. */
export class Expectation extends HostObject {
  constructor(
    private readonly said: object,
    private readonly machine: Machine,
  ) {
    super();
  }

  static of(value: unknown, message: unknown, machine: Machine): Expectation {
    const about = message === undefined ? undefined : textOf(message);
    return new Expectation(new Assertion(native(value, machine), about), machine);
  }

  get(name: string): unknown {
    const { said, machine } = this;
    if (!(name in Assertion.prototype)) return undefined;
    const next = asking(() => (said as Record<string, unknown>)[name]);
    if (typeof next !== 'function') return next instanceof Assertion ? new Expectation(next, machine) : next;
    const call = known(name, (args) => {
      const given = args.map((each) => native(each, machine));
      const after = asking(() => (next as (...args: unknown[]) => unknown).apply(said, given));
      return after instanceof Assertion ? new Expectation(after, machine) : after;
    });
    // Words that are both: `.include('a')` and `.include.keys('a')`.
    const chained = new Expectation(next, machine);
    call.member = (word) => (word in Assertion.prototype ? chained.get(word) : undefined);
    return call;
  }
}

/** Words that only make a sentence. */
const filler = new Set('to be been is that which and has have with at of same but does still also'.split(' '));

/** Statuses that have a word of their own. */
const statuses: Record<string, (code: number) => boolean> = {
  info: (code) => code >= 100 && code < 200,
  success: (code) => code >= 200 && code < 300,
  redirection: (code) => code >= 300 && code < 400,
  clientError: (code) => code >= 400 && code < 500,
  serverError: (code) => code >= 500 && code < 600,
  error: (code) => code >= 400 && code < 600,
  ok: (code) => code === 200,
  accepted: (code) => code === 202,
  withoutContent: (code) => code === 204,
  badRequest: (code) => code === 400,
  unauthorised: (code) => code === 401,
  unauthorized: (code) => code === 401,
  forbidden: (code) => code === 403,
  notFound: (code) => code === 404,
  notAcceptable: (code) => code === 406,
  rateLimited: (code) => code === 429,
};

/** `pm.response.to`: the words that Postman adds to chai's. */
export class ResponseExpectation extends HostObject {
  constructor(
    private readonly response: ResponseValue,
    private readonly machine: PmMachine,
    private readonly negated = false,
  ) {
    super();
  }

  get(name: string): unknown {
    const { response, machine } = this;
    if (filler.has(name)) return this;
    if (name === 'not') return new ResponseExpectation(response, machine, !this.negated);
    if (Object.hasOwn(statuses, name)) return this.#must(statuses[name]!(response.code), `be ${name}`);
    if (name === 'json') return this.#must(response.jsonOrNothing() !== undefined, 'have a JSON body');
    if (name === 'withBody') return this.#must(response.text !== '', 'have a body');
    if (name === 'responseTime') return Expectation.of(response.timeMs, undefined, machine).get('be');
    const method = this.#method(name);
    return method && known(name, method);
  }

  #must(holds: boolean, what: string): ResponseExpectation {
    if (holds === this.negated) throw failed(`expected the response ${this.negated ? 'not ' : ''}to ${what}`);
    return this;
  }

  #method(name: string): ((args: readonly unknown[]) => unknown) | undefined {
    const { response } = this;
    switch (name) {
      case 'status':
      case 'statusCode':
        return ([wanted]) =>
          this.#must(
            typeof wanted === 'string' ? response.reason === wanted : response.code === wanted,
            `have status ${textOf(wanted)}`,
          );
      case 'statusReason':
        return ([wanted]) => this.#must(response.reason === wanted, `have the reason ${textOf(wanted)}`);
      case 'statusCodeClass':
        return ([wanted]) => this.#must(Math.floor(response.code / 100) === wanted, `be of class ${textOf(wanted)}`);
      case 'header':
        return ([key, wanted]) => {
          const value = response.header(textOf(key));
          const holds = wanted === undefined ? value !== undefined : value === textOf(wanted);
          return this.#must(holds, `have the header ${textOf(key)}`);
        };
      case 'body':
        return (args) => this.#must(bodyIs(response.text, args), 'have that body');
      case 'jsonBody':
        return (args) => this.#must(jsonBodyIs(response.jsonOrNothing(), args), 'have that JSON body');
      case 'jsonSchema':
        return ([schema]) =>
          this.#must(
            this.machine.run.shared.schema(schema, response.jsonOrNothing()),
            'have a body that its schema allows',
          );
      default:
        return undefined;
    }
  }
}

function bodyIs(text: string, [wanted]: readonly unknown[]): boolean {
  if (wanted === undefined) return text !== '';
  return wanted instanceof RegExp ? wanted.test(text) : text === textOf(wanted);
}

/** A whole body, a path that is there, or the value at one. */
function jsonBodyIs(body: unknown, args: readonly unknown[]): boolean {
  const [first, second] = args;
  if (first === undefined) return body !== undefined;
  if (typeof first !== 'string') return holds(body, first);
  const path = first.split(/[.[\]]+/).filter((part) => part !== '');
  let at = body;
  for (const key of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, key)) return false;
    at = (at as Record<string, unknown>)[key];
  }
  return args.length < 2 || isEqual(at, second);
}

/** A body that has at least what is asked for, as Postman compares an object. */
function holds(body: unknown, wanted: unknown): boolean {
  if (wanted === null || typeof wanted !== 'object') return isEqual(body, wanted);
  if (body === null || typeof body !== 'object') return false;
  return Object.entries(wanted).every(
    ([key, value]) => Object.hasOwn(body, key) && holds((body as Record<string, unknown>)[key], value),
  );
}

function isEqual(a: unknown, b: unknown): boolean {
  try {
    return (new Assertion(a) as unknown as { eql(other: unknown): unknown }).eql(b) !== undefined;
  } catch (error) {
    if (error instanceof AssertionError) return false;
    throw error;
  }
}

/** Names of the methods in a chain of assertions. */
export const expectMethods: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Assertion.prototype).filter((name) => /^[A-Za-z]\w*$/.test(name)),
  ...['status', 'statusCode', 'statusReason', 'statusCodeClass', 'header', 'body', 'jsonBody', 'jsonSchema'],
]);
