import { decimal, looksLikeStatusLine, nameIs, skipLine, text, timeoutParameter, tokenByte } from './http-bytes.js';

const CR = 13;
const LF = 10;

/** What the head of an HTTP/1.x response says of its framing and its connection (RFC 9112), without strings or objects. */
export class ResponseHead {
  status = 0;
  /** The connection may carry another request once the response is done. */
  keepAlive = true;
  /** Seconds of the Keep-Alive header's timeout; -1 where there is none. */
  keepAliveSeconds = -1;
  /** Content-Length, -1 where there is none. */
  protected length = -1;
  protected chunked = false;
  private otherCoding = false;
  /** The header block in the bytes read. */
  protected headersFrom = 0;
  protected headersTo = 0;

  /** Reads a head at `from`; returns the bytes it took, 0 where it is incomplete, -1 where it is malformed. */
  protected parseHead(b: Uint8Array, from: number, to: number): number {
    if (!looksLikeStatusLine(b, from, to)) return -1;
    // The status line's fixed part and the CR LF behind it.
    if (to - from < 14) return 0;
    let at = from + 12;
    if (b[at] !== 0x20 && b[at] !== CR) return -1;
    const status = (b[from + 9]! - 48) * 100 + (b[from + 10]! - 48) * 10 + b[from + 11]! - 48;
    if (status < 100) return -1;
    at = skipLine(b, at, to);
    if (at <= 0) return at;
    this.length = -1;
    this.chunked = false;
    this.otherCoding = false;
    this.keepAliveSeconds = -1;
    this.keepAlive = b[from + 7] === 0x31;
    this.headersFrom = at;
    for (;;) {
      if (at >= to) return 0;
      const first = b[at]!;
      if (first === CR) {
        if (at + 1 >= to) return 0;
        if (b[at + 1] !== LF) return -1;
        break;
      }
      const line = at;
      while (at < to && tokenByte[b[at]!] === 1) at++;
      if (at >= to) return 0;
      if (b[at] !== 0x3a || at === line) return -1;
      const nameEnd = at;
      at = skipLine(b, at + 1, to);
      if (at <= 0) return at;
      const letter = first | 0x20;
      if (letter === 0x63 || letter === 0x74 || letter === 0x6b) {
        if (!this.header(b, line, nameEnd, at - 2)) return -1;
      }
    }
    // Both at once is how responses are smuggled (RFC 9112, 6.1).
    if ((this.chunked || this.otherCoding) && this.length >= 0) return -1;
    if (status === 101) return -1;
    this.status = status;
    this.headersTo = at;
    return at + 2 - from;
  }

  /** Notes the headers that decide framing and connection; false where one makes no sense. */
  private header(b: Uint8Array, from: number, nameEnd: number, lineEnd: number): boolean {
    const nameLength = nameEnd - from;
    if (nameLength === 14 && nameIs(b, from, 'content-length')) {
      const value = decimal(b, nameEnd + 1, lineEnd);
      if (value < 0 || (this.length >= 0 && this.length !== value)) return false;
      this.length = value;
    } else if (nameLength === 17 && nameIs(b, from, 'transfer-encoding')) {
      // The last coding decides (RFC 9112, 6.3); another than chunked means until close.
      this.chunked = /(^|,)\s*chunked\s*$/i.test(text(b, nameEnd + 1, lineEnd));
      this.otherCoding = !this.chunked;
    } else if (nameLength === 10 && nameIs(b, from, 'connection')) {
      const value = b[nameEnd + 1] === 0x20 ? nameEnd + 2 : nameEnd + 1;
      // What nearly every server sends is compared in place; anything else takes the slow way.
      if (lineEnd - value === 10 && nameIs(b, value, 'keep-alive')) this.keepAlive = true;
      else if (lineEnd - value === 5 && nameIs(b, value, 'close')) this.keepAlive = false;
      else this.connectionOptions(text(b, value, lineEnd).toLowerCase());
    } else if (nameLength === 10 && nameIs(b, from, 'keep-alive')) {
      const value = b[nameEnd + 1] === 0x20 ? nameEnd + 2 : nameEnd + 1;
      const seconds = lineEnd - value > 8 && nameIs(b, value, 'timeout=') ? decimal(b, value + 8, lineEnd) : -1;
      this.keepAliveSeconds = seconds >= 0 ? seconds : timeoutParameter(text(b, value, lineEnd));
    }
    return true;
  }

  private connectionOptions(value: string): void {
    if (/(^|,)\s*close\s*(,|$)/.test(value)) this.keepAlive = false;
    else if (/(^|,)\s*keep-alive\s*(,|$)/.test(value)) this.keepAlive = true;
  }
}
