// Orders of whoever asks. A request with an X-Request-Id that has been here makes no second order.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const orders = new Map();
const done = new Map();

const server = createServer(async (request, response) => {
  const send = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (request.url === '/health') return send(200, { status: 'OK' });
  const user = request.headers['x-user-id'];
  if (user === undefined) return send(401, { error: 'nobody' });
  if (request.method === 'GET') return send(200, orders.get(user) ?? []);
  if (request.method !== 'POST') return send(405, { error: 'method not allowed' });
  let text = '';
  for await (const chunk of request) text += chunk;
  const key = `${user} ${request.headers['x-request-id'] ?? randomUUID()}`;
  if (done.has(key)) return send(200, done.get(key));
  const order = { id: randomUUID(), ...JSON.parse(text || '{}') };
  done.set(key, order);
  orders.set(user, [...(orders.get(user) ?? []), order]);
  send(201, order);
});
server.listen(Number(process.env.PORT ?? 8000));
process.on('SIGTERM', () => server.close());
