import { globalsOf } from '../language/globals.js';
import { namespace, type Sends } from '../language/machine.js';
import { LateValue } from '../language/members.js';
import { cryptoMembers, encodingMembers, webCrypto } from './crypto.js';
import { dataMembers } from './data.js';
import { executionMembers } from './execution.js';
import { httpMembers, sessionVerbs } from './http.js';
import { libraryMembers } from './jslib.js';
import { k6Members } from './k6.js';
import { metricMembers } from './metrics.js';
import { responseMethods } from './response.js';
import type { Vu } from './vu.js';

/** The modules of k6 that are read, by what an `import` calls them. */
const modules: Readonly<Record<string, Record<string, unknown>>> = Object.fromEntries(
  Object.entries({
    k6: k6Members,
    'k6/http': httpMembers,
    'k6/metrics': metricMembers,
    'k6/data': dataMembers,
    'k6/execution': executionMembers,
    'k6/crypto': cryptoMembers,
    'k6/encoding': encodingMembers,
  }).map(([name, members]) => [name, { ...members, default: namespace(name.replace(/^k6\//, ''), members) }]),
);

/** What a module gives that hwctl knows; undefined for one that it does not. */
export function moduleMembers(specifier: string): Record<string, unknown> | undefined {
  return Object.hasOwn(modules, specifier) ? modules[specifier] : libraryMembers(specifier);
}

/** Why a module is not read, in words. */
export function whyUnread(specifier: string): string {
  if (/^k6\/x\//.test(specifier)) return `${specifier} is an extension of k6 (xk6), which hwctl does not have`;
  if (/browser/.test(specifier)) return `${specifier} drives a browser, and hwctl sends requests`;
  if (/^k6\/(net\/grpc|ws|(experimental\/)?websockets)/.test(specifier))
    return `${specifier} speaks another protocol than HTTP`;
  if (/^k6(\/|$)/.test(specifier)) return `${specifier} is not read`;
  if (/^https?:/.test(specifier))
    return `${specifier} is not fetched: of remote modules k6’s own k6-utils, url, papaparse and httpx are known`;
  return `${specifier} is not read: a module is one of k6’s, or a file beginning with ./ or ../`;
}

/** Names that a script need not import. */
export const globals = globalsOf({
  __ENV: new LateValue((machine) => (machine as Vu).around.env),
  __VU: new LateValue((machine) => (machine as Vu).id),
  __ITER: new LateValue((machine) => (machine as Vu).iteration),
  crypto: webCrypto,
});

const metricMethods = new Set(['add']);
const hashMethods = new Set(['update', 'digest']);
const jarMethods = new Set(['cookiesForURL', 'set']);
const addressMethods = new Set(['append', 'set', 'get', 'has', 'delete', 'toString']);
const sessionMethods = new Set(['setBaseUrl', 'addHeader', 'addHeaders']);

/** Whether something of hwctl's own has such a method, and whether that sends. `sessions`: the script uses Httpx. */
export function hostMethodOf(name: string, sessions: boolean): { sends?: Sends } | undefined {
  const verb = sessions ? sessionVerbs.get(name) : undefined;
  if (verb !== undefined) return { sends: { method: verb, shape: 'path' } };
  const kinds = [responseMethods, metricMethods, hashMethods, jarMethods, addressMethods];
  const all = sessions ? [...kinds, sessionMethods] : kinds;
  return all.some((kind) => kind.has(name)) ? {} : undefined;
}
