import type { ServiceContext } from '../context.js';
import { json, type Reply, text } from '../http/problem.js';
import { type Parameter, type ResponseDoc, route, type Schema, type Service } from '../http/route.js';
import { statement } from '../store/statement.js';
import { first } from '../store/store.js';
import { idSchema, storable } from './schemas.js';

interface Profile {
  username: string;
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  phone: string | null;
}

const insertUser = statement<Profile>()((db, value) =>
  db
    .insertInto('user')
    .values({
      username: value('username'),
      firstName: value('firstName'),
      lastName: value('lastName'),
      email: value('email'),
      phone: value('phone'),
    })
    .returning('id'),
);
const findUser = statement<{ id: number }>()((db, value) =>
  db
    .selectFrom('user')
    .select(['id', 'username', 'firstName', 'lastName', 'email', 'phone'])
    .where('id', '=', value('id')),
);
const updateUser = statement<{ id: number } & { [K in keyof Profile]: Profile[K] | null }>()((db, value) =>
  db
    .updateTable('user')
    .set(({ fn, val, ref }) => ({
      username: fn.coalesce(val(value('username')), ref('username')),
      firstName: fn.coalesce(val(value('firstName')), ref('firstName')),
      lastName: fn.coalesce(val(value('lastName')), ref('lastName')),
      email: fn.coalesce(val(value('email')), ref('email')),
      phone: fn.coalesce(val(value('phone')), ref('phone')),
    }))
    .where('id', '=', value('id'))
    .returning('id'),
);
const deleteUser = statement<{ id: number }>()((db, value) =>
  db.deleteFrom('user').where('id', '=', value('id')).returning('id'),
);

const line: Schema = { type: 'string', maxLength: 200, pattern: storable };
const properties = {
  username: { ...line, minLength: 1 },
  firstName: line,
  lastName: line,
  email: line,
  phone: line,
};
const idParameter: Parameter = { name: 'id', in: 'path', description: "The user's id.", schema: idSchema };
const said = (description: string): ResponseDoc => ({ description, type: 'text/plain', schema: { type: 'string' } });
const failed = said(
  '`internal server error`: any processing error, a user that is not there and a bad body among them.',
);

const protocolRefusals: Record<number, string> = {
  404: 'not found',
  405: 'method not allowed',
  413: 'body too large',
  415: 'body must be JSON',
};

/** users: plain create, read, update and delete. Its messages, and 500 for whatever goes wrong, are its contract. */
export function create({ store }: ServiceContext): Service {
  const failure = text(500, 'internal server error');

  return {
    name: 'users',
    summary: 'users: create, read, update, delete',
    notReady: () => store.check().then(() => undefined, String),
    refusal(status, headers): Reply {
      const message = protocolRefusals[status];
      return message === undefined ? failure : text(status, message, headers);
    },
    routes: [
      route<Partial<Profile> & { username: string }>({
        method: 'post',
        path: '/user',
        summary: 'Creates a user',
        access: 'public',
        body: { type: 'object', required: ['username'], properties },
        responses: {
          200: { ...said('`user created`'), headers: { Location: 'Path of the new user.' } },
          500: failed,
        },
        async handle({ body: { username, firstName = null, lastName = null, email = null, phone = null } }) {
          const user = await store.write(() => first(insertUser, { username, firstName, lastName, email, phone }));
          return text(200, 'user created', { Location: `/user/${user!.id}` });
        },
      }),
      route({
        method: 'get',
        path: '/user/{id}',
        summary: 'A user',
        access: 'public',
        parameters: [idParameter],
        responses: {
          200: {
            description: 'The user.',
            schema: {
              type: 'object',
              required: ['id', 'username'],
              properties: { id: idSchema, username: { type: 'string' } },
            },
          },
          500: failed,
        },
        async handle({ params }) {
          const user = await store.read(() => first(findUser, { id: Number(params.id) }));
          return user === undefined ? failure : json(200, user);
        },
      }),
      route<Partial<Profile>>({
        method: 'put',
        path: '/user/{id}',
        summary: 'Changes the fields that are given',
        access: 'public',
        parameters: [idParameter],
        body: { type: 'object', minProperties: 1, properties },
        responses: { 200: said('`user updated`'), 500: failed },
        async handle({ body, params }) {
          const { username = null, firstName = null, lastName = null, email = null, phone = null } = body;
          const values = { id: Number(params.id), username, firstName, lastName, email, phone };
          const user = await store.write(() => first(updateUser, values));
          return user === undefined ? failure : text(200, 'user updated');
        },
      }),
      route({
        method: 'delete',
        path: '/user/{id}',
        summary: 'Deletes a user',
        access: 'public',
        parameters: [idParameter],
        responses: { 200: said('`user deleted`'), 500: failed },
        async handle({ params }) {
          const user = await store.write(() => first(deleteUser, { id: Number(params.id) }));
          return user === undefined ? failure : text(200, 'user deleted');
        },
      }),
    ],
  };
}
