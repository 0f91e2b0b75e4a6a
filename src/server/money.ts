import type { Schema } from './http/route.js';

/** The most that one amount may be, in major units. */
const maxAmount = 10_000_000;

/** The most that an account may hold, in minor units: far inside what a double and a bigint hold exactly. */
export const maxBalanceMinor = 1_000_000_000_000;

/** Money on the wire: a positive JSON number with at most two decimals. Inside it is a whole number of minor units. */
export const amountSchema: Schema = {
  type: 'number',
  minimum: 0.01,
  maximum: maxAmount,
  multipleOf: 0.01,
  description: 'Major units, at most two decimals.',
};

/** Minor units of an amount that has passed the schema. */
export function toMinor(amount: number): number {
  return Math.round(amount * 100);
}

/** The number to show for minor units. */
export function toMajor(minor: number): number {
  return minor / 100;
}
