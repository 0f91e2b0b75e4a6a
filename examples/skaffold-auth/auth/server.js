// Registers users and gives out tokens; /check is what the Ingress asks before each request to the others.
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const key = process.env.SIGNING_KEY ?? 'development';
const users = new Map();
const sign = (text) => createHmac('sha256', key).update(text).digest('base64url');

function tokenFor({ id, login }) {
  const body = Buffer.from(JSON.stringify({ id, login })).toString('base64url');
  return `${body}.${sign(body)}`;
}

function whoIs(token) {
  const [body = '', signature = ''] = token.split('.');
  const wanted = Buffer.from(sign(body));
  const given = Buffer.from(signature);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
  return JSON.parse(Buffer.from(body, 'base64url').toString());
}

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text || '{}');
}

async function answer(request) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/health') return [200, { status: 'OK' }];
  if (pathname === '/check') {
    const user = whoIs((request.headers.authorization ?? '').replace(/^Bearer /, ''));
    return user === undefined
      ? [401, { error: 'log in first' }]
      : [200, { status: 'OK' }, { 'X-User-Id': user.id, 'X-User-Name': user.login }];
  }
  if (request.method !== 'POST') return [404, { error: 'not found' }];
  const { login, password } = await bodyOf(request);
  if (!login || !password) return [400, { error: 'login and password are needed' }];
  const user = users.get(login);
  if (pathname === '/register') {
    if (user !== undefined) return [409, { error: 'this login is taken' }];
    const made = { id: randomUUID(), login, password: sign(password) };
    users.set(login, made);
    return [201, { id: made.id }];
  }
  if (pathname === '/login')
    return user?.password === sign(password)
      ? [200, { token: tokenFor(user) }]
      : [403, { error: 'wrong login or password' }];
  return [404, { error: 'not found' }];
}

const server = createServer(async (request, response) => {
  const [status, body, headers] = await answer(request).catch(() => [400, { error: 'no JSON' }]);
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
});
server.listen(Number(process.env.PORT ?? 8000));
process.on('SIGTERM', () => server.close());
