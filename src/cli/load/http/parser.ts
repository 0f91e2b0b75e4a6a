import type { HeadMemory } from '../memory/head-memory.js';
import { hexDigit, tokenByte } from './http-bytes.js';
import { ResponseHead } from './response-head.js';

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
type ParseError = 'not HTTP' | 'head too large' | 'bytes after the response';

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
export class ResponseParser extends ResponseHead {
  /** Bytes of the body so far, without chunk framing. */
  bodyBytes = 0;
  private state = State.Head;
  private remaining = 0;
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
  ) {
    super();
  }

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
        consumed = this.readHead(joined, 0, joined.length);
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
    if (memory === undefined || from !== 0 || !memory.serves(b)) return this.readHead(b, from, to);
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
    const consumed = this.readHead(b, from, to);
    if (consumed > 0 && this.status >= 200) {
      const { status, length, chunked, keepAlive, keepAliveSeconds, headersFrom } = this;
      memory.keep({ bytes: consumed, status, length, chunked, keepAlive, keepAliveSeconds, headersFrom });
    }
    return consumed;
  }

  /** As `parseHead`, and shows the sink the head of a final response. */
  private readHead(b: Uint8Array, from: number, to: number): number {
    const consumed = this.parseHead(b, from, to);
    if (consumed > 0 && this.status >= 200) this.sink.onHead(this.status, b, this.headersFrom, this.headersTo);
    return consumed;
  }
}
