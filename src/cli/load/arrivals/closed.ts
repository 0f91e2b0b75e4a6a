import { type ArrivalModel, profileWords } from './model.js';
import { highestOf, type Stage, stageValueAt } from './schedule.js';

/** Closed model, as ab: the next iteration begins when one is done. */
export interface ClosedArrivals {
  model: 'closed';
  /** `from`, `to`: iterations at a time. */
  stages: Stage[];
  /** Ends after so many arrivals too. */
  requests?: number;
}

export const closed: ArrivalModel<ClosedArrivals> = {
  profile: profileWords({
    level: 'concurrency',
    about: 'Iterations at a time',
    own: { requests: { holds: 'count', about: 'Closed model: ends after so many', ends: true } },
    arrivals: (stages, { requests }) => ({ model: 'closed', stages, requests }),
  }),
  traits: ({ stages, requests }) => ({
    level: { name: 'concurrency', most: 10_000, unit: () => 'at a time' },
    limit: requests,
    atOnce: Math.ceil(highestOf(stages)),
    // As many connections as iterations begin at once; further ones belong to the stages that ask for them.
    connections: Math.ceil(stageValueAt(stages, 0)),
    problems:
      requests === undefined || (Number.isSafeInteger(requests) && requests > 0)
        ? []
        : ['requests must be a whole number above 0'],
    manner: '',
  }),
};
