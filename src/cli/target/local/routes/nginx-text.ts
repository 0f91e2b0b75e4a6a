import { escapeComponent, type RequestTarget } from './uri-text.js';

/** A value in which nginx replaces variables (`$host`, `${arg_x}`) and groups (`$1`), taken apart. */
export interface NginxText {
  parts: (string | { name: string })[];
}

/** What the variables stand for. Undefined: there is no such variable. */
export type Variables = (name: string) => string | undefined;

/** Variables whose names are known beforehand. */
const known = new Set([
  'args',
  'best_http_host',
  'document_uri',
  'escaped_request_uri',
  'host',
  'http_host',
  'ingress_name',
  'is_args',
  'location_path',
  'namespace',
  'pass_access_scheme',
  'query_string',
  'remote_addr',
  'req_id',
  'request_id',
  'request_method',
  'request_uri',
  'scheme',
  'service_name',
  'service_port',
  'uri',
]);
/** Of the request: a field of its query, a header, a cookie. */
const families = /^(?:arg|http|cookie)_\w+$/;

/** Reads a value; a `$` that begins no name stands for itself. */
export function readNginxText(text: string): NginxText {
  const parts: NginxText['parts'] = [];
  let at = 0;
  // A group has one digit, as nginx has it: $12 is the first group and a 2.
  for (const match of text.matchAll(/\$(?:([1-9])|\{([A-Za-z_\d]+)\}|([A-Za-z_]\w*))/g)) {
    if (match.index > at) parts.push(text.slice(at, match.index));
    parts.push({ name: match[1] ?? match[2] ?? match[3]! });
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return { parts };
}

/** Names in a value that stand for nothing here: neither a group, one of `more` (named groups), nor a variable that is known. */
export function unknownVariables(text: NginxText, more: Iterable<string> = []): string[] {
  const own = new Set(more);
  return text.parts.flatMap((part) =>
    typeof part === 'string' ||
    own.has(part.name) ||
    known.has(part.name) ||
    /^[1-9]$|^(?:arg|http|cookie)_\w+$/.test(part.name)
      ? []
      : [part.name],
  );
}

/** The value with its variables replaced; one that stands for nothing is empty, as is a group that had no part in the match. */
export function expandText({ parts }: NginxText, variables: Variables): string {
  return parts.map((part) => (typeof part === 'string' ? part : (variables(part.name) ?? ''))).join('');
}

/** Of a request: what its variables are made of. */
export interface RequestFacts {
  method: string;
  /** As the Host header says it, with its port. */
  authority: string;
  /** Lower case, without its port. */
  host: string;
  target: RequestTarget;
  /** By lower-case name. */
  header(name: string): string | undefined;
  remoteAddress: string;
  requestId: string;
}

/** The variables of a request by which nginx routes: https://nginx.org/en/docs/varindex.html and ingress-nginx's own. */
export function requestVariables(facts: RequestFacts): Variables {
  const { target } = facts;
  return (name) => {
    switch (name) {
      case 'host':
        return facts.host;
      case 'http_host':
      case 'best_http_host':
        return facts.authority;
      case 'uri':
      case 'document_uri':
        return target.path;
      case 'request_uri':
        return target.raw;
      case 'escaped_request_uri':
        return escapeComponent(target.raw);
      case 'args':
      case 'query_string':
        return target.query;
      case 'is_args':
        return target.query === '' ? '' : '?';
      case 'scheme':
      case 'pass_access_scheme':
        return 'http';
      case 'request_method':
        return facts.method;
      case 'remote_addr':
        return facts.remoteAddress;
      case 'request_id':
      case 'req_id':
        return facts.requestId;
    }
    return families.test(name) ? ofFamily(name, facts) : undefined;
  };
}

function ofFamily(name: string, { target, header }: RequestFacts): string {
  const of = name.slice(name.indexOf('_') + 1);
  if (name.startsWith('http_')) return header(of.replaceAll('_', '-')) ?? '';
  const [fields, separator] = name.startsWith('arg_') ? [target.query, '&'] : [header('cookie') ?? '', ';'];
  const field = fields
    .split(separator)
    .find((part) => part.trimStart().toLowerCase().startsWith(`${of.toLowerCase()}=`));
  return field === undefined ? '' : field.trimStart().slice(of.length + 1);
}
