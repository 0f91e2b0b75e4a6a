import { type ClosedArrivals, closed } from './closed.js';
import type { ArrivalModel, ArrivalTraits } from './model.js';
import { type OpenArrivals, open } from './open.js';
import { type PacedArrivals, paced } from './paced.js';

/** When work begins, by one of the models. */
export type Arrivals = OpenArrivals | PacedArrivals | ClosedArrivals;

export type ModelName = Arrivals['model'];

/** The arrivals of one model. */
export type ArrivalsOf<M extends ModelName> = Extract<Arrivals, { model: M }>;

/** Every model. */
export const arrivalModels: { readonly [M in ModelName]: ArrivalModel<ArrivalsOf<M>> } = { open, paced, closed };

/** What follows from arrivals. */
export function traitsOf(arrivals: Arrivals): ArrivalTraits {
  return modelOf(arrivals.model).traits(arrivals);
}

/** A model by its name, for arrivals that are known to be its own. */
export function modelOf(name: ModelName): ArrivalModel<Arrivals> {
  return arrivalModels[name] as ArrivalModel<Arrivals>;
}

type OwnFields<A> = A extends Arrivals ? Omit<A, 'model' | 'stages'> : never;
type Together<T> = (T extends unknown ? (part: T) => void : never) extends (all: infer All) => void ? All : never;

/** What models have beside their stages, each by its own name. */
export type ArrivalParameters = Partial<Together<OwnFields<Arrivals>>>;

/** The parameters of arrivals; one that is off is left out. */
export function parametersOf({ model, stages, ...own }: Arrivals): ArrivalParameters {
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined && value !== false));
}
