import net from 'node:net';
import tls from 'node:tls';
import { type TlsOptions, tlsOptions } from '../../kernel/http/tls.js';
import type { HeadMemory } from '../memory/head-memory.js';
import type { ErrorCause } from '../memory/memory.js';
import { ResponseParser, type ResponseSink } from './parser.js';
import type { CompiledRequest } from './request.js';

/** Where connections go: addresses in turn, resolved once. */
export interface Dial {
  addresses: { host: string; port: number }[] | { socketPath: string };
  tls?: TlsOptions & { serverName: string };
}

/** Who is told what happens on connections. Called synchronously; must not throw. */
export interface ConnectionOwner {
  /** TCP (and TLS) are up; times in microseconds of the thread's clock. A request assigned before has been written. */
  onOpen(connection: Connection, connectUs: number, tlsUs: number): void;
  onResponse(connection: Connection, nowUs: number): void;
  /** The request under way failed. Called before onClose. */
  onError(connection: Connection, cause: ErrorCause): void;
  onClose(connection: Connection): void;
}

/**
 * One keep-alive connection with at most one request on it; all state of that request lives here, so that a request
 * allocates nothing.
 */
export class Connection implements ResponseSink {
  /** Microseconds: when the request was due, taken up, written; first byte of its response. */
  dueUs = 0;
  begunUs = 0;
  writtenUs = 0;
  firstByteUs = 0;
  request: CompiledRequest | undefined;
  /** The iteration that the request belongs to; the engine's business. */
  iteration: unknown;
  open = false;
  wasOpen = false;
  closed = false;
  private givenUp = false;
  /** After this time the server may have closed it: not to be used again. */
  staleAtUs = Number.POSITIVE_INFINITY;
  /** When connecting began, and why it or the connection failed. */
  beganUs: number;
  failedWith: ErrorCause | undefined;
  /** The pool's: place in its list of all; neighbours in its list of the free. */
  place = -1;
  idle = false;
  before: Connection | undefined;
  after: Connection | undefined;
  requestsDone = 0;
  headRequest = false;
  wantsBody = false;
  /** Head and body of the response, kept only for journeys. */
  head: Uint8Array | undefined;
  body: Uint8Array[] = [];
  bytesReceived = 0;
  readonly parser: ResponseParser;
  readonly socket: net.Socket;

  constructor(
    dial: Dial,
    turn: number,
    private readonly wire: WireContext,
  ) {
    this.parser = new ResponseParser(this, wire.heads);
    const beganUs = wire.nowUs();
    this.beganUs = beganUs;
    let connectedUs = beganUs;
    const onread = { buffer: wire.readBuffer, callback: (length: number) => this.onRead(length) };
    const address = Array.isArray(dial.addresses)
      ? dial.addresses[turn % dial.addresses.length]!
      : { path: dial.addresses.socketPath };
    const target = { ...address, noDelay: true, onread };
    if (dial.tls === undefined) {
      this.socket = net.connect(target as net.NetConnectOpts);
      this.socket.once('connect', () => this.opened(wire.nowUs() - beganUs, -1));
    } else {
      this.socket = tls.connect({
        ...target,
        ALPNProtocols: ['http/1.1'],
        servername: net.isIP(dial.tls.serverName) === 0 ? dial.tls.serverName : undefined,
        ...trustOf(dial.tls, wire),
        session: wire.session,
      } as tls.ConnectionOptions);
      this.socket.once('connect', () => {
        connectedUs = wire.nowUs();
      });
      this.socket.once('secureConnect', () => this.opened(connectedUs - beganUs, wire.nowUs() - connectedUs));
      this.socket.on('session', (session: Buffer) => {
        wire.session = session;
      });
    }
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.fail(causeOf(error, this)));
    this.socket.on('end', () => this.ended());
    this.socket.on('close', () => this.gone());
    this.socket.resume();
  }

  /** Puts a request on the connection; written at once where it is open, else as soon as it is. */
  send(request: CompiledRequest, dueUs: number, begunUs: number, nowUs: number): void {
    this.request = request;
    this.dueUs = dueUs;
    this.begunUs = begunUs;
    this.writtenUs = 0;
    this.firstByteUs = 0;
    this.headRequest = request.head;
    this.parser.reset();
    if (this.open) this.write(nowUs);
  }

  /** Ends the connection; a request on it is given up without a word. */
  destroy(): void {
    this.request = undefined;
    this.givenUp = true;
    this.shut();
  }

  /** Closes the connection: it takes no request from now on, though its end is told later. */
  private shut(): void {
    this.open = false;
    this.socket.destroy();
  }

  onHead(_status: number, bytes: Uint8Array, from: number, to: number): void {
    if (this.wantsBody) this.head = copy(bytes, from, to);
    else if (!this.wire.seenHead) this.wire.firstHead(copy(bytes, from, to));
  }

  onBody(bytes: Uint8Array, from: number, to: number): void {
    this.body.push(copy(bytes, from, to));
  }

  private write(nowUs: number): void {
    this.writtenUs = nowUs;
    this.socket.write(this.request!.bytes);
  }

  private opened(connectUs: number, tlsUs: number): void {
    this.open = true;
    this.wasOpen = true;
    if (this.request !== undefined) this.write(this.wire.nowUs());
    this.wire.owner.onOpen(this, connectUs, tlsUs);
  }

  private onRead(length: number): boolean {
    this.bytesReceived += length;
    if (this.request === undefined) {
      // Bytes nobody asked for: whatever they are, the connection is out of step.
      this.shut();
      return true;
    }
    const nowUs = this.wire.nowUs();
    if (this.firstByteUs === 0) this.firstByteUs = nowUs;
    const outcome = this.parser.feed(this.wire.readBuffer, length);
    if (outcome === 'more') return true;
    if (outcome === 'done') {
      this.requestsDone++;
      this.wire.owner.onResponse(this, nowUs);
      return true;
    }
    this.fail(outcome === 'head too large' ? 'response head too large' : outcome);
    return true;
  }

  private ended(): void {
    if (this.request !== undefined) {
      if (this.parser.end()) this.wire.owner.onResponse(this, this.wire.nowUs());
      else this.fail(this.firstByteUs === 0 ? 'closed before the response' : 'closed mid-body');
    }
    this.shut();
  }

  private fail(cause: ErrorCause): void {
    this.failedWith ??= cause;
    if (this.request !== undefined) this.wire.owner.onError(this, cause);
    this.request = undefined;
    this.shut();
  }

  private gone(): void {
    if (this.closed) return;
    if (this.request !== undefined)
      this.fail(this.firstByteUs === 0 ? 'closed before the response' : 'closed mid-body');
    if (!this.givenUp) this.failedWith ??= 'closed before the response';
    this.closed = true;
    this.open = false;
    this.wire.owner.onClose(this);
  }
}

function trustOf(options: TlsOptions, wire: WireContext): ReturnType<typeof tlsOptions> {
  wire.trust ??= tlsOptions(options);
  return wire.trust;
}

/** Not `slice`, which for a Buffer is a view of bytes that the next read overwrites. */
function copy(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return Buffer.from(bytes.subarray(from, to));
}

/** What all connections of one thread share. */
export interface WireContext {
  owner: ConnectionOwner;
  nowUs(): number;
  /** Every read of the thread lands here; nothing of it is kept beyond the callback. */
  readBuffer: Buffer;
  /** Of the read buffer. */
  heads?: HeadMemory;
  /** What `tls.connect` is told of certificates: made once, as reading them takes milliseconds. */
  trust?: ReturnType<typeof tlsOptions>;
  /** The newest TLS session, for resumption. */
  session?: Buffer;
  seenHead: boolean;
  firstHead(head: Uint8Array): void;
}

const causeByCode: Record<string, ErrorCause> = {
  ECONNREFUSED: 'connection refused',
  ENOENT: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ECONNABORTED: 'connection reset',
  ETIMEDOUT: 'connect timed out',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'host unreachable',
  ENETDOWN: 'host unreachable',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  EADDRNOTAVAIL: 'no free local ports',
};

/** The cause in the report's words. */
function causeOf(error: NodeJS.ErrnoException, connection?: Connection): ErrorCause {
  const code = error.code ?? '';
  const known = causeByCode[code];
  if (known === 'connection reset' && connection?.parser.begun === true) return 'closed mid-body';
  if (known !== undefined) return known;
  return /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|HOSTNAME_)/.test(code)
    ? 'tls'
    : 'other socket error';
}
