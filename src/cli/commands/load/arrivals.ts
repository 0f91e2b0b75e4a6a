import { Failure } from '../../kernel/failure.js';
import type { Arrivals, Stage } from '../../load/plan/plan.js';
import { scaleStages } from '../../load/plan/profile.js';
import { parseCount, parseLength, parseRate } from './flags.js';

/** The flags that say when work begins. */
export interface ArrivalOptions {
  rps?: string;
  users?: string;
  pace?: string;
  requests?: string;
  concurrency?: string;
  duration?: string;
  poisson?: boolean;
  quick?: boolean;
}

const defaultDurationMs = 10_000;

/** The arrivals that the flags ask for, on top of a profile's where there is one. Throws Failure. */
export function readArrivals(options: ArrivalOptions, profile: Arrivals | undefined): Arrivals {
  const wanted =
    profile !== undefined && !namesModel(options) ? adjustProfile(options, profile) : fromFlags(options, profile);
  return options.quick ? { ...wanted, stages: scaleStages(wanted.stages) } : wanted;
}

function namesModel({ rps, users, concurrency, requests }: ArrivalOptions): boolean {
  return [rps, users, concurrency, requests].some((flag) => flag !== undefined);
}

/** A profile's own model; `--duration` stretches or shortens its stages in proportion, `--pace` and `--poisson` apply where they belong. */
function adjustProfile(options: ArrivalOptions, profile: Arrivals): Arrivals {
  const durationMs = options.duration === undefined ? undefined : parseLength(options.duration, '--duration');
  const stages = durationMs === undefined ? profile.stages : stretch(profile.stages, durationMs);
  if (options.pace !== undefined && profile.model !== 'paced') throw needs('--pace', '--users');
  if (options.poisson && profile.model !== 'open') throw needs('--poisson', '--rps');
  switch (profile.model) {
    case 'open':
      return { ...profile, stages, poisson: profile.poisson || options.poisson === true };
    case 'paced':
      return {
        ...profile,
        stages,
        paceMs: options.pace === undefined ? profile.paceMs : parseLength(options.pace, '--pace'),
      };
    case 'closed':
      return { ...profile, stages };
  }
}

function stretch(stages: readonly Stage[], totalMs: number): Stage[] {
  const sum = stages.reduce((total, stage) => total + stage.durationMs, 0);
  if (sum === Number.POSITIVE_INFINITY)
    return stages.map((stage) => ({ ...stage, durationMs: totalMs / stages.length }));
  return stages.map((stage) => ({ ...stage, durationMs: (stage.durationMs * totalMs) / sum }));
}

/** A constant level for `--duration`, else for as long as the profile, else 10 s. */
function fromFlags(options: ArrivalOptions, profile: Arrivals | undefined): Arrivals {
  const durationMs = options.duration === undefined ? undefined : parseLength(options.duration, '--duration');
  const profileMs = profile?.stages.reduce((total, stage) => total + stage.durationMs, 0);
  const usualMs = profileMs !== undefined && Number.isFinite(profileMs) ? profileMs : defaultDurationMs;
  const constant = (level: number, ms: number) => [{ durationMs: ms, from: level, to: level }];
  if (options.pace !== undefined && options.users === undefined) throw needs('--pace', '--users');
  if (options.requests !== undefined || options.concurrency !== undefined) {
    if (options.poisson) throw needs('--poisson', '--rps');
    const concurrency = parseCount(options.concurrency ?? '1', '--concurrency', '10');
    const requests =
      options.requests === undefined ? undefined : parseCount(options.requests, '--requests', '1000', 1e12);
    const fallbackMs = requests === undefined ? usualMs : Number.POSITIVE_INFINITY;
    return { model: 'closed', stages: constant(concurrency, durationMs ?? fallbackMs), requests };
  }
  if (options.users !== undefined) {
    if (options.poisson) throw needs('--poisson', '--rps');
    const users = parseCount(options.users, '--users', '100');
    const paceMs = parseLength(options.pace ?? '1s', '--pace');
    return { model: 'paced', stages: constant(users, durationMs ?? usualMs), paceMs };
  }
  const rate = parseRate(options.rps ?? '100');
  return {
    model: 'open',
    stages: constant(rate, durationMs ?? usualMs),
    poisson: options.poisson === true,
  };
}

/** The failure for a flag that another one gives its meaning. */
export function needs(flag: string, other: string): Failure {
  return new Failure({
    code: 'conflict',
    message: `${flag} means nothing without ${other}`,
    hint: `Add ${other}, or leave ${flag} out`,
  });
}
