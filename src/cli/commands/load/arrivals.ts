import { Failure } from '../../kernel/failure.js';
import { type Arrivals, type ArrivalsOf, type ModelName, modelOf } from '../../load/arrivals/models.js';
import { lastingMs, type Stage, scaleStages, stretchStages } from '../../load/arrivals/schedule.js';
import type { ArrivalOptions } from './flags.js';

type Flag = keyof ArrivalOptions;

/** How the command line asks for a model. */
interface ModelFlags<A> {
  /** Each of these asks for it; the first is the one that others are told to add. */
  asks: readonly [Flag, ...Flag[]];
  /** These mean nothing to another model. */
  own: readonly Flag[];
  /** A constant load; `durationMs` as given, else `usualMs`. */
  read(options: ArrivalOptions, durationMs: number | undefined, usualMs: number): A;
  /** A profile's arrivals, with the model's own flags. */
  adjust(options: ArrivalOptions, arrivals: A): A;
}

const constant = (level: number, durationMs: number): Stage[] => [{ durationMs, from: level, to: level }];

const modelFlags: { readonly [M in ModelName]: ModelFlags<ArrivalsOf<M>> } = {
  open: {
    asks: ['rps'],
    own: ['poisson'],
    read: ({ rps, poisson }, durationMs, usualMs) => ({
      model: 'open',
      stages: constant(rps ?? 100, durationMs ?? usualMs),
      poisson: poisson === true,
    }),
    adjust: ({ poisson }, arrivals) => ({ ...arrivals, poisson: arrivals.poisson || poisson === true }),
  },
  paced: {
    asks: ['users'],
    own: ['pace'],
    read: ({ users, pace }, durationMs, usualMs) => ({
      model: 'paced',
      stages: constant(users!, durationMs ?? usualMs),
      paceMs: pace ?? 1000,
    }),
    adjust: ({ pace }, arrivals) => ({ ...arrivals, paceMs: pace ?? arrivals.paceMs }),
  },
  closed: {
    asks: ['concurrency', 'requests'],
    own: [],
    read: ({ concurrency, requests }, durationMs, usualMs) => {
      const untilMs = requests === undefined ? usualMs : Number.POSITIVE_INFINITY;
      return { model: 'closed', stages: constant(concurrency ?? 1, durationMs ?? untilMs), requests };
    },
    adjust: (_, arrivals) => arrivals,
  },
};

const models = Object.entries(modelFlags) as [ModelName, ModelFlags<Arrivals>][];
const defaultModel: ModelName = 'open';
const defaultDurationMs = 10_000;

/** Flags of which each asks for another model: groups for `refuseTogether`. */
export const modelExclusive: string[][] = models.reduce<string[][]>(
  (groups, [, { asks }]) => asks.flatMap((flag) => groups.map((group) => [...group, flag])),
  [[]],
);

/** The flags that ask for a model without a rate that can be set: what a search wants left out. */
export const flagsWithoutRate: string[] = models
  .filter(([name]) => modelOf(name).atRate === undefined)
  .flatMap(([, { asks }]) => asks.map(flagText));

/** The arrivals that the flags ask for, on top of a profile's where there is one. Throws Failure. */
export function readArrivals(options: ArrivalOptions, profile: Arrivals | undefined): Arrivals {
  const asked = models.find(([, { asks }]) => asks.some((flag) => options[flag] !== undefined))?.[0];
  const model = asked ?? profile?.model ?? defaultModel;
  for (const [name, { own, asks }] of models) {
    const stray = own.find((flag) => options[flag] !== undefined && options[flag] !== false);
    if (stray !== undefined && name !== model) throw needs(flagText(stray), flagText(asks[0]));
  }
  const durationMs = options.duration;
  const flags = modelFlags[model] as ModelFlags<Arrivals>;
  const wanted =
    profile !== undefined && asked === undefined
      ? flags.adjust(
          options,
          durationMs === undefined ? profile : { ...profile, stages: stretchStages(profile.stages, durationMs) },
        )
      : flags.read(options, durationMs, usualMs(profile));
  return options.quick ? { ...wanted, stages: scaleStages(wanted.stages) } : wanted;
}

/** A constant level lasts as long as the profile, else 10 s. */
function usualMs(profile: Arrivals | undefined): number {
  const profileMs = profile === undefined ? undefined : lastingMs(profile.stages);
  return profileMs !== undefined && Number.isFinite(profileMs) ? profileMs : defaultDurationMs;
}

function flagText(flag: Flag): string {
  return `--${flag}`;
}

/** The failure for a flag that another one gives its meaning. */
export function needs(flag: string, other: string): Failure {
  return new Failure({
    code: 'conflict',
    message: `${flag} means nothing without ${other}`,
    hint: `Add ${other}, or leave ${flag} out`,
  });
}
