import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbePlan } from '../../../src/cli/scenario/probe/probe-plan.js';
import type { CaseName, CaseResult, ProbeResult } from '../../../src/cli/scenario/probe/probe-result.js';
import { type Answer, correct, type Disk, type ShopKind } from './shop.js';

export interface ShopRow {
  what: string;
  kind: ShopKind;
  verdict: ProbeResult['verdict'];
  /** States of the cases that do not pass. */
  states?: Partial<Record<CaseName, CaseResult['state']>>;
  /** Said somewhere in what is found. */
  says?: RegExp;
  plan?: Partial<ProbePlan>;
}

const refused = (status: number): Answer => ({ status, body: { title: 'refused' } });
const keyField = (body: Record<string, unknown>) => body.requestId as string | undefined;
const withoutKeyField = ({ requestId, ...body }: Record<string, unknown>) => body;

/** Looks for the key, works, and only then writes it. */
const checkThenInsert: ShopKind = (disk) => ({
  async post({ key, body }) {
    if (key === undefined) return refused(400);
    const known = disk.keys.get(key);
    if (known !== undefined) return known.body === JSON.stringify(body) ? known.answer! : refused(422);
    await sleep(30);
    const answer = disk.order(body);
    disk.keys.set(key, { body: JSON.stringify(body), answer });
    return answer;
  },
});

/** A table with a unique key that keeps no answers. */
const conflictForGood: ShopKind = (disk) => ({
  async post({ key, body }) {
    if (key === undefined) return refused(400);
    await sleep(2);
    if (disk.keys.has(key)) return refused(409);
    disk.keys.set(key, { body: '' });
    return disk.order(body);
  },
});

const etagOf = (disk: Disk) => `"v${disk.orders.length}"`;

/** Orders only from the list as it is now. */
const ifMatch: ShopKind = (disk) => ({
  get: () => ({ status: 200, body: disk.orders, headers: { etag: etagOf(disk) } }),
  async post({ key, body }) {
    await sleep(2);
    if (key === undefined) return refused(428);
    return key === etagOf(disk) ? disk.order(body) : refused(412);
  },
});
const byEtag: Partial<ProbePlan> = { key: { in: 'if-match', resource: {} as never } };

const growing = (everyMs: number): ShopKind => {
  const right = correct();
  return (disk) => {
    const timer = setInterval(() => disk.order({}), everyMs);
    timer.unref();
    return right(disk);
  };
};

/** Answers 202 and does it by and by, from a queue. */
function later(queueOf: (disk: Disk) => object[], everyMs = 30): ShopKind {
  return (disk) => {
    const queue = queueOf(disk);
    const done = setInterval(() => {
      try {
        while (queue.length > 0) {
          disk.order(queue[0] as Record<string, unknown>);
          queue.shift();
        }
      } catch {
        clearInterval(done);
      }
    }, everyMs);
    done.unref();
    return {
      post({ key, body }) {
        if (key === undefined) return refused(400);
        const known = disk.keys.get(key);
        if (known !== undefined) return known.body === JSON.stringify(body) ? known.answer! : refused(422);
        const answer = { status: 202, body: { state: 'taken' } };
        disk.keys.set(key, { body: JSON.stringify(body), answer });
        queue.push(body);
        return answer;
      },
    };
  };
}

/** Right ones, wrong ones, and those of which nothing can be told. */
export const shops: readonly ShopRow[] = [
  { what: 'by the book', kind: correct(), verdict: 'idempotent' },
  {
    what: '409 while the first is under way',
    kind: correct({ inFlight: 'conflict', workMs: () => 8 }),
    verdict: 'idempotent',
  },
  { what: 'slow', kind: correct({ workMs: () => 60 }), verdict: 'idempotent' },
  { what: 'a replay is 200, the first was 201', kind: correct({ replayStatus: 200 }), verdict: 'idempotent' },
  {
    what: '503 at times, before anything is done',
    kind: (disk) => {
      let turn = 0;
      return correct({ before: () => (++turn % 3 === 0 ? refused(503) : undefined) })(disk);
    },
    verdict: 'idempotent',
  },
  { what: 'taken now, done later', kind: later((disk) => disk.later), verdict: 'idempotent' },
  {
    what: 'the key in a field',
    kind: correct({ keyOf: ({ body }) => keyField(body), bodyOf: withoutKeyField }),
    verdict: 'idempotent',
    plan: { key: { in: 'field', path: ['requestId'] } },
  },
  { what: 'If-Match', kind: ifMatch, verdict: 'idempotent', plan: byEtag },
  {
    what: 'a page of the newest, with a total',
    kind: (disk) => ({
      ...correct()(disk),
      get: () => ({ status: 200, body: { orders: disk.orders.slice(-3), total: disk.orders.length } }),
    }),
    verdict: 'idempotent',
  },
  {
    what: 'a page of the newest, without a total',
    kind: (disk) => ({
      ...correct()(disk),
      get: () => ({ status: 200, body: { data: { items: disk.orders.slice(-3).reverse() } } }),
    }),
    verdict: 'idempotent',
  },
  {
    what: 'a balance',
    kind: (disk) => ({
      ...correct()(disk),
      get: () => ({ status: 200, body: { balance: 1000 - 10 * disk.orders.length } }),
    }),
    verdict: 'idempotent',
    plan: { countPath: '$.balance' },
  },

  // Right in what happens, and worth a word.
  {
    what: '409 for good',
    kind: conflictForGood,
    verdict: 'idempotent',
    states: { repeat: 'warning', 'lost-answer': 'warning', 'other-body': 'warning', 'kill-between': 'left-out' },
    says: /never learns that it is done/,
    plan: { kill: undefined },
  },
  {
    what: 'the key is optional',
    kind: correct({ missing: 'take' }),
    verdict: 'idempotent',
    states: { 'no-key': 'warning' },
    says: /whoever forgets it/,
  },
  {
    what: 'another body is answered with the first answer',
    kind: correct({ mismatch: 'replay' }),
    verdict: 'idempotent',
    states: { 'other-body': 'warning' },
    says: /never learns that it was not taken/,
  },
  {
    what: 'a replay says something else',
    kind: correct({ replay: () => ({ status: 200, body: { state: 'known' } }) }),
    verdict: 'idempotent',
    states: { repeat: 'warning', 'at-once': 'warning' },
    says: /with another body than at first/,
  },
  {
    what: 'a constraint that nobody catches',
    kind: (disk) => {
      const taken = new Set<string>();
      return {
        async post({ key, body }) {
          if (key === undefined) return refused(400);
          const known = disk.keys.get(key);
          if (known?.answer !== undefined) return known.body === JSON.stringify(body) ? known.answer : refused(422);
          if (taken.has(key)) return refused(500);
          taken.add(key);
          await sleep(3);
          const answer = disk.order(body);
          disk.keys.set(key, { body: JSON.stringify(body), answer });
          return answer;
        },
      };
    },
    verdict: 'idempotent',
    states: { 'at-once': 'warning' },
    says: /nobody seems to catch it/,
  },
  {
    what: 'a rate limit',
    kind: (disk) => {
      let busy = 0;
      const right = correct()(disk);
      return {
        async post(ask) {
          if (busy > 0) return refused(429);
          busy++;
          try {
            return await right.post(ask);
          } finally {
            busy--;
          }
        },
      };
    },
    verdict: 'idempotent',
    states: { 'at-once': 'warning' },
    says: /turned away/,
  },

  // Wrong.
  {
    what: 'no key is looked at',
    kind: (disk) => ({ post: ({ body }) => disk.order(body) }),
    verdict: 'not-idempotent',
    states: {
      repeat: 'failed',
      'at-once': 'failed',
      'lost-answer': 'failed',
      'other-body': 'failed',
      'no-key': 'warning',
      'kill-between': 'failed',
    },
  },
  {
    what: 'looks, then writes',
    kind: checkThenInsert,
    verdict: 'not-idempotent',
    states: { 'at-once': 'failed', 'lost-answer': 'failed' },
    says: /each looked for the key before another had written it/,
  },
  {
    what: 'keeps the answer, and does it again',
    kind: (disk) => ({
      post({ key, body }) {
        if (key === undefined) return refused(400);
        const answer = disk.order(body);
        if (!disk.keys.has(key)) disk.keys.set(key, { body: '', answer });
        return disk.keys.get(key)!.answer!;
      },
    }),
    verdict: 'not-idempotent',
    states: {
      repeat: 'failed',
      'at-once': 'failed',
      'lost-answer': 'failed',
      'other-body': 'failed',
      'kill-between': 'failed',
    },
  },
  {
    what: 'goes by the body',
    kind: correct({ keyOf: ({ body }) => JSON.stringify(body), missing: 'take' }),
    verdict: 'not-idempotent',
    states: {
      'other-key': 'failed',
      'at-once': 'left-out',
      'lost-answer': 'left-out',
      'other-body': 'left-out',
      'no-key': 'left-out',
      'kill-between': 'left-out',
    },
    says: /something else than the key/,
  },
  {
    what: 'goes by key and body',
    kind: correct({ keyOf: ({ key, body }) => key && `${key} ${JSON.stringify(body)}` }),
    verdict: 'not-idempotent',
    states: { 'other-body': 'failed' },
    says: /One key made 2 orders/,
  },
  {
    what: 'keys in memory',
    kind: (disk) => correct({ workMs: () => 50 })(disk.withKeys(new Map())),
    verdict: 'not-idempotent',
    states: { 'kill-between': 'failed' },
    says: /forgets its keys/,
    // Killed before its work is done: only what was answered long before can show it.
    plan: { rounds: 1 },
  },
  {
    what: 'orders in memory',
    kind: (disk) => {
      disk.clear();
      return correct()(disk);
    },
    verdict: 'not-idempotent',
    states: { 'kill-between': 'failed' },
    says: /in the memory of the process alone/,
  },
  {
    what: 'does it, breaks, and keeps nothing',
    kind: (disk) => {
      const seen = new Set<string>();
      const right = correct()(disk);
      return {
        async post(ask) {
          if (ask.key === undefined || seen.has(ask.key)) return right.post(ask);
          seen.add(ask.key);
          if (seen.size % 3 !== 2) return right.post(ask);
          disk.order(ask.body);
          return refused(500);
        },
      };
    },
    verdict: 'not-idempotent',
    states: { 'other-key': 'failed', 'at-once': 'failed', 'lost-answer': 'failed', 'kill-between': 'left-out' },
    says: /One intent made 2 orders/,
    plan: { kill: undefined },
  },
  {
    what: 'a client that goes away leaves its key taken',
    kind: (disk) => {
      const taken = new Set<string>();
      return {
        async post({ key, body, gone }) {
          if (key === undefined) return refused(400);
          const known = disk.keys.get(key);
          if (known !== undefined) return known.body === JSON.stringify(body) ? known.answer! : refused(422);
          if (taken.has(key)) return refused(409);
          taken.add(key);
          const left = await Promise.race([gone.then(() => true), sleep(50).then(() => false)]);
          if (left) return refused(500);
          const answer = disk.order(body);
          disk.keys.set(key, { body: JSON.stringify(body), answer });
          return answer;
        },
      };
    },
    verdict: 'not-idempotent',
    states: { 'lost-answer': 'failed' },
    says: /with this key nothing can/,
  },
  {
    what: 'keeps the key after the mail is out, if the client is still there',
    kind: (disk) => ({
      async post({ key, body, gone }) {
        if (key === undefined) return refused(400);
        const known = disk.keys.get(key);
        if (known !== undefined) return known.body === JSON.stringify(body) ? known.answer! : refused(422);
        const answer = disk.order(body);
        const left = await Promise.race([gone.then(() => true), sleep(30).then(() => false)]);
        if (!left) disk.keys.set(key, { body: JSON.stringify(body), answer });
        return answer;
      },
    }),
    verdict: 'not-idempotent',
    states: { 'at-once': 'failed', 'lost-answer': 'failed', 'kill-between': 'failed' },
    says: /the effect was kept and the key was not/,
  },
  {
    what: 'two replicas, each with keys of its own',
    kind: (disk) => {
      const replicas = [0, 1].map(() => correct()(disk.withKeys(new Map())));
      let turn = 0;
      return { post: (ask) => replicas[turn++ % 2]!.post(ask) };
    },
    verdict: 'not-idempotent',
    states: {
      repeat: 'failed',
      'at-once': 'failed',
      'lost-answer': 'failed',
      'other-body': 'failed',
      'kill-between': 'failed',
    },
  },
  {
    what: 'copies roll each other back',
    kind: (disk) => {
      const busy = new Map<string, number>();
      return {
        async post({ key, body }) {
          if (key === undefined) return refused(400);
          const known = disk.keys.get(key);
          if (known !== undefined) return known.body === JSON.stringify(body) ? known.answer! : refused(422);
          busy.set(key, (busy.get(key) ?? 0) + 1);
          await sleep(30);
          // A deadlock that spoils the key for good.
          if (busy.get(key) !== 1) return refused(409);
          const answer = disk.order(body);
          disk.keys.set(key, { body: JSON.stringify(body), answer });
          return answer;
        },
      };
    },
    verdict: 'not-idempotent',
    states: { 'at-once': 'failed', 'lost-answer': 'failed' },
    says: /blocked one another for good/,
  },
  {
    what: 'answers, and does it by and by, from memory',
    kind: later(() => [], 90),
    verdict: 'not-idempotent',
    states: { 'kill-between': 'failed' },
    says: /Answer after the commit/,
  },

  // Nothing can be told.
  {
    what: 'the effects grow by themselves',
    kind: growing(15),
    verdict: 'void',
    says: /while nothing was sent|between two cases|go on changing/,
  },
  {
    what: 'does nothing at all',
    kind: () => ({ post: () => ({ status: 200, body: {} }) }),
    verdict: 'void',
    says: /changed nothing of what is counted/,
  },
  {
    what: 'the list shows the oldest alone',
    kind: (disk) => ({ ...correct()(disk), get: () => ({ status: 200, body: [{ id: 0 }] }) }),
    verdict: 'void',
    says: /changed nothing of what is counted/,
  },
  {
    what: 'a second one is refused by a rule of the business',
    kind: (disk) => {
      const right = correct()(disk);
      return {
        post: (ask) => (disk.orders.length > 0 && !disk.keys.has(ask.key ?? '') ? refused(422) : right.post(ask)),
      };
    },
    verdict: 'void',
    says: /generator/,
  },
];
