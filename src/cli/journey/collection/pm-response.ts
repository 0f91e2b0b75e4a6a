import { STATUS_CODES } from 'node:http';
import { textOf } from '../../k6/language/coerce.js';
import { parsed } from '../../k6/language/globals.js';
import { HostObject, known } from '../../k6/language/machine.js';
import type { Exchange } from '../../scenario/check/exchange.js';
import { type HeaderLines, HeaderValues, headersOf } from './pm-headers.js';

/** `pm.response`, and what `pm.sendRequest` gives. */
export class ResponseValue extends HostObject {
  readonly code: number;
  readonly timeMs: number;
  readonly #lines: HeaderLines;
  readonly #body: Buffer;
  #text: string | undefined;
  /** `to`, made by whoever knows assertions. */
  assertion: (() => unknown) | undefined;

  constructor({ response, timeMs }: Exchange & { response: NonNullable<Exchange['response']> }) {
    super();
    this.code = response.status;
    this.timeMs = Math.round(timeMs);
    this.#lines = response.headers;
    // What came is valid only until the next request.
    this.#body = Buffer.from(response.body);
  }

  get reason(): string {
    return STATUS_CODES[this.code] ?? '';
  }

  get text(): string {
    this.#text ??= this.#body.toString('utf8').replace(/^\uFEFF/, '');
    return this.#text;
  }

  header(name: string): string | undefined {
    return headersOf(this.#lines, name)[0];
  }

  get headers(): HeaderValues {
    return new HeaderValues([...this.#lines]);
  }

  /** The body; undefined where it is not JSON. */
  jsonOrNothing(): unknown {
    try {
      return parsed(this.text);
    } catch {
      return undefined;
    }
  }

  /** As chai looks into it. */
  plain(): Record<string, unknown> {
    return { code: this.code, status: this.reason, responseTime: this.timeMs, responseSize: this.#body.length };
  }

  get(name: string): unknown {
    switch (name) {
      case 'to':
        return this.assertion?.();
      case 'json':
        return known(name, () => parsed(this.text));
      case 'text':
        return known(name, () => this.text);
      case 'reason':
        return known(name, () => this.reason);
      case 'size':
        return known(name, () => ({ body: this.#body.length, header: 0, total: this.#body.length }));
      case 'headers':
        return this.headers;
      case 'body':
      case 'stream':
        return undefined;
      case 'text of':
        return '[object Object]';
      default: {
        const plain = this.plain();
        return Object.hasOwn(plain, name) ? plain[name] : undefined;
      }
    }
  }
}

/** `pm.cookies`: those that came with the last response. */
export class CookieValues extends HostObject {
  constructor(private readonly lines: readonly string[]) {
    super();
  }

  get(name: string): unknown {
    const values = this.values();
    switch (name) {
      case 'get':
        return known(name, ([key]) => values[textOf(key)]);
      case 'has':
        return known(name, ([key]) => Object.hasOwn(values, textOf(key)));
      case 'toObject':
        return known(name, () => ({ ...values }));
      default:
        return undefined;
    }
  }

  values(): Record<string, string> {
    return Object.fromEntries(
      this.lines.map((line) => {
        const [pair = ''] = line.split(';');
        const cut = pair.indexOf('=');
        return [pair.slice(0, cut).trim(), pair.slice(cut + 1).trim()];
      }),
    );
  }
}
