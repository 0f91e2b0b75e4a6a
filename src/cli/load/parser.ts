import type { HeadMemory } from './head-memory.js';
import {
  decimal,
  hexDigit,
  looksLikeStatusLine,
  nameIs,
  skipLine,
  text,
  timeoutParameter,
  tokenByte,
} from './http-bytes.js';

/** What the parser wants from and tells its owner; methods of the connection, so that nothing is allocated per response. */
export interface ResponseSink {
  /** The request under way is HEAD: no body follows. */
  readonly headRequest: boolean;
  /** Status line and headers are complete; `from`..`to` of `bytes` is the header block, only valid during the call. */
  onHead(status: number, bytes: Uint8Array, from: number, to: number): void;
  /** A piece of the body, decoded from chunks. Called only where `wantsBody`. */
  onBody(bytes: Uint8Array, from: number, to: number): void;
  readonly wantsBody: boolean;
}

/** `more`: feed on. `done`: the response is complete, see `keepAlive`. Anything else says why the bytes are no HTTP/1.x response. */
export type ParseOutcome = 'more' | 'done' | ParseError;
export type ParseError = 'not HTTP' | 'head too large' | 'bytes after the response';

enum State {
  Head,
  Length,
  UntilClose,
  ChunkSize,
  ChunkData,
  ChunkEnd,
  Trailer,
}

const maxHeadBytes = 64 * 1024;
const maxChunkLineBytes = 4096;
const maxTrailerBytes = 16 * 1024;
const CR = 13;
const LF = 10;

/**
 * An incremental HTTP/1.x response parser (RFC 9112) over the bytes as they come: no strings, no objects per response.
 * Strict about framing: conflicting lengths, a length beside chunked, bare line feeds and malformed chunks are refused.
 * 1xx responses are skipped. One instance a connection, one response at a time.
 */
export class ResponseParser {
  status = 0;
  /** The connection may carry another request once the response is `done`. */
  keepAlive = true;
  /** Seconds of the Keep-Alive header's timeout; -1 where there is none. */
  keepAliveSeconds = -1;
  /** Bytes of the body so far, without chunk framing. */
  bodyBytes = 0;
  private state = State.Head;
  private remaining = 0;
  private chunked = false;
  private otherCoding = false;
  private length = -1;
  private headersFrom = 0;
  private lineBytes = 0;
  private trailerBytes = 0;
  private chunkDigits = 0;
  /** Chunk line: 0 digits, 1 extension, 2 after CR. Trailer: 0 line begins, 1 within a line, 2 CR of a line, 3 CR of the last. */
  private phase = 0;
  /** Head bytes of earlier reads, where a head came in pieces. */
  private pending: Buffer | undefined;

  /** `memory`, shared by the parsers of one read buffer, spares reading a head again that is byte for byte the last one. */
  constructor(
    private readonly sink: ResponseSink,
    private readonly memory?: HeadMemory,
  ) {}

  /** Forgets the last response. */
  reset(): void {
    this.state = State.Head;
    this.keepAlive = true;
    this.bodyBytes = 0;
    this.pending = undefined;
  }

  /** True between the first byte of a response and its last. */
  get begun(): boolean {
    return this.state !== State.Head || this.pending !== undefined;
  }

  /** Takes `length` bytes. */
  feed(bytes: Uint8Array, length: number): ParseOutcome {
    let at = 0;
    while (this.state === State.Head) {
      let consumed: number;
      if (this.pending === undefined) {
        consumed = this.rememberedHead(bytes, at, length);
        if (consumed === 0) {
          if (length - at > maxHeadBytes) return 'head too large';
          if (length > at) this.pending = Buffer.from(bytes.subarray(at, length));
          return 'more';
        }
      } else {
        const before = this.pending.length;
        const joined = Buffer.concat([this.pending, bytes.subarray(at, length)]);
        this.pending = joined;
        consumed = this.parseHead(joined, 0, joined.length);
        if (consumed === 0) return joined.length > maxHeadBytes ? 'head too large' : 'more';
        if (consumed > 0) consumed -= before;
        this.pending = undefined;
      }
      if (consumed < 0) return 'not HTTP';
      at += consumed;
      // An interim response: the real one follows.
      if (this.status < 200) continue;
      if (this.frameBody()) return at === length ? 'done' : this.extra();
    }
    return this.feedBody(bytes, at, length);
  }

  /** The server closed: true where that is the proper end of the response. */
  end(): boolean {
    return this.state === State.UntilClose;
  }

  private extra(): ParseOutcome {
    this.keepAlive = false;
    return 'bytes after the response';
  }

  /** Decides how the body ends (RFC 9112, 6.3); true where there is none. */
  private frameBody(): boolean {
    const status = this.status;
    if (this.sink.headRequest || status === 204 || status === 304) return true;
    if (this.chunked) {
      this.state = State.ChunkSize;
      this.beginChunkLine();
    } else if (this.length >= 0) {
      if (this.length === 0) return true;
      this.remaining = this.length;
      this.state = State.Length;
    } else {
      this.keepAlive = false;
      this.state = State.UntilClose;
    }
    return false;
  }

  private beginChunkLine(): void {
    this.remaining = 0;
    this.lineBytes = 0;
    this.chunkDigits = 0;
    this.phase = 0;
  }

  private feedBody(bytes: Uint8Array, from: number, length: number): ParseOutcome {
    let at = from;
    while (at < length) {
      switch (this.state) {
        case State.Length:
        case State.ChunkData: {
          const take = Math.min(this.remaining, length - at);
          this.body(bytes, at, at + take);
          at += take;
          this.remaining -= take;
          if (this.remaining > 0) return 'more';
          if (this.state === State.Length) return at === length ? 'done' : this.extra();
          this.state = State.ChunkEnd;
          this.phase = 0;
          break;
        }
        case State.UntilClose:
          this.body(bytes, at, length);
          return 'more';
        case State.ChunkEnd:
          if (bytes[at++] !== (this.phase === 0 ? CR : LF)) return 'not HTTP';
          if (++this.phase === 2) {
            this.state = State.ChunkSize;
            this.beginChunkLine();
          }
          break;
        case State.ChunkSize:
          if (!this.chunkSizeByte(bytes[at++]!)) return 'not HTTP';
          break;
        default: {
          const outcome = this.trailerByte(bytes[at++]!);
          if (outcome === 'done') return at === length ? 'done' : this.extra();
          if (outcome !== 'more') return outcome;
        }
      }
    }
    return 'more';
  }

  private body(bytes: Uint8Array, from: number, to: number): void {
    this.bodyBytes += to - from;
    if (this.sink.wantsBody) this.sink.onBody(bytes, from, to);
  }

  private chunkSizeByte(byte: number): boolean {
    if (++this.lineBytes > maxChunkLineBytes) return false;
    if (this.phase === 2) {
      if (byte !== LF) return false;
      this.state = this.remaining === 0 ? State.Trailer : State.ChunkData;
      this.phase = 0;
      this.trailerBytes = 0;
      return true;
    }
    if (byte === CR) {
      this.phase = 2;
      return this.chunkDigits > 0;
    }
    if (this.phase === 1) return byte !== LF;
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.remaining = this.remaining * 16 + digit;
      return ++this.chunkDigits <= 13;
    }
    this.phase = 1;
    return this.chunkDigits > 0 && (byte === 0x3b || byte === 0x20 || byte === 0x09);
  }

  private trailerByte(byte: number): ParseOutcome {
    if (++this.trailerBytes > maxTrailerBytes) return 'head too large';
    switch (this.phase) {
      case 0:
        this.phase = byte === CR ? 3 : 1;
        return byte === CR || tokenByte[byte] === 1 ? 'more' : 'not HTTP';
      case 1:
        if (byte === CR) this.phase = 2;
        return byte === LF ? 'not HTTP' : 'more';
      case 2:
        this.phase = 0;
        return byte === LF ? 'more' : 'not HTTP';
      default:
        return byte === LF ? 'done' : 'not HTTP';
    }
  }

  /** As `parseHead`, by way of the memory where it has this very head. */
  private rememberedHead(b: Uint8Array, from: number, to: number): number {
    const { memory } = this;
    if (memory === undefined || from !== 0 || !memory.serves(b)) return this.parseHead(b, from, to);
    const known = memory.match(to);
    if (known !== undefined) {
      this.status = known.status;
      this.length = known.length;
      this.chunked = known.chunked;
      this.keepAlive = known.keepAlive;
      this.keepAliveSeconds = known.keepAliveSeconds;
      this.sink.onHead(known.status, b, known.headersFrom, known.bytes - 2);
      return known.bytes;
    }
    const consumed = this.parseHead(b, from, to);
    if (consumed > 0 && this.status >= 200) {
      const { status, length, chunked, keepAlive, keepAliveSeconds, headersFrom } = this;
      memory.keep({ bytes: consumed, status, length, chunked, keepAlive, keepAliveSeconds, headersFrom });
    }
    return consumed;
  }

  /** Reads a head at `from`; returns the bytes it took, 0 where it is incomplete, -1 where it is malformed. */
  private parseHead(b: Uint8Array, from: number, to: number): number {
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
    this.status = status;
    if (status >= 200) this.sink.onHead(status, b, this.headersFrom, at);
    else if (status === 101) return -1;
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
