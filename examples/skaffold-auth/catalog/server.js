// What can be bought; everybody may look.
import { createServer } from 'node:http';

const items = [
  { id: 1, name: 'tea', price: 300 },
  { id: 2, name: 'coffee', price: 450 },
];

const server = createServer((request, response) => {
  const send = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (request.url === '/health') return send(200, { status: 'OK' });
  if (request.url === '/' || request.url === '/items') return send(200, items);
  const item = items.find(({ id }) => request.url === `/items/${id}`);
  send(item === undefined ? 404 : 200, item ?? { error: 'not found' });
});
server.listen(Number(process.env.PORT ?? 8000));
process.on('SIGTERM', () => server.close());
