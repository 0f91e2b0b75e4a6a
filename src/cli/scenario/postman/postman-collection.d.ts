/** What hwctl uses of postman-collection 5, whose package names no types. */
declare module 'postman-collection' {
  interface Named {
    name?: string;
  }
  interface List<T> {
    all(): T[];
    add(item: T): void;
    remove(which: (item: T) => boolean): void;
  }
  export interface ScriptEvent {
    listen?: string;
    disabled?: boolean;
    script?: { exec?: unknown };
  }
  export interface RequestAuth {
    type?: string;
    parameters(): { get(name: string): unknown; has(name: string): boolean };
  }
  interface Variable {
    key?: string;
    value?: unknown;
    type?: string;
    disabled?: boolean;
    /** The value as text, as it stands in a request. */
    toString(): string;
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
  interface Query {
    key: string | null;
    value: string | null;
    disabled?: boolean;
  }
  export interface Url {
    protocol?: string;
    host?: string[] | string;
    port?: string | undefined;
    auth?: { user?: string; password?: string };
    query: List<Query>;
    toString(): string;
  }
  export interface ParsedUrl {
    protocol?: string;
    host?: string[];
    port?: string;
    path?: string[];
    query?: Query[];
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
    options?: { raw?: { language?: string } };
    isEmpty(): boolean;
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
    request: Request;
    events: List<ScriptEvent>;
    /** From the nearest outwards; the collection itself with `withRoot`. */
    forEachParent(visit: (parent: Named) => void): void;
    forEachParent(
      options: { withRoot: boolean },
      visit: (parent: Named & { events?: List<ScriptEvent> }) => void,
    ): void;
    /** Its own, or that of the nearest folder or collection that has one. */
    getAuth(): RequestAuth | undefined;
    getProtocolProfileBehaviorResolved(): Record<string, unknown>;
  }
  const sdk: {
    Collection: typeof Collection;
    VariableScope: typeof VariableScope;
    CertificateList: typeof CertificateList;
    Url: { new (parts: object): Url; parse(text: string): ParsedUrl };
    Property: { replaceSubstitutions(text: string, variables: unknown[]): string };
  };
  export default sdk;
}
