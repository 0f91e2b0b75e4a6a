import { createHash, createHmac, randomInt, randomUUID } from 'node:crypto';
import { textOf } from '../../k6/language/coerce.js';
import { globalsOf } from '../../k6/language/globals.js';
import {
  Callable,
  Constructible,
  callNow,
  callSteps,
  Fault,
  HostObject,
  known,
  type Machine,
  type Namespace,
  namespace,
  type Steps,
  Thrown,
} from '../../k6/language/machine.js';
import { LateValue } from '../../k6/language/members.js';
import { ownEntries } from '../../k6/language/properties.js';
import { Expectation, expectMethods, failed } from './pm-expect.js';
import type { PmMachine, PmRun } from './pm-machine.js';
import { CookieValues } from './pm-response.js';
import { type ScopeName, scopeNames } from './pm-variables.js';

const runOf = (machine: Machine): PmRun => (machine as PmMachine).run;
const late = (of: (run: PmRun) => unknown) => new LateValue((machine) => of(runOf(machine)));

/** What a script may throw, and what ends it: of JavaScript's own and of hwctl's. */
export function isOfScript(error: unknown): error is Error {
  return error instanceof Thrown || error instanceof Fault || error instanceof RangeError;
}

/** What Postman keeps where a script sets a variable to undefined. */
function nothingIn(scope: ScopeName): unknown {
  return scope === 'variables' ? '' : null;
}

/** One scope of variables, or (`variables`) all of them, as `pm` has it. */
class ScopeValue extends HostObject {
  constructor(
    private readonly run: PmRun,
    private readonly scope: ScopeName,
  ) {
    super();
  }

  get(name: string): unknown {
    const { variables } = this.run;
    const own = variables.scopes[this.scope];
    const all = this.scope === 'variables';
    const find = (key: unknown) => (all ? variables.find(textOf(key)) : own.get(textOf(key)));
    switch (name) {
      case 'get':
        return known(name, ([key]) => find(key));
      case 'has':
        return known(name, ([key]) => find(key) !== undefined);
      case 'set':
        return known(
          name,
          ([key, value]) => void own.set(textOf(key), value === undefined ? nothingIn(this.scope) : value),
        );
      case 'unset':
        return known(name, ([key]) => void own.delete(textOf(key)));
      case 'clear':
        return known(name, () => own.clear());
      case 'replaceIn':
        return known(name, ([text]) => (typeof text === 'string' ? variables.replaceIn(text) : text));
      case 'toObject':
      case 'toJSON':
        return known(name, () => (all ? variables.together() : Object.fromEntries(own)));
      case 'name':
        return '';
      default:
        return undefined;
    }
  }
}

const scopeMembers = Object.fromEntries(
  scopeNames.map((scope) => [scope, late((run) => new ScopeValue(run, scope))]),
) as Record<ScopeName, LateValue>;

/** `pm.test(name, body)`: one check, judged by whether its body comes to its end. */
const test = new Callable('test', true, function* ([title, body], machine): Steps {
  const run = runOf(machine);
  let passed = true;
  try {
    if (body instanceof Callable) yield* callSteps(body, [], machine);
  } catch (error) {
    if (!isOfScript(error)) throw error;
    passed = false;
  }
  run.shared.check(textOf(title), passed);
  if (!passed) run.failed = true;
  return undefined;
});

/** A function that may be given any other: one with a `pm.test` in it too. */
function taking(name: string, does: (args: readonly unknown[], machine: Machine) => unknown): Callable {
  // biome-ignore lint/correctness/useYield: it asks for nothing, and is waited for as the functions are that it is given
  return new Callable(name, true, function* (args, machine): Steps {
    return does(args, machine);
  });
}

const expect = known('expect', ([value, message], machine) => Expectation.of(value, message, machine));
const fail = known('fail', ([message]) => {
  throw failed(message === undefined ? 'expect.fail()' : textOf(message));
});
const callable = (of: Callable, members: Record<string, unknown>) =>
  new Constructible(
    of.name,
    () => {
      throw new Fault(`${of.name} is not a constructor`);
    },
    of,
    new Map(Object.entries(members)),
  );

const setNextRequest = known('setNextRequest', ([name], machine) => {
  runOf(machine).next = name === null || name === undefined ? null : textOf(name);
});
const nothing = known('nothing', () => undefined);

const pm = namespace('pm', {
  test: callable(test, { skip: nothing }),
  expect: callable(expect, { fail }),
  ...scopeMembers,
  response: late((run) => run.response),
  request: late((run) => run.request),
  cookies: late((run) => run.cookies ?? new CookieValues([])),
  info: late((run) => ({
    eventName: run.event,
    iteration: run.iteration,
    iterationCount: 1,
    requestName: run.item.name,
    requestId: run.item.id,
  })),
  sendRequest: taking('sendRequest', ([request, then], machine) => {
    runOf(machine).queue.send(request, then instanceof Callable ? then : undefined);
  }),
  execution: namespace('pm.execution', {
    setNextRequest,
    skipRequest: known('skipRequest', (_, machine) => {
      runOf(machine).skipsRequest = true;
    }),
  }),
  setNextRequest,
  visualizer: namespace('pm.visualizer', { set: nothing, clear: nothing }),
});

const inScope = (scope: ScopeName) => ({
  set: known(
    'set',
    ([key, value], machine) => void runOf(machine).variables.scopes[scope].set(textOf(key), value ?? null),
  ),
  get: known('get', ([key], machine) => runOf(machine).variables.scopes[scope].get(textOf(key))),
  clear: known('clear', ([key], machine) => void runOf(machine).variables.scopes[scope].delete(textOf(key))),
  clearAll: known('clearAll', (_, machine) => runOf(machine).variables.scopes[scope].clear()),
});
const environment = inScope('environment');
const globals = inScope('globals');

/** `postman`, as old scripts know it. */
const postman = namespace('postman', {
  setEnvironmentVariable: environment.set,
  getEnvironmentVariable: environment.get,
  clearEnvironmentVariable: environment.clear,
  clearEnvironmentVariables: environment.clearAll,
  setGlobalVariable: globals.set,
  getGlobalVariable: globals.get,
  clearGlobalVariable: globals.clear,
  clearGlobalVariables: globals.clearAll,
  setNextRequest,
  getResponseHeader: known('getResponseHeader', ([name], machine) => runOf(machine).response?.header(textOf(name))),
  getResponseCookie: known('getResponseCookie', ([name], machine) => {
    const value = runOf(machine).cookies?.values()[textOf(name)];
    return value === undefined ? undefined : { name: textOf(name), value };
  }),
});

/** The functions of lodash that scripts ask for most. */
const lodash = namespace('lodash', {
  random: known('random', ([from, to]) => {
    const [low, high] = to === undefined ? [0, Number(from ?? 1)] : [Number(from), Number(to)];
    const whole = Number.isInteger(low) && Number.isInteger(high);
    return whole ? randomInt(Math.min(low, high), Math.max(low, high) + 1) : low + Math.random() * (high - low);
  }),
  sample: known('sample', ([list]) =>
    Array.isArray(list) && list.length > 0 ? list[randomInt(list.length)] : undefined,
  ),
  parseInt: known('parseInt', ([text, base]) => Number.parseInt(textOf(text), base as number)),
  startsWith: known('startsWith', ([text, part]) => textOf(text ?? '').startsWith(textOf(part))),
  endsWith: known('endsWith', ([text, part]) => textOf(text ?? '').endsWith(textOf(part))),
  includes: known('includes', ([of, part]) =>
    Array.isArray(of) ? of.includes(part) : typeof of === 'string' && of.includes(textOf(part)),
  ),
  isArray: known('isArray', ([value]) => Array.isArray(value)),
  isString: known('isString', ([value]) => typeof value === 'string'),
  isNumber: known('isNumber', ([value]) => typeof value === 'number'),
  isEmpty: known('isEmpty', ([value]) =>
    value === null || value === undefined || typeof value !== 'object'
      ? typeof value !== 'string' || value === ''
      : ownEntries(value).length === 0,
  ),
  keys: known('keys', ([value]) => ownEntries(value ?? {}).map(([key]) => key)),
  get: known('get', ([of, path, otherwise]) => {
    const keys = Array.isArray(path)
      ? path.map(textOf)
      : textOf(path)
          .split(/[.[\]]+/)
          .filter((key) => key !== '');
    let at = of;
    for (const key of keys)
      at =
        at !== null && typeof at === 'object' && Object.hasOwn(at, key)
          ? (at as Record<string, unknown>)[key]
          : undefined;
    return at === undefined ? otherwise : at;
  }),
  ...Object.fromEntries(
    ['each', 'forEach', 'map', 'filter', 'find', 'every', 'some'].map((name) => [name, known(name, throughList(name))]),
  ),
});

function throughList(name: string) {
  return ([of, fn]: readonly unknown[], machine: Machine): unknown => {
    const entries: [unknown, unknown][] = Array.isArray(of)
      ? of.map((item, index) => [index, item])
      : of === null || of === undefined
        ? []
        : ownEntries(of);
    const says = (value: unknown, key: unknown) => callNow(fn, [value, key, of], machine);
    switch (name) {
      case 'map':
        return entries.map(([key, value]) => says(value, key));
      case 'filter':
        return entries.filter(([key, value]) => says(value, key)).map(([, value]) => value);
      case 'find':
        return entries.find(([key, value]) => says(value, key))?.[1];
      case 'every':
        return entries.every(([key, value]) => says(value, key));
      case 'some':
        return entries.some(([key, value]) => says(value, key));
      default:
        for (const [key, value] of entries) if (says(value, key) === false) break;
        return of;
    }
  };
}

/** A digest as crypto-js gives it: its text is hexadecimal. */
class Digest extends HostObject {
  constructor(private readonly bytes: Buffer) {
    super();
  }

  get(name: string): unknown {
    if (name === 'text of') return this.bytes.toString('hex');
    return name === 'toString'
      ? known(name, ([encoding]) => this.bytes.toString(encoding === 'base64' ? 'base64' : 'hex'))
      : undefined;
  }
}

const hashes = { MD5: 'md5', SHA1: 'sha1', SHA256: 'sha256', SHA384: 'sha384', SHA512: 'sha512' };
const cryptoJs = namespace('CryptoJS', {
  ...Object.fromEntries(
    Object.entries(hashes).flatMap(([name, algorithm]) => [
      [name, known(name, ([text]) => new Digest(createHash(algorithm).update(textOf(text)).digest()))],
      [
        `Hmac${name}`,
        known(
          `Hmac${name}`,
          ([text, key]) => new Digest(createHmac(algorithm, textOf(key)).update(textOf(text)).digest()),
        ),
      ],
    ]),
  ),
  enc: namespace('CryptoJS.enc', { Hex: 'hex', Base64: 'base64' }),
});

const uuid = namespace('uuid', { v4: known('v4', () => randomUUID()) });
const uuidModule = callable(
  known('uuid', () => randomUUID()),
  Object.fromEntries(uuid.members),
);

/** What `require` gives. */
export const libraries: ReadonlyMap<string, Namespace | Constructible> = new Map<string, Namespace | Constructible>([
  ['lodash', lodash],
  ['crypto-js', cryptoJs],
  ['uuid', uuidModule],
]);

/** Milliseconds that a script may wait at most: an hour. */
const longestWaitMs = 3_600_000;

const responseObject = late(({ response }) => Object.fromEntries(response?.headers.all ?? []));

/** Names that scripts of a collection know without declaring them. */
export const pmGlobals: ReadonlyMap<string, unknown> = globalsOf({
  pm,
  postman,
  _: lodash,
  CryptoJS: cryptoJs,
  tests: late((run) => run.tests),
  responseBody: late((run) => run.response?.text),
  responseTime: late((run) => run.response?.timeMs),
  responseCode: late(({ response }) => response && { code: response.code, name: response.reason, detail: '' }),
  responseHeaders: responseObject,
  responseCookies: late(({ cookies }) =>
    Object.entries(cookies?.values() ?? {}).map(([name, value]) => ({ name, value })),
  ),
  request: late((run) => run.request?.legacy()),
  data: late((run) => Object.fromEntries(run.variables.scopes.iterationData)),
  environment: late((run) => Object.fromEntries(run.variables.scopes.environment)),
  globals: late((run) => Object.fromEntries(run.variables.scopes.globals)),
  iteration: late((run) => run.iteration),
  tv4: namespace('tv4', {
    validate: known('validate', ([body, schema], machine) => runOf(machine).shared.schema(schema, body)),
  }),
  require: known('require', ([name]) => {
    const found = libraries.get(textOf(name));
    if (found === undefined) throw new Fault(`${textOf(name)} is not known`);
    return found;
  }),
  setTimeout: taking('setTimeout', ([then, ms], machine) => {
    const waitMs = Math.min(Math.max(Number(ms ?? 0) || 0, 0), longestWaitMs);
    return runOf(machine).queue.wait(then as Callable, machine.nowMs() + waitMs);
  }),
  clearTimeout: known('clearTimeout', ([id], machine) => runOf(machine).queue.forget(id)),
  btoa: known('btoa', ([text]) => Buffer.from(textOf(text), 'latin1').toString('base64')),
  atob: known('atob', ([text]) => Buffer.from(textOf(text), 'base64').toString('latin1')),
});

const methods = new Set([
  ...expectMethods,
  ...['get', 'has', 'set', 'unset', 'clear', 'replaceIn', 'toObject', 'toJSON', 'json', 'text', 'reason', 'size'],
  ...['one', 'add', 'append', 'upsert', 'remove', 'all', 'count', 'each', 'isEmpty', 'toString'],
  ...['getHost', 'getPath', 'getQueryString', 'v4', ...lodash.members.keys(), ...cryptoJs.members.keys()],
]);

/** Whether something of `pm` has a method of this name. */
export function isPmMethod(name: string): boolean {
  return methods.has(name);
}
