/** What hwctl uses of postman-collection 5, whose package names no types. */
declare module 'postman-collection' {
  interface Named {
    name?: string;
  }
  interface List<T> {
    all(): T[];
  }
  interface Variable {
    key?: string;
    value?: unknown;
    type?: string;
  }
  export interface ItemGroup {
    items: List<Item | (ItemGroup & { id: string; name: string })>;
  }
  export class Collection implements ItemGroup {
    constructor(json: unknown);
    name?: string;
    items: ItemGroup['items'];
    variables: List<Variable>;
    toJSON(): unknown;
  }
  export class VariableScope {
    constructor(json: unknown);
    values: List<Variable>;
    set(name: string, value: unknown, type?: string): void;
  }
  export class CertificateList {
    constructor(parent: object, certificates: unknown[]);
  }
  export interface Url {
    toString(): string;
  }
  export interface Request {
    method: string;
    url: Url;
    headers: List<{ key: string; value: string }>;
    body?: { isEmpty(): boolean; toString(): string };
  }
  export interface Response {
    code: number;
    responseTime: number;
    headers: List<{ key: string; value: string }>;
    stream?: Buffer;
    reason(): string;
    size(): { body: number; header?: number; total: number };
  }
  export interface Item {
    id: string;
    name: string;
    forEachParent(visit: (parent: Named) => void): void;
  }
  const sdk: {
    Collection: typeof Collection;
    VariableScope: typeof VariableScope;
    CertificateList: typeof CertificateList;
  };
  export default sdk;
}
