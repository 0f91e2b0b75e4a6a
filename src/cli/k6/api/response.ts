import { CodingError, contentCodings, withoutCodings } from '../../kernel/http/content-coding.js';
import { maxBodyBytes } from '../../kernel/http/http.js';
import { textOf } from '../language/coerce.js';
import { parsed } from '../language/globals.js';
import { Fault, HostObject, known, type WireOutcome, type WireRequest } from '../language/machine.js';
import { unreadPath, valueAtPath } from './json-path.js';

/** Methods of a response: nothing else of k6's (`html`, `submitForm`, `clickLink`) is read. */
export const responseMethods: ReadonlySet<string> = new Set(['json']);

/** A response as a k6 script sees it. */
export class Response extends HostObject {
  readonly status: number;
  readonly durationMs: number;
  private readonly bytes: Uint8Array | undefined;
  private text: string | undefined;
  private document: { value: unknown } | undefined;

  constructor(
    private readonly request: WireRequest,
    readonly outcome: WireOutcome,
    private readonly keeps: 'text' | 'binary' | 'none',
  ) {
    super();
    this.status = 'error' in outcome ? 0 : outcome.status;
    this.durationMs = 'error' in outcome ? outcome.waitedMs : outcome.serviceMs;
    // The engine's buffer is its own again once this has been looked at.
    this.bytes = 'error' in outcome || keeps === 'none' ? undefined : decoded(outcome);
  }

  get(name: string): unknown {
    switch (name) {
      case 'status':
        return this.status;
      case 'status_text':
        return 'error' in this.outcome ? '' : `${this.status}`;
      case 'body':
        return this.body;
      case 'headers':
        return 'error' in this.outcome ? {} : new Headers(this.outcome.headers);
      case 'cookies':
        return this.cookies();
      case 'timings':
        return timings(this.durationMs);
      case 'url':
        return this.request.url.href;
      case 'error':
        return 'error' in this.outcome ? this.outcome.error : '';
      case 'error_code':
        return 'error' in this.outcome ? 1000 : this.status >= 400 ? 1000 + this.status : 0;
      case 'proto':
        return 'HTTP/1.1';
      case 'json':
        return known('json', ([path]) => this.json(path));
      case 'request':
        return this.requestValue();
      default:
        return undefined;
    }
  }

  private get body(): unknown {
    if (this.bytes === undefined) return null;
    if (this.keeps === 'binary') return [...this.bytes];
    this.text ??= Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength).toString('utf8');
    return this.text;
  }

  private json(path: unknown): unknown {
    const { body } = this;
    if (typeof body !== 'string') throw new Fault('the body is null so we can’t transform it to JSON');
    this.document ??= { value: parsed(body) };
    if (path === undefined) return this.document.value;
    const unread = unreadPath(textOf(path));
    if (unread !== undefined) throw new Fault(`${unread} is not read`);
    return valueAtPath(this.document.value, textOf(path));
  }

  private cookies(): Record<string, unknown> {
    const lines = 'error' in this.outcome ? [] : (this.outcome.headers.get('set-cookie') ?? []);
    const found: Record<string, unknown[]> = {};
    for (const line of lines) {
      const [, name, value] = /^\s*([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && name !== '__proto__') found[name] = [...(found[name] ?? []), { name, value }];
    }
    return found;
  }

  private requestValue(): Record<string, unknown> {
    const { method, url, body, headers } = this.request;
    const lines: Record<string, string[]> = {};
    for (const [name, value] of headers) lines[name] = [...(lines[name] ?? []), value];
    return { method, url: url.href, body: typeof body === 'string' ? body : '', headers: lines };
  }
}

/** Headers by the names as Go writes them: `Content-Type`. */
class Headers extends HostObject {
  constructor(private readonly all: ReadonlyMap<string, readonly string[]>) {
    super();
  }

  get(name: string): unknown {
    if (name === 'entries of') return [...this.all].map(([key, values]) => [canonical(key), values.join(', ')]);
    return name === canonical(name) ? this.all.get(name.toLowerCase())?.join(', ') : undefined;
  }
}

/** `content-type` as Go's net/textproto writes it. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letters) => letters.toUpperCase());
}

/** The engine tells one time; what k6 tells of its parts is that, or nothing. */
function timings(durationMs: number): Record<string, number> {
  const none = { blocked: 0, looking_up: 0, connecting: 0, tls_handshaking: 0, sending: 0 };
  return { ...none, waiting: durationMs, receiving: 0, duration: durationMs };
}

function decoded({ headers, body }: Extract<WireOutcome, { status: number }>): Uint8Array {
  const coding = headers.get('content-encoding');
  if (coding === undefined) return Buffer.from(body);
  try {
    return withoutCodings(
      Buffer.from(body),
      contentCodings(coding.map((value) => ['content-encoding', value])),
      maxBodyBytes,
    );
  } catch (error) {
    if (error instanceof CodingError) return Buffer.from(body);
    throw error;
  }
}
