import { type AnnotationReader, valuePatterns } from './annotation-reader.js';

/** What answers say of CORS (https://fetch.spec.whatwg.org/#http-cors-protocol), as `enable-cors` and its kin ask for it. */
export interface CorsOptions {
  /** `*` alone: any. A name may begin with `*.`, for one label. */
  origins: string[];
  methods: string;
  headers: string;
  exposed: string;
  allowsCredentials: boolean;
  maxAgeSeconds: number;
}

const origin = /^(?:[a-z]+:\/\/(?:\*\.)?[A-Za-z0-9\-.]*(?::\d+)?|\*|null)?$/;
const originList = /^[A-Za-z0-9\-.:/*,]*$/;

/** Reads them; undefined where it is not on. */
export function readCors(read: AnnotationReader): CorsOptions | undefined {
  if (!read.flag('enable-cors', false)) return undefined;
  return {
    origins: readOrigins(read),
    methods:
      read.checked('cors-allow-methods', /^(?:[A-Za-z]+,?\s?)+$/, 'its default stands') ??
      'GET, PUT, POST, DELETE, PATCH, OPTIONS',
    headers:
      read.checked('cors-allow-headers', valuePatterns.headerList, 'its default stands') ??
      'DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization',
    exposed: read.checked('cors-expose-headers', /^(?:(?:[A-Za-z0-9\-_]+|\*),?\s?)+$/, 'none is exposed') ?? '',
    allowsCredentials: read.flag('cors-allow-credentials', true),
    maxAgeSeconds: read.integer('cors-max-age') ?? 1_728_000,
  };
}

function readOrigins(read: AnnotationReader): string[] {
  const name = 'cors-allow-origin';
  const given = read.text(name);
  if (given === undefined) return ['*'];
  if (!originList.test(given.replaceAll(' ', ''))) {
    read.problem(
      name,
      `ingress-nginx does not take ${JSON.stringify(given)}: every origin is allowed`,
      'Write scheme://host[:port], with commas between',
    );
    return ['*'];
  }
  const origins: string[] = [];
  for (const one of given.split(',').map((part) => part.trim())) {
    if (one === '*') return ['*'];
    if (origin.test(one) && one !== '') origins.push(one);
    else if (one !== '')
      read.problem(name, `${JSON.stringify(one)} is no origin: it is left out`, 'Write scheme://host[:port]');
  }
  return origins;
}

/** The headers of an answer to a request from an origin; undefined where it is not allowed. */
export function corsHeaders(cors: CorsOptions, from: string | undefined): [string, string][] | undefined {
  const isAny = cors.origins[0] === '*';
  if (!isAny && (from === undefined || !cors.origins.some((allowed) => allows(allowed, from)))) return undefined;
  return [
    ['Access-Control-Allow-Origin', isAny ? '*' : (from ?? '')],
    ...(cors.allowsCredentials ? [['Access-Control-Allow-Credentials', 'true'] as [string, string]] : []),
    ['Access-Control-Allow-Methods', cors.methods],
    ['Access-Control-Allow-Headers', cors.headers],
    ...(cors.exposed === '' ? [] : [['Access-Control-Expose-Headers', cors.exposed] as [string, string]]),
    ['Access-Control-Max-Age', String(cors.maxAgeSeconds)],
  ];
}

/** As ingress-nginx asks nginx: the end of the origin is compared, without regard to case. */
function allows(allowed: string, from: string): boolean {
  const [before = '', after] = allowed.toLowerCase().split('*');
  const given = from.toLowerCase();
  if (after === undefined) return given.endsWith(before);
  if (!given.endsWith(after)) return false;
  const rest = given.slice(0, given.length - after.length);
  // What stands before the star ends with ://, which no label holds.
  const label = rest.slice(rest.lastIndexOf(before) + before.length);
  return rest.includes(before) && /^[a-z\d-]+$/.test(label);
}
