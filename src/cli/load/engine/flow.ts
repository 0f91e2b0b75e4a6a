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
  /** Counts a named assertion; never throws. */
  check(name: string, passed: boolean): void;
}

export interface Flow {
  /**
   * A new iteration. `user` is 0 .. users-1 (paced and closed models) or the iteration itself (open); `iteration` is the
   * global arrival index, unique over all threads and pods.
   */
  begin(iteration: number, user: number): Journey;
}

/** One iteration under way. Not called again after it returned `end`, nor after a transport error (the iteration has then failed). */
export interface Journey {
  /** Judges the response to the last request (undefined on the first call) and says what to do next. Synchronous, quick. */
  next(response: FlowResponse | undefined): FlowAction;
}

export type FlowAction =
  | {
      do: 'send';
      /** Index into the work's `steps`. */
      step: number;
      /** The whole request, as `encodeRequest` (request.ts) makes it. */
      bytes: Uint8Array;
      /** The request's method is HEAD: its response has no body whatever its headers say. */
      head?: boolean;
      /** Think time in milliseconds before this request is due. */
      afterMs?: number;
      /** Why the response just judged counts as failed; undefined: it is ok. The journey goes on all the same. */
      failure?: string;
    }
  | { do: 'end'; failure?: string };

/** Valid only during the call of `next`: copy what is to be kept. */
export interface FlowResponse {
  status: number;
  /** First value of a header, by lower-case name. */
  header(name: string): string | undefined;
  /** All values of a header (set-cookie). */
  headers(name: string): string[];
  /** The body, decoded from chunks but not from gzip. */
  body: Uint8Array;
  /** Milliseconds from the write to the last byte. */
  serviceMs: number;
}
