import type { ServiceContext } from '../context.js';
import { json, Problem } from '../http/problem.js';
import { route, type Schema, type Service } from '../http/route.js';
import { createIdempotency } from '../idempotency.js';
import { amountSchema, maxBalanceMinor, toMajor, toMinor } from '../money.js';
import { statement } from '../store/statement.js';
import { first, rows, type Unit } from '../store/store.js';
import { idSchema, problemDoc } from './schemas.js';

const findBalance = statement<{ userId: number }>()((db, value) =>
  db.selectFrom('balances').select('amount').where('user_id', '=', value('userId')),
);
const credit = statement<{ userId: number; amount: number; most: number }>()((db, value) =>
  db
    .insertInto('balances')
    .values({ user_id: value('userId'), amount: value('amount') })
    .onConflict((conflict) =>
      conflict
        .column('user_id')
        .doUpdateSet((column) => ({ amount: column('balances.amount', '+', value('amount')) }))
        .where((column) => column('balances.amount', '<=', value('most'))),
    )
    .returning('amount'),
);
// One statement checks and takes: two charges cannot both see money that is there once.
const debit = statement<{ userId: number; amount: number }>()((db, value) =>
  db
    .updateTable('balances')
    .set((column) => ({ amount: column('amount', '-', value('amount')) }))
    .where('user_id', '=', value('userId'))
    .where('amount', '>=', value('amount'))
    .returning('amount'),
);
const insertMovement = statement<{ userId: number; amount: number; orderId: number | null; now: number }>()(
  (db, value) =>
    db.insertInto('ledger').values({
      user_id: value('userId'),
      amount: value('amount'),
      order_id: value('orderId'),
      created_at: value('now'),
    }),
);
const claimCharge = statement<{ orderId: number; userId: number; amount: number; now: number }>()((db, value) =>
  db
    .insertInto('charges')
    .values({
      order_id: value('orderId'),
      user_id: value('userId'),
      amount: value('amount'),
      outcome: 'ERROR',
      created_at: value('now'),
    })
    .onConflict((conflict) => conflict.column('order_id').doNothing())
    .returning('order_id'),
);
const acceptCharge = statement<{ orderId: number }>()((db, value) =>
  db.updateTable('charges').set({ outcome: 'OK' }).where('order_id', '=', value('orderId')),
);
const findCharge = statement<{ orderId: number }>()((db, value) =>
  db.selectFrom('charges').select(['user_id', 'amount', 'outcome']).where('order_id', '=', value('orderId')),
);

const balanceSchema: Schema = {
  type: 'object',
  required: ['balance'],
  properties: { balance: { type: 'number', minimum: 0 } },
};

interface Charge {
  user_id: number;
  amount: number;
}

/** billing: one balance a user, never below zero, and a ledger of every movement. */
export function create(context: ServiceContext): Service {
  const { store, metrics } = context;
  const idempotency = createIdempotency(context);
  const charges = metrics.counter('charges_total', 'Charges decided, by outcome.', ['outcome']);
  const topUps = metrics.counter('top_ups_total', 'Top-ups booked.', []);

  return {
    name: 'billing',
    summary: 'balances, top-ups and charges',
    notReady: () => store.check().then(() => undefined, String),
    start: () => idempotency.startSweeping(),
    stop: async () => idempotency.stopSweeping(),
    routes: [
      route<{ amount: number }>({
        method: 'post',
        path: '/billing/change',
        summary: 'Tops up the balance',
        access: 'user',
        idempotencyKey: 'optional',
        body: { type: 'object', required: ['amount'], properties: { amount: amountSchema } },
        responses: {
          200: { description: 'The balance after.', schema: balanceSchema },
          409: problemDoc('The balance would be too large, or the first request with this key is still in flight.'),
        },
        handle(call) {
          const userId = call.user.id;
          const amount = toMinor(call.body.amount);
          const now = Date.now();
          return idempotency.execute(call, now, {
            *work() {
              const balance = yield* first(credit, { userId, amount, most: maxBalanceMinor - amount });
              if (balance === undefined) return tooLarge;
              yield* rows(insertMovement, { userId, amount, orderId: null, now });
              return json(200, { balance: toMajor(balance.amount) });
            },
            executed: () => topUps.inc(),
          });
        },
      }),
      route({
        method: 'get',
        path: '/billing/current',
        summary: 'The balance',
        access: 'user',
        responses: { 200: { description: 'The balance.', schema: balanceSchema } },
        async handle({ user }) {
          const balance = await store.read(() => first(findBalance, { userId: user.id }));
          return json(200, { balance: toMajor(balance?.amount ?? 0) });
        },
      }),
      route<Charge>({
        method: 'put',
        path: '/internal/charges/{order_id}',
        summary: 'Charges for an order, once: asked again it answers what it answered first',
        access: 'internal',
        parameters: [{ name: 'order_id', in: 'path', description: 'Row id of the order.', schema: idSchema }],
        body: {
          type: 'object',
          required: ['user_id', 'amount'],
          properties: { user_id: idSchema, amount: { type: 'integer', minimum: 1, maximum: maxBalanceMinor } },
        },
        responses: {
          200: {
            description: 'Decided for good.',
            schema: { type: 'object', required: ['status'], properties: { status: { enum: ['OK', 'ERROR'] } } },
          },
          409: problemDoc('The order was charged to another user or with another amount.'),
        },
        async handle({ body: { user_id: userId, amount }, params }) {
          const orderId = Number(params.order_id);
          const now = Date.now();
          const { outcome, decidedNow } = await store.write(() => chargeOnce({ orderId, userId, amount, now }));
          if (decidedNow) charges.inc({ outcome });
          return json(200, { status: outcome });
        },
      }),
    ],
  };
}

const tooLarge = new Problem({ status: 409, code: 'balance-too-large', title: 'The balance would be too large' }).reply;

function* chargeOnce(charge: {
  orderId: number;
  userId: number;
  amount: number;
  now: number;
}): Unit<{ outcome: string; decidedNow: boolean }> {
  const { orderId, userId, amount, now } = charge;
  if ((yield* first(claimCharge, charge)) === undefined) {
    const known = (yield* first(findCharge, { orderId }))!;
    if (known.user_id !== userId || known.amount !== amount)
      throw new Problem({ status: 409, code: 'charged-otherwise', title: 'This order was charged otherwise' });
    return { outcome: known.outcome, decidedNow: false };
  }
  if ((yield* first(debit, { userId, amount })) === undefined) return { outcome: 'ERROR', decidedNow: true };
  yield* rows(insertMovement, { userId, amount: -amount, orderId, now });
  yield* rows(acceptCharge, { orderId });
  return { outcome: 'OK', decidedNow: true };
}
