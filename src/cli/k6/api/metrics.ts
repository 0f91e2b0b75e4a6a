import { textOf } from '../language/coerce.js';
import { Constructible, HostObject, known } from '../language/machine.js';
import type { Vu } from './vu.js';

/** What a metric of a script keeps: a distribution, a share, a sum, the last value. */
export type MetricKind = 'trend' | 'rate' | 'counter' | 'gauge';

const kinds: Record<string, MetricKind> = { Trend: 'trend', Rate: 'rate', Counter: 'counter', Gauge: 'gauge' };

/** A metric that a script made. */
class Metric extends HostObject {
  constructor(
    readonly name: string,
    readonly kind: MetricKind,
    /** Of a trend: its values are milliseconds. */
    readonly isTime: boolean,
  ) {
    super();
  }

  get(name: string): unknown {
    if (name === 'name') return this.name;
    if (name !== 'add') return undefined;
    return known('metric add', ([value], machine) => {
      (machine as Vu).around.measure(this.name, Number(value));
    });
  }
}

/** `k6/metrics`. */
export const metricMembers: Record<string, unknown> = Object.fromEntries(
  Object.entries(kinds).map(([name, kind]) => [
    name,
    new Constructible(name, ([called, isTime], machine) => {
      const metric = new Metric(textOf(called), kind, isTime === true);
      (machine as Vu).around.made(metric.name, kind);
      return metric;
    }),
  ]),
);
