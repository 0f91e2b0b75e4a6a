import { CodingError, contentCodings, withoutCodings } from '../kernel/http/content-coding.js';
import { type HttpOutcome, type HttpResponse, maxBodyBytes } from '../kernel/http/http.js';
import type { FlowResponse } from '../load/engine/flow.js';

/** What came of a journey's request as a test sees it. `names`: the headers, in lower case, that anything looks at. */
export function outcomeOf(response: FlowResponse, names: readonly string[]): HttpOutcome {
  const seen = new SeenResponse(response, names);
  if (response.header('content-encoding') === undefined || response.status === 206) return { response: seen };
  try {
    seen.body = withoutCodings(seen.body, contentCodings(seen.headers), maxBodyBytes);
    return { response: seen };
  } catch (error) {
    if (!(error instanceof CodingError)) throw error;
    return { error: { code: error.code, message: error.message, totalMs: seen.totalMs } };
  }
}

/** Headers are looked up when somebody looks at them: most steps look at none. */
class SeenResponse implements HttpResponse {
  readonly status: number;
  readonly reason = '';
  body: Buffer;
  readonly bodyBytes: number;
  readonly headerBytes = 0;
  readonly firstByteMs: number;
  readonly totalMs: number;
  #headers: [string, string][] | undefined;

  constructor(
    private readonly from: FlowResponse,
    private readonly names: readonly string[],
  ) {
    this.status = from.status;
    this.body = from.body as Buffer;
    this.bodyBytes = from.body.length;
    this.firstByteMs = from.serviceMs;
    this.totalMs = from.serviceMs;
  }

  get headers(): [string, string][] {
    if (this.#headers === undefined) {
      this.#headers = [];
      for (const name of this.names) {
        if (this.from.header(name) === undefined) continue;
        for (const value of this.from.headers(name)) this.#headers.push([name, value]);
      }
    }
    return this.#headers;
  }
}
