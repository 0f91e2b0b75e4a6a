import type { AnyNode } from 'acorn';
import type { Foresight, Hole, Template } from './addresses.js';
import { paramNames } from './api/http.js';
import type { Site } from './api/vu.js';
import { textOf } from './language/coerce.js';
import type { Sends } from './language/machine.js';
import type { Scope } from './language/scope.js';
import type { TaggedStep } from './script-thresholds.js';

/** A call of a script that sends. */
export interface SendingCall {
  call: AnyNode;
  sends: Sends;
  scope: Scope;
}

/** What is known of the requests of a script before the load. */
export interface ForeseenRequests {
  steps: TaggedStep[];
  /** By place, as the calls were found. */
  sites: Site[];
  namedSteps: Record<string, number>;
  /** Servers (`http://host:port`) that they go to, and where each is named first. */
  origins: Map<string, AnyNode>;
  /** Requests whose server comes out under way; `env`: for want of this variable. */
  unknown: { node: AnyNode; env: string | undefined }[];
}

/** What one request is made of, in the script. */
interface RequestNodes {
  method: string | undefined;
  url: AnyNode | undefined;
  params: AnyNode | undefined;
  scope: Scope;
}

/** Foresees the names and the servers of a script's requests; `bases`: what sessions put before their paths. */
export function foresee(
  calls: readonly SendingCall[],
  foresight: Foresight,
  bases: readonly string[],
  problem: (node: AnyNode, message: string) => void,
): ForeseenRequests {
  const found: ForeseenRequests = { steps: [], sites: [], namedSteps: {}, origins: new Map(), unknown: [] };
  const stepFor = (name: string, tags: Record<string, string>): number => {
    const known = found.steps.findIndex(({ step }) => step === name);
    if (known >= 0) return known;
    return found.steps.push({ step: name, tags }) - 1;
  };
  for (const call of calls) {
    const site: Site = { method: call.sends.method, steps: [] };
    for (const nodes of requestsOf(call, foresight)) {
      const { tags, named } = paramsOf(nodes, foresight, problem);
      const urls = foresight.templatesOf(nodes.url, nodes.scope);
      for (const url of call.sends.shape === 'path' ? based(urls, bases) : urls) {
        const { origin, path } = splitUrl(url);
        if (origin === undefined)
          found.unknown.push({
            node: nodes.url ?? call.call,
            env: url.find((part): part is Hole => typeof part !== 'string')?.env ? (url[0] as Hole).hole : undefined,
          });
        else if (!found.origins.has(origin)) found.origins.set(origin, nodes.url ?? call.call);
        const name = named ?? `${nodes.method ?? 'REQUEST'} ${shownPath(path)}`;
        const step = stepFor(name, {
          ...tags,
          name: named ?? textIn(url),
          ...(nodes.method === undefined ? {} : { method: nodes.method }),
        });
        if (named !== undefined) found.namedSteps[named] = step;
        if (!site.steps.some((each) => each.step === step))
          site.steps.push({ step, pattern: patternOf(nodes.method, path) });
      }
    }
    found.sites.push(site);
  }
  return found;
}

/** The requests that a call makes, as far as they are written out. */
function requestsOf({ call, sends, scope }: SendingCall, foresight: Foresight): RequestNodes[] {
  const args = (call as { arguments?: AnyNode[] }).arguments ?? [];
  const { method } = sends;
  switch (sends.shape) {
    case 'url':
      return [{ method, url: args[0], params: args[1], scope }];
    case 'url and body':
    case 'path':
      return [{ method, url: args[0], params: args[2], scope }];
    case 'method':
      return [{ method: methodIn(args[0], scope, foresight), url: args[1], params: args[3], scope }];
    case 'batch':
      return foresight.objectOf(args[0], scope).flatMap((list) => entriesOf(list.node, list.scope, foresight));
  }
}

function methodIn(node: AnyNode | undefined, scope: Scope, foresight: Foresight): string | undefined {
  const value = node && foresight.valueOf(node, scope)?.value;
  return typeof value === 'string' ? value.toUpperCase() : undefined;
}

function entriesOf(list: AnyNode, scope: Scope, foresight: Foresight): RequestNodes[] {
  const entries =
    list.type === 'ArrayExpression'
      ? list.elements.filter((each) => each !== null)
      : list.type === 'ObjectExpression'
        ? list.properties.flatMap((each) => (each.type === 'Property' ? [each.value] : []))
        : [];
  return entries.map((entry): RequestNodes => {
    const written = foresight.objectOf(entry, scope)[0];
    if (written?.node.type === 'ArrayExpression') {
      const [method, url, , params] = written.node.elements;
      const { scope: inner } = written;
      return {
        method: methodIn(method ?? undefined, inner, foresight),
        url: url ?? undefined,
        params: params ?? undefined,
        scope: inner,
      };
    }
    if (written?.node.type === 'ObjectExpression') {
      const { node, scope: inner } = written;
      const method = methodIn(memberNode(node, 'method'), inner, foresight) ?? 'GET';
      return { method, url: memberNode(node, 'url'), params: memberNode(node, 'params'), scope: inner };
    }
    return { method: 'GET', url: entry, params: undefined, scope };
  });
}

/** The value of a member that an object is written with. */
export function memberNode(object: AnyNode, name: string): AnyNode | undefined {
  if (object.type !== 'ObjectExpression') return undefined;
  for (const each of object.properties)
    if (each.type === 'Property' && !each.computed && keyText(each.key) === name) return each.value;
  return undefined;
}

function keyText(key: AnyNode): string {
  return key.type === 'Identifier' ? key.name : textOf((key as { value: unknown }).value);
}

/** What the parameters of a request say that matters before the load. */
function paramsOf(
  { params, scope }: RequestNodes,
  foresight: Foresight,
  problem: (node: AnyNode, message: string) => void,
): { tags: Record<string, string>; named: string | undefined } {
  const tags: Record<string, string> = {};
  let named: string | undefined;
  for (const { node, scope: inner } of foresight.objectOf(params, scope)) {
    if (node.type !== 'ObjectExpression') continue;
    for (const each of node.properties)
      if (each.type === 'Property' && !each.computed && !paramNames.has(keyText(each.key)))
        problem(each, `the parameter ${keyText(each.key)} of a request is not read`);
    const auth = memberNode(node, 'auth');
    const kind = auth && foresight.valueOf(auth, inner)?.value;
    if (auth !== undefined && kind !== 'basic')
      problem(auth, `the authentication ${textOf(kind ?? 'given here')} is not read; basic is`);
    for (const written of foresight.objectOf(memberNode(node, 'tags'), inner)) {
      if (written.node.type !== 'ObjectExpression') continue;
      for (const tag of written.node.properties) {
        if (tag.type !== 'Property' || tag.computed) continue;
        const [way, ...others] = foresight.templatesOf(tag.value, written.scope);
        const whole = others.length === 0 && way !== undefined && way.every((part) => typeof part === 'string');
        if (whole) tags[keyText(tag.key)] = way.join('');
        if (keyText(tag.key) === 'name') named = whole ? way.join('') : textIn(way ?? []);
      }
    }
  }
  return { tags, named };
}

/** A path behind the base of a session; one of several may be meant. */
function based(urls: readonly Template[], bases: readonly string[]): Template[] {
  const known = bases.length === 1 ? bases[0] : undefined;
  return urls.map((url) =>
    known === undefined || /^https?:/i.test(String(url[0]))
      ? url
      : typeof url[0] === 'string'
        ? [known + url[0], ...url.slice(1)]
        : [known, ...url],
  );
}

/** A URL as server and path; the server must be written out whole. */
function splitUrl(url: Template): { origin: string | undefined; path: Template } {
  const [first, ...rest] = url;
  if (typeof first !== 'string') return { origin: undefined, path: rest.length === 0 ? url : rest };
  const match = /^(https?:\/\/[^/?#]+)(.*)$/is.exec(first);
  const origin = match !== null && URL.canParse(match[1]!) ? new URL(match[1]!).origin : undefined;
  return origin === undefined
    ? { origin, path: url }
    : { origin, path: [match![2]!, ...rest].filter((part) => part !== '') };
}

function textIn(template: Template): string {
  return template.map((part) => (typeof part === 'string' ? part : `{${part.hole}}`)).join('');
}

function shownPath(path: Template): string {
  const text = textIn(path);
  const shown = text === '' ? '/' : text.startsWith('/') || text.startsWith('{') ? text : `/${text}`;
  return shown.length > 100 ? `${shown.slice(0, 99)}…` : shown;
}

/** A regular expression for the method and path of a request that this place may send. */
function patternOf(method: string | undefined, path: Template): string {
  const parts = path.map((part) =>
    typeof part === 'string' ? part.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&').replaceAll('\\-', '-') : '.*',
  );
  const way = parts.join('');
  return `^${method ?? '\\S+'} ${way.startsWith('\\/') || way.startsWith('.*') ? way : `\\/${way}`}$`;
}
