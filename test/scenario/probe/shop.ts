// Shops of every kind: right ones, and one for each mistake that people make with keys. Each takes POST /orders and lists GET
// /orders; `kill` is what kill -9 does to it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { listening } from '../echo-server.js';

/** What a shop is asked. */
export interface Ask {
  /** Of the header, If-Match included; undefined where there is none. */
  key: string | undefined;
  body: Record<string, unknown>;
  /** Resolves when the client has gone away. */
  gone: Promise<void>;
}

export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

interface Kept {
  body: string;
  answer?: Answer;
}

/** What is on disk, and so outlives a kill. A life that has ended writes nothing any more. */
export class Disk {
  readonly keys: Pick<Map<string, Kept>, 'get' | 'has' | 'set'>;

  constructor(
    private readonly shared: { orders: { id: number; price: unknown }[]; keys: Map<string, Kept>; later: object[] },
    private readonly isAlive: () => boolean,
    keys: Map<string, Kept> = shared.keys,
  ) {
    this.keys = {
      get: (key) => keys.get(key),
      has: (key) => keys.has(key),
      set: (key, kept) => {
        this.#mustLive();
        return keys.set(key, kept);
      },
    };
  }

  get orders() {
    return this.shared.orders;
  }

  /** What is still to be done. */
  get later() {
    return this.shared.later;
  }

  /** The same orders, and keys that nobody else sees. */
  withKeys(keys: Map<string, Kept>): Disk {
    return new Disk(this.shared, this.isAlive, keys);
  }

  clear(): void {
    this.shared.orders = [];
  }

  order(body: Record<string, unknown>): Answer {
    this.#mustLive();
    const order = { id: this.orders.length + 1, price: body.price ?? null };
    this.orders.push(order);
    return { status: 201, body: order };
  }

  #mustLive(): void {
    if (!this.isAlive()) throw new Error('killed');
  }
}

/** One life of a shop: what it holds in memory is gone with it. */
export interface Shop {
  post(ask: Ask): Answer | Promise<Answer>;
  /** Undefined: the orders. */
  get?(): Answer;
}

/** A shop begins its life. */
export type ShopKind = (disk: Disk) => Shop;

const refusal = (status: number, title: string, headers: Record<string, string> = {}): Answer => ({
  status,
  body: { title },
  headers,
});

/**
 * By the book: key, effect and answer in one transaction (here: in one turn of the event loop), 400 without a key, 422 for
 * another body, 409 in flight or the wait for the first.
 */
export function correct(
  options: {
    workMs?: () => number;
    inFlight?: 'wait' | 'conflict';
    keyOf?: (ask: Ask) => string | undefined;
    replayStatus?: number;
    before?: () => Answer | undefined;
    bodyOf?: (body: Record<string, unknown>) => unknown;
    missing?: 'refuse' | 'take';
    mismatch?: 'refuse' | 'replay';
    replay?: (answer: Answer) => Answer;
  } = {},
): ShopKind {
  const { workMs = () => 2, inFlight = 'wait', keyOf = ({ key }) => key, mismatch = 'refuse' } = options;
  return (disk) => {
    const underWay = new Map<string, Promise<unknown>>();
    return {
      async post(ask) {
        const early = options.before?.();
        if (early !== undefined) return early;
        const key = keyOf(ask);
        if (key === undefined) return options.missing === 'take' ? disk.order(ask.body) : refusal(400, 'no key');
        const body = JSON.stringify(options.bodyOf?.(ask.body) ?? ask.body);
        while (underWay.has(key)) {
          if (inFlight === 'conflict') return refusal(409, 'in flight', { 'retry-after': '0' });
          await underWay.get(key);
        }
        const known = disk.keys.get(key);
        if (known?.answer !== undefined) {
          if (known.body !== body && mismatch === 'refuse') return refusal(422, 'another body');
          const answer = { ...known.answer, status: options.replayStatus ?? known.answer.status };
          return options.replay?.(answer) ?? answer;
        }
        const work = sleep(workMs());
        underWay.set(key, work);
        await work;
        // The transaction.
        const answer = disk.order(ask.body);
        disk.keys.set(key, { body, answer });
        underWay.delete(key);
        return answer;
      },
    };
  };
}

/** A shop that listens, with its disk, and the kill -9 that it gets: what is under way is cut, and a new life begins. */
export async function openShop(t: Test, kind: ShopKind, downMs = 20) {
  const shared = { orders: [], keys: new Map<string, Kept>(), later: [] };
  let life = 0;
  const begin = () => {
    const mine = life;
    return kind(new Disk(shared, () => mine === life));
  };
  let shop = begin();
  let upAtMs = 0;
  // The last request that came whole.
  const asked = { last: '' };
  const open = new Set<ServerResponse>();
  const server = createServer(async (request, response) => {
    if (performance.now() < upAtMs) return void response.socket?.destroy();
    const mine = life;
    if (request.method === 'GET') asked.last = 'GET';
    open.add(response);
    response.on('close', () => open.delete(response));
    const answer =
      request.method === 'GET'
        ? (shop.get?.() ?? { status: 200, body: shared.orders })
        : await posted(request, response, shop, asked).catch(() => undefined);
    if (answer === undefined || mine !== life) return;
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(
      answer.body === undefined ? '' : typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body),
    );
  });
  const url = `http://127.0.0.1:${await listening(t, server)}`;
  // Not before the order has come, after the list that was looked at: under load a kill could be quicker than the wire.
  const kill = async () => {
    const waitedUntilMs = performance.now() + 500;
    while (asked.last !== 'POST' && performance.now() < waitedUntilMs) await sleep(1);
    life++;
    upAtMs = performance.now() + downMs;
    for (const response of open) response.socket?.destroy();
    shop = begin();
  };
  return { url, kill };
}

async function posted(
  request: IncomingMessage,
  response: ServerResponse,
  shop: Shop,
  asked: { last: string },
): Promise<Answer | undefined> {
  const gone = new Promise<void>((resolve) => response.once('close', () => response.writableFinished || resolve()));
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  const text = Buffer.concat(chunks).toString();
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  const key = request.headers['idempotency-key'] ?? request.headers['if-match'];
  asked.last = 'POST';
  return shop.post({ key: key as string | undefined, body, gone });
}
