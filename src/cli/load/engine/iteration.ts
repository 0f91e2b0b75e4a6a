import { randomAt } from '../arrivals/random.js';
import type { CompiledRequest } from '../http/request.js';
import type { Connection } from '../http/wire.js';
import type { Flow, FlowResponse, Journey } from './flow.js';

/** A work of the plan as a thread runs it: its requests compiled, or its flow created. */
export interface CompiledWork {
  /** Upper end of its share of 0 .. 1. */
  upTo: number;
  /** Index of its first step among all steps of the plan. */
  firstStep: number;
  requests?: CompiledRequest[];
  flow?: Flow;
}

/** One arrival under way; pooled, so that an arrival allocates nothing. */
export class Iteration {
  work!: CompiledWork;
  index = 0;
  user = 0;
  position = 0;
  failed = false;
  journey: Journey | undefined;
  /** The request under way while it waits for a connection: what, since when due, when taken up; the next that waits. */
  request: CompiledRequest | undefined;
  dueUs = 0;
  begunUs = 0;
  /** When the iteration as a whole was taken up. */
  startedUs = 0;
  next: Iteration | undefined;

  begin(work: CompiledWork, index: number, user: number, startedUs: number): void {
    this.startedUs = startedUs;
    this.work = work;
    this.index = index;
    this.user = user;
    this.position = 0;
    this.failed = false;
  }

  end(): void {
    this.journey = undefined;
    this.request = undefined;
  }
}

/** The work of an arrival, by weight: the same for the same seed and index, whatever thread asks. */
export function pickWork(works: readonly CompiledWork[], seed: number, index: number): CompiledWork {
  if (works.length === 1) return works[0]!;
  const at = randomAt(seed, index);
  return works.find((work) => at < work.upTo) ?? works.at(-1)!;
}

/** Takes the response off a connection for a journey to look at. */
export function flowResponse(connection: Connection, serviceMs: number): FlowResponse {
  const { head } = connection;
  const pieces = connection.body;
  connection.head = undefined;
  if (pieces.length > 0) connection.body = [];
  let headers: ReadonlyMap<string, string[]> | undefined;
  const known = () => {
    headers ??= rememberedHeaders(head);
    return headers;
  };
  const all = (name: string) => known().get(name) ?? [];
  return {
    status: connection.parser.status,
    header: (name) => all(name)[0],
    headers: all,
    allHeaders: known,
    body: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces),
    serviceMs,
  };
}

let lastHead: Buffer | undefined;
let lastHeaders = new Map<string, string[]>();

/** As `parseHeaders`; a server under load sends the same head until its Date changes. */
function rememberedHeaders(head: Uint8Array | undefined): ReadonlyMap<string, string[]> {
  if (head === undefined || lastHead?.equals(head) !== true) {
    lastHeaders = parseHeaders(head);
    lastHead = head === undefined ? undefined : Buffer.from(head);
  }
  return lastHeaders;
}

/** Header lines by lower-case name. */
export function parseHeaders(head: Uint8Array | undefined): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  if (head === undefined) return headers;
  for (const line of Buffer.from(head).toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
  return headers;
}
