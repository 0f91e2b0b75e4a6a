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
  private closes = false;
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
    this.closes = false;
    this.keepAliveSeconds = -1;
    this.keepAlive = b[from + 7]! >= 0x31;
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
      if (at === line) return this.unfold(b, line, to) ? this.parseHead(b, from, to) : -1;
      if (b[at] !== 0x3a) return -1;
      const nameEnd = at;
      at = skipLine(b, at + 1, to);
      if (at <= 0) return at;
      const letter = first | 0x20;
      if (letter === 0x63 || letter === 0x74 || letter === 0x6b) {
        if (!this.header(b, line, nameEnd, at - 2)) return -1;
      }
    }
    if (this.chunked || this.otherCoding) {
      // Both at once is how responses are smuggled; HTTP/1.0 knows no transfer codings, so nothing may follow (RFC 9112, 6.1).
      if (this.length >= 0) return -1;
      if (b[from + 7] === 0x30) this.closes = true;
    }
    // Whatever other lines say (RFC 9112, 9.3).
    if (this.closes) this.keepAlive = false;
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
      const codings = listed(text(b, nameEnd + 1, lineEnd));
      // Chunked once at most (RFC 9112, 6.1). The last coding decides (6.3); another than chunked means until close.
      if (codings.filter((coding) => coding === 'chunked').length + (this.chunked ? 1 : 0) > 1) return false;
      this.chunked = codings.at(-1) === 'chunked';
      this.otherCoding = !this.chunked;
    } else if (nameLength === 10 && nameIs(b, from, 'connection')) {
      const value = b[nameEnd + 1] === 0x20 ? nameEnd + 2 : nameEnd + 1;
      // What nearly every server sends is compared in place; anything else takes the slow way.
      if (lineEnd - value === 10 && nameIs(b, value, 'keep-alive')) this.keepAlive = true;
      else if (lineEnd - value === 5 && nameIs(b, value, 'close')) this.closes = true;
      else this.connectionOptions(text(b, value, lineEnd));
    } else if (nameLength === 10 && nameIs(b, from, 'keep-alive')) {
      const value = b[nameEnd + 1] === 0x20 ? nameEnd + 2 : nameEnd + 1;
      const seconds = lineEnd - value > 8 && nameIs(b, value, 'timeout=') ? decimal(b, value + 8, lineEnd) : -1;
      this.keepAliveSeconds = seconds >= 0 ? seconds : timeoutParameter(text(b, value, lineEnd));
    }
    return true;
  }

  private connectionOptions(value: string): void {
    const options = listed(value);
    if (options.includes('close')) this.closes = true;
    if (options.includes('keep-alive')) this.keepAlive = true;
  }

  /**
   * Makes blanks of the line ends within folded lines, from the one that begins at `line` on: what they say is one value (RFC
   * 9112, 5.2). False where that line is none; a blank before the first name is not.
   */
  private unfold(b: Uint8Array, line: number, to: number): boolean {
    if (line === this.headersFrom || !isBlank(b[line])) return false;
    for (let at = line; at < to; at++) {
      if (b[at - 1] !== LF || b[at - 2] !== CR) continue;
      // The empty line: what follows is body.
      if (b[at] === CR) break;
      if (isBlank(b[at])) b.fill(0x20, at - 2, at);
    }
    return true;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}

/** The elements of a list, in lower case (RFC 9110, 5.6.1: empty ones mean nothing). */
function listed(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '');
}
