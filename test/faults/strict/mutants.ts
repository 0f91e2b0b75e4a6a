/** An edit of one source file of the server: `from` stands there exactly once. */
export interface Edit {
  file: string;
  from: string;
  to: string;
}

/** A server with a planted bug, and the check of a strict scenario that has to find it. */
export interface Mutant {
  scenario: 'idempotency-strict' | 'orders-strict';
  bug: string;
  /** Name of a check that must be among the failures. */
  foundBy: string | string[];
  edits: Edit[];
}

const edit = (file: string) => (from: string, to: string) => ({ file: `src/server/${file}`, from, to });
const idempotency = edit('idempotency.ts');
const orders = edit('services/orders.ts');
const billing = edit('services/billing.ts');
const notifications = edit('services/notifications.ts');
const saga = edit('services/order-saga.ts');

const runOnce = 'const { outcome, reply } = await store.write(once(call, now, ttlMs, work));';
const replayed = "return { outcome: 'replayed', reply:";

/** Runs the work by hand instead of in one transaction with its key: `first` claims, `then` works. */
const byHand = (steps: string) =>
  idempotency(
    runOnce,
    `const scope = call.user.id + ' ' + call.method + ' ' + call.path + ' ' + call.idempotencyKey;
     const fingerprint = fingerprintOf(call);
     const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
     const known: any = await store.read(() => first(find, { scope }));
     const claimRow = () => first(claim, { scope, fingerprint, now, expiresAt: now + ttlMs });
     let outcome: any, reply: any;
     if (known?.response) ({ outcome, reply } = await store.write(once(call, now, ttlMs, work)));
     else { outcome = 'executed'; ${steps} }`,
  );

/** A store that answers before it commits, and commits a while later. */
const lateCommit = [
  edit('store/sqlite.ts')(
    'this.begin.run();\n    try {\n      const result = work();\n      this.commit.run();',
    `if (!this.database.inTransaction) {
      this.begin.run();
      setTimeout(() => this.database.inTransaction && this.commit.run(), 5_000);
    }
    try {
      const result = work();`,
  ),
];

/** The bugs, in the server's own sources. */
export const mutants: Mutant[] = [
  {
    scenario: 'idempotency-strict',
    bug: 'the key is ignored',
    foundBy: 'the same response byte for byte, marked as replayed, without cookies',
    edits: [idempotency('if (call.idempotencyKey === undefined) {', 'if (call !== undefined) {')],
  },
  {
    scenario: 'idempotency-strict',
    bug: 'a replay is not byte-identical',
    foundBy: 'the same response byte for byte, marked as replayed, without cookies',
    edits: [idempotency(`${replayed} { ...stored,`, `${replayed} { ...stored, body: stored.body?.replace('{', '{ '),`)],
  },
  {
    scenario: 'idempotency-strict',
    bug: 'a replay is not marked',
    foundBy: 'the same response byte for byte, marked as replayed, without cookies',
    edits: [idempotency(", 'Idempotent-Replayed': 'true'", '')],
  },
  {
    scenario: 'idempotency-strict',
    bug: 'no lock: duplicates that come together all run',
    foundBy: 'exactly one is not a replay',
    edits: [
      byHand(`await pause(20);
        reply = await store.write(work);
        await store.write(function* () { yield* claimRow(); yield* rows(complete, { scope, response: JSON.stringify(reply) }); });`),
    ],
  },
  {
    scenario: 'idempotency-strict',
    bug: 'the key is claimed in a transaction of its own: a kill leaves it locked',
    foundBy: 'the key is settled',
    edits: [
      byHand(`if ((await store.write(claimRow)) === undefined) throw new Contended();
        await pause(300);
        reply = await store.write(work);
        await store.write(() => rows(complete, { scope, response: JSON.stringify(reply) }));`),
    ],
  },
  {
    scenario: 'idempotency-strict',
    bug: 'the order is committed before its key: a kill between them doubles it',
    foundBy: 'one order a key',
    edits: [
      byHand(`const busy: Set<string> = ((globalThis as any).busyScopes ??= new Set());
        if (busy.has(scope)) throw new Contended();
        busy.add(scope);
        try {
          reply = await store.write(work);
          await pause(300);
          await store.write(function* () { yield* claimRow(); yield* rows(complete, { scope, response: JSON.stringify(reply) }); });
        } finally { busy.delete(scope); }`),
    ],
  },
  {
    scenario: 'idempotency-strict',
    bug: '2xx before the commit',
    foundBy: 'what was answered survives a kill right after it',
    edits: lateCommit,
  },
  {
    scenario: 'idempotency-strict',
    bug: 'a late 409: the order is there and a retry is refused',
    foundBy: 'the same response byte for byte, marked as replayed, without cookies',
    edits: [idempotency(replayed, `if (stored !== undefined) throw new Contended();\n    ${replayed}`)],
  },
  {
    scenario: 'idempotency-strict',
    bug: '409 without Retry-After',
    foundBy: 'each is 200, or refused with Retry-After',
    edits: [
      idempotency("headers: { 'Retry-After': '1', Link: policyLink }", 'headers: { Link: policyLink }'),
      byHand(`const busy: Set<string> = ((globalThis as any).busyScopes ??= new Set());
        if (busy.has(scope)) throw new Contended();
        busy.add(scope);
        try {
          await pause(20);
          ({ outcome, reply } = await store.write(once(call, now, ttlMs, work)));
        } finally { busy.delete(scope); }`),
    ],
  },
  {
    scenario: 'idempotency-strict',
    bug: 'another payload replays instead of 422',
    foundBy: 'another payload is 422 with a problem document',
    edits: [idempotency('if (known.fingerprint !== fingerprint)', 'if (scope === fingerprint)')],
  },
  {
    scenario: 'idempotency-strict',
    bug: 'the payload is compared as it was written, member by member',
    foundBy: 'the order of the members is not part of the payload',
    edits: [idempotency('canonical(call.body)}`, ', 'JSON.stringify(call.body)}`, ')],
  },
  {
    scenario: 'idempotency-strict',
    bug: 'users share their keys',
    foundBy: 'a key belongs to one user',
    edits: [idempotency('`${call.user.id} ${call.method}', '`${call.method}')],
  },
  {
    scenario: 'idempotency-strict',
    bug: 'routes share their keys',
    foundBy: 'a key belongs to one path',
    edits: [idempotency('${call.method} ${call.path} ', '${call.method} ')],
  },
  {
    scenario: 'idempotency-strict',
    bug: 'keys lose their case',
    foundBy: 'the value of the key has a case',
    edits: [idempotency('${call.path} ${call.idempotencyKey}`', '${call.path} ${call.idempotencyKey?.toLowerCase()}`')],
  },
  {
    scenario: 'idempotency-strict',
    bug: 'the quoted form is another key',
    foundBy: 'the quoted and the bare form are one key',
    edits: [
      edit('idempotency-key.ts')('return line.startsWith(', 'return line.startsWith("never") && line.startsWith('),
    ],
  },
  {
    scenario: 'idempotency-strict',
    bug: 'a validation error burns the key',
    foundBy: 'a validation error does not burn the key',
    edits: [
      orders("count: { type: 'integer', minimum: 1,", "count: { type: 'integer', minimum: -9,"),
      orders(
        '*work() {\n            const order = yield* first(insertDelivery',
        '*work() {\n            if (count < 1) return json(400, {});\n            const order = yield* first(insertDelivery',
      ),
    ],
  },
  {
    scenario: 'orders-strict',
    bug: 'a payment that is asked for twice is charged twice',
    foundBy: '30 payments charge once',
    edits: [
      billing(
        'return { outcome: known.outcome, decidedNow: false };',
        'yield* first(debit, { userId, amount });\n    return { outcome: known.outcome, decidedNow: false };',
      ),
    ],
  },
  {
    scenario: 'orders-strict',
    bug: 'a notification is lost',
    foundBy: 'every outcome notified',
    edits: [saga("yield* enqueue('notify'", "if (order.number % 10 !== 3) yield* enqueue('notify'")],
  },
  {
    scenario: 'orders-strict',
    bug: 'a notification is sent twice',
    foundBy: 'order 1 was notified once',
    edits: [notifications('eventId: String(params.event_id)', 'eventId: `${params.event_id}${Math.random()}`')],
  },
  {
    scenario: 'orders-strict',
    bug: 'nobody delivers what a service that is down was not told',
    foundBy: 'one notification an order',
    edits: [edit('outbox.ts')('running ??= work();', 'void work;')],
  },
  {
    scenario: 'orders-strict',
    bug: 'the balance goes below zero',
    foundBy: 'the billing status is ERROR',
    edits: [
      billing(".where('amount', '>=', value('amount'))", ''),
      edit('store/migrations/0004-billing.ts')('.notNull().check(sql`amount >= 0`)', '.notNull()'),
    ],
  },
  {
    scenario: 'orders-strict',
    bug: 'the balance is looked at first and taken from later',
    // More than 40 are answered as paid at once, or it shows in the balance.
    foundBy: ['at most 40 orders are paid', 'the balance is zero, never below'],
    edits: [
      billing(".where('amount', '>=', value('amount'))", ''),
      edit('store/migrations/0004-billing.ts')('.notNull().check(sql`amount >= 0`)', '.notNull()'),
      billing(
        'const { outcome, decidedNow } = await store.write(() => chargeOnce({ orderId, userId, amount, now }));',
        `const seen = await store.read(() => first(findBalance, { userId }));
          await new Promise((done) => setTimeout(done, 30));
          const enough = (seen?.amount ?? 0) >= amount;
          const { outcome, decidedNow } = await store.write(() => chargeOnce({ orderId, userId, amount, now, enough } as any));`,
      ),
      billing(
        'if ((yield* first(debit, { userId, amount })) === undefined)',
        'if (!(charge as any).enough || (yield* first(debit, { userId, amount })) === undefined)',
      ),
    ],
  },
  {
    scenario: 'orders-strict',
    bug: 'a refused payment takes what is there',
    foundBy: 'a refused payment takes nothing',
    edits: [
      billing(
        "if ((yield* first(debit, { userId, amount })) === undefined) return { outcome: 'ERROR', decidedNow: true };",
        `if ((yield* first(debit, { userId, amount })) === undefined) {
    yield* first(debit, { userId, amount: 1 });
    return { outcome: 'ERROR', decidedNow: true };
  }`,
      ),
    ],
  },
  {
    scenario: 'orders-strict',
    bug: 'amounts are not checked',
    foundBy: 'each is 400',
    edits: [edit('money.ts')('minimum: 0.01,', 'minimum: -1_000_000,')],
  },
  {
    scenario: 'orders-strict',
    bug: 'a top-up ignores its key',
    foundBy: 'ten duplicates book once',
    edits: [
      billing(
        'return idempotency.execute(call, now, {',
        'return idempotency.execute({ ...call, idempotencyKey: undefined }, now, {',
      ),
    ],
  },
  {
    scenario: 'orders-strict',
    bug: "another's order can be paid",
    foundBy: "others' orders are not there",
    edits: [
      orders(
        ".where('user_id', '=', value('userId'))\n    .where('number', '=', value('number'))",
        ".where('number', '=', value('number'))",
      ),
    ],
  },
  {
    scenario: 'orders-strict',
    bug: '2xx before the commit',
    foundBy: 'what was booked survives a kill right after it',
    edits: lateCommit,
  },
  {
    scenario: 'orders-strict',
    bug: 'where billing is down the order fails',
    foundBy: 'nobody is told ERROR',
    edits: [
      saga(
        "deadlineMs: callDeadlineMs,\n    })) as { status: 'OK' | 'ERROR' };",
        "deadlineMs: callDeadlineMs,\n    }).catch(() => ({ status: 'ERROR' }))) as { status: 'OK' | 'ERROR' };",
      ),
    ],
  },
];
