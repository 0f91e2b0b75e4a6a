import { type AnnotationReader, type Reasons, valuePatterns } from './annotation-reader.js';
import { expandText, type NginxText, type Variables } from './nginx-text.js';

/** Who is asked before a request goes on (`auth-url` and its kin). */
export interface AuthOptions {
  url: NginxText;
  method: string | undefined;
  /** With the address that was asked for in it; undefined: 401 is the answer. */
  signIn: NginxText | undefined;
  /** Headers of the answer that the request goes on with; without one in the answer it goes on without that. */
  responseHeaders: string[];
  requestRedirect: string | undefined;
  /** Headers that the question gets, from a ConfigMap. */
  headers: [string, NginxText][];
  alwaysSetsCookie: boolean;
}

/** Reads them; undefined where there is no `auth-url`, or none that is taken. */
export function readAuth(read: AnnotationReader, reasons: Reasons): AuthOptions | undefined {
  if (read.text('auth-url') === undefined) return undefined;
  const url = read.checked('auth-url', valuePatterns.urlWithVariables, 'the Ingress is refused');
  if (url === undefined) {
    reasons.refused ??= 'auth-url is not what it takes';
    return undefined;
  }
  const deny = (annotation: string, message: string, hint: string) => {
    reasons.denied ??= `${annotation}: ${message}`;
    read.problem(annotation, `${message}: every request is answered with 503`, hint);
  };
  const [, , host = '', port = ''] = /^([a-z][a-z\d+.-]*):\/\/([^/?#:]*)(:[^/?#]*)?/i.exec(url) ?? [];
  if (host === '' || host.includes('..') || !/^(?::\d*)?$/.test(port)) {
    deny(
      'auth-url',
      `${JSON.stringify(url)} is no URL with a host`,
      'Write http://SERVICE.NAMESPACE.svc.cluster.local:PORT/PATH',
    );
  }
  const method = read.text('auth-method');
  if (method !== undefined && !/^(?:GET|HEAD|POST|PUT|PATCH|DELETE|CONNECT|OPTIONS|TRACE)$/.test(method)) {
    deny('auth-method', `${JSON.stringify(method)} is no method`, 'Write GET, POST, ...');
  }
  return {
    url: read.withVariables('auth-url', url),
    method,
    signIn: readSignIn(read),
    responseHeaders: readHeaderNames(read, deny),
    requestRedirect: read.checked('auth-request-redirect', valuePatterns.url, ''),
    headers: readHeaders(read, deny),
    alwaysSetsCookie: read.flag('auth-always-set-cookie', false),
  };
}

type Deny = (annotation: string, message: string, hint: string) => void;

function readSignIn(read: AnnotationReader): NginxText | undefined {
  const url = read.checked('auth-signin', valuePatterns.urlWithVariables, '401 is the answer');
  if (url === undefined) return undefined;
  const parameter = read.checked('auth-signin-redirect-param', valuePatterns.url, 'it is rd') ?? 'rd';
  const query = new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? '');
  const asked = `${parameter}=$pass_access_scheme://$http_host$escaped_request_uri`;
  const whole = query.size === 0 ? `${url}?${asked}` : (query.get(parameter) ?? '') === '' ? `${url}&${asked}` : url;
  return read.withVariables('auth-signin', whole);
}

function readHeaderNames(read: AnnotationReader, deny: Deny): string[] {
  const names = (read.text('auth-response-headers') ?? '').split(',').map((name) => name.trim());
  const wrong = names.find((name) => !/^[a-zA-Z\d\-_]*$/.test(name));
  if (wrong === undefined) return names.filter((name) => name !== '');
  deny('auth-response-headers', `${JSON.stringify(wrong)} is no name of a header`, 'Write names with commas between');
  return [];
}

function readHeaders(read: AnnotationReader, deny: Deny): [string, NginxText][] {
  const name = 'auth-proxy-set-headers';
  const configMap = read.checked(name, valuePatterns.name, 'none is set');
  if (configMap === undefined) return [];
  const data = read.source.configMaps?.[name];
  if (data === undefined) {
    deny(
      name,
      `there is no ConfigMap ${configMap} in the namespace of the Ingress`,
      'Write NAMESPACE/NAME of one that is there',
    );
    return [];
  }
  const wrong = Object.keys(data).find((header) => !/^[a-zA-Z\d\-_]+$/.test(header));
  if (wrong !== undefined) deny(name, `${JSON.stringify(wrong)} is no name of a header`, 'Mend the ConfigMap');
  return Object.entries(data).map(([header, value]) => [header, read.withVariables(name, value)]);
}

/** Where a question goes. */
export interface AuthAddress {
  isHttps: boolean;
  host: string;
  port: number;
  /** Origin-form. */
  target: string;
}

/** The address of the question for a request; `unsaid` is the path where the URL has none. Undefined: it is no http URL. */
export function authAddress(url: NginxText, variables: Variables, unsaid: string): AuthAddress | undefined {
  const parts = /^(https?):\/\/([^/?#:]+)(?::(\d{1,5}))?([/?].*)?$/i.exec(expandText(url, variables));
  if (parts === null) return undefined;
  const isHttps = parts[1]!.toLowerCase() === 'https';
  const rest = parts[4] ?? unsaid;
  return {
    isHttps,
    host: parts[2]!.toLowerCase(),
    port: Number(parts[3] ?? (isHttps ? 443 : 80)),
    target: rest.startsWith('/') ? rest : `/${rest}`,
  };
}
