import type { ServiceContext } from '../context.js';
import { json } from '../http/problem.js';
import { route, type Schema, type Service } from '../http/route.js';
import { statement } from '../store/statement.js';
import { first, rows } from '../store/store.js';
import { nextOf, pageOf, pageParameters } from './paging.js';
import { idSchema, storable } from './schemas.js';

const insertNotification = statement<{ eventId: string; userId: number; message: string; now: number }>()((db, value) =>
  db
    .insertInto('notifications')
    .values({
      event_id: value('eventId'),
      user_id: value('userId'),
      message: value('message'),
      created_at: value('now'),
    })
    .onConflict((conflict) => conflict.column('event_id').doNothing())
    .returning('id'),
);
const listNotifications = statement<{ userId: number; before: number; limit: number }>()((db, value) =>
  db
    .selectFrom('notifications')
    .select(['id', 'message', 'created_at as createdAt'])
    .where('user_id', '=', value('userId'))
    .where('id', '<', value('before'))
    .orderBy('id', 'desc')
    .limit(value('limit')),
);

const notificationSchema: Schema = {
  type: 'object',
  required: ['id', 'message', 'created_at'],
  properties: { id: idSchema, message: { type: 'string' }, created_at: { type: 'string' } },
};

interface Notification {
  user_id: number;
  message: string;
}

/** notifications: what users were told, each event once. */
export function create({ store, metrics }: ServiceContext): Service {
  const received = metrics.counter('notifications_total', 'Events received, by what became of them.', ['outcome']);

  return {
    name: 'notifications',
    summary: 'what users were told',
    notReady: () => store.check().then(() => undefined, String),
    routes: [
      route({
        method: 'get',
        path: '/notification',
        summary: "The user's notifications, newest first",
        access: 'user',
        parameters: pageParameters,
        responses: {
          200: {
            description: 'A page of notifications.',
            schema: {
              type: 'object',
              required: ['notifications', 'next'],
              properties: {
                notifications: { type: 'array', items: notificationSchema },
                next: { anyOf: [idSchema, { type: 'null' }] },
              },
            },
          },
        },
        async handle(call) {
          const { limit, before } = pageOf(call);
          const page = await store.read(() => rows(listNotifications, { userId: call.user.id, before, limit }));
          const notifications = page.map(({ id, message, createdAt }) => ({
            id,
            message,
            created_at: new Date(createdAt).toISOString(),
          }));
          return json(200, { notifications, next: nextOf(page, limit) });
        },
      }),
      route<Notification>({
        method: 'put',
        path: '/internal/notifications/{event_id}',
        summary: 'Notifies a user of an event, once per event id',
        access: 'internal',
        parameters: [
          {
            name: 'event_id',
            in: 'path',
            description: 'Names the event for good.',
            schema: { type: 'string', pattern: '^[a-z0-9-]{1,100}$' },
          },
        ],
        body: {
          type: 'object',
          required: ['user_id', 'message'],
          properties: {
            user_id: idSchema,
            message: { type: 'string', minLength: 1, maxLength: 500, pattern: storable },
          },
        },
        responses: {
          200: {
            description: 'Kept, now or before.',
            schema: { type: 'object', required: ['status'], properties: { status: { const: 'OK' } } },
          },
        },
        async handle({ body: { user_id: userId, message }, params }) {
          const values = { eventId: String(params.event_id), userId, message, now: Date.now() };
          const kept = await store.write(() => first(insertNotification, values));
          received.inc({ outcome: kept === undefined ? 'duplicate' : 'kept' });
          return json(200, { status: 'OK' });
        },
      }),
    ],
  };
}
