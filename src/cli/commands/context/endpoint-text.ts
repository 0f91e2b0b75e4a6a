import type { Endpoint } from '../../target/target.js';

/** Endpoints as people read them: name, URL, and how to reach the host that the routes are for. */
export function formatEndpoints(endpoints: readonly Endpoint[]): string[] {
  const width = Math.max(0, ...endpoints.map((endpoint) => endpoint.name.length));
  return endpoints.map(({ name, url, host }) => {
    const note = host === undefined ? '' : `  (host ${host})`;
    return `  ${name.padEnd(width)}  ${url}${note}`;
  });
}
