/** What hwctl uses of postman-collection 5, whose package names no types. */
declare module 'postman-collection' {
  interface Named {
    name?: string;
  }
  export class Collection {
    constructor(json: unknown);
    name?: string;
    toJSON(): unknown;
  }
  export class VariableScope {
    constructor(json: unknown);
    set(name: string, value: unknown, type?: string): void;
  }
  export interface Url {
    toString(): string;
  }
  export interface Request {
    method: string;
    url: Url;
  }
  export interface Response {
    code: number;
    responseTime: number;
    reason(): string;
    size(): { body: number; header?: number; total: number };
  }
  export interface Item {
    name: string;
    forEachParent(visit: (parent: Named) => void): void;
  }
  const sdk: { Collection: typeof Collection; VariableScope: typeof VariableScope };
  export default sdk;
}
