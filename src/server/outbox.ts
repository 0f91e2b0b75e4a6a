import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import { statement } from './store/statement.js';
import { first, rows, type Store, StoreUnavailable, type Unit } from './store/store.js';

/** A message that was committed together with what it is about and is delivered until its handler has settled it. */
export interface OutboxStep {
  id: number;
  kind: string;
  orderId: number;
  payload: string;
  attempts: number;
}

export interface OutboxOptions {
  store: Store;
  log: Log;
  metrics: Metrics;
  /** Delivers a step and settles it (see `settle`); throws where it must be tried again. May run twice, or in parallel. */
  deliver(step: OutboxStep): Promise<void>;
}

const pollMs = 500;
const batchSize = 20;
/** Longer than a delivery may take: a step leased by a process that was killed is free again after it. */
const leaseMs = 5_000;
const maxPauseMs = 10_000;

const insertStep = statement<{
  kind: string;
  orderId: number;
  payload: string;
  now: number;
  leasedUntil: number;
}>()((db, value) =>
  db
    .insertInto('outbox')
    .values({
      kind: value('kind'),
      order_id: value('orderId'),
      payload: value('payload'),
      attempts: 0,
      due_at: value('now'),
      leased_until: value('leasedUntil'),
      created_at: value('now'),
    })
    .onConflict((conflict) => conflict.columns(['kind', 'order_id']).doNothing()),
);
const leaseDue = statement<{ now: number; leasedUntil: number; limit: number }>()((db, value) =>
  db
    .updateTable('outbox')
    .set((column) => ({ leased_until: value('leasedUntil'), attempts: column('attempts', '+', 1) }))
    .where('id', 'in', (due) =>
      due
        .selectFrom('outbox')
        .select('id')
        .where('due_at', '<=', value('now'))
        .where('leased_until', '<=', value('now'))
        .orderBy('due_at')
        .limit(value('limit')),
    )
    // Again, for Postgres: another replica may have leased the row since the subquery read it.
    .where('leased_until', '<=', value('now'))
    .returning(['id', 'kind', 'order_id as orderId', 'payload', 'attempts']),
);
const postpone = statement<{ id: number; dueAt: number }>()((db, value) =>
  db
    .updateTable('outbox')
    .set({ due_at: value('dueAt'), leased_until: 0 })
    .where('id', '=', value('id')),
);
const deleteStep = statement<{ kind: string; orderId: number }>()((db, value) =>
  db.deleteFrom('outbox').where('kind', '=', value('kind')).where('order_id', '=', value('orderId')),
);
const backlog = statement()((db) =>
  db
    .selectFrom('outbox')
    .select((column) => ['kind', column.fn.countAll<number>().as('steps'), column.fn.min('created_at').as('oldest')])
    .groupBy('kind'),
);

const findStep = statement<{ kind: string; orderId: number }>()((db, value) =>
  db.selectFrom('outbox').select('payload').where('kind', '=', value('kind')).where('order_id', '=', value('orderId')),
);

/** The payload of a step that is not settled yet. */
export function* pendingPayload(kind: string, orderId: number): Unit<string | undefined> {
  return (yield* first(findStep, { kind, orderId }))?.payload;
}

/** Writes a step into the caller's transaction. It is leased to the caller, who delivers it at once or leaves it to the worker. */
export function* enqueue(kind: string, orderId: number, payload: unknown, now: number): Unit<void> {
  const values = { kind, orderId, payload: JSON.stringify(payload), now, leasedUntil: now + leaseMs };
  yield* rows(insertStep, values);
}

/** Removes a step in the transaction that commits its result. */
export function* settle(kind: string, orderId: number): Unit<void> {
  yield* rows(deleteStep, { kind, orderId });
}

/** The worker that delivers what is due: after a crash, a lost answer, or an outage of the service that is called. */
export function createOutbox({ store, log, metrics, deliver }: OutboxOptions) {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const deliveries = metrics.counter('outbox_deliveries_total', 'Deliveries by the outbox worker.', [
    'kind',
    'outcome',
  ]);

  metrics.gauge('outbox_pending_steps', 'Steps that were committed and not settled yet.', ['kind'], async (gauge) => {
    for (const { kind, steps } of await store.read(() => rows(backlog, {}))) gauge.set({ kind }, Number(steps));
  });
  metrics.gauge('outbox_oldest_step_age_seconds', 'Age of the oldest unsettled step.', ['kind'], async (gauge) => {
    const now = Date.now();
    for (const { kind, oldest } of await store.read(() => rows(backlog, {})))
      gauge.set({ kind }, (now - Number(oldest)) / 1_000);
  });

  async function deliverOne(step: OutboxStep): Promise<void> {
    try {
      await deliver(step);
      deliveries.inc({ kind: step.kind, outcome: 'done' });
    } catch (error) {
      deliveries.inc({ kind: step.kind, outcome: 'postponed' });
      log.warn(
        { err: error, kind: step.kind, orderId: step.orderId, attempts: step.attempts },
        'outbox step postponed',
      );
      const pauseMs = Math.min(maxPauseMs, 250 * 2 ** Math.min(step.attempts, 10)) * (0.5 + Math.random() / 2);
      await store.write(() => rows(postpone, { id: step.id, dueAt: Date.now() + Math.round(pauseMs) }));
    }
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const now = Date.now();
        const steps = await store.write(() => rows(leaseDue, { now, leasedUntil: now + leaseMs, limit: batchSize }));
        await Promise.all(steps.map(deliverOne));
        if (steps.length === batchSize) continue;
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) log.error({ err: error }, 'outbox round failed');
      }
      await sleep(pollMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {});
    }
  }

  return {
    start() {
      running ??= work();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
