/** An HTTPRoute of the Gateway API as far as the gateway follows it: https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
export interface ApiRoute {
  name: string;
  namespace: string;
  /** `*.name` is every name that ends with it; empty: any host. */
  hosts: string[];
  rules: ApiRule[];
}

export interface ApiRule {
  /** One of them is enough; none: everything. */
  matches: ApiMatch[];
  /** In their order. */
  filters: ApiFilter[];
  backends: ApiBackend[];
  timeoutMs?: number;
}

/** All that it says holds. */
export interface ApiMatch {
  path: { type: string; value: string };
  method?: string;
  headers: ApiFieldMatch[];
  query: ApiFieldMatch[];
}

export interface ApiFieldMatch {
  name: string;
  value: string;
  isRegular: boolean;
}

export type ApiPathChange = { type: string; value: string };

export type ApiFilter =
  | { type: 'request-headers' | 'response-headers'; set: [string, string][]; add: [string, string][]; remove: string[] }
  | { type: 'rewrite'; host?: string; path?: ApiPathChange }
  | { type: 'redirect'; scheme?: string; host?: string; port?: number; path?: ApiPathChange; status: number };

export interface ApiBackend {
  /** Of the Service. */
  name: string;
  /** Key of who answers; undefined: nothing here does. */
  service?: string;
  /** Its share of the requests among those of the rule. */
  weight: number;
}
