import type { Stage } from './schedule.js';

/**
 * One way of saying when work begins: all that the rest of the program asks of it. A model is a file here and its entry in
 * models.ts; what asks for it on the command line is commands/load/arrivals.ts.
 */
export interface ArrivalModel<A> {
  /** How a profile's `arrivals` says it. */
  profile: ProfileWords<A>;
  /** What follows from such arrivals. */
  traits(arrivals: A): ArrivalTraits;
  /** Such arrivals at one constant rate, for a search; undefined where no rate can be set. */
  atRate?(arrivals: A, perSecond: number, durationMs: number): A;
}

/** The fields of a profile that are one model's. */
interface ProfileWords<A> {
  /** The field that holds the level of a constant load, and that names the model; also what `of` says of stages. */
  level: string;
  /** What it is the number of, for the schema of profiles. */
  about: string;
  /** Fields that mean nothing to another model, by name. */
  own: Readonly<Record<string, OwnField>>;
  arrivals(stages: Stage[], fields: Readonly<Record<string, unknown>>): A;
}

/** A field of a profile that is one model's own. */
export interface OwnField {
  /** What it holds: a duration (read as milliseconds), a whole number from 1, or true and false. */
  holds: 'duration' | 'count' | 'switch';
  about: string;
  /** With it the load has an end, and needs neither duration nor stages. */
  ends?: true;
}

type FieldsOf<O extends Record<string, OwnField>> = {
  readonly [N in keyof O]?: O[N]['holds'] extends 'switch' ? boolean : number;
};

/** A model's words in a profile; the values of its own fields have the types that they hold. */
export function profileWords<A, const O extends Record<string, OwnField> = Record<never, OwnField>>(
  words: Omit<ProfileWords<A>, 'own' | 'arrivals'> & { own: O; arrivals(stages: Stage[], fields: FieldsOf<O>): A },
): ProfileWords<A> {
  return words as ProfileWords<A>;
}

/** What follows from arrivals for plan, engine, observer and reports, whatever the model is. */
export interface ArrivalTraits {
  /** Of the values of the stages: what they are, in words, the highest allowed, and the unit beside a number (`counted` per second, or a thing). */
  level: { name: string; most: number; unit(counted: string): string };
  /**
   * Arrivals per second, where they come at a rate: a pacer releases each when it is due. Undefined: a stage's value is how
   * many iterations run at a time, and the next begins when one is done.
   */
  rate?: Stage[];
  /** At a rate: where the arrival with a global index stands, in units of the mean gap; called with ascending indices. Undefined: at its index. */
  positions?(seed: number): (index: number) => number;
  /** At a rate: seconds between the arrivals of one user. Users take turns, and the turn of one that is busy waits. Undefined: there are no users. */
  userEverySeconds?: number;
  /** Ends after so many arrivals too. */
  limit?: number;
  /** Iterations under way at most, where the model itself bounds them; undefined: as many as the responses let pile up. */
  atOnce?: number;
  /** Connections worth opening before the first arrival. */
  connections: number;
  /** What is wrong with it beside its stages. */
  problems: string[];
  /** How arrivals are spread, in words for the head of a report; empty where nothing is to be said. */
  manner: string;
}
