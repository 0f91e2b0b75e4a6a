import { createHttpClient, type HttpClientOptions } from '../../kernel/http/http.js';
import { withoutUserInfo } from '../../kernel/secrets.js';
import type { Gathering } from './gathering.js';
import { maxManifestBytes, objectsOfText, type SourcedObject } from './read-manifests.js';

const mostRedirects = 10;
const attempts = 3;

/** Whether a path of manifests is one that is fetched. */
export function isUrl(path: string): boolean {
  return /^https?:\/\//i.test(path);
}

/**
 * The objects of a URL, as `kubectl apply -f URL` takes it: redirects are followed, a server's trouble (5xx, a lost connection) is
 * tried three times. `timeoutMs` is for each request. What is wrong goes to `gathering`; throws the signal's reason.
 */
export async function fetchManifests(
  url: string,
  { http, timeoutMs, signal }: { http?: HttpClientOptions; timeoutMs: number; signal?: AbortSignal },
  gathering: Gathering,
): Promise<SourcedObject[]> {
  const shown = withoutUserInfo(url);
  const client = createHttpClient(http);
  try {
    const got = await fetched(client, url, { timeoutMs, signal });
    if (typeof got === 'string') {
      gathering.problems.push(`${shown}: ${got}`);
      return [];
    }
    const text = got.toString().replace(/^\ufeff/, '');
    if (/^\s*<(?:!doctype|html|\?xml)/i.test(text)) {
      gathering.problems.push(`${shown}: a page, not YAML${rawHint(url)}`);
      return [];
    }
    return objectsOfText(text, { shown, alone: true }, gathering);
  } finally {
    await client.close();
  }
}

/** The body, or why there is none. */
async function fetched(
  client: ReturnType<typeof createHttpClient>,
  url: string,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<Buffer | string> {
  let at = url;
  let trouble = '';
  let redirects = 0;
  for (let attempt = 1; attempt <= attempts; ) {
    const outcome = await client.send({ method: 'GET', url: at, headers: [['Accept', '*/*']], timeoutMs, signal });
    if ('error' in outcome) {
      trouble = `cannot be fetched: ${outcome.error.message}`;
      attempt++;
      continue;
    }
    const { status, reason, headers, body } = outcome.response;
    const location = headers.find(([name]) => name.toLowerCase() === 'location')?.[1];
    if (status >= 300 && status < 400 && location !== undefined) {
      if (++redirects > mostRedirects) return `redirected more than ${mostRedirects} times`;
      if (!URL.canParse(location, at)) return `redirected to ${JSON.stringify(location)}, which is no URL`;
      at = new URL(location, at).href;
      if (!isUrl(at)) return `redirected to ${at}, which is not HTTP`;
      continue;
    }
    if (status === 200)
      return body.length > maxManifestBytes ? `larger than ${maxManifestBytes / 1024 / 1024} MiB` : body;
    trouble = `cannot be fetched: ${status} ${reason}`.trimEnd();
    if (status < 500) return `${trouble}${status === 404 ? '. Is the version in it still there?' : ''}`;
    attempt++;
  }
  return `${trouble} (tried ${attempts} times)`;
}

/** GitHub shows files on pages of its own; what kubectl takes is the raw one. */
function rawHint(url: string): string {
  const [, repository, rest] = /^https?:\/\/github\.com\/([^/]+\/[^/]+)\/blob\/(.+)$/.exec(url) ?? [];
  return repository === undefined ? '' : `. Write https://raw.githubusercontent.com/${repository}/${rest}`;
}
