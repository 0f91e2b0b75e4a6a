/** A resource of the API server: how a kind is listed and whether it lives in namespaces. */
export interface ApiResource {
  apiVersion: string;
  kind: string;
  plural: string;
  namespaced: boolean;
  verbs: string[];
}

interface DiscoveryList {
  items?: {
    metadata?: { name?: string };
    versions?: {
      version: string;
      freshness?: string;
      resources?: {
        resource: string;
        responseKind?: { kind?: string };
        scope?: string;
        verbs?: string[];
      }[];
    }[];
  }[];
}

/**
 * Reads an aggregated discovery document (KEP 3352, Kubernetes 1.26 and later). Versions come in the order the server
 * prefers, so a kind counts in the first one that has it. Groups whose server does not answer (`Stale`) are left out.
 */
export function parseDiscovery(document: unknown): ApiResource[] {
  const found: ApiResource[] = [];
  for (const group of (document as DiscoveryList).items ?? []) {
    const name = group.metadata?.name ?? '';
    const seen = new Set<string>();
    for (const { version, freshness, resources } of group.versions ?? []) {
      if (freshness === 'Stale') continue;
      for (const { resource, responseKind, scope, verbs } of resources ?? []) {
        if (seen.has(resource) || responseKind?.kind === undefined) continue;
        seen.add(resource);
        found.push({
          apiVersion: name === '' ? version : `${name}/${version}`,
          kind: responseKind.kind,
          plural: resource,
          namespaced: scope === 'Namespaced',
          verbs: verbs ?? [],
        });
      }
    }
  }
  return found;
}

/** What to accept so that an API server tells all that it serves in one document (KEP 3352). */
export const discoveryAccept = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
].join(',');
