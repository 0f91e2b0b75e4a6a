import { Failure } from '../../kernel/failure.js';
import { oneLine } from '../../kernel/text.js';
import { type Exchange, headerOf, textOf } from '../check/exchange.js';
import type { RequestTemplate } from '../scenario.js';
import type { BuiltRequest } from '../send/request.js';
import { keyVariable, type ProbeMeans, type ProbePlan } from './probe-plan.js';

/** One thing that a client wants once: its key and its request, the same however often it is sent. */
export interface Intent {
  key: string;
  request: BuiltRequest;
  /** Whether it has been answered with success: from then on a 409 is an answer, and no "still under way". */
  isDone: boolean;
}

const excerptCharacters = 200;
/** After these the client asks again: it was not decided. 409 is here until the key was answered (it is in flight). */
const undecided = new Set([425, 429, 500, 502, 503, 504]);
const longestPauseMs = 2000;

/** Makes and sends the requests of a probe. */
export class Asker {
  /** Requests sent so far. */
  sent = 0;

  constructor(
    private readonly plan: ProbePlan,
    readonly means: ProbeMeans,
  ) {}

  /** A new intent, with a key of its own. `body` takes the place of the request's. Throws Unresolved. */
  async intent(): Promise<Intent> {
    const { plan, means } = this;
    const key =
      plan.key.in === 'if-match' ? await this.#etag(plan.key.resource) : means.variables.text(plan.keyTemplate);
    return { key, request: await this.build(plan.request, key), isDone: false };
  }

  /** The request of a template under this key. Throws Unresolved. */
  async build(template: RequestTemplate, key: string): Promise<BuiltRequest> {
    const { courier, variables, mask, signal } = this.means;
    variables.set(keyVariable, key);
    const built = await courier.build(template, variables, signal);
    mask.learnHeaders(built.headers);
    return built;
  }

  /** Sends a request once; `hold` and `lose` as in scenarios. */
  async send(
    request: BuiltRequest,
    options: { hold?: () => Promise<void>; lose?: 'connection' | 'response' } = {},
  ): Promise<Exchange> {
    const { courier, mask, signal } = this.means;
    this.sent++;
    const template = { ...this.plan.request, lose: options.lose };
    const exchange = await courier.send(request, template, signal, options.hold);
    mask.learnExchange(exchange);
    return exchange;
  }

  /** Sends an intent, and again while it is not decided, as a client does that must know. The last answer is the one. */
  async untilDecided(intent: Intent, withinMs = this.plan.withinMs): Promise<{ last: Exchange; tries: Exchange[] }> {
    const { clock, signal } = this.means;
    const endMs = clock.monotonic() + withinMs;
    const tries: Exchange[] = [];
    let conflictMs: number | undefined;
    for (let pauseMs = 50; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      const last = await this.send(intent.request);
      tries.push(last);
      this.note(intent, last);
      const waitMs = Math.max(pauseMs, Math.min(longestPauseMs, retryAfterMs(last)));
      if (this.isDecided(intent, last) || clock.monotonic() + waitMs > endMs) return { last, tries };
      // It is there and says the same: no reason to wait for it as for one that is away.
      conflictMs = last.response?.status === 409 ? (conflictMs ?? clock.monotonic()) : undefined;
      if (conflictMs !== undefined && clock.monotonic() - conflictMs > this.plan.withinMs) return { last, tries };
      await clock.sleep(waitMs, signal);
    }
  }

  /** Whether an answer says what became of the intent. */
  isDecided(intent: Intent, { response }: Exchange): boolean {
    if (response === undefined || undecided.has(response.status)) return false;
    return response.status !== 409 || intent.isDone || this.plan.key.in === 'if-match';
  }

  /** Keeps that an intent was answered with success. */
  note(intent: Intent, { response }: Exchange): void {
    if (response !== undefined && response.status < 300) intent.isDone = true;
  }

  /** Sends what only reads. Throws Unresolved. */
  async read(template: RequestTemplate): Promise<Exchange> {
    const { courier, variables, mask, signal } = this.means;
    const built = await courier.build(template, variables, signal);
    mask.learnHeaders(built.headers);
    this.sent++;
    const exchange = await courier.send(built, template, signal);
    mask.learnExchange(exchange);
    return exchange;
  }

  /** The begin of a text of the server, on one line, without secrets. */
  excerpt(text: string): string {
    const line = oneLine(this.means.mask.body(text).trim().replace(/\s+/g, ' '));
    return line.length > excerptCharacters ? `${line.slice(0, excerptCharacters)}…` : line;
  }

  /** The ETag that the resource has now. Throws Failure `no-etag`. */
  async #etag(resource: RequestTemplate): Promise<string> {
    const { response, error } = await this.read(resource);
    const [etag] = response === undefined ? [] : headerOf(response, 'etag');
    if (etag !== undefined && response !== undefined && response.status < 300) return etag;
    const found = response === undefined ? `no answer: ${error?.message}` : `status ${response.status}`;
    throw new Failure({
      code: 'no-etag',
      message: `--if-match: ${resource.method} ${resource.path} gives no ETag (${found})`,
      details: response === undefined ? [] : [this.excerpt(textOf(response))].filter((text) => text !== ''),
      hint: 'Name the GET whose ETag the request is to carry in If-Match, or where the key is with --header or --field',
    });
  }
}

/** What Retry-After asks for, in seconds (RFC 9110 section 10.2.3); 0 where it asks for nothing or names a date. */
function retryAfterMs({ response }: Exchange): number {
  const [text = ''] = response === undefined ? [] : headerOf(response, 'retry-after');
  return /^\d{1,6}$/.test(text) ? Number(text) * 1000 : 0;
}
