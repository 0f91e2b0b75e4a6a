import type { Values } from './values-shape.js';

/** What a field holds, as a function of the values: evaluated for the objects of `up` and `render`, printed for a chart. */
export type Expression =
  /** One value as it is; `or` is what the manifest says, undefined leaves the field out. */
  | { kind: 'value'; name: 'namespace' | 'host' | 'image' | 'ingressClass'; or: string | undefined }
  /** Replicas of a service: at least so many; with `single`, one at most where the store is SQLite. */
  | { kind: 'replicas'; service: string; or: number | undefined; atLeast: number; single: boolean }
  /** One amount among the requests or limits of a service. */
  | { kind: 'amount'; service: string; list: 'requests' | 'limits'; resource: Resource; or: string | undefined }
  /** One thing with Postgres, another with SQLite; undefined is no such field (or no such item of a list). */
  | { kind: 'by-store'; postgres: unknown; sqlite: unknown };

/** What a container may ask for. */
export type Resource = 'cpu' | 'memory' | 'ephemeral-storage';

/** The resources that values may set. */
export const resourceNames: readonly Resource[] = ['cpu', 'memory', 'ephemeral-storage'];

/** The content of the field for these values; undefined where there is no such field. */
export function evaluate(expression: Expression, values: Values): unknown {
  switch (expression.kind) {
    case 'value':
      return values[expression.name] ?? expression.or;
    case 'replicas':
      return replicasOf(expression, values);
    case 'amount': {
      const { service, list, resource, or } = expression;
      const asked = values.resources?.[service]?.[list]?.[resource];
      return asked === undefined ? or : String(asked);
    }
    case 'by-store':
      return values.store === 'sqlite' ? expression.sqlite : expression.postgres;
  }
}

function replicasOf(expression: Extract<Expression, { kind: 'replicas' }>, { replicas, store }: Values) {
  const { service, or, atLeast, single } = expression;
  const asked = typeof replicas === 'number' ? replicas : replicas?.[service];
  if (single && store === 'sqlite') return Math.max(atLeast, Math.min(1, asked ?? 1));
  return asked === undefined ? or : Math.max(atLeast, asked);
}
