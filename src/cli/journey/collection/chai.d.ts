/** What hwctl uses of chai 6, whose package names no types. */
declare module 'chai' {
  export class Assertion {
    constructor(value: unknown, message?: string);
  }
  export class AssertionError extends Error {}
  export const expect: { fail(...args: unknown[]): never };
}
