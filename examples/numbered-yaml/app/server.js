// Answers /health, and says who greets whom. No packages: node server.js.
import { createServer } from 'node:http';
import { hostname } from 'node:os';

const port = Number(process.env.PORT ?? 8000);
const greeting = process.env.GREETING ?? 'hello';

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const send = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (request.method !== 'GET') return send(405, { error: 'method not allowed' });
  if (pathname === '/health' || pathname === '/health/') return send(200, { status: 'OK' });
  if (pathname === '/') return send(200, { greeting, from: hostname() });
  send(404, { error: 'not found', path: pathname });
});

server.listen(port, () => console.log(`listening on ${port}`));
process.on('SIGTERM', () => server.close());
