/**
 * The seam through which a journey (a scenario, say) reaches the engine without the engine knowing what a scenario is.
 * A FlowWork names a module; every I/O thread imports it and calls `createFlow(data, context)` once.
 */
export interface FlowModule {
  createFlow(data: unknown, context: FlowContext): Flow | Promise<Flow>;
}

/** What the engine tells a flow. */
export interface FlowContext {
  /** Base path of the endpoint's URL, without a trailing slash; `` for most. */
  basePath: string;
  /** Value for the Host header. */
  hostHeader: string;
  /** The endpoint speaks TLS. */
  secure: boolean;
  /** Requests ask for gzip and br. */
  compression: boolean;
  /** Which of all threads of all shards this is. */
  place: { index: number; count: number };
  /** Counts a named assertion; never throws. */
  check(name: string, passed: boolean): void;
  /** Adds to a metric of the flow's own, by its place in `LoadPlan.measures`. */
  measure(index: number, value: number): void;
}

export interface Flow {
  /**
   * A new iteration. `user` is 0 .. users-1 (paced and closed models) or the iteration itself (open); `iteration` is the
   * global arrival index, unique over all threads and pods.
   */
  begin(iteration: number, user: number): Journey;
}

/** One iteration under way. Nothing of it is called again after it returned `end`. */
export interface Journey {
  /**
   * Judges the response to the last request and says what to do next; undefined on the first call, after a `wait` and after
   * an `unsent` request. Synchronous, quick.
   */
  next(response: FlowResponse | undefined): FlowAction;
  /** The last request got no response, for this reason after so many milliseconds. Without it the iteration ends there, failed. */
  broken?(cause: string, waitedMs: number): FlowAction;
}

export type FlowAction = (
  | {
      do: 'send';
      /** Index into the work's `steps`. */
      step: number;
      /** The whole request, as `encodeRequest` (request.ts) makes it. */
      bytes: Uint8Array;
      /** The request's method is HEAD: its response has no body whatever its headers say. */
      head?: boolean;
      /** Milliseconds until it counts as timed out; the plan's where undefined. */
      timeoutMs?: number;
    }
  /** A request that could not be made: counts as broken. */
  | { do: 'unsent'; step: number }
  /** Think time; what follows it is due when it is over. */
  | { do: 'wait'; ms: number }
  | { do: 'end' }
) & {
  /** Why the iteration has failed, and with it the response just judged; undefined: it is ok so far. The journey goes on all the same. */
  failure?: string;
  /** The iteration has failed, and no response is to blame. */
  spoilt?: true;
};

/** Valid only during the call of `next`: copy what is to be kept. */
export interface FlowResponse {
  status: number;
  /** First value of a header, by lower-case name. */
  header(name: string): string | undefined;
  /** All values of a header (set-cookie). */
  headers(name: string): string[];
  /** All of them by lower-case name; may be kept. */
  allHeaders(): ReadonlyMap<string, string[]>;
  /** The body, decoded from chunks but not from gzip. */
  body: Uint8Array;
  /** Milliseconds from the write to the last byte. */
  serviceMs: number;
}
