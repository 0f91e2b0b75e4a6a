import { textOf } from '../language/coerce.js';
import { Constructible, Fault, HostObject, known, type Machine, namespace } from '../language/machine.js';
import { ownEntries } from '../language/properties.js';
import { papaParse } from './data.js';
import { httpx } from './http.js';
import { k6Members } from './k6.js';

function between(machine: Machine, from: number, to: number): number {
  return Math.floor(machine.random() * (to - from + 1)) + from;
}

const letters = 'abcdefghijklmnopqrstuvwxyz';
const longestRandomText = 1_000_000;

/** `https://jslib.k6.io/k6-utils`. */
const utils: Record<string, unknown> = {
  check: k6Members.check,
  randomIntBetween: known('randomIntBetween', ([from, to], machine) => between(machine, Number(from), Number(to))),
  randomItem: known('randomItem', ([list], machine) => {
    if (!Array.isArray(list)) throw new Fault('randomItem takes a list');
    return list[Math.floor(machine.random() * list.length)];
  }),
  randomString: known('randomString', ([length, from], machine) => {
    const of = from === undefined ? letters : textOf(from);
    if (!(Number(length) <= longestRandomText)) throw new Fault('randomString takes at most a million');
    return Array.from({ length: Number(length) }, () => of[Math.floor(machine.random() * of.length)]).join('');
  }),
  uuidv4: known('uuidv4', (_, machine) =>
    'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (place) => {
      const digit = Math.floor(machine.random() * 16);
      return (place === 'x' ? digit : (digit & 3) | 8).toString(16);
    }),
  ),
  findBetween: known('findBetween', ([text, left, right, repeat]) => {
    const found = textOf(text)
      .split(textOf(left))
      .slice(1)
      .flatMap((rest) => {
        const end = rest.indexOf(textOf(right));
        return end < 0 ? [] : [rest.slice(0, end)];
      });
    return repeat === true ? found : (found[0] ?? null);
  }),
};

/** `https://jslib.k6.io/url`: `URL` and `URLSearchParams` as browsers have them. */
class Address extends HostObject {
  private readonly url: URL;

  constructor(text: unknown, base: unknown) {
    super();
    const [address, from] = [textOf(text), base === undefined ? undefined : textOf(base)];
    if (!URL.canParse(address, from)) throw new Fault(`Invalid URL: ${address}`);
    this.url = new URL(address, from);
  }

  get(name: string): unknown {
    if (name === 'text of') return this.url.href;
    if (name === 'searchParams') return new Query(this.url.searchParams);
    if (name === 'toString') return known(name, () => this.url.href);
    const parts = ['href', 'origin', 'protocol', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'];
    return parts.includes(name) ? this.url[name as 'href'] : undefined;
  }
}

class Query extends HostObject {
  constructor(private readonly params: URLSearchParams) {
    super();
  }

  get(name: string): unknown {
    switch (name) {
      case 'text of':
        return this.params.toString();
      case 'toString':
        return known(name, () => this.params.toString());
      case 'append':
      case 'set':
        return known(name, ([key, value]) => this.params[name](textOf(key), textOf(value)));
      case 'get':
        return known(name, ([key]) => this.params.get(textOf(key)));
      case 'has':
        return known(name, ([key]) => this.params.has(textOf(key)));
      case 'delete':
        return known(name, ([key]) => this.params.delete(textOf(key)));
      default:
        return undefined;
    }
  }
}

function queryOf(given: unknown): Query {
  if (given === undefined || typeof given === 'string') return new Query(new URLSearchParams(given));
  const pairs = Array.isArray(given) ? given.map((pair) => pair as unknown[]) : ownEntries(given);
  return new Query(new URLSearchParams(pairs.map(([name, value]): [string, string] => [textOf(name), textOf(value)])));
}

const url: Record<string, unknown> = {
  URL: new Constructible('URL', ([text, base]) => new Address(text, base)),
  URLSearchParams: new Constructible('URLSearchParams', ([given]) => queryOf(given)),
};

const papa = { parse: papaParse };

const libraries: readonly (readonly [path: RegExp, members: Record<string, unknown>])[] = [
  [/^k6-utils\//, utils],
  [/^url\//, url],
  [/^papaparse\//, { ...papa, default: namespace('papaparse', papa) }],
  [/^httpx\//, { Httpx: httpx }],
];

/** What a module of k6's jslib gives; undefined for one that is not known. */
export function libraryMembers(specifier: string): Record<string, unknown> | undefined {
  const path = /^https:\/\/jslib\.k6\.io\/(.*)$/.exec(specifier)?.[1];
  return path === undefined ? undefined : libraries.find(([pattern]) => pattern.test(path))?.[1];
}
