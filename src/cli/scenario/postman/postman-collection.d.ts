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
  interface Param {
    key: string;
    value: unknown;
    disabled?: boolean;
  }
  /** Values are resolved, and files are streams, once the runtime has sent it. */
  export interface RequestBody {
    mode?: string;
    disabled?: boolean;
    raw?: unknown;
    urlencoded?: List<Param>;
    formdata?: List<Param & { type?: string; src?: unknown; fileName?: string; contentType?: string }>;
    graphql?: { query?: unknown; operationName?: unknown; variables?: unknown };
    file?: { src?: string; content?: unknown };
  }
  export interface Request {
    method: string;
    url: Url;
    headers: List<{ key: string; value: string; disabled?: boolean }>;
    body?: RequestBody;
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
