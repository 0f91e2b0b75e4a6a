import { type ArrivalModel, profileWords } from './model.js';
import { randomAt } from './random.js';
import { highestOf, type Stage } from './schedule.js';

/** Open model: work begins at a rate, whatever the responses do. */
export interface OpenArrivals {
  model: 'open';
  /** `from`, `to`: arrivals per second. */
  stages: Stage[];
  /** Exponential gaps with the rate as their mean, in place of even ones. */
  poisson: boolean;
}

/** Many servers allow 512. */
const mostConnections = 256;

export const open: ArrivalModel<OpenArrivals> = {
  profile: profileWords({
    level: 'rate',
    about: 'Arrivals per second',
    own: { poisson: { holds: 'switch', about: 'Random gaps with the rate as their mean (open model)' } },
    arrivals: (stages, { poisson }) => ({ model: 'open', stages, poisson: poisson === true }),
  }),
  traits: (arrivals) => ({
    level: { name: 'rate', most: 1_000_000, unit: (counted) => `${counted}/s` },
    rate: arrivals.stages,
    positions: arrivals.poisson ? poissonPositions : undefined,
    // A fifth of a second's arrivals.
    connections: Math.min(mostConnections, Math.ceil(highestOf(arrivals.stages) / 5)),
    problems: [],
    manner: arrivals.poisson ? 'Poisson' : '',
  }),
  atRate: (arrivals, perSecond, durationMs) => ({
    ...arrivals,
    stages: [{ durationMs, from: perSecond, to: perSecond }],
  }),
};

/** Sums of exponential gaps: every shard computes the same sequence from the seed. */
function poissonPositions(seed: number): (index: number) => number {
  let position = 0;
  let positionOf = -1;
  return (index) => {
    while (positionOf < index) {
      positionOf++;
      position += -Math.log(1 - randomAt(seed, positionOf));
    }
    return position;
  };
}
