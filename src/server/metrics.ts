import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** From half a millisecond (an indexed lookup) to ten seconds (every deadline has struck by then). */
const secondsBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface StoreMetrics {
  /** One commit: how many units of work it carried and how long it took. */
  committed(units: number, durationMs: number): void;
}

/** Measures one route: the children are looked up once, so a request pays for two additions. */
export type ObserveRequest = (status: number, durationMs: number) => void;

/** The metrics of a process: RED per route, the store, and counters of what the business did. Named as Prometheus asks. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'HTTP requests answered, by route template and status.',
    labelNames: ['service', 'method', 'route', 'status'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Seconds from the request line to the last byte of the response handed to the kernel.',
    labelNames: ['service', 'method', 'route'],
    buckets: secondsBuckets,
    registers: [registry],
  });
  const commits = new Histogram({
    name: 'store_commit_duration_seconds',
    help: 'Seconds from the begin to the commit of a transaction.',
    labelNames: ['service'],
    buckets: secondsBuckets,
    registers: [registry],
  });
  const units = new Counter({
    name: 'store_units_total',
    help: 'Units of work that were committed or rolled back; several share a commit under load.',
    labelNames: ['service'],
    registers: [registry],
  });

  function counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    const known = registry.getSingleMetric(name);
    return (known as Counter<L> | undefined) ?? new Counter({ name, help, labelNames, registers: [registry] });
  }

  return {
    registry,
    counter,
    gauge<L extends string>(
      name: string,
      help: string,
      labelNames: readonly L[],
      collect: (gauge: Gauge<L>) => void | Promise<void>,
    ) {
      return new Gauge({
        name,
        help,
        labelNames,
        registers: [registry],
        // What cannot be read just now (the store is down) is absent, rather than all metrics with it.
        async collect() {
          this.reset();
          await Promise.resolve(collect(this)).catch(() => {});
        },
      });
    },
    route(service: string, method: string, route: string): ObserveRequest {
      const duration = durations.labels(service, method, route);
      const byStatus = new Map<number, { inc(): void }>();
      return (status, durationMs) => {
        let count = byStatus.get(status);
        if (count === undefined) {
          count = requests.labels(service, method, route, String(status));
          byStatus.set(status, count);
        }
        count.inc();
        duration.observe(durationMs / 1_000);
      };
    },
    store(service: string): StoreMetrics {
      const duration = commits.labels(service);
      const count = units.labels(service);
      return {
        committed(unitCount, durationMs) {
          count.inc(unitCount);
          duration.observe(durationMs / 1_000);
        },
      };
    },
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
