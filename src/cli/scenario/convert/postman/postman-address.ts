import type { ParsedUrl, Url } from 'postman-collection';
import { withoutUrlSecrets } from '../../../kernel/secrets.js';
import type { PostmanNames, PostmanValues } from './postman-variables.js';

/** Characters that postman-url-encoder escapes in a path and in a query, beside all that is not ASCII. */
const inPath = /[\u0000-\u0020"#<>?`{}\u007f-\u{10ffff}]/gu;
const inQuery = /[\u0000-\u0020"#'<>\u007f-\u{10ffff}]/gu;

const escaped = (text: string, those: RegExp) =>
  text.replace(/\p{Surrogate}/gu, '\ufffd').replace(those, (char) => (char === "'" ? '%27' : encodeURIComponent(char)));

/**
 * The address of a request as the runtime makes it of its parts, in the format's templates; undefined where there is none.
 * What would be sent otherwise than the runtime sends it is told.
 */
export function addressOf(
  url: Url,
  parse: (text: string) => ParsedUrl,
  names: PostmanNames,
  values: PostmanValues,
  losses: string[],
): string | undefined {
  const text = url.toString().trimStart();
  if (text === '') return undefined;
  // Once: what is random would be another value the next time.
  const resolved = values.resolved(text);
  const known = parse(resolved);
  const scheme = known.protocol?.toLowerCase();
  if (scheme !== undefined && !scheme.includes('{{') && scheme !== 'http' && scheme !== 'https') {
    losses.push(`its protocol ${scheme}`);
    return undefined;
  }
  const written = names.template(withScheme(text, known, losses), losses);
  // The format's line ends where its text does, and URLs have no blanks: as the runtime, which escapes each.
  const address = written
    .split(/(\{\{.*?\}\})/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/\s/g, (blank) => encodeURIComponent(blank))))
    .join('');
  tellDifference(known, scheme, withScheme(resolved, known, []), losses);
  return address;
}

/** The runtime puts `http://` before a URL that has no scheme once its variables are known. */
function withScheme(text: string, known: ParsedUrl, losses: string[]): string {
  const own = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  if (own !== null) return own[0].toLowerCase() + text.slice(own[0].length).replace(/^[\\/]+/, '');
  if (known.protocol !== undefined) return text;
  // Nobody knows what the variable will be: most often it has its scheme.
  if (known.host?.[0]?.startsWith('{{') && text.startsWith('{{')) return text;
  if (text.startsWith('/')) {
    losses.push('its host: there is none in the collection, so it goes to the server of --url');
    return text;
  }
  return `http://${text}`;
}

/** The path and query that the runtime would ask for. */
function targetOf({ path = [], query }: ParsedUrl): string {
  const pairs = query?.map(({ key, value }) =>
    value === null || value === undefined ? (key ?? '') : `${key ?? ''}=${value}`,
  );
  return escaped(`/${path.join('/')}`, inPath) + (pairs === undefined ? '' : `?${escaped(pairs.join('&'), inQuery)}`);
}

function tellDifference(known: ParsedUrl, scheme: string | undefined, address: string, losses: string[]): void {
  if (scheme === undefined && !/^https?:/.test(address)) return;
  if (!URL.canParse(address)) return;
  const { pathname, search } = new URL(address);
  const theirs = targetOf(known);
  if (pathname + search !== theirs && !theirs.includes('%7B%7B'))
    losses.push(`its path as ${withoutUrlSecrets(theirs)}: it is sent as ${withoutUrlSecrets(pathname + search)}`);
}
