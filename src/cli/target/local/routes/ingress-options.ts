import { type AnnotationProblem, AnnotationReader, type Reasons, valuePatterns } from './annotation-reader.js';
import { type CorsOptions, readCors } from './cors.js';
import { type AuthOptions, readAuth } from './external-auth.js';
import type { IngressSource } from './gateway-route.js';
import type { NginxText } from './nginx-text.js';

/** What the annotations of an Ingress ask for, with ingress-nginx's defaults where they say nothing. */
export interface IngressOptions {
  /** Empty: none. */
  rewriteTarget: string;
  usesRegex: boolean;
  /** Where `/` of the host leads; empty: nowhere else. */
  appRoot: string;
  redirect: { status: number; url: string } | undefined;
  ssl: { isForced: boolean; isRedirected: boolean; keepsSlash: boolean };
  /** Whether a missing slash is answered with a path alone. */
  hasRelativeRedirects: boolean;
  cors: CorsOptions | undefined;
  auth: AuthOptions | undefined;
  /** Infinity: any. */
  maxBodyBytes: number;
  readTimeoutMs: number | undefined;
  upstreamHost: NginxText | undefined;
  forwardedPrefix: NginxText | undefined;
  isHttps: boolean;
  aliases: string[];
  /** Names and values that answers get. */
  responseHeaders: [string, string][];
  /** Why every request is answered with 503. */
  denied: string | undefined;
  /** Why ingress-nginx does not take the Ingress at all. */
  refused: string | undefined;
  isCanary: boolean;
}

/** What ingress-nginx takes where nothing is said (`proxy-body-size`). */
const defaultMaxBodyBytes = 1024 * 1024;

/** Reads the annotations of one Ingress; `groups` are the names of groups in its paths. */
export function readIngressOptions(
  source: IngressSource,
  groups: Iterable<string> = [],
): { options: IngressOptions; problems: AnnotationProblem[] } {
  const read = new AnnotationReader(source);
  const reasons: Reasons = { denied: undefined, refused: undefined };
  const rewriteTarget = read.checked('rewrite-target', valuePatterns.path, 'nothing is rewritten', pathHint) ?? '';
  read.withVariables('rewrite-target', rewriteTarget, groups);
  const auth = readAuth(read, reasons);
  const options: IngressOptions = {
    rewriteTarget,
    usesRegex: read.flag('use-regex', false),
    appRoot: readAppRoot(read),
    redirect: readRedirect(read, reasons),
    ssl: {
      isForced: read.flag('force-ssl-redirect', false),
      isRedirected: read.flag('ssl-redirect', true),
      keepsSlash: read.flag('preserve-trailing-slash', false),
    },
    hasRelativeRedirects: read.flag('relative-redirects', false),
    cors: readCors(read),
    auth,
    maxBodyBytes: readBodySize(read),
    readTimeoutMs: readTimeoutMs(read),
    upstreamHost: readRefusable(read, reasons, 'upstream-vhost', valuePatterns.serverName, groups),
    forwardedPrefix: readRefusable(read, reasons, 'x-forwarded-prefix', valuePatterns.path, groups),
    isHttps: readProtocol(read),
    aliases: readAliases(read, reasons),
    responseHeaders: readCustomHeaders(read, reasons),
    isCanary: read.flag('canary', false),
    ...reasons,
  };
  return { options: { ...options, ...reasons }, problems: read.problems };
}

const pathHint = 'It may hold letters, digits, - . _ ~ / : and groups such as $1';

function readAppRoot(read: AnnotationReader): string {
  const value = read.checked('app-root', valuePatterns.path, '/ is not redirected', pathHint);
  if (value === undefined) return '';
  if (value.startsWith('/')) return value;
  read.problem('app-root', `${JSON.stringify(value)} is no absolute path: / is not redirected`, 'Begin it with a /');
  return '';
}

function readRedirect(read: AnnotationReader, reasons: Reasons): IngressOptions['redirect'] {
  const of = (kind: 'temporal' | 'permanent', otherwise: number, highest: number): IngressOptions['redirect'] => {
    const name = `${kind}-redirect`;
    if (read.text(name) === undefined) return undefined;
    const hint = 'It may hold letters, digits and - . _ ~ / : , ? & = but no variable';
    const url = read.checked(name, valuePatterns.url, 'the Ingress is refused', hint);
    if (url === undefined) {
      reasons.refused ??= `${name} is not what it takes`;
      return undefined;
    }
    if (kind === 'temporal' && !/^https?[a-z]*:/i.test(url)) {
      read.problem(name, `${JSON.stringify(url)} is no http(s) URL: nothing is redirected`, 'Write a whole URL');
      return undefined;
    }
    const code = read.integer(`${name}-code`);
    return { url, status: code !== undefined && code >= 300 && code <= highest ? code : otherwise };
  };
  // The one wins, even where it is not taken.
  return read.text('temporal-redirect') === undefined ? of('permanent', 301, 308) : of('temporal', 302, 307);
}

function readBodySize(read: AnnotationReader): number {
  const value = read.checked('proxy-body-size', /^\d+[bkmg]?$/i, 'the limit stays 1m', 'Write a number with k, m or g');
  // Only what nginx itself takes for a size becomes a directive: b is none of its units.
  const size = /^(\d+)([kmg]?)$/i.exec(value ?? '');
  if (size === null) return defaultMaxBodyBytes;
  const bytes = Number(size[1]) * { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[size[2]!.toLowerCase() as 'k']!;
  return bytes === 0 ? Number.POSITIVE_INFINITY : bytes;
}

/** A timer takes no longer one. */
const longestTimeoutSeconds = 86_400;

function readTimeoutMs(read: AnnotationReader): number | undefined {
  const seconds = read.integer('proxy-read-timeout');
  return seconds === undefined || seconds <= 0 ? undefined : Math.min(seconds, longestTimeoutSeconds) * 1000;
}

function readRefusable(
  read: AnnotationReader,
  reasons: Reasons,
  name: string,
  pattern: RegExp,
  groups: Iterable<string>,
): NginxText | undefined {
  if (read.text(name) === undefined) return undefined;
  const value = read.checked(name, pattern, 'the Ingress is refused');
  if (value === undefined) reasons.refused ??= `${name} is not what it takes`;
  return value === undefined ? undefined : read.withVariables(name, value, groups);
}

function readProtocol(read: AnnotationReader): boolean {
  const name = 'backend-protocol';
  const value = read.checked(name, /^(?:auto_http|https?|grpcs?|fcgi)$/i, 'HTTP is spoken', 'HTTP, HTTPS or GRPC');
  if (value !== undefined && /^(?:grpcs?|fcgi)$/i.test(value)) {
    read.problem(name, `${value.toUpperCase()} is not spoken here, but HTTP/1.1`, 'Try it with --target kube', 'here');
  }
  return value?.toLowerCase() === 'https';
}

function readAliases(read: AnnotationReader, reasons: Reasons): string[] {
  const name = 'server-alias';
  if (read.text(name) === undefined) return [];
  const value = read.checked(
    name,
    new RegExp(valuePatterns.serverName.source.replace('[', '[, ')),
    'the Ingress is refused',
  );
  if (value === undefined) {
    reasons.refused ??= `${name} is not what it takes`;
    return [];
  }
  return value.split(',').flatMap((given) => {
    const alias = given.trim().toLowerCase();
    if (/^(?:\*\.)?[a-z\d-]+(?:\.[a-z\d-]+)*$/.test(alias)) return [alias];
    if (alias !== '')
      read.problem(name, `${JSON.stringify(alias)} is not matched here`, 'Names and *.names are', 'here');
    return [];
  });
}

function readCustomHeaders(read: AnnotationReader, reasons: Reasons): [string, string][] {
  const name = 'custom-headers';
  const configMap = read.checked(name, valuePatterns.name, 'no header is set', 'Write NAMESPACE/NAME of a ConfigMap');
  if (configMap === undefined) return [];
  const deny = (message: string, hint: string) => {
    reasons.denied ??= `${name}: ${message}`;
    read.problem(name, `${message}: every request is answered with 503`, hint);
    return [];
  };
  const data = read.source.configMaps?.[name];
  if (data === undefined)
    return deny(`there is no ConfigMap ${configMap}`, 'Write NAMESPACE/NAME of one in the namespace of the Ingress');
  const allowed = new Set(read.source.allowedHeaders);
  const headers = Object.entries(data);
  const foreign = headers.map(([header]) => header).filter((header) => !allowed.has(header));
  if (foreign.length > 0) {
    return deny(
      `the controller does not allow the response header ${foreign.join(', ')}`,
      'List it in global-allowed-response-headers of the ConfigMap of the controller',
    );
  }
  const wrong = headers.find(
    ([header, value]) =>
      !/^[a-zA-Z\d\-_]+$/.test(header) || !/^[a-zA-Z\d_ :;.,\\/"'?!(){}[\]@<>=\-+*#$&`|~^%]+$/.test(value),
  );
  return wrong === undefined ? headers : deny(`${wrong[0]} is no header that it takes`, 'Mend the ConfigMap');
}
