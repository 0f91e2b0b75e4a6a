import { formatDuration } from '../../kernel/duration.js';
import { type ArrivalModel, profileWords } from './model.js';
import { highestOf, type Stage } from './schedule.js';

/**
 * Constant pacing: users begin one iteration every `paceMs` each, evenly staggered; one that is still busy when due again
 * begins as soon as it is free, and what it missed meanwhile is dropped and counted.
 */
export interface PacedArrivals {
  model: 'paced';
  /** `from`, `to`: users. */
  stages: Stage[];
  paceMs: number;
}

export const paced: ArrivalModel<PacedArrivals> = {
  profile: profileWords({
    level: 'users',
    about: 'Users, each of which begins once every pace',
    own: { pace: { holds: 'duration', about: 'Each user begins once every pace; 1s' } },
    arrivals: (stages, { pace }) => ({ model: 'paced', stages, paceMs: pace ?? 1000 }),
  }),
  traits: ({ stages, paceMs }) => {
    const users = Math.ceil(highestOf(stages));
    const perSecond = 1000 / paceMs;
    return {
      level: { name: 'users', most: 100_000, unit: () => 'users' },
      rate: stages.map(({ durationMs, from, to }) => ({ durationMs, from: from * perSecond, to: to * perSecond })),
      userEverySeconds: paceMs / 1000,
      atOnce: users,
      connections: users,
      problems: paceMs >= 1 && paceMs <= 3_600_000 ? [] : ['pace must be 1 ms .. 1 h'],
      manner: `one iteration every ${formatDuration(paceMs)} each`,
    };
  },
};
