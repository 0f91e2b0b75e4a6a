import { createHttpClient, type HttpClient, type HttpResponse } from '../../kernel/http/http.js';
import { parseJson } from '../../kernel/json.js';
import { at, mapsOf, textOf } from './fields.js';
import type { ImageAnswer } from './image-answer.js';
import { type ImageReference, readImage } from './image-reference.js';

/** Asks for one image. */
export type ImageLookup = (image: string) => Promise<ImageAnswer>;

/** Asks for all images, a few at a time; one that cannot be asked for is `unknown`, so this never fails. */
export async function askRegistries(images: readonly string[], lookup: ImageLookup): Promise<Map<string, ImageAnswer>> {
  const answers = new Map<string, ImageAnswer>();
  const queue = [...new Set(images)].slice(0, mostImages);
  const worker = async () => {
    for (let image = queue.shift(); image !== undefined; image = queue.shift())
      answers.set(image, await lookup(image).catch(() => ({ state: 'unknown' as const })));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return answers;
}

/** More images than a project has; those beyond are not asked for. */
const mostImages = 100;
const atOnce = 6;
/** For one image, all its requests together. */
const lookupMs = 5_000;

const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/**
 * Asks registries over the OCI distribution API, without a password: whether they have an image that anybody may pull, and for
 * which architectures. A registry that is not there is not asked again. `close` ends its connections.
 */
export function registryLookup(client: HttpClient = createHttpClient()): {
  lookup: ImageLookup;
  close(): Promise<void>;
} {
  const silent = new Set<string>();
  return {
    close: () => client.close(),
    async lookup(image) {
      const reference = readImage(image);
      if (reference === undefined || silent.has(reference.registry)) return { state: 'unknown' };
      const session = new Session(client, reference, AbortSignal.timeout(lookupMs));
      const answer = await session.answer().catch(() => undefined);
      if (answer === undefined) silent.add(reference.registry);
      return answer ?? { state: 'unknown' };
    },
  };
}

/** The requests for one image, which share a token and a deadline. Throws where the registry does not answer. */
class Session {
  private token: string | undefined;

  constructor(
    private readonly client: HttpClient,
    private readonly reference: ImageReference,
    private readonly signal: AbortSignal,
  ) {}

  async answer(): Promise<ImageAnswer> {
    const { tag = 'latest', digest } = this.reference;
    const response = await this.get(`manifests/${digest ?? tag}`);
    if (response.status === 404 || response.status === 401 || response.status === 403) return { state: 'no' };
    if (response.status !== 200) return { state: 'unknown' };
    return { state: 'yes', architectures: await this.architectures(parsed(response)) };
  }

  /** Those of an index, or of the one configuration; none where neither says any. */
  private async architectures(manifest: unknown): Promise<string[]> {
    const listed = mapsOf(at(manifest, 'manifests')).flatMap(
      (entry) => textOf(at(entry, 'platform', 'architecture')) ?? [],
    );
    // What attests to an image has none.
    if (listed.length > 0) return [...new Set(listed.filter((name) => name !== 'unknown'))];
    const digest = textOf(at(manifest, 'config', 'digest'));
    if (digest === undefined) return [];
    const response = await this.get(`blobs/${digest}`);
    const architecture = response.status === 200 ? textOf(at(parsed(response), 'architecture')) : undefined;
    return architecture === undefined ? [] : [architecture];
  }

  private async get(path: string): Promise<HttpResponse> {
    const { registry, repository } = this.reference;
    const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
    const url = `${isLoopback(host) ? 'http' : 'https'}://${host}/v2/${repository}/${path}`;
    const response = await this.send(url, this.token);
    if (response.status === 401 && this.token === undefined) {
      this.token = await this.tokenFor(headerOf(response, 'www-authenticate') ?? '');
      if (this.token !== undefined) return this.followed(await this.send(url, this.token));
    }
    return this.followed(response);
  }

  /** Blobs lie elsewhere; who keeps them is given no token. */
  private async followed(response: HttpResponse): Promise<HttpResponse> {
    const location = response.status >= 300 && response.status < 400 ? headerOf(response, 'location') : undefined;
    if (location === undefined || !isAskable(location)) return response;
    return this.send(location, undefined);
  }

  /** A token for everybody, from whom the registry names (RFC 6750, and the token specification of distribution). */
  private async tokenFor(challenge: string): Promise<string | undefined> {
    const part = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
    const realm = part('realm');
    if (!/^Bearer /i.test(challenge) || realm === undefined || !isAskable(realm)) return undefined;
    const url = new URL(realm);
    const service = part('service');
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', `repository:${this.reference.repository}:pull`);
    const response = await this.send(url.href, undefined);
    if (response.status !== 200) return undefined;
    const body = parsed(response);
    return textOf(at(body, 'token')) ?? textOf(at(body, 'access_token'));
  }

  private async send(url: string, token: string | undefined): Promise<HttpResponse> {
    const headers: [string, string][] = [['Accept', manifestTypes]];
    if (token !== undefined) headers.push(['Authorization', `Bearer ${token}`]);
    const outcome = await this.client.send({ method: 'GET', url, headers, timeoutMs: lookupMs, signal: this.signal });
    if ('error' in outcome) throw new Error(outcome.error.message);
    return outcome.response;
  }
}

function parsed(response: HttpResponse): unknown {
  try {
    return parseJson(response.body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function headerOf({ headers }: HttpResponse, name: string): string | undefined {
  return headers.find(([own]) => own.toLowerCase() === name)?.[1];
}

function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+)(:\d+)?$/.test(host);
}

/** Over TLS; without only on this machine. */
function isAskable(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.host));
}
