import type { CreateService } from '../context.js';
import { executeOnce, sweepKeys } from '../idempotency.js';
import { json } from '../problem.js';
import { route } from '../route.js';
import { statement } from '../store/statement.js';
import { first } from '../store/store.js';
import { idSchema } from './schemas.js';

const insertOrder = statement<{ userId: number; address: string; count: number; now: number }>()((db, value) =>
  db
    .insertInto('orders')
    .values({
      user_id: value('userId'),
      address: value('address'),
      count: value('count'),
      status: 'created',
      created_at: value('now'),
    })
    .returning('id'),
);

interface Delivery {
  address: string;
  count: number;
}

const sweepEveryMs = 60_000;

/** orders: creates orders exactly once per Idempotency-Key. */
export const create: CreateService = ({ config, store, metrics, log }) => {
  const created = metrics.counter('orders_created_total', 'Orders created.', ['kind']);
  const keys = metrics.counter(
    'idempotency_requests_total',
    'Requests with an Idempotency-Key, by what became of them.',
    ['outcome'],
  );
  let sweeper: NodeJS.Timeout | undefined;

  return {
    name: 'orders',
    summary: 'orders, created exactly once per Idempotency-Key',
    notReady: () => store.check().then(() => undefined, String),
    start() {
      sweeper = setInterval(() => {
        sweepKeys(store, Date.now()).catch((error) => log.error({ err: error }, 'sweeping idempotency keys failed'));
      }, sweepEveryMs).unref();
    },
    async stop() {
      clearInterval(sweeper);
    },
    routes: [
      route<Delivery>({
        method: 'post',
        path: '/create_order',
        summary: 'Creates an order, exactly once per Idempotency-Key',
        access: 'user',
        idempotencyKey: 'required',
        body: {
          type: 'object',
          required: ['address', 'count'],
          properties: {
            address: { type: 'string', minLength: 1, maxLength: 1_000 },
            count: { type: 'integer', minimum: 1, maximum: 1_000_000 },
          },
        },
        responses: {
          200: {
            description: 'The order.',
            headers: { 'Idempotent-Replayed': '`true` where this is the stored response of an earlier request.' },
            schema: {
              type: 'object',
              required: ['address', 'count', 'status', 'id', 'user_id'],
              properties: {
                address: { type: 'string' },
                count: { type: 'integer' },
                status: { const: 'created' },
                id: idSchema,
                user_id: idSchema,
              },
            },
          },
        },
        handle(call) {
          const { address, count } = call.body;
          const userId = call.user.id;
          const now = Date.now();
          return executeOnce(
            store,
            call,
            {
              ttlMs: config.idempotencyTtlMs,
              now,
              observe(outcome) {
                keys.inc({ outcome });
                if (outcome === 'executed') created.inc({ kind: 'delivery' });
              },
            },
            function* () {
              const order = yield* first(insertOrder, { userId, address, count, now });
              return json(200, { address, count, status: 'created', id: order!.id, user_id: userId });
            },
          );
        },
      }),
    ],
  };
};
