import type { KubeObject } from '../../manifests/kube-object.js';
import { type IngressSource, nginxPrefix } from './gateway-route.js';
import { type BackendService, fields, list, text } from './object-fields.js';

/** An Ingress as far as requests are routed by it; anybody may have written it, and what is not of its shape is left out. */
export interface IngressFields {
  ref: string;
  name: string;
  namespace: string;
  /** All of them. */
  annotations: Record<string, string>;
  hasTls: boolean;
  defaultBackend: BackendService | undefined;
  rules: { host: string | undefined; paths: IngressPath[] }[];
}

interface IngressPath {
  path: string;
  /** As it is written. */
  pathType: string;
  service: BackendService | undefined;
}

/** The Ingress objects among others. */
export function readIngresses(objects: readonly KubeObject[]): IngressFields[] {
  return objects.filter(({ kind }) => kind === 'Ingress').map(readIngress);
}

function readIngress(object: KubeObject): IngressFields {
  const spec = fields(object.spec);
  const { name, namespace } = object.metadata;
  return {
    ref: `Ingress/${name}`,
    name,
    namespace: namespace ?? 'default',
    annotations: textsOf(object.metadata.annotations),
    hasTls: list(spec.tls).length > 0,
    defaultBackend: readBackend(spec.defaultBackend),
    rules: list(spec.rules).map((given) => {
      const rule = fields(given);
      return {
        host: text(rule.host),
        paths: list(fields(rule.http).paths).map((one) => {
          const { path, pathType, backend } = fields(one);
          return { path: text(path) ?? '/', pathType: text(pathType) ?? '', service: readBackend(backend) };
        }),
      };
    }),
  };
}

/** Texts among the values of a map. */
function textsOf(given: unknown): Record<string, string> {
  const entries = Object.entries(fields(given)).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(entries) as Record<string, string>;
}

function readBackend(given: unknown): BackendService | undefined {
  const service = fields(fields(given).service);
  const port = fields(service.port);
  const name = text(service.name);
  const number = typeof port.number === 'number' ? port.number : undefined;
  return name === undefined ? undefined : { name, port: { name: text(port.name), number } };
}

/** ConfigMaps that annotations of ingress-nginx name, and what they may not do across namespaces. */
const configMapAnnotations = ['custom-headers', 'auth-proxy-set-headers'];
const allowedHeadersKey = 'global-allowed-response-headers';

/** What ingress-nginx reads of an Ingress beside its paths, with the ConfigMaps that it names. */
export function sourceOf(ingress: IngressFields, objects: readonly KubeObject[]): IngressSource {
  const { name, namespace, hasTls } = ingress;
  const annotations: Record<string, string> = {};
  for (const [key, value] of Object.entries(ingress.annotations)) {
    if (key.startsWith(nginxPrefix)) annotations[key.slice(nginxPrefix.length)] = value;
  }
  const configMaps: Record<string, Record<string, string>> = {};
  const maps = objects.filter(({ kind }) => kind === 'ConfigMap');
  for (const annotation of configMapAnnotations) {
    const wanted = annotations[annotation]?.trim();
    if (wanted === undefined) continue;
    const found = maps.find(({ metadata }) => `${metadata.namespace ?? 'default'}/${metadata.name}` === wanted);
    if (found !== undefined && (found.metadata.namespace ?? 'default') === namespace) {
      configMaps[annotation] = textsOf(found.data);
    }
  }
  const allowedHeaders =
    annotations['custom-headers'] === undefined
      ? []
      : maps.flatMap(({ data }) => (textsOf(data)[allowedHeadersKey] ?? '').split(',').map((header) => header.trim()));
  return {
    name,
    namespace,
    annotations,
    ...(hasTls ? { hasTls } : {}),
    ...(Object.keys(configMaps).length > 0 ? { configMaps } : {}),
    ...(allowedHeaders.length > 0 ? { allowedHeaders } : {}),
  };
}
