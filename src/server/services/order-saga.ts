import type { ServiceContext } from '../context.js';
import { type Trace, traceOf } from '../http/trace.js';
import { createOutbox, enqueue, type OutboxStep, pendingPayload, settle } from '../outbox.js';
import { statement } from '../store/statement.js';
import { first, type Unit } from '../store/store.js';

/**
 *   created --pay--> paying --billing: OK----> processing
 *                      |
 *                      +------billing: ERROR--> failed
 *
 * Each arrow is one transaction of orders, which also writes the outbox step that the next service is called with. Every
 * call is idempotent by the order's id at the service that receives it, and each arrow is taken only from the state before
 * it. So a step may be delivered by the request, by the worker, by another replica, twice or late: the order is charged
 * once and its outcome is notified once.
 */
export type OrderStatus = 'created' | 'paying' | 'processing' | 'failed';

export interface PricedOrder {
  id: number;
  userId: number;
  number: number;
  amount: number;
  status: OrderStatus;
}

const beginPayment = statement<{ id: number }>()((db, value) =>
  db
    .updateTable('orders')
    .set({ status: 'paying' })
    .where('id', '=', value('id'))
    .where('status', '=', 'created')
    .returning('id'),
);
const endPayment = statement<{ id: number; status: string }>()((db, value) =>
  db
    .updateTable('orders')
    .set({ status: value('status') })
    .where('id', '=', value('id'))
    .where('status', '=', 'paying')
    .returning(['user_id as userId', 'number']),
);
const findStatus = statement<{ id: number }>()((db, value) =>
  db.selectFrom('orders').select('status').where('id', '=', value('id')),
);

const callDeadlineMs = 3_000;

interface ChargePayload {
  userId: number;
  amount: number;
}
interface NotifyPayload {
  eventId: string;
  userId: number;
  message: string;
}

/** The payment saga: orders -> billing -> notifications. */
export function createSaga({ store, callService, metrics, log }: ServiceContext) {
  const payments = metrics.counter('order_payments_total', 'Orders whose payment was decided.', ['outcome']);

  async function charge(orderId: number, { userId, amount }: ChargePayload, trace: Trace): Promise<void> {
    const answer = (await callService('billing', {
      method: 'PUT',
      path: `/internal/charges/${orderId}`,
      body: { user_id: userId, amount },
      trace,
      deadlineMs: callDeadlineMs,
    })) as { status: 'OK' | 'ERROR' };
    const status: OrderStatus = answer.status === 'OK' ? 'processing' : 'failed';
    const decidedNow = await store.write(function* (): Unit<boolean> {
      const order = yield* first(endPayment, { id: orderId, status });
      if (order !== undefined) {
        const message = `order #${order.number} ${status === 'processing' ? 'Processing' : 'Failed'}`;
        const payload: NotifyPayload = { eventId: `order-${orderId}`, userId: order.userId, message };
        yield* enqueue('notify', orderId, payload, Date.now());
      }
      yield* settle('charge', orderId);
      return order !== undefined;
    });
    if (decidedNow) payments.inc({ outcome: answer.status });
  }

  async function notify(orderId: number, { eventId, userId, message }: NotifyPayload, trace: Trace): Promise<void> {
    await callService('notifications', {
      method: 'PUT',
      path: `/internal/notifications/${eventId}`,
      body: { user_id: userId, message },
      trace,
      deadlineMs: callDeadlineMs,
    });
    await store.write(() => settle('notify', orderId));
  }

  async function deliver({ kind, orderId, payload }: OutboxStep): Promise<void> {
    const trace = traceOf({});
    if (kind === 'charge') await charge(orderId, JSON.parse(payload), trace);
    else await notify(orderId, JSON.parse(payload), trace);
  }

  async function statusOf(id: number): Promise<OrderStatus> {
    return (await store.read(() => first(findStatus, { id })))!.status as OrderStatus;
  }

  return {
    outbox: createOutbox({ store, log, metrics, deliver }),

    /**
     * Pays an order and gives what became of it. Throws Problem 503 where billing cannot be asked now: the payment is
     * begun, the worker goes on with it, and asking again gives its outcome.
     */
    async pay({ id, userId, amount }: PricedOrder, trace: Trace): Promise<OrderStatus> {
      await store.write(function* (): Unit<void> {
        const begun = yield* first(beginPayment, { id });
        if (begun !== undefined) yield* enqueue('charge', id, { userId, amount }, Date.now());
      });
      if ((await statusOf(id)) === 'paying') await charge(id, { userId, amount }, trace);
      // Before the answer, so that who has it finds the notification. Where that fails it is the worker's.
      const pending = await store.read(() => pendingPayload('notify', id));
      if (pending !== undefined)
        await notify(id, JSON.parse(pending), trace).catch((error) =>
          log.warn({ err: error, orderId: id }, 'notification left to the outbox'),
        );
      return statusOf(id);
    },
  };
}
