import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../kernel/clock.js';
import { Failure } from '../../kernel/failure.js';
import type { KubeObject } from '../kube-object.js';
import { type ApiResource, parseDiscovery } from './discovery.js';
import { groupKindOf, type LiveObject, liveRef } from './live-object.js';

/** hwctl's name as the owner of fields. */
export const fieldManager = 'hwctl';

const callTimeoutMs = 15_000;
/** Answers larger than this are refused: 64 MiB. */
const maxBodyBytes = 64 * 1024 * 1024;
/** Credentials are prepared anew after this time, so that a token that a plug-in gives may expire: 60 s. */
const credentialsMs = 60_000;

/** What the API server said no to; `reason` is its machine-readable word: `NotFound`, `Forbidden`, `Conflict`, ... */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly causes: { reason?: string; message?: string; field?: string }[] = [],
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

export interface CallOptions {
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
  /** Throws ApiError for what the server refuses, Failure `api-unreachable` where it does not answer. */
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

/** A client for the current context of `config`. */
export function createClient(config: KubeConfig, clock: Clock): KubeClient {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig is not pinned to a context');
  const server = cluster.server.replace(/\/+$/, '');
  const transport = createTransport(config, server, clock);
  let resources: Promise<ApiResource[]> | undefined;

  const call = async <T>(method: string, path: string, options: CallOptions = {}): Promise<T> => {
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
    const text = await readAll(response, options.timeoutMs ?? callTimeoutMs);
    if ((response.statusCode ?? 0) >= 400) throw apiError(response.statusCode ?? 0, text);
    const json = (response.headers['content-type'] ?? '').includes('json');
    return (json ? JSON.parse(text) : text) as T;
  };

  const client: KubeClient = {
    context: config.getCurrentContext(),
    server,
    config,
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
export function collection(resource: ApiResource, namespace: string | undefined): string {
  const root = resource.apiVersion.includes('/') ? `/apis/${resource.apiVersion}` : `/api/${resource.apiVersion}`;
  return namespace === undefined
    ? `${root}/${resource.plural}`
    : `${root}/namespaces/${encodeURIComponent(namespace)}/${resource.plural}`;
}

type Call = <T>(method: string, path: string, options?: CallOptions) => Promise<T>;

const discoveryAccept = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
].join(',');

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

function apiError(status: number, text: string): ApiError {
  try {
    const body = JSON.parse(text) as {
      reason?: string;
      message?: string;
      details?: { causes?: { reason?: string; message?: string; field?: string }[] };
    };
    return new ApiError(status, body.reason ?? String(status), body.message ?? text, body.details?.causes ?? []);
  } catch {
    return new ApiError(status, String(status), text.trim().slice(0, 500) || `HTTP status ${status}`);
  }
}

/** Turns a refused apply into what the user can do about it. */
function explainApply(error: unknown, object: KubeObject): unknown {
  if (!(error instanceof ApiError)) return error;
  const ref = liveRef(object);
  const base = { cause: error, exitCode: 2 };
  if (error.status === 409 && error.causes.some((cause) => cause.reason === 'FieldManagerConflict')) {
    return new Failure({
      ...base,
      code: 'conflict',
      message: `somebody else owns fields of ${ref} that hwctl sets`,
      details: error.causes.map((cause) => `${cause.field}: ${cause.message}`),
      hint: 'Undo that change, or give the fields to hwctl with --force-conflicts',
    });
  }
  if (error.status === 403) {
    const quota = /exceeded quota: .*/.exec(error.message)?.[0];
    return new Failure({
      ...base,
      code: quota === undefined ? 'forbidden' : 'quota-exceeded',
      message: quota === undefined ? `no permission to apply ${ref}: ${error.message}` : `${ref}: ${quota}`,
      hint:
        quota === undefined
          ? 'Ask for that permission, or use a context whose user has it'
          : 'Raise the ResourceQuota of the namespace, or free some of it',
    });
  }
  if (error.status >= 500 && /failed calling webhook/.test(error.message)) {
    const name = /webhook "([^"]+)"/.exec(error.message)?.[1] ?? 'unknown';
    return new Failure({
      ...base,
      code: 'webhook-unavailable',
      message: `the admission webhook ${name} does not answer, so ${ref} cannot be applied: ${error.message}`,
      hint: 'Is the controller behind that webhook running? kubectl get validatingwebhookconfigurations',
    });
  }
  return new Failure({
    ...base,
    code: 'refused',
    message: `the cluster refuses ${ref}: ${error.message}`,
    hint: 'hwctl render shows the object',
  });
}

interface Exchange {
  query: Record<string, string | undefined>;
  headers: Record<string, string>;
  body?: string;
  /** 0: no deadline (streams, which end by their signal). */
  timeoutMs: number;
  signal?: AbortSignal;
}

function createTransport(config: KubeConfig, server: string, clock: Clock) {
  const secure = server.startsWith('https:');
  let prepared: { options: RequestOptions; agent: HttpsAgent | undefined; at: number } | undefined;
  const agents = new Set<HttpsAgent>();

  const prepare = async (): Promise<{ options: RequestOptions; agent: HttpsAgent | undefined }> => {
    if (prepared !== undefined && clock.monotonic() - prepared.at < credentialsMs) return prepared;
    const options: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new Failure({
        code: 'credentials',
        message: `the credentials of context ${config.getCurrentContext()} cannot be prepared: ${(error as Error).message.split('\n')[0]}`,
        hint: 'kubectl --context NAME get ns shows whether kubectl can use them (certificate files, credential plug-ins)',
        cause: error,
      });
    }
    const own = options.agent;
    // A proxy's agent stays; the plain one is replaced by one that keeps connections alive.
    const plain = own === undefined || own === false || (own as object).constructor.name === 'Agent';
    let agent = prepared?.agent;
    if (secure && plain && agent === undefined) {
      const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
      agent = new HttpsAgent({
        keepAlive: true,
        maxSockets: 8,
        ca,
        cert,
        key,
        pfx,
        passphrase,
        rejectUnauthorized,
        servername,
      });
      agents.add(agent);
    }
    prepared = { options: { ...options, agent: agent ?? own }, agent, at: clock.monotonic() };
    return prepared;
  };

  const open = async (method: string, path: string, exchange: Exchange): Promise<IncomingMessage> => {
    const url = new URL(server + path);
    for (const [name, value] of Object.entries(exchange.query))
      if (value !== undefined) url.searchParams.set(name, value);
    const { options } = await prepare();
    return new Promise((resolve, reject) => {
      const make = secure ? httpsRequest : httpRequest;
      const headers: Record<string, string | number> = { ...(options.headers as object), ...exchange.headers };
      if (exchange.body !== undefined) headers['content-length'] = Buffer.byteLength(exchange.body);
      const request = make(
        url,
        { ...(secure ? options : { auth: options.auth }), method, headers, signal: exchange.signal },
        resolve,
      );
      if (exchange.timeoutMs > 0) {
        request.setTimeout(exchange.timeoutMs, () =>
          request.destroy(new Error(`no answer within ${exchange.timeoutMs} ms`)),
        );
      }
      request.on('error', (error) => {
        if (exchange.signal?.aborted) reject(exchange.signal.reason);
        else reject(unreachable(server, error));
      });
      request.end(exchange.body);
    });
  };

  return {
    open,
    close: () => {
      for (const agent of agents) agent.destroy();
    },
  };
}

function unreachable(server: string, error: Error): Failure {
  const certificate = /certificate|self.signed|CERT_|unable to verify/i.test(
    `${error.message} ${(error as NodeJS.ErrnoException).code}`,
  );
  return new Failure({
    code: 'api-unreachable',
    message: `the API server ${server} does not answer: ${error.message || (error as NodeJS.ErrnoException).code}`,
    hint: certificate
      ? 'The kubeconfig does not fit this server: minikube update-context, or fetch a new kubeconfig'
      : 'Is the cluster running? minikube status tells, and minikube start brings it back',
    cause: error,
  });
}

function readAll(response: IncomingMessage, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(
      () => response.destroy(new Error(`the answer did not end within ${timeoutMs} ms`)),
      timeoutMs,
    );
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBodyBytes) response.destroy(new Error('the answer is larger than 64 MiB'));
      else chunks.push(chunk);
    });
    response.on('end', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    response.on('error', (error) => {
      clearTimeout(timer);
      reject(
        new Failure({ code: 'api-unreachable', message: `the API server broke off: ${error.message}`, cause: error }),
      );
    });
  });
}
