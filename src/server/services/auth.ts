import { hash, randomBytes } from 'node:crypto';
import { createLoginThrottle } from '../auth/login-throttle.js';
import { hashPassword, verifyPassword } from '../auth/password.js';
import { createPasswordQueue } from '../auth/password-queue.js';
import type { ServiceContext } from '../context.js';
import { json, Problem } from '../http/problem.js';
import { route, type Schema, type Service } from '../http/route.js';
import { statement } from '../store/statement.js';
import { first, rows, type Unit } from '../store/store.js';
import { problemDoc, userSchema } from './schemas.js';

const insertAccount = statement<{ login: string; passwordHash: string; now: number }>()((db, value) =>
  db
    .insertInto('accounts')
    .values({ login: value('login'), password_hash: value('passwordHash'), created_at: value('now') })
    .onConflict((conflict) => conflict.column('login').doNothing())
    .returning('id'),
);
const findAccount = statement<{ login: string }>()((db, value) =>
  db.selectFrom('accounts').select(['id', 'login', 'password_hash']).where('login', '=', value('login')),
);
// Held until the session is committed: an account that is deleted meanwhile would leave it without an owner. SQLite has
// one writer at a time and needs no such hold.
const holdAccount = statement<{ id: number }>()((db, value, dialect) => {
  const found = db.selectFrom('accounts').select('id').where('id', '=', value('id'));
  return dialect === 'postgres' ? found.forKeyShare() : found;
});
const deleteAccount = statement<{ id: number }>()((db, value) =>
  db.deleteFrom('accounts').where('id', '=', value('id')),
);
const insertSession = statement<{ digest: string; accountId: number; expiresAt: number }>()((db, value) =>
  db.insertInto('sessions').values({
    token_digest: value('digest'),
    account_id: value('accountId'),
    expires_at: value('expiresAt'),
  }),
);
const findSession = statement<{ digest: string; now: number }>()((db, value) =>
  db
    .selectFrom('sessions')
    .innerJoin('accounts', 'accounts.id', 'sessions.account_id')
    .select(['accounts.id as id', 'accounts.login as login'])
    .where('token_digest', '=', value('digest'))
    .where('expires_at', '>', value('now')),
);
const deleteSession = statement<{ digest: string }>()((db, value) =>
  db.deleteFrom('sessions').where('token_digest', '=', value('digest')),
);

const deleteExpiredSessions = statement<{ now: number }>()((db, value) =>
  db.deleteFrom('sessions').where('expires_at', '<=', value('now')),
);

const sweepEveryMs = 60_000;

interface Credentials {
  login: string;
  password: string;
}

const credentials: Schema = {
  type: 'object',
  required: ['login', 'password'],
  properties: {
    login: { type: 'string', minLength: 1, maxLength: 100, pattern: '^[\\w.@+-]+$' },
    password: { type: 'string', minLength: 1, maxLength: 200 },
  },
};
const cookieEnd = 'Path=/; HttpOnly; SameSite=Strict';

/** auth: accounts and sessions. The only service that sees passwords and tokens; the others ask it whose a token is. */
export function create({ config, store, metrics, log }: ServiceContext): Service {
  const throttle = createLoginThrottle(store);
  const passwords = createPasswordQueue();
  const logins = metrics.counter('logins_total', 'Attempts to log in, by outcome.', ['outcome']);
  const registrations = metrics.counter('registrations_total', 'Accounts made.', []);
  let sweeper: NodeJS.Timeout | undefined;
  // Verified against where the login is unknown, so that an unknown login takes as long as a wrong password.
  const decoy = hashPassword(randomBytes(16).toString('base64url'), config.passwordCost);

  /** Undefined where the account was deleted since its password was checked. */
  async function openSession(accountId: number): Promise<string | undefined> {
    const token = randomBytes(32).toString('base64url');
    const values = { digest: digestOf(token), accountId, expiresAt: Date.now() + config.sessionTtlMs };
    const opened = await store.write(function* (): Unit<boolean> {
      if ((yield* first(holdAccount, { id: accountId })) === undefined) return false;
      yield* rows(insertSession, values);
      return true;
    });
    return opened ? token : undefined;
  }

  async function sweepExpired(now: number): Promise<void> {
    await throttle.sweep(now);
    await store.write(() => rows(deleteExpiredSessions, { now }));
  }

  const register = (path: string) =>
    route<Credentials>({
      method: 'post',
      path,
      summary: 'Makes an account',
      access: 'public',
      body: credentials,
      responses: {
        200: { description: 'The account.', schema: userSchema },
        409: problemDoc('The login is taken.'),
      },
      async handle({ body: { login, password } }) {
        const passwordHash = await passwords.admit('registration', (inTurn) =>
          inTurn(() => hashPassword(password, config.passwordCost)),
        );
        const values = { login, passwordHash, now: Date.now() };
        const account = await store.write(() => first(insertAccount, values));
        if (account === undefined)
          throw new Problem({ status: 409, code: 'login-taken', title: 'This login is taken' });
        registrations.inc();
        return json(200, { id: account.id, login });
      },
    });

  return {
    name: 'auth',
    summary: 'accounts and sessions, as a bearer token and as a cookie',
    notReady: () => store.check().then(() => undefined, String),
    start() {
      sweeper = setInterval(() => {
        sweepExpired(Date.now()).catch((error) => log.error({ err: error }, 'sweeping sessions failed'));
      }, sweepEveryMs).unref();
    },
    stop: async () => clearInterval(sweeper),
    routes: [
      register('/registration'),
      register('/register'),
      route<Credentials>({
        method: 'post',
        path: '/login',
        summary: 'Opens a session',
        access: 'public',
        body: credentials,
        responses: {
          200: {
            description: 'The session, to be sent as a bearer token or as the cookie.',
            headers: { 'Set-Cookie': 'The session as a cookie.' },
            schema: {
              type: 'object',
              required: ['token', 'token_type', 'id', 'login'],
              properties: {
                token: { type: 'string' },
                token_type: { const: 'Bearer' },
                ...(userSchema.properties as object),
              },
            },
          },
          401: problemDoc('Wrong login or password.'),
          429: problemDoc('Too many attempts for this account or from this address; see Retry-After.'),
        },
        async handle({ body: { login, password }, address }) {
          const account = await passwords.admit('login', async (inTurn) => {
            await throttle.enter(login, address).catch((error) => {
              logins.inc({ outcome: 'throttled' });
              throw error;
            });
            const found = await store.read(() => first(findAccount, { login }));
            const hashed = found?.password_hash ?? (await decoy);
            return (await inTurn(() => verifyPassword(password, hashed))) ? found : undefined;
          });
          const token = account === undefined ? undefined : await openSession(account.id);
          logins.inc({ outcome: token === undefined ? 'refused' : 'opened' });
          if (account === undefined || token === undefined) throw wrongCredentials;
          await throttle.succeeded(login, address);
          const maxAge = Math.floor(config.sessionTtlMs / 1_000);
          return json(
            200,
            { id: account.id, login, token, token_type: 'Bearer' },
            { 'Set-Cookie': `session=${token}; Max-Age=${maxAge}; ${cookieEnd}` },
          );
        },
      }),
      route({
        method: 'get',
        path: '/logout',
        summary: 'Ends the session; 200 also where there is none any more',
        access: 'public',
        responses: {
          200: {
            description: 'No session.',
            schema: { type: 'object' },
            headers: { 'Set-Cookie': 'Removes the cookie.' },
          },
        },
        async handle({ token }) {
          if (token !== undefined) await store.write(() => rows(deleteSession, { digest: digestOf(token) }));
          return json(200, { status: 'OK' }, { 'Set-Cookie': `session=; Max-Age=0; ${cookieEnd}` });
        },
      }),
      route({
        method: 'get',
        path: '/me',
        summary: 'Who is logged in',
        access: 'user',
        responses: { 200: { description: 'The account.', schema: userSchema } },
        handle: ({ user: { id, login } }) => json(200, { id, login }),
      }),
      route({
        method: 'delete',
        path: '/user/delete',
        summary: 'Deletes the account and ends all of its sessions',
        access: 'user',
        responses: { 204: { description: 'Deleted.' } },
        async handle({ user: { id } }) {
          await store.write(() => rows(deleteAccount, { id }));
          return { status: 204 };
        },
      }),
      route<{ tokens: string[] }>({
        method: 'post',
        path: '/internal/introspect',
        summary: 'Whose sessions these tokens open; null for none',
        access: 'internal',
        body: {
          type: 'object',
          required: ['tokens'],
          properties: { tokens: { type: 'array', maxItems: 100, items: { type: 'string', maxLength: 128 } } },
        },
        responses: {
          200: {
            description: 'One entry a token, in order.',
            schema: {
              type: 'object',
              required: ['users'],
              properties: { users: { type: 'array', items: { anyOf: [userSchema, { type: 'null' }] } } },
            },
          },
        },
        async handle({ body: { tokens } }) {
          const now = Date.now();
          const users = await store.read(function* () {
            const found = [];
            for (const token of tokens)
              found.push((yield* first(findSession, { digest: digestOf(token), now })) ?? null);
            return found;
          });
          return json(200, { users });
        },
      }),
    ],
  };
}

const wrongCredentials = new Problem({
  status: 401,
  code: 'wrong-credentials',
  title: 'Wrong login or password',
  // RFC 9110, section 11.6.1: every 401 names a way to authenticate.
  headers: { 'WWW-Authenticate': 'Bearer' },
});

function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
