/** What a handler answers: a whole response as a value, so that it can be stored and replayed byte for byte. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** Absent: no body and no Content-Type. */
  type?: string;
  body?: string;
}

/** A JSON reply. */
export function json(status: number, value: unknown, headers?: Record<string, string>): Reply {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(value), headers };
}

/** A plain text reply. */
export function text(status: number, body: string, headers?: Record<string, string>): Reply {
  return { status, type: 'text/plain; charset=utf-8', body, headers };
}

export interface ProblemOptions {
  status: number;
  /** kebab-case; becomes `urn:hwctl:problem:CODE`. Absent: about:blank, the status says it all. */
  code?: string;
  title: string;
  detail?: string;
  headers?: Record<string, string>;
  /** Each thing that is wrong with the input. */
  errors?: { pointer: string; detail: string }[];
}

/** A refusal that the client is told of as problem+json (RFC 9457). Thrown by checks and handlers alike. */
export class Problem extends Error {
  readonly status: number;
  readonly reply: Reply;

  constructor({ status, code, title, detail, headers, errors }: ProblemOptions) {
    super(detail ?? title);
    this.status = status;
    const type = code === undefined ? 'about:blank' : `urn:hwctl:problem:${code}`;
    this.reply = {
      status,
      headers,
      type: 'application/problem+json',
      body: JSON.stringify({ type, title, status, detail, errors }),
    };
  }
}

/** 503 with the time after which a retry makes sense. */
export function unavailable(detail: string): Problem {
  return new Problem({
    status: 503,
    code: 'unavailable',
    title: 'Service unavailable',
    detail,
    headers: { 'Retry-After': '1' },
  });
}
