/** Where ingress-nginx's annotations begin. */
export const nginxPrefix = 'nginx.ingress.kubernetes.io/';

/** A route of the gateway, as an Ingress path says it. */
export interface GatewayRoute {
  /** Undefined: any host. */
  host?: string;
  path: string;
  /** `ImplementationSpecific` is `Prefix`, as ingress-nginx has it. */
  type: 'Exact' | 'Prefix';
  /** Key of who answers, among the gateway's upstreams; undefined: nothing here does, which is 503. */
  service?: string;
  /** Answers what no other path of the host does (`spec.defaultBackend`); its path is `/`. */
  isDefault?: boolean;
  /** Undefined: one without annotations. */
  ingress?: IngressSource;
}

/** What ingress-nginx reads of an Ingress beside its paths. */
export interface IngressSource {
  name: string;
  namespace: string;
  /** Those of ingress-nginx, without their prefix. */
  annotations: Record<string, string>;
  /** Whether it has `spec.tls`. */
  hasTls?: boolean;
  /** The Service of the route. */
  serviceName?: string;
  servicePort?: string;
  /** Data of the ConfigMaps that annotations name, by annotation; without one that does not exist. */
  configMaps?: Record<string, Record<string, string>>;
  /** Response headers that the controller allows (`global-allowed-response-headers`). */
  allowedHeaders?: string[];
}

/** A port of a Service that a process here answers. */
export interface ServiceAddress {
  name: string;
  namespace: string;
  port: number;
  /** Among the gateway's upstreams. */
  key: string;
  /** `LoadBalancer` or `NodePort`: it is meant to be reached from outside. */
  type?: string;
}
