/** What hwctl uses of postman-runtime 7, which ships no types. */
declare module 'postman-runtime' {
  import type { Collection, Item, Request, Response } from 'postman-collection';

  interface Cursor {
    iteration: number;
    cycles: number;
    ref: string;
    httpRequestId?: string;
  }
  /** Every request that one led to, redirects and sign-in included, as it stood on the wire. */
  export interface History {
    execution: {
      data: { request?: { method: string; href: string; headers?: { key: string; value: string }[] } }[];
    };
  }
  interface Assertion {
    name: string;
    passed: boolean;
    skipped: boolean;
    index: number;
    error: { name?: string; message?: string } | null;
  }
  interface ScriptEvent {
    script?: { isEmpty(): boolean };
  }
  type RunError = (Error & { name: string; message: string }) | null;
  type Answered = (
    error: RunError,
    cursor: Cursor,
    response: Response | undefined,
    request: Request | undefined,
    item: Item,
    cookies: unknown,
    history: History | undefined,
  ) => void;
  interface Callbacks {
    start?(error: RunError, cursor: Cursor): void;
    beforeIteration?(error: RunError, cursor: Cursor): void;
    iteration?(error: RunError, cursor: Cursor): void;
    beforeItem?(error: RunError, cursor: Cursor, item: Item): void;
    item?(error: RunError, cursor: Cursor, item: Item): void;
    beforePrerequest?(error: RunError, cursor: Cursor, events: ScriptEvent[]): void;
    beforeTest?(error: RunError, cursor: Cursor, events: ScriptEvent[]): void;
    beforeRequest?(
      error: RunError,
      cursor: Cursor,
      request: Request | undefined,
      item: Item,
      sending: { httpRequestId: string; abort(): void },
    ): void;
    request?: Answered;
    /** Of the item's own request alone; `request` is called for those of scripts too. */
    response?: Answered;
    script?(
      error: RunError,
      cursor: Cursor,
      execution: unknown,
      script: unknown,
      event: { listen: string } | undefined,
      item: Item,
    ): void;
    assertion?(cursor: Cursor, assertions: Assertion[]): void;
    console?(cursor: Cursor, level: string, ...messages: unknown[]): void;
    exception?(cursor: Cursor, error: Error): void;
    done?(error: RunError, cursor: Cursor): void;
  }
  interface Run {
    start(callbacks: Callbacks): void;
    /** Stops before what comes next, and calls back then. */
    pause(paused: () => void): void;
    resume(): void;
    /** Begins nothing more; what is under way is waited for. */
    abort(): void;
    /** The scripts' sandbox. */
    host?: { dispose(): void };
    resolveCursor(cursor: Cursor): Item | undefined;
  }
  class Runner {
    run(collection: Collection, options: Record<string, unknown>, done: (error: Error | null, run: Run) => void): void;
  }
}
