/** The beginning of a URL as it is written: each part may hold `{{variables}}`, and may be empty. */
interface UrlHead {
  /** `http`, `{{scheme}}`. */
  scheme: string;
  /** `user:password@`. */
  user: string;
  host: string;
  /** `8080`, `{{port}}`. */
  port: string;
  /** What follows: path, query. */
  rest: string;
}

/** The text in which a part of an address stands: the URL's own, or the value of a variable that it begins with. */
interface Holder {
  /** Absent for the URL itself. */
  variable?: string;
  head: UrlHead;
}

/** Where the requests of a URL go, as far as that is known before they are sent. */
export type Destination =
  | { kind: 'host'; host: string; port?: number; secure: boolean; holders: Holder[] }
  /** A variable that has no value, or one without a host, stands where the host should. */
  | { kind: 'unset'; variable: string; path: string; holders: Holder[] }
  /** It comes out under way. */
  | { kind: 'unknown' };

/** A host that takes another one's place. */
export interface Authority {
  scheme: 'http' | 'https';
  host: string;
  /** Absent where any port, or none, leads there. */
  port?: number;
}

/** What changes so that a URL goes elsewhere. */
export interface Redirection {
  /** New values of variables, by their names. */
  variables: Map<string, string>;
  /** New parts of the URL itself; those that are absent stay. */
  url?: { scheme?: string; host?: string; port?: string };
}

const name = String.raw`\{\{[^{}]*\}\}`;
const headPattern = new RegExp(
  `^(?:(${name}|[a-z][a-z0-9+.-]*)://)?((?:${name}|[^{}/?#@\\s])*@)?(\\[[0-9a-f:.]*\\]|(?:${name}|[^{}:/?#@\\s])*)(?::((?:${name}|\\d)+))?`,
  'i',
);
const onlyVariable = /^\{\{\s*([^{}]*?)\s*\}\}$/;
/** Values that hold each other's names end somewhere. */
const deepest = 10;

function headOf(text: string): UrlHead {
  const [whole = '', scheme = '', user = '', host = '', port = ''] = headPattern.exec(text) ?? [];
  return { scheme, user, host, port, rest: text.slice(whole.length) };
}

/** A URL with other parts at its beginning; path and query stay. Pure. */
export function withParts(url: string, parts: NonNullable<Redirection['url']>): string {
  return textOf({ ...headOf(url.trim()), ...parts });
}

function textOf({ scheme, user, host, port, rest }: UrlHead): string {
  return `${scheme === '' ? '' : `${scheme}://`}${user}${host}${port === '' ? '' : `:${port}`}${rest}`;
}

/** Where a URL with `{{variables}}` leads. `lookUp` gives a variable's value, undefined for one that has none. Pure. */
export function destinationOf(url: string, lookUp: (name: string) => string | undefined): Destination {
  const holders: Holder[] = [{ head: headOf(url.trim()) }];
  for (;;) {
    const { head } = holders.at(-1)!;
    const variable = onlyVariable.exec(head.host)?.[1];
    if (variable === undefined) break;
    if (variable.startsWith('$') || holders.length > deepest) return { kind: 'unknown' };
    const value = lookUp(variable)?.trim() ?? '';
    if (value === '' || value.startsWith('/')) return { kind: 'unset', variable, path: value, holders };
    holders.push({ variable, head: headOf(value) });
  }
  const expanded = (text: string) => expand(text, lookUp);
  const part = (which: 'scheme' | 'port') =>
    expanded(holders.find(({ head }) => head[which] !== '')?.head[which] ?? '');
  const [host, port, scheme] = [expanded(holders.at(-1)!.head.host), part('port'), part('scheme')];
  if (host === undefined || port === undefined || scheme === undefined || host === '') return { kind: 'unknown' };
  const plain = `${scheme === '' ? 'http' : scheme.toLowerCase()}://${host}${port === '' ? '' : `:${port}`}`;
  if (!/^https?:/.test(plain) || !URL.canParse(plain)) return { kind: 'unknown' };
  const parsed = new URL(plain);
  return {
    kind: 'host',
    host: parsed.hostname.toLowerCase().replace(/\.$/, ''),
    ...(port === '' ? {} : { port: Number(port) }),
    secure: parsed.protocol === 'https:',
    holders,
  };
}

/** The text with the values of its variables; undefined where one has none. */
function expand(text: string, lookUp: (name: string) => string | undefined, depth = 0): string | undefined {
  if (!text.includes('{{')) return text;
  if (depth > deepest) return undefined;
  let known = true;
  const replaced = text.replace(/\{\{\s*([^{}]*?)\s*\}\}/g, (_whole, variable: string) => {
    const value = lookUp(variable);
    known &&= value !== undefined;
    return value?.trim() ?? '';
  });
  return known ? expand(replaced, lookUp, depth + 1) : undefined;
}

/** What to change so that the URL of a destination goes to `to`, in the form in which it is written: path and query stay. Pure. */
export function redirection(
  destination: Exclude<Destination, { kind: 'unknown' }>,
  to: Authority,
  lookUp: (name: string) => string | undefined,
): Redirection {
  const { holders } = destination;
  const variables = new Map<string, string>();
  let url: Redirection['url'];
  const hasPort = holders.some(({ head }) => head.port !== '');
  const hasScheme = holders.some(({ head }) => head.scheme !== '');
  for (const [index, { variable, head }] of holders.entries()) {
    const innermost = index === holders.length - 1;
    const changed: Partial<UrlHead> = {};
    const holdsHost = innermost && destination.kind === 'host';
    if (holdsHost) changed.host = to.host;
    if (head.scheme !== '' && expand(head.scheme, lookUp)?.toLowerCase() !== to.scheme)
      Object.assign(changed, setPart('scheme', head.scheme, to.scheme, variables));
    if (head.port !== '' && to.port !== undefined)
      Object.assign(changed, setPart('port', head.port, String(to.port), variables));
    // A port that is written beside the host means nothing to one that answers at any.
    if (holdsHost && to.port === undefined && variable !== undefined) changed.port = '';
    if (holdsHost && to.port === undefined && variable === undefined && /^\d+$/.test(head.port)) changed.port = '';
    if (holdsHost && to.port !== undefined && !hasPort) changed.port = String(to.port);
    if (Object.keys(changed).length === 0) continue;
    if (variable !== undefined) variables.set(variable, textOf({ ...head, ...changed }));
    else url = pick(changed);
  }
  if (destination.kind === 'unset') {
    const port = to.port === undefined || hasPort ? '' : `:${to.port}`;
    const path = destination.path === '/' ? '' : destination.path;
    variables.set(destination.variable, `${hasScheme ? '' : `${to.scheme}://`}${to.host}${port}${path}`);
  }
  return url === undefined ? { variables } : { variables, url };
}

function pick({ scheme, host, port }: Partial<UrlHead>): NonNullable<Redirection['url']> {
  return {
    ...(scheme === undefined ? {} : { scheme }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  };
}

/** A part of an address: the variable that it is made of gets the value, else the text does. */
function setPart(
  which: 'scheme' | 'port',
  text: string,
  value: string,
  variables: Map<string, string>,
): Partial<UrlHead> {
  const variable = onlyVariable.exec(text)?.[1];
  if (variable === undefined) return { [which]: value };
  variables.set(variable, value);
  return {};
}
