import type { IncomingMessage } from 'node:http';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../../kernel/clock.js';
import type { KubeObject } from '../../manifests/kube-object.js';
import { ApiError, apiError, explainApply } from './api-error.js';
import { type ClusterCures, plainCures } from './cluster-cures.js';
import { type ApiResource, discoveryAccept, parseDiscovery } from './discovery.js';
import { groupKindOf, type LiveObject } from './live-object.js';
import { retryPassing } from './retry.js';
import { createTransport, readAll } from './transport.js';

/** hwctl's name as the owner of fields. */
const fieldManager = 'hwctl';

const callTimeoutMs = 15_000;
interface CallOptions {
  query?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
  accept?: string;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Talks raw JSON to one API server: client-node's models drop fields they do not know (kubernetes-client/javascript#2962). */
export interface KubeClient {
  readonly context: string;
  readonly server: string;
  readonly config: KubeConfig;
  /** What hints of trouble with the cluster itself end with. */
  readonly cures: ClusterCures;
  /**
   * Throws ApiError for what the server refuses, Failure `api-unreachable` where it does not answer. What passes is
   * waited out for 10 s first.
   */
  call<T = unknown>(method: string, path: string, options?: CallOptions): Promise<T>;
  /** Opens an answer without end; the caller reads it and destroys it. */
  stream(path: string, query: Record<string, string>, signal: AbortSignal): Promise<IncomingMessage>;
  /** Everything the API server knows, preferred versions only; read once, again after `forgetResources`. */
  resources(): Promise<ApiResource[]>;
  forgetResources(): void;
  pathOf(object: { apiVersion: string; kind: string; metadata: { name: string; namespace?: string } }): Promise<string>;
  get(object: {
    apiVersion: string;
    kind: string;
    metadata: { name: string; namespace?: string };
  }): Promise<LiveObject | undefined>;
  list(resource: ApiResource, options?: { namespace?: string; labelSelector?: string }): Promise<LiveObject[]>;
  /** Server-side apply, strict about unknown fields. Throws Failure `conflict` naming who owns the fields. */
  apply(object: KubeObject, options?: { force?: boolean; dryRun?: boolean }): Promise<LiveObject>;
  /** Deletes exactly this object (UID precondition); one that is gone or replaced already is fine. */
  delete(object: LiveObject): Promise<void>;
  close(): void;
}

/** A client for the current context of `config`; where nobody says who made the cluster, its cures are those of any. */
export function createClient(
  config: KubeConfig,
  clock: Clock,
  cures: ClusterCures = plainCures(config.getCurrentContext()),
): KubeClient {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig is not pinned to a context');
  const server = cluster.server.replace(/\/+$/, '');
  const transport = createTransport(config, server, clock, cures);
  let resources: Promise<ApiResource[]> | undefined;

  let answered = false;
  const call = <T>(method: string, path: string, options: CallOptions = {}): Promise<T> =>
    retryPassing({ clock, signal: options.signal, method, hasAnswered: () => answered }, () =>
      callOnce<T>(method, path, options),
    );
  const callOnce = async <T>(method: string, path: string, options: CallOptions): Promise<T> => {
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const response = await transport.open(method, path, {
      query: options.query ?? {},
      body,
      headers: {
        accept: options.accept ?? 'application/json',
        ...(body === undefined ? {} : { 'content-type': options.contentType ?? 'application/json' }),
      },
      timeoutMs: options.timeoutMs ?? callTimeoutMs,
      signal: options.signal,
    });
    answered = true;
    const text = await readAll(response, options.timeoutMs ?? callTimeoutMs);
    const { statusCode = 0, headers } = response;
    if (statusCode >= 400) throw apiError(statusCode, text, headers['retry-after']);
    const json = (headers['content-type'] ?? '').includes('json');
    return (json ? JSON.parse(text) : text) as T;
  };

  const client: KubeClient = {
    context: config.getCurrentContext(),
    server,
    config,
    cures,
    call,
    stream: async (path, query, signal) => {
      const response = await transport.open('GET', path, { query, headers: {}, timeoutMs: 0, signal });
      if ((response.statusCode ?? 0) >= 400)
        throw apiError(response.statusCode ?? 0, await readAll(response, callTimeoutMs));
      return response;
    },
    resources: () => {
      resources ??= discover(call).catch((error) => {
        resources = undefined;
        throw error;
      });
      return resources;
    },
    forgetResources: () => {
      resources = undefined;
    },
    pathOf: async (object) => {
      const known = await client.resources();
      const wanted = groupKindOf(object);
      const resource = known.find((candidate) => groupKindOf(candidate) === wanted);
      if (resource === undefined) {
        throw new ApiError(404, 'NoKind', `the cluster does not know the kind ${object.kind} of ${object.apiVersion}`);
      }
      const version = object.apiVersion;
      const { namespace, name } = object.metadata;
      return `${collection({ ...resource, apiVersion: version }, resource.namespaced ? namespace : undefined)}/${encodeURIComponent(name)}`;
    },
    get: async (object) => {
      try {
        return await call<LiveObject>('GET', await client.pathOf(object));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }
    },
    list: (resource, options = {}) => listAll(call, resource, options),
    apply: async (object, options = {}) => {
      const query = {
        fieldManager,
        fieldValidation: 'Strict',
        force: options.force === true ? 'true' : undefined,
        dryRun: options.dryRun === true ? 'All' : undefined,
      };
      try {
        return await call<LiveObject>('PATCH', await client.pathOf(object), {
          query,
          body: object,
          contentType: 'application/apply-patch+yaml',
        });
      } catch (error) {
        throw explainApply(error, object);
      }
    },
    delete: async (object) => {
      try {
        await call('DELETE', await client.pathOf(object), {
          body: {
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            propagationPolicy: 'Background',
            preconditions: { uid: object.metadata.uid },
          },
        });
      } catch (error) {
        // 404: gone; 409: another object took the name, and that one is not ours to delete.
        if (error instanceof ApiError && (error.status === 404 || error.status === 409)) return;
        throw error;
      }
    },
    close: () => transport.close(),
  };
  return client;
}

/** `/apis/apps/v1/namespaces/hwctl/deployments`: where the objects of a resource are. */
function collection(resource: ApiResource, namespace: string | undefined): string {
  const root = resource.apiVersion.includes('/') ? `/apis/${resource.apiVersion}` : `/api/${resource.apiVersion}`;
  return namespace === undefined
    ? `${root}/${resource.plural}`
    : `${root}/namespaces/${encodeURIComponent(namespace)}/${resource.plural}`;
}

type Call = <T>(method: string, path: string, options?: CallOptions) => Promise<T>;

async function discover(call: Call): Promise<ApiResource[]> {
  const [core, groups] = await Promise.all(
    ['/api', '/apis'].map((path) => call<unknown>('GET', path, { accept: discoveryAccept })),
  );
  return [...parseDiscovery(core), ...parseDiscovery(groups)];
}

async function listAll(
  call: Call,
  resource: ApiResource,
  { namespace, labelSelector }: { namespace?: string; labelSelector?: string },
): Promise<LiveObject[]> {
  const found: LiveObject[] = [];
  let next: string | undefined;
  do {
    const page: { items?: LiveObject[]; metadata?: { continue?: string } } = await call(
      'GET',
      collection(resource, resource.namespaced ? namespace : undefined),
      { query: { labelSelector, limit: '500', continue: next } },
    );
    for (const item of page.items ?? [])
      found.push({ ...item, apiVersion: resource.apiVersion, kind: resource.kind } as LiveObject);
    next = page.metadata?.continue || undefined;
  } while (next !== undefined);
  return found;
}
