import type { ServiceContext } from '../context.js';
import { json, Problem } from '../http/problem.js';
import { type Call, type Parameter, type Route, route, type Schema, type Service } from '../http/route.js';
import { createIdempotency } from '../idempotency.js';
import { amountSchema, toMajor, toMinor } from '../money.js';
import { statement } from '../store/statement.js';
import { first, rows, type Unit } from '../store/store.js';
import { createSaga, type OrderStatus, type PricedOrder } from './order-saga.js';
import { nextOf, pageOf, pageParameters } from './paging.js';
import { idSchema, problemDoc, storable } from './schemas.js';

const insertDelivery = statement<{ userId: number; address: string; count: number; now: number }>()((db, value) =>
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
const nextNumber = statement<{ userId: number }>()((db, value) =>
  db
    .insertInto('order_counters')
    .values({ user_id: value('userId'), last_number: 1 })
    .onConflict((conflict) =>
      conflict
        .column('user_id')
        .doUpdateSet((column) => ({ last_number: column('order_counters.last_number', '+', 1) })),
    )
    .returning('last_number as number'),
);
const insertPriced = statement<{ userId: number; number: number; amount: number; now: number }>()((db, value) =>
  db.insertInto('orders').values({
    user_id: value('userId'),
    number: value('number'),
    amount: value('amount'),
    status: 'created',
    created_at: value('now'),
  }),
);
const findPriced = statement<{ userId: number; number: number }>()((db, value) =>
  db
    .selectFrom('orders')
    .select(['id', 'user_id as userId', 'number', 'amount', 'status'])
    .where('user_id', '=', value('userId'))
    .where('number', '=', value('number')),
);
const listOrders = statement<{ userId: number; before: number; limit: number }>()((db, value) =>
  db
    .selectFrom('orders')
    .select(['id', 'user_id as userId', 'number', 'amount', 'status', 'address', 'count'])
    .where('user_id', '=', value('userId'))
    .where('id', '<', value('before'))
    .orderBy('id', 'desc')
    .limit(value('limit')),
);
const countOrders = statement<{ userId: number }>()((db, value) =>
  db
    .selectFrom('orders')
    .select((column) => column.fn.countAll<number>().as('total'))
    .where('user_id', '=', value('userId')),
);

const deliverySchema: Schema = {
  type: 'object',
  required: ['address', 'count', 'status', 'id', 'user_id'],
  properties: {
    address: { type: 'string' },
    count: { type: 'integer' },
    status: { const: 'created' },
    id: idSchema,
    user_id: idSchema,
  },
};
const statuses: OrderStatus[] = ['created', 'paying', 'processing', 'failed'];
const pricedSchema: Schema = {
  type: 'object',
  required: ['id', 'amount', 'status', 'user_id'],
  properties: { id: idSchema, amount: { type: 'number' }, status: { enum: statuses }, user_id: idSchema },
};
const numberParameter: Parameter = {
  name: 'id',
  in: 'path',
  description: "The order's id, as POST /order answered it: a user's orders count from 1.",
  schema: idSchema,
};
const notFoundDoc = problemDoc('The user has no such order.');

/** orders: orders of two kinds (create_order's, with an address; POST /order's, with a price) and their payment. */
export function create(context: ServiceContext): Service {
  const { store, metrics } = context;
  const saga = createSaga(context);
  const idempotency = createIdempotency(context);
  const created = metrics.counter('orders_created_total', 'Orders created.', ['kind']);

  async function findOrder({ user, params }: Call): Promise<PricedOrder> {
    const order = await store.read(() => first(findPriced, { userId: user.id, number: Number(params.id) }));
    if (order === undefined) throw new Problem({ status: 404, title: 'You have no such order' });
    return order as PricedOrder;
  }

  const routes: Route[] = [
    route<{ address: string; count: number }>({
      method: 'post',
      path: '/create_order',
      summary: 'Creates an order, exactly once per Idempotency-Key',
      access: 'user',
      idempotencyKey: 'required',
      body: {
        type: 'object',
        required: ['address', 'count'],
        properties: {
          address: { type: 'string', minLength: 1, maxLength: 1_000, pattern: storable },
          count: { type: 'integer', minimum: 1, maximum: 1_000_000 },
        },
      },
      responses: { 200: { description: 'The order.', schema: deliverySchema } },
      handle(call) {
        const { address, count } = call.body;
        const userId = call.user.id;
        const now = Date.now();
        return idempotency.execute(call, now, {
          *work() {
            const order = yield* first(insertDelivery, { userId, address, count, now });
            return json(200, { address, count, status: 'created', id: order!.id, user_id: userId });
          },
          executed: () => created.inc({ kind: 'delivery' }),
        });
      },
    }),
    route<{ amount: number }>({
      method: 'post',
      path: '/order',
      summary: 'Creates an order with a price, to be paid',
      access: 'user',
      idempotencyKey: 'optional',
      body: { type: 'object', required: ['amount'], properties: { amount: amountSchema } },
      responses: {
        200: {
          description: 'The order.',
          schema: pricedSchema,
          links: {
            order: { operationId: 'orders-get-order-id', parameters: { id: '$response.body#/id' } },
            pay: { operationId: 'orders-put-order-id-pay', parameters: { id: '$response.body#/id' } },
          },
        },
      },
      handle(call) {
        const userId = call.user.id;
        const amount = toMinor(call.body.amount);
        const now = Date.now();
        return idempotency.execute(call, now, {
          *work() {
            const { number } = (yield* first(nextNumber, { userId }))!;
            yield* rows(insertPriced, { userId, number, amount, now });
            return json(200, shown({ userId, number, amount, status: 'created' }));
          },
          executed: () => created.inc({ kind: 'priced' }),
        });
      },
    }),
    route({
      method: 'put',
      path: '/order/{id}/pay',
      summary: 'Pays an order; asking again gives the same outcome',
      access: 'user',
      parameters: [numberParameter],
      responses: {
        200: {
          description: 'Decided: OK, or ERROR where the balance does not suffice.',
          schema: {
            ...pricedSchema,
            required: ['id', 'amount', 'status', 'user_id', 'billing'],
            properties: {
              ...(pricedSchema.properties as object),
              billing: { type: 'object', required: ['status'], properties: { status: { enum: ['OK', 'ERROR'] } } },
            },
          },
        },
        404: notFoundDoc,
      },
      async handle(call) {
        const order = await findOrder(call);
        const status = await saga.pay(order, call.trace);
        const billing = { status: status === 'processing' ? 'OK' : 'ERROR' };
        return json(200, { ...shown({ ...order, status }), billing });
      },
    }),
    route({
      method: 'get',
      path: '/order/{id}',
      summary: 'An order with a price',
      access: 'user',
      parameters: [numberParameter],
      responses: { 200: { description: 'The order.', schema: pricedSchema }, 404: notFoundDoc },
      handle: async (call) => json(200, shown(await findOrder(call))),
    }),
    route({
      method: 'get',
      path: '/orders',
      summary: "The user's orders of both kinds, newest first, each as it was answered when it was created",
      access: 'user',
      parameters: pageParameters,
      responses: {
        200: {
          description: 'A page of orders, and how many there are in all.',
          schema: {
            type: 'object',
            required: ['orders', 'total', 'next'],
            properties: {
              orders: { type: 'array', items: { anyOf: [deliverySchema, pricedSchema] } },
              total: { type: 'integer' },
              next: { anyOf: [idSchema, { type: 'null' }] },
            },
          },
        },
      },
      async handle(call) {
        const { limit, before } = pageOf(call);
        const userId = call.user.id;
        const [orders, total] = await store.read(function* (): Unit<[Listed[], number]> {
          const page = yield* rows(listOrders, { userId, before, limit });
          return [page, Number((yield* first(countOrders, { userId }))!.total)];
        });
        return json(200, { orders: orders.map(listed), total, next: nextOf(orders, limit) });
      },
    }),
  ];

  return {
    name: 'orders',
    summary: 'orders, created exactly once per Idempotency-Key, and their payment',
    routes,
    notReady: () => store.check().then(() => undefined, String),
    start() {
      idempotency.startSweeping();
      saga.outbox.start();
    },
    async stop() {
      idempotency.stopSweeping();
      await saga.outbox.stop();
    },
  };
}

interface Listed {
  id: number;
  userId: number;
  number: number | null;
  amount: number | null;
  status: string;
  address: string | null;
  count: number | null;
}

function listed({ id, userId, number, amount, status, address, count }: Listed) {
  return number === null
    ? { address, count, status, id, user_id: userId }
    : shown({ userId, number, amount: amount!, status: status as OrderStatus });
}

function shown({ userId, number, amount, status }: Omit<PricedOrder, 'id'>) {
  return { id: number, amount: toMajor(amount), status, user_id: userId };
}
